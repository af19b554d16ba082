"""Published matrices and rating histories from files.

Matrices: CSV or JSON, decimal or percent (told by the sums of the rows), one horizon or several; with names
of the states or without. Histories: CSV with customer, date and rating.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loantwin.arrays import Floats, Integers
from loantwin.errors import RiskError, TapeError, expected
from loantwin.migrations.matrices import DEFAULT_NAMES, PUBLISHED, WITHDRAWN_NAMES, Matrix, matrix, position

SCALES: dict[int, tuple[str, ...]] = {
    8: ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "D"),
    9: ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "D", "NR"),
}
"""Names taken where a file of this many states has none: the agencies' scale of whole grades."""
CUSTOMER, DATE, RATING = (
    ("customerid", "id", "customer", "customer_id"),
    ("date", "time"),
    ("rating", "state"),
)
DATE_FORMS = ("%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y")


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
    path : CSV with a row a state (with names, or without), the agencies' multi-year form (`From States, To
        States, Periods, Tenor ...`), or JSON of nested lists. states : names, where the file has none (eight
        or nine states are read as AAA to D, NR). horizons : years of each matrix, where the file tells none
        (default 1, 2, 3, ...).
    rest : name of a state that takes what each row lacks of one (some files leave the withdrawn column out);
        None: such a row is an error.

    A default or withdrawn row that the file leaves out is added as absorbing. Percent is told from decimals
    by the rows' sums.

    Raises
    ------
    RiskError : a file that is no matrix; the error names file and row.
    """
    file = Path(path)
    text = _text(file)
    if file.suffix.lower() == ".json":
        found, names, years = _from_json(text, file), None, None
    else:
        rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines())]
        if not rows:
            raise RiskError(expected("rows of a matrix", "an empty file"), file=file)
        multi = rows[0][0].lower() == "from states"
        found, names, years = _from_tenors(rows, file) if multi else _from_square(rows, file)
    labels = tuple(states) if states is not None else names or _scale(found.shape[2], file)
    given = tuple(horizons) if horizons is not None else years or tuple(range(1, len(found) + 1))
    if len(labels) != found.shape[2]:
        raise RiskError(expected(f"{found.shape[2]} names of states", len(labels)), file=file, field="states")
    if len(given) != len(found):
        raise RiskError(expected(f"{len(found)} horizons", len(given)), file=file, field="horizons")
    scale = 100.0 if float(np.median(found[0].sum(axis=1))) > 10 else 1.0
    made = [_completed(cells / scale, labels, file) for cells in found]
    if rest is not None:
        made, labels = [_with_rest(cells) for cells in made], (*labels, rest)
    return tuple(
        matrix(cells, labels, float(year), tolerance=PUBLISHED, file=file)
        for cells, year in zip(made, given, strict=True)
    )


def _with_rest(cells: Floats) -> Floats:
    """Add an absorbing state that takes what rows lack of one; less than the tolerance is left alone."""
    lacking = 1 - cells.sum(axis=1)
    lacking = np.where(lacking > PUBLISHED, lacking, 0.0)
    return np.block([[cells, lacking[:, None]], [np.zeros((1, len(cells))), np.ones((1, 1))]])


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RiskError(expected("a text file in UTF-8", "other bytes"), file=file) from error


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


def _from_tenors(rows: list[list[str]], file: Path) -> tuple[Floats, None, tuple[float, ...]]:
    """Read the agencies' form: counts and tenors in the second line, then one block of rows a tenor."""
    head = _numbers(rows[1:2], file, 2)[0]
    size, width, periods = (int(value) for value in head[:3])
    body = _numbers([row[:width] for row in rows[2:] if any(row)], file, 3)
    if len(body) != size * periods or any(len(row) != width for row in body):
        raise RiskError(
            expected(f"{periods} blocks of {size} rows of {width} cells", f"{len(body)} rows"), file=file
        )
    return np.array(body).reshape(periods, size, width), None, tuple(head[3 : 3 + periods])


def _from_square(rows: list[list[str]], file: Path) -> tuple[Floats, tuple[str, ...] | None, None]:
    """Read one table, with or without header and names at the left; it ends at the first blank line."""
    first = rows[0]
    labelled = not _is_number(first[0])  # the header's corner, or the name of the first row
    header = labelled and len(first) > 1 and not _is_number(first[1])
    plain = not labelled and first == [str(place) for place in range(len(first))]
    body = rows[1:] if header or plain else rows
    body = body[: next((place for place, row in enumerate(body) if not any(row)), len(body))]
    start = 2 if header or plain else 1
    cells = _numbers([row[1:] if labelled else row for row in body], file, start)
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


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _numbers(rows: list[list[str]], file: Path, start: int) -> list[list[float]]:
    made = []
    for place, row in enumerate(rows):
        while row and not row[-1]:
            row = row[:-1]
        for cell in row:
            if not _is_number(cell):
                raise RiskError(expected("a number", cell), file=file, row=place + start)
        made.append([float(cell) for cell in row])
    return made


def _completed(cells: Floats, labels: tuple[str, ...], file: Path) -> Floats:
    """Add the rows of default and withdrawn, which publishers leave out, as absorbing."""
    missing = len(labels) - len(cells)
    absorbing = {position(labels, DEFAULT_NAMES), position(labels, WITHDRAWN_NAMES)}
    absent = set(range(len(cells), len(labels)))
    if missing and not absent <= absorbing:
        raise RiskError(
            expected(f"a row for each of {len(labels)} states", len(cells)), file=file, field="states"
        )
    return np.concatenate([cells, np.eye(len(labels))[len(cells) :]]) if missing else cells


def is_history(path: Path | str) -> bool:
    """Say whether a file holds rating events (its header names a customer and a date), not a matrix.

    Raises
    ------
    RiskError : a file that is not UTF-8.
    """
    file = Path(path)
    if file.suffix.lower() == ".json":
        return False
    lines = _text(file).splitlines()
    header = {cell.strip().lower() for cell in next(csv.reader(lines[:1]), [])}
    return bool(header & set(CUSTOMER)) and bool(header & set(DATE))


@dataclass(frozen=True)
class RatingEvents:
    """E rating events in the order of customer and date.

    customer : (E,) code 0 .. C-1. day : (E,) datetime64[D]. state : (E,) position in `states`. states :
        names, best to worst; default and withdrawn last. last : the last date of the file, up to which a
        rating stands. facts : what was repaired.
    """

    customer: Integers
    day: NDArray[np.datetime64]
    state: Integers
    states: tuple[str, ...]
    last: dt.date
    facts: dict[str, int]

    @property
    def default(self) -> int | None:
        """Return the position of default."""
        return position(self.states, DEFAULT_NAMES)

    @property
    def withdrawn(self) -> int | None:
        """Return the position of withdrawn."""
        return position(self.states, WITHDRAWN_NAMES)


def read_events(path: Path | str, *, states: Sequence[str] | None = None) -> RatingEvents:
    """Return the rating events of a CSV file with a customer, a date and a rating (or state) a row.

    Parameters
    ----------
    states : names from best to worst. Without them: the file's column `RatingNum` gives the order where it
        has one; numbers 0 .. K-1 are read in their order (seven grades, D, NR where there are nine); else
        letters by the agencies' scale.

    Of two events of a customer on one day the later row counts; both rules are counted in `facts`.

    Raises
    ------
    RiskError : a missing column, a bad date, an unknown state; TapeError : an empty file. File, row and field
        are named.
    """
    file = Path(path)
    rows = list(csv.DictReader(_text(file).splitlines()))
    if not rows:
        raise TapeError(expected("rating events", "none"), file=file)
    column = {str(name).lower(): str(name) for name in rows[0]}
    who, when, what = (_column(column, names, file) for names in (CUSTOMER, DATE, RATING))
    labels = tuple(states) if states is not None else _ordered(rows, what, column.get("ratingnum"))
    number = {name: place for place, name in enumerate(labels)}
    found: dict[tuple[str, dt.date], int] = {}
    for place, row in enumerate(rows, start=1):
        name = _named(row[what], labels, states is None)
        if name not in number:
            raise RiskError(
                expected("one of " + ", ".join(labels), row[what]), file=file, row=place, field=what
            )
        found[(row[who], _day(row[when], file, place, when))] = number[name]
    return _arranged(found, labels, len(rows))


def _column(columns: dict[str, str], names: Sequence[str], file: Path) -> str:
    name = next((columns[name] for name in names if name in columns), None)
    if name is None:
        raise RiskError(
            expected("a column named " + " or ".join(names), ", ".join(columns)), file=file, field=names[0]
        )
    return name


def _day(text: str, file: Path, row: int, field: str) -> dt.date:
    for form in DATE_FORMS:
        try:
            return dt.datetime.strptime((text or "").strip(), form).date()
        except ValueError:
            continue
    raise RiskError(
        expected("a date like 2001-12-31 or 31-12-2001", text or ""), file=file, row=row, field=field
    )


def _ordered(rows: list[dict[str, Any]], what: str, numbered: str | None) -> tuple[str, ...]:
    """Return the names of states from best to worst, default and withdrawn last."""
    seen = {row[what].strip() for row in rows if row[what]}
    if all(name.isdigit() for name in seen):
        size = max(map(int, seen)) + 1
        return SCALES.get(size, tuple(str(place) for place in range(size)))
    rank = (
        {row[what].strip(): int(row[numbered]) for row in rows}
        if numbered
        else {name: _letter(name) for name in seen}
    )
    last = {name: place + 1 for place, name in enumerate((*DEFAULT_NAMES, *WITHDRAWN_NAMES))}
    return tuple(sorted(seen, key=lambda name: (last.get(name, 0), rank[name], name)))


def _letter(name: str) -> tuple[int, int]:
    grade = name.rstrip("+-")
    scale = SCALES[8]
    sign = {"+": -1, "-": 1}.get(name[len(grade) :], 0)
    return (scale.index(grade) if grade in scale else len(scale), sign)


def _named(cell: str, labels: tuple[str, ...], numbers: bool) -> str:
    text = (cell or "").strip()
    return (
        labels[int(text)]
        if numbers and text.isdigit() and text not in labels and int(text) < len(labels)
        else text
    )


def _arranged(found: dict[tuple[str, dt.date], int], labels: tuple[str, ...], rows: int) -> RatingEvents:
    names = sorted({who for who, _ in found}, key=lambda name: (len(name), name))
    code = {name: place for place, name in enumerate(names)}
    ordered = sorted(found.items(), key=lambda item: (code[item[0][0]], item[0][1]))
    return RatingEvents(
        customer=np.array([code[key[0]] for key, _ in ordered], dtype=np.int64),
        day=np.array([key[1] for key, _ in ordered], dtype="datetime64[D]"),
        state=np.array([state for _, state in ordered], dtype=np.int64),
        states=labels,
        last=max(key[1] for key in found),
        facts={
            "events": rows,
            "customers": len(names),
            "two events on one day, the later row taken": rows - len(found),
        },
    )
