"""A survival model: the hazards of the event and of the other end, from what a loan and a month are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.errors import ModelError
from loantwin.macro.source import MacroSource
from loantwin.models.scoring.features import Feature, encode, learn_features
from loantwin.models.scoring.table import Table
from loantwin.models.scoring.terms import Terms, columns_of, learn_terms
from loantwin.models.survival import curves, hazard
from loantwin.models.survival.ages import Ages, age_columns, learn_ages
from loantwin.models.survival.calendar import Calendar, calendar_of
from loantwin.models.survival.lives import COMPETING, EVENT, Lives, after, as_of

PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""Of columns of loans: the one is taken under which what was seen is likeliest."""
CALENDAR = (3.0, 30.0, 300.0, 1e6)
"""Of covariates by month: one that tells the later months of training; the last is as good as none."""
OF_AGE = 0.1
LATER = 0.3
"""Share of the events that comes in those later months."""
LEAST_SPREAD = 0.01
"""Standard deviation of a column from which on it is made 1 before the penalty."""
FEWEST = 10
"""Events of the event, or of the other end, below which nothing is chosen, and nothing is fitted."""


@dataclass(frozen=True)
class Hazard:
    """One end's hazard: exp of the sum of what features, age and month give is its intensity in a month.

    own : (K,) coefficients of the features' columns. of_age, of_month : of age's and the calendar's columns.
    middle, scale : (C,) of the calendar's columns. penalty, calendar_penalty : chosen.
    """

    intercept: float
    own: tuple[float, ...]
    ages: Ages
    of_age: tuple[float, ...]
    of_month: tuple[float, ...]
    middle: tuple[float, ...]
    scale: tuple[float, ...]
    penalty: float
    calendar_penalty: float


@dataclass(frozen=True)
class Survival:
    """Hazards of the event and of the other end (None where there is none), and how to read other loans.

    known : last month that the model saw. time : column of the day of origin.
    """

    features: tuple[Feature, ...]
    terms: tuple[Terms, ...]
    event: Hazard
    competing: Hazard | None
    calendar: Calendar
    known: int
    time: str | None


@dataclass(frozen=True)
class Design:
    """Spans with the columns of their loans and the covariates by month: what all fits share."""

    lives: Lives
    x: Floats
    calendar: Calendar


def train(lives: Lives, names: Sequence[str], sources: Sequence[MacroSource], own: bool = True) -> Survival:
    """Return the model of spans as they were known at `lives.until`.

    Raises
    ------
    ModelError : fewer events than 20, or a fit that does not come to rest.
    """
    features = learn_features(lives.table, names, lives.time)
    values = encode(features, lives.table, lives.time).values
    terms = learn_terms(features, values)
    x, _ = columns_of(features, terms, values)
    spread = x.std(axis=0)
    scale = np.where(spread > LEAST_SPREAD, spread, 1.0)  # rare levels and numbers pay the same price
    design = Design(lives, x / scale, calendar_of(lives, sources, own))
    others = int((lives.cause == COMPETING).sum())
    made = {kind: _rescaled(_hazard(design, kind, sources, own), scale) for kind in (EVENT, COMPETING)
            if kind == EVENT or others >= FEWEST}  # fmt: skip
    return Survival(
        features, terms, made[EVENT], made.get(COMPETING), design.calendar, lives.until, lives.time
    )


def _rescaled(made: Hazard, scale: Floats) -> Hazard:
    return replace(made, own=tuple((np.array(made.own) / scale).tolist()))


def _hazard(design: Design, kind: int, sources: Sequence[MacroSource], own: bool) -> Hazard:
    penalty, calendar = _chosen(design, kind, sources, own)
    return _fitted(design, kind, penalty, calendar)[0]


def _chosen(design: Design, kind: int, sources: Sequence[MacroSource], own: bool) -> tuple[float, float]:
    """Return the penalties: of features the likeliest belief, of months what tells the later months best."""
    found = {penalty: _fitted(design, kind, penalty, CALENDAR[1])[2] for penalty in PENALTIES}
    best = max(found, key=lambda penalty: found[penalty])
    if not design.calendar.names:
        return best, CALENDAR[-1]
    lives = design.lives
    ends = np.sort(lives.end[lives.cause == kind])
    cut = int(ends[int((1 - LATER) * (len(ends) - 1))])
    early = as_of(lives, cut)
    if (early.cause == kind).sum() < FEWEST or (ends > cut).sum() < FEWEST:
        return best, CALENDAR[-2]
    rows = np.flatnonzero(np.minimum(lives.last, cut - lives.origin) >= lives.first)
    before = Design(early, design.x[rows], calendar_of(early, sources, own))
    shown = np.flatnonzero(lives.last >= np.maximum(lives.first, cut + 1 - lives.origin))
    then = Design(after(lives, cut), design.x[shown], before.calendar)

    def tried(calendar: float) -> Floats:
        model, beta, _ = _fitted(before, kind, best, calendar)
        return hazard.losses(_risk(then, kind, model), beta)

    return best, _strongest({penalty: tried(penalty) for penalty in CALENDAR})


def _strongest(found: dict[float, Floats]) -> float:
    """Return the largest penalty that loses to the best no more than one standard error, by paired losses.

    found : penalty -> -log likelihood of later spans (N,). The rule of one standard error: where few events
    cannot tell penalties apart the plainer model is taken (Breiman et al. 1984).
    """
    best = min(found, key=lambda penalty: found[penalty].sum())
    beyond = {penalty: losses - found[best] for penalty, losses in found.items()}
    return max(p for p, d in beyond.items() if d.sum() <= np.sqrt(len(d)) * d.std())


def _fitted(design: Design, kind: int, penalty: float, calendar: float) -> tuple[Hazard, Floats, float]:
    """Return the hazard, its coefficients in one row, and the evidence for its penalties."""
    lives = design.lives
    ages = learn_ages(lives.last[lives.cause == kind])
    watched = np.array(design.calendar.values).reshape(len(design.calendar.values), -1)
    spread = watched.std(axis=0)
    empty = Hazard(0.0, (), ages, (), (), tuple(watched.mean(axis=0).tolist()),
                   tuple(np.where(spread > 0, spread, 1.0).tolist()), penalty, calendar)  # fmt: skip
    width, moves = design.x.shape[1], len(design.calendar.names)
    aged = len(ages.centre)
    weights = np.concatenate([np.full(width, penalty), np.full(aged, OF_AGE), np.full(moves, calendar)])
    risk = _risk(design, kind, empty)
    beta = hazard.fit(risk, weights)
    parts = [tuple(part.tolist()) for part in np.split(beta[1:], [width, width + aged])]
    made = replace(empty, intercept=float(beta[0]), own=parts[0], of_age=parts[1], of_month=parts[2])
    return made, beta, hazard.evidence(risk, beta, weights)


def _risk(design: Design, kind: int, model: Hazard) -> hazard.Risk:
    lives = design.lives
    origins, cell = np.unique(lives.origin, return_inverse=True)
    ages = int(lives.last.max()) + 1
    month = origins[:, None] + np.arange(ages)
    z = _moving(model, design.calendar.at(month), age_columns(model.ages, ages)[None])
    event = lives.cause == kind
    gone = event | (lives.cause == EVENT)  # a loan with the event is not at risk of the other end that month
    return hazard.Risk(design.x, cell, lives.first, lives.last - gone, event, lives.last, z)


def _moving(model: Hazard, calendar: Floats, aged: Floats) -> Floats:
    """Return the columns of age and month, (O, A, J)."""
    moved = (calendar - np.array(model.middle)) / np.array(model.scale)
    return np.concatenate([np.broadcast_to(aged, (*moved.shape[:2], aged.shape[2])), moved], axis=2)


@dataclass(frozen=True)
class Ahead:
    """Loans as of a month: origin and age (N,), -1 before their first month, and what is known when."""

    origin: Integers
    age: Integers
    known: Integers


def probabilities(
    model: Survival, table: Table, ahead: Ahead, horizons: Sequence[int], calendar: Calendar | None = None
) -> Floats:
    """Return the probability of the event within each horizon, in presence of the other end, (H, N).

    From the age of each loan on; of one not begun the months of its life from age 0 to the horizon. What
    moves with the month stands still from the month in which a loan is looked at.

    Raises
    ------
    ModelError : a column that the model knows is not there, or is of another kind.
    """
    x = columns_of(model.features, model.terms, encode(model.features, table, model.time).values)[0]
    rates = [_rates(item, x, ahead, max(horizons), calendar or model.calendar)
             for item in (model.event, model.competing) if item is not None]  # fmt: skip
    event, other = rates[0], rates[1] if len(rates) > 1 else np.zeros_like(rates[0])
    begun = ahead.age >= 0
    made = []
    for horizon in horizons:
        inside = np.arange(max(horizons) + 1) <= horizon - begun[:, None]
        made.append(curves.incidence(np.where(inside, event, 0.0), np.where(inside, other, 0.0)))
    return np.array(made)


def _rates(model: Hazard, x: Floats, ahead: Ahead, horizon: int, calendar: Calendar) -> Floats:
    """Return hazards by month ahead, (N, horizon + 1)."""
    each = x @ np.array(model.own) + model.intercept
    age = ahead.age[:, None] + 1 + np.arange(horizon + 1)
    aged = age_columns(model.ages, int(age.max()) + 1) @ np.array(model.of_age)
    month = np.minimum(ahead.origin + ahead.age, ahead.known) + 1
    each = each + ((calendar.at(month) - np.array(model.middle)) / np.array(model.scale)) @ np.array(
        model.of_month
    )
    return np.asarray(-np.expm1(-np.exp(np.minimum(each[:, None] + aged[age], hazard.HIGHEST))))


def contributions(model: Survival, table: Table) -> Floats:
    """Return what each feature adds to the log intensity of the event (N, F + 1), the last the average's."""
    columns, owner = columns_of(model.features, model.terms, encode(model.features, table, model.time).values)
    made = np.zeros((len(columns), len(model.features) + 1))
    np.add.at(made.T, owner, (columns * np.array(model.event.own)).T)
    made[:, -1] = model.event.intercept
    return made


def check(model: Survival) -> Survival:
    """Return the model, or raise ModelError where its parts do not fit each other."""
    width = sum(len(term.centre) for term in model.terms)
    for item in (model.event, model.competing):
        if item is not None and (len(item.own) != width or len(item.of_month) != len(model.calendar.names)):
            raise ModelError("expected as many coefficients as columns, was another number")
    return model
