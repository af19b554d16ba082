"""Conditional expectation by cell, many paths side by side; a test ties it to `conditional_flows_reference`.

A task owns `PATHS` paths and adds up cells in their order, so that threads cannot change a bit. Inner
loops run over paths; each writes one row, whose length is read from the array: what the compiler turns into
vector instructions. Rows are written in place: a row with a name of its own is counted, which costs more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.kernels import compiled, inlined

Array = Any

PATHS = 64
TILE = 32
# figures, each a sum of a flow x the coefficient of the cell and month
BALANCE, SCHEDULED, PARTIAL, LIVE, DRAWS, FULL, INTEREST, SENSITIVITY, EXITED = range(9)
DEFAULTED, STARTED, NUMBER, CHARGED, RECOVERED, GROSS, NET = range(9, 16)
# what is owed of a default, its present value and that net of guarantees: of the part that comes back no more
OWED, OWED_GROSS, OWED_NET, FIGURES = range(16, 20)
STAY, PREPAY, DEFAULT, EXIT, PAYING, KEPT, GONE, FLOWS = range(8)
FLOW = (STAY,) * 5 + (PREPAY, PAYING, PAYING, EXIT) + 3 * (DEFAULT,) + 4 * (KEPT,) + 3 * (GONE,)
"""Which flow each figure is a sum of."""


@inlined
def _chances(keep: Array, chance: Array, odds: Array, month: Array, edges: Array) -> None:
    """Set the probability of staying (live, paths) and of each edge (R, paths): one segment, age, month."""
    live, paths = keep.shape
    keep[:] = 1.0
    for edge in range(len(edges)):
        weight, origin = odds[edge], edges[edge, 0]
        for path in range(paths):
            keep[origin, path] += weight * month[edge, path]
    for state in range(live):
        for path in range(paths):
            keep[state, path] = 1.0 / keep[state, path]
    for edge in range(len(edges)):
        weight, origin = odds[edge], edges[edge, 0]
        for path in range(paths):
            chance[edge, path] = weight * month[edge, path] * keep[origin, path]


@inlined
def _move(
    where: Array,
    before: Array,
    flows: Array,
    keep: Array,
    chance: Array,
    edges: Array,
    ends: Array,
    kept: Array,
) -> None:
    """Move one cell a month on all paths: `where` (live, paths) to the month's end, `flows` gets entries.

    kept : (paths,) factors of `cells.SeverityMoves` in the month.
    """
    live, paths = where.shape
    for state in range(live):
        for path in range(paths):
            before[state, path] = where[state, path]
            where[state, path] = before[state, path] * keep[state, path]
    flows[:] = 0.0
    for edge in range(len(edges)):
        origin, target = edges[edge, 0], edges[edge, 1]
        if target < live:
            for path in range(paths):
                where[target, path] += before[origin, path] * chance[edge, path]
        else:
            flow = DEFAULT if target == ends[0] else (PREPAY if target == ends[1] else EXIT)
            for path in range(paths):
                flows[flow, path] += before[origin, path] * chance[edge, path]
    for state in range(live):
        for path in range(paths):
            flows[STAY, path] += where[state, path]
    for path in range(paths):
        flows[PAYING, path] = flows[STAY, path] + flows[PREPAY, path]
        flows[KEPT, path] = flows[DEFAULT, path] * min(kept[path], 1.0 / max(kept[path], 1.0))
        flows[GONE, path] = flows[DEFAULT, path] * max(1.0 - kept[path], 0.0)


@inlined
def _count(totals: Array, flows: Array, cell: Array) -> None:
    """Add one cell's month to the figures, `totals` (FIGURES, paths)."""
    for figure in range(FIGURES):
        flow, coefficient = FLOW[figure], cell[figure]
        if coefficient != 0.0:
            for path in range(flows.shape[1]):
                totals[figure, path] += flows[flow, path] * coefficient


@inlined
def _count_states(totals: Array, where: Array, loans: float) -> None:
    """Add one cell's loans by live state to the rows after the figures."""
    for state in range(len(where)):
        for path in range(where.shape[1]):
            totals[FIGURES + state, path] += where[state, path] * loans


@compiled
def conditional(
    first: int,
    last: int,
    base: Array,
    shocks: Array,
    edges: Array,
    ends: Array,
    live: int,
    cells: Array,
    order: Array,
    bounds: Array,
    coefficients: Array,
    moves: Array,
    kind: Array,
    result: Array,
) -> None:
    """Set `result` (FIGURES, P, groups, T) for the tasks `first` to `last`.

    With `live` rows more, these get the sums of LIVE by live state.

    base : (G, A, R) odds. shocks : (P, T, R). edges : (R, 2). ends : default and prepaid state. cells : (B,
        3) segment, age, state. order, bounds : cells by group, (B,) and (groups + 1,); cells of one segment
        and age that lie together share their chances of moving. coefficients : (B, T, FIGURES). moves : (P or
        1, C, T) on what comes back, kind : (G,) of each segment.
    """
    paths, months, _ = shocks.shape
    rows = len(result)
    for task in range(first, last):
        begin = task * PATHS
        count = min(PATHS, paths - begin)
        month_shocks = np.empty((months, len(edges), count))
        for month in range(months):
            for edge in range(len(edges)):
                for path in range(count):
                    month_shocks[month, edge, path] = shocks[begin + path, month, edge]
        kept = np.empty((moves.shape[1], months, count))
        for one in range(moves.shape[1]):
            for month in range(months):
                for path in range(count):
                    kept[one, month, path] = moves[min(begin + path, len(moves) - 1), one, month]
        before, flows = np.empty((live, count)), np.empty((FLOWS, count))
        keep, chance = np.empty((live, count)), np.empty((len(edges), count))
        where, totals = np.empty((TILE, live, count)), np.empty((months, rows, count))
        for group in range(len(bounds) - 1):
            totals[:] = 0.0
            for start in range(bounds[group], bounds[group + 1], TILE):
                tile = order[start : min(start + TILE, bounds[group + 1])]
                where[:] = 0.0
                for place in range(len(tile)):
                    where[place, cells[tile[place], 2]] = 1.0
                for month in range(months):
                    for place in range(len(tile)):
                        cell = tile[place]
                        other = tile[max(place - 1, 0)]
                        alike = cells[cell, 0] == cells[other, 0] and cells[cell, 1] == cells[other, 1]
                        if place == 0 or not alike:
                            age = min(cells[cell, 1] + month + 1, base.shape[1] - 1)
                            _chances(keep, chance, base[cells[cell, 0], age], month_shocks[month], edges)
                        back = kept[kind[cells[cell, 0]], month]
                        _move(where[place], before, flows, keep, chance, edges, ends, back)
                        _count(totals[month], flows, coefficients[cell, month])
                        if rows > FIGURES:
                            _count_states(totals[month], where[place], coefficients[cell, month, LIVE])
            for figure in range(rows):
                for path in range(count):
                    for month in range(months):
                        result[figure, begin + path, group, month] = totals[month, figure, path]
