"""The periods of a loan between its due dates, and what a period's interest is of one unit owed: its factor.

A period falls into parts where money is paid out or the rate changes within it. A part's factor is its rate
times its part of a year, to 19 digits; with `daily` the part of a year is that between its two dates, with
`same-as-period` the nominal one of the whole period times the part's days over the period's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from loantwin.products.day_counts import year_fraction_exact
from loantwin.products.due_dates import business_days, due_dates, first_date, frequency, moved, nominal_dates
from loantwin.products.rounding import CONTEXT, as_decimal, in_minor, round_minor
from loantwin.products.term_sheet import Disbursement, FloatingRate, TermSheet


@dataclass(frozen=True)
class Part:
    """A part of a period with one rate and one balance.

    share : part of a year, to 19 digits. rate : decimal a year. lent : minor units paid out on `start`, less
    the down payment of that day.
    """

    start: date
    end: date
    share: Decimal
    rate: Decimal
    lent: int = 0

    @property
    def factor(self) -> Decimal:
        """Return the interest of one unit owed over the part."""
        return CONTEXT.multiply(self.share, self.rate)


@dataclass(frozen=True)
class Period:
    """The time from one due date to the next, after the start of the loan.

    nominal : what the whole period counts, part of a year; None where its days count. interest_only : True
    where it repays no principal whatever the terms say, as agreed later.
    """

    number: int
    start: date
    due: date
    parts: tuple[Part, ...]
    nominal: Fraction | None = None
    interest_only: bool = False

    @property
    def days(self) -> int:
        """Return the days from one due date to the next."""
        return (self.due - self.start).days

    @property
    def factor(self) -> Decimal:
        """Return the interest of one unit owed over the whole period."""
        return sum((part.factor for part in self.parts), Decimal(0))

    @property
    def lent(self) -> int:
        """Return what is paid out within the period, minor units, less down payments."""
        return sum(part.lent for part in self.parts)


def periods(
    sheet: TermSheet, count: int | None = None, due: tuple[date, ...] | None = None
) -> tuple[Period, ...]:
    """Return the periods of a loan, one an instalment.

    count : instalments, where the terms do not say how many. due : due dates in place of those of the terms.
    """
    days = due or due_dates(sheet if count is None else replace(sheet, payments=count))
    lent = lent_by_day(sheet)
    found: list[Period] = []
    start = sheet.start
    for number, (end, nominal) in enumerate(zip(days, _shares_of_year(sheet, days), strict=True), 1):
        period = Period(number, start, end, (), nominal)
        cuts = [start, *cuts_within(sheet, lent, start, end), end]
        parts = tuple(
            Part(low, high, share_of_year(sheet, period, low, high), rate_on(sheet, low), lent.pop(low, 0))
            for low, high in pairwise(cuts)
        )
        found.append(replace(period, parts=parts))
        start = end
    return tuple(found)


def share_of_year(sheet: TermSheet, period: Period, start: date, end: date) -> Decimal:
    """Return what a part of a period counts, part of a year to 19 digits."""
    if start == end:
        return Decimal(0)
    if period.nominal is not None:
        return as_decimal(period.nominal * Fraction((end - start).days, period.days))
    return as_decimal(
        year_fraction_exact(sheet.day_count, start, end, period_start=period.start, period_end=period.due)
    )


def disbursements(sheet: TermSheet) -> tuple[Disbursement, ...]:
    """Return what is paid out and when: all of it at the start where the terms name nothing else."""
    return sheet.disbursements or (Disbursement(on=sheet.start, amount=sheet.amount),)


def down_payments(sheet: TermSheet) -> dict[date, int]:
    """Return down payments by day, minor units, rounded as instalments are."""
    found: dict[date, int] = {}
    for item in disbursements(sheet):
        share = CONTEXT.multiply(Decimal(in_minor(item.amount, sheet.minor_units)), sheet.down_payment)
        due = round_minor(share, sheet.instalment_rounding or sheet.rounding, multiple_of(sheet))
        found[item.on] = found.get(item.on, 0) + due
    return {day: due for day, due in found.items() if due}


def multiple_of(sheet: TermSheet) -> int:
    """Return the minor units that level payments and down payments are a multiple of."""
    if sheet.instalment_multiple is None:
        return 1
    return in_minor(sheet.instalment_multiple, sheet.minor_units)


def as_the_first(sheet: TermSheet, run: Sequence[Period]) -> list[Period]:
    """Return periods that each count as much of a year as the first one of the loan."""
    first = nominal_dates(sheet, 1)
    (whole,) = periods(replace(sheet, floating=None), due=business_days(sheet, first))
    share = sum((part.share for part in whole.parts), Decimal(0))
    return [
        replace(period, parts=(replace(period.parts[0], end=period.due, share=share, lent=period.lent),))
        for period in run
    ]


def as_known(run: Sequence[Period]) -> list[Period]:
    """Return periods as they look on the first one's first day: its rate in all, nothing more paid out after
    it.
    """
    first, rate = run[0], run[0].parts[0].rate
    now = replace(first, parts=tuple(replace(part, rate=rate) for part in first.parts))
    later = [
        replace(period, parts=tuple(replace(part, rate=rate, lent=0) for part in period.parts))
        for period in run[1:]
    ]
    return [now, *later]


def financed(sheet: TermSheet) -> int:
    """Return the charges that are lent as well, minor units, rounded as instalments are."""
    lent = Decimal(in_minor(sheet.amount, sheet.minor_units))
    total = 0
    for charge in sheet.charges:
        if charge.financed and charge.share is not None:
            share = CONTEXT.multiply(lent, charge.share)
            total += round_minor(share, sheet.instalment_rounding or sheet.rounding)
        elif charge.financed and charge.amount is not None:
            total += in_minor(charge.amount, sheet.minor_units)
    return total


def principal(sheet: TermSheet) -> int:
    """Return all that is lent, minor units: the amount, and charges that are financed."""
    return in_minor(sheet.amount, sheet.minor_units) + financed(sheet)


def lent_by_day(sheet: TermSheet) -> dict[date, int]:
    """Return what is lent by day, minor units, less the down payment of that day."""
    found: dict[date, int] = {disbursements(sheet)[0].on: financed(sheet)}
    for item in disbursements(sheet):
        found[item.on] = found.get(item.on, 0) + in_minor(item.amount, sheet.minor_units)
    for day, due in down_payments(sheet).items():
        found[day] -= due
    return found


def cuts_within(sheet: TermSheet, lent: Iterable[date], start: date, end: date) -> list[date]:
    """Return the days within a period, its ends left out, on which balance or rate may change."""
    days = {day for day in lent if start < day < end}
    if sheet.floating is not None:
        rate = rate_on(sheet, start)
        for day in resets_within(sheet, start, end):
            before, rate = rate, _looked_up(sheet.floating, day)
            if rate != before:
                days.add(day)
    return sorted(days)


def resets_within(sheet: TermSheet, start: date, end: date) -> list[date]:
    """Return the days after `start` and before `end` on which a floating rate is looked up."""
    if sheet.floating is None:
        return []
    every = sheet.floating.reset
    times = range(_resets_by(sheet, start) + 1, _resets_by(sheet, end) + 1)
    return [day for day in (moved(sheet.start, every, k) for k in times) if day < end]


def rate_on(sheet: TermSheet, day: date) -> Decimal:
    """Return the rate in force from a day on, decimal a year."""
    if sheet.floating is None:
        return sheet.annual_rate
    return _looked_up(sheet.floating, moved(sheet.start, sheet.floating.reset, _resets_by(sheet, day)))


def _resets_by(sheet: TermSheet, day: date) -> int:
    """Return how many resets there are after the start and up to a day, with the day."""
    assert sheet.floating is not None
    start, every = sheet.start, sheet.floating.reset
    number, unit = frequency(every, "floating.reset")
    if unit == "d":
        return max(0, (day - start).days // number)
    times = max(0, (12 * (day.year - start.year) + day.month - start.month) // number)
    return times - 1 if times and moved(start, every, times) > day else times


def _looked_up(floating: FloatingRate, day: date) -> Decimal:
    """Return the rate that the index gives on a day, with its margin, between floor and cap."""
    place = bisect_right(floating.index, day, key=_since)
    rate = floating.index[max(0, place - 1)][1] + floating.margin
    if floating.floor is not None:
        rate = max(rate, floating.floor)
    return rate if floating.cap is None else min(rate, floating.cap)


def _since(entry: tuple[date, Decimal]) -> date:
    return entry[0]


def _shares_of_year(sheet: TermSheet, due: tuple[date, ...]) -> list[Fraction | None]:
    """Return the nominal length of each period as a part of a year; None where its days count."""
    if sheet.interest_period == "daily" or sheet.agreed:
        return [None] * len(due)
    nominal = nominal_length(sheet)
    if nominal is None:
        return [None] * len(due)
    first = nominal * (1 if sheet.odd_period == "whole" else regular_periods(sheet))
    return [first, *[nominal] * (len(due) - 1)]


def nominal_length(sheet: TermSheet) -> Fraction | None:
    """Return what a regular period counts, part of a year; None where only dates tell."""
    number, unit = frequency(sheet.every)
    base = {"30": 365 if sheet.day_count.endswith("365") else 360}.get(sheet.day_count[:2])
    if unit == "m":
        return Fraction(30 * number, base) if base else Fraction(number, 12)
    year = base or {"actual/360": 360, "actual/364": 364, "actual/365": 365}.get(sheet.day_count)
    return None if year is None else Fraction(number, year)


def regular_periods(sheet: TermSheet) -> Fraction:
    """Return how many regular periods lie between the start and the first due date, the rest by its days.

    Whole periods are counted back from the due date; what is left counts its days over those of the period
    that it is a part of.
    """
    first = nominal_dates(sheet, 1)[0]
    number, unit = frequency(sheet.every)
    if unit == "d":
        return Fraction((first - sheet.start).days, number)
    whole = max(0, (12 * (first.year - sheet.start.year) + first.month - sheet.start.month) // number - 1)
    while (before := _back(sheet, first, whole + 1)) >= sheet.start:
        whole += 1
    opens = _back(sheet, first, whole)
    return whole + Fraction((opens - sheet.start).days, (opens - before).days)


def _back(sheet: TermSheet, first: date, times: int) -> date:
    return moved(first, sheet.every, -times, first_date(sheet)[1]) if times else first
