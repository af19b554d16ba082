"""Compiled loops of schedules to the minor unit.

Amounts are whole minor units, int64. Rates and parts of a year are pairs of floats (high, low) whose sum
holds some 31 digits. A product is first formed of the high parts; where it lies so near to a half or a whole
that their error could turn it, the pairs decide (`settled`), so that every amount is rounded as exact
arithmetic has it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from loantwin.kernels import compiled
from loantwin.products.columns.pairs.kernels import (
    HALF_EVEN,
    UP,
    is_plain,
    over,
    plus,
    rounded,
    settled,
    times,
)

Array = Any
Whole = Any
"""A whole number read from an array."""

# codes of `term_sheet`, by their places there
ANNUITY, EQUAL_PRINCIPAL, INTEREST_ONLY, BALLOON, BULLET = range(5)
REST, AT_MOST, AT_LEAST, NEAREST, EQUALISED, AS_AGREED = range(6)
# columns of a loan's packed terms
(
    AMOUNT,
    PAYMENTS,
    RATE,
    TIMETABLE,
    AMORTISATION,
    FLAT,
    ROUNDING,
    PAYMENT_ROUNDING,
    AGREED,
    UNIT,
    LAST,
    REMAINDER,
    GRACE,
    WAITS,
    FREE,
    CARRIES,
) = range(16)

SEARCHED = 10_000
"""Whole amounts that are tried at most for a rule on the last instalment (`products.level_payments`)."""
RATE_UNIT = 1e12


@compiled
def year_parts(above: Array, below: Array, part: Array, part_low: Array) -> None:
    """Set parts of a year (P, T) from fractions (P, T): pairs of floats."""
    for timetable in range(above.shape[0]):
        for period in range(above.shape[1]):
            high, low = over(float(above[timetable, period]), 0.0, float(below[timetable, period]), 0.0)
            part[timetable, period], part_low[timetable, period] = high, low


@compiled
def _rate(row: Array) -> tuple[float, float]:
    return over(float(row[RATE]), 0.0, RATE_UNIT, 0.0)


@compiled
def _repays(row: Array, number: int) -> Whole:
    """Return whether an instalment repays principal at the level."""
    what = row[AMORTISATION]
    return what != BULLET and what != INTEREST_ONLY and number > row[GRACE]


@compiled
def _exact_level(row: Array, part: Array, part_low: Array, even: bool) -> tuple[float, float]:
    """Return the level payment that leaves the balloon after the last period, before it is rounded.

    Unrounded, the balance after the last instalment is a straight line of the level payment
    (`products.level_payments.exact_level`).
    """
    rate, rate_low = _rate(row)
    balance, balance_low = float(row[AMOUNT]), 0.0
    slope, slope_low = 0.0, 0.0
    fixed, fixed_low = 0.0, 0.0
    for number in range(1, row[PAYMENTS] + 1):
        place = 0 if even else number - 1
        factor, factor_low = 0.0, 0.0
        if number > row[FREE]:
            factor, factor_low = times(rate, rate_low, part[place], part_low[place])
        if not _repays(row, number):
            continue
        if row[FLAT]:
            more, more_low = times(float(row[AMOUNT]), 0.0, factor, factor_low)
            fixed, fixed_low = plus(fixed, fixed_low, more, more_low)
            slope += 1.0
            continue
        growth, growth_low = plus(1.0, 0.0, factor, factor_low)
        balance, balance_low = times(balance, balance_low, growth, growth_low)
        slope, slope_low = times(slope, slope_low, growth, growth_low)
        slope, slope_low = plus(slope, slope_low, 1.0, 0.0)
    if slope == 0.0:
        return 0.0, 0.0
    balance, balance_low = plus(balance, balance_low, fixed, fixed_low)
    balance, balance_low = plus(balance, balance_low, -float(row[REMAINDER]), 0.0)
    return over(balance, balance_low, slope, slope_low)


@compiled
def _near_level(row: Array, factor: float) -> Whole:
    """Return what `_exact_level` does to some 13 digits, where every period has one factor above 0."""
    count = row[PAYMENTS] - row[GRACE]
    grown = count * math.log1p(factor)
    # by what is left of 1, not by what it grows to, which overflows
    return (row[AMOUNT] - row[REMAINDER] * math.exp(-grown)) * factor / -math.expm1(-grown)


@compiled
def _first_level(row: Array, part: Array, part_low: Array, even: bool) -> Whole:
    """Return the level, rounded: the payment of an instalment, or its principal where that is equal."""
    unit, mode = float(row[UNIT]), row[PAYMENT_ROUNDING]
    if row[AGREED] > 0:
        return row[AGREED]
    if row[AMORTISATION] == EQUAL_PRINCIPAL:
        count = max(row[PAYMENTS] - min(row[GRACE], row[PAYMENTS]), 1)
        share, low = over(float(row[AMOUNT] - row[REMAINDER]), 0.0, float(count), 0.0)
        share, low = over(share, low, unit, 0.0)
        return settled(share, low, mode) * row[UNIT]
    if even and not row[FLAT] and row[FREE] <= row[GRACE] < row[PAYMENTS] and row[RATE] > 0:
        near = _near_level(row, _rate(row)[0] * part[0]) / unit
        if mode < UP and is_plain(near, mode):
            return math.floor(near + 0.5) * row[UNIT]
    level, low = _exact_level(row, part, part_low, even)
    level, low = over(level, low, unit, 0.0)
    return max(0, settled(level, low, mode) * row[UNIT])


@compiled
def _roll(
    row: Array, part: Array, part_low: Array, even: bool, level: int, principal: Array, interest: Array
) -> Whole:
    """Set what each instalment pays at a level, (T,) each; return the last one's payment."""
    rate, rate_low = _rate(row)
    factor, factor_low = times(rate, rate_low, part[0], part_low[0])
    what, mode, count = row[AMORTISATION], row[ROUNDING], row[PAYMENTS]
    flat, grace, waits, free, carries = row[FLAT] != 0, row[GRACE], row[WAITS], row[FREE], row[CARRIES] != 0
    repays = what != BULLET and what != INTEREST_ONLY
    balance, unpaid, deferred = row[AMOUNT], 0, 0
    rest, rest_low = 0.0, 0.0
    for number in range(1, count + 1):
        if not even:
            factor, factor_low = times(rate, rate_low, part[number - 1], part_low[number - 1])
        bears = float(row[AMOUNT] if flat else balance)
        if number <= free:
            bears = 0.0
        if carries:
            exact, exact_low = times(bears, 0.0, factor, factor_low)
            exact, exact_low = plus(exact, exact_low, rest, rest_low)
            fresh = settled(exact, exact_low, mode)
            rest, rest_low = plus(exact, exact_low, -float(fresh), 0.0)
        else:
            fresh = rounded(bears, factor, factor_low, mode)
        owed = unpaid + fresh
        if number == count and row[LAST] != AS_AGREED:
            principal[count - 1], interest[count - 1] = balance, owed + deferred
            return balance + owed + deferred
        payable, repaid = owed, 0
        if what == BULLET:
            payable = 0
        elif repays and number > grace:
            if what == EQUAL_PRINCIPAL:
                repaid = min(level, balance)
            else:
                payable = min(owed, level)
                repaid = min(level - payable, balance)
        unpaid = owed - payable
        if what == BULLET or number <= waits:
            deferred += payable
            payable = 0
        else:
            payable += deferred
            deferred = 0
        principal[number - 1], interest[number - 1] = repaid, payable
        balance -= repaid
    return principal[count - 1] + interest[count - 1]


@compiled
def _missed(
    row: Array, part: Array, part_low: Array, even: bool, level: int, principal: Array, interest: Array
) -> Whole:
    """Return by how much the last instalment, without the balloon, exceeds the level payment."""
    return _roll(row, part, part_low, even, level, principal, interest) - row[REMAINDER] - level


@compiled
def _smallest(
    row: Array,
    part: Array,
    part_low: Array,
    even: bool,
    level: int,
    least: int,
    principal: Array,
    interest: Array,
) -> Whole:
    """Return the smallest level near `level` whose last instalment exceeds it by at most `least`."""
    unit = row[UNIT]
    for _ in range(SEARCHED):
        if _missed(row, part, part_low, even, level, principal, interest) <= least:
            break
        level += unit
    for _ in range(SEARCHED):
        if level < unit or _missed(row, part, part_low, even, level - unit, principal, interest) > least:
            break
        level -= unit
    return level


@compiled
def _equalised(
    row: Array, part: Array, part_low: Array, even: bool, level: int, principal: Array, interest: Array
) -> Whole:
    """Return the level, or one that spreads the last instalment's difference over all, if that is less."""
    count = row[PAYMENTS] - min(row[GRACE], row[PAYMENTS])
    missed = _missed(row, part, part_low, even, level, principal, interest)
    if count < 2 or abs(missed) <= count // 2:
        return level
    share, low = over(float(missed), 0.0, float(count), 0.0)
    share, low = over(share, low, float(row[UNIT]), 0.0)
    changed = level + settled(share, low, HALF_EVEN) * row[UNIT]
    moved = _missed(row, part, part_low, even, changed, principal, interest)
    return changed if abs(moved) < abs(missed) else level


@compiled
def _chosen_level(
    row: Array, part: Array, part_low: Array, even: bool, principal: Array, interest: Array
) -> Whole:
    """Return the level by the rule on the last instalment."""
    level, rule, what = _first_level(row, part, part_low, even), row[LAST], row[AMORTISATION]
    if row[AGREED] > 0 or rule in (REST, AS_AGREED) or what == EQUAL_PRINCIPAL:
        return level
    if not _repays(row, row[PAYMENTS]):
        return 0
    if rule == EQUALISED:
        return _equalised(row, part, part_low, even, level, principal, interest)
    unit = row[UNIT]
    if rule == AT_LEAST:
        return max(0, _smallest(row, part, part_low, even, level, -1, principal, interest) - unit)
    upper = _smallest(row, part, part_low, even, level, 0, principal, interest)
    if rule == AT_MOST:
        return upper
    lower = max(0, upper - unit)
    below = abs(_missed(row, part, part_low, even, lower, principal, interest))
    above = abs(_missed(row, part, part_low, even, upper, principal, interest))
    return lower if below <= above else upper


@compiled
def _schedule(
    row: Array, years: tuple[Array, Array], evens: Array, principal: Array, interest: Array
) -> None:
    """Set what each instalment of a loan pays."""
    part, part_low, even = years[0][row[TIMETABLE]], years[1][row[TIMETABLE]], evens[row[TIMETABLE]]
    level = _chosen_level(row, part, part_low, even, principal, interest)
    _roll(row, part, part_low, even, level, principal, interest)


@compiled
def fill(
    first: int,
    last: int,
    packed: Array,
    years: tuple[Array, Array],
    evens: Array,
    principal: Array,
    interest: Array,
) -> None:
    """Set principal and interest (N, T) of loans `first` to `last`, 0 after the last payment."""
    for loan in range(first, last):
        row = packed[loan]
        _schedule(row, years, evens, principal[loan], interest[loan])
        principal[loan, row[PAYMENTS] :] = 0
        interest[loan, row[PAYMENTS] :] = 0


@compiled
def sum_up(
    first: int,
    last: int,
    packed: Array,
    years: tuple[Array, Array],
    evens: Array,
    months: Array,
    lent: Array,
    group: Array,
    sums: Array,
) -> None:
    """Add the flows of slices `first` to `last` of the loans to `sums` (slices, groups, months + 1, 3).

    months : (P, T) month of each due date, 0 and less lie before. lent : (N,) month of the disbursement.
    sums : principal, interest and what is lent by month; month 0 holds all before the first.
    """
    slices, end, count = sums.shape[0], sums.shape[2] - 1, len(packed)
    principal, interest = np.empty(months.shape[1], dtype=np.int64), np.empty(months.shape[1], dtype=np.int64)
    for piece in range(first, last):
        for loan in range(count * piece // slices, count * (piece + 1) // slices):
            if lent[loan] > end:
                continue
            row, into = packed[loan], sums[piece, group[loan]]
            _schedule(row, years, evens, principal, interest)
            into[max(lent[loan], 0), 2] += row[AMOUNT]
            due = months[row[TIMETABLE]]
            for place in range(row[PAYMENTS]):
                month = due[place]
                if month > end:
                    break
                into[max(month, 0), 0] += principal[place]
                into[max(month, 0), 1] += interest[place]
