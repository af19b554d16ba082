"""Files of ratings as rows of cells: text, Excel and Parquet, packed or not, read as tapes are."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.book.columnar import as_text, read_parquet
from loantwin.book.encodings import decoded
from loantwin.book.layout import Told
from loantwin.book.mapping_parts import ColumnSource
from loantwin.book.numbers import any_number
from loantwin.book.sheets import read_workbook
from loantwin.book.sniff import OLD_WORKBOOK, check_text
from loantwin.book.unpack import unpacked
from loantwin.errors import RiskError, expected

Rows = list[list[str]]

MARKS = (";", "\t", "|", ",")
"""What may stand between cells; the comma last, since it may be a decimal mark beside the others."""

NOTHING = ("-", "–", "—", "−")
"""How tables write that no customer moved."""

_AS_NUMBER = ColumnSource("cell", unit="number")
_COMMA_GROUPS = re.compile(r"[1-9]\d{0,2}(,\d{3})+(\.\d*)?")


def unpacked_file(file: Path) -> bytes:
    """Return what a file holds, unpacked.

    Raises
    ------
    RiskError : a file that cannot be read. TapeError : an archive that cannot be read as one file.
    """
    check.kind(Path, file=file)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise RiskError(expected("a readable file", error.strerror), file=file) from error
    return unpacked(content, file)[0]


def text_of(content: bytes, file: Path) -> str:
    """Return a file's text, whatever its encoding.

    Raises
    ------
    TapeError : no text, or one whose encoding cannot be told.
    """
    check.kind(bytes, content=content)
    check.kind(Path, file=file)
    check_text(content, file)
    return decoded(content, Told(), file).utf8.decode("utf-8")


def read_rows(file: Path) -> Rows:
    """Return the rows of a file, blank lines too, their cells stripped and cut off behind the last one.

    Raises
    ------
    RiskError : a file that cannot be read, or without rows. TapeError : one that is no table.
    ExtraError : an Excel file without the extra `excel`.
    """
    check.kind(Path, file=file)
    content = unpacked_file(file)
    if content[:4] == b"PAR1":
        table, _ = read_parquet(content, file)
        rows = [list(table.columns), *_rows_of(table)]
    elif content[:4] == b"PK\x03\x04" or content[:8] == OLD_WORKBOOK:
        rows = _rows_of(read_workbook(content, Told(header_row=0), file).rows)
    else:
        rows = _split(text_of(content, file), file)
    if not any(map(any, rows)):
        raise RiskError(expected("rows of a table", "an empty file"), file=file)
    return [_cut(row) for row in rows]


def first_table(rows: Rows) -> Rows:
    """Return the rows from the first of two cells or more to the next blank line, without notes there."""
    check.each(list, rows=rows)
    start = next((place for place, row in enumerate(rows) if sum(map(bool, row)) > 1), 0)
    end = next((place for place in range(start, len(rows)) if not any(rows[place])), len(rows))
    while end - start > 1 and sum(map(bool, rows[end - 1])) == 1 and not any(map(is_number, rows[end - 1])):
        end -= 1
    return rows[start:end]


def numbers_of(rows: Rows, file: Path, start: int) -> list[Floats]:
    """Return the cells of rows as numbers, percent signs and marks of thousands understood.

    Parameters
    ----------
    start : number of the first row, for the words of the error.

    Raises
    ------
    RiskError : a cell that is no number, naming its row.
    """
    check.each(list, rows=rows)
    check.kind(Path, file=file)
    check.count(0, start=start)
    cells = ["0" if cell in NOTHING else cell for row in rows for cell in row]
    values = any_number(pl.Series("text", cells, dtype=pl.String), _AS_NUMBER, _decimal(cells))
    found = np.split(values.to_numpy().astype(np.float64), np.cumsum([len(row) for row in rows])[:-1])
    for place, numbers in enumerate(found):
        for cell in np.flatnonzero(~np.isfinite(numbers)):
            raise RiskError(expected("a number", rows[place][cell]), file=file, row=place + start)
    return found


def is_number(cell: str) -> bool:
    """Say whether a cell holds a number, as tables write them."""
    check.word(cell=cell)
    return bool(
        re.fullmatch(r"[-+]?[\d.,' \u00a0\u202f]*\d[\d.,' \u00a0\u202f]*(e[-+]?\d+)?\s*%?", cell, re.I)
    )


def _rows_of(table: pl.DataFrame) -> Rows:
    texts = [as_text(table[name]).fill_null("").str.strip_chars() for name in table.columns]
    return [list(row) for row in pl.DataFrame(texts).iter_rows()]


def _split(text: str, file: Path) -> Rows:
    lines = text.splitlines()
    first = next((place for place, line in enumerate(lines) if line.strip()), 0)
    stated = re.fullmatch(r'"?sep=(.|\\t)"?\s*', lines[first].strip(), re.IGNORECASE) if lines else None
    if stated:
        mark = "\t" if stated[1] == "\\t" else stated[1]
        text = "\n".join(lines[first + 1 :])
    else:
        filled = [line for line in lines if line.strip()]
        mark = next((mark for mark in MARKS if 2 * sum(mark in line for line in filled) > len(filled)), ",")
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=mark)]
    except csv.Error as error:
        raise RiskError(expected("rows of cells", str(error)), file=file) from error


def _cut(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row = row[:-1]
    return row


def _decimal(cells: Sequence[str]) -> str:
    """Return the decimal mark: a comma where one cell says so that cannot be a mark of thousands."""
    with_comma = [cell.strip("% +-") for cell in cells if "," in cell]
    if any("." in cell and cell.rfind(".") > cell.rfind(",") for cell in with_comma):
        return "."
    return "," if any(not _COMMA_GROUPS.fullmatch(cell) for cell in with_comma) else "."
