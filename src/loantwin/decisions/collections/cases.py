"""Files of cases past due, of treatments given, and of contacts made, as columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.decisions.collections.contacts import Contacts
from loantwin.decisions.collections.format import CollectionsFormat
from loantwin.errors import ModelError, TapeError, UsageError, expected, unknown
from loantwin.models.scoring.table import Table, read_table

EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Cases:
    """Cases to be treated. name : (N,) text. person : (N,) place in `persons`. bucket : (N,) text, empty
    where the file has none. worth : (N,) money of one unit of the outcome.
    """

    name: tuple[str, ...]
    person: Integers
    persons: tuple[str, ...]
    bucket: tuple[str, ...]
    worth: Floats
    table: Table

    def __len__(self) -> int:
        return len(self.name)


def read_cases(path: Path | str, mapping: CollectionsFormat) -> Cases:
    """Return the cases of a file, a row each.

    Raises
    ------
    UsageError : no file, or no such column. TapeError : a case that is missing or stands twice, a worth that
        is no amount of at least 0.
    """
    file = Path(path)
    table = _read(file, "cases")
    names = _texts(table, mapping.columns["case"], "case", file)
    seen: dict[str, int] = {}
    for row, name in enumerate(names, start=1):
        if name in seen:
            raise TapeError(
                expected(f"each case once, {name} stands in row {seen[name]}", name),
                file=file,
                row=row,
                field="case",
            )
        seen[name] = row
    person = (
        _texts(table, mapping.columns["person"], "person", file) if "person" in mapping.columns else names
    )
    persons, places = np.unique(np.array(person, dtype=object).astype(str), return_inverse=True)
    bucket = (
        _texts(table, mapping.columns["bucket"], "bucket", file)
        if "bucket" in mapping.columns
        else ("",) * len(names)
    )
    worth = (
        _numbers(table, mapping.columns["worth"], "worth", file)
        if "worth" in mapping.columns
        else np.ones(len(names))
    )
    if (worth < 0.0).any():
        row = int(np.argmax(worth < 0.0))
        raise TapeError(
            expected("an amount of at least 0", f"{worth[row]:g}"), file=file, row=row + 1, field="worth"
        )
    return Cases(names, places.astype(np.int64), tuple(persons.tolist()), bucket, worth, table)


@dataclass(frozen=True)
class Treated:
    """A log of treatments. treatment : (N,) place in `names`, -1 for none. outcome : (N,). propensity : (N,)
    of the treatment that was given, NaN where the file tells none.
    """

    treatment: Integers
    names: tuple[str, ...]
    outcome: Floats
    propensity: Floats
    table: Table


def read_log(path: Path | str, mapping: CollectionsFormat) -> Treated:
    """Return the treatments given and what came of them, a row each.

    Raises
    ------
    UsageError : no file, or no such column. TapeError : a treatment that the mapping does not name, an
        outcome or a propensity that is none. ModelError : no row without a treatment, or none with one.
    """
    file = Path(path)
    table = _read(file, "log")
    for name in ("treatment", "outcome"):
        if name not in mapping.columns:
            raise UsageError(
                expected(f"a column for {name}", "none"), file=mapping.file, field=f"columns.{name}"
            )
    column = table.raw[_named(table, mapping.columns["treatment"], "treatment", file)]
    given = [
        mapping.none if value is None else str(value) for value in column
    ]  # tables read "none" as nothing
    names = tuple(mapping.treatments)
    codes = {mapping.none: -1} | {name: place for place, name in enumerate(names)}
    for row, name in enumerate(given, start=1):
        if name not in codes:
            raise TapeError(unknown(name, codes), file=file, row=row, field="treatment")
    treatment = np.array([codes[name] for name in given], dtype=np.int64)
    if not 0 < (treatment >= 0).sum() < len(treatment):
        was = "none" if not (treatment >= 0).any() else "all of them"
        raise ModelError(expected("cases of which some were treated", was), file=file, field="treatment")
    outcome = _numbers(table, mapping.columns["outcome"], "outcome", file)
    propensity = np.full(len(outcome), np.nan)
    if "propensity" in mapping.columns:
        propensity = _numbers(table, mapping.columns["propensity"], "propensity", file)
        wrong = ~((propensity > 0.0) & (propensity <= 1.0))
        if wrong.any():
            row = int(np.argmax(wrong))
            words = expected("a probability above 0 and at most 1", f"{propensity[row]:g}")
            raise TapeError(words, file=file, row=row + 1, field="propensity")
    return Treated(treatment, names, outcome, propensity, table)


def read_contacts(path: Path | str, cases: Cases) -> tuple[Contacts, int]:
    """Return the contacts of a file that are of these cases or their persons, and how many are of others.

    Columns: `case`, `at` (a day), `channel`, and where it is known `person`, by whose name contacts about
    cases that are not here count for limits by person.

    Raises
    ------
    UsageError : no file, or no such column. TapeError : a value that is missing.
    """
    file = Path(path)
    table = _read(file, "contacts")
    names, channels = (_texts(table, name, name, file) for name in ("case", "channel"))
    if "at" not in table.dates or np.isnat(table.dates["at"]).any():
        raise TapeError(expected("a column at of days", "another"), file=file, field="at")
    place = {name: row for row, name in enumerate(cases.name)}
    row = np.array([place.get(name, -1) for name in names], dtype=np.int64)
    person = np.where(row >= 0, cases.person[row], -1)
    if "person" in table.names:
        owes = {name: number for number, name in enumerate(cases.persons)}
        told = np.array(
            [owes.get(name, -1) for name in _texts(table, "person", "person", file)], dtype=np.int64
        )
        person = np.where(row >= 0, person, told)
    known = person >= 0
    channel = tuple(text for text, own in zip(channels, known, strict=True) if own)
    day = table.dates["at"].astype("datetime64[D]").astype(np.int64)[known]
    return Contacts(row[known], person[known], channel, day), int((~known).sum())


def no_contacts() -> Contacts:
    """Return contacts of which there is none."""
    none = np.zeros(0, dtype=np.int64)
    return Contacts(none, none, (), none)


def for_bucket(cases: Cases, mapping: CollectionsFormat) -> Flags:
    """Return which treatments are for a case's bucket, (N, K)."""
    bucket = np.array(cases.bucket, dtype=object)
    columns = [
        np.isin(bucket.astype(str), item.buckets) if item.buckets else np.ones(len(cases), bool)
        for item in mapping.treatments.values()
    ]
    return np.column_stack(columns)


def _read(file: Path, what: str) -> Table:
    if not file.is_file():
        raise UsageError(expected(f"a file of {what}", "none"), file=file, field=what)
    return read_table(file)


def _named(table: Table, name: str, field: str, file: Path) -> str:
    if name not in table.names:
        raise UsageError(unknown(name, table.names), file=file, field=field)
    return name


def _texts(table: Table, name: str, field: str, file: Path) -> tuple[str, ...]:
    found = table.raw[_named(table, name, field, file)]
    missing = np.array([value is None for value in found], dtype=bool)
    if missing.any():
        raise TapeError(expected("a value", "none"), file=file, row=int(missing.argmax()) + 1, field=field)
    return tuple(str(value) for value in found)


def _numbers(table: Table, name: str, field: str, file: Path) -> Floats:
    found: Mapping[str, Floats] = table.numbers
    if _named(table, name, field, file) not in found:
        raise TapeError(expected("a column of numbers", name), file=file, field=field)
    values = np.asarray(found[name], dtype=np.float64)
    if np.isnan(values).any():
        row = int(np.argmax(np.isnan(values)))
        raise TapeError(expected("a number", "none"), file=file, row=row + 1, field=field)
    return values
