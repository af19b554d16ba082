"""The kinds of scores by name: how each is trained, what it says of a case, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from loantwin.arrays import Array, Flags, Floats, Integers
from loantwin.extras import EXTRAS
from loantwin.models.scoring import boosting, logistic, scorecard, stack
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.folds import Inner, inner_folds

CLEAR = 2.0
"""Standard errors by which a number's rank correlation with the outcome must differ from zero to be held."""


@dataclass(frozen=True)
class Kind:
    """A kind of score: functions of one shape.

    fit : (features, values, bad, inner, seed=) -> model, held-out log-odds (N,); None of what is made of
    others. log_odds : (model, values) -> (N,) log-odds of bad. contributions : (model, values) -> (N, F + 1)
    that sum to it. made : the class of its models. base : kinds that it is made of.
    """

    name: str
    fit: Callable[..., tuple[Any, Floats]] | None
    log_odds: Callable[[Any, Floats], Floats]
    contributions: Callable[[Any, Floats], Floats]
    made: type
    base: tuple[str, ...] = ()

    def train(
        self,
        features: Sequence[Feature],
        values: Floats,
        bad: Flags,
        *,
        seed: int = 0,
        when: Array | None = None,
    ) -> Any:
        """Return a model of this kind; when : (N,) days, for settings chosen out of time."""
        return train_kinds([self.name], features, values, bad, seed=seed, when=when)[self.name]


def train_kinds(
    names: Iterable[str],
    features: Sequence[Feature],
    values: Floats,
    bad: Flags,
    *,
    seed: int = 0,
    when: Array | None = None,
) -> dict[str, Any]:
    """Return models by kind, all with the same inner splits; what a stack is made of is trained once.

    Parameters
    ----------
    features, values, bad : (F,), (N, F), (N,). when : (N,) datetime64 where settings are to be chosen out of
        time, None for random inner folds.

    Raises
    ------
    ModelError : fewer rows of a class than inner folds. ExtraError : boosting without the extra `scoring`.
    """
    asked = list(names)
    inner = inner_folds(bad, seed, when)
    needed = {*asked, *(base for name in asked for base in available(KINDS[name].base))}
    made: dict[str, Any] = {}
    held_out: dict[str, Floats] = {}
    for name, kind in KINDS.items():
        if name not in needed:
            continue
        if kind.fit is not None:
            made[name], held_out[name] = kind.fit(features, values, bad, inner, seed=seed)
        else:
            base = available(kind.base)
            made[name] = stack.stacked(
                features, {item: made[item] for item in base}, [held_out[item] for item in base], bad
            )
    return {name: made[name] for name in asked}


def available(names: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds of some that can be trained with what is installed."""
    there = all(find_spec(module) is not None for module in EXTRAS["scoring"])
    return tuple(name for name in names if there or name not in NEED_EXTRA)


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


def _monotone(
    features: Sequence[Feature], values: Floats, bad: Flags, inner: Inner, *, seed: int = 0
) -> tuple[boosting.Boosting, Floats]:
    held = directions(features, values, bad).tolist()
    return boosting.fit(features, values, bad, inner, seed=seed, monotone=held)


def _regression(
    features: Sequence[Feature], values: Floats, bad: Flags, inner: Inner, *, bent: bool, **_: int
) -> tuple[logistic.Logistic, Floats]:
    return logistic.fit(features, values, bad, inner, bent=bent)


def _scorecard(
    features: Sequence[Feature], values: Floats, bad: Flags, inner: Inner, **_: int
) -> tuple[scorecard.Scorecard, Floats]:
    return scorecard.fit(features, values, bad, inner)


_BASE: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("logistic", partial(_regression, bent=False), logistic.log_odds, logistic.contributions,
             logistic.Logistic),
        Kind("additive", partial(_regression, bent=True), logistic.log_odds, logistic.contributions,
             logistic.Logistic),
        Kind("scorecard", _scorecard, scorecard.log_odds, scorecard.contributions, scorecard.Scorecard),
        Kind("boosting", boosting.fit, boosting.log_odds, boosting.contributions, boosting.Boosting),
        Kind("boosting-monotone", _monotone, boosting.log_odds, boosting.contributions, boosting.Boosting),
    )
}  # fmt: skip
STACK = "stack"
KINDS: Mapping[str, Kind] = {
    **_BASE,
    STACK: Kind(
        STACK,
        None,
        partial(stack.log_odds, {name: kind.log_odds for name, kind in _BASE.items()}),
        partial(stack.contributions, {name: kind.contributions for name, kind in _BASE.items()}),
        stack.Stack,
        ("logistic", "additive", "scorecard", "boosting"),
    ),
}
"""In the order in which they are shown; what is made of others comes last."""
NEED_EXTRA = ("boosting", "boosting-monotone")
