"""The page of a loss distribution."""
