"""Published matrices from files.

Text, Excel, Parquet or JSON; decimal, percent or numbers of customers (told by the sums of the rows), one
horizon or several; with names of the states or without; or a row a pair of states.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected
from loantwin.migrations.cells import (
    Rows,
    first_table,
    is_number,
    numbers_of,
    read_rows,
    text_of,
    unpacked_file,
)
from loantwin.migrations.matrices import DEFAULT_NAMES, PUBLISHED, WITHDRAWN_NAMES, Matrix, matrix, position
from loantwin.migrations.scales import SCALES, ordered

PAIRS = (
    ("from", "from_state", "from state", "start"),
    ("to", "to_state", "to state", "end"),
    ("count", "number", "n", "transitions", "customers", "probability", "prob", "share", "value"),
)
"""Columns of a file with one row a pair of states."""
_DATE = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}|^\d{1,2}[./]\d{1,2}[./]\d{2,4}$")
COUNTED = "cells were read as numbers of customers: rows were divided by their sums"


def read_matrices(
    path: Path | str,
    *,
    states: Sequence[str] | None = None,
    horizons: Sequence[float] | None = None,
    rest: str | None = None,
) -> tuple[Matrix, ...]:
    """Return the matrices of a file, one a horizon.

    Parameters
    ----------
    path : text, Excel or Parquet with a row a state (with names, or without) or a row a pair of states (from,
        to, count or probability), the agencies' multi-year form (`From States, To States, Periods, Tenor
        ...`), or JSON of nested lists. states : names, where the file has none (eight
        or nine states are read as AAA to D, NR). horizons : years of each matrix, where the file tells none
        (default 1, 2, 3, ...).
    rest : name of a state that takes what each row lacks of one (some files leave the withdrawn column out);
        None: such a row is an error.

    A default or withdrawn row that the file leaves out is added as absorbing. Percent is told from decimals
    by the rows' sums, numbers of customers by whole cells whose rows sum to neither.

    Raises
    ------
    RiskError : a file that is no matrix; the error names file and row. TapeError : one that is no table.
    ExtraError : an Excel file without the extra `excel`.
    """
    check.kind((Path, str), path=path)
    check.words(**check.given(states=states))
    check.each((int, float), **check.given(horizons=horizons))
    check.word(**check.given(rest=rest))
    file = Path(path)
    if file.name.lower().endswith((".json", ".json.gz")):
        found, names, years = _from_json(text_of(unpacked_file(file), file), file), None, None
    else:
        rows = read_rows(file)
        head = next(place for place, row in enumerate(rows) if any(row))
        if rows[head][0].lower() == "from states":
            found, names, years = _from_tenors([row for row in rows[head:] if row], file)
        else:
            found, names, years = _from_table(first_table(rows), file)
    labels = tuple(states) if states is not None else names or _scale(found.shape[2], file)
    given = tuple(horizons) if horizons is not None else years or tuple(range(1, len(found) + 1))
    if len(labels) != found.shape[2]:
        raise RiskError(expected(f"{found.shape[2]} names of states", len(labels)), file=file, field="states")
    if rest in labels:
        raise RiskError(
            expected("a state that the file leaves out", rest) + "; the file has it: leave `rest` out",
            file=file,
            field="rest",
        )
    if len(given) != len(found):
        raise RiskError(expected(f"{len(found)} horizons", len(given)), file=file, field="horizons")
    counted = _as_shares(found) if rest is None else None
    percent = float(np.median(found[0].sum(axis=1))) > 10
    found = counted if counted is not None else found / (100.0 if percent else 1.0)
    made = [_completed(cells, labels, file) for cells in found]
    if rest is not None:
        made, labels = [_with_rest(cells) for cells in made], (*labels, rest)
    return tuple(
        replace(
            matrix(cells, labels, float(year), tolerance=PUBLISHED, file=file),
            said=() if counted is None else (COUNTED,),
        )
        for cells, year in zip(made, given, strict=True)
    )


def _with_rest(cells: Floats) -> Floats:
    """Add an absorbing state that takes what rows lack of one; less than the tolerance is left alone."""
    lacking = 1 - cells.sum(axis=1)
    lacking = np.where(lacking > PUBLISHED, lacking, 0.0)
    return np.block([[cells, lacking[:, None]], [np.zeros((1, len(cells))), np.ones((1, 1))]])


def _as_shares(found: Floats) -> Floats | None:
    """Return rows of numbers of customers divided by their sums; None where cells are no such numbers."""
    sums = found.sum(axis=2)
    filled = sums > 0
    shares = any((np.abs(sums[filled] / whole - 1) <= PUBLISHED).all() for whole in (1.0, 100.0))
    if shares or (found < 0).any() or (found != np.floor(found)).any():
        return None
    return found / np.where(filled, sums, 1.0)[:, :, None]


def _scale(size: int, file: Path) -> tuple[str, ...]:
    if size not in SCALES:
        raise RiskError(
            expected("names of the states (`states`)", f"{size} states without names"),
            file=file,
            field="states",
        )
    return SCALES[size]


def _from_json(text: str, file: Path) -> Floats:
    try:
        found = np.asarray(json.loads(text), dtype=np.float64)
    except (json.JSONDecodeError, ValueError, TypeError) as error:
        raise RiskError(
            expected("nested lists of numbers, all of one length", "something else"), file=file
        ) from error
    if found.ndim == 2:
        found = found[None]
    if found.ndim != 3 or not found.size:
        raise RiskError(expected("one matrix or a list of matrices", f"shape {found.shape}"), file=file)
    return found


def _from_tenors(rows: Rows, file: Path) -> tuple[Floats, None, tuple[float, ...]]:
    """Read the agencies' form: counts and tenors in the second line, then one block of rows a tenor."""
    head = numbers_of(rows[1:2], file, 2)[0]
    size, width, periods = (int(value) for value in head[:3])
    body = numbers_of([row[:width] for row in rows[2:]], file, 3)
    if len(body) != size * periods or any(len(row) != width for row in body):
        raise RiskError(
            expected(f"{periods} blocks of {size} rows of {width} cells", f"{len(body)} rows"), file=file
        )
    return np.array(body).reshape(periods, size, width), None, tuple(head[3 : 3 + periods])


def _from_table(rows: Rows, file: Path) -> tuple[Floats, tuple[str, ...] | None, None]:
    """Read one table: a row a pair of states, or a row a state with or without header and names at the
    left.
    """
    names = [cell.lower() for cell in rows[0]]
    if any(_DATE.search(cell) for row in rows[1:2] for cell in row):
        wanted = "a matrix, or a history with columns like customer, date and rating"
        raise RiskError(expected(wanted, "a header with " + ", ".join(rows[0][:20])), file=file)
    places = [next((names.index(name) for name in wanted if name in names), -1) for wanted in PAIRS]
    if min(places) >= 0:
        return _from_pairs([[*row, "", "", ""] for row in rows[1:]], places, file)
    return _from_square(rows, file)


def _from_pairs(rows: Rows, places: Sequence[int], file: Path) -> tuple[Floats, tuple[str, ...], None]:
    start, end, value = ([row[place] for row in rows] for place in places)
    labels = ordered({*start, *end})
    cells = np.zeros((len(labels), len(labels)))
    found = [item[0] for item in numbers_of([[cell] for cell in value], file, 2)]
    for place, (one, other, cell) in enumerate(zip(start, end, found, strict=True), 2):
        if cells[labels.index(one), labels.index(other)]:
            raise RiskError(
                expected("each pair of states once", f"{one}, {other} twice"), file=file, row=place
            )
        cells[labels.index(one), labels.index(other)] = cell
    return cells[None], labels, None


def _from_square(rows: Rows, file: Path) -> tuple[Floats, tuple[str, ...] | None, None]:
    first, at_left = rows[0], [row[0] for row in rows]
    named = len(rows) > 1 and first[1 : len(rows)] == at_left[1:]
    labelled = named or not is_number(first[0])  # the header's corner, or the name of the first row
    header = named or (labelled and len(first) > 1 and not is_number(first[1]))
    plain = not labelled and first == [str(place) for place in range(len(first))]
    body = rows[1:] if header or plain else rows
    start = 2 if header or plain else 1
    if header:  # publishers print nothing where nobody went; the rows' sums tell a blank from a gap
        body = [[cell or "-" for cell in [*row, *[""] * (len(first) - len(row))]] for row in body]
    cells = numbers_of([row[1:] if labelled else row for row in body], file, start) if body else []
    width = len(cells[0]) if cells else 0
    for place, row in enumerate(cells):
        if len(row) != width:
            raise RiskError(expected(f"{width} cells", len(row)), file=file, row=place + 1)
    if not width:
        raise RiskError(expected("rows of a matrix", "none"), file=file)
    names = None
    if labelled:
        at_left = [row[0] for row in body]
        names = tuple(first[1:]) if header else tuple(at_left) + (("D",) if width == len(body) + 1 else ())
        if header and list(names[: len(at_left)]) != at_left:
            raise RiskError(
                expected("rows in the order of the columns", f"{at_left}"), file=file, field="from"
            )
    return np.array(cells)[None], names, None


def _completed(cells: Floats, labels: tuple[str, ...], file: Path) -> Floats:
    """Add the rows of default and withdrawn, which publishers leave out or empty, as absorbing."""
    missing = len(labels) - len(cells)
    absorbing = {position(labels, DEFAULT_NAMES), position(labels, WITHDRAWN_NAMES)}
    absent = set(range(len(cells), len(labels)))
    if missing and not absent <= absorbing:
        raise RiskError(
            expected(f"a row for each of {len(labels)} states", len(cells)), file=file, field="states"
        )
    made = np.concatenate([cells, np.eye(len(labels))[len(cells) :]])
    empty = [place for place in absorbing if place is not None and not made[place].any()]
    made[empty, empty] = 1.0
    return made
