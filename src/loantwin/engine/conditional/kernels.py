"""Conditional expectation by cell, many paths side by side; a test ties it to `conditional_flows_reference`.

A task owns `PATHS` paths and adds up cells in their order, so that threads cannot change a bit. Inner
loops run over paths; each writes one row, whose length is read from the array: what the compiler turns into
vector instructions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.kernels import compiled, inlined

Array = Any

PATHS = 64
TILE = 32
# figures, and what each is a sum of: flow (staying, prepaying, defaulting, exiting) x coefficient of the cell
# and month
BALANCE, SCHEDULED, PARTIAL, LIVE, DRAWS, FULL, INTEREST, SENSITIVITY, EXITED = range(9)
DEFAULTED, STARTED, NUMBER, CHARGED, RECOVERED, GROSS, NET, FIGURES = range(9, 17)
# rows of scratch after the live states
STAY, PREPAY, DEFAULT, EXIT, PAYING = range(5)


@inlined
def _add(total: Array, flow: Array, coefficient: float) -> None:
    if coefficient != 0.0:
        for path in range(len(total)):
            total[path] += flow[path] * coefficient


@compiled
def _chances(keep: Array, chance: Array, odds: Array, month: Array, edges: Array) -> None:
    """Set the probability of staying (live, paths) and of each edge (R, paths): one segment, age, month."""
    keep[:] = 1.0
    for edge in range(len(edges)):
        weight, shock, total = odds[edge], month[edge], keep[edges[edge, 0]]
        for path in range(len(total)):
            total[path] += weight * shock[path]
    for state in range(len(keep)):
        total = keep[state]
        for path in range(len(total)):
            total[path] = 1.0 / total[path]
    for edge in range(len(edges)):
        weight, shock, total, own = odds[edge], month[edge], keep[edges[edge, 0]], chance[edge]
        for path in range(len(own)):
            own[path] = weight * shock[path] * total[path]


@compiled
def _move(
    where: Array, before: Array, flows: Array, keep: Array, chance: Array, edges: Array, ends: Array
) -> None:
    """Move one cell a month on all paths: `where` (live, paths) to the month's end, `flows` gets entries."""
    live = len(where)
    for state in range(live):
        here, old, share = where[state], before[state], keep[state]
        for path in range(len(here)):
            old[path] = here[path]
            here[path] = old[path] * share[path]
    flows[:] = 0.0
    for edge in range(len(edges)):
        part, own, target = before[edges[edge, 0]], chance[edge], edges[edge, 1]
        if target < live:
            into = where[target]
        elif target == ends[0]:
            into = flows[DEFAULT]
        elif target == ends[1]:
            into = flows[PREPAY]
        else:
            into = flows[EXIT]
        for path in range(len(into)):
            into[path] += part[path] * own[path]
    stay = flows[STAY]
    for state in range(live):
        here = where[state]
        for path in range(len(stay)):
            stay[path] += here[path]


@compiled
def _count(totals: Array, flows: Array, cell: Array) -> None:
    """Add one cell's month to the figures, `totals` (FIGURES, paths)."""
    paying, stay, prepay = flows[PAYING], flows[STAY], flows[PREPAY]
    for path in range(len(paying)):
        paying[path] = stay[path] + prepay[path]
    for figure in range(BALANCE, FULL):
        _add(totals[figure], stay, cell[figure])
    _add(totals[FULL], prepay, cell[FULL])
    _add(totals[INTEREST], paying, cell[INTEREST])
    _add(totals[SENSITIVITY], paying, cell[SENSITIVITY])
    _add(totals[EXITED], flows[EXIT], cell[EXITED])
    for figure in range(DEFAULTED, FIGURES):
        _add(totals[figure], flows[DEFAULT], cell[figure])


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
    result: Array,
) -> None:
    """Set `result` (FIGURES, P, groups, T) for the tasks `first` to `last`.

    base : (G, A, R) odds. shocks : (P, T, R). edges : (R, 2). ends : default and prepaid state. cells : (B,
        3) segment, age, state. order, bounds : cells by group, (B,) and (groups + 1,); cells of one segment
        and age that lie together share their chances of moving. coefficients : (B, T, FIGURES).
    """
    paths, months, _ = shocks.shape
    for task in range(first, last):
        begin = task * PATHS
        count = min(PATHS, paths - begin)
        month_shocks = np.empty((months, len(edges), count))
        for month in range(months):
            for edge in range(len(edges)):
                for path in range(count):
                    month_shocks[month, edge, path] = shocks[begin + path, month, edge]
        before, flows = np.empty((live, count)), np.empty((5, count))
        keep, chance = np.empty((live, count)), np.empty((len(edges), count))
        where, totals = np.empty((TILE, live, count)), np.empty((months, FIGURES, count))
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
                        _move(where[place], before, flows, keep, chance, edges, ends)
                        _count(totals[month], flows, coefficients[cell, month])
            for figure in range(FIGURES):
                for path in range(count):
                    for month in range(months):
                        result[figure, begin + path, group, month] = totals[month, figure, path]
