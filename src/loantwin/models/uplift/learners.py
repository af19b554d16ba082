"""Estimators of uplift: what a treatment adds to an outcome, by what was known before it.

Nuisance models are fitted on other folds than they are read on (cross-fitting), so that the doubly robust
pseudo-outcome of a row (Robins, Rotnitzky and Zhao 1994; Kennedy 2020 for its regression) owes nothing to its
own row. Its mean is the average effect; how candidates rank is judged on it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import ModelError, expected
from loantwin.models.uplift.boosting import Trees, fit_trees, predicted

FOLDS = 5
LEAST = 500
"""Rows with a treatment, and without it, below which nothing is estimated."""
SHALLOW = 4
"""Leaves of the trees that regress pseudo-outcomes: the effect is simpler than the outcome."""
NEAR = 0.02
"""A row whose probability of treatment is within this of 0 or 1 has nobody to be compared with."""
CONSTANT, LINEAR, TREES, TWO = "constant", "linear", "doubly robust trees", "two models"
CANDIDATES = (CONSTANT, LINEAR, TREES, TWO)
"""From the simplest on: a later one is taken only where it is clearly better than the simplest."""


@dataclass(frozen=True)
class Line:
    """A ridge regression of numbers scaled to 0 and 1. A missing number is its mean."""

    constant: float
    slopes: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]

    def predict(self, values: Floats) -> Floats:
        """Return what it says of values (N, F), (N,)."""
        made = _scaled(values, np.array(self.means), np.array(self.scales))
        return np.asarray(self.constant + made @ np.array(self.slopes))


@dataclass(frozen=True)
class Uplift:
    """A fitted estimator of one treatment. kind : of `CANDIDATES`. constant : the average effect. models : of
    the two-model kind untreated and treated; of trees one. line : of the linear kind.
    """

    kind: str
    constant: float
    line: Line | None = None
    models: tuple[Trees, ...] = ()

    def predict(self, values: Floats) -> Floats:
        """Return the estimated uplift (N,) of values (N, F), in the unit of the outcome."""
        if self.kind == LINEAR and self.line is not None:
            return self.line.predict(values)
        if self.kind == TREES:
            return predicted(self.models[0], values)
        if self.kind == TWO:
            return predicted(self.models[1], values) - predicted(self.models[0], values)
        return np.full(len(values), self.constant)


@dataclass(frozen=True)
class CrossFitted:
    """What cross-fitting gives. pseudo : (N,) doubly robust outcomes of the effect. held_out : candidate ->
    (N,) what it says of rows that it was not fitted on. propensity : (N,), of the treatment.
    """

    pseudo: Floats
    held_out: Mapping[str, Floats]
    propensity: Floats


def cross_fit(
    values: Floats, treated: Flags, outcome: Floats, seed: int, propensity: Floats | None = None
) -> CrossFitted:
    """Return pseudo-outcomes and held-out estimates of every candidate.

    Parameters
    ----------
    values : (N, F), known before the treatment, NaN where missing. treated : (N,). outcome : (N,), 0 and 1 or
        numbers. propensity : (N,) known probabilities of the treatment; None estimates them from `values`.

    Raises
    ------
    ModelError : fewer than 500 rows with the treatment, or without it; probabilities within 0.02 of 0 or 1:
        no overlap.
    """
    for name, count in (("with the treatment", treated.sum()), ("without it", (~treated).sum())):
        if count < LEAST:
            raise ModelError(expected(f"at least {LEAST} rows {name}", int(count)), field="treatment")
    fold = np.random.default_rng([seed, 0]).permutation(len(treated)) % FOLDS
    logistic = bool(np.isin(outcome, (0.0, 1.0)).all())
    without, given = np.empty(len(treated)), np.empty(len(treated))
    chance = np.empty(len(treated)) if propensity is None else propensity
    for part in range(FOLDS):
        far, near = fold == part, fold != part
        for arm, found in ((~treated, without), (treated, given)):
            model = fit_trees(values[near & arm], outcome[near & arm], seed + part, logistic=logistic)
            found[far] = predicted(model, values[far])
        if propensity is None:
            model = fit_trees(values[near], treated[near].astype(float), seed + part, logistic=True)
            chance[far] = predicted(model, values[far])
    lone = (chance < NEAR) | (chance > 1.0 - NEAR)
    if lone.any():
        words = expected(
            "treatment that is neither sure nor ruled out", f"{int(lone.sum()):,} rows without overlap"
        )
        raise ModelError(words, field="treatment")
    pseudo = given - without
    pseudo = pseudo + np.where(treated, (outcome - given) / chance, -(outcome - without) / (1.0 - chance))
    return CrossFitted(pseudo, _held_out(values, pseudo, given - without, fold, seed), chance)


def _held_out(values: Floats, pseudo: Floats, two: Floats, fold: Integers, seed: int) -> dict[str, Floats]:
    made = {name: np.empty(len(pseudo)) for name in (CONSTANT, LINEAR, TREES)}
    for part in range(FOLDS):
        far, near = fold == part, fold != part
        made[CONSTANT][far] = pseudo[near].mean()
        made[LINEAR][far] = fit_line(values[near], pseudo[near]).predict(values[far])
        trees = fit_trees(values[near], pseudo[near], seed + part, logistic=False, leaves=SHALLOW)
        made[TREES][far] = predicted(trees, values[far])
    return made | {TWO: two}


def chosen(found: CrossFitted) -> str:
    """Return the candidate that is taken: the one of least held-out error, or the simplest that is not
    clearly worse than it (paired, one standard error).
    """
    errors = {name: (found.pseudo - found.held_out[name]) ** 2 for name in CANDIDATES}
    best = min(CANDIDATES, key=lambda name: errors[name].mean())
    for name in CANDIDATES:
        worse = errors[name] - errors[best]
        if worse.mean() <= worse.std() / np.sqrt(len(worse)):
            return name
    return best


def fit_uplift(
    kind: str, values: Floats, treated: Flags, outcome: Floats, found: CrossFitted, seed: int
) -> Uplift:
    """Return the estimator of a kind on all rows; arguments as of `cross_fit`."""
    constant = float(found.pseudo.mean())
    if kind == LINEAR:
        return Uplift(kind, constant, fit_line(values, found.pseudo))
    if kind == TREES:
        trees = fit_trees(values, found.pseudo, seed, logistic=False, leaves=SHALLOW)
        return Uplift(kind, constant, models=(trees,))
    if kind == TWO:
        logistic = bool(np.isin(outcome, (0.0, 1.0)).all())
        arms = (~treated, treated)
        models = tuple(fit_trees(values[arm], outcome[arm], seed, logistic=logistic) for arm in arms)
        return Uplift(kind, constant, models=models)
    return Uplift(CONSTANT, constant)


def fit_line(values: Floats, target: Floats) -> Line:
    """Return a ridge regression of values (N, F) on a target (N,), penalty as of one row a feature in a
    hundred."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, values, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, values - means, 0.0) ** 2).sum(axis=0) / count)
    scales = np.where(spread > 0.0, spread, 1.0)
    made = _scaled(values, means, scales)
    level = float(target.mean())
    held = 0.01 * len(target) * np.eye(values.shape[1])
    slopes = np.linalg.solve(made.T @ made + held, made.T @ (target - level))
    return Line(level, tuple(slopes.tolist()), tuple(means.tolist()), tuple(scales.tolist()))


def _scaled(values: Floats, means: Floats, scales: Floats) -> Floats:
    return np.where(np.isnan(values), 0.0, (values - means) / scales)
