"""A twin looked at forward."""
