"""The page of `score card`."""
