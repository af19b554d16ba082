"""What an agent sees and does: names, bounds and scale of the observation, and the reward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import gymnasium
import numpy as np
from numpy.typing import ArrayLike, NDArray

from loantwin.arrays import Floats
from loantwin.decisions.figures import FIGURES, MACRO
from loantwin.engine.step.tables import StepFlows
from loantwin.errors import UsageError, expected
from loantwin.types import LEVERS

REWARD_SCALE = 1000.0
"""Reward = month's profit / balance at the as-of date x 1000: 5 is half a per cent of the first balance."""

_BOUNDS = {
    "month": (0.0, 1.0),
    "balance_ratio": (0.0, 1e6),
    "delinquent_share": (0.0, 1.0),
    "late_share": (0.0, 1.0),
}
_RATE_BOUNDS = (-24.0, 1e6)
_MACRO_BOUNDS = (-100.0, 100.0)


def action_space() -> gymnasium.Space[NDArray[np.float32]]:
    """Return the levers' box, order `types.LEVERS`, 0 the reference plan."""
    return _box(np.full(len(LEVERS), -1.0), np.full(len(LEVERS), 1.0))


def observation_names(factors: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the observation's elements: the portfolio figures, then the macro covariates."""
    return (*FIGURES, *(MACRO + name for name in factors))


def observation_bounds(factors: Sequence[str]) -> Floats:
    """Return the lowest and the highest value of each element, (2, n)."""
    names = observation_names(factors)
    bounds = [_BOUNDS.get(name, _MACRO_BOUNDS if name.startswith(MACRO) else _RATE_BOUNDS) for name in names]
    return np.array(bounds).T


def observation_space(factors: Sequence[str]) -> gymnasium.Space[NDArray[np.float32]]:
    """Return the observation's box. Bounds are wide; a value beyond one is held at it."""
    return _box(*observation_bounds(factors))


def observation_array(
    figures: dict[str, Floats], factors: Sequence[str], horizon: int
) -> NDArray[np.float32]:
    """Return figures (E,) by name as (E, n) float32, the month as a share of the horizon."""
    columns = [
        figures["month"] / horizon if name == "month" else figures[name]
        for name in observation_names(factors)
    ]
    low, high = observation_bounds(factors)
    return np.asarray(np.clip(np.stack(columns, axis=1), low, high), dtype=np.float32)


def _box(low: Floats, high: Floats) -> gymnasium.Space[NDArray[np.float32]]:
    return cast(
        "gymnasium.Space[NDArray[np.float32]]",
        gymnasium.spaces.Box(low.astype(np.float32), high.astype(np.float32), dtype=np.float32),
    )


def reward(flows: StepFlows, first_balance: Floats) -> Floats:
    """Return the reward of each book, (E,)."""
    return np.asarray(REWARD_SCALE * flows["profit"] / first_balance)


def levers_from(action: ArrayLike) -> Floats:
    """Return an action as floats; its shape and range are the step's to check.

    Raises
    ------
    UsageError : something else than real numbers.
    """
    try:
        given = np.asarray(action)
    except ValueError as error:  # rows of different lengths
        raise UsageError(expected("rows of five numbers from -1 to 1", str(error)), field="action") from error
    if given.dtype.kind not in "iuf":
        raise UsageError(expected("numbers from -1 to 1", f"{given.dtype} values"), field="action")
    return given.astype(np.float64)
