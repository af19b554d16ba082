"""Scores and features by the time of the case: calibration by vintage, and how far each period moved."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2

from loantwin.arrays import Array
from loantwin.models.scoring import measures
from loantwin.models.scoring.parts import LEAST_ROWS, PartJudged, judge_part
from loantwin.models.scoring.trial import Trial

CLASSES = 10
"""Of a stability index."""
QUARTER_ROWS, MOST_QUARTERS = 200, 16
"""Rows a quarter, on average, from which periods are quarters, and how many at most; else they are years."""


@dataclass(frozen=True)
class FeatureMoved:
    """How far a feature moved from the training rows in one period.

    csi : its characteristic stability index. by_chance : what rows that did not move pass in 5 of 100 cases.
    """

    column: str
    period: str
    csi: float
    by_chance: float


def by_period(trial: Trial, time: str, seed: int) -> tuple[PartJudged, ...]:
    """Return every model's figures in each period of the judged rows: calibration by vintage, and PSI.

    Empty where rows were judged by folds. The index of a period is shown with as many rows as its figures
    need, of whatever class.
    """
    if trial.before is None or trial.when is None:
        return ()
    labels, made = _periods(trial.when), []
    for model, scores in trial.log_odds.items():
        for period in sorted(set(labels)):
            rows = labels == period
            found = judge_part(model, time, period, trial.bad, scores, rows, seed)
            if rows.sum() >= LEAST_ROWS:
                before = trial.before.log_odds[model]
                found = replace(
                    found,
                    psi=measures.stability(before, scores[0, rows]),
                    psi_by_chance=chance_of_index(len(before), int(rows.sum()), CLASSES - 1),
                )
            made.append(found)
    return tuple(made)


def features_by_period(trial: Trial) -> tuple[FeatureMoved, ...]:
    """Return how far each feature moved in each period with enough rows; empty where judged by folds."""
    if trial.before is None or trial.when is None:
        return ()
    labels, made = _periods(trial.when), []
    for at, feature in enumerate(trial.before.features):
        near, far = trial.before.near.values[:, at], trial.before.far.values[:, at]
        classes = min(len(np.unique(near)), 11) - 1
        for period in sorted(set(labels)):
            rows = labels == period
            if rows.sum() >= LEAST_ROWS:
                moved = measures.characteristic_stability(near, far[rows])
                chance = chance_of_index(len(near), int(rows.sum()), classes)
                made.append(FeatureMoved(feature.name, period, moved, chance))
    return tuple(made)


def chance_of_index(before: int, after: int, freedom: int) -> float:
    """Return what the index of rows that did not move passes in 5 of 100 cases.

    References: Yurdakul, Naranjo: Statistical properties of the population stability index (2020): the index
    times 1 / (1 / before + 1 / after) is chi-squared with one less than the number of classes.
    """
    return float((1 / before + 1 / after) * chi2.ppf(measures.LEVEL, max(freedom, 1)))


def _periods(when: Array) -> Array:
    quarters = when.astype("datetime64[M]").astype(int) // 3
    count = len(np.unique(quarters))
    years = when.astype("datetime64[Y]").astype(str)
    if count <= MOST_QUARTERS and len(when) >= QUARTER_ROWS * count:
        return np.array([f"{year}-Q{quarter % 4 + 1}" for year, quarter in zip(years, quarters, strict=True)])
    return np.asarray(years)
