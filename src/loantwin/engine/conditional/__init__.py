"""The kernel of conditional expectation by cell."""
