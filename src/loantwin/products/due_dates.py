"""The days on which instalments fall due.

Months are counted from one day of the month and end with the month where it is shorter: the instalments of a
loan due on the 31st fall on 28 February and on 31 March. Weeks are seven days.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from loantwin import arguments as check
from loantwin.errors import UsageError, expected
from loantwin.products.calendars import adjust
from loantwin.products.term_sheet import TermSheet

_EVERY = re.compile(r"([1-9]\d{0,3})([dwmy])")
_LAST = date(9000, 12, 31)
"""Later due dates are refused: dates end with the year 9999."""


def frequency(every: str, field: str = "every") -> tuple[int, str]:
    """Return how often instalments fall due, (number, `d` days or `m` months), of `14d`, `2w`, `1m`, `1y`.

    Raises
    ------
    UsageError : anything else, naming `field`.
    """
    found = _EVERY.fullmatch(every) if isinstance(every, str) else None
    if found is None:
        raise UsageError(expected("a number and d, w, m or y, such as 1m or 14d", every), field=field)
    number, unit = int(found[1]), found[2]
    return {"d": (number, "d"), "w": (7 * number, "d"), "m": (number, "m"), "y": (12 * number, "m")}[unit]


def on_day(year: int, month: int, day: int) -> date:
    """Return a day of a month counted on from January of `year`, the last where the month is shorter."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def moved(day: date, every: str, times: int, anchor: int | None = None) -> date:
    """Return the date `times` periods on, or back where negative.

    anchor : day of the month that months keep to; None is that of `day`.

    Raises
    ------
    UsageError : a date that no calendar has.
    """
    number, unit = frequency(every)
    try:
        if unit == "d":
            return day + timedelta(days=number * times)
        return on_day(day.year, day.month + number * times, anchor or day.day)
    except (ValueError, OverflowError) as error:
        limit, way = (
            (f"dates until {date.max}", "from") if times >= 0 else (f"dates from {date.min} on", "before")
        )
        words = expected(limit, f"{abs(times)} times {every} {way} {day}")
        raise UsageError(words, field="every") from error


def due_dates(sheet: TermSheet) -> tuple[date, ...]:
    """Return the due dates of the instalments, in order, moved to business days where the terms say so.

    Raises
    ------
    UsageError : dates that end after the year 9000, two instalments on one business day, or a first one that
        is moved to before the start.
    """
    check.kind(TermSheet, sheet=sheet)
    if sheet.agreed:
        return tuple(item.due for item in sheet.agreed)
    days = business_days(sheet, nominal_dates(sheet, sheet.payments or 1))
    if days[0] < sheet.start:
        was = f"{days[0]}, moved to a business day"
        raise UsageError(expected(f"a due date from {sheet.start} on, the start", was), field="roll")
    return days


def nominal_dates(sheet: TermSheet, count: int) -> tuple[date, ...]:
    """Return the first `count` due dates before any is moved to a business day.

    Raises
    ------
    UsageError : dates that end after the year 9000.
    """
    first, anchor = first_date(sheet)
    number, unit = frequency(sheet.every)
    years = count * number / (365 if unit == "d" else 12)
    if first.year + years > _LAST.year:
        raise UsageError(
            expected(f"due dates before {_LAST}", f"{count} every {sheet.every}"), field="payments"
        )
    return tuple(moved(first, sheet.every, k, anchor) for k in range(count))


def first_date(sheet: TermSheet) -> tuple[date, int]:
    """Return the first due date before it is moved, and the day of the month that instalments keep to."""
    wanted = sheet.first or moved(sheet.start, sheet.every, 1)
    if sheet.due_day is None:
        return wanted, (wanted if sheet.first else sheet.start).day
    day = 31 if sheet.due_day == "month-end" else int(sheet.due_day)
    here = on_day(wanted.year, wanted.month, day)
    return (here if here >= wanted else on_day(wanted.year, wanted.month + 1, day)), day


def business_days(sheet: TermSheet, days: tuple[date, ...]) -> tuple[date, ...]:
    """Return dates moved to business days of the terms' calendar by their rule.

    Raises
    ------
    UsageError : two of them on one business day.
    """
    if sheet.roll == "none" or sheet.calendar is None:
        return days
    there = adjust(np.array(days, dtype="datetime64[D]"), sheet.calendar, sheet.roll)
    rolled = tuple(day.astype(object) for day in there)
    for before, after in pairwise(rolled):
        if after <= before:
            raise UsageError(
                expected("instalments on different business days", f"two on {after}"), field="roll"
            )
    return rolled
