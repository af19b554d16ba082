"""How a contract pays other than by monthly level payments of twelfths of the rate: one whole number a loan.

A pattern names how principal is repaid (level payments, or equal principal), how often (monthly, every so
many months or days) and how the interest of a month is counted (a twelfth of the year, or its days). 0 is
what every other part of the engine takes for granted: level, monthly, a twelfth.

Payments fall on the day the months end on, counted back from the last one; of patterns by days the count of
days runs back from there. The days of a month repeat every 48 months: a pattern carries which month of the
48, and whether months end on a month's last day, at the as-of date. Two roundings are thereby stated: an
anchor day of 29 or 30 counts as a month's last, and 2100 has a 29 February.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import ArrayLike

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import UsageError, expected

REPAYMENTS = ("annuity", "equal_principal")
"""Level payments, or the same principal with each payment."""

FREQUENCIES = (
    "monthly",
    "every_two_months",
    "quarterly",
    "half_yearly",
    "yearly",
    "fortnightly",
    "weekly",
    "daily",
)
MONTHS_BETWEEN = (1, 2, 3, 6, 12, 0, 0, 0)
"""Months from a payment to the next; 0 where it is days."""
DAYS_BETWEEN = (0, 0, 0, 0, 0, 14, 7, 1)

DAY_COUNTS = ("30/360", "actual/360", "actual/365", "actual/actual")
"""What part of a year a month is; actual/actual counts each day over the length of its year (ISDA)."""

CYCLE = 48
PHASES = 2 * CYCLE
"""Months after which the calendar's months repeat, and twice that: months that end on a last day apart."""

MEAN_FACTORS = (1.0 / 12.0, 365.25 / 360.0 / 12.0, 365.25 / 365.0 / 12.0, 1.0 / 12.0)
"""Mean part of a year of a month, by day count."""


@dataclass(frozen=True)
class Patterns:
    """N patterns taken apart, each (N,).

    equal : True for equal principal. months, days : between payments, one of them 0. day_count : place in
    DAY_COUNTS. phase : 0 to PHASES - 1.
    """

    equal: Flags
    months: Integers
    days: Integers
    day_count: Integers
    phase: Integers


def phase_of(as_of: date) -> int:
    """Return the place of the as-of date's month in the 48 of the calendar, last days of months apart."""
    last = as_of.day > 28
    return as_of.year % 4 * 12 + as_of.month - 1 + CYCLE * last


def pattern_codes(repayment: ArrayLike, frequency: ArrayLike, day_count: ArrayLike, as_of: date) -> Integers:
    """Return the patterns (N,) of places in REPAYMENTS, FREQUENCIES and DAY_COUNTS, (N,) or numbers.

    Raises
    ------
    UsageError : a place that is none.
    """
    made = []
    for name, values, known in (
        ("repayment", repayment, REPAYMENTS),
        ("frequency", frequency, FREQUENCIES),
        ("day_count", day_count, DAY_COUNTS),
    ):
        places = check.whole(values, name)
        check.codes(0, len(known) - 1, **{name: places})
        made.append(places)
    how, often, days = np.broadcast_arrays(*made)
    plain = (how * len(FREQUENCIES) + often) * len(DAY_COUNTS) + days
    return np.where(plain == 0, 0, plain * PHASES + phase_of(as_of)).astype(np.int64)


def taken_apart(pattern: Integers) -> Patterns:
    """Return what N patterns mean.

    Raises
    ------
    UsageError : a number that is no pattern, by row.
    """
    wrong = np.flatnonzero((pattern < 0) | (pattern >= HIGHEST))
    if wrong.size:
        raise UsageError(
            expected(f"a pattern of 0 to {HIGHEST - 1}", pattern[wrong[0]]),
            row=int(wrong[0]) + 1,
            field="pattern",
        )
    rest, phase = np.divmod(pattern, PHASES)
    rest, day_count = np.divmod(rest, len(DAY_COUNTS))
    equal, often = np.divmod(rest, len(FREQUENCIES))
    return Patterns(
        equal.astype(bool), np.array(MONTHS_BETWEEN)[often], np.array(DAYS_BETWEEN)[often], day_count, phase
    )


HIGHEST = len(REPAYMENTS) * len(FREQUENCIES) * len(DAY_COUNTS) * PHASES
"""One more than the highest pattern."""


def days_until(phase: Integers, month: ArrayLike) -> Integers:
    """Return days from the as-of date to the end of `month` months on, of each phase; shapes broadcast."""
    last, start = np.divmod(np.asarray(phase), CYCLE)
    whole = np.concatenate([[0], np.cumsum(_lengths())])
    # months that end on a last day: the month to come is the next one's length
    there = start + last + np.asarray(month)
    days = there // CYCLE * whole[-1] + whole[there % CYCLE]
    return np.asarray(days - whole[start + last], dtype=np.int64)


def month_factors(patterns: Patterns, months: int) -> Floats:
    """Return the part of a year of months 1..T, (N, T)."""
    number = np.arange(months + 1)
    days = np.diff(days_until(patterns.phase[:, None], number[None]), axis=1)
    by_count = np.stack(
        [np.full(days.shape, 1.0 / 12.0), days / 360.0, days / 365.0, _by_years(patterns.phase, days)]
    )
    return np.asarray(np.take_along_axis(by_count, patterns.day_count[None, :, None], axis=0)[0])


def payments_left(patterns: Patterns, remaining: Integers, months: int) -> Integers:
    """Return payments due after the end of months 0..T until the last one, (N, T + 1).

    remaining : (N,) months until the last payment.
    """
    number = np.arange(months + 1)
    left = np.maximum(remaining[:, None] - number[None], 0)
    by_months = -(-left // np.maximum(patterns.months, 1)[:, None])
    until = days_until(patterns.phase, remaining)[:, None] - days_until(patterns.phase[:, None], number[None])
    by_days = np.maximum(-(-until // np.maximum(patterns.days, 1)[:, None]), 0)
    return np.asarray(np.where(patterns.days[:, None] > 0, by_days, by_months), dtype=np.int64)


def mean_rate(patterns: Patterns) -> Floats:
    """Return what a year's nominal rate is multiplied by on the mean of the calendar, (N,)."""
    return np.asarray(np.array(MEAN_FACTORS)[patterns.day_count] * 12.0)


def monthly_equivalent(pattern: Integers, annual_rate: Floats) -> Floats:
    """Return the nominal monthly rate a year, (N,), that yields as much as the rate under its pattern."""
    patterns = taken_apart(pattern)
    by_year = np.where(
        patterns.days > 0, 365.25 / np.maximum(patterns.days, 1), 12.0 / np.maximum(patterns.months, 1)
    )
    nominal = annual_rate * mean_rate(patterns)
    grown = np.expm1(by_year / 12.0 * np.log1p(nominal / by_year)) * 12.0
    return np.where(pattern == 0, annual_rate, np.where(by_year == 12.0, nominal, grown))


def _lengths() -> Integers:
    """Return the lengths of 48 months from January of a leap year."""
    return np.array([calendar.monthrange(2000 + m // 12, m % 12 + 1)[1] for m in range(CYCLE)])


def _by_years(phase: Integers, days: Integers) -> Floats:
    """Return days over the length of their year, (N, T); a month across two years is parted at its middle."""
    last, start = np.divmod(phase, CYCLE)
    begin = (start + last)[:, None] + np.arange(days.shape[1])[None]
    end = begin + 1 - last[:, None]
    lengths = np.where(np.stack([begin, end]) % CYCLE < 12, 366.0, 365.0)
    return np.asarray(days * (0.5 / lengths[0] + 0.5 / lengths[1]))
