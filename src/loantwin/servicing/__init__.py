"""What happens to a loan once it is paid out: payments, charges, arrears, what a customer must be told."""
