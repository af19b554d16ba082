"""Due dates of many loans, and the part of a year that each of their periods counts.

Loans of the same dates and conventions share a timetable, so that calendars and day counts are worked out
once for each: a book of a million loans has some thousands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Array, Flags, Integers
from loantwin.errors import UsageError, expected
from loantwin.products.calendars import adjust
from loantwin.products.columns.terms import TermColumns, take
from loantwin.products.dates import Dates, parted
from loantwin.products.day_counts import DAY_COUNTS, Period
from loantwin.products.term_sheet import CONVENTIONS

_TIMETABLE = (
    "months",
    "days",
    "due_day",
    "roll",
    "calendar",
    "day_count",
    "interest_period",
    "odd_period",
    "first",
    "start",
)
_YEARS = {"30": 360, "actual/360": 360, "actual/364": 364, "actual/365": 365}
"""Day counts that give a number of days a part of a year whatever the dates."""


@dataclass(frozen=True)
class Periods:
    """P timetables of T periods.

    timetable : (N,) int64, that of each loan. due : (P, T) datetime64[D]. above, below : (P, T) int64, the
    part of a year as a fraction.
    """

    timetable: Integers
    due: Dates
    above: Integers
    below: Integers


def periods(terms: TermColumns, *, before: int = 0, dated: bool = True) -> Periods:
    """Return the timetables of loans.

    before : loans that stand before these, for the rows that refusals name.
    dated : False leaves dates out where they change no amount; loans whose periods all count the same nominal
    length share one timetable then, whose `due` is that of one of them.

    Raises
    ------
    UsageError : two instalments on one business day, an unknown calendar; the row is named.
    """
    check.kind(TermColumns, terms=terms)
    check.count(0, before=before)
    check.flag(dated=dated)
    places, timetable = _timetables(terms, dated)
    unlike, count = take(terms, places), int(terms.payments.max(initial=1))
    due = _business_days(unlike, unlike.due(np.broadcast_to(np.arange(count), (len(unlike), count))))
    _check_order(unlike, due, places + before)
    above, below = _counted(unlike, due)
    return Periods(timetable, due, above, below)


def _business_days(terms: TermColumns, due: Dates) -> Dates:
    """Return dates (N, T) moved to business days where the terms say so."""
    moved = due.copy()
    for roll, calendar in _pairs(terms.roll, terms.calendar):
        if CONVENTIONS["roll"][roll] != "none" and calendar >= 0:
            rows = (terms.roll == roll) & (terms.calendar == calendar)
            moved[rows] = adjust(due[rows], terms.calendars[calendar], CONVENTIONS["roll"][roll])
    return moved


def _pairs(one: Array, other: Array) -> Iterator[tuple[int, int]]:
    for code in np.unique(one):
        for beside in np.unique(other[one == code]):
            yield int(code), int(beside)


def _check_order(terms: TermColumns, due: Dates, places: Integers) -> None:
    """Refuse a first instalment that is moved to the start, and two of a loan on one day."""
    early = due[:, 0] <= terms.start
    if early.any():
        row = int(np.argmax(early))
        was = f"{due[row, 0]}, moved to a business day"
        raise UsageError(expected("a due date after the start", was), row=int(places[row]) + 1, field="roll")
    shown = np.arange(1, due.shape[1]) < terms.payments[:, None]
    wrong = (due[:, 1:] <= due[:, :-1]) & shown
    if wrong.any():
        row, place = (int(found[0]) for found in np.nonzero(wrong))
        was = f"two on {due[row, place + 1]}"
        raise UsageError(
            expected("instalments on different business days", was), row=int(places[row]) + 1, field="roll"
        )


def _timetables(terms: TermColumns, dated: bool) -> tuple[Integers, Integers]:
    """Return the place of one loan of each timetable (P,), and the timetable of each loan (N,)."""
    columns = {name: getattr(terms, name).astype(np.int64) for name in _TIMETABLE}
    if not dated:
        still = _even(terms)
        for name in ("start", "first", "due_day", "roll", "calendar"):
            columns[name] = np.where(still, -1, columns[name])
    key, size = np.zeros(len(terms), dtype=np.int64), 1
    for column in columns.values():
        low = int(column.min())
        span = int(column.max()) - low + 1
        if size * span >= 2**62:
            found, key = np.unique(key, return_inverse=True)
            size = len(found)
        if span > 1:
            key, size = key * span + (column - low), size * span
    _, places, timetable = np.unique(key, return_index=True, return_inverse=True)
    # the longest loan of a timetable stands for it, so that all its due dates are checked
    longest = np.zeros(len(places), dtype=np.int64)
    order = np.argsort(terms.payments, kind="stable")
    longest[timetable[order]] = order
    return longest, timetable.astype(np.int64)


def _year_length(terms: TermColumns) -> tuple[Integers, Integers]:
    """Return, by loan, how many days a nominal year of the day count has (0: dates tell), and 30 or 0 where a
    month has 30 days.
    """
    lengths, thirties = [], []
    for name in CONVENTIONS["day_count"]:
        known = _YEARS.get(name[:2], _YEARS.get(name, 0))
        lengths.append(365 if name[:2] == "30" and name.endswith("365") else known)
        thirties.append(30 if name[:2] == "30" else 0)
    return np.array(lengths)[terms.day_count], np.array(thirties)[terms.day_count]


def _nominal_length(terms: TermColumns) -> tuple[Integers, Integers]:
    """Return the part of a year that a regular period counts, a fraction, each (N,); 0 / 1: dates tell."""
    year, thirty = _year_length(terms)
    by_month = np.where(thirty > 0, 30 * terms.months, terms.months)
    above = np.where(terms.months > 0, by_month, np.where(year > 0, terms.days, 0))
    below = np.where((terms.months > 0) & (thirty == 0), 12, np.maximum(year, 1))
    counts = terms.are("interest_period", "same-as-period")
    return np.where(counts, above, 0), np.where(counts, below, 1)


def _even(terms: TermColumns) -> Flags:
    """Return where every period counts the same nominal length."""
    above, _ = _nominal_length(terms)
    whole = terms.are("odd_period", "whole") | (terms.due(np.full(len(terms), -1)) == terms.start)
    return np.asarray((above > 0) & whole)


def _counted(terms: TermColumns, due: Dates) -> tuple[Integers, Integers]:
    """Return the parts of a year of periods as fractions, each (P, T)."""
    nominal, year = _nominal_length(terms)
    above = np.repeat(nominal[:, None], due.shape[1], axis=1)
    below = np.repeat(year[:, None], due.shape[1], axis=1)
    odd = (nominal > 0) & ~_even(terms)
    if odd.any():
        more, parts = _regular_periods(take(terms, odd))
        above[odd, 0] *= more
        below[odd, 0] *= parts
    for code in np.unique(terms.day_count[nominal == 0]):
        rows = (nominal == 0) & (terms.day_count == code)
        opened = np.concatenate([terms.start[rows, None], due[rows, :-1]], axis=1)
        name = CONVENTIONS["day_count"][code]
        above[rows], below[rows] = _by_dates(name, opened, due[rows])
    return above, below


def _by_dates(day_count: str, start: Dates, end: Dates) -> tuple[Integers, Integers]:
    low, high = parted(start), parted(end)
    total: tuple[Any, Any] = (np.zeros(start.shape, dtype=np.int64), np.ones(start.shape, dtype=np.int64))
    for above, below in DAY_COUNTS[day_count].terms(Period(low, high, low, high, None)):
        # one denominator again and again stays itself
        same = total[1] == below
        total = (
            np.where(same, total[0] + above, total[0] * below + above * total[1]),
            np.where(same, total[1], total[1] * below),
        )
    return total


def _regular_periods(terms: TermColumns) -> tuple[Integers, Integers]:
    """Return how many regular periods lie between start and first due date, as a fraction, each (N,).

    Whole ones are counted back from the due date; what is left counts its days over those of the period that
    it is a part of.
    """
    between = (terms.first - terms.start).astype(np.int64)
    months = np.maximum(terms.months, 1)
    apart = (terms.first.astype("datetime64[M]") - terms.start.astype("datetime64[M]")).astype(np.int64)
    whole = np.maximum(apart // months - 1, 0)
    for _ in range(2):
        whole += terms.due(-whole - 1) >= terms.start
    opens, before = terms.due(-whole), terms.due(-whole - 1)
    rest, length = (opens - terms.start).astype(np.int64), (opens - before).astype(np.int64)
    by_month = terms.months > 0
    return (
        np.where(by_month, whole * length + rest, between),
        np.where(by_month, length, np.maximum(terms.days, 1)),
    )
