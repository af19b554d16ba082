"""From baseline to stress, factor by factor: each one's part of the difference, so that the parts add up.

The Shapley value: a factor's part is what it changes, averaged over all orders in which the factors could be
switched from their baseline to their stressed path (Shapley, in Contributions to the Theory of Games II,
1953). It does not depend on an order, treats factors alike and adds up exactly. With k factors 2^k runs are
needed: the few covariates of a model are few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats
from loantwin.errors import RiskError, expected

MOST = 10
"""More factors than these need more than 1,024 runs."""


@dataclass(frozen=True)
class Attribution:
    """A scenario's figure, book currency: baseline + the parts of `by_factor` or `by_segment` = stressed."""

    baseline: float
    stressed: float
    by_factor: Mapping[str, float]
    by_segment: Mapping[str, float]


def coalitions(factors: int) -> Flags:
    """Return which factors are stressed in the 2^k runs, (2^k, k), from the baseline to the full stress.

    Raises
    ------
    RiskError : more factors than `MOST`.
    """
    check.count(1, factors=factors)
    if factors > MOST:
        raise RiskError(expected(f"at most {MOST} factors", factors), field="factors")
    codes = np.arange(2**factors)
    return np.asarray((codes[:, None] >> np.arange(factors)) & 1 == 1)


def shapley(names: Sequence[str], values: Floats) -> dict[str, float]:
    """Return each factor's Shapley value from the values of all runs, (2^k,), in the order of `coalitions`.

    part[i] = sum over S without i of |S|! (k - |S| - 1)! / k! x (value(S and i) - value(S)).

    Raises
    ------
    RiskError : another number of values than 2^k.
    """
    check.words(names=names)
    check.finite(values=values)
    count = len(names)
    if values.shape != (2**count,):
        raise RiskError(expected(f"{2**count} values for {count} factors", values.shape), field="values")
    codes = np.arange(2**count)
    size = coalitions(count).sum(axis=1)
    weight = np.array(
        [factorial(s) * factorial(count - s - 1) / factorial(count) if s < count else 0.0 for s in size]
    )
    made = {}
    for place, name in enumerate(names):
        without = codes[(codes >> place) & 1 == 0]
        made[name] = float((weight[without] * (values[without + (1 << place)] - values[without])).sum())
    return made


@dataclass(frozen=True)
class FactorSensitivity:
    """What one factor's shock does: figures less the baseline's, as stated (`up`) and opposite (`down`).

    words : the shock. correlated : whether the other factors move as the generator expects them to.
    distance : Mahalanobis, of the shortest innovations that take the factor there; null where the generator
        does not simulate it.
    """

    factor: str
    words: str
    correlated: bool
    distance: float | None
    up: Mapping[str, float]
    down: Mapping[str, float]
    notes: tuple[str, ...] = ()
