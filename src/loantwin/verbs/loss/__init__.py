"""The loss distribution."""
