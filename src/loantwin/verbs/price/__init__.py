"""The verb `price`."""
