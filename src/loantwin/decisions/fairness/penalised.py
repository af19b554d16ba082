"""A logistic regression that is held to equal mean scores of two groups: training reads who is of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import Inner, splits, stratified
from loantwin.models.scoring.ridge import choose_penalty, fit_ridge
from loantwin.models.scoring.terms import columns_of, learn_terms

LEAST_PENALTY = 1e-6


def log_odds_held_together(
    features: Sequence[Feature],
    values: Floats,
    bad: Flags,
    sides: tuple[Flags, Flags],
    others: Floats,
    strength: float,
    inner: int,
    seed: int,
) -> Floats:
    """Train on cases (N, F) and return the log-odds of bad of others, a value each.

    The penalty is `strength` x N x (mean log-odds of the group less the reference's) squared, beside the
    ridge penalty that the cases alone ask for. The model does not read the group of the cases that it scores.

    Parameters
    ----------
    sides : (N,) the group's cases, and those of group and reference. inner : folds that choose the ridge
    penalty.
    """
    terms = learn_terms(features, values, bent=False)
    columns, _ = columns_of(features, terms, values)
    penalty, _ = choose_penalty(columns, bad, Inner(tuple(splits(stratified(bad, inner, seed))), False))
    of_group, compared = sides
    gap = columns[of_group].mean(axis=0) - columns[compared & ~of_group].mean(axis=0)
    intercept, beta = fit_ridge(
        columns @ (turn := _turn(gap, max(penalty, LEAST_PENALTY), strength * len(bad))), bad, 1.0
    )
    told, _ = columns_of(features, terms, others)
    return np.asarray(intercept + told @ (turn @ beta))


def _turn(gap: Floats, penalty: float, hold: float) -> Floats:
    """Return the matrix M for which |b|^2 of coefficients M b is their penalty: penalty + hold
    along `gap`.
    """
    size = float(gap @ gap)
    plain = np.eye(len(gap)) / np.sqrt(penalty)
    if size == 0:
        return np.asarray(plain)
    along = np.outer(gap, gap) / size
    return np.asarray(plain + along * (1 / np.sqrt(penalty + hold * size) - 1 / np.sqrt(penalty)))
