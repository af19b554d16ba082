"""A scorecard: bins, their weight of evidence, a logistic regression on it, and points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.models.scoring.binning import Bins, learn_bins, weigh
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import splits, stratified
from loantwin.models.scoring.ridge import PENALTIES, fit_ridge, log_loss
from loantwin.models.scoring.terms import weighted

INNER = 5


@dataclass(frozen=True)
class Scale:
    """Points of a score: `base` points at odds of good to bad of `odds`; `double` more double the odds."""

    base: float = 600.0
    odds: float = 50.0
    double: float = 20.0


@dataclass(frozen=True)
class Scorecard:
    """A scorecard: log-odds of bad = intercept + weights of evidence . coefficients, all at or above zero."""

    NAME: ClassVar[str] = "scorecard"

    features: tuple[Feature, ...]
    bins: tuple[Bins, ...]
    intercept: float
    coefficients: tuple[float, ...]
    penalty: float
    scale: Scale = Scale()


def train(
    features: Sequence[Feature], values: Floats, bad: Flags, *, seed: int = 0, scale: Scale | None = None
) -> Scorecard:
    """Return a scorecard; features whose weight would point the wrong way get no points.

    Parameters
    ----------
    features, values, bad : as for the logistic regression. scale : of its points.
    """
    bins = tuple(learn_bins(feature, values[:, at], bad) for at, feature in enumerate(features))
    columns = weigh(features, bins, values)
    penalty = _penalty(features, values, bad, seed)
    intercept, beta = fit_ridge(columns, bad, penalty, positive=True)
    return Scorecard(tuple(features), bins, intercept, tuple(beta.tolist()), penalty, scale or Scale())


def _penalty(features: Sequence[Feature], values: Floats, bad: Flags, seed: int) -> float:
    """Return the penalty of least out-of-fold log loss; bins are learnt anew in each inner fold.

    Weights of evidence are made of the outcome: bins of all rows would tell the held-out rows their own.
    """
    loss = np.zeros(len(PENALTIES))
    for inner, outer in splits(stratified(bad, INNER, seed)):
        bins = [learn_bins(feature, values[inner, at], bad[inner]) for at, feature in enumerate(features)]
        near, far = weigh(features, bins, values[inner]), weigh(features, bins, values[outer])
        for place, penalty in enumerate(PENALTIES):
            intercept, beta = fit_ridge(near, bad[inner], penalty, positive=True)
            loss[place] += len(outer) * log_loss(bad[outer], intercept + far @ beta)
    return PENALTIES[int(np.argmin(loss))]


def log_odds(model: Scorecard, values: Floats) -> Floats:
    """Return the log-odds of bad (N,) of values (N, F)."""
    return weighted(weigh(model.features, model.bins, values), model.coefficients, model.intercept)


def contributions(model: Scorecard, values: Floats) -> Floats:
    """Return what each feature adds to the log-odds (N, F + 1); the last column is the base. Rows sum to
    `log_odds`.
    """
    parts = weigh(model.features, model.bins, values) * np.array(model.coefficients)
    return np.column_stack([parts, np.full(len(values), model.intercept)])


def points(model: Scorecard, values: Floats) -> Floats:
    """Return the score (N,) in points: more is better.

    score = base + double / ln 2 x (-log-odds of bad - ln odds).
    """
    factor = model.scale.double / np.log(2.0)
    return np.asarray(model.scale.base - factor * (log_odds(model, values) + np.log(model.scale.odds)))


def table_of_points(model: Scorecard) -> tuple[tuple[str, str, float, int, int], ...]:
    """Return feature, bin in words, points, rows and bads of every bin; base points come first.

    Unrounded points of a case's bins and the base sum to `points`.
    """
    factor = model.scale.double / np.log(2.0)
    base = model.scale.base - factor * (model.intercept + np.log(model.scale.odds))
    made: list[tuple[str, str, float, int, int]] = [("base", "", float(base), 0, 0)]
    for feature, bins, beta in zip(model.features, model.bins, model.coefficients, strict=True):
        if beta == 0:
            continue
        words = [*bin_words(feature, bins), "missing"]
        weights = [*bins.weights, bins.missing]
        for word, weight, count, bads in zip(words, weights, bins.counts, bins.bads, strict=True):
            if count:
                made.append((feature.name, word, float(-factor * beta * weight), count, bads))
    return tuple(made)


def bin_words(feature: Feature, bins: Bins) -> list[str]:
    """Return each bin in words: its levels, or its range."""
    if feature.is_category:
        names = [*feature.levels, "other"]
        return [", ".join(names[code] for code in codes) for codes in bins.groups]
    ends = [f"{edge:g}" for edge in bins.edges]
    if not ends:
        return ["any"] if bins.weights else []
    middle = [f"{low} to below {high}" for low, high in pairwise(ends)]
    return [f"below {ends[0]}", *middle, f"{ends[-1]} and above"]
