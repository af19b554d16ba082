"""One loan of a pattern, a month at a time: what other kernels of run-off call for it."""

from __future__ import annotations

import calendar
from typing import Any

import numpy as np

from loantwin.kernels import compiled

Array = Any

CODED = 2048
"""Months free of principal and the pattern share one place of a packed loan: months + CODED x pattern."""

CYCLE = 48
LENGTHS = np.array([calendar.monthrange(2000 + m // 12, m % 12 + 1)[1] for m in range(CYCLE)])
PASSED = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(LENGTHS)])
MONTHS_BETWEEN = np.array([1, 2, 3, 6, 12, 0, 0, 0])
DAYS_BETWEEN = np.array([0, 0, 0, 0, 0, 14, 7, 1])
MEAN_YEARS = np.array([1.0, 365.25 / 360.0, 365.25 / 365.0, 1.0])


@compiled
def taken_apart(code: int) -> tuple[int, int, int, int]:
    """Return equal principal (1 or 0), frequency, day count and phase of a pattern."""
    phase, rest = code % (2 * CYCLE), code // (2 * CYCLE)
    return rest // 32, rest // 4 % 8, rest % 4, phase


@compiled
def month_factor(day_count: int, phase: int, month: int) -> float:
    """Return the part of a year of month 1, 2, ... from the as-of date."""
    last = phase // CYCLE
    begin = phase % CYCLE + last + month - 1
    days = float(LENGTHS[begin % CYCLE])
    if day_count == 0:
        return 1.0 / 12.0
    if day_count < 3:
        return days / (360.0 if day_count == 1 else 365.0)
    end = begin + 1 - last
    first = 366.0 if begin % CYCLE < 12 else 365.0
    second = 366.0 if end % CYCLE < 12 else 365.0
    return days * (0.5 / first + 0.5 / second)


@compiled
def _days_until(phase: int, month: int) -> int:
    """Return days from the as-of date to the end of a month."""
    start = phase % CYCLE + phase // CYCLE
    there = start + month
    return int(there // CYCLE * PASSED[CYCLE] + PASSED[there % CYCLE] - PASSED[start])


@compiled
def payments_left(often: int, phase: int, left: int, month: int) -> int:
    """Return payments due after the end of a month until the last one, `left` months from the as-of date."""
    rest = left - month
    if rest <= 0:
        return 0
    every = MONTHS_BETWEEN[often]
    if every > 0:
        return int((rest + every - 1) // every)
    step = DAYS_BETWEEN[often]
    return int((_days_until(phase, left) - _days_until(phase, month) + step - 1) // step)


@compiled
def begun(often: int, left: int, rate: float) -> float:
    """Return the interest of the running period's months before the as-of date, decimal of the balance."""
    every = max(MONTHS_BETWEEN[often], 1)
    return float((every - left % every) % every) * rate / 12.0


@compiled
def by_days(often: int) -> bool:
    """Return whether payments come every so many days: all of one length, whatever the calendar."""
    return bool(DAYS_BETWEEN[often] > 0)


@compiled
def repaid(
    equal: int, payments: int, rate: float, grown: float, owed: float, waits: float
) -> tuple[float, float, float]:
    """Return a month's end of what 1 a payment has grown to, of what 1 has, and of interest that waits.

    payments : of principal that fall in the month; below 0: that many of interest alone. rate : the month's,
    decimal. Balance is owed - level x grown of the amount; of equal principal nothing grows.
    """
    if equal == 1:
        return grown + max(payments, 0), owed, 0.0
    waits += rate
    if payments > 0:
        return grown * (1.0 + waits) + 1.0, owed * (1.0 + waits), 0.0
    return grown, owed, waits if payments == 0 else 0.0


@compiled
def level_of(code: int, rate: float, left: int, idle: int) -> float:
    """Return the level payment of 1 at a rate a year that stays; no principal in the first `idle` months.

    Of payments every so many months; of equal principal the part that each repays.
    """
    equal, often, count, phase = taken_apart(code)
    every = MONTHS_BETWEEN[often]
    payments = int((left - idle + every - 1) // every)
    if equal == 1:
        return float(1.0 / payments)
    if count == 0:
        nominal = rate * every / 12.0
        if nominal == 0.0:
            return float(1.0 / payments)
        return float(nominal / -np.expm1(-payments * np.log1p(nominal)))
    grown, owed, waits = 0.0, 1.0, begun(often, left, rate)
    for month in range(1, left + 1):
        falls = (left - month) % every == 0
        falling = (1 if month > idle else -1) if falls else 0
        month_rate = rate * month_factor(count, phase, month)
        grown, owed, waits = repaid(equal, falling, month_rate, grown, owed, waits)
    return owed / grown


@compiled
def renewed_share(equal: int, often: int, day_count: int, rate: float, payments: int, left: int) -> float:
    """Return the decimal of the balance that a month's payments repay, of `left`, at a rate a year now."""
    if payments <= 0:
        return 0.0
    if equal == 1:
        return payments / left
    every = MONTHS_BETWEEN[often]
    a_year = 12.0 / every if every > 0 else 365.25 / DAYS_BETWEEN[often]
    nominal = rate * MEAN_YEARS[day_count] / a_year
    if nominal == 0.0:
        return payments / left
    grows = np.log1p(nominal)
    ahead = np.exp((payments - left) * grows)
    return float(ahead * np.expm1(-payments * grows) / np.expm1(-left * grows))
