"""Rates that make flows worth nothing: every one that there is for one loan, and the one of each of many."""
