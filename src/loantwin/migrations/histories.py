"""Rating histories from files: a customer, a time and a rating a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loantwin import arguments as check
from loantwin.arrays import Integers
from loantwin.errors import RiskError, TapeError, choice, expected
from loantwin.migrations.cells import Rows, read_rows
from loantwin.migrations.matrices import DEFAULT_NAMES, WITHDRAWN_NAMES, position
from loantwin.migrations.scales import SCALES, ordered
from loantwin.migrations.times import PERIODS, read_times

CUSTOMER, DATE, RATING = (
    (
        *("customerid", "id", "customer", "customer_id", "borrower", "borrower_id", "obligor", "obligor_id"),
        *("issuer", "issuer_id", "company", "company_id", "client", "client_id", "loan", "loan_id"),
    ),
    ("date", "time", "rating_date", "report_date", "year", "quarter", "month", "period"),
    ("rating", "state", "grade", "rating_grade", "credit_rating"),
)
"""Names of the columns, the first that is there counts; capitals do not matter, blanks are underscores."""
NUMBERED = "ratingnum"
"""A column whose numbers order the ratings."""
MOST_ABOVE = 100
"""Lines among which the header is looked for."""


def is_history(path: Path | str) -> bool:
    """Say whether a file holds rating events (its header names a customer and a date), not a matrix.

    Raises
    ------
    RiskError : a file that cannot be read, or without rows. TapeError : one that is no table.
    ExtraError : an Excel file without the extra `excel`.
    """
    check.kind((Path, str), path=path)
    file = Path(path)
    return not file.name.lower().endswith((".json", ".json.gz")) and _header(read_rows(file)) is not None


@dataclass(frozen=True)
class RatingEvents:
    """E rating events in the order of customer and date.

    customer : (E,) code 0 .. C-1. day : (E,) datetime64[D]. state : (E,) position in `states`. states :
        names, best to worst; default and withdrawn last. last : the last date of the file, up to which a
        rating stands. facts : what was repaired. said : what was assumed where it was read.
    """

    customer: Integers
    day: NDArray[np.datetime64]
    state: Integers
    states: tuple[str, ...]
    last: dt.date
    facts: dict[str, int]
    said: tuple[str, ...] = ()

    @property
    def default(self) -> int | None:
        """Return the position of default."""
        return position(self.states, DEFAULT_NAMES)

    @property
    def withdrawn(self) -> int | None:
        """Return the position of withdrawn."""
        return position(self.states, WITHDRAWN_NAMES)


def read_events(
    path: Path | str, *, states: Sequence[str] | None = None, period: str | None = None
) -> RatingEvents:
    """Return the rating events of a file with a customer, a date and a rating (or state) a row.

    Parameters
    ----------
    path : text, Excel or Parquet, packed or not.
    states : names from best to worst. Without them: the file's column `RatingNum` gives the order where it
        has one; numbers 0 .. K-1 are read in their order (seven grades, D, NR where there are nine); else
        letters by the agencies' scale.
    period : what 1 is where time is a number: year, quarter, month or day; None: told by the size, see
        `times.read_times`.

    Of two events of a customer on one day the later row counts; both rules are counted in `facts`.

    Raises
    ------
    RiskError : a missing column, a bad date, an unknown state; TapeError : no events, or a file that is no
        table. File, row and field are named. UsageError : another `period`. ExtraError : an Excel file
        without the extra `excel`.
    """
    check.kind((Path, str), path=path)
    check.words(**check.given(states=states))
    check.word(**check.given(period=period))
    file = Path(path)
    period = None if period is None else choice(period, tuple(PERIODS), "period")
    rows = read_rows(file)
    place = _header(rows)
    head = [_plain(cell) for cell in rows[place if place is not None else 0]]
    body = [
        [*row, *[""] * (len(head) - len(row))] for row in rows[(place or 0) + 1 :] if sum(map(bool, row)) > 1
    ]
    who, when, what = (_place(head, names, file) for names in (CUSTOMER, DATE, RATING))
    if not body:
        raise TapeError(expected("rating events", "none"), file=file)
    cells = [_whole(row[what]) for row in body]
    labels = tuple(states) if states is not None else _scale(cells, body, head)
    number = {name: place for place, name in enumerate(labels)}
    days, said = read_times([row[when] for row in body], period, file, head[when])
    found: dict[tuple[str, dt.date], int] = {}
    for place, (row, cell, day) in enumerate(zip(body, cells, days, strict=True), start=1):
        name = _named(cell, labels, states is None)
        if name not in number:
            raise RiskError(
                expected("one of " + ", ".join(labels), cell), file=file, row=place, field=head[what]
            )
        found[(_whole(row[who]), day)] = number[name]
    return _arranged(found, labels, len(body), said)


def _header(rows: Rows) -> int | None:
    """Return the place of the line that names a customer and a date."""
    for place, row in enumerate(rows[:MOST_ABOVE]):
        names = {_plain(cell) for cell in row}
        if names & set(CUSTOMER) and names & set(DATE):
            return place
    return None


def _plain(name: str) -> str:
    return name.lower().replace(" ", "_")


def _place(head: Sequence[str], names: Sequence[str], file: Path) -> int:
    place = next((head.index(name) for name in names if name in head), None)
    if place is None:
        raise RiskError(
            expected("a column named " + " or ".join(names), ", ".join(head)), file=file, field=names[0]
        )
    return place


def _whole(cell: str) -> str:
    """Return a whole number that a typed file holds as 7.0 as people write it."""
    return cell[:-2] if cell.endswith(".0") and cell[:-2].isdigit() else cell


def _scale(cells: Sequence[str], body: Rows, head: Sequence[str]) -> tuple[str, ...]:
    """Return the names of states from best to worst, default and withdrawn last."""
    seen = {cell for cell in cells if cell}
    if all(name.isdigit() for name in seen):
        size = max(map(int, seen), default=0) + 1
        return SCALES.get(size, tuple(str(place) for place in range(size)))
    if NUMBERED not in head:
        return ordered(seen)
    place = head.index(NUMBERED)
    return ordered(seen, {cell: float(row[place]) for cell, row in zip(cells, body, strict=True) if cell})


def _named(cell: str, labels: tuple[str, ...], numbers: bool) -> str:
    known = numbers and cell.isdigit() and cell not in labels and int(cell) < len(labels)
    return labels[int(cell)] if known else cell


def _arranged(
    found: dict[tuple[str, dt.date], int], labels: tuple[str, ...], rows: int, said: tuple[str, ...]
) -> RatingEvents:
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
        said=said,
    )
