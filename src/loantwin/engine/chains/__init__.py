"""Probabilities of default by month, within a contract and after it: what losses are summed from."""
