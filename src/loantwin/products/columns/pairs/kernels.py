"""Amounts as pairs of floats (high, low) whose sum holds 31 digits, and how they become whole minor units.

A product is first formed of the high parts; where it lies so near to a half or a whole that their error could
turn it, the pairs decide (`settled`), so that every amount is rounded as exact arithmetic has it.
"""

from __future__ import annotations

import math

from loantwin.kernels import compiled

# codes of `term_sheet.ROUNDINGS`, by their places there
HALF_EVEN, HALF_UP, HALF_DOWN, UP, DOWN = range(5)

NEGLIGIBLE = 0.5e-7 + 1e-15
"""Minor units: no farther than this from a half or a whole an amount is there (`products.rounding`)."""
NEAR, RELATIVE = 1e-6, 1e-12
"""Where pairs decide: within NEAR + RELATIVE x amount, in which what floats lose has room."""
SPLIT = 134217729.0
# 2^27 + 1: halves of a float's digits, whose products are exact (Dekker 1971)


@compiled
def exact_product(one: float, other: float) -> tuple[float, float]:
    """Return a product and what rounding took from it."""
    product = one * other
    wide = one * SPLIT
    one_high = wide - (wide - one)
    one_low = one - one_high
    wide = other * SPLIT
    other_high = wide - (wide - other)
    other_low = other - other_high
    rest = one_low * other_low - (
        ((product - one_high * other_high) - one_low * other_high) - one_high * other_low
    )
    return product, rest


@compiled
def times(high: float, low: float, by_high: float, by_low: float) -> tuple[float, float]:
    product, rest = exact_product(high, by_high)
    rest += high * by_low + low * by_high
    total = product + rest
    return total, rest - (total - product)


@compiled
def plus(high: float, low: float, more_high: float, more_low: float) -> tuple[float, float]:
    total = high + more_high
    shift = total - high
    rest = (high - (total - shift)) + (more_high - shift) + low + more_low
    made = total + rest
    return made, rest - (made - total)


@compiled
def over(high: float, low: float, by_high: float, by_low: float) -> tuple[float, float]:
    share = high / by_high
    product, rest = times(share, 0.0, by_high, by_low)
    left = ((high - product) - rest) + low
    more = left / by_high
    total = share + more
    return total, more - (total - share)


@compiled
def settled(high: float, low: float, mode: int) -> int:
    """Return an amount in whole units; negligibly near to a whole or a half it counts as being there."""
    sign = 1 if high >= 0.0 else -1
    high, low = sign * high, sign * low
    whole: float = math.floor(high + 0.5)
    over = (high - whole) + low
    if over < -0.5:  # what the high part lacks may take it across the half
        whole, over = whole - 1.0, over + 1.0
    elif over > 0.5:
        whole, over = whole + 1.0, over - 1.0
    nearest = int(whole)
    if abs(over) <= NEGLIGIBLE:
        return sign * nearest
    if mode == UP:
        return sign * (nearest + (over > 0.0))
    if mode == DOWN:
        return sign * (nearest - (over < 0.0))
    if 0.5 - abs(over) > NEGLIGIBLE:
        return sign * nearest
    below = nearest - (over < 0.0)
    return sign * (below + (mode == HALF_UP or (mode == HALF_EVEN and below % 2 != 0)))


@compiled
def is_plain(value: float, mode: int) -> bool:
    """Return whether a float tells to which whole number an amount is rounded."""
    over = abs(value - math.floor(value + 0.5))
    near = NEAR + RELATIVE * abs(value)
    return over > near if mode >= UP else 0.5 - over > near


@compiled
def rounded(amount: float, high: float, low: float, mode: int) -> int:
    """Return amount x (high + low) in whole units."""
    value = amount * high
    if mode < UP and is_plain(value, mode):
        return math.floor(value + 0.5)
    value, rest = exact_product(amount, high)
    return settled(value, rest + amount * low, mode)
