"""Dates as whole numbers: the same arithmetic for one date and for columns of them, in which a true is 1."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loantwin.arrays import Array
from loantwin.errors import ArgumentError, expected

Whole = Any
"""One whole number or an int64 array of them: the same formula serves both."""

Dates = NDArray[np.datetime64]
"""datetime64[D]."""

EPOCH = date(1970, 1, 1).toordinal()
"""Ordinal of the day that datetime64 counts from."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date, or a column of dates: day ordinal, year, month, day of the month."""

    ordinal: Whole
    year: Whole
    month: Whole
    day: Whole


def is_leap(year: Whole) -> Whole:
    """Return whether years have a 29 February."""
    return (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))


def month_length(year: Whole, month: Whole) -> Whole:
    """Return the days of months."""
    short = (month == 4) | (month == 6) | (month == 9) | (month == 11)
    return 31 - short - (month == 2) * (3 - is_leap(year))


def ordinal(year: Whole, month: Whole, day: Whole) -> Whole:
    """Return day ordinals: 1 January of year 1 is 1, as `datetime.date.toordinal` has it."""
    # months from March, so that a leap day is the last of its year
    late = month <= 2
    years = year - late
    months = month + 12 * late - 3
    return 365 * years + years // 4 - years // 100 + years // 400 + (153 * months + 2) // 5 + day - 306


def add_months(day: Day, months: Whole) -> Day:
    """Return days some months on: the same day of the month, or its last where it has no such day."""
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    excess = day.day - month_length(year, month)
    kept = day.day - excess * (excess > 0)
    return Day(ordinal(year, month, kept), year, month, kept)


def date_column(values: ArrayLike, field: str) -> Dates:
    """Return values as datetime64[D], shape of `values`: dates, texts as 2026-01-31, arrays of either.

    Raises
    ------
    ArgumentError : what is no date, naming `field`, and a missing one, naming its row too.
    """
    given = np.asarray(values)
    if given.size and given.dtype.kind not in "MOUT":
        raise ArgumentError(expected("dates", f"an array of {given.dtype}"), field=field)
    if given.dtype.kind in "OUT":
        _refuse_words(given, field)
    try:
        found = given.astype("datetime64[D]")
    except (TypeError, ValueError) as error:
        raise ArgumentError(expected("dates, as 2026-01-31", str(given.ravel()[0])), field=field) from error
    missing = np.isnat(found)
    if missing.any():
        row = None if not found.ndim else int(np.argmax(missing.ravel())) + 1
        raise ArgumentError(expected("a date", "a missing one"), row=row, field=field)
    return found


def _refuse_words(given: Array, field: str) -> None:
    """Refuse what NumPy would take for a date: numbers, and the words now and today."""
    for place, item in enumerate(given.ravel()):
        known = item[:1].isdigit() if isinstance(item, str) else item is None or isinstance(item, date)
        if not known and not isinstance(item, np.datetime64):
            row = place + 1 if given.ndim else None
            raise ArgumentError(expected("dates, as 2026-01-31", str(item)), row=row, field=field)


def parted(dates: Dates) -> Day:
    """Return a column of dates as whole numbers."""
    days = dates.astype(np.int64)
    months = dates.astype("datetime64[M]")
    count = months.astype(np.int64) + 12 * 1970
    first = months.astype("datetime64[D]").astype(np.int64)
    return Day(days + EPOCH, count // 12, count % 12 + 1, days - first + 1)


def counted(dates: Dates) -> Day:
    """Return a column of dates by their ordinals alone, for what reads nothing else."""
    return Day(dates.astype(np.int64) + EPOCH, 0, 0, 0)


def one_day(found: date, field: str) -> Day:
    """Return one date as whole numbers.

    Raises
    ------
    ArgumentError : what is no date.
    """
    if not isinstance(found, date):
        raise ArgumentError(expected("a date", found), field=field)
    return Day(found.toordinal(), found.year, found.month, found.day)
