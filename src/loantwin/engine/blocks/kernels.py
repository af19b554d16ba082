"""Blocks of loans: packed rows, the state of a block at the as-of date, and its balances month by month.

Inner loops run over loans side by side (lanes), one row of a scratch array each; their number is read from
the array, because a loop of constant length is unrolled and then not turned into vector instructions. No
power, no fastmath: see the reference.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.engine.patterns.kernels import (
    CODED,
    MONTHS_BETWEEN,
    begun,
    by_days,
    level_of,
    month_factor,
    payments_left,
    renewed_share,
    repaid,
    taken_apart,
)
from loantwin.kernels import compiled

# Trap: a power. A float to the power of a 32-bit whole number ends the process (LLVM finds no __powidf2):
# products, or exp(n log1p(r)).

Array = Any

LANES = 64
# rows of a block of loans, first those of a packed loan
(
    AMOUNT,
    REST,
    RATE,
    FADE,
    DRAWN,
    KEPT,
    LEFT,
    FREE,
    ACCRUED,
    SPREAD,
    FLOOR,
    CAP,
    WEIGHT,
    MOVES,
    MINIMUM,
    WORTH,
) = range(16)
INVERSE, GROWN, BALANCE, HELD, DISCOUNT, OWED = range(16, 22)
# rows of loans of a pattern: of kinds 3 (the rate stays) and 4 (it floats)
EQUAL, OFTEN, COUNT, PHASE, EVERY, IDLE, BASE, LEVEL, PILED, WAITS, UNEVEN, ROWS = range(22, 34)


@compiled
def counting_order(key: Array, size: int) -> tuple[Array, Array]:
    """Return the stable order of loans by key (N,) in [0, size), and where each key starts, (size + 1,)."""
    starts = np.zeros(size + 1, dtype=np.int64)
    for loan in range(len(key)):
        starts[key[loan] + 1] += 1
    for place in range(size):
        starts[place + 1] += starts[place]
    free = starts[:-1].copy()
    order = np.empty(len(key), dtype=np.int64)
    for loan in range(len(key)):
        order[free[key[loan]]] = loan
        free[key[loan]] += 1
    return order, starts


@compiled
def pack_loans(
    first: int,
    last: int,
    product: Array,
    months: tuple[Array, Array, Array],
    money: tuple[Array, ...],
    rates: tuple[Array, ...],
    floating: Array,
    by_product: Array,
    packed: Array,
) -> None:
    """Set rows `first` to `last` of `packed` (N, 16), in the order named above: a loan is two cache lines.

    months : remaining, interest-only, and the pattern. money : principal, balloon, converted undrawn,
        accrued interest, weight.
    rates : annual, effective, spread, floor, cap. by_product : (products, 3) amortises, kept after partial,
        minimum payment.
    """
    for loan in range(first, last):
        code, row = product[loan], packed[loan]
        amount = (money[0][loan] - money[1][loan]) * by_product[code, 0]
        row[AMOUNT] = amount
        row[REST] = money[0][loan] - amount
        row[RATE] = rates[0][loan] / 12.0
        # Trap: the contract's rate for the effective one. Interest runs at one, discount at the other.
        row[FADE] = 1.0 / (1.0 + rates[1][loan] / 12.0)
        row[DRAWN] = money[2][loan]
        row[KEPT] = by_product[code, 1]
        row[LEFT] = months[0][loan]
        row[FREE] = min(months[1][loan], months[0][loan] - 1) + CODED * months[2][loan]
        row[ACCRUED] = money[3][loan]
        row[SPREAD], row[FLOOR], row[CAP] = rates[2][loan], rates[3][loan], rates[4][loan]
        row[WEIGHT] = money[4][loan]
        row[MOVES] = 1.0 if floating[loan] else 0.0
        row[MINIMUM] = by_product[code, 2]
        row[WORTH] = 1.0


@compiled
def set_worth(first: int, last: int, packed: Array, lag: Array) -> None:
    """Set packed loans' WORTH: value at default of 1 recovered by the lags (W,), sum of lag[w] x FADE^w.

    Horner's rule over 64 loans side by side: one loan alone would wait for each of its own steps.
    """
    fade, worth = np.empty(LANES), np.empty(LANES)
    for start in range(first, last, LANES):
        size = min(LANES, last - start)
        for lane in range(size):
            fade[lane] = packed[start + lane, FADE]
        worth[:] = 0.0
        for wait in range(len(lag) - 1, -1, -1):
            share = lag[wait]
            for lane in range(len(worth)):
                worth[lane] = worth[lane] * fade[lane] + share
        for lane in range(size):
            packed[start + lane, WORTH] = worth[lane]


@compiled
def load_block(block: Array, packed: Array, order: Array, start: int, stop: int) -> int:
    """Fill a block's rows from packed loans, empty lanes with a loan of nothing; return the longest term."""
    block[:] = 0.0
    for lane in range(block.shape[1]):
        block[LEFT, lane] = 1.0
        block[KEPT, lane] = 1.0
    longest = 1
    for lane in range(stop - start):
        row = packed[order[start + lane]]
        for item in range(16):
            block[item, lane] = row[item]
        longest = max(longest, int(row[LEFT]))
    return longest


@compiled
def annuity(rate: float, months: float) -> float:
    """Return ((1 + r)^m - 1) / r, m < 2048, by doubling of (1 + r)^m - 1: no cancellation, no branch."""
    safe = rate if rate != 0.0 else 1e-30  # where the result is m to the last bit
    total, rest = 0.0, months
    for bit in range(11):
        power = float(1024 >> bit)
        twice = total * (2.0 + total)
        total = twice * (1.0 + safe) + safe if rest >= power else twice
        rest = rest - power if rest >= power else rest
    return total / safe


@compiled
def _repay(grown: Array, rate: Array, left: Array, free: Array, now: float) -> None:
    """Take the month's level-payment share off the amortising balance, anew at this month's rate."""
    for lane in range(len(grown)):
        share = 1.0 / annuity(rate[lane], max(left[lane] - now + 1.0, 1.0))
        grown[lane] *= 1.0 - (share if now > free[lane] else 0.0)


@compiled
def _begin_patterns(block: Array, moving: bool) -> None:
    """Set the state of loans of a pattern to the as-of date: a fixed rate's level payment, all that piles
    up.
    """
    for lane in range(block.shape[1]):
        free = int(block[FREE, lane])
        left, rate = int(block[LEFT, lane]), 12.0 * block[RATE, lane]
        code, idle = free // CODED, free % CODED
        equal, often, count, phase = taken_apart(code)
        block[EQUAL, lane], block[OFTEN, lane] = float(equal), float(often)
        block[COUNT, lane], block[PHASE, lane] = float(count), float(phase)
        block[EVERY, lane] = float(MONTHS_BETWEEN[often])
        block[IDLE, lane], block[BASE, lane] = float(idle), rate
        block[BALANCE, lane] = block[AMOUNT, lane] + block[REST, lane]
        block[HELD, lane] = 1.0
        anew = moving or by_days(often)
        block[GROWN, lane] = block[AMOUNT, lane] if anew else 0.0
        block[LEVEL, lane] = 0.0 if anew else level_of(code, rate, left, idle)
        block[PILED, lane] = 1.0
        block[WAITS, lane] = begun(often, left, rate)


@compiled
def year_part(block: Array, lane: int, month: int) -> float:
    """Return the part of a year of a month for one loan of a pattern."""
    return month_factor(int(block[COUNT, lane]), int(block[PHASE, lane]), month)


@compiled
def _reset_patterns(block: Array, moving: bool, index: float, month: int) -> None:
    """Set the rate of a month, from the index where rates float, by each loan's day count."""
    for lane in range(block.shape[1]):
        rate = block[BASE, lane]
        if moving:
            rate = min(max(index + block[SPREAD, lane], block[FLOOR, lane]), block[CAP, lane])
        block[RATE, lane] = rate * year_part(block, lane, month)


@compiled
def _advance_patterns(block: Array, moving: bool, month: int) -> None:
    """Move balances of loans of a pattern to the end of `month`, partial prepayments apart."""
    for lane in range(block.shape[1]):
        left, idle, every = int(block[LEFT, lane]), int(block[IDLE, lane]), int(block[EVERY, lane])
        if moving or every == 0:
            _advance_anew(block, lane, month)
            continue
        block[UNEVEN, lane] = 0.0
        falls = month <= left and (every == 1 or (left - month) % every == 0)
        falling = (1 if month > idle else -1) if falls else 0
        grown, piled, waits = repaid(
            int(block[EQUAL, lane]), falling, block[RATE, lane],
            block[GROWN, lane], block[PILED, lane], block[WAITS, lane],
        )  # fmt: skip
        block[GROWN, lane], block[PILED, lane], block[WAITS, lane] = grown, piled, waits
        owed = piled - grown * block[LEVEL, lane]
        block[BALANCE, lane] = block[AMOUNT, lane] * owed + block[REST, lane]


@compiled
def _advance_anew(block: Array, lane: int, month: int) -> None:
    """Move one loan whose payment is computed anew: at a floating rate, or by days."""
    left, often, phase = int(block[LEFT, lane]), int(block[OFTEN, lane]), int(block[PHASE, lane])
    before = payments_left(often, phase, left, month - 1)
    falling = before - payments_left(often, phase, left, month)
    block[UNEVEN, lane] = (falling - 1.0) / (2.0 * falling) if falling > 1 else 0.0
    annual = block[RATE, lane] / year_part(block, lane, month)
    payments = falling if month > int(block[IDLE, lane]) else 0
    share = renewed_share(int(block[EQUAL, lane]), often, int(block[COUNT, lane]), annual, payments, before)
    block[GROWN, lane] *= 1.0 - share
    block[BALANCE, lane] = block[GROWN, lane] + block[REST, lane]


@compiled
def open_block(block: Array, kind: int) -> None:
    """Set the state of a block to the as-of date."""
    if kind > 2:
        _begin_patterns(block, kind == 4)
        return
    moving = kind > 0
    amount, rest, balance, left, free = block[AMOUNT], block[REST], block[BALANCE], block[LEFT], block[FREE]
    rate, inverse = block[RATE], block[INVERSE]
    held, grown = block[HELD], block[GROWN]
    for lane in range(len(amount)):
        balance[lane] = amount[lane] + rest[lane]
        held[lane] = 1.0
        grown[lane] = amount[lane] if moving else 0.0
    if moving:
        return
    for lane in range(len(inverse)):
        inverse[lane] = 1.0 / annuity(rate[lane], left[lane] - free[lane])


@compiled
def set_rates(block: Array, kind: int, index: Array, month: int) -> None:
    """Set the rate of `month` where it is not that of the month before: from the index (T,), held at its
    end.
    """
    now = index[min(month, len(index)) - 1] if len(index) > 0 else 0.0
    if kind > 2:
        _reset_patterns(block, kind == 4, now, month)
    elif kind > 0:
        _float(block, now)


@compiled
def _float(block: Array, index: float) -> None:
    """Set the monthly rate of floating loans from the index."""
    rate, spread, floor, cap = block[RATE], block[SPREAD], block[FLOOR], block[CAP]
    for lane in range(len(rate)):
        rate[lane] = min(max(index + spread[lane], floor[lane]), cap[lane]) / 12.0


@compiled
def advance_block(block: Array, kind: int, month: int, partial: bool) -> None:
    """Move balances to the end of `month` from the month before; after the last one they are not zeroed."""
    amount, rest, rate, kept, free = block[AMOUNT], block[REST], block[RATE], block[KEPT], block[FREE]
    inverse, grown, balance, held = block[INVERSE], block[GROWN], block[BALANCE], block[HELD]
    now = float(month)
    if kind > 2:
        _advance_patterns(block, kind == 4, month)
    elif kind == 0:
        for lane in range(len(grown)):
            growing = 1.0 if now > free[lane] else 0.0
            grown[lane] = (grown[lane] * (1.0 + rate[lane]) + 1.0) * growing
        for lane in range(len(balance)):
            balance[lane] = amount[lane] * (1.0 - grown[lane] * inverse[lane]) + rest[lane]
    else:
        if kind == 2:
            _repay(grown, rate, block[LEFT], free, now)
        for lane in range(len(balance)):
            balance[lane] = grown[lane] + rest[lane]
    if partial:
        for lane in range(len(held)):
            held[lane] *= kept[lane]
        for lane in range(len(balance)):
            balance[lane] *= held[lane]
