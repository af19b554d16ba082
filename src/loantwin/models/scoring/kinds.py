"""The kinds of scores by name: how each is trained, what it says of a case, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from loantwin.arrays import Flags, Floats, Integers
from loantwin.models.scoring import boosting, logistic, scorecard
from loantwin.models.scoring.features import Feature

CLEAR = 2.0
"""Standard errors by which a number's rank correlation with the outcome must differ from zero to be held."""


@dataclass(frozen=True)
class Kind:
    """A kind of score: functions of one shape.

    train : (features, values, bad, seed=) -> model. log_odds : (model, values) -> (N,) log-odds of bad.
    contributions : (model, values) -> (N, F + 1) that sum to it. made : the class of its models.
    """

    name: str
    train: Callable[..., Any]
    log_odds: Callable[[Any, Floats], Floats]
    contributions: Callable[[Any, Floats], Floats]
    made: type


def directions(features: Sequence[Feature], values: Floats, bad: Flags) -> Integers:
    """Return for each feature 1, -1 or 0: whether risk clearly rises or falls with a number, by ranks."""
    made = np.zeros(len(features), dtype=np.int64)
    for at, feature in enumerate(features):
        known = ~np.isnan(values[:, at])
        if (
            feature.is_category
            or known.sum() < 3
            or np.ptp(values[known, at]) == 0
            or not 0 < bad[known].sum() < known.sum()
        ):
            continue
        found = float(spearmanr(values[known, at], bad[known]).statistic)
        if abs(found) * np.sqrt(known.sum() - 1) >= CLEAR:
            made[at] = int(np.sign(found))
    return made


def _monotone(features: Sequence[Feature], values: Floats, bad: Flags, *, seed: int = 0) -> boosting.Boosting:
    held = directions(features, values, bad).tolist()
    return boosting.train(features, values, bad, seed=seed, monotone=held)


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("logistic", logistic.train, logistic.log_odds, logistic.contributions, logistic.Logistic),
        Kind("additive", partial(logistic.train, bent=True), logistic.log_odds, logistic.contributions,
             logistic.Logistic),
        Kind("scorecard", scorecard.train, scorecard.log_odds, scorecard.contributions, scorecard.Scorecard),
        Kind("boosting", boosting.train, boosting.log_odds, boosting.contributions, boosting.Boosting),
        Kind("boosting-monotone", _monotone, boosting.log_odds, boosting.contributions, boosting.Boosting),
    )
}  # fmt: skip
"""In the order in which they are shown."""
NEED_EXTRA = ("boosting", "boosting-monotone")
