"""Unit-periods of Regulation Z: which one a loan has, and how many lie between two dates.

12 CFR 1026 appendix J (b)(3) to (5). Paragraphs (3) and (4)(i) as at
https://frrsdigital.com/topic-by-locator/6-1017 and (5) as quoted in
https://github.com/simontreanor/FSharp.Finance.Personal (src/Apr.fs), both opened in November 2026; what
(4)(i)(B) and (4)(ii) say of loans without a common period is assumed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from loantwin.errors import UsageError, expected
from loantwin.products.dates import Day, add_months, one_day

DAYS = {"day": Fraction(1), "week": Fraction(7), "semimonth": Fraction(15), "month": Fraction(30)}
"""What orders standard intervals, and what an average is held against, in days."""


@dataclass(frozen=True)
class UnitPeriod:
    """A standard interval: `count` of `day`, `week`, `semimonth`, `month`, or `term`: the loan's own of less
    than a year. per_year : how many a year has.
    """

    unit: str
    count: int
    per_year: Fraction

    @property
    def words(self) -> str:
        """Return its name."""
        name = self.unit if self.count == 1 else f"{self.count} {self.unit}s"
        return {"12 months": "year"}.get(name, name)


def standard(unit: str, count: int = 1) -> UnitPeriod:
    """Return a unit-period by name.

    Raises
    ------
    UsageError : none of a day, semimonth, up to 52 weeks or 12 months.
    """
    years = {"day": (365, 1), "week": (52, 52), "semimonth": (24, 1), "month": (12, 12)}
    if unit not in years or not 1 <= count <= years[unit][1]:
        raise UsageError(
            expected("a day, a semimonth, 1 to 52 weeks or 1 to 12 months", f"{count} {unit}"),
            field="unit_period",
        )
    return UnitPeriod(unit, count, Fraction(years[unit][0], count))


def unit_period(advances: Sequence[date], payments: Sequence[date]) -> UnitPeriod:
    """Return the unit-period of a loan: the interval most frequent in it, the shorter of two as frequent.

    Parameters
    ----------
    advances, payments : their dates, in order; the term begins with the first advance.
    """
    start = min(*advances[:1], *payments[:1])
    days = sorted(set(payments))
    if len(set(advances)) == 1 and len(days) == 1:
        return _of_term(start, days[0])
    periods = [*_between(start, sorted(set(advances))), *_between(start, days)]
    if _twice_a_month(days):
        return standard("semimonth")
    kinds = [_interval(first, last, anchor) for first, last, anchor in periods]
    common = [(count, kind) for kind, count in Counter(kinds).items() if count > 1]
    if common:
        most = max(count for count, _ in common)
        unit, count = min((kind for times, kind in common if times == most), key=_length)
        return standard(unit, count)
    average = Fraction(sum((last - first).days for first, last, _ in periods), len(periods))
    return standard(*_nearest(average))


def _between(start: date, days: list[date]) -> list[tuple[date, date, int]]:
    """Return the intervals of one series, with that from the start, and the day that its months keep."""
    anchor = max((day.day for day in days), default=1)
    return [
        (first, last, anchor) for first, last in zip([start, *days[:-1]], days, strict=True) if first < last
    ]


def _twice_a_month(days: list[date]) -> bool:
    """Return whether payments fall on the same two days of each month, and not just every 14 days."""
    steps = {(last - first).days for first, last in pairwise(days)}
    months = [
        _interval(first, last, max(first.day, last.day)) for first, last in zip(days, days[2:], strict=False)
    ]
    return bool(months) and set(months) == {("month", 1)} and steps <= set(range(12, 19)) and steps != {14}


def _interval(first: date, last: date, anchor: int) -> tuple[str, int]:
    """Return the standard interval that two dates are apart, or else are nearest to."""
    months = (last.year - first.year) * 12 + last.month - first.month
    if 1 <= months <= 12 and (
        full_months(first, last) == (months, 0) or (_keeps(first, anchor) and _keeps(last, anchor))
    ):
        return "month", months
    days = (last - first).days
    if days % 7 == 0 and days <= 364:
        return "week", days // 7
    return _nearest(Fraction(days))


def _keeps(day: date, anchor: int) -> bool:
    """Return whether a day is the anchor of its month, or its last where the month has no such day."""
    return day.day == anchor or (day.day < anchor and (day.toordinal() + 1 == _first_of_next(day)))


def _first_of_next(day: date) -> int:
    return int(add_months(one_day(day.replace(day=1), "date"), 1).ordinal)


def _length(kind: tuple[str, int]) -> Fraction:
    return DAYS[kind[0]] * kind[1]


def _nearest(days: Fraction) -> tuple[str, int]:
    """Return the standard interval nearest to a number of days, the shorter of two as near."""
    kinds = [
        ("day", 1),
        *(("week", count) for count in range(1, 5)),
        ("semimonth", 1),
        *(("month", count) for count in range(1, 13)),
    ]
    return min(kinds, key=lambda kind: (abs(_length(kind) - days), _length(kind)))


def _of_term(start: date, end: date) -> UnitPeriod:
    """Return the unit-period of one advance and one payment: the term, a year where it is longer."""
    months, days = full_months(start, end)
    if months >= 12:
        return standard("month", 12)
    if days == 0 and months:
        return UnitPeriod("term", 1, Fraction(12, months))
    return UnitPeriod("term", 1, Fraction(365, max((end - start).days, 1)))


def full_months(first: date, last: date) -> tuple[int, int]:
    """Return full months measured back from the later date, and the days left over."""
    months = (last.year - first.year) * 12 + last.month - first.month
    end = one_day(last, "date")
    months -= _back(end, months).ordinal < first.toordinal()
    rest = int(_back(end, months).ordinal) - first.toordinal()
    # from the last of a month to the last of another all months are full
    if (
        rest
        and first.toordinal() + 1 == _first_of_next(first)
        and last.toordinal() + 1 == _first_of_next(last)
    ):
        return (last.year - first.year) * 12 + last.month - first.month, 0
    return int(months), rest


def _back(day: Day, months: int) -> Day:
    back: Day = add_months(day, -months)
    return back


def unit_periods_between(first: date, last: date, unit: UnitPeriod) -> tuple[int, Fraction]:
    """Return full unit-periods between two dates and the fraction left, (b)(5)."""
    days = (last - first).days
    if unit.unit == "term":
        return (1, Fraction(0)) if days else (0, Fraction(0))
    if unit.unit in ("day", "week"):
        full, rest = divmod(days, (7 if unit.unit == "week" else 1) * unit.count)
        return full, Fraction(rest, (7 if unit.unit == "week" else 1) * unit.count)
    months, over = full_months(first, last)
    if unit.unit == "semimonth":
        full, rest = divmod(30 * months + over, 15)
        return full, Fraction(rest, 15)
    if unit.count == 1:
        return months, Fraction(over, 30)
    if unit.count < 12:
        full, rest = divmod(30 * months + over, 30 * unit.count)
        return full, Fraction(rest, 30 * unit.count)
    years, left = divmod(months, 12)
    if over == 0:
        return years, Fraction(left, 12)
    begins = int(_back(one_day(last, "date"), 12 * years).ordinal)
    return years, Fraction(begins - first.toordinal(), 365)
