"""How two dates become a part of a year: each convention once, for columns of dates and exactly for one pair.

A convention is arithmetic on whole numbers, which reads the same for one pair of dates and for columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arrays import Floats, Integers
from loantwin.errors import ArgumentError, UsageError, choice, expected
from loantwin.products.calendars import business_days
from loantwin.products.dates import (
    Day,
    Whole,
    add_months,
    counted,
    date_column,
    is_leap,
    one_day,
    ordinal,
    parted,
)

Terms = tuple[tuple[Whole, Whole], ...]
"""Numerators over denominators, to be added."""


@dataclass(frozen=True, slots=True)
class Period:
    """What a convention may read: start, end; the regular period around them; when the loan ends; business
    days from start to end.
    """

    start: Day
    end: Day
    period_start: Day | None
    period_end: Day | None
    termination: Day | None
    business_days: Whole = 0


@dataclass(frozen=True)
class DayCount:
    """A convention. `days` counts them, `terms` are the parts of a year to be added; `words` say which it is;
    `reads_days_only` where years and months do not matter; `reads_calendar` where business days do.
    """

    days: Callable[[Period], Whole]
    terms: Callable[[Period], Terms]
    words: str
    reads_days_only: bool = False
    reads_calendar: bool = False


def _ends_february(day: Day) -> Whole:
    return (day.month == 2) & (day.day == 28 + is_leap(day.year))


def _thirties(period: Period, first: Whole, last: Whole) -> Whole:
    """Return days where every month has 30 of them, from days of the month that a convention moved."""
    start, end = period.start, period.end
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first


def _bond(period: Period) -> Whole:
    first = period.start.day - (period.start.day == 31)
    return _thirties(period, first, period.end.day - ((period.end.day == 31) & (first == 30)))


def _us(period: Period) -> Whole:
    start, end = period.start, period.end
    ends = _ends_february(start)
    first = start.day - (start.day == 31) + ends * (30 - start.day)
    both = ends & _ends_february(end)
    return _thirties(period, first, end.day - ((end.day == 31) & (first == 30)) + both * (30 - end.day))


def _european(period: Period) -> Whole:
    return _thirties(
        period, period.start.day - (period.start.day == 31), period.end.day - (period.end.day == 31)
    )


def _isda(period: Period) -> Whole:
    start, end = period.start, period.end
    moved = _ends_february(end)
    if period.termination is not None:
        moved = moved & (end.ordinal != period.termination.ordinal)
    first = start.day - (start.day == 31) + _ends_february(start) * (30 - start.day)
    return _thirties(period, first, end.day - (end.day == 31) + moved * (30 - end.day))


def _italian(period: Period) -> Whole:
    start, end = period.start, period.end
    first = start.day - (start.day == 31) + ((start.month == 2) & (start.day > 27)) * (30 - start.day)
    last = end.day - (end.day == 31) + ((end.month == 2) & (end.day > 27)) * (30 - end.day)
    return _thirties(period, first, last)


def _actual(period: Period) -> Whole:
    return period.end.ordinal - period.start.ordinal


def _business(period: Period) -> Whole:
    return period.business_days


def _leap_days_left_out(period: Period) -> Whole:
    """Return the days between, 29 February never counted."""
    return _without_leap_days(period.end) - _without_leap_days(period.start)


def _without_leap_days(day: Day) -> Whole:
    # a 29 February stands where the 28th does
    passed = day.year - (day.month <= 2)
    leap_days = passed // 4 - passed // 100 + passed // 400 + ((day.month == 2) & (day.day == 29))
    return day.ordinal - leap_days


def _by_year(period: Period) -> Terms:
    """Each day over the length of its calendar year."""
    start, end = period.start, period.end
    return (
        (end.year - start.year, 1),
        (end.ordinal - ordinal(end.year, 1, 1), 365 + is_leap(end.year)),
        (ordinal(start.year, 1, 1) - start.ordinal, 365 + is_leap(start.year)),
    )


def _by_coupon(period: Period) -> Terms:
    """Each day over the length of its regular period and the number of these in a year.

    Regular periods go on as whole months from the end of the one that is known, and back from its start. One
    of less than half a month, as of weeks, has no whole months: the year from the start serves.
    """
    sign, start, end = _sorted(period)
    low, high = period.period_start or start, period.period_end or end
    months = (24 * (high.ordinal - low.ordinal) + 365) // 730
    weekly = months < 1
    months = months + (12 - months) * weekly
    low, high = _either(weekly, start, low), _either(weekly, add_months(start, 12), high)
    before, passed, length = _coupons(start, low, high, months)
    reached, begun, whole = _coupons(end, low, high, months)
    months = months * sign
    return (((reached - before) * months, 12), (begun * months, 12 * whole), (-passed * months, 12 * length))


def _coupons(day: Day, low: Day, high: Day, months: Whole) -> tuple[Whole, Whole, Whole]:
    """Return how many regular periods lie before a day, the days since then, and the length of its own."""
    after, before = day.ordinal >= high.ordinal, day.ordinal < low.ordinal
    anchor = _either(after, high, low)
    count = ((day.year - anchor.year) * 12 + day.month - anchor.month) // months
    count = count - (add_months(anchor, count * months).ordinal > day.ordinal)
    opened = add_months(anchor, count * months).ordinal
    outside = after | before
    within = 1 - outside
    opens = outside * opened + within * low.ordinal
    closes = outside * add_months(anchor, (count + 1) * months).ordinal + within * high.ordinal
    return outside * count + after, day.ordinal - opens, closes - opens


def _by_last_year(period: Period) -> Terms:
    """Whole years back from the end, and what is left over 366 where it holds a 29 February, else 365."""
    sign, start, end = _sorted(period)
    years = end.year - start.year
    years = years - (_years_back(end, years) < start.ordinal)
    rest = _years_back(end, years)
    leap_day = _holds_leap_day(start, rest, start.year) | _holds_leap_day(start, rest, end.year - years)
    return ((sign * years, 1), (sign * (rest - start.ordinal), 365 + leap_day))


def _holds_leap_day(start: Day, end: Whole, year: Whole) -> Whole:
    leap_day = ordinal(year, 2, 29)
    return is_leap(year) & (start.ordinal <= leap_day) & (leap_day < end)


def _years_back(day: Day, years: Whole) -> Whole:
    """Return the ordinals of days whole years before; from the last or the 28th of February, its last."""
    year = day.year - years
    february = (day.month == 2) & (day.day >= 28) & (years > 0)
    return ordinal(year, day.month, day.day + february * (28 + is_leap(year) - day.day))


def _sorted(period: Period) -> tuple[Whole, Day, Day]:
    """Return 1, or -1 where the end lies before the start, and both in order."""
    back = period.end.ordinal < period.start.ordinal
    return 1 - 2 * back, _either(back, period.end, period.start), _either(back, period.start, period.end)


def _either(which: Whole, yes: Day, no: Day) -> Day:
    """Return one day or another, element by element."""
    return Day(
        no.ordinal + which * (yes.ordinal - no.ordinal),
        no.year + which * (yes.year - no.year),
        no.month + which * (yes.month - no.month),
        no.day + which * (yes.day - no.day),
    )


def _over(days: Callable[[Period], Whole], year: int, parts: int = 1) -> Callable[[Period], Terms]:
    """Return days over a year of so many days, stated in `parts` of a day."""
    return lambda period: ((days(period) * parts, year),)


def _actual_over(year: int, words: str, parts: int = 1) -> DayCount:
    return DayCount(_actual, _over(_actual, year, parts), words, reads_days_only=True)


DAY_COUNTS: Mapping[str, DayCount] = {
    "30/360": DayCount(
        _bond,
        _over(_bond, 360),
        "months of 30 days; a start on the 31st is the 30th, and so is an end on the 31st after it",
    ),
    "30/360-us": DayCount(
        _us,
        _over(_us, 360),
        "as 30/360, and a start on the last of February is the 30th, with it an end there",
    ),
    "30/360-isda": DayCount(
        _isda,
        _over(_isda, 360),
        "the 31st and the last of February are the 30th, but not where the loan ends in February",
    ),
    "30/360-italian": DayCount(
        _italian, _over(_italian, 360), "the 31st, and 28 and 29 February, are the 30th"
    ),
    "30e/360": DayCount(_european, _over(_european, 360), "the 31st is the 30th; February stays as it is"),
    "30/365": DayCount(_european, _over(_european, 365), "days of 30e/360 over 365"),
    "actual/360": _actual_over(360, "days over 360"),
    "actual/364": _actual_over(364, "days over 364, 52 weeks"),
    "actual/365": _actual_over(365, "days over 365, in leap years too"),
    "actual/365-no-leap": DayCount(
        _leap_days_left_out, _over(_leap_days_left_out, 365), "days without 29 February over 365"
    ),
    "actual/365.25": _actual_over(1461, "days over 365.25", parts=4),
    "actual/366": _actual_over(366, "days over 366"),
    "actual/actual": DayCount(_actual, _by_year, "each day over the length of its calendar year (ISDA)"),
    "actual/actual-isma": DayCount(
        _actual, _by_coupon, "each day over its regular period times the periods of a year"
    ),
    "actual/actual-afb": DayCount(
        _actual,
        _by_last_year,
        "whole years back from the end; the rest over 366 where it holds a 29 February, else 365",
    ),
    "business/252": DayCount(
        _business, _over(_business, 252), "business days of a calendar over 252", True, reads_calendar=True
    ),
}
"""Name -> convention; each is held to QuantLib's day counter of the same rule."""


def year_fraction(
    day_count: str,
    start: ArrayLike,
    end: ArrayLike,
    *,
    period_start: ArrayLike | None = None,
    period_end: ArrayLike | None = None,
    termination: ArrayLike | None = None,
    calendar: str | None = None,
) -> Floats:
    """Return the part of a year between dates, by a day count; an end before its start gives a negative.

    Parameters
    ----------
    day_count : a key of `DAY_COUNTS`.
    start, end : (...) datetime64[D], or one date; they broadcast. The start counts, the end does not.
    period_start, period_end : (...) datetime64[D]. The regular period around them, or the next one, read by
    `actual/actual-isma` alone; without them start to end is one.
    termination : (...) datetime64[D]. The day the loan ends, read by `30/360-isda` alone.
    calendar : a calendar of `products.calendars`, read by `business/252` alone, which needs one.

    Returns
    -------
    (...) float64, years.

    Raises
    ------
    UsageError : an unknown day count or calendar, or none where one is read. ArgumentError : what is no date,
    or missing; a regular period that does not end after it starts.
    """
    convention = _convention(day_count)
    terms = convention.terms(
        _columns(convention, start, end, period_start, period_end, termination, calendar)
    )
    total: Any = 0.0
    for numerator, denominator in terms:
        total = total + numerator / denominator
    return np.asarray(total, dtype=np.float64)


def days_counted(
    day_count: str,
    start: ArrayLike,
    end: ArrayLike,
    *,
    termination: ArrayLike | None = None,
    calendar: str | None = None,
) -> Integers:
    """Return the days between dates as a day count has them: of `actual/...` those of the calendar.

    Parameters, Raises
    ------------------
    As of `year_fraction`.

    Returns
    -------
    (...) int64, days.
    """
    convention = _convention(day_count)
    days = convention.days(_columns(convention, start, end, None, None, termination, calendar))
    return np.asarray(days, dtype=np.int64)


def year_fraction_exact(
    day_count: str,
    start: date,
    end: date,
    *,
    period_start: date | None = None,
    period_end: date | None = None,
    termination: date | None = None,
    calendar: str | None = None,
) -> Fraction:
    """Return `year_fraction` of one pair of dates without any rounding.

    Raises
    ------
    UsageError : an unknown day count or calendar, or none where one is read. ArgumentError : what is no date;
    a regular period that does not end after it starts.
    """
    convention = _convention(day_count)
    period = _regular(
        one_day(start, "start"),
        one_day(end, "end"),
        None if period_start is None else one_day(period_start, "period_start"),
        None if period_end is None else one_day(period_end, "period_end"),
        None if termination is None else one_day(termination, "termination"),
        int(_business_days(start, end, calendar)) if convention.reads_calendar else 0,
    )
    terms = convention.terms(period)
    if len(terms) == 1:
        return Fraction(*terms[0])
    return sum((Fraction(int(above), int(below)) for above, below in terms), Fraction(0))


def _convention(day_count: str) -> DayCount:
    found = DAY_COUNTS.get(day_count) if isinstance(day_count, str) else None
    return found or DAY_COUNTS[choice(day_count, DAY_COUNTS, "day_count")]


def _columns(
    convention: DayCount,
    start: ArrayLike,
    end: ArrayLike,
    low: ArrayLike | None,
    high: ArrayLike | None,
    termination: ArrayLike | None,
    calendar: str | None,
) -> Period:
    read = counted if convention.reads_days_only else parted
    return _regular(
        read(date_column(start, "start")),
        read(date_column(end, "end")),
        None if low is None else read(date_column(low, "period_start")),
        None if high is None else read(date_column(high, "period_end")),
        None if termination is None else read(date_column(termination, "termination")),
        _business_days(start, end, calendar) if convention.reads_calendar else 0,
    )


def _business_days(start: Any, end: Any, calendar: str | None) -> Integers:
    if calendar is None:
        raise UsageError(expected("a calendar, whose business days are counted", "none"), field="calendar")
    return business_days(start, end, calendar)


def _regular(
    start: Day, end: Day, low: Day | None, high: Day | None, termination: Day | None, business_days: Whole
) -> Period:
    if low is not None or high is not None:
        length = (high or end).ordinal - (low or start).ordinal
        if np.any(length <= 0):
            raise ArgumentError(
                expected("an end after the start", f"{np.min(length)} days on"), field="period_end"
            )
    return Period(start, end, low, high, termination, business_days)
