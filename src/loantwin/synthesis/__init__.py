"""Synthetic books: loans, their monthly history and the economy behind it, simulated from a known truth."""
