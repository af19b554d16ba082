"""How good an estimate of uplift is: the average effect, the ranking (Qini), groups, each with its
interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats

CONFIDENT = 1.959963984540054
SURE = 2.3263478740408408
"""One-sided 1 %: what a ranking must reach to be shown, since the best of four estimators is looked at."""
GROUPS = 5


@dataclass(frozen=True)
class Measured:
    """A figure with its standard error and its 95 % interval."""

    value: float
    standard_error: float
    low: float
    high: float


@dataclass(frozen=True)
class GroupUplift:
    """A fifth of the rows, ranked by estimated uplift. number : 1 is the fifth with most. predicted : mean of
    the estimates. measured : what the doubly robust outcomes of its rows say.
    """

    number: int
    rows: int
    predicted: float
    measured: Measured


def mean_of(values: Floats) -> Measured:
    """Return the mean of values (N,) with its interval."""
    mean = float(values.mean())
    error = float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0
    return Measured(mean, error, mean - CONFIDENT * error, mean + CONFIDENT * error)


def ranks(score: Floats) -> Floats:
    """Return each row's place from the greatest score, 0 to 1 (the middle of its tied rows), (N,)."""
    values, inverse, counts = np.unique(-score, return_inverse=True, return_counts=True)
    del values
    first = np.cumsum(counts) - counts
    return np.asarray((first + counts / 2.0)[inverse] / len(score))


def qini(score: Floats, effect: Floats) -> Measured:
    """Return the Qini coefficient: the area between what treating by score gains and what treating at random
    does.

    Parameters
    ----------
    score : (N,) by which rows are treated, the greatest first. effect : (N,) doubly robust outcomes of the
        effect, or the true ones where they are known.

    Returns
    -------
    A row at place r from the top is among the treated for the share 1 - r of all budgets, so that the area is
    the mean of (1/2 - r) times its effect; its error is that of the mean. In the outcome's unit, a row.
    """
    return mean_of((0.5 - ranks(score)) * (effect - effect.mean()))


def groups(score: Floats, pseudo: Floats) -> tuple[GroupUplift, ...]:
    """Return what is measured in fifths of the rows by score: those with most first; fewer where scores
    tie."""
    place = np.minimum((ranks(score) * GROUPS).astype(np.int64), GROUPS - 1)
    return tuple(
        GroupUplift(number + 1, int(own.sum()), float(score[own].mean()), mean_of(pseudo[own]))
        for number in range(GROUPS)
        if (own := place == number).any()
    )


def ranking_shown(found: Measured) -> bool:
    """Return whether a ranking is better than chance: its Qini is above 0 at one-sided 1 %."""
    return found.standard_error > 0.0 and found.value > SURE * found.standard_error
