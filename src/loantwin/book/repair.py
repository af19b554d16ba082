"""Rows taken apart by broken quotes, put together again where there is exactly one way to read them."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import polars as pl

from loantwin.arrays import Flags, Integers
from loantwin.book.layout import DELIMITERS
from loantwin.book.mapping import ColumnSource, TapeFormat
from loantwin.book.parse import parse
from loantwin.book.sniff import RawTape, fields_of, raw_lines

MOST_ROWS = 2000
"""Broken rows beyond this many are left refused: such a tape has another trouble than stray quotes."""

_MOST_CANDIDATES = 4000
_JOINABLE = ("money", "number")


def repair_rows(
    raw: RawTape, rows: Integers, sources: list[ColumnSource], mapping: TapeFormat
) -> dict[int, dict[str, str | None]]:
    """Return, for each row that can be repaired, its cells by header name.

    A broken quote splits a text, or an amount at its thousands comma, in two and moves what follows.
    Neighbours are joined again at columns nobody reads and at amounts, until the row has the header's width.
    A row is repaired only if every mapped column then reads without complaint, and if all ways that do (and
    leave no mapped column needlessly empty) agree on every mapped column.

    Parameters
    ----------
    rows : row numbers from 0; at most `MOST_ROWS` are looked at.
    """
    if raw.table is not None or not 0 < len(rows) <= MOST_ROWS:
        return {}
    joinable = _joinable(raw, sources)
    candidates: list[list[str | None]] = []
    owners: list[int] = []
    for row, line in zip(rows, raw_lines(raw, rows), strict=True):
        for cells in _ways(fields_of(raw, line), raw, joinable):
            candidates.append([cell or None for cell in cells])
            owners.append(int(row))
    if not candidates:
        return {}
    trial = pl.DataFrame(candidates, schema=dict.fromkeys(raw.header, pl.String), orient="row")
    parsed = parse(trial, sources, mapping)
    good = np.ones(len(owners), dtype=bool)
    good[parsed.rejected["position"].to_numpy()] = False
    good[parsed.unusable.filter(pl.col("rule") == "unlike_pattern")["position"].to_numpy()] = False
    return _agreed(trial, parsed.values, np.asarray(owners), good)


def _agreed(
    trial: pl.DataFrame, values: pl.DataFrame, owners: Integers, good: Flags
) -> dict[int, dict[str, str | None]]:
    found: dict[int, dict[str, str | None]] = {}
    filled = values.select(pl.sum_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    for row in np.unique(owners[good]):
        ways = np.flatnonzero(good & (owners == row))
        # The way that leaves the fewest read columns empty: an empty cell left by a broken quote belongs to
        # no column.
        ways = ways[filled[ways] == filled[ways].max()]
        if values[ways].unique().height == 1:
            found[int(row)] = trial.row(int(ways[0]), named=True)
    return found


def _joinable(raw: RawTape, sources: list[ColumnSource]) -> Flags:
    strict = {spec.source[0] for spec in sources if spec.unit not in _JOINABLE}
    return np.array([name not in strict for name in raw.header])


def _ways(cells: list[str], raw: RawTape, joinable: Flags) -> list[list[str]]:
    """Return every way to join neighbouring cells that gives a row the header's width."""
    width = len(raw.header)
    cells, glue = _taken_apart(cells, raw.source.delimiter)
    while len(cells) > width and not cells[-1]:
        cells.pop()
    surplus = len(cells) - width
    if not 0 < surplus <= 3:
        return []
    places = np.flatnonzero(joinable)
    if len(places) ** surplus > _MOST_CANDIDATES:
        return []
    return [
        _joined(cells, chosen, glue) for chosen in combinations_with_replacement(places.tolist(), surplus)
    ]


def _joined(cells: list[str], chosen: tuple[int, ...], glue: str) -> list[str]:
    """Join cells so that column `p` takes one more cell for every time `p` is chosen."""
    made: list[str] = []
    start = 0
    while start < len(cells):
        end = start + 1 + chosen.count(len(made))
        made.append(glue.join(cells[start:end]))
        start = end
    return made


def _taken_apart(cells: list[str], delimiter: str) -> tuple[list[str], str]:
    """Split cells that hold a stretch of another file's row, and say what joined them."""
    for other in DELIMITERS:
        if other != delimiter and any(cell.count(other) >= 3 for cell in cells):
            parts = [
                part for cell in cells for part in (cell.split(other) if cell.count(other) >= 3 else [cell])
            ]
            while parts and not parts[-1]:
                parts.pop()
            return [part.strip('"') for part in parts], other
    # A broken quote leaves a semicolon where its text, or an amount's thousands, had a comma.
    return list(cells), "," if delimiter == ";" else delimiter
