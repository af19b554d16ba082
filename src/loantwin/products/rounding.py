"""How many digits sums are kept to, and how they become minor units."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal
from fractions import Fraction

PRECISION = 19
"""Significant digits of rates, factors and amounts before they are rounded to minor units, half to even."""

CONTEXT = Context(prec=PRECISION, rounding=ROUND_HALF_EVEN)

NEGLIGIBLE = Decimal("1e-7")
"""Minor units: nearer to a whole or a half than half of this an amount counts as being there. Without it what
19 digits cannot hold would be rounded up to a minor unit.
"""

_WIDE = Context(prec=40, rounding=ROUND_HALF_EVEN)
_MODES = {
    "half-even": ROUND_HALF_EVEN,
    "half-up": ROUND_HALF_UP,
    "half-down": ROUND_HALF_DOWN,
    "up": ROUND_UP,
    "down": ROUND_DOWN,
}


def round_minor(amount: Decimal, rounding: str, multiple: int = 1) -> int:
    """Return an amount in minor units as a whole number of `multiple`, rounded as `ROUNDINGS` names it."""
    share = amount if multiple == 1 else _WIDE.divide(amount, Decimal(multiple))
    settled = share.quantize(NEGLIGIBLE, rounding=ROUND_HALF_EVEN, context=_WIDE)
    return int(settled.to_integral_value(rounding=_MODES[rounding])) * multiple


def as_decimal(share: Fraction) -> Decimal:
    """Return a fraction to 19 significant digits."""
    return CONTEXT.divide(Decimal(share.numerator), Decimal(share.denominator))


def in_minor(amount: Decimal, minor_units: int) -> int:
    """Return an amount of currency in minor units; what is no whole number of them raises ValueError."""
    minor = _WIDE.multiply(amount, Decimal(minor_units))
    if minor != minor.to_integral_value():
        raise ValueError(amount)
    return int(minor)
