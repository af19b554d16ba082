"""Quarterly factors to the unbounded states the generator models, and back.

Transforms, by name:

- logit: a rate between 0 and 1.
- softplus: a yield above `YIELD_FLOOR`; linear where yields are high, slower the nearer the floor, which is
  never reached.
- spread: the log of a yield's distance to another factor, where that was positive in all of history.
- growth: as it is. level: as it is, where a factor's history leaves no room for its usual transform.
- log_growth: the quarter's log growth of an index. log: the log of an index without a trend.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import ScenarioError, expected
from loantwin.macro.factors import MEAN_REVERTING_INDICES

YIELD_FLOOR = -0.0025
"""No simulated quarterly yield goes lower (decimal a year); large markets stayed above about -0.005."""

HALF_LIFE = 20
"""Quarters in which the past's weight halves in the local mean of yields, inflation, nominal growth."""

GROWTH_ROOT = 0.5 ** (1.0 / 8.0)
"""Largest root of an index's growth on its past: at most half a boom is left after two years."""

_YIELD_SCALE = 0.01
_SMALLEST_SPREAD = 0.0005

BASES = {"bbb_yield": "treasury_10y", "mortgage_rate": "treasury_10y", "prime_rate": "treasury_3m"}
"""Yield -> the yield it is a spread over."""


def choose_transforms(quarters: Floats, factors: Sequence[str], kinds: Sequence[str]) -> tuple[str, ...]:
    """Return each factor's transform by its kind and by whether its history (Q, F) leaves room for it."""
    chosen = []
    for column, (factor, kind) in enumerate(zip(factors, kinds, strict=True)):
        known = quarters[:, column]
        known = known[np.isfinite(known)]
        if kind == "index":
            chosen.append("log" if factor in MEAN_REVERTING_INDICES else "log_growth")
        elif kind == "growth":
            chosen.append("growth")
        elif kind == "rate":
            chosen.append("logit" if known.min() > 0.0 and known.max() < 1.0 else "level")
        elif (
            factor in BASES
            and BASES[factor] in factors
            and _smallest_spread(quarters, factor, factors) > _SMALLEST_SPREAD
        ):
            chosen.append("spread")
        else:
            chosen.append("softplus" if known.min() > YIELD_FLOOR + 0.001 else "level")
    return tuple(chosen)


def to_states(quarters: Floats, factors: Sequence[str], transforms: Sequence[str]) -> Floats:
    """Return states (Q - 1, F) of quarterly values (Q, F): the first only serves the second's growth."""
    states = np.empty((len(quarters) - 1, len(factors)))
    for column, (factor, transform) in enumerate(zip(factors, transforms, strict=True)):
        own, now = quarters[:, column], quarters[1:, column]
        if transform == "logit":
            states[:, column] = np.log(now) - np.log1p(-now)
        elif transform == "softplus":
            distance = (now - YIELD_FLOOR) / _YIELD_SCALE
            states[:, column] = distance + np.log(-np.expm1(-distance))
        elif transform == "spread":
            states[:, column] = np.log(now - quarters[1:, _base(factor, factors)])
        elif transform == "log_growth":
            states[:, column] = np.diff(np.log(own))
        else:
            states[:, column] = np.log(now) if transform == "log" else now
    return states


def from_states(states: Floats, levels: Floats, factors: Sequence[str], transforms: Sequence[str]) -> Floats:
    """Return quarterly values (..., Q, F) of states (..., Q, F); `levels` (F,): the quarter before.

    Raises
    ------
    ScenarioError : an unknown transform.
    """
    quarters = np.empty_like(states)
    for spread in (False, True):  # a spread needs the yield below it first
        for column, (factor, transform) in enumerate(zip(factors, transforms, strict=True)):
            if (transform == "spread") == spread:
                base = quarters[..., _base(factor, factors)] if spread else 0.0
                quarters[..., column] = base + _inverse(states[..., column], transform, float(levels[column]))
    return quarters


def long_run(states: Floats, factors: Sequence[str], transforms: Sequence[str]) -> Floats:
    """Return what each state (Q, F) tends to, quarter by quarter, (Q, F).

    The mean over all of history; for the level of yields, inflation and nominal growth, whose regimes last
    decades, the mean of the past with weights that halve every five years, begun at the mean of the first
    five.
    """
    out = np.broadcast_to(np.nanmean(states, axis=0), states.shape).copy()
    for column, (factor, transform) in enumerate(zip(factors, transforms, strict=True)):
        if transform == "softplus" or factor.endswith("inflation") or factor.startswith("nominal_"):
            out[:, column] = _local_mean(states[:, column])
    return out


def _local_mean(state: Floats) -> Floats:
    begin = int(np.flatnonzero(np.isfinite(state))[0])
    keep = 0.5 ** (1.0 / HALF_LIFE)
    now = float(state[begin : begin + HALF_LIFE].mean())
    out = np.full(len(state), now)
    for quarter in range(begin, len(state)):
        now = keep * now + (1.0 - keep) * float(state[quarter])
        out[quarter] = now
    return out


def _inverse(state: Floats, transform: str, level: float) -> Floats:
    if transform == "logit":
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * state)))
    if transform == "softplus":
        return np.asarray(YIELD_FLOOR + _YIELD_SCALE * np.logaddexp(0.0, state))
    if transform in ("spread", "log"):
        return np.asarray(np.exp(state))
    if transform == "log_growth":
        return np.asarray(level * np.exp(np.cumsum(state, axis=-1)))
    if transform in ("growth", "level"):
        return state
    raise ScenarioError(
        expected("a transform of logit, softplus, spread, growth, level, log_growth, log", transform)
    )


def _smallest_spread(quarters: Floats, factor: str, factors: Sequence[str]) -> float:
    own, base = quarters[:, list(factors).index(factor)], quarters[:, _base(factor, factors)]
    return float(np.nanmin(own - base))


def _base(factor: str, factors: Sequence[str]) -> int:
    return list(factors).index(BASES[factor])
