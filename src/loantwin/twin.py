"""The twin: a home opened with its settings, its book, its history, its macro files and its fitted model, by
one clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from loantwin import config as configuration
from loantwin.book.as_of import book_at, known_at
from loantwin.book.book import Book
from loantwin.book.mapping import TapeFormat, from_dict
from loantwin.book.schema import LINKS, PANEL
from loantwin.book.tape import Tape
from loantwin.clock import Clock, SystemClock
from loantwin.config import Config
from loantwin.errors import HomeError, MappingError, UsageError, expected
from loantwin.events.event import Event
from loantwin.events.fold import BookTables, fold
from loantwin.events.home import Home
from loantwin.macro.generator import MacroGenerator
from loantwin.macro.generator_file import from_dict as generator_from_dict
from loantwin.macro.generator_file import to_dict as generator_to_dict
from loantwin.macro.history import bridge, known_history
from loantwin.macro.read import read_macro
from loantwin.macro.scenario import Scenario
from loantwin.macro.source import MacroSource
from loantwin.models.model import FittedModel
from loantwin.types import plain


@dataclass(frozen=True)
class Twin:
    """A home and what can be derived from its log; everything is read when first asked for.

    date : another date than the stored one to look at the book (`at`); None takes the stored one. learnt :
        the model and generator used instead of those stored by `fit`, None for the stored ones.
    """

    home: Home
    config: Config
    clock: Clock
    date: dt.date | None = None
    learnt: tuple[FittedModel, MacroGenerator] | None = None

    @cached_property
    def loaded(self) -> Event:
        """Return the event that names the tape."""
        event = self.home.last("TapeLoaded")
        if event is None:
            raise HomeError(
                "expected a tape in the log, was none; make the home anew with `twin create`",
                file=self.home.folder,
            )
        return event

    @property
    def as_of(self) -> dt.date:
        """Return the date the book is looked at."""
        return self.date or dt.date.fromisoformat(self.loaded.data["as_of"])

    def at(self, date: dt.date, learnt: tuple[FittedModel, MacroGenerator] | None = None) -> Twin:
        """Return the twin as it stood at another date: the same tape and macro files, seen as known then.

        The model and generator stay those of the home unless `learnt` names others (`outlook.redated.twin_at`
        fits them).

        Raises
        ------
        UsageError : a snapshot cannot be seen before it was taken.
        """
        if self.mapping.as_of is not None and date < self.mapping.as_of:
            raise UsageError(
                expected(f"a date from {self.mapping.as_of} on, that of the snapshot", date), field="as_of"
            )
        made = replace(self, date=date, learnt=learnt)
        for name in ("loaded", "mapping", "tables", "fitted", "macro_sources"):
            made.__dict__[name] = getattr(self, name)  # what depends on no date is read once
        return made

    @property
    def currency(self) -> str:
        """Return the book's one currency."""
        return str(self.loaded.data["currency"])

    @cached_property
    def mapping(self) -> TapeFormat:
        """Return the tape's format with its assumptions as overridden."""
        return from_dict(self.home.read_json(self.loaded.data["mapping_blob"]))

    @cached_property
    def tables(self) -> BookTables:
        """Return the tables folded from the log: the whole tape, later facts included."""
        return fold(self.home.events(), self.home)

    @cached_property
    def known_loans(self) -> pl.DataFrame:
        """Return the loan table as known at the as-of date."""
        return known_at(self.tables.loans, self.as_of)

    @cached_property
    def known_panel(self) -> pl.DataFrame | None:
        """Return the panel as known at the as-of date, None where the tape has none."""
        panel = self.tables.panel
        return None if panel is None or not panel.height else known_at(panel, self.as_of, PANEL)

    @cached_property
    def book(self) -> Book:
        """Return the book at the as-of date."""
        return book_at(self.tables.loans, self.tables.panel, self.mapping, self.as_of, links=self.links)

    @property
    def links(self) -> dict[str, pl.DataFrame]:
        """Return the link tables by name: parties, collateral, guarantees."""
        return {name: getattr(self.tables, name) for name in LINKS}

    @cached_property
    def macro_sources(self) -> tuple[MacroSource, ...]:
        """Return the macro files kept by the last `fit`."""
        fitted = self.fitted
        found = []
        for event in self.home.events("MacroLoaded"):
            if event.data["source_blob"] in fitted.data.get("facts", {}).get("macro", ()):
                found.append(
                    read_macro(event.data["source_file"], self.home.read_bytes(event.data["source_blob"]))
                )
        return tuple({source.sha256: source for source in found}.values())

    @cached_property
    def history(self) -> Scenario:
        """Return the macro history published by the as-of date."""
        lags = self.config.macro
        return bridge(known_history(self.macro_sources, self.as_of, lags.monthly_lag, lags.quarterly_lag))

    @cached_property
    def fitted(self) -> Event:
        """Return the event of the last fit."""
        event = self.home.last("ModelFitted")
        if event is None:
            raise HomeError(
                f"expected a fitted model, was none; run `loantwin fit {self.home.folder.name} --macro FILE`",
                file=self.home.folder,
            )
        return event

    @cached_property
    def model(self) -> FittedModel:
        """Return the fitted model."""
        if self.learnt is not None:
            return self.learnt[0]
        return FittedModel.from_dict(self.home.read_json(self.fitted.data["model_blob"]))

    @cached_property
    def generator(self) -> MacroGenerator:
        """Return the generator of macro paths stored by `fit`."""
        if self.learnt is not None:
            return self.learnt[1]
        return generator_from_dict(self.home.read_json(self.fitted.data["macro_blob"]))

    def provenance(self) -> dict[str, Any]:
        """Return what a result must say of its origin."""
        made: dict[str, Any] = {
            "program": self.home.last("TwinCreated").data["program"] if self.home.last("TwinCreated") else "",  # type: ignore[union-attr]  # just asked
            "source": self.loaded.data.get("source_file"),
            "source_hash": self.loaded.data.get("source_hash"),
            "format": self.loaded.data.get("format"),
            "log_head": self.home.log.head[1],
            "computed": self.clock.now().isoformat(timespec="seconds"),
        }
        if self.home.last("ModelFitted") is not None:
            made["model_hash"] = self.fitted.data["model_blob"]
            made["macro_files"] = [source.path for source in self.macro_sources]
            made["macro_note"] = "latest-revised series, cut by publication lag"
        return made


@contextmanager
def open_twin(
    directory: Path | str,
    *,
    writable: bool = False,
    flags: dict[str, object] | None = None,
    clock: Clock | None = None,
) -> Iterator[Twin]:
    """Open a twin's home: any number of readers, one writer.

    Parameters
    ----------
    flags : settings that override the twin's file and the environment, keyed `section.key`; None values are
        ignored.

    Raises
    ------
    HomeError : no home, half written, damaged, from a newer version, or held by another writer.
    ConfigError : a setting that is unknown or of the wrong kind.
    """
    folder, clock = Path(directory), clock or SystemClock()
    with Home.open(folder, writable=writable, clock=clock) as home:
        settings, _ = configuration.load(folder / "twin.toml", flags)
        yield Twin(home, settings, clock)


def create_twin(directory: Path | str, tape: Tape, as_of: dt.date, clock: Clock | None = None) -> Book:
    """Make a home that holds the whole tape, and return the book at the as-of date.

    The home appears as a whole or not at all: the book is made first, then everything is written beside the
    target and moved into place.
    """
    if not tape.mapping.currency:
        raise MappingError(expected("a currency like USD", "none"), file=tape.mapping.file, field="currency")
    if tape.mapping.as_of is not None and as_of < tape.mapping.as_of:
        raise UsageError(
            expected(f"an as-of date from {tape.mapping.as_of} on, the date of the snapshot", as_of),
            field="as_of",
        )
    book = book_at(tape.loans, tape.panel, tape.mapping, as_of)
    if not book.loans.height:
        counts = ", ".join(f"{name} {count}" for name, count in book.counts.items())
        raise UsageError(
            expected("at least one loan on the book at the as-of date", counts),
            file=tape.source.path,
            field="as_of",
        )
    with Home.building(
        directory, clock, name=Path(directory).name, currency=book.currency, as_of=as_of
    ) as home:
        home.append([Event("TapeLoaded", as_of, _tape_facts(home, tape, book, as_of))])
    return book


def store_fit(
    twin: Twin,
    model: FittedModel,
    generator: MacroGenerator,
    macro: Sequence[tuple[Path, MacroSource]],
    facts: dict[str, Any],
) -> None:
    """Record the macro files and the fitted model as events, in one transaction."""
    home = twin.home
    loaded = [(home.put_file(path), path.name, list(source.scenarios)) for path, source in macro]
    events = [
        Event("MacroLoaded", twin.as_of, {"source_blob": blob, "source_file": name, "scenarios": scenarios})
        for blob, name, scenarios in loaded
    ]
    data = {
        "model_blob": home.put_json(model.to_dict()),
        "macro_blob": home.put_json(generator_to_dict(generator)),
        "as_of": twin.as_of.isoformat(),
        "facts": {**facts, "macro": [blob for blob, _, _ in loaded]},
    }
    home.append([*events, Event("ModelFitted", twin.as_of, data)])


def _tape_facts(home: Home, tape: Tape, book: Book, as_of: dt.date) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "loans_blob": home.put_frame(tape.loans),
        "as_of": as_of.isoformat(),
        "currency": book.currency,
        "format": tape.mapping.name,
        "mapping_blob": home.put_json(plain(tape.mapping.to_dict())),
        "source_file": Path(tape.source.path).name,
        "source_hash": tape.source.sha256,
        "rows_read": tape.rows_read,
    }
    if tape.panel is not None:
        facts["panel_blob"] = home.put_frame(tape.panel)
    if tape.quarantine.height:
        facts["quarantine_blob"] = home.put_frame(tape.quarantine)
        facts["quarantine_file"] = home.put_quarantine(tape.quarantine)
    if tape.warnings.height:
        facts["warnings_blob"] = home.put_frame(tape.warnings)
    return facts
