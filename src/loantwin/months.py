"""Months: how dates become month numbers, ages and labels, the same in history and in forecasts.

A month is a whole number, `12 * year + month - 1`. With an as-of date on day `d`, month `m` covers the days
after day `d` of the month before up to day `d` of the month itself; month ends stick, so that with an as-of
date on a month's last day a month is the calendar month. Age is the difference of two months: a loan is of
age 0 in the month it was originated; at the as-of date it has age `age0`, and month `t` of a forecast (t = 1,
2, ...) reads age `age0 + t`.
"""

from __future__ import annotations

import calendar
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loantwin.errors import UsageError, expected


def anchor_day(as_of: date) -> int:
    """Return the day of the month on which months end: 31 where `as_of` is a month's last day."""
    # Trap: month ends that slip. From 30 June a month on is 31 July: a last day stays a last day.
    last = calendar.monthrange(as_of.year, as_of.month)[1]
    return 31 if as_of.day == last else as_of.day


def month_of(day: date, anchor: int = 31) -> int:
    """Return the number of the month that holds `day`, months ending on day `anchor`."""
    return 12 * day.year + day.month - 1 + int(day.day > anchor)


def months_of(days: NDArray[np.datetime64], anchor: int = 31) -> NDArray[np.int32]:
    """Return month numbers of an array of dates, shape kept; a missing date (NaT) raises UsageError."""
    if np.isnat(days).any():
        raise UsageError(expected("dates without gaps", "a missing date"))
    months = days.astype("datetime64[M]")
    day_of_month = (days.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64) + 1
    number = months.astype(np.int64) + 12 * 1970 + (day_of_month > anchor)
    return np.asarray(number, dtype=np.int32)


def label(month: int) -> str:
    """Return the month as YYYY-MM."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def parse_label(text: str, **where: Any) -> int:
    """Return the number of the month written YYYY-MM, or raise UsageError; `where` goes into the error."""
    parts = text.split("-")
    if len(parts) == 2 and all(part.isdigit() for part in parts) and 1 <= int(parts[1]) <= 12:
        return 12 * int(parts[0]) + int(parts[1]) - 1
    raise UsageError(expected("a month written YYYY-MM", text), **where)


def end_of(month: int, anchor: int = 31) -> date:
    """Return the last day of a month whose months end on day `anchor`."""
    year, number = month // 12, month % 12 + 1
    return date(year, number, min(anchor, calendar.monthrange(year, number)[1]))


def add_months(day: date, months: int) -> date:
    """Return the same day `months` on; a month's last day stays a last day."""
    return end_of(12 * day.year + day.month - 1 + months, anchor_day(day))


def day(value: date | str, field: str) -> date:
    """Return a date given as one, or as ISO text (2022-12-31).

    Raises
    ------
    UsageError : other text, or neither; a moment is no date.
    """
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise UsageError(expected("a date YYYY-MM-DD", value), field=field) from error
    if isinstance(value, datetime) or not isinstance(value, date):
        raise UsageError(expected("a date, or its text YYYY-MM-DD", repr(value)), field=field)
    return value
