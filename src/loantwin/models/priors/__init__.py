"""Prior models by product: what is believed of loans before a lender has a history of its own."""
