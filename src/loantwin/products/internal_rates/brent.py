"""One root between two ends, by Brent's method."""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy.optimize import brentq


def between(worth: Callable[[float], float], low: float, high: float, taken: list[int]) -> float:
    """Return the root between two ends of unlike signs, NaN where they are alike; steps go to `taken`."""
    ends = worth(low), worth(high)
    for end, value in zip((low, high), ends, strict=True):
        if value == 0:
            return end
    if ends[0] * ends[1] > 0:
        return math.nan
    root, report = brentq(worth, low, high, xtol=1e-15, rtol=8.9e-16, full_output=True)
    taken.append(int(report.iterations))
    return float(root)
