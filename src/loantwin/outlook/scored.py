"""A score met by a twin: which one is meant, what it says of the loans, and whether it knows the future."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from loantwin.book.mapping import TapeFormat
from loantwin.book.schema import LOANS, SCORE_COLUMN
from loantwin.decisions.scoring.registered import registered
from loantwin.errors import ModelError, UsageError, expected
from loantwin.events.event import Event
from loantwin.events.fold import SCORED, scored
from loantwin.events.register import TRANSITION
from loantwin.files import read_text
from loantwin.models.scored import ScoreBands
from loantwin.models.scoring.store import RECORD, Score, from_text, predict, read_score, to_text
from loantwin.models.scoring.table import Table, from_frame, read_table
from loantwin.twin import Twin

AT_ORIGINATION = ("approval_date", "origination_date")
"""Dates from which a column must be known for a score to read it of a loan (`schema.Column.known_from`)."""


@dataclass(frozen=True)
class NamedScore:
    """A score with its name, the hash of what it was trained with, and its record."""

    score: Score
    name: str
    registry_id: str
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        """Return what is known of its training, as plain data."""
        data, settings = self.record.get("data", {}), self.record.get("settings", {})
        found = {name: data.get(name) for name in ("file", "sha256", "rows", "first", "last")}
        found |= {name: settings.get(name) for name in ("target", "good", "time")}
        return {name: value for name, value in found.items() if value is not None}


def score_of(twin: Twin, reference: str | Path | None) -> NamedScore:
    """Return the score meant: of SCORES[#NAME], a folder of `score train`, its champion if none is named; of
    another text the champion of that name in the home's register, or the score of that id or NAME/VERSION.

    None means the one that the twin's loans were scored with, which the home keeps.

    Parameters
    ----------
    twin : the twin whose home may hold scores of its own.

    Raises
    ------
    UsageError : neither such a folder nor a registered score. ModelError : no score of that name, one that
        does not match its hash, or a registered one that may not decide today.
    """
    if reference is None:
        return stored_score(twin)
    text, _, name = str(reference).partition("#")
    folder = Path(text)
    if not folder.is_dir():
        return _registered(twin, str(reference))
    score = read_score(folder, name or None)
    record = json.loads(read_text(folder / RECORD, "record of scores", ModelError))
    return NamedScore(score, name or record["champion"], str(record.get("registry_id", "")), record)


def _registered(twin: Twin, reference: str) -> NamedScore:
    door = registered(twin)
    names = {item.name for item in door.register.models.values()} - {TRANSITION}
    ids = {word for item in door.register.models.values() for word in (item.id, item.words)}
    if reference not in names | ids:
        there = f"; registered are {', '.join(sorted(names))}" if names else "; no score is registered"
        wanted = "a folder that `loantwin score train` wrote, FOLDER#NAME, or a registered score"
        raise UsageError(expected(wanted, reference) + there, file=twin.home.folder, field="score")
    found = door.champion(reference) if reference in names else door.score(reference)
    blob = str(door.register.models[found.id].data["record_blob"])
    record = json.loads(twin.home.read_bytes(blob))
    return NamedScore(found.score, found.kind, str(record["registry_id"]), record)


def stored_score(twin: Twin) -> NamedScore:
    """Return the score that the twin's loans were scored with, from the home.

    Raises
    ------
    UsageError : the loans were never scored.
    """
    event = twin.last(SCORED)
    if event is None:
        raise UsageError(
            expected("a twin with a score (`loantwin fit DIR --score SCORES`)", "one without"),
            file=twin.home.folder,
            field="score",
        )
    text = twin.home.read_bytes(event.data["score_blob"]).decode()
    facts = event.data.get("facts", {})
    data = {name: facts[name] for name in ("file", "sha256", "rows", "first", "last") if name in facts}
    settings = {name: facts[name] for name in ("target", "good", "time") if name in facts}
    record = {"data": data, "settings": settings}
    return NamedScore(from_text(text), event.data["name"], event.data["registry_id"], record)


def check_training(named: NamedScore, twin: Twin) -> tuple[str, ...]:
    """Return in words what cannot be checked of a score's training; refuse one that knows what came later.

    Raises
    ------
    UsageError : a case after the twin's as-of date, or the ends of the twin's own tape where it goes on.
    """
    facts = named.facts
    if "last" in facts and dt.date.fromisoformat(facts["last"]) > twin.as_of:
        wanted = f"a score trained on cases until {twin.as_of}, the twin's as-of date"
        raise UsageError(
            expected(wanted, f"{named.name}, whose last case is of {facts['last']}"), field="score"
        )
    own = facts.get("sha256") is not None and facts.get("sha256") == twin.loaded.data.get("source_hash")
    if own and _goes_on(twin):
        raise UsageError(
            expected(
                f"a score trained on what was known at {twin.as_of}",
                f"{named.name}, trained on the ends of the twin's own tape, which goes on after that date",
            ),
            field="score",
        )
    said = (
        [f"{named.name} was trained on the twin's own tape: its coefficient is that of cases it has seen"]
        if own
        else []
    )
    if "last" not in facts:
        said.append(
            f"of when the cases of {named.name} are nothing is known (trained without --time): that it knows "
            f"nothing after {twin.as_of} cannot be checked"
        )
    else:
        said.append(
            f"the cases of {named.name} are of {facts['first']} to {facts['last']}; whether their ends were "
            f"known by {twin.as_of} cannot be checked"
        )
    return tuple(said)


def _goes_on(twin: Twin) -> bool:
    loans, panel = twin.tables.loans, twin.tables.panel
    days = [loans[name].max() for name in ("charge_off_date", "closed_date", "default_date")]
    days += [panel["report_date"].max()] if panel is not None and panel.height else []
    return any(isinstance(day, dt.date) and day > twin.as_of for day in days)


def scored_loans(
    twin: Twin, named: NamedScore, file: Path | str | None
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the log-odds of the tape's loans (loan_id, `SCORE_COLUMN`), and words.

    Parameters
    ----------
    file : the lender's own columns by loan number, such as the file the home was made of; None reads the
        home's columns.

    Raises
    ------
    ModelError : a column that the score reads and the loans do not have, or that is only known after
        origination. UsageError : a file without the column of loan numbers, or with a number twice.
    """
    loans = twin.tables.loans
    said: tuple[str, ...]
    if file is None:
        ids, table, said = loans["loan_id"], columns_of(loans, named.score), ()
    else:
        table = read_table(Path(file))
        ids, said = loan_numbers(table, twin.mapping, file), unchecked(named, twin.mapping)
    answer = predict(named.score, table)
    made = pl.DataFrame({"loan_id": ids, SCORE_COLUMN: answer.log_odds})
    known = made.join(loans.select("loan_id"), on="loan_id", how="semi", maintain_order="left")
    if not known.height:
        raise UsageError(
            expected("loans of the twin", f"none among the {made.height} rows"), file=file, field="score_file"
        )
    missing = loans.height - known.height
    if missing:
        said = (
            *said,
            f"{missing:,} of {loans.height:,} loans have no score: they read the mean of their segment",
        )
    said += tuple(
        f"{name}: {count:,} values that {named.name} has never seen"
        for name, count in answer.encoded.unseen.items()
    )
    return known, said


def columns_of(loans: pl.DataFrame, score: Score) -> Table:
    """Return a loan table's columns as a score reads them, by their names or as `attribute_<name>`.

    Raises
    ------
    ModelError : a column that is not there, or is only known after origination.
    """
    published = {column.name: column for column in LOANS}
    wanted = [feature.name for feature in score.model.features]
    wanted += [score.time] if score.time is not None and score.time not in wanted else []
    chosen = []
    for name in wanted:
        if f"attribute_{name}" in loans.columns:
            chosen.append(pl.col(f"attribute_{name}").alias(name))
        elif name in published and published[name].known_from in AT_ORIGINATION:
            chosen.append(pl.col(name))
        else:
            was = (
                f"{name}, which is known only later"
                if name in published
                else f"{name}, which it does not hold"
            )
            raise ModelError(
                expected("a score of columns that the home holds as of origination", was)
                + "; --score-file FILE reads the lender's own columns",
                field=name,
            )
    return from_frame(loans.select(chosen))


def loan_numbers(table: Table, mapping: TapeFormat, file: Path | str) -> pl.Series:
    """Return the loan numbers of a file's rows, by the mapping's column of them or by `loan_id`.

    Raises
    ------
    UsageError : no such column, or a number twice.
    """
    source = mapping.columns.get("loan_id")
    names = [*(() if source is None else source.source), "loan_id"]
    found = next((name for name in names if name in table.raw), None)
    if found is None:
        raise UsageError(
            expected(f"a column of loan numbers: {' or '.join(names)}", "none"), file=file, field="score_file"
        )
    ids = pl.Series("loan_id", table.raw[found], dtype=pl.String)
    twice = ids.filter(ids.is_duplicated() & ids.is_not_null())
    if twice.len():
        raise UsageError(expected("each loan once", f"{twice[0]} twice"), file=file, field=found)
    return ids


def unchecked(named: NamedScore, mapping: TapeFormat) -> tuple[str, ...]:
    """Return in words which of a score's columns nothing says when they are known.

    Raises
    ------
    ModelError : a column that the mapping reads as a fact known only after origination.
    """
    later: dict[str, str] = {}
    known: set[str] = set()
    since = {column.name: column.known_from for column in LOANS}
    for name, source in (*mapping.columns.items(), *mapping.attributes.items()):
        early = name in mapping.attributes or since.get(name, "") in (*AT_ORIGINATION, "")
        known |= set(source.source) if early else set()
        later |= {} if early else dict.fromkeys((*source.source, *source.or_source), name)
    features = [feature.name for feature in named.score.model.features]
    for feature in features:
        if feature in later and feature not in known:
            raise ModelError(
                expected("a score of columns known at origination", f"{feature}, read as {later[feature]}"),
                field=feature,
            )
    rest = [feature for feature in features if feature not in known]
    if not rest:
        return ()
    return (
        f"that {len(rest)} of the {len(features)} columns of {named.name} are known at origination is taken "
        f"on trust: the mapping does not read {', '.join(rest[:3])}{' and others' if len(rest) > 3 else ''}",
    )


def with_scores(twin: Twin, log_odds: pl.DataFrame) -> Twin:
    """Return the twin whose loans have the log-odds of a score, as they will stand once it is recorded."""
    store = twin.store.without({"loans"})
    store.put("twin.tables", ("tape", "loans"), scored(twin.tables, log_odds))
    return replace(twin, store=store)


def scored_event(twin: Twin, named: NamedScore, log_odds: pl.DataFrame, file: Path | str | None) -> Event:
    """Return the event that records what a score says of the loans; blobs are stored at once."""
    data = {
        "scores_blob": twin.home.put_frame(log_odds),
        "score_blob": twin.home.put_bytes(to_text(named.score).encode()),
        "name": named.name,
        "registry_id": named.registry_id,
        "facts": {**named.facts, **({} if file is None else {"applied_to": Path(file).name})},
    }
    return Event(SCORED, twin.as_of, data)


@dataclass(frozen=True)
class MetScore:
    """A score that a twin has met: the twin with scored loans, what names it in a fit, its event, words."""

    twin: Twin
    bands: ScoreBands
    event: Event
    said: tuple[str, ...]


def meet_score(twin: Twin, reference: str | Path, file: Path | str | None = None) -> MetScore:
    """Return what `fit --score` reads: see `score_of`, `check_training` and `scored_loans`.

    Raises
    ------
    UsageError : also of a snapshot, which has no history to tell a coefficient.
    """
    if twin.mapping.kind == "snapshot":
        raise UsageError(
            expected("a history for `score`, to tell its coefficient", "a snapshot at one date"),
            field="score",
        )
    named = score_of(twin, reference)
    trained = check_training(named, twin)
    log_odds, said = scored_loans(twin, named, file)
    event = scored_event(twin, named, log_odds, file)
    return MetScore(with_scores(twin, log_odds), bands_of(named), event, (*trained, *said))


def bands_of(named: NamedScore) -> ScoreBands:
    """Return what names a score in a fit, which makes its bands."""
    return ScoreBands((), (), 0.0, (), named.name, named.registry_id, named.facts)
