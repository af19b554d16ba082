"""Ratings: transition matrices, their generators, estimates from histories, and the shift by a common
factor.
"""
