"""The chains: default probabilities of a bucket by month, and of who is late when the contract ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from loantwin.kernels import compiled

Array = Any


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
    runs: Array,
    marginal: Array,
    total: Array,
    paid: int,
    bounds: Array,
    ends: Array,
    past: int,
    late: Array,
) -> None:
    """Set marginal (B, T, K) and cumulative default (B, T + 1, K), which come in as 0, of some buckets.

    first, last : these buckets.
    base : (G, A, R) odds; shocks : (T, R, K); edges : (R, 2) origin, target; buckets : (B, 3) segment, age,
        state; runs : (B,) months looked at, what comes later stays 0.
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
        for month in range(runs[bucket]):
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
