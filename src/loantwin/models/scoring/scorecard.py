"""A scorecard: bins, their weight of evidence, a logistic regression on it, and points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar

import numpy as np

from loantwin.arrays import Array, Flags, Floats
from loantwin.kernels import in_shares
from loantwin.models.scoring.binning import Bins, learn_bins, place_of, weigh
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import Inner
from loantwin.models.scoring.kernels import FEW, add_bins
from loantwin.models.scoring.ridge import PENALTIES, fit_ridge, later_line, log_loss


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


def fit(
    features: Sequence[Feature], values: Floats, bad: Flags, inner: Inner, *, scale: Scale | None = None
) -> tuple[Scorecard, Floats]:
    """Return a scorecard and its held-out log-odds (N,); features that point the wrong way get no points.

    Parameters
    ----------
    features, values, bad, inner : as for the logistic regression. scale : of its points.
    """
    bins = tuple(learn_bins(feature, values[:, at], bad) for at, feature in enumerate(features))
    columns = weigh(features, bins, values)
    penalty, held_out = _penalty(features, values, bad, inner)
    shift, slope = later_line(inner, bad, held_out)
    intercept, beta = fit_ridge(columns, bad, penalty, positive=True)
    coefficients = tuple((slope * beta).tolist())
    card = Scorecard(
        tuple(features), bins, shift + slope * intercept, coefficients, penalty, scale or Scale()
    )
    return card, shift + slope * held_out


def _penalty(features: Sequence[Feature], values: Floats, bad: Flags, inner: Inner) -> tuple[float, Floats]:
    """Return the penalty of least held-out log loss, and its log-odds; bins are learnt anew in each split.

    Weights of evidence are made of the outcome: bins of all rows would tell the held-out rows their own.
    """
    found = np.full((len(PENALTIES), len(bad)), np.nan)
    for near, far in inner.pairs:
        bins = [learn_bins(feature, values[near, at], bad[near]) for at, feature in enumerate(features)]
        learnt, held = weigh(features, bins, values[near]), weigh(features, bins, values[far])
        last = None
        for place, penalty in enumerate(PENALTIES):
            last = intercept, beta = fit_ridge(learnt, bad[near], penalty, positive=True, start=last)
            found[place, far] = intercept + held @ beta
    judged = ~np.isnan(found[0])
    best = int(np.argmin([log_loss(bad[judged], row[judged]) for row in found]))
    return PENALTIES[best], found[best]


def log_odds(model: Scorecard, values: Floats) -> Floats:
    """Return the log-odds of bad (N,) of values (N, F)."""
    made = np.empty(len(values))
    given = np.ascontiguousarray(values, dtype=float)
    if len(values) < FEW:
        kinds, starts, edges, tops, weights = _flat(model)
        add_bins(0, len(values), given, kinds, starts, edges, tops, weights, model.intercept, made)
    else:
        in_shares(add_bins, len(values), given, *_flat(model), model.intercept, made)
    return made


@lru_cache(maxsize=16)
def _flat(model: Scorecard) -> tuple[Array, ...]:
    """Return categories, starts, edges, tops and weights as the kernel reads them."""
    starts, tops = [0], [0]
    edges: list[float] = []
    weights: list[Floats] = []
    for feature, bins, beta in zip(model.features, model.bins, model.coefficients, strict=True):
        worth = beta * np.array([*bins.weights, 0.0, bins.missing])
        if feature.is_category:
            codes = np.append(np.arange(len(feature.levels) + 2, dtype=float), np.nan)
            worth = worth[place_of(feature, bins, codes)]
        else:
            edges += bins.edges
            worth = worth[[*range(len(bins.weights)), -1]] if bins.weights else np.array([0.0, worth[-1]])
        starts.append(len(edges))
        weights.append(worth)
        tops.append(tops[-1] + len(worth))
    kinds = np.array([feature.is_category for feature in model.features], dtype=bool)
    whole = (np.array(item, dtype=np.int64) for item in (starts, tops))
    first, top = whole
    return kinds, first, np.array(edges, dtype=float), top, np.concatenate(weights)


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


def points_of_bins(model: Scorecard, values: Floats) -> Floats:
    """Return the points (N, F) of each feature's bin; the base points and a row's sum are its score."""
    factor = model.scale.double / np.log(2.0)
    return np.asarray(-factor * weigh(model.features, model.bins, values) * np.array(model.coefficients))


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
