"""Rating histories drawn from a known generator, to see whether an estimator finds it again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.migrations.estimators import YEAR
from loantwin.migrations.generators import check_generator
from loantwin.migrations.histories import RatingEvents


def simulated_events(
    generator: Floats,
    states: Sequence[str],
    starts: Integers,
    years: float,
    seed: int,
    first: dt.date = dt.date(2000, 1, 1),
) -> RatingEvents:
    """Return histories from states `starts` (N,) that move by a yearly generator (K, K) for `years`.

    Times are rounded to days (of two moves of a customer on one day the last stands); waiting times are
    exponential.
    """
    check.finite(generator=generator)
    check.words(states=states)
    check.codes(0, starts=starts)
    check.number(0, years=years)
    check.count(0, seed=seed)
    check.kind(dt.date, first=first)
    check.square(generator=generator)
    check.codes(0, len(generator) - 1, starts=starts)
    check.shaped((len(generator),), states=states)
    check.shaped((None,), starts=starts)
    check_generator(generator)
    draws = np.random.default_rng(seed)
    target = np.cumsum(np.maximum(generator, 0.0) * ~np.eye(len(generator), dtype=bool), axis=1)
    leave = target[:, -1].copy()
    customer, state, time = np.arange(len(starts)), starts.astype(np.int64), np.zeros(len(starts))
    rows = [(customer, time, state)]
    while len(customer):
        with np.errstate(divide="ignore"):
            time = time + draws.standard_exponential(len(customer)) / leave[state]
        stay = time < years
        customer, state, time = customer[stay], state[stay], time[stay]
        draw = draws.random(len(customer)) * leave[state]
        state = (target[state] <= draw[:, None]).sum(axis=1)
        rows.append((customer, time, state))
    who, when, what = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    day = np.floor(when * YEAR).astype(np.int64)
    order = np.lexsort((when, who))
    who, day, what = who[order], day[order], what[order]
    kept = np.append((who[1:] != who[:-1]) | (day[1:] != day[:-1]), True)
    origin = np.datetime64(first, "D")
    last = first + dt.timedelta(days=int(years * YEAR))
    return RatingEvents(
        who[kept],
        origin + day[kept].astype("timedelta64[D]"),
        what[kept],
        tuple(states),
        last,
        {"events": int(kept.sum())},
    )
