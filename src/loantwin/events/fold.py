"""The book as a fold of events: the tape's tables at `TapeLoaded`, then every later loan event applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import polars as pl

from loantwin.book.book import empty
from loantwin.book.schema import COLLATERAL, GUARANTEES, LOANS, PARTIES, SCORE_COLUMN
from loantwin.errors import LogError, expected
from loantwin.events.apply import apply_loan_events
from loantwin.events.changes import data_frame
from loantwin.events.event import Event
from loantwin.events.event_types import EVENT_TYPES
from loantwin.events.home import Home
from loantwin.events.money import minor_units

LOAN_EVENTS = tuple(name for name, kind in EVENT_TYPES.items() if kind.of_loan)
SCORED = "LoansScored"
FOLDED = ("TapeLoaded", SCORED, *LOAN_EVENTS)
"""The event types that change the tables; all others are facts about the twin."""

AT_ONCE = 100_000
"""Events applied in one go: bounds the memory of a long replay, and splitting changes nothing."""


@dataclass(frozen=True)
class BookTables:
    """The tables of a twin as they stand after an event.

    loans : the whole tape, later facts included (`known_at` gives the view of a date); panel : history by
    loan and month, None where the tape has none; it stays as the tape gave it, loan events change `loans`.
    currency and as_of :
    those of the tape. through : sequence of the last event that is in the tables.
    """

    loans: pl.DataFrame
    panel: pl.DataFrame | None
    parties: pl.DataFrame
    collateral: pl.DataFrame
    guarantees: pl.DataFrame
    currency: str = ""
    as_of: date | None = None
    through: int = 0


def nothing() -> BookTables:
    """Return the tables of a twin without a tape."""
    return BookTables(empty(LOANS), None, empty(PARTIES), empty(COLLATERAL), empty(GUARANTEES))


def fold(events: Iterable[Event], home: Home) -> BookTables:
    """Return the tables after `events`, from the beginning of the log.

    Raises
    ------
    LogError : an event that does not fit what came before; the message names loan and event.
    HomeError : a blob that an event names is missing or damaged.
    """
    return apply(nothing(), events, home)


def apply(tables: BookTables, events: Iterable[Event], home: Home) -> BookTables:
    """Return `tables` after further events, in order; splitting them over calls changes nothing.

    Raises
    ------
    LogError : an event at or before the tables' last one, or a loan event before a tape was loaded.
    """
    pending: list[Event] = []
    last = tables.through
    for event in events:
        if event.sequence <= last:
            raise LogError(expected(f"an event after {last}", f"event {event.sequence}"))
        last = event.sequence
        if event.type == "TapeLoaded":
            tables, pending = _loaded(_applied(tables, pending), event, home), []
        elif event.type == SCORED:
            tables, pending = _applied(tables, pending), []
            tables = scored(tables, home.read_frame(event.data["scores_blob"]))
        elif EVENT_TYPES[event.type].of_loan:
            pending.append(event)
            if len(pending) == AT_ONCE:
                tables, pending = _applied(tables, pending), []
    return replace(_applied(tables, pending), through=last)


def state_at(home: Home, recorded: datetime | None = None, happened: date | None = None) -> BookTables:
    """Return the tables as they were known at a moment, by default with everything recorded.

    Parameters
    ----------
    recorded : only what the log held at that moment: 'as known then'.
    happened : only loan events of that day or before, whenever they were recorded; the tape is not cut
        (`known_at` is).
    """
    until = home.log.head[0] if recorded is None else home.log.known_at(recorded)
    return tables_until(home, until, happened)


def tables_until(home: Home, until: int, happened: date | None = None) -> BookTables:
    """Return the tables after the event of sequence `until`; `happened` as in `state_at`.

    Raises
    ------
    LogError : an event that does not fit what came before. HomeError : a blob that is missing or damaged.
    """
    start = (_snapshot(home, until) if happened is None else None) or nothing()
    home.log.check_span(start.through, until)  # damage may hide an event
    events = home.log.read(start.through, until, FOLDED)
    if happened is not None:
        whole = ("TapeLoaded", SCORED)
        events = (event for event in events if event.type in whole or event.happened <= happened)
    return replace(apply(start, events, home), through=until)


def record(home: Home, tables: BookTables, events: Sequence[Event]) -> BookTables:
    """Record events that fit the tables and return the tables after them.

    Applied first and recorded then, so that a log never holds an event that its own book refuses. `tables`
    must be the state at the log's head.

    Raises
    ------
    LogError : tables of another event than the log's last.
    """
    head = home.log.head[0]
    if tables.through != head:
        raise LogError(expected(f"tables of event {head}, the last of the log", f"of event {tables.through}"))
    numbered = [event._replace(sequence=head + 1 + place) for place, event in enumerate(events)]
    after = apply(tables, numbered, home)
    return replace(after, through=home.append(events))


def take_snapshot(home: Home, tables: BookTables) -> int:
    """Store the tables and record `BookSnapshotTaken`, where replay starts; return its sequence.

    Raises
    ------
    LogError : tables without a loaded tape.
    """
    if tables.as_of is None:
        raise LogError("expected tables of a loaded tape, was a twin without one")
    frames = {
        name: getattr(tables, name) for name in ("loans", "panel", "parties", "collateral", "guarantees")
    }
    data: dict[str, Any] = {
        f"{name}_blob": home.put_frame(frame) for name, frame in frames.items() if frame is not None
    }
    data |= {"as_of": tables.as_of.isoformat(), "currency": tables.currency, "through": tables.through}
    return home.append([Event("BookSnapshotTaken", tables.as_of, data)])


def scored(tables: BookTables, log_odds: pl.DataFrame) -> BookTables:
    """Return the tables with the log-odds of a score (loan_id, `SCORE_COLUMN`) in place of those before.

    A loan that is not in `log_odds` has none. They are facts of the application, as every attribute is.
    """
    loans = tables.loans.drop(SCORE_COLUMN, strict=False)
    return replace(tables, loans=loans.join(log_odds, on="loan_id", how="left", maintain_order="left"))


def _snapshot(home: Home, until: int) -> BookTables | None:
    found = home.log.last("BookSnapshotTaken", until)
    if found is None:
        return None
    return replace(_loaded(nothing(), found, home), through=found.data["through"])


def _loaded(tables: BookTables, event: Event, home: Home) -> BookTables:
    """Return the tables that an event names; links it does not name are empty."""
    data = event.data
    minor_units(data["currency"])

    def table(name: str, otherwise: pl.DataFrame) -> pl.DataFrame:
        return home.read_frame(data[f"{name}_blob"]) if f"{name}_blob" in data else otherwise

    blank = nothing()
    return replace(
        tables,
        loans=home.read_frame(data["loans_blob"]),
        panel=home.read_frame(data["panel_blob"]) if "panel_blob" in data else None,
        parties=table("parties", blank.parties),
        collateral=table("collateral", blank.collateral),
        guarantees=table("guarantees", blank.guarantees),
        currency=data["currency"],
        as_of=date.fromisoformat(data["as_of"]),
        through=event.sequence,
    )


def _applied(tables: BookTables, events: list[Event]) -> BookTables:
    if not events:
        return tables
    if not tables.currency:
        raise LogError(
            expected("a loaded tape before loan events", f"{events[0].type} in event {events[0].sequence}"),
            loan=events[0].data.get("loan_id"),
        )
    frames = dict(_frames(events))
    return replace(tables, loans=apply_loan_events(tables.loans, frames, minor_units(tables.currency)))


def _frames(events: list[Event]) -> Iterator[tuple[str, pl.DataFrame]]:
    by_type: dict[str, list[Event]] = {}
    for event in events:
        by_type.setdefault(event.type, []).append(event)
    for kind, chosen in by_type.items():
        yield (
            kind,
            data_frame(
                kind, [e.sequence for e in chosen], [e.happened for e in chosen], [e.data for e in chosen]
            ),
        )
