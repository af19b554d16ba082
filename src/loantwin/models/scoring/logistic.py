"""Regularised logistic regression: straight lines (`logistic`), or lines that bend (`additive`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import stratified
from loantwin.models.scoring.ridge import choose_penalty, fit_ridge
from loantwin.models.scoring.terms import Terms, columns_of, learn_terms, weighted

INNER = 5
"""Folds by which settings are chosen inside the training rows."""


@dataclass(frozen=True)
class Logistic:
    """A logistic regression: log-odds of bad = intercept + columns . coefficients."""

    NAME: ClassVar[str] = "logistic"

    features: tuple[Feature, ...]
    terms: tuple[Terms, ...]
    intercept: float
    coefficients: tuple[float, ...]
    penalty: float


def train(
    features: Sequence[Feature], values: Floats, bad: Flags, *, seed: int = 0, bent: bool = False
) -> Logistic:
    """Return a logistic regression whose penalty has the least log loss in an inner cross-validation.

    Parameters
    ----------
    features : of the F columns. values : (N, F), codes for categories, NaN for missing. bad : (N,).
    bent : every number's line may break at its quartiles, and small whole numbers have a step each: the
        additive model.
    """
    terms = learn_terms(features, values, bent=bent)
    columns, _ = columns_of(features, terms, values)
    penalty, _ = choose_penalty(columns, bad, stratified(bad, INNER, seed))
    intercept, beta = fit_ridge(columns, bad, penalty)
    return Logistic(tuple(features), terms, intercept, tuple(beta.tolist()), penalty)


def log_odds(model: Logistic, values: Floats) -> Floats:
    """Return the log-odds of bad (N,) of values (N, F)."""
    columns, _ = columns_of(model.features, model.terms, values)
    return weighted(columns, model.coefficients, model.intercept)


def contributions(model: Logistic, values: Floats) -> Floats:
    """Return what each feature adds to the log-odds (N, F + 1); the last column is the average case's.

    Rows sum to `log_odds`; a contribution is against the mean of the training rows.
    """
    columns, owner = columns_of(model.features, model.terms, values)
    made = np.zeros((len(values), len(model.features) + 1))
    np.add.at(made.T, owner, (columns * np.array(model.coefficients)).T)
    made[:, -1] = model.intercept
    return made
