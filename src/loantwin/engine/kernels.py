"""Compiled loops of the engine: sorting, run-off, loan losses, expectation; each tied to its NumPy reference.

Inner loops run over loans or paths side by side (lanes), one row of a scratch array each; their number is
read from the array, because a loop of constant length is unrolled and then not turned into vector
instructions. Each task sums in a fixed order and writes its own rows of the result, so that threads cannot
change a bit. No power, no fastmath: see the reference.
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
def _load(block: Array, packed: Array, order: Array, start: int, stop: int) -> int:
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
def _any(values: Array) -> bool:
    """Return whether a value is above 0."""
    for value in values:  # noqa: SIM110  # Numba compiles no generator expression
        if value > 0.0:
            return True
    return False


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
def _factor(block: Array, lane: int, month: int) -> float:
    """Return the part of a year of a month for one loan of a pattern."""
    return month_factor(int(block[COUNT, lane]), int(block[PHASE, lane]), month)


@compiled
def _reset_patterns(block: Array, moving: bool, index: float, month: int) -> None:
    """Set the rate of a month, from the index where rates float, by each loan's day count."""
    for lane in range(block.shape[1]):
        rate = block[BASE, lane]
        if moving:
            rate = min(max(index + block[SPREAD, lane], block[FLOOR, lane]), block[CAP, lane])
        block[RATE, lane] = rate * _factor(block, lane, month)


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
    annual = block[RATE, lane] / _factor(block, lane, month)
    payments = falling if month > int(block[IDLE, lane]) else 0
    share = renewed_share(int(block[EQUAL, lane]), often, int(block[COUNT, lane]), annual, payments, before)
    block[GROWN, lane] *= 1.0 - share
    block[BALANCE, lane] = block[GROWN, lane] + block[REST, lane]


@compiled
def _begin(block: Array, kind: int) -> None:
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
def _reset(block: Array, kind: int, index: Array, month: int) -> None:
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
def _advance(block: Array, kind: int, month: int, partial: bool) -> None:
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
    _begin(block, kind)
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
            _reset(block, kind, index, month)
            before, after = waits[month - 1], waits[month]
            for lane in range(len(rate)):
                after[lane] = before[lane] + rate[lane]
        if begin > 0:
            if kind > 0:
                _reset(block, kind, index, begin)
            _advance(block, kind, begin, partial)
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
        months = min(horizons[1], _load(block, packed, order, start, stop))
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
def _to_default(
    base: Array,
    shocks: Array,
    edges: Array,
    live: int,
    default: int,
    paid: int,
    age: int,
    past: int,
    within: Array,
    after: Array,
) -> None:
    """Set the probability of default from each state when no payment falls due any more, sweeping backward.

    within : (T + 1, S + 1, live, K) after t months, in 0 to S - 1 months, and in the last place for ever; of
        the first `paid` states never read. after : (S + 1, live, K) scratch. Months beyond the last one of
        `shocks`, `past` of them, read that one.
    """
    months, _, scenarios = shocks.shape
    slots = within.shape[1] - 1
    whole = np.empty((live, scenarios))
    moving = np.flatnonzero(edges[:, 0] >= paid)
    after[:] = 0.0
    for month in range(months + past - 1, -1, -1):
        factor, odds = shocks[min(month, months - 1)], base[min(age + month + 1, base.shape[0] - 1)]
        made = within[min(month, months)]
        made[0] = 0.0
        whole[:] = 1.0
        for slot in range(1, slots + 1):  # who stays is where he was, with a month less to go
            made[slot] = after[slot if slot == slots else slot - 1]
        for edge in moving:
            origin, target = edges[edge, 0], edges[edge, 1]
            for k in range(scenarios):
                whole[origin, k] += odds[edge] * factor[edge, k]
            if target == default or paid <= target < live:
                for slot in range(1, slots + 1):
                    here, there = (
                        made[slot, origin],
                        after[slot if slot == slots else slot - 1, target % live],
                    )
                    for k in range(scenarios):
                        here[k] += odds[edge] * factor[edge, k] * (1.0 if target == default else there[k])
        for slot in range(1, slots + 1):
            for state in range(paid, live):
                for k in range(scenarios):
                    made[slot, state, k] /= whole[state, k]
        after[:] = made


NOTHING = 1e-15
"""Share of those late at a term below which no one is left."""
FEW = 60
"""Months after which that is so, about."""


@compiled
def _after_term(
    base: Array,
    shocks: Array,
    edges: Array,
    live: int,
    default: int,
    paid: int,
    age: int,
    ended: int,
    past: int,
    where: Array,
    scratch: Array,
    made: Array,
) -> None:
    """Add to `made` (S + 1, K) the probability of default by months after a term of `ended` months.

    As `_to_default` has it, sweeping forward from one term until nothing is left: cheaper for few terms.

    where : (live, K) at the end of the term. scratch : (3, live, K).
    """
    months, _, scenarios = shocks.shape
    now, after, whole = scratch[0], scratch[1], scratch[2]
    now[:] = where
    slots, start = len(made) - 1, now[paid:].sum()
    for step in range(months + past - ended):
        if now[paid:].sum() <= NOTHING * start:
            break
        month = ended + step
        factor, odds = shocks[min(month, months - 1)], base[min(age + month + 1, base.shape[0] - 1)]
        whole[:] = 1.0
        for edge in range(len(edges)):
            if edges[edge, 0] >= paid:
                for k in range(scenarios):
                    whole[edges[edge, 0], k] += odds[edge] * factor[edge, k]
        for state in range(paid, live):
            for k in range(scenarios):
                now[state, k] /= whole[state, k]
                after[state, k] = now[state, k]
        for edge in range(len(edges)):
            origin, target = edges[edge, 0], edges[edge, 1]
            if origin >= paid and target == default:
                for slot in range(min(step + 1, slots), slots + 1):
                    for k in range(scenarios):
                        made[slot, k] += now[origin, k] * (odds[edge] * factor[edge, k])
            elif origin >= paid and paid <= target < live:
                for k in range(scenarios):
                    after[target, k] += now[origin, k] * (odds[edge] * factor[edge, k])
        for state in range(paid, live):
            for k in range(scenarios):
                now[state, k] = after[state, k]


@compiled
def default_table(
    first: int,
    last: int,
    base: Array,
    shocks: Array,
    edges: Array,
    live: int,
    default: int,
    buckets: Array,
    marginal: Array,
    total: Array,
    paid: int,
    bounds: Array,
    ends: Array,
    past: int,
    late: Array,
) -> None:
    """Set marginal (B, T, K) and cumulative default (B, T + 1, K), which comes in as 0, of some buckets.

    first, last : these buckets.
    base : (G, A, R) odds; shocks : (T, R, K); edges : (R, 2) origin, target; buckets : (B, 3) segment, age,
        state.
    late : (P, S + 1, K), comes in as 0: cumulative default by months after the contract's end, of loans of a
        bucket that end in the months `ends` (P,), rising within a bucket; `bounds` (B + 1,) cuts them by
        bucket. The last place holds all that ever default, looked at for `past` months beyond T. A loan in
        one of the first `paid` live states at the end, or that comes there later, has paid.
    """
    months, _, scenarios = shocks.shape
    where, after, share = (
        np.empty((live, scenarios)),
        np.empty((live, scenarios)),
        np.empty((live, scenarios)),
    )
    slots = late.shape[1] - 1
    within = np.empty((months + 1 if len(ends) else 0, slots + 1, live, scenarios))
    scratch, forward = np.empty((slots + 1, live, scenarios)), np.empty((3, live, scenarios))
    seen = np.full(2, -1)
    for bucket in range(first, last):
        segment, age = buckets[bucket, 0], buckets[bucket, 1]
        where[:] = 0.0
        for k in range(scenarios):
            where[buckets[bucket, 2], k] = 1.0
        ending = bounds[bucket]
        many = (bounds[bucket + 1] - ending) * FEW > (months + past) * slots
        if many and not (seen[0] == segment and seen[1] == age):
            _to_default(base[segment], shocks, edges, live, default, paid, age, past, within, scratch)
            seen[0], seen[1] = segment, age
        for month in range(months):
            odds = base[segment, min(age + month + 1, base.shape[1] - 1)]
            entered = total[bucket, month + 1]
            share[:] = 1.0
            for edge in range(len(edges)):
                for k in range(scenarios):
                    share[edges[edge, 0], k] += odds[edge] * shocks[month, edge, k]
            for state in range(live):
                for k in range(scenarios):
                    share[state, k] = where[state, k] / share[state, k]
                    after[state, k] = share[state, k]
            for edge in range(len(edges)):
                origin, target = edges[edge, 0], edges[edge, 1]
                for k in range(scenarios):
                    flow = share[origin, k] * (odds[edge] * shocks[month, edge, k])
                    if target == default:
                        entered[k] += flow
                    elif target < live:
                        after[target, k] += flow
            for k in range(scenarios):
                marginal[bucket, month, k] = entered[k]
                entered[k] += total[bucket, month, k]
            for state in range(live):
                for k in range(scenarios):
                    where[state, k] = after[state, k]
            if ending < bounds[bucket + 1] and ends[ending] == month + 1:
                if many:
                    risk = within[month + 1]
                    for slot in range(slots + 1):
                        for state in range(paid, live):
                            for k in range(scenarios):
                                late[ending, slot, k] += where[state, k] * risk[slot, state, k]
                else:
                    _after_term(
                        base[segment], shocks, edges, live, default, paid, age, month + 1, past, where,
                        forward, late[ending],
                    )  # fmt: skip
                ending += 1


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
    _begin(block, kind)
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
            _reset(block, kind, index, month + 1)
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
        _advance(block, kind, month + 1, partial)
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
            owed[lane] *= 12.0 * _factor(block, lane, month)
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
        longest = _load(block, packed, order, start, stop)
        plan[0], plan[1] = arrears, min(months, longest)
        history = space[edge : edge + months * lanes].reshape(months, lanes)
        edge += months * lanes
        waits = space[edge : edge + (months + 1) * lanes].reshape(months + 1, lanes)
        _block_runoff(block, history, waits, kind, index, partial, cells[bucket], plan)
