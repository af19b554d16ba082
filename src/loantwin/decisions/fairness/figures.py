"""What a figure of fairness is: a value with the ends of its 95 % interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import norm

LEVEL = 0.95
"""Of every interval of fairness."""
Z = float(norm.ppf(0.5 + LEVEL / 2))
FEWEST = 30
"""Cases of a group below which its figures are not shown, where nothing else is asked for; assumed."""


@dataclass(frozen=True)
class Bounded:
    """A figure with its 95 % interval; null where it is infinite or has no value."""

    value: float | None
    low: float | None
    high: float | None

    def holds(self, value: float) -> bool:
        """Return whether a value lies inside the interval; an end that is infinite bounds nothing."""
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)


def bounded(value: float, low: float, high: float) -> Bounded:
    """Return a figure; what is not finite becomes None."""
    ends = (float(item) if math.isfinite(item) else None for item in (value, low, high))
    return Bounded(*ends)


def on_log_scale(value: float, error: float) -> Bounded:
    """Return a ratio with the interval that is normal on its log scale; error : of its logarithm."""
    return bounded(value, value * math.exp(-Z * error), value * math.exp(Z * error))
