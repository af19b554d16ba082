"""A stack: log-odds of several scores, weighted by what each added on held-out rows; no weight below zero."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.ridge import fit_ridge

PENALTY = 1.0
"""Quadratic penalty of the weights, on held-out log-odds as they are (assumed; it decides between equals)."""


@dataclass(frozen=True)
class Stack:
    """Scores under one another's weight: log-odds of bad = intercept + sum of weight x log-odds of each.

    members : kind and model of each, those of weight zero left out. weights : above zero, as members.
    """

    NAME: ClassVar[str] = "stack"

    features: tuple[Feature, ...]
    members: tuple[tuple[str, Any], ...]
    weights: tuple[float, ...]
    intercept: float


def stacked(
    features: Sequence[Feature], models: Mapping[str, Any], held_out: Sequence[Floats], bad: Flags
) -> Stack:
    """Return a stack of models, weighted by their held-out log-odds, each (N,), NaN where none.

    References: Wolpert: Stacked generalization (1992); Breiman: Stacked regressions (1996) for weights at or
    above zero.
    """
    columns = np.column_stack(held_out)
    judged = ~np.isnan(columns).any(axis=1)
    intercept, weights = fit_ridge(columns[judged], bad[judged], PENALTY, positive=True)
    kept = [(name, model, weight) for (name, model), weight in zip(models.items(), weights, strict=True)]
    kept = [item for item in kept if item[2] > 0]
    return Stack(
        tuple(features),
        tuple((name, model) for name, model, _ in kept),
        tuple(float(weight) for _, _, weight in kept),
        intercept,
    )


Of = Mapping[str, Callable[[Any, Floats], Floats]]
"""By kind, a function of model and values."""


def log_odds(of: Of, model: Stack, values: Floats) -> Floats:
    """Return the log-odds of bad (N,) of values (N, F); of : log-odds of each kind of member."""
    made = np.full(len(values), model.intercept)
    for (name, member), weight in zip(model.members, model.weights, strict=True):
        made += weight * of[name](member, values)
    return made


def contributions(of: Of, model: Stack, values: Floats) -> Floats:
    """Return what each feature adds (N, F + 1), members weighted; rows sum to `log_odds`."""
    made = np.zeros((len(values), len(model.features) + 1))
    made[:, -1] = model.intercept
    for (name, member), weight in zip(model.members, model.weights, strict=True):
        made += weight * of[name](member, values)
    return made
