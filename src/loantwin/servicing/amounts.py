"""Whole minor units out of fractions, exactly: no amount of an account passes through a float."""

from __future__ import annotations

from fractions import Fraction


def halves_even(top: int, bottom: int) -> int:
    """Return top / bottom as a whole number, halves to the even one; bottom > 0."""
    whole, rest = divmod(top, bottom)
    twice = 2 * rest
    return whole + (twice > bottom or (twice == bottom and whole % 2 == 1))


def whole(amount: Fraction) -> int:
    """Return a fraction of minor units as whole ones, halves to even."""
    return halves_even(amount.numerator, amount.denominator)


def to_multiple(amount: Fraction, multiple: int | None) -> int:
    """Return the multiple of `multiple` minor units nearest to an amount, halves to even; None: of one."""
    if multiple is None:
        return whole(amount)
    return whole(amount / multiple) * multiple
