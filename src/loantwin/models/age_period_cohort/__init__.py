"""Defaults taken apart into age, period and vintage."""
