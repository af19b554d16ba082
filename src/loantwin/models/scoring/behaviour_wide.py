"""Behaviour from a wide table: one row an account, the months side by side in columns that a file names."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from loantwin.arrays import Floats
from loantwin.errors import MappingError, expected, unknown
from loantwin.files import read_text
from loantwin.models.scoring.behaviour import History, behaviour
from loantwin.models.scoring.table import Table, from_frame

PARTS = ("arrears", "balance", "paid")


@dataclass(frozen=True)
class Columns:
    """Which columns are which month, the latest first.

    arrears, balance, paid : columns by months back. limit : of the account. outcome : column of what came
    after; its value is kept as it is, and `good` is the good one. header : number of the line of the file
    that holds the names, from 1.
    """

    arrears: tuple[str, ...]
    balance: tuple[str, ...] = ()
    paid: tuple[str, ...] = ()
    limit: str | None = None
    outcome: str | None = None
    good: str | None = None
    header: int = 1


def read_columns_file(path: Path) -> Columns:
    """Return the columns that a TOML file names.

    Raises
    ------
    MappingError : not TOML, a key that is not known, no arrears, or parts with other numbers of months.
    """
    try:
        told = tomllib.loads(read_text(path, "file of columns", MappingError))
    except tomllib.TOMLDecodeError as problem:
        raise MappingError(expected("TOML", str(problem)), file=path) from problem
    known = ("arrears", "balance", "paid", "limit", "outcome", "good", "header")
    for name, value in told.items():
        if name not in known:
            raise MappingError(unknown(name, known), file=path, field=name)
        lists = isinstance(value, list) and all(isinstance(item, str) for item in value)
        kind = (
            "a list of columns" if name in PARTS else "the number of a line" if name == "header" else "a text"
        )
        if not (lists if name in PARTS else isinstance(value, int if name == "header" else str)):
            raise MappingError(expected(kind, repr(value)), file=path, field=name)
    if not told.get("arrears"):
        raise MappingError(expected("columns of arrears, the latest month first", "none"), file=path,
                           field="arrears")  # fmt: skip
    months = len(told["arrears"])
    for name in ("balance", "paid"):
        if name in told and len(told[name]) != months:
            words = expected(f"{months} columns, as many as of arrears", len(told[name]))
            raise MappingError(words, file=path, field=name)
    if told.get("header", 1) < 1:
        raise MappingError(expected("a line from 1", told["header"]), file=path, field="header")
    return Columns(
        arrears=tuple(told["arrears"]),
        balance=tuple(told.get("balance", ())),
        paid=tuple(told.get("paid", ())),
        limit=told.get("limit"),
        outcome=told.get("outcome"),
        good=told.get("good"),
        header=told.get("header", 1),
    )


def below(table: Table, header: int) -> Table:
    """Return a table whose names stand in a later line of the file than the first."""
    if header == 1:
        return table
    raw = [table.raw[name] for name in table.names]
    names = [str(column[header - 2]) for column in raw]
    frame = pl.DataFrame(
        {name: column[header - 1 :].tolist() for name, column in zip(names, raw, strict=True)}
    )
    return from_frame(frame, (f"names stand in line {header}",))


@dataclass(frozen=True)
class Wide:
    """One row an account. rest : columns that are no month. months : those that are. made : features of
    behaviour. outcome : what came after, None where no column is named.
    """

    rest: pl.DataFrame
    months: pl.DataFrame
    made: pl.DataFrame
    outcome: pl.Series | None


def rows_of_wide(table: Table, columns: Columns, file: Path) -> Wide:
    """Return the accounts of a wide table with their features of behaviour.

    Raises
    ------
    MappingError : a column that is not there, or of another kind than numbers.
    """
    monthly = {name: _numbers(table, getattr(columns, name), name, file) for name in PARTS
               if getattr(columns, name)}  # fmt: skip
    limit = None if columns.limit is None else _numbers(table, (columns.limit,), "limit", file)[:, 0]
    if columns.outcome is not None and columns.outcome not in table.names:
        raise MappingError(unknown(columns.outcome, table.names), file=file, field="outcome")
    of_month = [name for part in PARTS for name in getattr(columns, part)]
    rest = [name for name in table.names if name not in of_month and name != columns.outcome]
    made = behaviour(History(monthly["arrears"], monthly.get("balance"), monthly.get("paid"), limit))
    ends = (
        None
        if columns.outcome is None
        else pl.Series("outcome", table.raw[columns.outcome].tolist(), pl.String)
    )
    return Wide(
        pl.DataFrame([_column(table, name) for name in rest]),
        pl.DataFrame([_column(table, name) for name in of_month]),
        pl.DataFrame([pl.Series(name, column).fill_nan(None) for name, column in made.items()]),
        ends,
    )


def _column(table: Table, name: str) -> pl.Series:
    if name in table.numbers:
        return pl.Series(name, table.numbers[name]).fill_nan(None)
    return pl.Series(name, table.raw[name].tolist(), pl.String)


def _numbers(table: Table, names: tuple[str, ...], field: str, file: Path) -> Floats:
    for name in names:
        if name not in table.names:
            raise MappingError(unknown(name, table.names), file=file, field=field)
        if name not in table.numbers:
            raise MappingError(expected("a column of numbers", f"{name}, of another kind"), file=file,
                               field=field)  # fmt: skip
    return np.column_stack([table.numbers[name] for name in names])
