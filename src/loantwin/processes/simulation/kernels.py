"""Cases through a process with limited staff, event by event: one replication after the other, compiled.

A draw is a function of (case, replication, visit, purpose) and the seed, so that more staff meets the same
luck. Events that fall together are taken in the order of kind, then of who.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.kernels import compiled

Array = Any

ARRIVES, ENDS, LEAVES, OPENS = 0, 1, 2, 3
"""Kinds of events: a case comes in, a step is done, a case loses patience, staff come to work."""
FIXED, EXPONENTIAL, LOGNORMAL, EMPIRICAL = 0, 1, 2, 3
"""Kinds of times."""
PURPOSE = 5
"""Last word of the counter of draws; `engine.randomness` has those before it."""
GAP = 0xFFFFFFFF
"""Visit under which the gap before a case is drawn."""
WEEK = 168.0
VISITS = 65536
"""Steps of one case, at most."""

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


@compiled
def draw(who: int, path: int, when: int, key0: int, key1: int, found: Array) -> None:
    """Set found (4,) to numbers inside (0, 1), the words of one counter of Philox4x32-10."""
    c0, c1, c2, c3 = np.uint64(who), np.uint64(path), np.uint64(when), np.uint64(PURPOSE)
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
    found[0], found[1] = (float(c0) + 0.5) / 4294967296.0, (float(c1) + 0.5) / 4294967296.0
    found[2], found[3] = (float(c2) + 0.5) / 4294967296.0, (float(c3) + 0.5) / 4294967296.0


@compiled
def duration(law: Array, seen: Array, one: float, two: float) -> float:
    """Return a time, hours, from two numbers inside (0, 1).

    law : (5,) kind, two parameters, and the first and the number of its observed times in `seen`.
    """
    kind = int(law[0])
    if kind == FIXED:
        return float(law[1])
    if kind == EXPONENTIAL:
        return float(-law[1] * np.log(one))
    if kind == LOGNORMAL:
        normal = np.sqrt(-2.0 * np.log(one)) * np.cos(2.0 * np.pi * two)
        return float(np.exp(law[1] + law[2] * normal))
    return float(seen[int(law[3]) + min(int(one * law[4]), int(law[4]) - 1)])


@compiled
def is_open(week: Array, at: float) -> bool:
    """Return whether a moment lies in hours. week : (D, 2) beginning and end, hours from Monday 00:00."""
    hour = at - WEEK * np.floor(at / WEEK)
    for k in range(len(week)):  # noqa: SIM110  # Numba compiles no generator expression
        if week[k, 0] <= hour < week[k, 1]:
            return True
    return False


@compiled
def next_open(week: Array, at: float) -> float:
    """Return the first moment from one on that lies in hours."""
    start = WEEK * np.floor(at / WEEK)
    hour = at - start
    for k in range(len(week)):
        if hour < week[k, 1]:
            return float(at if hour >= week[k, 0] else start + week[k, 0])
    return float(start + WEEK + week[0, 0])


@compiled
def worked_off(week: Array, at: float, hours: float) -> float:
    """Return the moment at which so many hours of work are done, begun at a moment that lies in hours."""
    if len(week) == 1 and week[0, 1] - week[0, 0] == WEEK:
        return at + hours
    left = hours
    while True:
        start = WEEK * np.floor(at / WEEK)
        hour = at - start
        for k in range(len(week)):
            if hour < week[k, 1]:
                begin = max(hour, week[k, 0])
                if left <= week[k, 1] - begin:
                    return float(start + begin + left)
                left -= week[k, 1] - begin
        at = start + WEEK
        total = 0.0
        for k in range(len(week)):
            total += week[k, 1] - week[k, 0]
        whole = np.floor(left / total)
        if whole >= 1.0 and whole * total < left:
            at += WEEK * whole
            left -= whole * total


@compiled
def _before(keys: Array, one: int, other: int) -> bool:
    """Return whether an entry goes first: keys (2, M) main key and the second, which breaks ties."""
    if keys[0, one] != keys[0, other]:
        return bool(keys[0, one] < keys[0, other])
    return bool(keys[1, one] < keys[1, other])


@compiled
def push(keys: Array, held: Array, size: int, main: float, second: float, what: int) -> int:
    """Put an entry into a heap of `size` entries and return the new size; keys (2, M), held (M,)."""
    place = size
    keys[0, place], keys[1, place], held[place] = main, second, what
    while place > 0:
        above = (place - 1) // 2
        if not _before(keys, place, above):
            break
        for row in range(2):
            keys[row, place], keys[row, above] = keys[row, above], keys[row, place]
        held[place], held[above] = held[above], held[place]
        place = above
    return size + 1


@compiled
def pop(keys: Array, held: Array, size: int) -> int:
    """Take the first entry off a heap, whose size is then one less, and return what it holds.

    Its keys stand at the place behind the last afterwards.
    """
    last = size - 1
    found, main, second = held[0], keys[0, 0], keys[1, 0]
    keys[0, 0], keys[1, 0], held[0] = keys[0, last], keys[1, last], held[last]
    place = 0
    while True:
        least = place
        for below in (2 * place + 1, 2 * place + 2):
            if below < last and _before(keys, below, least):
                least = below
        if least == place:
            break
        for row in range(2):
            keys[row, place], keys[row, least] = keys[row, least], keys[row, place]
        held[place], held[least] = held[least], held[place]
        place = least
    keys[0, last], keys[1, last], held[last] = main, second, found
    return int(found)


@compiled
def replications(
    first: int,
    last: int,
    key: Array,
    span: Array,
    states: tuple[Array, Array, Array, Array],
    steps: tuple[Array, Array, Array, Array, Array, Array],
    pools: tuple[Array, Array, Array, Array],
    seen: Array,
    cases: Array,
    records: Array,
    sums: Array,
) -> None:
    """Run replications `first` to `last`; each writes its own rows of `cases`, `records` and `sums`.

    key : (2,) of the seed. span : warm-up, end of what is measured, and the hour at which a run is cut off,
        hours; mean gap between cases in arrival hours.
    states : first place of each state's steps in `order` (S + 1,), `order`, cumulated shares, and the step
        that impatience takes (-1 none).
    steps : state after (K,), pool (-1 none), law of its time (K, 5), cost, priority, law of patience (K, 5).
    pools : people (R,), first place of its hours in `week` (R + 2,), the last being those of arrivals, `week`
        (D, 2), hours of all. seen : observed times, hours.
    cases : (P, M, 4) of each case measured: hours waited, hours from its coming to its end (NaN: it had not
        ended), state in which it ended, cost of its steps.
    records : (P, E, 3) of each step of them by staff: step, hours waited before it (of impatience too), kind
    (0
        served, 1 left).
    sums : (P, 4 + R) cases measured, records, steps taken by all, status (0 done, 1 no room for cases, 2 none
        for records), and hours of work by pool begun while it was measured.
    """
    for path in range(first, last):
        _run(path, key, span, states, steps, pools, seen, cases[path], records[path], sums[path])


@compiled
def _run(
    path: int,
    key: Array,
    span: Array,
    states: tuple[Array, Array, Array, Array],
    steps: tuple[Array, Array, Array, Array, Array, Array],
    pools: tuple[Array, Array, Array, Array],
    seen: Array,
    told: Array,
    records: Array,
    sums: Array,
) -> None:
    begin, order, cumulated, impatient = states
    to, pool_of, law, cost, priority, patience = steps
    people, hours_of, week, _ = pools
    warm, end, cut, gap = span[0], span[1], span[2], span[3]
    most, room = len(told), len(records)
    count_pools = len(people)
    arriving = week[hours_of[count_pools] : hours_of[count_pools + 1]]
    keys, held = np.empty((2, 3 * most + count_pools + 4)), np.empty(3 * most + count_pools + 4, np.int64)
    line_keys = np.empty((count_pools, 2, most + 1))
    line_held, lines = np.empty((count_pools, most + 1), np.int64), np.zeros(count_pools, np.int64)
    free, coming = people.copy(), np.zeros(count_pools, np.bool_)
    state, visit = np.empty(most, np.int64), np.zeros(most, np.int64)
    came, since = np.empty(most), np.empty(most)
    step_of, needs = np.full(most, -1, np.int64), np.empty(most)
    waiting, waiting_at = np.zeros(most, np.bool_), np.full(most, -1, np.int64)
    number, size, recorded, taken, open_cases, measured, status = 0, 0, 0, 0, 0, 0, 0
    word = np.empty(4)
    place_of = np.full(most, -1, np.int64)  # a case measured -> its row
    draw(0, path, GAP, key[0], key[1], word)
    now = worked_off(arriving, next_open(arriving, 0.0), -gap * np.log(word[0]))
    size = push(keys, held, size, now, 0.0, ARRIVES)
    while size > 0:
        code = pop(keys, held, size)
        now = keys[0, size - 1]
        size -= 1
        if now > cut or (now >= end and open_cases == 0):
            break
        kind, who = code & 3, code >> 2
        if kind == OPENS:  # who is a pool here, and a case elsewhere
            coming[who] = False
            size, recorded = _serve(
                who, now, span, pools, lines, line_keys, line_held, free, coming, waiting, waiting_at, since,
                step_of, needs, place_of, told, records, recorded, sums, keys, held, size,
            )  # fmt: skip
            continue
        moving = False
        step = -1
        if kind == ARRIVES:
            if number >= most:
                status = 1
                break
            who = number
            number += 1
            state[who], came[who] = 0, now
            if warm <= now < end:
                place_of[who] = measured
                told[measured, 0], told[measured, 1], told[measured, 2], told[measured, 3] = (
                    0.0,
                    np.nan,
                    0.0,
                    0.0,
                )
                measured += 1
                open_cases += 1
            draw(number, path, GAP, key[0], key[1], word)
            begun = next_open(arriving, now)
            size = push(
                keys, held, size, worked_off(arriving, begun, -gap * np.log(word[0])), float(number), ARRIVES
            )
            moving = True
        elif kind == ENDS:
            step = step_of[who]
            if pool_of[step] >= 0:
                free[pool_of[step]] += 1
        else:
            # impatience: `waiting_at` tells whether it is the wait that this patience was drawn for
            case, at_visit = who // VISITS, who % VISITS
            if not waiting[case] or waiting_at[case] != at_visit:
                continue
            who = case
            waited = now - since[who]
            step = impatient[state[who]]
            if place_of[who] >= 0:
                told[place_of[who], 0] += waited
                if recorded < room:
                    records[recorded, 0], records[recorded, 1], records[recorded, 2] = (
                        step_of[who],
                        waited,
                        1.0,
                    )
                recorded += 1
            waiting[who] = False
        if not moving:
            taken += 1
            if place_of[who] >= 0:
                told[place_of[who], 3] += cost[step]
            state[who] = to[step]
            visit[who] += 1
        # on to the next step, or to the end
        here = state[who]
        freed = pool_of[step] if kind == ENDS else -1
        if begin[here] == begin[here + 1]:
            if place_of[who] >= 0:
                told[place_of[who], 1], told[place_of[who], 2] = now - came[who], here
                open_cases -= 1
        else:
            draw(who, path, visit[who], key[0], key[1], word)
            chosen = begin[here]
            while chosen < begin[here + 1] - 1 and word[0] >= cumulated[chosen]:
                chosen += 1
            following = order[chosen]
            step_of[who] = following
            needs[who] = duration(law[following], seen, word[1], word[2])
            pool = pool_of[following]
            if pool < 0:
                size = push(keys, held, size, now + needs[who], float(who), ENDS + 4 * who)
            else:
                waiting[who], waiting_at[who], since[who] = True, visit[who], now
                lines[pool] = push(
                    line_keys[pool], line_held[pool], lines[pool], float(priority[following]), now,
                    who * VISITS + visit[who],
                )  # fmt: skip
                if impatient[here] >= 0:
                    leaving = now + duration(patience[impatient[here]], seen, word[3], word[2])
                    size = push(
                        keys, held, size, leaving, float(who), LEAVES + 4 * (who * VISITS + visit[who])
                    )
                if pool != freed:
                    size, recorded = _serve(
                        pool, now, span, pools, lines, line_keys, line_held, free, coming, waiting,
                        waiting_at, since, step_of, needs, place_of, told, records, recorded, sums, keys,
                        held, size,
                    )  # fmt: skip
        if freed >= 0:
            size, recorded = _serve(
                freed, now, span, pools, lines, line_keys, line_held, free, coming, waiting, waiting_at,
                since, step_of, needs, place_of, told, records, recorded, sums, keys, held, size,
            )  # fmt: skip
        if size > keys.shape[1] - count_pools - 3:
            status = 1
            break
    for case in range(number):  # a wait that had not ended counts as far as it was seen
        if waiting[case] and place_of[case] >= 0:
            told[place_of[case], 0] += max(min(now, cut) - since[case], 0.0)
    if recorded > room:
        status = 2
    sums[0], sums[1], sums[2], sums[3] = measured, recorded, taken, status


@compiled
def _serve(
    pool: int,
    now: float,
    span: Array,
    pools: tuple[Array, Array, Array, Array],
    lines: Array,
    line_keys: Array,
    line_held: Array,
    free: Array,
    coming: Array,
    waiting: Array,
    waiting_at: Array,
    since: Array,
    step_of: Array,
    needs: Array,
    place_of: Array,
    told: Array,
    records: Array,
    recorded: int,
    sums: Array,
    keys: Array,
    held: Array,
    size: int,
) -> tuple[int, int]:
    """Let the free people of a pool begin what waits, first come first served within a priority.

    Who has left in the meantime is taken off the line when reached.
    """
    hours_of, week = pools[1], pools[2]
    own = week[hours_of[pool] : hours_of[pool + 1]]
    while lines[pool] > 0:
        first = line_held[pool, 0] // VISITS
        if not waiting[first] or waiting_at[first] != line_held[pool, 0] % VISITS:
            pop(line_keys[pool], line_held[pool], lines[pool])
            lines[pool] -= 1
            continue
        if free[pool] <= 0:
            break
        if not is_open(own, now):
            if not coming[pool]:
                coming[pool] = True
                size = push(keys, held, size, next_open(own, now), float(pool), OPENS + 4 * pool)
            break
        pop(line_keys[pool], line_held[pool], lines[pool])
        lines[pool] -= 1
        free[pool] -= 1
        waiting[first] = False
        waited = now - since[first]
        if place_of[first] >= 0:
            told[place_of[first], 0] += waited
            if recorded < len(records):
                records[recorded, 0], records[recorded, 1], records[recorded, 2] = step_of[first], waited, 0.0
            recorded += 1
        if span[0] <= now < span[1]:
            sums[4 + pool] += needs[first]
        size = push(keys, held, size, worked_off(own, now, needs[first]), float(first), ENDS + 4 * first)
    return size, recorded
