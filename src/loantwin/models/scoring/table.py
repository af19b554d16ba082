"""A table of cases as columns of numbers, texts and dates: what a file means before a model sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from loantwin.arrays import Array
from loantwin.book.encodings import decoded
from loantwin.book.layout import Told
from loantwin.book.sniff import EXTRA, open_tape, read_columns
from loantwin.book.unpack import unpacked
from loantwin.errors import TapeError, expected

NOTHING = ("", "?", "na", "n/a", "nan", "null", "none", ".")
"""What stands for a missing value, in small letters."""
DATES = ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%b-%y", "%d-%b-%Y", "%Y/%m/%d")
MONTHS = ("%b-%Y", "%Y-%m", "%m/%Y")
STRAY = 0.05
"""Share of texts among numbers up to which a column is one of numbers, with the texts missing."""

MANY = 20
"""Numbers that differ, at least, in such a column."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Table:
    """Cases in rows.

    numbers : name -> (N,) float64, NaN where missing. texts : name -> (N,) object, None where missing.
    dates : name -> (N,) datetime64[D], NaT where missing. names : in the order of the file. raw : every
    column as text, None where missing. said : what was decided about a column, in words.
    """

    names: tuple[str, ...]
    numbers: Mapping[str, Array]
    texts: Mapping[str, Array]
    dates: Mapping[str, Array]
    raw: Mapping[str, Array]
    said: tuple[str, ...]
    sha256: str

    @property
    def rows(self) -> int:
        """Return how many cases there are."""
        return len(next(iter(self.raw.values())))


def take(table: Table, rows: Array) -> Table:
    """Return some of a table's rows, (M,) their places."""
    parts = ({name: column[rows] for name, column in group.items()} for group in
             (table.numbers, table.texts, table.dates, table.raw))  # fmt: skip
    numbers, texts, dates, raw = parts
    return Table(table.names, numbers, texts, dates, raw, table.said, table.sha256)


def read_table(path: Path) -> Table:
    """Return the cases of a file: text with a header, blank-separated text without one, Excel, Parquet.

    A first line that holds numbers is taken for a case: columns are then A1, A2, ... A column is of numbers
    where all its texts are numbers (up to 5 % others, which become missing, which is said), else of dates
    where all are dates of one form, else of texts. `?`, `NA` and blanks are missing.

    Raises
    ------
    TapeError : a file that is no table, no row, or an infinite number, naming row and column.
    """
    tape = open_tape(path)
    bare = any(_NUMBER.fullmatch(name.strip()) for name in _split(tape.header))
    if bare:
        frame, said = _without_header(path), ["the file has no header: columns are A1, A2, ..."]
    else:
        frame, tape = read_columns(tape, list(tape.header))
        frame, said = frame.drop(EXTRA), list(tape.source.statements)
    if not frame.height:
        raise TapeError(expected("a table with rows", "none"), file=path)
    return _typed(frame, path, said, tape.source.sha256)


def from_frame(frame: pl.DataFrame, said: tuple[str, ...] = ()) -> Table:
    """Return the cases of a Polars frame, read as `read_table` reads a file's.

    Raises
    ------
    TapeError : an infinite number, naming row and column.
    """
    import hashlib

    texts = frame.select(pl.all().cast(pl.String))
    return _typed(texts, None, list(said), hashlib.sha256(texts.write_csv().encode()).hexdigest())


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


def _typed(frame: pl.DataFrame, path: Path | None, said: list[str], sha256: str) -> Table:
    numbers: dict[str, Array] = {}
    texts: dict[str, Array] = {}
    dates: dict[str, Array] = {}
    raw: dict[str, Array] = {}
    for name in frame.columns:
        column = frame[name].str.strip_chars()
        column = column.set(column.str.to_lowercase().is_in(NOTHING).fill_null(False), None)
        raw[name] = column.to_numpy()
        there = column.drop_nulls()
        found = plain_numbers(column, name, path)
        strays = there.len() - int(found.is_not_null().sum())
        if strays == 0 or (strays <= STRAY * there.len() and found.n_unique() > MANY):
            numbers[name] = found.fill_null(float("nan")).to_numpy()
            if strays:
                said.append(f"{name}: {strays:,} texts among numbers are taken as missing")
        elif (read := read_dates(column)) is not None:
            dates[name] = read.to_numpy().astype("datetime64[D]")
        else:
            texts[name] = column.to_numpy()
    return Table(tuple(frame.columns), numbers, texts, dates, raw, tuple(said), sha256)


def plain_numbers(column: pl.Series, name: str, path: Path | None) -> pl.Series:
    """Return the numbers of texts, null where a text is none; money and percent signs are left off.

    Raises
    ------
    TapeError : an infinite number, naming row and column.
    """
    plain = column.str.replace_all(r"^\$\s*|,(\d{3})", "$1").str.replace(r"\s*%$", "")
    infinite = plain.str.contains(r"^(?i)[+-]?inf(inity)?$").fill_null(False)
    if infinite.any():
        row = int(infinite.arg_max() or 0)
        raise TapeError(expected("finite numbers", str(column[row])), file=path, row=row + 1, field=name)
    return plain.cast(pl.Float64, strict=False)


def read_dates(column: pl.Series) -> pl.Series | None:
    """Return the days of texts, null where missing; None where they are not all dates of one form."""
    there = column.drop_nulls()
    for form in (*DATES, *MONTHS):
        text, used = ("01-" + there, f"%d-{form}") if form in MONTHS else (there, form)
        if text.head(50).str.to_date(used, strict=False).is_null().any():
            continue
        if text.str.to_date(used, strict=False).is_null().any():
            continue
        whole = ("01-" + column) if form in MONTHS else column
        return whole.str.to_date(used, strict=False)
    return None
