"""Fitting a twin."""
