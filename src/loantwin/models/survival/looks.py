"""Looks out of time: what was known at a date makes probabilities, what came after it judges them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.macro.source import MacroSource
from loantwin.models.scoring.table import take
from loantwin.models.survival import cox, curves
from loantwin.models.survival.calendar import newer
from loantwin.models.survival.judge import (
    Outcomes,
    SurvivalCompared,
    SurvivalJudged,
    compared,
    join,
    judged,
    losses,
)
from loantwin.models.survival.lives import COMPETING, EVENT, LEAST_EVENTS, Lives, as_of
from loantwin.models.survival.model import Ahead, Survival, probabilities, train
from loantwin.months import label

NEW, LIVE = "new", "live"
"""Loans that begin in the year after the look, and loans alive at it."""
HAZARD, COX, LAST = "hazard", "cox", "last year's rate"
ALL = "all"


@dataclass(frozen=True)
class Look:
    """One group of loans at one date: outcomes, and by model the probabilities by horizon, (H, N)."""

    month: int
    group: str
    outcomes: Outcomes
    found: Mapping[str, Floats]


@dataclass(frozen=True)
class JudgedAt:
    """A model's figures on a group of loans at a horizon in months.

    as_of : month of the look, or 'all' of them. loans : judged; in 'all' a loan counts at each look.
    """

    as_of: str
    group: str
    horizon: int
    model: str
    loans: int
    figures: SurvivalJudged


def rival_of(lives: Lives) -> str:
    """Return what the curve by age alone is called: Aalen-Johansen where there is another end."""
    return "Aalen-Johansen" if (lives.cause == COMPETING).any() else "Kaplan-Meier"


def look(
    lives: Lives, month: int, names: Sequence[str], sources: Sequence[MacroSource],
    horizons: Sequence[int], with_cox: bool = False,
) -> tuple[Look, ...]:  # fmt: skip
    """Return the looks at a month: models are trained on what was known then, new and live loans read.

    The economy of a loan that begins later is that published by its beginning; outcomes stay those known at
    the look.

    Raises
    ------
    ModelError : fewer events than 20 at that month, or a fit that does not come to rest.
    """
    known = as_of(lives, month)
    if int((known.cause == EVENT).sum()) < LEAST_EVENTS:
        return ()
    model = train(known, names, sources)
    pair = cox.train_cox(known, model) if with_cox else None
    plain = {rival_of(lives): curves.empirical(known), LAST: curves.last_rate(known)}
    made = []
    for group, rows, age in _groups(lives, month):
        if not len(rows):
            continue
        ahead = Ahead(lives.origin[rows], age, np.maximum(lives.origin[rows] + age, month))
        calendar = newer(model.calendar, sources, int(ahead.known.max()))
        table = take(lives.table, rows)
        found = {HAZARD: probabilities(model, table, ahead, horizons, calendar)}
        if pair is not None:
            found[COX] = cox.cox_probabilities(pair, model, table, ahead, horizons, calendar)
        for name, curve in plain.items():
            found[name] = np.array([curves.cumulative(curve, age, horizon) for horizon in horizons])
        made.append(Look(month, group, _outcomes(lives, rows, age), found))
    return tuple(made)


def _groups(lives: Lives, month: int) -> list[tuple[str, Integers, Integers]]:
    """Return group, places of the spans and ages of loans; a loan stands in one span of a group."""
    age = month - lives.origin
    live = np.flatnonzero((age >= 0) & (lives.first <= age + 1) & (lives.last >= age + 1))
    _, opening = np.unique(lives.who, return_index=True)
    begins = lives.origin[opening] + np.maximum(lives.first[opening] - 1, 0)
    new = opening[(lives.origin[opening] > month) & (begins <= month + curves.YEAR)]
    return [(NEW, new, lives.first[new] - 1), (LIVE, live, age[live])]


def _outcomes(lives: Lives, rows: Integers, age: Integers) -> Outcomes:
    order = np.lexsort((lives.last, lives.who))
    final = order[np.append(lives.who[order][1:] != lives.who[order][:-1], True)]
    place = final[np.searchsorted(lives.who[final], lives.who[rows])]
    since = np.maximum(age, 0)
    return Outcomes(lives.last[place] - since, lives.cause[place],
                    lives.until - lives.origin[rows] - since, lives.who[rows])  # fmt: skip


def judge(looks: Sequence[Look], horizons: Sequence[int], seed: int) -> tuple[JudgedAt, ...]:
    """Return the figures of every look and of all looks together, where loans were watched long enough."""
    made = []
    for group in (NEW, LIVE):
        parts = [item for item in looks if item.group == group]
        for place, horizon in enumerate(horizons):
            some = _long_enough(parts, horizon)
            together = [(ALL, some)] if len(some) > 1 else []
            for when, taken in [*((label(item.month), [item]) for item in some), *together]:
                outcomes = join([item.outcomes for item in taken])
                for name in taken[0].found:
                    chance = np.concatenate([item.found[name][place] for item in taken])
                    figures = judged(outcomes, chance, horizon, seed)
                    made.append(JudgedAt(when, group, horizon, name, len(chance), figures))
    return tuple(made)


def compare(looks: Sequence[Look], horizons: Sequence[int], seed: int) -> tuple[SurvivalCompared, ...]:
    """Return hazard (and Cox) beside the rivals on all looks together, by group and horizon."""
    made = []
    for group in (NEW, LIVE):
        parts = [item for item in looks if item.group == group]
        for place, horizon in enumerate(horizons):
            some = _long_enough(parts, horizon)
            if not some:
                continue
            squared = {
                name: np.concatenate(
                    [losses(item.outcomes, item.found[name][place], horizon) for item in some]
                )
                for name in some[0].found
            }
            who = np.concatenate([item.outcomes.who for item in some])
            against = [name for name in squared if name != HAZARD]
            made += [compared(group, (HAZARD, name), horizon, squared, who, seed) for name in against]
    return tuple(made)


def _long_enough(looks: Sequence[Look], horizon: int) -> list[Look]:
    return [item for item in looks if (item.outcomes.reach >= horizon).any()]


def strongest(model: Survival, own: Floats) -> list[tuple[str, float]]:
    """Return features by how far apart they set loans: deviation of contributions, largest first.

    own : (N, F + 1) contributions.
    """
    spread = own[:, :-1].std(axis=0)
    pairs = [(feature.name, float(size)) for feature, size in zip(model.features, spread, strict=True)]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
