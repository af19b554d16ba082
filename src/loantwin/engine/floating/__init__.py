"""Losses of floating level-payment loans whose rate meets no cap or floor, by interpolation in the spread.

The balance of such a loan is a smooth function of its spread, given term and index path. So it is computed at
a few Chebyshev nodes for each term and scenario, and each loan's own balance is a weighted sum of the nodes'
(Trefethen, Approximation Theory and Approximation Practice, chapters 5 and 8). The error is measured before
it is used.
"""
