"""Arithmetic of floats in pairs, exact where amounts are rounded."""
