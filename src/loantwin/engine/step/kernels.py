"""The step of many books, compiled: as `step.step`, 128 books side by side, columns in a fixed order.

Each book's sums run over the columns in order, whatever the number of threads, so that the bits do not depend
on it. Inner loops run over the lanes of scratch rows, their index from 0: an index with an offset could be
negative for all the compiler knows, and such a loop is not turned into vector instructions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.kernels import compiled

Array = Any

LANES = 128

# rows of `sums`, in the order of step.tables.FIGURES
OPENING, LENT, BALANCE, SCHEDULED, PREPAID, INTEREST, DRAWS, ARREARS, EXITED, DEFAULTED, DEFAULTED_NUMBER = (
    range(11)
)
CHARGED_OFF, RECOVERED, LOSS_GROSS, LOSS_NET, LIVE_NUMBER, LOSS, RESOLVED, IN_DEFAULT, PAST_DUE, LATE = range(
    11, 21
)
FUNDING, SERVICING, COLLECTION, PROFIT = range(21, 25)
DUE, OVERDUE, SEGMENTS = 25, 28, 29
"""Further rows: exposure, charge-offs and recoveries of the month's defaults; arrears at the start; balance
at the start and at the end by segment."""

# rows of a column's `lanes` after the model's own (before, after, kept by live state), in the order of
# step.sums.QUANTITIES
DEFAULT, PREPAY, OTHER, ARREAR, OPEN, LATER, STAY, PAYING, EXPOSED, QUANTITIES = range(10)
BLOCK = 4

# rows of `book`, what the levers of each book do
AMOUNT, COSTLIER, WAITING = range(3)

# elements of `effects`, in the order of step.levers.LeverEffects
(
    APPROVAL_AMOUNT,
    APPROVAL_ODDS,
    PRICE_RATE,
    PRICE_AMOUNT,
    PRICE_ODDS,
    LIMIT_AMOUNT,
    LIMIT_EXCESS,
    LIMIT_ODDS,
) = range(8)
ROLL, CURE, COLLECTION_COST, TILT = range(8, 12)


@compiled
def read(source: Array, target: Array, row: int) -> None:
    """Copy books (n,) into a row of lanes."""
    for i in range(target.shape[1]):
        target[row, i] = source[i]


@compiled
def write(target: Array, source: Array, row: int) -> None:
    """Copy a row of lanes into books (n,)."""
    for i in range(source.shape[1]):
        target[i] = source[row, i]


@compiled
def add(total: Array, row: int, factor: float, values: Array, source: int) -> None:
    """Add factor x a row of `values` to a row of `total`."""
    for i in range(total.shape[1]):
        total[row, i] += factor * values[source, i]


@compiled
def add_block(
    total: Array,
    row: int,
    f0: float,
    f1: float,
    f2: float,
    f3: float,
    values: Array,
    source: int,
    stride: int,
) -> None:
    """Add the same quantity of four columns, `stride` rows apart, to a row of `total`, in their order."""
    s1, s2, s3 = source + stride, source + 2 * stride, source + 3 * stride
    for i in range(total.shape[1]):
        sum_before = total[row, i] + f0 * values[source, i] + f1 * values[s1, i]
        total[row, i] = sum_before + f2 * values[s2, i] + f3 * values[s3, i]


@compiled
def pull(
    levers: Array, effects: Array, kinds: Array, shocks: Array, edge: Array, book: Array, cohort: Array
) -> None:
    """Fill what the levers of n books do: the formulas of levers.lever_moves, two exponentials for all edges.

    edge : (R, n). book : rows AMOUNT and COSTLIER. cohort : (3, n) entry, add_on, excess of the month's
        cohort.
    """
    for i in range(edge.shape[1]):
        cut_off, price, limit, intensity = levers[i, 0], levers[i, 1], levers[i, 2], levers[i, 3]
        added = effects[PRICE_RATE] * price
        amount = (
            -effects[APPROVAL_AMOUNT] * cut_off
            - effects[PRICE_AMOUNT] * added
            + effects[LIMIT_AMOUNT] * limit
        )
        odds = -effects[APPROVAL_ODDS] * cut_off + effects[PRICE_ODDS] * added + effects[LIMIT_ODDS] * limit
        book[AMOUNT, i] = np.exp(amount)
        book[COSTLIER, i] = np.exp(effects[COLLECTION_COST] * intensity)
        cohort[0, i], cohort[1, i], cohort[2, i] = np.exp(odds), added, np.exp(effects[LIMIT_EXCESS] * limit)
        rolled, cured = np.exp(-effects[ROLL] * intensity), np.exp(effects[CURE] * intensity)
        for r in range(edge.shape[0]):
            factor = rolled if kinds[0, r] else (cured if kinds[1, r] else 1.0)
            edge[r, i] = shocks[i, r] * factor


@compiled
def move(column: int, odds: Array, edge: Array, routes: Array, live: int, lanes: Array, base: int) -> None:
    """Move a column's loans: rows `before` of its lanes to `after` and to default and other ends entered."""
    n, after, kept, ends = edge.shape[1], base + live, base + 2 * live, base + 3 * live
    for row in range(kept, kept + live):
        for i in range(n):
            lanes[row, i] = 1.0
    for r in range(edge.shape[0]):
        factor, row = odds[r, column], kept + routes[0, r]
        for i in range(n):
            lanes[row, i] += factor * edge[r, i]
    for s in range(live):
        for i in range(n):
            lanes[after + s, i] = lanes[base + s, i] / lanes[kept + s, i]
        for i in range(n):
            lanes[kept + s, i] = lanes[after + s, i]
    for row in range(ends, ends + 3):
        for i in range(n):
            lanes[row, i] = 0.0
    for r in range(edge.shape[0]):
        factor, row, target = odds[r, column], kept + routes[0, r], routes[1, r]
        into = after + target if target < live else ends + target - live
        for i in range(n):
            lanes[into, i] += factor * edge[r, i] * lanes[row, i]


@compiled
def quantities(
    live: int, current: int, lanes: Array, base: int, start: float, exceeding: float, own: Array
) -> None:
    """Fill the rows that money is counted on: in arrears before and later, open, staying, paying, exposed."""
    n, first = lanes.shape[1], base + 3 * live
    for i in range(n):
        lanes[first + EXPOSED, i] = lanes[first + DEFAULT, i] * (start + exceeding * own[2, i])
    for from_row, arrears, whole in (
        (base, first + ARREAR, first + OPEN),
        (base + live, first + LATER, first + STAY),
    ):
        for i in range(n):
            lanes[arrears, i] = 0.0
        for s in range(current, live):
            for i in range(n):
                lanes[arrears, i] += lanes[from_row + s, i]
        for i in range(n):
            lanes[whole, i] = lanes[arrears, i]
        for s in range(current):
            for i in range(n):
                lanes[whole, i] += lanes[from_row + s, i]
    for i in range(n):
        lanes[first + PAYING, i] = lanes[first + STAY, i] + lanes[first + PREPAY, i]


@compiled
def take_cohort(edge: Array, kinds: Array, entry: Array, edge_own: Array) -> None:
    """Fill the edges' factors of a cohort's loans (R, n): every loan's, x the cohort's own on entry edges."""
    for r in range(edge.shape[0]):
        if kinds[2, r]:
            for i in range(edge.shape[1]):
                edge_own[r, i] = edge[r, i] * entry[0, i]
        else:
            for i in range(edge.shape[1]):
                edge_own[r, i] = edge[r, i]


@compiled
def finish(
    low: int, high: int, slot: int, due: Array, lag: Array, stock: Array, sums: Array, segments: int,
    book: Array, costs: Array
) -> None:  # fmt: skip
    """Fill what follows the columns: charge-offs, recoveries by lag, stock in default, costs, profit."""
    for g in range(segments):
        add(sums, OPENING, 1.0, sums, SEGMENTS + g)
        add(sums, BALANCE, 1.0, sums, SEGMENTS + segments + g)
    for kind in range(3):
        write(due[kind, slot, low:high], sums, DUE + kind)
    for wait in range(due.shape[1]):
        for kind, row, factor in (
            (0, RESOLVED, lag[0, wait]),
            (1, CHARGED_OFF, lag[0, wait]),
            (2, RECOVERED, lag[1, wait]),
        ):
            if factor != 0.0:
                read(due[kind, wait, low:high], book, WAITING)
                add(sums, row, factor, book, WAITING)
    read(stock[low:high], book, WAITING)
    for i in range(sums.shape[1]):
        before = book[WAITING, i]
        sums[DEFAULTED, i] = sums[DUE, i]
        sums[ARREARS, i] += sums[DUE, i]
        sums[RESOLVED, i] -= sums[CHARGED_OFF, i]
        sums[FUNDING, i] = (sums[OPENING, i] + before) * (costs[0] / 12.0)
        sums[SERVICING, i] = sums[OPENING, i] * (costs[1] / 12.0)
        sums[COLLECTION, i] = (sums[OVERDUE, i] + before) * (costs[2] / 12.0) * book[COSTLIER, i]
        spent = sums[FUNDING, i] + sums[SERVICING, i] + sums[COLLECTION, i]
        sums[PROFIT, i] = sums[INTEREST, i] - spent - sums[LOSS, i]
        sums[IN_DEFAULT, i] = before + sums[DUE, i] - sums[CHARGED_OFF, i] - sums[RESOLVED, i]
    write(stock[low:high], sums, IN_DEFAULT)


@compiled
def lend(levers: Array, tilt: float, risk: Array, table: bool, plan: Array, book: Array, sums: Array) -> None:
    """Put the lending by segment, plan x levers, in SEGMENTS' first G rows; the tilt keeps the total."""
    segments = len(risk)
    for i in range(sums.shape[1]):
        planned, tilted = 0.0, 0.0
        for g in range(segments):
            fall = sums[SEGMENTS + g, i] - sums[SEGMENTS + segments + g, i]
            share = plan[g] if table else max(fall, 0.0)
            sums[SEGMENTS + g, i] = share * np.exp(-tilt * levers[i, 4] * risk[g])
            planned += share
            tilted += sums[SEGMENTS + g, i]
        factor = planned / tilted * book[AMOUNT, i] if tilted > 0.0 else book[AMOUNT, i]
        total = 0.0
        for g in range(segments):
            sums[SEGMENTS + g, i] *= factor
            total += sums[SEGMENTS + g, i]
        sums[LENT, i] = total
        sums[BALANCE, i] += total


@compiled
def step_chunk(
    low: int, high: int,
    before: Array, after: Array, cohorts: Array, due: Array, in_default: Array, levers: Array, shocks: Array,
    index: Array, odds: Array, table: Array, codes: Array, rows: Array, sources: Array, factors: Array,
    routes: Array, current: int, kinds: Array, effects: Array, risk: Array, plan_kind: int, plan: Array,
    costs: Array, lag: Array, slot: int, figures: Array, lent: Array,
) -> None:  # fmt: skip
    """Step books `low` to `high`: see `step_books`."""
    live, newest, n, segments = before.shape[1], cohorts.shape[0] - 1, high - low, len(risk)
    first, stride, count = 3 * live, 3 * live + QUANTITIES, codes.shape[1]
    edge, edge_own, lanes = (
        np.empty((odds.shape[0], n)),
        np.empty((odds.shape[0], n)),
        np.zeros((BLOCK * stride, n)),
    )
    sums, book, made, own = (
        np.zeros((SEGMENTS + 2 * segments, n)),
        np.empty((3, n)),
        np.empty((3, n)),
        np.ones((3, n)),
    )
    index_moved, held = np.empty((1, n)), -1
    read(index[low:high], index_moved, 0)
    pull(levers[low:high], effects, kinds, shocks[low:high], edge, book, made)
    take_cohort(edge, kinds, own, edge_own)
    for block in range(0, count, BLOCK):
        for column in range(block, min(block + BLOCK, count)):
            base, start, segment, cohort = (
                (column - block) * stride,
                table[0, column],
                codes[0, column],
                codes[1, column],
            )
            if cohort != held:
                held = cohort
                for kind in range(3):
                    read(cohorts[cohort, kind, low:high], own, kind)
                take_cohort(edge, kinds, own, edge_own)
            for s in range(live):
                read(before[column, s, low:high], lanes, base + s)
            move(column, odds, edge_own, routes, live, lanes, base)
            quantities(live, current, lanes, base, start, table[1, column], own)
            for s in range(live):
                write(after[column, s, low:high], lanes, base + live + s)
            add(sums, SEGMENTS + segment, start, lanes, base + first + OPEN)
            add(sums, SEGMENTS + segments + segment, table[3, column], lanes, base + first + STAY)
            if held >= 0:
                for i in range(n):
                    sums[INTEREST, i] += lanes[base + first + PAYING, i] * (own[1, i] / 12.0 * start)
            if table[2, column] != 0.0:
                for i in range(n):
                    sums[INTEREST, i] += lanes[base + first + PAYING, i] * (
                        index_moved[0, i] * table[2, column]
                    )
        for pair in range(len(sources)):
            f0, f1, f2, f3 = (
                factors[pair, block],
                factors[pair, block + 1],
                factors[pair, block + 2],
                factors[pair, block + 3],
            )
            if f0 != 0.0 or f1 != 0.0 or f2 != 0.0 or f3 != 0.0:
                add_block(sums, rows[pair], f0, f1, f2, f3, lanes, sources[pair], stride)
    finish(low, high, slot, due, lag, in_default, sums, segments, book, costs)
    if plan_kind > 0:
        lend(levers[low:high], effects[TILT], risk, plan_kind == 2, plan, book, sums)
        for kind in range(3):
            write(cohorts[newest, kind, low:high], made, kind)
        for g in range(segments):
            write(lent[g, low:high], sums, SEGMENTS + g)
            write(after[count + g, 0, low:high], sums, SEGMENTS + g)
            for s in range(1, live):
                for i in range(n):
                    after[count + g, s, low + i] = 0.0
    for figure in range(figures.shape[0]):
        write(figures[figure, low:high], sums, figure)


@compiled
def step_books(
    begin: int, end: int, before: Array, after: Array, cohorts: Array, due: Array, in_default: Array,
    levers: Array, shocks: Array, index: Array, odds: Array, table: Array, codes: Array, rows: Array,
    sources: Array, factors: Array, routes: Array, current: int, kinds: Array, effects: Array, risk: Array,
    plan_kind: int, plan: Array, costs: Array, lag: Array, slot: int, figures: Array, lent: Array,
) -> None:  # fmt: skip
    """Fill `after`, `figures` (F, E) and `lent` (G, E), and update `cohorts`, `due` and `in_default`.

    begin, end : chunks of `LANES` books.
    before, after : (C, live, E), (C + G where the book lends, live, E); they may be the same memory: a column
        is read before
        it is written. cohorts : (K + 1, 3, E) entry, add_on, excess, the month's own last. due : (3, W, E).
    levers : (E, 5). shocks : (E, R). index : (E,). odds : (R, C). table, codes, rows, sources, factors : see
        step.sums.Sums.
    routes : (2, R) origin and end of each edge. current : number of live states that are up to date, the
        first ones. kinds : (3, R) roll, cure, entry. plan_kind : 0 none, 1
        constant balance, 2 table.
    """
    books = before.shape[2]
    for chunk in range(begin, end):
        low = chunk * LANES
        step_chunk(
            low, min(low + LANES, books), before, after, cohorts, due, in_default, levers, shocks, index,
            odds, table, codes, rows, sources, factors, routes, current, kinds, effects, risk, plan_kind,
            plan, costs, lag, slot, figures, lent,
        )  # fmt: skip
