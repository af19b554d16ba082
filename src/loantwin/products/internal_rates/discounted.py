"""The rate at which flows are worth nothing where the discount is no power of the rate."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from loantwin.arrays import Floats
from loantwin.products.internal_rates.roots import FAR, Status, between

GRID = np.concatenate(
    [np.linspace(-0.99, -0.21, 79), np.linspace(-0.2, 0.2, 401), np.geomspace(0.21, 100, 200)]
)
"""Rates between which several roots are looked for; two closer than its steps pass unseen."""


def discounted_rate(amounts: Floats, discounts: Callable[[float], Floats]) -> tuple[float, Status]:
    """Return the rate at which flows are worth nothing, and whether it is the only one.

    With all that is paid out before all that comes in, worth falls from one sign to the other as the rate
    grows, because the discount of a later flow falls faster than that of an earlier: one root, looked for
    outwards from 0 until its ends have unlike signs. Else roots are looked for on a grid.

    Parameters
    ----------
    amounts : (T,) in order of time, of both signs.
    discounts : a rate above -1 -> (T,) what one unit of each flow is worth; 1 of none at the rate 0.
    """

    def worth(rate: float) -> float:
        parts = amounts * discounts(rate)
        return float(parts.sum() / np.abs(parts).max())

    signs = np.sign(amounts[amounts != 0])
    if np.count_nonzero(signs[1:] != signs[:-1]) == 1:
        root = between(worth, *_outwards(worth, float(signs[-1])), [])
        return (root, "solved") if math.isfinite(root) else (math.nan, "no_root")
    values = np.array([worth(float(rate)) for rate in GRID])
    places = np.flatnonzero((values[:-1] * values[1:] < 0) | (values[:-1] == 0))
    roots = [between(worth, float(GRID[place]), float(GRID[place + 1]), []) for place in places]
    if len(roots) == 1:
        return roots[0], "solved"
    return math.nan, "several_roots" if roots else "no_root"


def _outwards(worth: Callable[[float], float], last: float) -> tuple[float, float]:
    """Return ends between which worth loses the sign of the last flow, the nearest to 0 of a doubling."""
    if worth(0.0) * last >= 0:
        low, high = 0.0, 1.0
        while worth(high) * last > 0 and high < FAR:
            low, high = high, 2 * high
        return low, high
    low, high = -0.5, 0.0
    while worth(low) * last < 0 and low > -1 + 1e-12:
        low, high = (low - 1) / 2, low
    return low, high
