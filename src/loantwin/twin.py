"""The twin: a home opened with its settings, book, history, macro files and fitted model, by one clock.

An open twin is a view of its log at one position: what is appended later, by whomever, is seen by
`twin.refreshed()`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import polars as pl

from loantwin import config as configuration
from loantwin.book.as_of import book_at, known_at
from loantwin.book.book import Book
from loantwin.book.mapping import TapeFormat, from_dict
from loantwin.book.schema import LINKS, PANEL
from loantwin.book.selection import Selected, ended_by, finished_only
from loantwin.book.tape import Tape
from loantwin.clock import Clock, SystemClock
from loantwin.config import Config
from loantwin.errors import HomeError, MappingError, UsageError, expected
from loantwin.events.event import Event
from loantwin.events.fold import FOLDED, LOAN_EVENTS, BookTables, apply, tables_until
from loantwin.events.home import Home
from loantwin.files import name_of
from loantwin.kept import Source, Store, kept
from loantwin.macro.generator import MacroGenerator
from loantwin.macro.generator_file import from_dict as generator_from_dict
from loantwin.macro.generator_file import to_dict as generator_to_dict
from loantwin.macro.history import UNSEEN, bridge, known_history
from loantwin.macro.read import read_macro
from loantwin.macro.scenario import Scenario
from loantwin.macro.source import MacroSource
from loantwin.models.fitted import FittedModel
from loantwin.models.settings import prior_of
from loantwin.models.transfer.source import sources_of
from loantwin.types import plain

_CHANGES: dict[str, Source] = {
    "TapeLoaded": "tape",
    "MacroLoaded": "model",
    "ModelFitted": "model",
    "EnvironmentTablesSaved": "environment",
    "LoansScored": "loans",
    **dict.fromkeys(LOAN_EVENTS, "loans"),
}
"""Event type -> what it changes of a twin. Other events (a snapshot of the book, say) change nothing kept."""


@dataclass(frozen=True)
class Learnt:
    """What is used in place of what `fit` stored. sources : macro files, None for those that `fit` kept."""

    model: FittedModel
    generator: MacroGenerator
    sources: tuple[MacroSource, ...] | None = None


@dataclass(frozen=True, repr=False, eq=False)
class Twin:
    """A home and what can be derived from its log; everything is made when first asked for, once.

    Any number of threads may read one twin. It is usable with and without `with`; `close` gives the file back
    (and the lock, of one opened for writing).

    head : sequence and hash of the last event that this view holds. date : another date than the stored one
        to look at the book (`at`); None takes the stored one. learnt : the model and generator used instead
        of those stored by `fit`, None for the stored ones. store : what is kept between calls (`memory`).
    """

    home: Home
    config: Config
    clock: Clock
    head: tuple[int, str]
    date: dt.date | None = None
    learnt: Learnt | None = None
    store: Store = field(default_factory=Store)

    def __repr__(self) -> str:
        name = f"<loantwin.Twin {self.home.folder.name}: "
        if self.home.log.closed:
            return f"{name}closed>"
        book = self.store.peek("twin.book")
        loans = f", {book.loans.height:,} loans on the book" if book is not None else ""
        fitted = "fitted" if self.learnt is not None or self.last("ModelFitted") is not None else "not fitted"
        tape = f"as of {self.as_of}, {self.currency}{loans}" if self.last("TapeLoaded") else "without a tape"
        return f"{name}{tape}, {fitted}, event {self.head[0]:,}>"

    def __enter__(self) -> Twin:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the home's log; one opened for writing gives back its lock. What is kept stays readable."""
        self.home.close()

    def refreshed(self) -> Twin:
        """Return the twin at the log's present end; what later events did not change is kept.

        Loan events are applied to the tables that are kept, not replayed from the start.

        Raises
        ------
        HomeError : the twin was closed. LogError : an event that does not fit the book.
        """
        head = self.home.log.head
        if head == self.head:
            return self
        since, until = self.head[0], head[0]
        changed = {_CHANGES[name] for name in self.home.log.types(since, until) if name in _CHANGES}
        store = self.store.without(changed)
        tables = self.store.peek("twin.tables")
        if tables is not None and changed & {"loans", "tape"}:
            later = apply(tables, self.home.log.read(since, until, FOLDED), self.home)
            store.put("twin.tables", ("tape", "loans"), replace(later, through=until))
        return replace(self, head=head, store=store)

    def at(self, date: dt.date, learnt: Learnt | None = None) -> Twin:
        """Return the twin as it stood at another date: the same tape and macro files, seen as known then.

        The model and generator stay those of the home unless `learnt` names others
        (`outlook.redated.twin_at` fits them). What depends on no date is kept.

        Raises
        ------
        UsageError : a snapshot cannot be seen before it was taken.
        """
        if self.mapping.as_of is not None and date < self.mapping.as_of:
            raise UsageError(
                expected(f"a date from {self.mapping.as_of} on, that of the snapshot", date), field="as_of"
            )
        seen = replace(self, date=date, store=self.store.without({"date"}))
        return seen if learnt is self.learnt else seen.taught(learnt)

    def taught(self, learnt: Learnt | None) -> Twin:
        """Return the twin with another model and generator than the stored ones; None takes the stored."""
        store = self.store.without({"model"})
        own, other = (None if item is None else item.sources for item in (self.learnt, learnt))
        if own is None and other is None:  # the same macro files, read once
            store.put("twin.macro_sources", ("model",), self.macro_sources)
        return replace(self, learnt=learnt, store=store)

    def using(self, config: Config) -> Twin:
        """Return the twin under other settings; only publication lags change what is kept."""
        if config == self.config:
            return self
        own, other = self.config.macro, config.macro
        lags = (own.monthly_lag, own.quarterly_lag) != (other.monthly_lag, other.quarterly_lag)
        return replace(self, config=config, store=self.store.without({"lags"} if lags else ()))

    def memory(self) -> dict[str, int]:
        """Return bytes kept between calls, by name, as far as arrays and tables tell."""
        return self.store.sizes()

    def last(self, type: str) -> Event | None:  # noqa: A002  # the event's own word
        """Return the last event of a type that this view holds, None where there is none."""
        return self.home.log.last(type, self.head[0])

    @kept("tape")
    def loaded(self) -> Event:
        """Return the event that names the tape.

        Raises
        ------
        HomeError : a log without a tape.
        """
        event = self.last("TapeLoaded")
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

    @property
    def currency(self) -> str:
        """Return the book's one currency."""
        return str(self.loaded.data["currency"])

    @kept("tape")
    def mapping(self) -> TapeFormat:
        """Return the tape's format with its assumptions as overridden."""
        return from_dict(self.home.read_json(self.loaded.data["mapping_blob"]))

    @kept("tape", "loans")
    def tables(self) -> BookTables:
        """Return the tables folded from the log: the whole tape, later facts included."""
        return tables_until(self.home, self.head[0])

    @kept("tape", "loans")
    def selected(self) -> Selected | None:
        """Return what a tape of finished loans alone holds; None where loans are open as loans are."""
        return finished_only(self.tables.loans, self.mapping)

    def of_ended_vintages(self) -> Twin:
        """Return the twin whose tables hold only loans that fits and backtests keep.

        On a tape selected on its outcome those whose term had ended by its end; elsewhere the twin itself.
        """
        found = self.selected
        if found is None or found.kept_until is None:
            return self
        tables = replace(self.tables, loans=ended_by(self.tables.loans, found.kept_until))
        store = self.store.without({"loans"})
        store.put("twin.tables", ("tape", "loans"), tables)
        store.put("twin.selected", ("tape", "loans"), None)  # what is left is selected no more
        return replace(self, store=store)

    @kept("tape", "loans", "date")
    def known_loans(self) -> pl.DataFrame:
        """Return the loan table as known at the as-of date."""
        return known_at(self.tables.loans, self.as_of)

    @kept("tape", "loans", "date")
    def known_panel(self) -> pl.DataFrame | None:
        """Return the panel as known at the as-of date, None where the tape has none."""
        panel = self.tables.panel
        return None if panel is None or not panel.height else known_at(panel, self.as_of, PANEL)

    @kept("tape", "loans", "date")
    def book(self) -> Book:
        """Return the book at the as-of date."""
        return book_at(self.tables.loans, self.tables.panel, self.mapping, self.as_of, links=self.links)

    @property
    def links(self) -> dict[str, pl.DataFrame]:
        """Return the link tables by name: parties, collateral, guarantees."""
        return {name: getattr(self.tables, name) for name in LINKS}

    @kept("model")
    def macro_sources(self) -> tuple[MacroSource, ...]:
        """Return the macro files kept by the last `fit`."""
        if self.learnt is not None and self.learnt.sources is not None:
            return self.learnt.sources
        wanted = self.fitted.data.get("facts", {}).get("macro", ())
        found = []
        for event in self.home.log.read(until=self.head[0], types=("MacroLoaded",)):
            if event.data["source_blob"] in wanted:
                content = self.home.read_bytes(event.data["source_blob"])
                found.append(read_macro(event.data["source_file"], content))
        return tuple({source.sha256: source for source in found}.values())

    @kept("model", "date", "lags")
    def history(self) -> Scenario:
        """Return the macro history published by the as-of date."""
        lags = self.config.macro
        return bridge(known_history(self.macro_sources, self.as_of, lags.monthly_lag, lags.quarterly_lag))

    @kept("model")
    def fitted(self) -> Event:
        """Return the event of the last fit.

        Raises
        ------
        HomeError : a twin that was not fitted; the message says how to fit it.
        """
        event = self.last("ModelFitted")
        if event is None:
            # a snapshot has no history to learn from: a prior model is all it can run on
            way = "--prior PRODUCT" if self.mapping.kind == "snapshot" else "--macro FILE"
            raise HomeError(
                f"expected a fitted model, was none; run `loantwin fit {self.home.folder} {way}`",
                file=self.home.folder,
            )
        return event

    @kept("model")
    def model(self) -> FittedModel:
        """Return the fitted model."""
        if self.learnt is not None:
            return self.learnt.model
        return FittedModel.from_dict(self.home.read_json(self.fitted.data["model_blob"]))

    @kept("model")
    def generator(self) -> MacroGenerator:
        """Return the generator of macro paths stored by `fit`."""
        if self.learnt is not None:
            return self.learnt.generator
        return generator_from_dict(self.home.read_json(self.fitted.data["macro_blob"]))

    def provenance(self) -> dict[str, Any]:
        """Return what a result must say of its origin."""
        created = self.last("TwinCreated")
        made: dict[str, Any] = {
            "program": "" if created is None else created.data["program"],
            "lender": self.config.pages.lender or self.home.folder.name,
            "source": self.loaded.data.get("source_file"),
            "source_hash": self.loaded.data.get("source_hash"),
            "format": self.loaded.data.get("format"),
            "log_head": self.head[1],
            "settings": configuration.settings_of(self.config),
            "computed": self.clock.now().isoformat(timespec="seconds"),
        }
        if self.last("ModelFitted") is not None:
            made["model_hash"] = self.fitted.data["model_blob"]
            made["macro_files"] = [source.path for source in self.macro_sources]
            made["macro_note"] = (
                "latest-revised series, cut by publication lag" if self.macro_sources else UNSEEN
            )
            start = prior_of(self.model.provenance)
            made["prior"] = None if start is None else start.name
            made["prior_only"] = list(self.model.prior_only)
            if sources := sources_of(self.model.provenance):
                made["learnt_from"] = [
                    {"home": one.name, "as_of": one.as_of, "model_hash": one.model_hash} for one in sources
                ]
        return made


def open(  # noqa: A001  # the door's own word: `loantwin.open`
    directory: Path | str, *, writable: bool = False, clock: Clock | None = None
) -> Twin:
    """Open a twin's home: any number of readers, one writer.

    Parameters
    ----------
    directory : the twin's home. writable : True takes the writer's lock until the twin is closed.
    clock : tells the moment at which events are recorded; default the system's.

    Raises
    ------
    HomeError : no home, half written, damaged, from a newer version, or held by another writer.
    ConfigError : a setting that is unknown or of the wrong kind.
    """
    folder, clock = Path(directory), clock or SystemClock()
    home = Home.open(folder, writable=writable, clock=clock)
    try:
        settings, _ = configuration.load(folder / "twin.toml")
        return Twin(home, settings, clock, home.log.head)
    except BaseException:
        home.close()
        raise


@contextmanager
def opened(twin: Twin | Path | str, *, writable: bool = False) -> Iterator[Twin]:
    """Yield a twin as it is, or the twin of a folder, closed again at the end.

    Raises
    ------
    UsageError : a twin opened for reading where something is to be written. HomeError, ConfigError : see
        `open`.
    """
    if isinstance(twin, Twin):
        if writable and not twin.home.writable:
            raise UsageError(
                "expected a twin opened for writing, was one opened for reading; use "
                "loantwin.open(DIR, writable=True), or name the folder",
                file=twin.home.folder,
            )
        yield twin
        return
    with open(twin, writable=writable) as found:
        yield found


def create_twin(directory: Path | str, tape: Tape, as_of: dt.date, clock: Clock | None = None) -> Book:
    """Make a home that holds the whole tape, and return the book at the as-of date.

    The home appears as a whole or not at all: the book is made first, then everything is written beside the
    target and moved into place.

    Raises
    ------
    MappingError : a format without a currency. UsageError : a date before the snapshot's, or with no loan on
        the book.
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
        directory, clock, name=name_of(directory), currency=book.currency, as_of=as_of
    ) as home:
        home.append([Event("TapeLoaded", as_of, _tape_facts(home, tape, book, as_of))])
    return book


def store_fit(
    twin: Twin,
    learnt: Learnt,
    macro: Sequence[tuple[Path, MacroSource]],
    facts: dict[str, Any],
    also: Sequence[Event] = (),
    kept: Sequence[str] = (),
) -> None:
    """Record the macro files, the fitted model and what was made from it as events, in one transaction.

    also : events that belong to the same fit. kept : blobs of macro files of an earlier fit that it reads on.
    """
    home = twin.home
    loaded = [(home.put_file(path), name_of(path), list(source.scenarios)) for path, source in macro]
    events = [
        Event("MacroLoaded", twin.as_of, {"source_blob": blob, "source_file": name, "scenarios": scenarios})
        for blob, name, scenarios in loaded
    ]
    data = {
        "model_blob": home.put_json(learnt.model.to_dict()),
        "macro_blob": home.put_json(generator_to_dict(learnt.generator)),
        "as_of": twin.as_of.isoformat(),
        "facts": {**facts, "macro": [*kept, *(blob for blob, _, _ in loaded)]},
    }
    home.append([*events, Event("ModelFitted", twin.as_of, data), *also])


def _tape_facts(home: Home, tape: Tape, book: Book, as_of: dt.date) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "loans_blob": home.put_frame(tape.loans),
        "as_of": as_of.isoformat(),
        "currency": book.currency,
        "format": tape.mapping.name,
        "mapping_blob": home.put_json(plain(tape.mapping.to_dict())),
        "source_file": name_of(tape.source.path),
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
