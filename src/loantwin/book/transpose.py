"""Files whose fields lie in rows and whose loans lie in columns, as ESMA's templates are often filled in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from loantwin.book.layout import DELIMITERS, MOST_ABOVE, Told, clean_name, score, split
from loantwin.errors import TapeError, expected

MOST_CELLS = 20_000_000
"""Cells beyond which a file is not turned over in memory."""


def turned(text: bytes, told: Told, path: Path) -> tuple[bytes, str]:
    """Return a file of fields in rows as rows of loans (CSV with commas), and which column named the fields.

    Parameters
    ----------
    told : `loans_from` is the first column of a loan, from 1; of the columns before it, the one with most of
    the
        wanted names, else the first, names the fields.

    Raises
    ------
    TapeError : too large a file, one without such columns, or quotes that do not pair up.
    """
    lines = text.decode("utf-8").splitlines()
    delimiter = told.delimiter or _delimiter_of(lines[:MOST_ABOVE], told)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise TapeError(f"expected rows of fields, was: {error}", file=path) from error
    return turned_rows(rows, told, path)


def _delimiter_of(lines: Sequence[str], told: Told) -> str:
    """Return the mark that cuts out most of the wanted names, of equals the one that cuts most often."""
    cells = {mark: [cell for line in lines for cell in split(line, mark)] for mark in DELIMITERS}
    return max(DELIMITERS, key=lambda mark: (score(cells[mark], told), len(cells[mark])))


def turned_rows(cells: Iterable[Sequence[str]], told: Told, path: Path) -> tuple[bytes, str]:
    """Return what `turned` does, of rows already split into cells.

    Raises
    ------
    TapeError : too large a table, or one without such columns.
    """
    first = (told.loans_from or 2) - 1
    rows = [row for row in cells if any(cell.strip() for cell in row)]
    width = max((len(row) for row in rows), default=0)
    if width <= first or width * len(rows) > MOST_CELLS:
        was = f"{len(rows):,} rows of {width:,} columns"
        raise TapeError(
            expected(f"loans from column {first + 1} on", was), file=path, field="loans_from_column"
        )
    columns = [[row[place] if place < len(row) else "" for row in rows] for place in range(first)]
    names = max(columns, key=lambda cells: score(cells, told))
    named = [place for place, name in enumerate(names) if clean_name(name)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names[place] for place in named)
    for loan in range(first, width):
        writer.writerow(rows[place][loan] if loan < len(rows[place]) else "" for place in named)
    return out.getvalue().encode(), f"fields lie in rows and loans in columns, from column {first + 1} on"
