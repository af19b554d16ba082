"""How the price of what secures loans moves in an economy."""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Floats
from loantwin.macro.covariates import Covariate, evaluate
from loantwin.macro.scenario import MacroPaths, Scenario


def prices_beyond_trend(
    factor: str, path: Scenario | MacroPaths, first: int, last: int, history: Scenario
) -> Floats:
    """Return the log of a price over what its trend makes of it since month `first` - 1, (P, T).

    The trend is the mean monthly log growth of the known history; P is 1 for a scenario.

    Raises
    ------
    ScenarioError : a month without a value.
    """
    past = history.values[:, history.factors.index(factor)]
    past = past[np.isfinite(past)]
    trend = float(np.log(past[-1] / past[0])) / max(len(past) - 1, 1)
    level = evaluate((Covariate(factor, "level"),), path, first - 1, last, history)[..., 0]
    moved = np.log(np.atleast_2d(level))
    return np.asarray(moved[:, 1:] - moved[:, :1] - trend * np.arange(1, last - first + 2))
