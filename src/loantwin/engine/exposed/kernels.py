"""The kernel of `exposed`: discounted exposure of each loan, added up by place and month."""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.engine.kernels import (
    ACCRUED,
    AMOUNT,
    DRAWN,
    FADE,
    FLOOR,
    FREE,
    KEPT,
    LEFT,
    MOVES,
    RATE,
    REST,
    SPREAD,
    WORTH,
)
from loantwin.engine.kernels import CAP as TOP
from loantwin.kernels import compiled

Array = Any


# Trap: a compiled helper of another file. Numba's cache does not see it edited: it stands here once more.
@compiled
def _annuity(rate: float, months: float) -> float:
    """Return ((1 + r)^m - 1) / r, m < 2048, by doubling."""
    safe = rate if rate != 0.0 else 1e-30
    total, rest = 0.0, months
    for bit in range(11):
        power = float(1024 >> bit)
        twice = total * (2.0 + total)
        total = twice * (1.0 + safe) + safe if rest >= power else twice
        rest = rest - power if rest >= power else rest
    return total / safe


@compiled
def _run_off(row: Array, index: Array, months: int, balance: Array, waits: Array) -> None:
    """Set balances at the ends of months 0 .. months - 1, and the sum of monthly rates until then."""
    amount, rest, rate, left, free = row[AMOUNT], row[REST], row[RATE], row[LEFT], row[FREE]
    moving = row[MOVES] > 0.0 and len(index) > 0
    inverse = 1.0 / _annuity(rate, left - free)
    grown = amount if moving else 0.0
    held = 1.0
    balance[0], waits[0] = amount + rest, 0.0
    for month in range(1, months):
        now = float(month)
        held *= row[KEPT]
        if moving:
            rate = min(max(index[month - 1] + row[SPREAD], row[FLOOR]), row[TOP]) / 12.0
            if now > free:
                grown *= 1.0 - 1.0 / _annuity(rate, max(left - now + 1.0, 1.0))
            balance[month] = (grown + rest) * held
        else:
            grown = grown * (1.0 + rate) + 1.0 if now > free else 0.0
            balance[month] = (amount * (1.0 - grown * inverse) + rest) * held
        waits[month] = waits[month - 1] + rate


@compiled
def place_exposure(
    begin: int,
    end: int,
    packed: Array,
    order: Array,
    starts: Array,
    share: Array,
    horizon: Array,
    index: Array,
    arrears: int,
    made: Array,
) -> None:
    """Add loans' discounted exposures by month to the places `begin` to `end` of `made` (places, 3, T).

    made : the exposure itself, x recoveries' worth, number.
    packed : (N, 16) of `engine.kernels`. order, starts : loans by place. share : (N,) weight of money, and of
        number, (2, N).
    horizon : (N,) months counted. index : (T,) index of floating rates, empty where rates stay.
    """
    longest = made.shape[2]
    balance, waits = np.empty(longest + 1), np.empty(longest + 1)
    for place in range(begin, end):
        for position in range(starts[place], starts[place + 1]):
            loan = order[position]
            row = packed[loan]
            months = min(min(int(row[LEFT]), horizon[loan]), longest)
            _run_off(row, index, months, balance, waits)
            worth, discount = row[WORTH], share[0, loan]
            for month in range(months):
                begin = max(month - arrears, 0)
                owed = balance[begin] * (1.0 + waits[month] - waits[begin]) + row[DRAWN]
                if begin == 0:
                    owed += row[ACCRUED]
                discount *= row[FADE]
                made[place, 0, month] += owed * discount
                made[place, 1, month] += owed * discount * worth
                made[place, 2, month] += share[1, loan]
