"""Factor copulas: defaults that are independent given normal sector factors (and one common shock size for
the t copula).
"""
