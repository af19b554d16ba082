"""A table of cases as columns of numbers, texts and dates: what a file means before a model sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from loantwin.arrays import Array
from loantwin.book.encodings import decoded
from loantwin.book.layout import Told
from loantwin.book.sniff import EXTRA, open_tape, read_columns
from loantwin.book.unpack import unpacked
from loantwin.errors import TapeError, expected
from loantwin.models.scoring.forms import (
    DATES,
    date_form,
    days_in,
    either_order,
    in_words,
    number_forms,
    numbers_in,
)

NOTHING = ("", "?", "na", "n/a", "nan", "null", "none", ".")
"""What stands for a missing value, in small letters."""
STRAY = 0.05
"""Share of texts among numbers up to which a column is one of numbers, with the texts missing."""

MANY = 20
"""Numbers that differ, at least, in such a column."""
WORDS, NUMBERS = 5, 0.5
"""Distinct texts, at most, that mean missing among numbers, and the least share of numbers."""
SHOWN = 3

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Table:
    """Cases in rows.

    numbers : name -> (N,) float64, NaN where missing. texts : name -> (N,) object, None where missing.
    dates : name -> (N,) datetime64[D], NaT where missing. names : in the order of the file. raw : every
    column as text, None where missing. said : what was decided about a column, in words. forms : name -> how
    its numbers or dates are written. strays : name -> distinct texts among its numbers, read as missing.
    """

    names: tuple[str, ...]
    numbers: Mapping[str, Array]
    texts: Mapping[str, Array]
    dates: Mapping[str, Array]
    raw: Mapping[str, Array]
    said: tuple[str, ...]
    sha256: str
    forms: Mapping[str, str] = field(default_factory=dict)
    strays: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Return how many cases there are."""
        return len(next(iter(self.raw.values())))


def take(table: Table, rows: Array) -> Table:
    """Return some of a table's rows, (M,) their places."""
    parts = ({name: column[rows] for name, column in group.items()} for group in
             (table.numbers, table.texts, table.dates, table.raw))  # fmt: skip
    numbers, texts, dates, raw = parts
    return replace(table, numbers=numbers, texts=texts, dates=dates, raw=raw)


def read_table(path: Path) -> Table:
    """Return the cases of a file: text with a header, blank-separated text without one, Excel, Parquet.

    A first line that holds numbers is taken for a case: columns are then A1, A2, ... A column is of numbers
    where all its texts are numbers (or up to 5 % others, or half of them beside at most 5 distinct texts:
    these become missing, which is said), else of dates where all are dates of one form, else of texts. Its
    decimal mark is told by all its texts, else by the other columns, else by what separates them (`;`: a
    comma), which is said. `?`, `NA` and blanks are missing.

    Raises
    ------
    TapeError : a file that is no table, no row, or an infinite number, naming row and column.
    """
    tape = open_tape(path)
    bare = any(_NUMBER.fullmatch(name.strip()) for name in _split(tape.header))
    if bare:
        frame, said = _without_header(path), ["the file has no header: columns are A1, A2, ..."]
        typed: tuple[str, ...] = ()
    else:
        frame, tape = read_columns(tape, list(tape.header))
        frame, said = frame.drop(EXTRA), list(tape.source.statements)
        typed = () if tape.table is None else _typed_columns(tape.table)
    if not frame.height:
        raise TapeError(expected("a table with rows", "none"), file=path)
    return _read(frame, path, said, tape.source.sha256, tape.source.delimiter, typed)


def from_frame(frame: pl.DataFrame, said: tuple[str, ...] = ()) -> Table:
    """Return the cases of a Polars frame, read as `read_table` reads a file's.

    Raises
    ------
    TapeError : an infinite number, naming row and column.
    """
    import hashlib

    texts = frame.select(pl.all().cast(pl.String))
    number = hashlib.sha256(texts.write_csv().encode()).hexdigest()
    return _read(texts, None, list(said), number, "", _typed_columns(frame))


def _typed_columns(frame: pl.DataFrame) -> tuple[str, ...]:
    """Return the columns whose numbers the file itself writes as such."""
    return tuple(name for name in frame.columns if frame[name].dtype.is_numeric())


def _split(header: tuple[str, ...]) -> list[str]:
    return header[0].split() if len(header) == 1 else list(header)


def _without_header(path: Path) -> pl.DataFrame:
    content, _ = unpacked(path.read_bytes(), path)
    lines = [
        line for line in decoded(content, Told(), path).utf8.decode("utf-8").splitlines() if line.strip()
    ]
    mark = next((sign for sign in (",", ";", "\t") if sign in lines[0]), None)
    cells = [[cell.strip() for cell in line.split(mark)] for line in lines]
    width = len(cells[0])
    for number, row in enumerate(cells, start=1):
        if len(row) != width:
            raise TapeError(expected(f"{width} values in a row", len(row)), file=path, row=number)
    return pl.DataFrame({f"A{place + 1}": [row[place] for row in cells] for place in range(width)})


def _read(
    frame: pl.DataFrame, path: Path | None, said: list[str], sha256: str, delimiter: str, typed: Sequence[str]
) -> Table:
    numbers: dict[str, Array] = {}
    texts: dict[str, Array] = {}
    dates: dict[str, Array] = {}
    forms: dict[str, str] = {}
    strays: dict[str, tuple[str, ...]] = {}
    frame = frame.select(blanked(frame[name]) for name in frame.columns)
    written = number_forms(frame, delimiter, typed)
    for name in frame.columns:
        column = frame[name]
        check_finite(column, name, path)
        found = numbers_in(column, written[name].form)
        if (words := _words_among(column, found)) is not None:
            numbers[name] = found.fill_null(float("nan")).to_numpy()
            forms[name] = written[name].form
            if len(words):
                strays[name] = tuple(words["text"].sort())
                said.append(_said(name, words))
            if not written[name].told:
                said.append(in_words(written, name))
        elif (form := date_form(column)) is not None:
            dates[name] = days_in(column, form).to_numpy().astype("datetime64[D]")
            forms[name] = form
            if either_order(column, form):
                said.append(f"{name}: days are read as month/day/year; its own texts could be day/month/year")
        else:
            texts[name] = column.to_numpy()
    raw = {name: frame[name].to_numpy() for name in frame.columns}
    return Table(tuple(frame.columns), numbers, texts, dates, raw, tuple(said), sha256, forms, strays)


def blanked(column: pl.Series) -> pl.Series:
    """Return stripped texts, null where one stands for a missing value."""
    text = column.str.strip_chars()
    return text.set(text.str.to_lowercase().is_in(NOTHING).fill_null(False), None)


def _words_among(column: pl.Series, found: pl.Series) -> pl.DataFrame | None:
    """Return the texts among a column's numbers and their counts; None where it is no column of numbers."""
    there, read = len(column) - column.null_count(), len(found) - found.null_count()
    words = column.filter(found.is_null() & column.is_not_null()).alias("text").value_counts(sort=True)
    few = there - read <= STRAY * there or (len(words) <= WORDS and read >= NUMBERS * there)
    return words if read == there or (few and found.n_unique() > MANY) else None


def _said(name: str, words: pl.DataFrame) -> str:
    most = words.sort("count", "text", descending=[True, False]).head(SHOWN)
    told = ", ".join(f"{text!r} ({count:,})" for text, count in most.iter_rows())
    more = " and others" if len(words) > SHOWN else ""
    total = int(words["count"].sum())
    return f"{name}: {total:,} texts among numbers are taken as missing: {told}{more}"


def check_finite(column: pl.Series, name: str, path: Path | None) -> None:
    """Raise TapeError where a text is an infinite number, naming row and column."""
    infinite = column.str.contains(r"^(?i)[+-]?inf(inity)?$").fill_null(False)
    if infinite.any():
        row = int(infinite.arg_max() or 0)
        raise TapeError(expected("finite numbers", str(column[row])), file=path, row=row + 1, field=name)


def plain_numbers(column: pl.Series, name: str, path: Path | None) -> pl.Series:
    """Return the numbers of texts as models without a form read them: a comma before three digits goes.

    Raises
    ------
    TapeError : an infinite number, naming row and column.
    """
    check_finite(column, name, path)
    plain = column.str.replace_all(r"^\$\s*|,(\d{3})", "$1").str.replace(r"\s*%$", "")
    return plain.cast(pl.Float64, strict=False)


def read_dates(column: pl.Series) -> pl.Series | None:
    """Return the days of texts, null where missing; None where they are not all dates of one form."""
    there = column.drop_nulls()
    form = DATES[0] if not len(there) else date_form(column)
    return None if form is None else days_in(column, form)
