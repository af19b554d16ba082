"""Cox regression with covariates that move, by lifelines: a rival (extra `scoring`)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.errors import ModelError, expected
from loantwin.extras import require
from loantwin.models.scoring.features import encode
from loantwin.models.scoring.table import Table
from loantwin.models.scoring.terms import columns_of
from loantwin.models.survival.calendar import Calendar
from loantwin.models.survival.curves import at_ages, incidence
from loantwin.models.survival.lives import COMPETING, EVENT, Lives
from loantwin.models.survival.model import FEWEST, Ahead, Survival

QUARTER = 3
LEAST_SPREAD = 1e-3
"""Variance below which a column is left out: lifelines takes it for a constant."""


@dataclass(frozen=True)
class Cox:
    """Coefficients of loans' and the calendar's columns by end, and the baseline's hazard by age.

    own : (K,). of_month : (C,). baseline : (A,) increments of the cumulated hazard of a loan whose columns
    are 0. None for an end that is too rare.
    """

    own: Floats
    of_month: Floats
    baseline: Floats


def train_cox(lives: Lives, model: Survival) -> tuple[Cox, Cox | None]:
    """Return Cox regressions of the event and of the other end, each with the other taken as out of sight.

    They read the columns of `model`, its calendar by quarters (a covariate holds from the first month of a
    span or quarter), and its penalty. Ties by Efron's rule; the baseline is Breslow's.

    Raises
    ------
    ExtraError : without the extra `scoring`. ModelError : a fit that lifelines gives up.
    """
    require("scoring")
    x = columns_of(model.features, model.terms, encode(model.features, lives.table, lives.time).values)[0]
    row, first, last, ends = _pieces(lives)
    moves = model.calendar.at(lives.origin[row] + first)
    columns = np.hstack([x[row], (moves - np.array(model.event.middle)) / np.array(model.event.scale)])
    made = []
    for kind, item in ((EVENT, model.event), (COMPETING, model.competing)):
        event = ends & (lives.cause[row] == kind)
        made.append(_fitted(columns, first, last, event, item.penalty, x.shape[1])
                    if item is not None and event.sum() >= FEWEST else None)  # fmt: skip
    if made[0] is None:
        raise ModelError(expected(f"at least {FEWEST} events", "fewer"))
    return made[0], made[1]


def _pieces(lives: Lives) -> tuple[Integers, Integers, Integers, np.ndarray]:
    """Return spans cut at the ends of quarters: place of the span, first and last age, whether the last."""
    opening = (lives.origin + lives.first) // QUARTER
    count = (lives.origin + lives.last) // QUARTER - opening + 1
    row = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    begin = (opening[row] + place) * QUARTER - lives.origin[row]
    first = np.maximum(begin, lives.first[row])
    last = np.minimum(begin + QUARTER - 1, lives.last[row])
    return row, first, last, place == count[row] - 1


def _fitted(
    columns: Floats, first: Integers, last: Integers, event: np.ndarray, penalty: float, width: int
) -> Cox:
    import pandas as pd
    from lifelines import CoxTimeVaryingFitter
    from lifelines.exceptions import ConvergenceError

    kept = np.flatnonzero(columns.var(axis=0) > LEAST_SPREAD)
    frame = pd.DataFrame({f"c{place}": columns[:, place] for place in kept})
    frame["event"], frame["begin"], frame["end"] = event, first, last + 1
    fitter = CoxTimeVaryingFitter(penalizer=penalty / len(frame))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitter.fit(frame, event_col="event", start_col="begin", stop_col="end")
    except (ConvergenceError, ValueError, np.linalg.LinAlgError) as problem:
        raise ModelError(expected("a Cox regression that comes to rest", str(problem)[:200])) from problem
    beta = np.zeros(columns.shape[1])
    beta[kept] = fitter.params_.to_numpy()
    shift = float(columns.mean(axis=0) @ beta)  # lifelines' baseline is the average row's
    steps = fitter.baseline_cumulative_hazard_.iloc[:, 0]
    baseline = np.zeros(int(last.max()) + 1)
    ages = steps.index.to_numpy().astype(np.int64) - 1
    baseline[ages[ages >= 0]] = np.diff(steps.to_numpy(), prepend=0.0)[ages >= 0] * np.exp(-shift)
    return Cox(beta[:width], beta[width:], baseline)


def cox_probabilities(
    pair: tuple[Cox, Cox | None], model: Survival, table: Table, ahead: Ahead, horizons: Sequence[int],
    calendar: Calendar,
) -> Floats:  # fmt: skip
    """Return the probability of the event within each horizon, (H, N), as `model.probabilities` does."""
    x = columns_of(model.features, model.terms, encode(model.features, table, model.time).values)[0]
    month = np.minimum(ahead.origin + ahead.age, ahead.known) + 1
    moves = (calendar.at(month) - np.array(model.event.middle)) / np.array(model.event.scale)
    made = []
    for horizon in horizons:
        rates = []
        for item in pair:
            if item is None:
                rates.append(np.zeros((len(x), horizon + 1)))
                continue
            risk = np.exp(np.minimum(x @ item.own + moves @ item.of_month, 30.0))
            rates.append(-np.expm1(-at_ages(item.baseline, ahead.age, horizon) * risk[:, None]))
        made.append(incidence(rates[0], rates[1]))
    return np.array(made)
