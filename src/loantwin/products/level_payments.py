"""The level payment: what brings the balance down to the balloon, and which whole amount of it is taken.

Unrounded, the balance after the last instalment is a straight line of the level payment, so that one pass
over the periods gives the payment (Kellison, The Theory of Interest, chapter 3, for periods of any factors).
How the last instalment may stand to it decides which whole number of minor units near it is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from loantwin.products.amortisation import (
    LEVEL,
    NOTHING,
    Owed,
    kind,
    part_factors,
    payment_rounding,
    roll,
    scaled,
    weight,
)
from loantwin.products.periods import Period, as_the_first, multiple_of
from loantwin.products.rounding import CONTEXT, in_minor, round_minor
from loantwin.products.term_sheet import TermSheet

SEARCHED = 10_000
"""Whole amounts that are tried at most for a rule on the last instalment."""


def exact_level(
    sheet: TermSheet, run: Sequence[Period], owed: Owed, *, base: int | None = None, balloon: int = 0
) -> Decimal | None:
    """Return the level payment that leaves `balloon` after the last period, minor units to 19 digits.

    None where no instalment of the run repays principal.
    """
    balance, unpaid = Decimal(owed.balance), Decimal(owed.unpaid)
    slope, unpaid_slope = Decimal(0), Decimal(0)  # what one unit of level payment takes off both
    paid = False
    for period in as_the_first(sheet, run) if sheet.equal_periods else run:
        fresh, fresh_slope = Decimal(0), Decimal(0)
        for part, factor in zip(period.parts, part_factors(sheet, period), strict=True):
            balance += part.lent
            bearing, bearing_slope = (balance, slope) if base is None else (Decimal(base), Decimal(0))
            fresh = CONTEXT.add(fresh, CONTEXT.multiply(bearing, factor))
            fresh_slope = CONTEXT.add(fresh_slope, CONTEXT.multiply(bearing_slope, factor))
        what = kind(sheet, period)
        if what == LEVEL:
            balance = CONTEXT.add(CONTEXT.add(balance, unpaid), fresh)
            slope = CONTEXT.add(
                CONTEXT.add(slope, unpaid_slope), CONTEXT.add(fresh_slope, weight(sheet, period))
            )
            unpaid, unpaid_slope, paid = Decimal(0), Decimal(0), True
        elif what == NOTHING:
            unpaid, unpaid_slope = CONTEXT.add(unpaid, fresh), CONTEXT.add(unpaid_slope, fresh_slope)
        else:
            unpaid, unpaid_slope = Decimal(0), Decimal(0)
    if not paid:
        return None
    return CONTEXT.divide(balance + unpaid - balloon, slope + unpaid_slope)


def level_payment(opening_minor: int, factors: Sequence[Decimal], sheet: TermSheet) -> int:
    """Return the level payment of a balance over periods of given factors, rounded as the terms say, minor
    units.

    It leaves the balloon of the terms. What the last instalment may be is not looked at.
    """
    balance, slope = Decimal(opening_minor), Decimal(0)
    for factor in factors:
        balance = CONTEXT.multiply(balance, 1 + factor)
        slope = CONTEXT.add(CONTEXT.multiply(slope, 1 + factor), Decimal(1))
    exact = CONTEXT.divide(balance - in_minor(sheet.balloon, sheet.minor_units), slope)
    return round_minor(exact, payment_rounding(sheet), multiple_of(sheet))


def chosen_level(
    sheet: TermSheet, run: Sequence[Period], owed: Owed, *, base: int | None = None, balloon: int = 0
) -> int:
    """Return the level of a run of periods as the terms choose it, minor units.

    With `equal-principal` it is the principal of an instalment.
    """
    rounding, unit = payment_rounding(sheet), multiple_of(sheet)
    if sheet.instalment is not None:
        return in_minor(sheet.instalment, sheet.minor_units)
    if sheet.amortisation == "equal-principal":
        paying = sum(kind(sheet, period) == LEVEL for period in run)
        lent = owed.balance + sum(period.lent for period in run) - balloon
        return round_minor(CONTEXT.divide(Decimal(lent), Decimal(max(paying, 1))), rounding, unit)
    begun = _as_if_lent_at_once(run) if sheet.last_instalment == "equalised" else run
    exact = exact_level(sheet, begun, owed, base=base, balloon=balloon)
    if exact is None:
        return 0
    level = max(0, round_minor(exact, rounding, unit))

    def ends(candidate: int) -> tuple[int, int]:
        lines = roll(sheet, run, owed, candidate, base=base)
        return lines[-1].payment - balloon, scaled(sheet, run[-1], candidate)

    return _RULES[sheet.last_instalment](
        level, unit, ends, sum(kind(sheet, period) == LEVEL for period in run)
    )


def _as_if_lent_at_once(run: Sequence[Period]) -> list[Period]:
    """Return periods with all that is paid out in the first one paid out on its first day."""
    first, *later = run
    parts = [replace(part, lent=0 if place else first.lent) for place, part in enumerate(first.parts)]
    return [replace(first, parts=tuple(parts)), *later]


Ends = Callable[[int], tuple[int, int]]
"""Level payment -> the last instalment without the balloon, and what it would be at the level payment."""


def _rest(level: int, unit: int, ends: Ends, count: int) -> int:  # noqa: ARG001 - one signature for all rules
    return level


def _at_most(level: int, unit: int, ends: Ends, count: int) -> int:  # noqa: ARG001
    """Return the smallest level that the last instalment does not exceed."""

    def holds(candidate: int) -> bool:
        last, full = ends(candidate)
        return last <= full

    return _smallest(level, unit, holds)


def _at_least(level: int, unit: int, ends: Ends, count: int) -> int:  # noqa: ARG001
    """Return the largest level that the last instalment reaches."""

    def exceeded(candidate: int) -> bool:
        last, full = ends(candidate)
        return last < full

    return max(0, _smallest(level, unit, exceeded) - unit)


def _smallest(level: int, unit: int, holds: Callable[[int], bool]) -> int:
    """Return the smallest multiple of `unit` near `level` from which on a condition holds."""
    for _ in range(SEARCHED):
        if holds(level):
            break
        level += unit
    for _ in range(SEARCHED):
        if level < unit or not holds(level - unit):
            break
        level -= unit
    return level


def _nearest(level: int, unit: int, ends: Ends, count: int) -> int:
    """Return the level that the last instalment is nearest to; of two as near the smaller."""
    upper = _at_most(level, unit, ends, count)

    def away(candidate: int) -> int:
        last, full = ends(candidate)
        return abs(last - full)

    lower = max(0, upper - unit)
    return lower if away(lower) <= away(upper) else upper


def _equalised(level: int, unit: int, ends: Ends, count: int) -> int:
    """Return the level, or the one that spreads the last instalment's difference over all, if that is
    smaller.

    A difference of less than a minor unit for every second instalment is left as it is.
    """
    last, full = ends(level)
    difference = last - full
    if count < 2 or abs(difference) <= count // 2:
        return level
    spread = CONTEXT.divide(Decimal(difference), Decimal(count))
    changed = level + round_minor(spread, "half-even", unit)
    last, full = ends(changed)
    return changed if abs(last - full) < abs(difference) else level


_RULES: dict[str, Callable[[int, int, Ends, int], int]] = {
    "rest": _rest,
    "as-agreed": _rest,
    "at-most-level": _at_most,
    "at-least-level": _at_least,
    "nearest-level": _nearest,
    "equalised": _equalised,
}
