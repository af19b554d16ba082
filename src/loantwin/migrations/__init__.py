"""Ratings: transition matrices, generators, estimates from histories, and the shift by a common factor."""
