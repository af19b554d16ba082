"""Scores of a probabilistic forecast against what happened: error, coverage, sharpness and proper scores.

Letters: J observations, P simulated values of each. Everything is stated in the observations' own unit (loans
or currency).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.errors import RiskError, expected

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles kept of every predictive distribution: the 50 % and the 90 % interval and the median."""


@dataclass(frozen=True)
class Summary:
    """A predictive distribution held against its outcome, each field (J,).

    quantiles : (5, J), at `LEVELS`. crps : continuous ranked probability score, unit of the outcome, lower is
        better.
    pit_low, pit_high : share of simulated values below the outcome, and not above it. They differ where
        values repeat (counts).
    """

    quantiles: Floats
    crps: Floats
    pit_low: Floats
    pit_high: Floats


def summarise(simulated: Floats, actual: Floats) -> Summary:
    """Return quantiles, CRPS and probability integral transform of simulated values (P, J) at outcomes (J,).

    Raises
    ------
    RiskError : shapes that do not fit, or a value that is not finite.
    """
    if simulated.ndim != 2 or simulated.shape[1:] != actual.shape or not len(simulated):
        raise RiskError(expected(f"simulated values (P, {len(actual)})", simulated.shape), field="simulated")
    if not (np.isfinite(simulated).all() and np.isfinite(actual).all()):
        raise RiskError(expected("finite forecasts and outcomes", "NaN or infinity"), field="simulated")
    return Summary(
        quantiles=np.asarray(np.quantile(simulated, LEVELS, axis=0)),
        crps=crps(simulated, actual),
        pit_low=np.asarray((simulated < actual).mean(axis=0)),
        pit_high=np.asarray((simulated <= actual).mean(axis=0)),
    )


def crps(simulated: Floats, actual: Floats) -> Floats:
    """Return the continuous ranked probability score of simulated values (P, J) at outcomes (J,).

    CRPS = E|X - y| - E|X - X'| / 2 of the empirical distribution, which is twice the integral of the quantile
    (pinball) score over all levels. Source: Gneiting and Raftery (2007), section 4.2.
    """
    size = len(simulated)
    ordered = np.sort(simulated, axis=0)
    rank = 2.0 * np.arange(1, size + 1) - size - 1.0
    spread = (rank[:, None] * ordered).sum(axis=0) / size**2
    return np.asarray(np.abs(simulated - actual).mean(axis=0) - spread)


def pinball(quantile: Floats, actual: Floats, level: float) -> Floats:
    """Return the quantile score: level x (y - q) above the quantile, (1 - level) x (q - y) below it, (J,).

    Raises
    ------
    RiskError : a level outside (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise RiskError(expected("a level between 0 and 1", level), field="level")
    miss = actual - quantile
    return np.asarray(np.maximum(level * miss, (level - 1.0) * miss))


def interval_score(low: Floats, high: Floats, actual: Floats, content: float) -> Floats:
    """Return the score of intervals that should hold `content` of outcomes, (J,): lower is better.

    Width plus 2 / (1 - content) times the distance by which the outcome lies outside. Gneiting and Raftery
    (2007), equation 43.

    Raises
    ------
    RiskError : a content outside (0, 1), or a lower end above the upper.
    """
    if not 0.0 < content < 1.0:
        raise RiskError(expected("a content between 0 and 1", content), field="content")
    if (low > high).any():
        raise RiskError(expected("a lower end not above the upper", "one above"), field="low")
    outside = np.maximum(low - actual, 0.0) + np.maximum(actual - high, 0.0)
    return np.asarray(high - low + 2.0 / (1.0 - content) * outside)


def accuracy(forecast: Floats, actual: Floats) -> float | None:
    """Return 1 - sum of absolute errors / sum of outcomes; None where nothing happened."""
    total = float(actual.sum())
    return 1.0 - float(np.abs(forecast - actual).sum()) / total if total > 0 else None


def bias(forecast: Floats, actual: Floats) -> float | None:
    """Return forecast / outcome - 1 of the sums; None where nothing happened."""
    total = float(actual.sum())
    return float(forecast.sum()) / total - 1.0 if total > 0 else None


def inside(low: Floats, high: Floats, actual: Floats) -> Flags:
    """Return whether each outcome lies in its interval, ends included, (J,)."""
    return np.asarray((actual >= low) & (actual <= high))


def content_of(pit_low: Floats, pit_high: Floats, low: float, high: float) -> Floats:
    """Return the part of each [pit_low, pit_high] between two levels, (J,): coverage without ties.

    An interval of counts holds more than it says, because its ends are whole numbers; an outcome that repeats
    among the simulated values is therefore spread evenly over its ranks. Source: Czado, Gneiting and Held
    (2009), section 2.1.
    """
    # Trap: intervals of counts. Their ends are whole numbers: 90 % of small counts hold far more.
    width = pit_high - pit_low
    there = np.clip(np.minimum(pit_high, high) - np.maximum(pit_low, low), 0.0, None)
    point = ((pit_low >= low) & (pit_low <= high)).astype(np.float64)
    return np.asarray(np.divide(there, width, out=point, where=width > 0))


def pit_histogram(pit_low: Floats, pit_high: Floats, bins: int = 10) -> Floats:
    """Return the share of outcomes in `bins` equal parts of [0, 1]; near 1 / bins when calibrated."""
    edges = np.linspace(0.0, 1.0, bins + 1)
    width = pit_high - pit_low
    part = np.zeros(bins)
    for place in range(bins):
        there = np.clip(np.minimum(pit_high, edges[place + 1]) - np.maximum(pit_low, edges[place]), 0.0, None)
        last = place == bins - 1
        point = ((pit_low >= edges[place]) & ((pit_low < edges[place + 1]) | last)).astype(np.float64)
        part[place] = np.divide(there, width, out=point, where=width > 0).sum()
    return part / max(len(pit_low), 1)


def stretch_to(quantiles: Floats, actual: Floats, content: float, grain: float) -> float:
    """Return the factor about medians by which 90 % intervals must stretch to hold `content` of outcomes.

    Parameters
    ----------
    quantiles : (5, J) at `LEVELS`. grain : half a step of the unit (0.5 for counts), added to each half
        interval, so that a forecast of nothing can be stretched at all; 0 for money.

    Widths of two forecasters can only be compared at equal coverage: width x this factor is that comparison.
    """
    middle, low, high = quantiles[2], quantiles[0], quantiles[4]
    # Trap: a cell of nothing. All its quantiles are 0: half a unit is what there is to stretch.
    above = (actual - middle) / np.maximum(high - middle + grain, 1e-12)
    below = (middle - actual) / np.maximum(middle - low + grain, 1e-12)
    needed = np.sort(np.maximum(above, below))
    return float(needed[min(int(np.ceil(content * len(needed))), len(needed)) - 1])
