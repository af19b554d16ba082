"""Run-off and losses of blocks of loans, each tied to its NumPy reference.

Each task sums in a fixed order and writes its own rows of the result, so that threads cannot change a bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.engine.blocks.kernels import (
    ACCRUED,
    BALANCE,
    CAP,
    DISCOUNT,
    DRAWN,
    FADE,
    FLOOR,
    KEPT,
    LANES,
    LEFT,
    MINIMUM,
    MOVES,
    OWED,
    RATE,
    ROWS,
    SPREAD,
    UNEVEN,
    WEIGHT,
    WORTH,
    advance_block,
    load_block,
    open_block,
    set_rates,
    year_part,
)
from loantwin.kernels import compiled

Array = Any


@compiled
def _any(values: Array) -> bool:
    """Return whether a value is above 0."""
    for value in values:  # noqa: SIM110  # Numba compiles no generator expression
        if value > 0.0:
            return True
    return False


@compiled
def _discounts(block: Array, fades: Array, months: int, charged: Array, recovered: Array) -> None:
    """Set row t of `fades` (T, lanes) to the as-of cost of a default of 1 at the end of month t + 1.

    Charged off less the worth of what is recovered, discounted; 0 after the contract. charged, recovered :
    (T,) shares.
    """
    fade, discount, left, worth = block[FADE], block[DISCOUNT], block[LEFT], block[WORTH]
    block[DISCOUNT] = 1.0
    for month in range(months):
        ended, row = float(month), fades[month]
        lost, back = charged[month], recovered[month]
        for lane in range(len(discount)):
            discount[lane] *= fade[lane]
        for lane in range(len(row)):
            row[lane] = discount[lane] * (lost - back * worth[lane]) if left[lane] > ended else 0.0


@compiled
def _add_late(
    block: Array,
    waits: Array,
    kind: int,
    month: int,
    chosen: Array,
    severity: Array,
    chances: Array,
    pair: Array,
    plan: Array,
    acc: Array,
) -> None:
    """Add the losses of defaults past the term of the lanes whose unpaid balance is that of `month`.

    DISCOUNT holds the discount at the end of the term.

    severity : (2, T) of the bucket. chances : (P, S + 1, K) from `default_table`. pair : (lanes,) place
        there, -1 for none. plan : as in `_block_loss`.
    """
    left, balance, rate, drawn = block[LEFT], block[BALANCE], block[RATE], block[DRAWN]
    fade, worth, accrued = block[FADE], block[WORTH], block[ACCRUED]
    arrears, slots = plan[0], chances.shape[1] - 1
    begin = max(month - arrears, 0)
    waited = float(month - begin)
    for lane in range(len(left)):
        slot = month - int(left[lane]) + (1 if arrears > 0 else 2)
        if slot < 1 or slot > slots or pair[lane] < 0:
            continue
        ended = int(left[lane]) + slot
        grown = 1.0 + waited * rate[lane]
        if kind > 0:  # sums of monthly rates are kept only where a default waits for them
            grown = 1.0 + (waits[month, lane] - waits[begin, lane] if month > begin else 0.0)
        owed = balance[lane] * grown + drawn[lane] + (accrued[lane] if begin == 0 else 0.0)
        owed *= severity[0, ended - 1] - severity[1, ended - 1] * worth[lane]
        owed *= block[DISCOUNT, lane] * fade[lane]
        for _ in range(1, slot):
            owed *= fade[lane]
        own = chances[pair[lane]]
        for k in chosen:
            lost = (own[slot, k] - own[slot - 1, k]) * owed
            acc[2, k, lane] += lost if ended <= plan[4] else 0.0
            acc[3, k, lane] += lost if ended <= plan[5] else 0.0


@compiled
def _block_loss(
    block: Array,
    waits: Array,
    fades: Array,
    kind: int,
    index: Array,
    chosen: Array,
    partial: bool,
    acc: Array,
    default: Array,
    plan: Array,
    severity: Array,
    late: Array,
    pair: Array,
) -> None:
    """Add exposure x worth (`fades`, with severity) x probability by month of a block into acc (4, K, lanes).

    The first two places of acc are of defaults within the contract, the others of those after its end.

    chosen : scenarios to add to; all of them at once where the rate stays, one where it follows that
        scenario's index.
    waits : (T + 1, lanes) scratch for the sum of monthly rates. plan : arrears months, first and second
        horizon, the block's shortest contract, and the last months that count past the term, for both.
    severity, late, pair : as in `_add_late`; late is empty where nothing is counted past the term.
    """
    arrears, first, last = plan[0], plan[1], plan[2]
    past = len(late) > 0
    open_block(block, kind)
    rate, drawn, accrued, balance, owed = (
        block[RATE],
        block[DRAWN],
        block[ACCRUED],
        block[BALANCE],
        block[OWED],
    )
    for lane in range(waits.shape[1]):
        waits[0, lane] = 0.0
    for month in range(last + (arrears if past else 0)):
        begin = max(month - arrears, 0)
        if month > 0 and arrears > 0 and kind > 0:
            set_rates(block, kind, index, month)
            before, after = waits[month - 1], waits[month]
            for lane in range(len(rate)):
                after[lane] = before[lane] + rate[lane]
        if begin > 0:
            if kind > 0:
                set_rates(block, kind, index, begin)
            advance_block(block, kind, begin, partial)
        if past and month >= plan[3] - 1:
            _add_late(block, waits, kind, month, chosen, severity, late, pair, plan, acc)
        if month >= last:
            continue
        worth = fades[month]
        if kind == 0:
            waited = float(month - begin)
            for lane in range(len(owed)):
                owed[lane] = (balance[lane] * (1.0 + waited * rate[lane]) + drawn[lane]) * worth[lane]
        elif arrears > 0:
            until, since = waits[month], waits[begin]
            for lane in range(len(owed)):
                owed[lane] = (balance[lane] * (1.0 + until[lane] - since[lane]) + drawn[lane]) * worth[lane]
        else:
            for lane in range(len(owed)):
                owed[lane] = (balance[lane] + drawn[lane]) * worth[lane]
        if begin == 0:
            for lane in range(len(owed)):
                owed[lane] += accrued[lane] * worth[lane]
        for k in chosen:
            probability, total = default[month, k], acc[1, k]
            for lane in range(len(owed)):
                total[lane] += probability * owed[lane]
        if month == first - 1:
            for k in chosen:
                early, total = acc[0, k], acc[1, k]
                for lane in range(len(early)):
                    early[lane] = total[lane]


@compiled
def loan_loss(
    first: int,
    last: int,
    packed: Array,
    order: Array,
    blocks: Array,
    index: Array,
    default: Array,
    total: Array,
    severity: Array,
    arrears: int,
    partial: bool,
    horizons: Array,
    pair: Array,
    late: Array,
    lost: Array,
    loss: Array,
    pd: Array,
) -> None:
    """Set loss and default probability, (N, K, 2) each, of the loans in the blocks `first` to `last`.

    blocks : (blocks, 4) first and last + 1 place in `order`, bucket, kind (0 rate stays, 1 floating, 2
        floating level payment, 3 a pattern at a rate that stays, 4 at one that floats).
    index : (K, T), or (K, 0). default, total : from `default_table`. severity : (2, B, T) charged off and
        recovered, longer where months past the term count.
    pair : (N,) place in `late` of a loan, -1 for none. late : (P, S + 1, K) from `default_table`, P is 0
        where nothing is counted past the term. lost : the same with what moves severity in it.
    horizons : the first, the last month of contracts, and the last month of all that count.
    """
    scenarios = default.shape[2]
    space = np.empty((ROWS + 2 * default.shape[1] + 1 + arrears + 4 * scenarios) * LANES)
    own = np.full(LANES, -1)
    until_all = np.array([horizons[0], horizons[2]])
    every, plan = np.arange(scenarios), np.zeros(6, dtype=np.int64)
    plan[4], plan[5] = horizons[0], horizons[2]
    for number in range(first, last):
        start, stop, bucket, kind = (
            blocks[number, 0],
            blocks[number, 1],
            blocks[number, 2],
            blocks[number, 3],
        )
        lanes = 8 * ((stop - start + 7) // 8)
        edge = ROWS * lanes
        block = space[:edge].reshape(ROWS, lanes)
        months = min(horizons[1], load_block(block, packed, order, start, stop))
        plan[0], plan[1], plan[2] = arrears, min(horizons[0], months), months
        wide = months + 1 + arrears
        waits = space[edge : edge + wide * lanes].reshape(wide, lanes)
        edge += wide * lanes
        fades = space[edge : edge + months * lanes].reshape(months, lanes)
        edge += months * lanes
        acc = space[edge : edge + 4 * scenarios * lanes].reshape(4, scenarios, lanes)
        acc[:] = 0.0
        _discounts(block, fades, months, severity[0, bucket], severity[1, bucket])
        chances = default[bucket]
        plan[3] = months
        if len(late) > 0:
            own[:] = -1
            for lane in range(stop - start):
                own[lane] = pair[order[start + lane]]
                plan[3] = min(plan[3], int(block[LEFT, lane]))
                block[DISCOUNT, lane] = np.exp(block[LEFT, lane] * np.log(block[FADE, lane]))
        costs = severity[:, bucket]
        moves = kind != 0 and kind != 3
        for k in range(scenarios if moves else 1):
            chosen, path = (every[k : k + 1], index[k]) if moves else (every, index[0, :0])
            _block_loss(
                block, waits, fades, kind, path, chosen, partial, acc, chances, plan, costs, lost, own
            )  # fmt: skip
        for lane in range(stop - start):
            loan = order[start + lane]
            left = int(block[LEFT, lane])
            for place in range(2):
                until = min(horizons[place], left)
                for k in range(scenarios):
                    loss[loan, k, place] = acc[place, k, lane] + acc[2 + place, k, lane]
                    pd[loan, k, place] = total[bucket, until, k]
                after = min(until_all[place] - left, late.shape[1] - 1)
                if after > 0 and own[lane] >= 0:
                    for k in range(scenarios):
                        pd[loan, k, place] += late[own[lane], after, k]


@compiled
def _dot(first: Array, second: Array) -> float:
    """Return the sum of products of rows of a length divisible by 8, in a fixed order of eight parts."""
    a = b = c = d = e = f = g = h = 0.0
    for lane in range(0, len(first), 8):
        a += first[lane] * second[lane]
        b += first[lane + 1] * second[lane + 1]
        c += first[lane + 2] * second[lane + 2]
        d += first[lane + 3] * second[lane + 3]
        e += first[lane + 4] * second[lane + 4]
        f += first[lane + 5] * second[lane + 5]
        g += first[lane + 6] * second[lane + 6]
        h += first[lane + 7] * second[lane + 7]
    return ((a + b) + (c + d)) + ((e + f) + (g + h))


@compiled
def _block_runoff(
    block: Array,
    history: Array,
    waits: Array,
    kind: int,
    index: Array,
    partial: bool,
    cell: Array,
    plan: Array,
) -> None:
    """Add a block to a cell's (7, T + 1): loans, balance, partial, draws, interest, sensitivity, exposure."""
    arrears, last = plan[0], plan[1]
    weight, left, rate, kept = block[WEIGHT], block[LEFT], block[RATE], block[KEPT]
    balance, alive, owed = block[BALANCE], block[DISCOUNT], block[OWED]
    lanes = len(weight)
    open_block(block, kind)
    redraws, moves, commits = _any(block[MINIMUM]), _any(block[MOVES]), _any(block[DRAWN])
    for lane in range(waits.shape[1]):
        waits[0, lane] = 0.0
    for month in range(last):
        ended, now = float(month), history[month]
        for lane in range(lanes):
            alive[lane] = weight[lane] if left[lane] > ended else 0.0
        for lane in range(lanes):
            now[lane] = balance[lane] if left[lane] > ended else 0.0
        cell[0, month] += alive.sum()
        cell[1, month] += _dot(alive, now)
        if partial and month > 0:
            for lane in range(lanes):
                owed[lane] = now[lane] * (1.0 / kept[lane] - 1.0)
            cell[2, month - 1] += _dot(alive, owed)
        if redraws:
            minimum = block[MINIMUM]
            for lane in range(lanes):
                owed[lane] = now[lane] * minimum[lane] if left[lane] > ended + 1.0 else 0.0
            cell[3, month] += _dot(alive, owed)
        if kind > 0:
            set_rates(block, kind, index, month + 1)
        for lane in range(lanes):
            owed[lane] = now[lane] * rate[lane]
        cell[4, month] += _dot(alive, owed)
        if moves:
            level = index[month] if len(index) > 0 else np.nan
            cell[5, month] += _sensitive(block, now, alive, level, month + 1 if kind > 2 else 0)
        begin = max(month - arrears, 0)
        since, until, start = waits[begin], waits[month], history[begin]
        for lane in range(lanes):
            owed[lane] = start[lane] * (1.0 + until[lane] - since[lane])
        cell[6, month] += _dot(alive, owed)
        if commits:
            cell[6, month] += _dot(alive, block[DRAWN])
        if begin == 0:
            cell[6, month] += _dot(alive, block[ACCRUED])
        after = waits[month + 1]
        for lane in range(lanes):
            after[lane] = until[lane] + rate[lane]
        advance_block(block, kind, month + 1, partial)
        if kind > 2:
            for lane in range(lanes):
                kept_back = balance[lane] / (kept[lane] if partial else 1.0)
                owed[lane] = (now[lane] - kept_back) * block[UNEVEN, lane] * rate[lane]
            cell[4, month] -= _dot(alive, owed)
    _last_month(block, last, cell, partial)


@compiled
def _sensitive(block: Array, now: Array, alive: Array, index: float, month: int) -> float:
    """Return the floating start balance / 12 of loans not held by cap or floor (no index: of all).

    month : of loans of a pattern, the month whose part of a year it is in place of a twelfth; else 0.
    """
    spread, floor, cap, moves, owed = block[SPREAD], block[FLOOR], block[CAP], block[MOVES], block[OWED]
    for lane in range(len(now)):
        held = index + spread[lane] < floor[lane] or index + spread[lane] > cap[lane]
        owed[lane] = 0.0 if held else now[lane] * moves[lane] / 12.0
    if month > 0:
        for lane in range(len(now)):
            owed[lane] *= 12.0 * year_part(block, lane, month)
    return _dot(alive, owed)


@compiled
def _last_month(block: Array, last: int, cell: Array, partial: bool) -> None:
    """Add what stands at the end of the last month."""
    weight, left, balance, alive, owed, kept = (
        block[WEIGHT],
        block[LEFT],
        block[BALANCE],
        block[DISCOUNT],
        block[OWED],
        block[KEPT],
    )
    for lane in range(len(weight)):
        alive[lane] = weight[lane] if left[lane] > float(last) else 0.0
    cell[0, last] += alive.sum()
    cell[1, last] += _dot(alive, balance)
    if partial:
        for lane in range(len(weight)):
            owed[lane] = balance[lane] * (1.0 / kept[lane] - 1.0)
        cell[2, last - 1] += _dot(alive, owed)


@compiled
def cell_runoff(
    first: int,
    last: int,
    packed: Array,
    order: Array,
    blocks: Array,
    tasks: Array,
    index: Array,
    arrears: int,
    partial: bool,
    cells: Array,
) -> None:
    """Add the run-off of the tasks `first` to `last` to `cells` (B, 7, T + 1); a task owns whole cells.

    blocks : as in `loan_loss`. tasks : bounds of the blocks of each task. index : (T,), or (0,).
    """
    months = cells.shape[2] - 1
    space = np.empty((ROWS + 2 * months + 2) * LANES)
    plan = np.zeros(2, dtype=np.int64)
    for number in range(tasks[first], tasks[last]):
        start, stop, bucket, kind = (
            blocks[number, 0],
            blocks[number, 1],
            blocks[number, 2],
            blocks[number, 3],
        )
        lanes = 8 * ((stop - start + 7) // 8)
        edge = ROWS * lanes
        block = space[:edge].reshape(ROWS, lanes)
        longest = load_block(block, packed, order, start, stop)
        plan[0], plan[1] = arrears, min(months, longest)
        history = space[edge : edge + months * lanes].reshape(months, lanes)
        edge += months * lanes
        waits = space[edge : edge + (months + 1) * lanes].reshape(months + 1, lanes)
        _block_runoff(block, history, waits, kind, index, partial, cells[bucket], plan)
