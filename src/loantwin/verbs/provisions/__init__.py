"""The allowance."""
