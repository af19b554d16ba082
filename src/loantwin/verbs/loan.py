"""`loan`: what is known of one loan, what was recorded of it, and its history by month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from loantwin import months
from loantwin.book.as_of import REPORTED, known_at
from loantwin.book.schema import PANEL
from loantwin.errors import UsageError, expected
from loantwin.events.event import Event
from loantwin.events.event_types import EVENT_TYPES
from loantwin.events.fold import LOAN_EVENTS, tables_until
from loantwin.events.money import minor_units
from loantwin.twin import Twin, opened
from loantwin.types import Result

Value = str | float | bool | dt.date | None
"""What a column or a field of an event holds; None where it is missing."""


@dataclass(frozen=True)
class LoanEvent:
    """A fact recorded of the loan. happened : the day; recorded : the moment it came into the log, UTC.

    data : its fields as `docs/events.md` has them, amounts in the book's currency.
    """

    sequence: int
    type: str
    happened: dt.date
    recorded: dt.datetime
    event_id: str | None
    data: Mapping[str, Value]


@dataclass(frozen=True)
class LoanShown(Result):
    """One loan as it was known at a day. Money in the book's currency; what is not known is None.

    known : the day, its end. loan : column of the schema -> value as the source tells it, nothing assumed;
        state and balance are those of the last report or event.
    events : in the order of the log. history : the panel's rows by month, none where no panel is known.
    """

    SCHEMA = "loantwin.loan/1"

    known: dt.date
    currency: str
    loan: Mapping[str, Value]
    events: tuple[LoanEvent, ...]
    history: tuple[Mapping[str, Value], ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def loan(twin: Twin | Path | str, loan: str, *, known: dt.date | str | None = None) -> LoanShown:
    """Return what is known of one loan: its columns, the events recorded of it, its history by month.

    Parameters
    ----------
    twin : an open twin, or its folder. loan : the lender's number of the loan.
    known : show what was known at the end of this day: facts of the tape by their dates, of loan events those
        recorded by then (UTC). None: all that is recorded, facts of the tape at the as-of date or, where it
        is later, the day of the loan's last event.

    Raises
    ------
    UsageError : no such loan, one not known at that day yet, or a day before that of a snapshot.
    HomeError : no twin's home, or one without a tape.
    """
    day = None if known is None else months.day(known, "known")
    with opened(twin) as twin:
        until = twin.head[0] if day is None else _until(twin, day)
        tables = twin.tables if until == twin.head[0] else tables_until(twin.home, until)
        rows = tables.loans.filter(pl.col("loan_id") == loan)
        if not rows.height:
            such = f", such as {tables.loans['loan_id'][0]}" if tables.loans.height else ""
            raise UsageError(expected(f"a loan of the tape{such}", loan), field="loan")
        found = tuple(twin.home.log.read(0, until, LOAN_EVENTS, loan))
        seen = day or max([twin.as_of, *(event.happened for event in found)])
        return _shown(twin, rows, tables.panel, found, seen)


def _until(twin: Twin, day: dt.date) -> int:
    """Return the last event that was recorded by the end of a day; the tape counts whenever it was loaded."""
    taken = twin.mapping.as_of
    if taken is not None and day < taken:
        raise UsageError(expected(f"a day from {taken} on, that of the snapshot", day), field="known")
    end = dt.datetime.combine(day, dt.time.max, dt.UTC)
    return max(twin.loaded.sequence, min(twin.home.log.known_at(end), twin.head[0]))


def _shown(
    twin: Twin, rows: pl.DataFrame, panel: pl.DataFrame | None, found: tuple[Event, ...], seen: dt.date
) -> LoanShown:
    view = known_at(rows, seen)
    if not view.height:
        began = rows["approval_date"][0] or rows["origination_date"][0]
        raise UsageError(expected(f"a day from {began} on, when the loan began", seen), field="known")
    columns, number = view.row(0, named=True), view["loan_id"][0]
    history: list[dict[str, Value]] = []
    if panel is not None:
        reports = known_at(panel.filter(pl.col("loan_id") == number), seen, PANEL)
        history = reports.drop("loan_id").sort("report_date").to_dicts()
    units = minor_units(twin.currency)
    return LoanShown(
        known=seen,
        currency=twin.currency,
        loan=_with_report(columns, history[-1]) if history else columns,
        events=tuple(_event(event, units) for event in found),
        history=tuple(history),
        provenance=twin.provenance(),
    )


def _with_report(columns: dict[str, Any], report: dict[str, Any]) -> dict[str, Value]:
    """Return a loan's columns with what its last report tells, unless an event since tells it better."""
    stood = columns["state_date"]
    if stood is not None and stood > report["report_date"]:
        return columns
    told = {name: report[name] for name in REPORTED if report.get(name) is not None}
    return columns | told | {"state_date": report["report_date"]}


def _event(event: Event, units: int) -> LoanEvent:
    amounts = {item.name for item in EVENT_TYPES[event.type].fields if item.kind == "minor"}
    assert event.recorded is not None  # read from the log
    data = {
        name: value / units if name in amounts and value is not None else value
        for name, value in event.data.items()
        if name != "loan_id"
    }
    return LoanEvent(event.sequence, event.type, event.happened, event.recorded, event.event_id, data)
