"""The kernel of `exposed`: discounted exposure of each loan, added up by place and month."""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.engine.blocks.kernels import (
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
    annuity,
)
from loantwin.engine.blocks.kernels import CAP as TOP
from loantwin.engine.patterns.kernels import (
    CODED,
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

Array = Any


@compiled
def _run_off(row: Array, index: Array, months: int, balance: Array, waits: Array) -> None:
    """Set balances at the ends of months 0 .. months - 1, and the sum of monthly rates until then."""
    if row[FREE] >= CODED:
        _run_off_pattern(row, index, months, balance, waits)
        return
    amount, rest, rate, left, free = row[AMOUNT], row[REST], row[RATE], row[LEFT], row[FREE]
    moving = row[MOVES] > 0.0 and len(index) > 0
    inverse = 1.0 / annuity(rate, left - free)
    grown = amount if moving else 0.0
    held = 1.0
    balance[0], waits[0] = amount + rest, 0.0
    for month in range(1, months):
        now = float(month)
        held *= row[KEPT]
        if moving:
            rate = min(max(index[month - 1] + row[SPREAD], row[FLOOR]), row[TOP]) / 12.0
            if now > free:
                grown *= 1.0 - 1.0 / annuity(rate, max(left - now + 1.0, 1.0))
            balance[month] = (grown + rest) * held
        else:
            grown = grown * (1.0 + rate) + 1.0 if now > free else 0.0
            balance[month] = (amount * (1.0 - grown * inverse) + rest) * held
        waits[month] = waits[month - 1] + rate


@compiled
def _run_off_pattern(row: Array, index: Array, months: int, balance: Array, waits: Array) -> None:
    """Set what `_run_off` sets, of a loan of a pattern."""
    code, idle = int(row[FREE]) // CODED, int(row[FREE]) % CODED
    amount, rest, left, annual = row[AMOUNT], row[REST], int(row[LEFT]), 12.0 * row[RATE]
    equal, often, count, phase = taken_apart(code)
    moving = row[MOVES] > 0.0 and len(index) > 0
    anew = moving or by_days(often)
    level = 0.0 if anew else level_of(code, annual, left, idle)
    grown, piled, waiting = amount if anew else 0.0, 1.0, begun(often, left, annual)
    held = 1.0
    balance[0], waits[0] = amount + rest, 0.0
    for month in range(1, months):
        before = payments_left(often, phase, left, month - 1)
        falling = before - payments_left(often, phase, left, month)
        held *= row[KEPT]
        if moving:
            annual = min(max(index[month - 1] + row[SPREAD], row[FLOOR]), row[TOP])
        rate = annual * month_factor(count, phase, month)
        if anew:
            payments = falling if month > idle else 0
            grown *= 1.0 - renewed_share(equal, often, count, annual, payments, before)
            balance[month] = (grown + rest) * held
        else:
            payments = falling if month > idle else -falling
            grown, piled, waiting = repaid(equal, payments, rate, grown, piled, waiting)
            balance[month] = (amount * (piled - grown * level) + rest) * held
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
    packed : (N, 16) of `engine.blocks`. order, starts : loans by place. share : (N,) weight of money, and of
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
