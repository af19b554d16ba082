"""The report of a twin."""
