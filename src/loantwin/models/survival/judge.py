"""Probabilities held against what came: Brier with weights for what was not seen, area, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import ModelError, expected
from loantwin.models.scoring import measures
from loantwin.models.scoring.measures import LEVEL, RESAMPLES, Decile
from loantwin.models.survival.lives import CENSORED, EVENT
from loantwin.streams import Stream, generator

FEW = 10
"""Events, and loans without, below which no area and no calibration is given."""


@dataclass(frozen=True)
class Outcomes:
    """What came of loans after they were looked at.

    months : (N,) until the end or the last look, from 1 for a loan that was alive, from 0 for a new one.
    cause : (N,) how that ended. reach : (N,) months until the watch ended for all. who : (N,) the loan.
    """

    months: Integers
    cause: Integers
    reach: Integers
    who: Integers


def join(parts: Sequence[Outcomes]) -> Outcomes:
    """Return the outcomes of several looks together."""
    columns = zip(*[(item.months, item.cause, item.reach, item.who) for item in parts], strict=True)
    return Outcomes(*(np.concatenate(column) for column in columns))


def weights(outcomes: Outcomes, horizon: int) -> Floats:
    """Return the weight of each loan at a horizon, (N,): one over the chance that its outcome was seen.

    0 of a loan that was out of sight before the horizon without an end. The chance is the curve of Kaplan and
    Meier of being out of sight; ends of a month come before loans are out of sight in it (Graf et al. 1999).

    Raises
    ------
    ModelError : no loan was watched as long.
    """
    unseen = outcomes.cause == CENSORED
    top = max(int(outcomes.months.max()), horizon) + 2
    at_risk = np.cumsum(np.bincount(outcomes.months, minlength=top)[::-1])[::-1]
    ended = np.bincount(outcomes.months[~unseen], minlength=top)
    lost = np.bincount(outcomes.months[unseen], minlength=top)
    left = at_risk - ended
    stay = 1 - np.divide(lost, left, out=np.zeros(top), where=left > 0)
    before = np.concatenate([[1.0], np.cumprod(stay)])  # chance of being in sight when a month begins
    when = np.minimum(outcomes.months, horizon)
    known = ~unseen | (outcomes.months >= horizon)
    if not known.any() or before[horizon] <= 0:
        raise ModelError(expected(f"loans that were watched for {horizon} months", "none"))
    return np.where(known, 1 / np.maximum(before[when], 1e-12), 0.0)


def happened(outcomes: Outcomes, horizon: int) -> Flags:
    """Return which loans had the event within a horizon."""
    return np.asarray((outcomes.cause == EVENT) & (outcomes.months <= horizon))


def losses(outcomes: Outcomes, probability: Floats, horizon: int) -> Floats:
    """Return the weighted squared errors (N,); their mean is the Brier score at the horizon."""
    return weights(outcomes, horizon) * (probability - happened(outcomes, horizon)) ** 2


@dataclass(frozen=True)
class SurvivalJudged:
    """How good the probabilities of a horizon are on loans that ended after they were made.

    brier, brier_low, brier_high : mean squared error weighted for what was not seen, 95 % (loans drawn
    again). predicted, observed : mean probability, and share that had the event, weighted likewise. auc,
    auc_low, auc_high : area under the curve and deciles : calibration, of loans that could be watched to
    the horizon; null and empty where fewer than ten of them had, or had not, the event.
    """

    brier: float
    brier_low: float
    brier_high: float
    predicted: float
    observed: float
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    deciles: tuple[Decile, ...]


def judged(outcomes: Outcomes, probability: Floats, horizon: int, seed: int) -> SurvivalJudged:
    """Return the figures of probabilities (N,) at a horizon."""
    weight = weights(outcomes, horizon)
    event = happened(outcomes, horizon)
    squared = weight * (probability - event) ** 2
    low, high = interval(squared, outcomes.who, seed)
    full = (outcomes.reach >= horizon) & (weight > 0)
    bad, risk = event[full], probability[full]
    told = min(int(bad.sum()), int((~bad).sum())) >= FEW
    area = measures.auc(bad, risk) if told else None
    ends = (None, None) if area is None else measures.auc_interval(area, measures.auc_variance(bad, risk))
    return SurvivalJudged(
        brier=float(squared.mean()),
        brier_low=low,
        brier_high=high,
        predicted=float(probability.mean()),
        observed=float((weight * event).mean()),
        auc=area,
        auc_low=ends[0],
        auc_high=ends[1],
        deciles=measures.deciles(bad, risk) if told else (),
    )


@dataclass(frozen=True)
class SurvivalCompared:
    """A model's Brier score less another's at a horizon on the same loans, with its paired 95 % interval.

    shown : lower, higher, or 'not shown' where the interval holds 0.
    """

    group: str
    model: str
    against: str
    horizon: int
    brier: float
    brier_low: float
    brier_high: float
    shown: str


def compared(group: str, pair: tuple[str, str], horizon: int, of: Mapping[str, Floats], who: Integers,
             seed: int) -> SurvivalCompared:  # fmt: skip
    """Return the difference of two models; of : name -> weighted squared errors (N,)."""
    difference = of[pair[0]] - of[pair[1]]
    low, high = interval(difference, who, seed)
    shown = "lower" if high < 0 else "higher" if low > 0 else "not shown"
    return SurvivalCompared(group, *pair, horizon, float(difference.mean()), low, high, shown)


def interval(values: Floats, who: Integers, seed: int) -> tuple[float, float]:
    """Return the 95 % interval of the mean of (N,), loans drawn again with all their rows."""
    _, place = np.unique(who, return_inverse=True)
    sums, sizes = np.bincount(place, weights=values), np.bincount(place)
    random = generator(seed, Stream.BOOTSTRAP)
    drawn = []
    for _ in range(RESAMPLES):
        rows = random.integers(0, len(sums), len(sums))
        drawn.append(sums[rows].sum() / sizes[rows].sum())
    low, high = np.quantile(drawn, (0.5 - LEVEL / 2, 0.5 + LEVEL / 2))
    return float(low), float(high)
