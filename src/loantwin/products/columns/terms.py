"""Terms of many loans in columns: what a term sheet says, a field a column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loantwin import arguments as check
from loantwin.arrays import Array, Codes, Flags, Integers
from loantwin.errors import UsageError, choice, expected
from loantwin.products.dates import Dates, date_column
from loantwin.products.term_sheet import AMORTISATIONS, CONVENTIONS, LAST_INSTALMENTS, ROLLS

NOT_KNOWN = {
    "amortisation": ("step", "seasonal"),
    "method": ("interest-first",),
    "day_count": ("business/252",),
}
"""Field -> names of which columns make no schedule: `products.instalments` does, one loan at a time."""

RATE_UNIT = 10**12
"""Rates are whole numbers of 1e-12 a year: no contract states more, and what a float adds is gone."""
LARGEST = 2**53 - 1
"""Minor units: what floats hold to the last one; 90 million million of a currency with cents."""
LONGEST, LOWEST_RATE, HIGHEST_RATE = 1200, -0.5, 100.0
GROWTH = 500
"""Logarithm of what a debt may grow to without a payment: floats hold it."""
PAYS_LEVEL = ("annuity", "balloon")
"""Amortisations by a level payment."""

Names = str | list[str] | NDArray[Any]
"""One name for all loans, or one a loan."""

_WHOLE = {
    "amount": (1, LARGEST),
    "payments": (1, LONGEST),
    "due_day": (0, 31),
    "instalment": (0, LARGEST),
    "instalment_multiple": (1, LARGEST),
    "balloon": (0, LARGEST),
    "principal_grace": (0, LONGEST),
    "interest_grace": (0, LONGEST),
    "interest_free": (0, LONGEST),
}
_EVERY = re.compile(r"([1-9][0-9]{0,3})([dwmy])")
_LENGTH = {"d": (0, 1), "w": (0, 7), "m": (1, 0), "y": (12, 0)}
_EARLIEST, _LATEST = np.datetime64("1901-01-01"), np.datetime64("2199-12-31")


@dataclass(frozen=True)
class TermColumns:
    """Terms of N loans, each (N,); names and meanings are those of `products.term_sheet.TermSheet`.

    amount, balloon, instalment, instalment_multiple : minor units of the currency, int64; an `instalment` of
    0 is to be worked out, a multiple of 1 is none. annual_rate : int64, 1e-12 a year. months, days : length
    of a period, one of them 0. start, first : datetime64[D], `first` before it is moved to a business day.
    due_day : day of the month that due dates keep to, 31 the last. calendar : index in `calendars`, -1 is
    none. Conventions are int8, the index of the name in `CONVENTIONS`.
    """

    amount: Integers
    annual_rate: Integers
    payments: Integers
    start: Dates
    first: Dates
    months: Integers
    days: Integers
    due_day: Integers
    roll: Codes
    calendar: Codes
    day_count: Codes
    interest_period: Codes
    odd_period: Codes
    method: Codes
    amortisation: Codes
    rounding: Codes
    instalment_rounding: Codes
    instalment: Integers
    instalment_multiple: Integers
    last_instalment: Codes
    balloon: Integers
    principal_grace: Integers
    interest_grace: Integers
    interest_free: Integers
    carry_rounding: Flags
    calendars: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.amount)

    def are(self, field: str, *names: str) -> Flags:
        """Return where a convention is one of some names, (N,)."""
        codes = [CONVENTIONS[field].index(name) for name in names]
        return np.isin(getattr(self, field), codes)

    def due(self, times: Integers) -> Dates:
        """Return the due dates that lie some periods after the first, before they are moved to business days.

        times : (N,) or (N, T) whole numbers, below 0 for dates before the first. Months keep to `due_day` and
        end with the month where it is shorter.
        """
        shape = (-1, *[1] * (times.ndim - 1))
        first: Any = self.first.reshape(shape)
        months, days, anchor = (column.reshape(shape) for column in (self.months, self.days, self.due_day))
        by_month = _on_day(first.astype("datetime64[M]") + _span(months * times, "M"), anchor)
        return np.where(months > 0, by_month, first + _span(days * times, "D"))


def take(terms: TermColumns, rows: Array | slice) -> TermColumns:
    """Return the terms of some loans, by a slice, their places, or where an array is true."""
    check.kind(TermColumns, terms=terms)
    if not isinstance(rows, slice):
        check.kind(np.ndarray, rows=rows)
        if rows.dtype == np.bool_:
            check.shaped((len(terms),), rows=rows)
        elif rows.size:
            check.codes(0, len(terms) - 1, rows=rows)
            check.shaped((None,), rows=rows)
    columns = {item.name: getattr(terms, item.name) for item in fields(terms)}
    return TermColumns(
        **{name: column if name == "calendars" else column[rows] for name, column in columns.items()}
    )


def term_columns(
    *,
    amount: ArrayLike,
    annual_rate: ArrayLike,
    payments: ArrayLike,
    start: ArrayLike,
    first: ArrayLike | None = None,
    every: Names = "1m",
    due_day: ArrayLike = 0,
    roll: Names = "none",
    calendar: Names | None = None,
    day_count: Names = "30/360",
    interest_period: Names = "same-as-period",
    odd_period: Names = "by-days",
    method: Names = "declining",
    amortisation: Names = "annuity",
    rounding: Names = "half-even",
    instalment_rounding: Names | None = None,
    instalment: ArrayLike = 0,
    instalment_multiple: ArrayLike = 1,
    last_instalment: Names = "rest",
    balloon: ArrayLike = 0,
    principal_grace: ArrayLike = 0,
    interest_grace: ArrayLike = 0,
    interest_free: ArrayLike = 0,
    carry_rounding: ArrayLike = False,
) -> TermColumns:
    """Return the terms of N loans from columns or single values, checked.

    Parameters
    ----------
    amount, balloon, instalment, instalment_multiple : whole minor units.
    annual_rate : decimal a year, read to 12 decimals.
    start, first : datetime64[D]; no `first`, or NaT, is one period after `start`.
    every : `1m`, `3m`, `2w`, `14d`, `1y`.
    due_day : 1 to 31 (the month's last where it has no such day), 0 for the day of `first`.
    roll, calendar, day_count, interest_period, odd_period, method, amortisation, last_instalment : names of
        `TermSheet`, one for all loans or one a loan; an empty calendar is none.
    rounding, instalment_rounding : names of `ROUNDINGS`; None rounds payments as interest.
    principal_grace, interest_grace, interest_free : whole instalments. carry_rounding : true or false.

    Raises
    ------
    UsageError, ArgumentError : columns that do not fit together; a value out of range, an unknown name, a
        convention that columns do not know, or terms that contradict each other, naming row and field.
    """
    given = locals()
    own = rounding if instalment_rounding is None else instalment_rounding
    named = given | {"instalment_rounding": own}
    text = {name: _coded(named[name], known, name) for name, known in CONVENTIONS.items()}
    months, days = _lengths(every)
    calendars, places = _calendars(calendar)
    rate = check.numbers(annual_rate, "annual_rate")
    check.within(LOWEST_RATE, HIGHEST_RATE, annual_rate=rate)
    columns: dict[str, Any] = {
        **{name: check.whole(given[name], name) for name in _WHOLE},
        **text,
        "carry_rounding": check.flags(carry_rounding, "carry_rounding"),
        "annual_rate": np.rint(rate * RATE_UNIT).astype(np.int64),
        "start": date_column(start, "start"),
        "first": _first(first),
        "months": months,
        "days": days,
        "calendar": places,
    }
    check.fitting(**columns)
    shape = np.broadcast_shapes((1,), *(np.shape(column) for column in columns.values()))
    if len(shape) > 1:
        raise UsageError(expected("columns of one dimension", shape), field="amount")
    spread = {name: np.ascontiguousarray(np.broadcast_to(column, shape)) for name, column in columns.items()}
    _check_ranges(spread)
    made = TermColumns(**_first_dates(spread), calendars=calendars)
    for wrong, what, was, field in (*_dates(made, spread), *_together(made)):
        _refuse(wrong, what, was, field)
    return made


Rule = tuple[Flags, str, Array, str]
"""Where it is broken, what was expected, what it is, the field."""


def _refuse(wrong: Flags, what: str, was: Array, field: str) -> None:
    """Raise UsageError that names the first row where `wrong` holds, and what it was there."""
    if wrong.any():
        row = int(np.argmax(wrong))
        raise UsageError(expected(what, str(was[row])), row=row + 1, field=field)


def _check_ranges(columns: dict[str, Any]) -> None:
    for name, (low, high) in _WHOLE.items():
        column = columns[name]
        _refuse((column < low) | (column > high), f"{low} to {high}", column, name)
    for name, unknown in NOT_KNOWN.items():
        known = CONVENTIONS[name]
        codes = [known.index(item) for item in unknown if item in known]
        wanted = "one of " + ", ".join(item for item in known if item not in unknown)
        wrong = np.isin(columns[name], codes)
        _refuse(wrong, f"{wanted}, as columns know no other", np.array(known)[columns[name]], name)


def _dates(terms: TermColumns, given: dict[str, Any]) -> Iterator[Rule]:
    """Dates come in order, and lie where calendars do."""
    start = terms.start.astype(str)
    yield terms.start < _EARLIEST, f"a date from {_EARLIEST} on", start, "start"
    yield terms.first <= terms.start, "a due date after the start", terms.first.astype(str), "first"
    by_day = (given["due_day"] > 0) & (terms.months == 0)
    yield by_day, "no day of the month, as periods are days", given["due_day"], "due_day"
    end = terms.first + terms.payments * (31 * terms.months + terms.days)
    yield end > _LATEST, f"due dates until {_LATEST}", terms.payments, "payments"
    years = (end - terms.start).astype(np.int64) / 360.0
    rate = np.abs(terms.annual_rate) / RATE_UNIT
    much = terms.amount * (1.0 + rate * years) > LARGEST
    yield much, f"interest and amount of at most {LARGEST} minor units", terms.amount, "amount"
    grown = terms.payments * np.log1p(rate * (terms.months / 12.0 + terms.days / 360.0)) > GROWTH
    yield grown, f"a debt that grows to at most e^{GROWTH}", rate, "annual_rate"


def _together(terms: TermColumns) -> Iterator[Rule]:
    """Terms that exclude or need each other, as `products.term_rules` has them."""
    level, even = terms.are("amortisation", *PAYS_LEVEL), terms.are("amortisation", "equal-principal")
    ends, how = terms.are("amortisation", "balloon"), np.array(AMORTISATIONS)[terms.amortisation]
    rule = np.array(LAST_INSTALMENTS)[terms.last_instalment]
    for field in ("principal_grace", "interest_grace"):
        column = getattr(terms, field)
        yield column >= terms.payments, "fewer instalments than the loan has", column, field
    yield ends & (terms.balloon == 0), "an amount, as amortisation is balloon", terms.balloon, "balloon"
    yield (terms.balloon > 0) & ~(level | even), "no balloon by such an amortisation", how, "amortisation"
    yield terms.balloon >= terms.amount, "less than the amount", terms.balloon, "balloon"
    yield (terms.instalment > 0) & ~level, "no agreed instalment by such an amortisation", how, "amortisation"
    agreed = terms.are("last_instalment", "as-agreed") & (terms.instalment == 0)
    yield agreed, "an agreed instalment beside it", rule, "last_instalment"
    plain = terms.are("last_instalment", "rest", "as-agreed") | level
    yield ~plain, "rest by such an amortisation", rule, "last_instalment"
    rolls = ~terms.are("roll", "none") & (terms.calendar < 0)
    yield rolls, "none without a calendar", np.array(ROLLS)[terms.roll], "roll"


def _first(values: ArrayLike | None) -> Dates:
    """Return first due dates, NaT where none is given."""
    none = np.array(np.datetime64("NaT", "D"))
    if values is None:
        return none
    found = np.asarray(values)
    if found.dtype.kind == "M" and np.isnat(found).any():
        return found.astype("datetime64[D]")
    return date_column(values, "first")


def _first_dates(columns: dict[str, Any]) -> dict[str, Any]:
    """Return columns with a first due date for each, and the day of the month that dates keep to."""
    start, given, day = columns["start"], columns["first"], columns["due_day"]
    none, months = np.isnat(given), columns["months"]
    after = _on_day(start.astype("datetime64[M]") + _span(months, "M"), _day_of_month(start))
    wanted = np.where(none, np.where(months > 0, after, start + _span(columns["days"], "D")), given)
    month, kept = wanted.astype("datetime64[M]"), np.maximum(day, 1)
    here = _on_day(month, kept)
    moved = np.where(here >= wanted, here, _on_day(month + np.timedelta64(1, "M"), kept))
    own = np.where(none, _day_of_month(start), _day_of_month(wanted))
    return {**columns, "first": np.where(day > 0, moved, wanted), "due_day": np.where(day > 0, day, own)}


def _span(number: ArrayLike, unit: str) -> Array:
    """Return whole numbers as spans of days (D) or months (M)."""
    return np.asarray(number).astype(f"timedelta64[{unit}]")


def _day_of_month(day: Dates) -> Integers:
    begun = day.astype("datetime64[M]").astype("datetime64[D]")
    return np.asarray((day - begun).astype(np.int64) + 1)


def _on_day(month: Array, day: Integers) -> Dates:
    """Return days of months (datetime64[M]) by their number; the last where a month has no such day."""
    begun = month.astype("datetime64[D]")
    length = ((month + np.timedelta64(1, "M")).astype("datetime64[D]") - begun).astype(np.int64)
    return np.asarray(begun + _span(np.minimum(day, length) - 1, "D"))


def _coded(values: Any, names: tuple[str, ...], field: str) -> Codes:
    """Return the indices of names, int8."""
    if isinstance(values, str):
        return np.array(names.index(choice(values, names, field)), dtype=np.int8)
    found = _texts(values, field)
    made = np.full(found.shape, -1, dtype=np.int8)
    for place, name in enumerate(names):
        made[found == name] = place
    _refuse(made < 0, "one of " + ", ".join(names), found, field)
    return made


def _texts(values: Any, field: str) -> NDArray[Any]:
    """Return an array of texts, refusing anything else."""
    if not (isinstance(values, np.ndarray) and values.dtype.kind == "U"):
        check.words(**{field: values})
    return np.asarray(values)


def _lengths(every: Any) -> tuple[Integers, Integers]:
    """Return months and days of periods written like `3m` or `14d`."""
    found = np.asarray(every) if isinstance(every, str) else _texts(every, "every")
    months, days = (np.zeros(found.shape, dtype=np.int64) for _ in range(2))
    for text in np.unique(found):
        parts, here = _EVERY.fullmatch(str(text)), np.atleast_1d(found == text)
        if parts is None:
            _refuse(here, "a period like 1m, 3m, 2w, 14d or 1y", np.atleast_1d(found), "every")
            continue
        in_months, in_days = _LENGTH[parts[2]]
        months = months + int(parts[1]) * in_months * (found == text)
        days = days + int(parts[1]) * in_days * (found == text)
    return months, days


def _calendars(calendar: Any) -> tuple[tuple[str, ...], Codes]:
    """Return the calendars used, and that of each loan as an index in them."""
    if calendar is None:
        return (), np.array(-1, dtype=np.int8)
    found = np.asarray(calendar) if isinstance(calendar, str) else _texts(calendar, "calendar")
    names = tuple(str(name) for name in np.unique(found) if name)
    made = np.full(found.shape, -1, dtype=np.int8)
    for place, name in enumerate(names):
        made = np.where(found == name, np.int8(place), made)
    return names, made
