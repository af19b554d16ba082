"""Monte Carlo by loan and by cell: validation of the expectation, and the noise of single names."""
