"""The price of a loan from its parts, what it leaves, and the offer of amount, rate, term and pattern."""
