"""Sums that are exact whatever their order, and the allowance of a million loans in one pass."""
