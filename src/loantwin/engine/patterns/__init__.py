"""Compiled run-off of loans that pay other than by monthly level payments of twelfths: `products.pattern`.

The readable reference is `products.contract.schedule`, which works what is owed back from the last payment;
the kernel works it forward from the first.
"""
