"""Stand-in until `products.day_counts` is merged."""

from __future__ import annotations

import calendar
from datetime import date
from fractions import Fraction


def year_fraction_exact(
    day_count: str, start: date, end: date, *, period_start: date | None = None, period_end: date | None = None
) -> Fraction:
    """Return a part of a year."""
    days = (end - start).days
    if day_count.startswith("actual/3"):
        return Fraction(days, int(day_count[-3:]))
    if day_count.startswith("30"):
        d1, d2 = min(start.day, 30), end.day
        if d2 == 31 and (d1 == 30 or day_count == "30e/360"):
            d2 = 30
        n = 360 * (end.year - start.year) + 30 * (end.month - start.month) + d2 - d1
        return Fraction(n, 365 if day_count == "30/365" else 360)
    total, day = Fraction(0), start
    while day < end:
        stop = min(end, date(day.year + 1, 1, 1))
        total += Fraction((stop - day).days, 366 if calendar.isleap(day.year) else 365)
        day = stop
    return total
