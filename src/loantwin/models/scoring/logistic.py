"""Regularised logistic regression: straight lines (`logistic`), or lines that bend (`additive`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import Inner
from loantwin.models.scoring.ridge import choose_penalty, fit_ridge, later_line
from loantwin.models.scoring.terms import Terms, added, columns_of, learn_terms, weighted


@dataclass(frozen=True)
class Logistic:
    """A logistic regression: log-odds of bad = intercept + columns . coefficients."""

    NAME: ClassVar[str] = "logistic"

    features: tuple[Feature, ...]
    terms: tuple[Terms, ...]
    intercept: float
    coefficients: tuple[float, ...]
    penalty: float


def fit(
    features: Sequence[Feature], values: Floats, bad: Flags, inner: Inner, *, bent: bool = False
) -> tuple[Logistic, Floats]:
    """Return a logistic regression whose penalty has the least held-out log loss, and those log-odds (N,).

    Parameters
    ----------
    features : of the F columns. values : (N, F), codes for categories, NaN for missing. bad : (N,).
    inner : splits by which the penalty is chosen; log-odds are NaN where no split held a row out.
    bent : every number's line may break at its quartiles, and small whole numbers have a step each: the
        additive model.
    """
    terms = learn_terms(features, values, bent=bent)
    columns, _ = columns_of(features, terms, values)
    penalty, held_out = choose_penalty(columns, bad, inner)
    shift, slope = later_line(inner, bad, held_out)
    intercept, beta = fit_ridge(columns, bad, penalty)
    coefficients = tuple((slope * beta).tolist())
    made = Logistic(tuple(features), terms, shift + slope * intercept, coefficients, penalty)
    return made, shift + slope * held_out


def log_odds(model: Logistic, values: Floats) -> Floats:
    """Return the log-odds of bad (N,) of values (N, F)."""
    columns, _ = columns_of(model.features, model.terms, values)
    return model.intercept + added(columns, np.array(model.coefficients))


def contributions(model: Logistic, values: Floats) -> Floats:
    """Return what each feature adds to the log-odds (N, F + 1); the last column is the average case's.

    Rows sum to `log_odds`; a contribution is against the mean of the training rows.
    """
    parts = weighted(model.features, model.terms, values, model.coefficients)
    return np.column_stack([parts, np.full(len(values), model.intercept)])
