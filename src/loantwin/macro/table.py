"""Delimited macro files as text: rows, dates and numbers, every fault named by file, row and field."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.errors import ScenarioError, expected

_QUARTER = re.compile(r"(\d{4})[ \-]?[Qq]([1-4])")
_ISO = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")


@dataclass(frozen=True)
class TextTable:
    """A file's cells: header (C,) of stripped names, rows of cells, and each row's number in the file."""

    path: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]

    def column(self, position: int) -> list[str]:
        """Return the cells of one column."""
        return [row[position] for row in self.rows]


def read_bytes(path: Path) -> tuple[bytes, str]:
    """Return a file's bytes and their sha256.

    Raises
    ------
    ScenarioError : a file that cannot be read, or an empty one.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"expected a readable macro file, was: {error.strerror}", file=path) from error
    if not content.strip():
        raise ScenarioError(expected("a macro file with a header and rows", "an empty file"), file=path)
    return content, hashlib.sha256(content).hexdigest()


def decoded(content: bytes, path: Path) -> str:
    """Return the text of a UTF-8 file, with or without a byte-order mark.

    Raises
    ------
    ScenarioError : bytes that are not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(
            f"expected UTF-8 text, was a file with byte {content[error.start]:#x} in it", file=path
        ) from error


def split(text: str, path: Path) -> TextTable:
    """Return the cells of a comma-separated file; blank lines are passed over.

    Raises
    ------
    ScenarioError : binary content, broken quotes, an empty file, a header only, fewer than two columns, a
        column twice, or a row of another length.
    """
    if "\0" in text:
        raise ScenarioError(expected("comma-separated text", "a binary file"), file=path)
    try:
        lines = [
            tuple(cell.strip() for cell in row)
            for row in csv.reader(io.StringIO(text, newline=""), strict=True)
        ]
    except csv.Error as error:
        raise ScenarioError(f"expected comma-separated text, was: {error}", file=path) from error
    kept = [(number, row) for number, row in enumerate(lines) if any(row)]
    if not kept:
        raise ScenarioError(expected("a macro file with a header and rows", "an empty file"), file=path)
    header, body = kept[0][1], kept[1:]
    if len(header) < 2:
        raise ScenarioError(
            expected(
                "comma-separated columns, a date and at least one factor", f"one column {header[0][:60]!r}"
            ),
            file=path,
        )
    if not body:
        raise ScenarioError(expected("rows below the header", "a header only"), file=path)
    for position, name in enumerate(header):
        if name in header[:position]:
            raise ScenarioError(expected("every column once", "a second column"), file=path, field=name)
    for number, row in body:
        if len(row) != len(header):
            raise ScenarioError(
                expected(f"{len(header)} cells as in the header", f"{len(row)}"),
                file=path,
                row=number - kept[0][0],
            )
    return TextTable(
        str(path), header, tuple(row for _, row in body), tuple(number - kept[0][0] for number, _ in body)
    )


def number(text: str, path: str, row: int, field: str) -> float:
    """Return a cell as a finite float; an empty cell is NaN, 'not published'.

    Raises
    ------
    ScenarioError : a text that is no number, NaN or infinity.
    """
    if text == "":
        return math.nan
    try:
        value = float(text)
    except ValueError as error:
        raise ScenarioError(
            expected("a number or an empty cell", text), file=path, row=row, field=field
        ) from error
    if not math.isfinite(value):
        raise ScenarioError(
            expected("a finite number or an empty cell", text), file=path, row=row, field=field
        )
    return value


def numbers(table: TextTable, positions: Sequence[int]) -> Floats:
    """Return the cells of some columns as (rows, columns) float64."""
    cells = [
        [number(row[position], table.path, line, table.header[position]) for position in positions]
        for line, row in zip(table.numbers, table.rows, strict=True)
    ]
    return np.array(cells, dtype=np.float64).reshape(len(table.rows), len(positions))


def parse_date(text: str, path: str, row: int | None, field: str) -> tuple[int, bool]:
    """Return the month a date lies in (a quarter's first month) and whether it was written as a quarter.

    Raises
    ------
    ScenarioError : another form.
    """
    quarter = _QUARTER.fullmatch(text)
    if quarter:
        return 12 * int(quarter[1]) + 3 * (int(quarter[2]) - 1), True
    iso = _ISO.fullmatch(text)
    if iso and 1 <= int(iso[2]) <= 12 and (iso[3] is None or 1 <= int(iso[3]) <= 31):
        return 12 * int(iso[1]) + int(iso[2]) - 1, False
    raise ScenarioError(
        expected("a date like 2025-03, 2025-03-01 or 2025 Q1", text), file=path, row=row, field=field
    )


def periods(texts: Sequence[str], path: str, rows: Sequence[int], field: str) -> tuple[int, int]:
    """Return first month and months a period of evenly spaced dates; gaps, repeats, steps back are refused.

    Quarterly dates may be any day of the quarter (public series give its first day).

    Raises
    ------
    ScenarioError : dates written in two ways, one month alone, steps other than a month or a quarter, or a
        gap, repeat or step back, by row.
    """
    parsed = [parse_date(text, path, row, field) for text, row in zip(texts, rows, strict=True)]
    starts = [month for month, _ in parsed]
    quarterly = [written for _, written in parsed]
    if len(set(quarterly)) > 1:
        place = quarterly.index(not quarterly[0])
        raise ScenarioError(
            expected("dates written alike", texts[place]), file=path, row=rows[place], field=field
        )
    if len(starts) == 1 and not quarterly[0]:
        raise ScenarioError(
            expected("two rows or more, or a quarter such as 2025 Q1, to tell the frequency", texts[0]),
            file=path,
            field=field,
        )
    steps = [after - before for before, after in pairwise(starts)]
    positive = sorted(step for step in steps if step > 0)
    step = 3 if quarterly[0] else (positive[len(positive) // 2] if positive else 1)
    if step not in (1, 3):
        raise ScenarioError(
            expected("monthly or quarterly dates", f"dates {step} months apart"), file=path, field=field
        )
    for place, found in enumerate(steps, start=1):
        if found != step:
            wanted = months.label(starts[place - 1] + step)
            fault = "the same date again" if found == 0 else "a date out of order" if found < 0 else "a gap"
            raise ScenarioError(
                f"expected {wanted} after {texts[place - 1]!r}, was {texts[place]!r}: {fault}",
                file=path,
                row=rows[place],
                field=field,
            )
    return starts[0] - (starts[0] % 3 if step == 3 else 0), step
