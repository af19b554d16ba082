"""Monte Carlo, loan by loan and cell by cell: validation of the expectation, and the noise of single
names.
"""
