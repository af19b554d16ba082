"""The rates at which dated flows are worth nothing: all of them, each between two rates that prove it.

Worth at a force y is the sum of a e^(-y t). With one change of sign in time there is one root. With k
changes, worth times e^(y p), for p between the flows of the first change, has a derivative with k - 1
changes: between its roots worth does not turn, so that signs at the ends tell of each stretch whether it
holds a root (the rule of signs of Descartes for powers that are no whole numbers; assumed, no source opened).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected

Status = Literal["solved", "no_root", "several_roots"]

NOTHING = 1e-14
"""Worth below this part of the flows' own sizes is rounding: there worth touches nothing."""
FAR = 2.0**60
"""A force times the flows' whole time beyond this is none that double numbers could tell from infinity."""


@dataclass(frozen=True)
class InternalRate:
    """rate : decimal, compounded once a unit of time, NaN unless solved.

    status : `solved`; `no_root` where no rate above -100 % makes the flows worth nothing; `several_roots`.
    roots : every such rate, ascending. iterations : steps of Brent's method, over all roots.
    """

    rate: float
    status: Status
    roots: tuple[float, ...]
    iterations: int


def internal_rate(flows: ArrayLike, times: ArrayLike) -> InternalRate:
    """Return the rate at which flows are worth nothing, and whether it is the only one.

    Parameters
    ----------
    flows : (T,) currency, positive to the lender; some of either sign.
    times : (T,) when each falls, in any unit, any order.

    Raises
    ------
    RiskError : fewer than two flows, flows of one sign only once those of one time are added up, or lengths
    that differ. ArgumentError : NaN, infinity, texts.
    """
    forces, iterations = _forces(*_arranged(flows, times))
    roots = tuple(sorted(_grown(force) for force in forces))
    if len(roots) == 1:
        return InternalRate(roots[0], "solved", roots, iterations)
    return InternalRate(math.nan, "several_roots" if roots else "no_root", roots, iterations)


def _grown(force: float) -> float:
    return math.expm1(force) if force < 700 else math.inf


def _arranged(flows: ArrayLike, times: ArrayLike) -> tuple[Floats, Floats]:
    """Return flows and times in order of time, those of one time as one, nothing left out but zeros."""
    amounts, when = check.numbers(flows, "flows"), check.numbers(times, "times")
    check.finite(flows=amounts, times=when)
    if amounts.ndim != 1 or amounts.shape != when.shape or len(amounts) < 2:
        raise RiskError(
            expected("flows and times in rows of one length, two or more", f"{amounts.shape}, {when.shape}"),
            field="flows",
        )
    moments, place = np.unique(when, return_inverse=True)
    sums = np.bincount(place, amounts)
    kept = sums != 0
    if not ((sums > 0).any() and (sums < 0).any()):
        raise RiskError(expected("flows of both signs", "flows of one sign"), field="flows")
    return sums[kept], moments[kept]


def _forces(amounts: Floats, times: Floats) -> tuple[list[float], int]:
    """Return every force of interest at which flows are worth nothing, a unit of time, and steps taken."""
    span = float(times[-1] - times[0])
    taken: list[int] = []
    roots = _roots(amounts / np.abs(amounts).max(), (times - times[0]) / span, taken)
    return [root / span for root in roots], sum(taken)


def _roots(amounts: Floats, times: Floats, taken: list[int]) -> list[float]:
    """Return the roots of worth over times from 0 to 1, ascending."""
    changes = np.flatnonzero(amounts[:-1] * amounts[1:] < 0)
    if not len(changes):
        return []
    pivot = (times[changes[0]] + times[changes[0] + 1]) / 2
    turns = _roots(amounts * (pivot - times), times, taken) if len(changes) > 1 else []

    def worth(force: float) -> float:
        return _worth(amounts, times, force)

    # far below, the last flow outweighs all others; far above, the first
    signs = [float(np.sign(amounts[-1])), *(_sign(worth(turn)) for turn in turns), float(np.sign(amounts[0]))]
    ends = [-math.inf, *turns, math.inf]
    found = [turn for turn, sign in zip(turns, signs[1:-1], strict=True) if sign == 0]
    for place in range(len(ends) - 1):
        if signs[place] * signs[place + 1] < 0:
            low, high = _bracket(worth, ends[place], ends[place + 1], signs[place])
            found.append(between(worth, low, high, taken))
    return sorted(root for root in found if math.isfinite(root))


def _sign(worth: float) -> float:
    return 0.0 if abs(worth) < NOTHING else math.copysign(1.0, worth)


def _worth(amounts: Floats, times: Floats, force: float) -> float:
    """Return flows' worth over the sum of its parts' sizes: in [-1, 1], of worth's own sign.

    Valued at the first time for forces above nothing, else at the last: no power grows.
    """
    parts = amounts * np.exp(-force * (times - (times[0] if force >= 0 else times[-1])))
    return float(parts.sum() / np.abs(parts).sum())


def _bracket(worth: Callable[[float], float], low: float, high: float, left: float) -> tuple[float, float]:
    """Return finite ends of a stretch with one root; `left` is worth's sign at its lower end."""
    if math.isinf(low) and math.isinf(high):
        low = high = 0.0
        step = 1.0
        if worth(0.0) * left > 0:
            while worth(high) * left > 0 and high < FAR:
                low, high, step = high, high + step, 2 * step
        else:
            while worth(low) * left <= 0 and low > -FAR:
                low, high, step = low - step, low, 2 * step
        return low, high
    step = 1.0
    if math.isinf(high):
        high = low + step
        while worth(high) * left > 0 and high < FAR:
            step *= 2
            high = low + step
    elif math.isinf(low):
        low = high - step
        while worth(low) * left < 0 and low > -FAR:
            step *= 2
            low = high - step
    return low, high


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
