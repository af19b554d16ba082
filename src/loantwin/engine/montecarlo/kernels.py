"""Compiled Monte Carlo: loans by integer thresholds, cells by binomials, both on counter-based Philox draws.

A path writes its own rows of the results and sums integers only, or floats in a fixed order, so that the
number of threads cannot change a bit. The rounds of Philox are those of engine.randomness.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.kernels import compiled, inlined

Array = Any

BLOCK = 512
"""Loans simulated together."""

# Trap: two uses of one counter. Each purpose has a number of its own, across all files, or luck is shared.
LOAN_PATHS, CELL_PATHS = np.uint64(1), np.uint64(2)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
_FULL = 4294967296.0

# rows of the figures, in the order of loans.FIGURES; the first LIVING are of loans that live on
CLOSE, SCHEDULED, PARTIAL, DRAWS, INTEREST, RUNNING, DEFAULTED, PREPAID, EXITED, ARREARS, DEFAULTED_NUMBER = (
    range(11)
)
CHARGED, RECOVERED, PAID_INTEREST, FIGURES = range(11, 15)
LIVING = 6


@compiled
def philox_words(who: Array, count: int, path: int, when: int, key0: int, key1: int, words: Array) -> None:
    """Fill words (4, count) with the draws of `count` loans for four months."""
    for i in range(count):
        c0, c1, c2, c3 = np.uint64(who[i]), np.uint64(path), np.uint64(when), LOAN_PATHS
        k0, k1 = np.uint64(key0), np.uint64(key1)
        for _ in range(10):
            first, second = c0 * _M0, c2 * _M1
            c0, c1, c2, c3 = (
                (second >> _HALF) ^ c1 ^ k0,
                second & _LOW,
                (first >> _HALF) ^ c3 ^ k1,
                first & _LOW,
            )
            k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
        words[0, i], words[1, i], words[2, i], words[3, i] = (
            np.uint32(c0),
            np.uint32(c1),
            np.uint32(c2),
            np.uint32(c3),
        )


@compiled
def thresholds(
    odds: Array,
    shock: Array,
    segment: Array,
    age: Array,
    origin: Array,
    states: int,
    cumulated: Array,
    leaving: Array,
) -> None:
    """Fill cumulated (T, U, R) and leaving (T, U, S), uint32: a loan moves whose word is below `leaving`."""
    edges, ages, live = odds.shape[0], odds.shape[2], states
    weight, total, run = np.empty(edges), np.empty(live), np.empty(live)
    for month in range(shock.shape[0]):
        for u in range(len(segment)):
            a = min(age[u] + month + 1, ages - 1)
            total[:] = 1.0
            run[:] = 0.0
            for r in range(edges):
                weight[r] = shock[month, r] * odds[r, segment[u], a]
                total[origin[r]] += weight[r]
            leaving[month, u, :] = 0
            for r in range(edges):
                s = origin[r]
                run[s] += weight[r] / total[s]
                # Trap: a threshold of 2^32. What is certain would wrap round to 0, to never.
                bound = np.uint32(min(run[s] * _FULL, _FULL - 1.0))
                cumulated[month, u, r] = bound
                leaving[month, u, s] = bound


@compiled
def movers(
    words: Array, row: int, leaving: Array, place: Array, state: Array, count: int, found: Array
) -> int:
    """List, without a branch, the loans whose word lies below their threshold, and return their number."""
    moving = 0
    for i in range(count):
        found[moving] = i
        moving += words[row, i] < leaving[place[i] + state[i]]
    return moving


@compiled
def count(amount: Array, factor: float, sums: Array) -> None:
    """Add factor x amounts (T,), each rounded to a whole unit, to sums (T,)."""
    for i in range(len(sums)):
        sums[i] += np.int64(np.rint(factor * amount[i]))


@compiled
def count_scheduled(start: Array, draws: Array, partial: Array, factor: float, sums: Array) -> None:
    """Add factor x scheduled principal, rounded, to sums (T,); start : (T + 1,) balances."""
    for i in range(len(sums)):
        sums[i] += np.int64(np.rint(factor * (start[i] - start[i + 1] + draws[i] - partial[i])))


@inlined
def count_loan(cash: Array, contract: int, month: int, factor: float, sums: Array) -> None:
    """Add factor x a contract's flows of the months from `month` on to sums (F, T), in whole units.

    cash : balance and loans (C, T + 1), partial, draws, interest, exposure (C, T) as in
        engine.runoff.LoanTables.
    """
    balance, running, partial, draws, interest, _ = cash
    last = sums.shape[1]
    count(balance[contract, month + 1 : last + 1], factor, sums[CLOSE, month:])
    parts = partial[contract, month:last]
    count_scheduled(
        balance[contract, month : last + 1],
        draws[contract, month:last],
        parts,
        factor,
        sums[SCHEDULED, month:],
    )
    count(parts, factor, sums[PARTIAL, month:])
    count(draws[contract, month:last], factor, sums[DRAWS, month:])
    count(interest[contract, month:last], factor, sums[INTEREST, month:])
    count(running[contract, month + 1 : last + 1], factor, sums[RUNNING, month:])


@compiled
def all_alive(begin: int, end: int, cash: Array, contract: Array, scale: Array, parts: Array) -> None:
    """Add to `parts` (tasks, F, T) the figures were no loan ever to end: integers, so order is free."""
    tasks = len(parts)
    for task in range(begin, end):
        for loan in range(len(contract) * task // tasks, len(contract) * (task + 1) // tasks):
            count_loan(cash, contract[loan], 0, scale[loan], parts[task])


@compiled
def end_loan(
    month: int,
    kind: int,
    cash: Array,
    contract: int,
    scale: float,
    charged: float,
    recovered: float,
    figures: Array,
) -> None:
    """Take a loan that ends in `month` (0 default, 1 prepaid, 2 otherwise) out of the book, whole units."""
    balance, running, _, _, interest, exposure = cash
    count_loan(cash, contract, month, -scale, figures)
    start = np.int64(np.rint(scale * balance[contract, month]))
    if kind == 0:
        owed = np.int64(np.rint(scale * exposure[contract, month]))
        figures[DEFAULTED, month] += owed
        figures[ARREARS, month] += owed - start
        figures[DEFAULTED_NUMBER, month] += np.int64(np.rint(scale * running[contract, month]))
        figures[CHARGED, month] += np.int64(np.rint(owed * charged))
        figures[RECOVERED, month] += np.int64(np.rint(owed * recovered))
    elif kind == 1:
        figures[PREPAID, month] += start
        figures[PAID_INTEREST, month] += np.int64(np.rint(scale * interest[contract, month]))
    else:
        figures[EXITED, month] += start


@compiled
def walk_block(
    low: int, high: int, path: int, key0: int, key1: int, who: Array, place: Array, first: Array,
    cumulated: Array, leaving: Array, origin: Array, target: Array, live: int, ends: Array, contract: Array,
    scale: Array, cash: Array, severity: Array, counts: Array, figures: Array,
) -> None:  # fmt: skip
    """Walk loans `low` to `high` of a path through all months into counts (T, S) and figures (F, T)."""
    months, states, edges, money = leaving.shape[0], leaving.shape[2], cumulated.shape[2], len(scale) > 0
    n = high - low
    words, found, loan = np.empty((4, n), np.uint32), np.empty(n, np.int64), np.empty(n, np.int64)
    state, row, mine, held = (
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.uint32),
        np.zeros(states, np.int64),
    )
    for i in range(n):
        # Trap: draws by place. Luck belongs to a loan's own number: its place changes with every split.
        loan[i], state[i], row[i], mine[i] = low + i, first[low + i], place[low + i] * states, who[low + i]
        held[state[i]] += 1
    for month in range(months):
        if month % 4 == 0:
            kept = 0
            for i in range(n):
                loan[kept], state[kept], row[kept], mine[kept] = loan[i], state[i], row[i], mine[i]
                kept += state[i] < live
            n = kept
            philox_words(mine, n, path, month // 4, key0, key1, words)
        moving = movers(words, month % 4, leaving[month].reshape(-1), row, state, n, found)
        for m in range(moving):
            i = found[m]
            bucket, word, start = row[i] // states, words[month % 4, i], state[i]
            for r in range(edges):
                if origin[r] == start and word < cumulated[month, bucket, r]:
                    state[i] = target[r]
                    break
            held[start] -= 1
            held[state[i]] += 1
            if money and state[i] >= live:
                who_is = loan[i]
                charged, recovered = severity[0, bucket, month], severity[1, bucket, month]
                end_loan(
                    month, ends[state[i]], cash, contract[who_is], scale[who_is], charged, recovered, figures
                )
        for s in range(states):
            counts[month, s] += held[s]


@compiled
def loan_paths(
    begin: int, end: int, seed: Array, odds: Array, shocks: Array, segment: Array, age: Array,
    origin: Array, target: Array, live: int, ends: Array, who: Array, place: Array, first: Array,
    contract: Array, scale: Array, cash: Array, severity: Array, counts: Array, figures: Array,
) -> None:  # fmt: skip
    """Fill counts (P, T, S) of some paths and, where there is cash, take what ends out of figures (P, F, T).

    begin, end : the paths. counts, figures : int64.
    seed : two words of the key, and the number of the first path. odds : (R, G, A). shocks : (P, T, R).
        segment, age : (U,) of each bucket. who, place, first : (N,) a loan's number in the draws, its bucket,
        its state at the as-of date. ends : (S,) 0 default, 1 prepaid, 2 other. contract, scale : (N,) or (0,)
        row of `cash` (see count_loan) and its factor. severity : (2, U, T) charged off and recovered.
    """
    states, edges, months, buckets = counts.shape[2], odds.shape[0], shocks.shape[1], len(segment)
    for path in range(begin, end):
        cumulated, leaving = (
            np.empty((months, buckets, edges), np.uint32),
            np.empty((months, buckets, states), np.uint32),
        )
        thresholds(odds, shocks[path], segment, age, origin, states, cumulated, leaving)
        for block in range((len(who) + BLOCK - 1) // BLOCK):
            walk_block(
                block * BLOCK, min((block + 1) * BLOCK, len(who)), seed[2] + path, seed[0], seed[1], who,
                place, first, cumulated, leaving, origin, target, live, ends, contract, scale, cash,
                severity, counts[path], figures[path],
            )  # fmt: skip


@compiled
def loan_histories(
    begin: int, end: int, seed: Array, cumulated: Array, leaving: Array, origin: Array, target: Array,
    live: int, who: Array, place: Array, first: Array, found: Array,
) -> None:  # fmt: skip
    """Fill found (N, T) with the state at each month's end of loans `begin` to `end`, luck of `loan_paths`.

    seed : two words of the key, and the number of the path. cumulated, leaving : of `thresholds`.
    """
    months, edges = found.shape[1], cumulated.shape[2]
    words = np.empty((4, BLOCK), np.uint32)
    for low in range(begin, end, BLOCK):
        n = min(BLOCK, end - low)
        for month in range(months):
            if month % 4 == 0:
                philox_words(who[low:], n, seed[2], month // 4, seed[0], seed[1], words)
            for i in range(n):
                loan = low + i
                state = first[loan] if month == 0 else np.int64(found[loan, month - 1])
                after = state
                if state < live:
                    word, bucket = words[month % 4, i], place[loan]
                    if word < leaving[month, bucket, state]:
                        for r in range(edges):
                            if origin[r] == state and word < cumulated[month, bucket, r]:
                                after = target[r]
                                break
                found[loan, month] = after


# Trap: Numba's own generator. It keeps one state a thread: the draws would follow who runs what.
@compiled
def uniform(stream: Array) -> float:
    """Return a number inside (0, 1) on a grid of 2**-53 and move the stream on.

    stream : (10,) uint64: four words, the next word to use, three words of the counter (the last moves on),
        the key's two.
    """
    if stream[4] >= np.uint64(4):
        c0, c1, c2, c3 = stream[5], stream[6], stream[7], CELL_PATHS
        k0, k1 = stream[8], stream[9]
        for _ in range(10):
            first, second = c0 * _M0, c2 * _M1
            c0, c1, c2, c3 = (
                (second >> _HALF) ^ c1 ^ k0,
                second & _LOW,
                (first >> _HALF) ^ c3 ^ k1,
                first & _LOW,
            )
            k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
        stream[0], stream[1], stream[2], stream[3] = c0, c1, c2, c3
        stream[4] = np.uint64(0)
        stream[7] += np.uint64(1)
    at = np.int64(stream[4])
    high, low = np.float64(stream[at]), np.float64(stream[at + 1] >> np.uint64(12))
    stream[4] += np.uint64(2)
    value: float = (high * 1048576.0 + low + 0.5) / 4503599627370496.0
    return value


@compiled
def tail(k: float) -> float:
    """Return log k! less Stirling's first terms, to 1e-10 from k = 10 on; exact sums below."""
    if k < 9.5:
        exact: float = 0.0
        for j in range(2, int(k) + 1):
            exact += float(np.log(float(j)))
        return exact - (k + 0.5) * float(np.log(k + 1.0)) + (k + 1.0) - 0.9189385332046728
    square = (k + 1.0) * (k + 1.0)
    return (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / square) / square) / (k + 1.0)


@compiled
def binomial(stream: Array, n: int, p: float) -> int:
    """Return a binomial draw. p above one half is reflected first, before the method is chosen by n x p.

    Below 10 expected: inversion (Kachitvichyanukul and Schmeiser 1988); else transformed rejection, BTRS
    (Hoermann 1993).
    """
    if n <= 0 or p <= 0.0:
        return 0
    if p >= 1.0:
        return n
    # Trap: the biased sampler. Chosen by n x p before p is reflected, a method leaves its range: 0.3 % off.
    q = min(p, 1.0 - p)
    drawn = inversion(stream, n, q) if n * q < 10.0 else rejection(stream, n, q)
    return drawn if p <= 0.5 else n - drawn


@compiled
def inversion(stream: Array, n: int, p: float) -> int:
    """Return a binomial draw for n x p below 10 and p up to one half, by adding up probabilities from 0."""
    ratio = p / (1.0 - p)
    nothing = np.exp(n * np.log1p(-p))
    while True:
        left, mass, k = uniform(stream), nothing, 0
        while left > mass and k <= n:
            left -= mass
            k += 1
            mass *= ratio * (n - k + 1) / k
        if k <= n:
            return k


@compiled
def rejection(stream: Array, n: int, p: float) -> int:
    """Return a binomial draw for n x p >= 10 and p <= 1/2, by transformed rejection with squeeze."""
    deviation = np.sqrt(n * p * (1.0 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * p
    centre, sure = n * p + 0.5, 0.92 - 4.2 / b
    alpha, ratio, mode = (2.83 + 5.1 / b) * deviation, p / (1.0 - p), np.floor((n + 1) * p)
    while True:
        u, v = uniform(stream) - 0.5, uniform(stream)
        edge = 0.5 - abs(u)
        k = np.floor((2.0 * a / edge + b) * u + centre)
        if edge >= 0.07 and v <= sure:
            return int(k)
        if k < 0.0 or k > n:
            continue
        bound = (mode + 0.5) * np.log((mode + 1.0) / (ratio * (n - mode + 1.0))) + (n + 1.0) * np.log(
            (n - mode + 1.0) / (n - k + 1.0)
        )
        bound += (
            (k + 0.5) * np.log(ratio * (n - k + 1.0) / (k + 1.0))
            + tail(mode)
            + tail(n - mode)
            - tail(k)
            - tail(n - k)
        )
        if np.log(v * alpha / (a / (edge * edge) + b)) <= bound:
            return int(k)


@compiled
def binomial_draws(key0: int, key1: int, n: Array, p: Array, drawn: Array) -> None:
    """Fill drawn (M, D): D draws of each of M pairs of n and p. For tests of the sampler."""
    for pair in range(len(n)):
        stream = np.zeros(10, np.uint64)
        stream[4], stream[5], stream[8], stream[9] = (
            np.uint64(4),
            np.uint64(pair),
            np.uint64(key0),
            np.uint64(key1),
        )
        for i in range(drawn.shape[1]):
            drawn[pair, i] = binomial(stream, n[pair], p[pair])


@compiled
def walk_cell(
    path: int, cell: int, seed: Array, odds: Array, shock: Array, segment: int, age: int, origin: Array,
    target: Array, held: Array, counts: Array, entered: Array,
) -> None:  # fmt: skip
    """Walk a cell's loans held (S,): counts (T, S) after each month, entered (T, S) by state entered."""
    edges, ages = odds.shape[0], odds.shape[2]
    weight, rest = np.empty(edges), np.empty(len(held))
    stream, left = np.zeros(10, np.uint64), np.empty(len(held), np.int64)
    stream[5], stream[6], stream[8], stream[9] = (
        np.uint64(cell),
        np.uint64(path),
        np.uint64(seed[0]),
        np.uint64(seed[1]),
    )
    for month in range(shock.shape[0]):
        stream[4], stream[7] = np.uint64(4), np.uint64(month) << np.uint64(20)
        a = min(age + month + 1, ages - 1)
        rest[:] = 1.0
        for r in range(edges):
            weight[r] = shock[month, r] * odds[r, segment, a]
            rest[origin[r]] += weight[r]
        for s in range(len(held)):
            left[s] = held[s]
            entered[month, s] = 0
        for r in range(edges):
            s = origin[r]
            moved = binomial(stream, left[s], weight[r] / rest[s]) if left[s] > 0 else 0
            rest[s] -= weight[r]
            left[s] -= moved
            held[s] -= moved
            held[target[r]] += moved
            entered[month, target[r]] += moved
        for s in range(len(held)):
            counts[month, s] = held[s]


@compiled
def cell_paths(
    begin: int, end: int, seed: Array, odds: Array, shocks: Array, segment: Array, age: Array,
    first: Array, number: Array, group: Array, origin: Array, target: Array, live: int, ends: Array,
    factors: Array, counts: Array, figures: Array,
) -> None:  # fmt: skip
    """Fill counts (P, T, S) of the paths `begin` to `end`, add to figures (P, groups, T, F), cells in order.

    segment, age, first, number, group : (B,). factors : (B, T, 4, F) per loan that stays live, defaults,
        prepays, ends otherwise.
    """
    months, states, width = shocks.shape[1], counts.shape[2], factors.shape[3]
    for path in range(begin, end):
        own, entered, held = (
            np.empty((months, states), np.int64),
            np.empty((months, states), np.int64),
            np.empty(states, np.int64),
        )
        for cell in range(len(segment)):
            held[:] = 0
            held[first[cell]] = number[cell]
            walk_cell(
                seed[2] + path,
                cell,
                seed,
                odds,
                shocks[path],
                segment[cell],
                age[cell],
                origin,
                target,
                held,
                own,
                entered,
            )
            for month in range(months):
                stay = 0
                for s in range(states):
                    counts[path, month, s] += own[month, s]
                    stay += own[month, s] if s < live else 0
                for figure in range(width):
                    value = stay * factors[cell, month, 0, figure]
                    for s in range(live, states):
                        value += entered[month, s] * factors[cell, month, 1 + ends[s], figure]
                    figures[path, group[cell], month, figure] += value
