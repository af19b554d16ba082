"""The book: a table with one row a loan at one date. A book is a value: functions return a new one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from loantwin.book.schema import LOANS, Column
from loantwin.errors import BookError, expected

TYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "choice": pl.String(),
    "date": pl.Date(),
    "money": pl.Float64(),
    "rate": pl.Float64(),
    "share": pl.Float64(),
    "number": pl.Float64(),
    "count": pl.Int32(),
    "days": pl.Int32(),
}
"""How each kind of column is held in memory."""


@dataclass(frozen=True)
class Book:
    """A lender's loans at one date.

    `loans` has the columns of `LOANS` in order, then any `attribute_*` columns, and only loans that are on
    the book. `counts` says where the other loans of the tape went: on_book, not_yet_on_book,
    closed_before_as_of, undated. `assumed` names each column or rule that is an assumption, with its words.
    """

    as_of: dt.date
    currency: str
    loans: pl.DataFrame
    parties: pl.DataFrame
    collateral: pl.DataFrame
    guarantees: pl.DataFrame
    counts: Mapping[str, int] = field(default_factory=dict)
    assumed: Mapping[str, str] = field(default_factory=dict)


def empty(table: tuple[Column, ...]) -> pl.DataFrame:
    """Return a published table without rows."""
    return pl.DataFrame(schema={column.name: TYPES[column.kind] for column in table})


def conform(frame: pl.DataFrame, table: tuple[Column, ...]) -> pl.DataFrame:
    """Return `frame` with the table's columns in order and type, absent ones empty, attributes kept."""
    made = [
        (
            pl.col(column.name).cast(TYPES[column.kind])
            if column.name in frame.columns
            else pl.lit(None, TYPES[column.kind]).alias(column.name)
        )
        for column in table
    ]
    extra = [name for name in frame.columns if name.startswith("attribute_")]
    return frame.select([*made, *extra])


def check_book(book: Book) -> None:
    """Raise BookError where a book breaks the published schema: every reader must pass this check."""
    check_table(book.loans, LOANS)
    repeated = book.loans.filter(pl.col("loan_id").is_duplicated())
    if repeated.height:
        raise BookError(
            expected("each loan once", "a repeated number"), loan=repeated["loan_id"][0], field="loan_id"
        )


def check_table(frame: pl.DataFrame, table: tuple[Column, ...]) -> None:
    """Raise BookError where a frame breaks a table: columns, types, nulls, choices, finite numbers."""
    for column in table:
        if column.name not in frame.columns:
            raise BookError(expected("a column (it may be empty)", "absent"), field=column.name)
        series = frame[column.name]
        if series.dtype != TYPES[column.kind]:
            raise BookError(expected(f"type {TYPES[column.kind]}", str(series.dtype)), field=column.name)
        _check_values(frame, series, column)
    strangers = [
        name
        for name in frame.columns
        if name not in {c.name for c in table} and not name.startswith("attribute_")
    ]
    if strangers:
        raise BookError(expected("columns of the schema or attribute_*", strangers[0]), field=strangers[0])


def _check_values(frame: pl.DataFrame, series: pl.Series, column: Column) -> None:
    bad = pl.Series([False]).head(0)
    want = ""
    if column.required and series.null_count():
        bad, want = series.is_null(), "a value"
    elif column.allowed:
        bad, want = ~series.is_in(list(column.allowed)).fill_null(True), "one of " + ", ".join(column.allowed)
    elif series.dtype == pl.Float64():
        bad, want = ~series.is_finite().fill_null(True), "a finite number"
        if column.kind == "share" and not bad.any():
            bad, want = ~series.is_between(0, 1).fill_null(True), "a share from 0 to 1"
        if column.kind == "money" and not bad.any():
            bad, want = (series < 0).fill_null(False), "an amount of at least 0"
    if bad.len() and bad.any():
        row = int(bad.arg_true()[0])
        loan = frame["loan_id"][row] if "loan_id" in frame.columns else None
        raise BookError(expected(want, series[row]), row=row + 1, loan=loan, field=column.name)
