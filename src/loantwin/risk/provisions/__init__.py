"""Allowances under IFRS 9, CECL and the five levels."""
