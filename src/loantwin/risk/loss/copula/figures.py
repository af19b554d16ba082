"""Quantile, shortfall and their errors from weighted paths, each with a normal loss of names about its mean.

With weights w, conditional means m and deviations s over P paths,

    T(x) = mean of w Phi((m - x) / s)                       probability of a loss beyond x (s = 0: m > x)
    VaR  : T(VaR) = 1 - q         error: spread of w Phi(.) / sqrt(P) / density
    ES   = VaR + mean of w E[(L - VaR)+] / (1 - q)          error: spread of that mean / sqrt(P)

The density is the fall of T between the points where it is `BRACKET` more and less than 1 - q.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import optimize
from scipy.special import ndtr

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected
from loantwin.risk.loss.tail import TAIL_PATHS
from loantwin.types import Estimate

BRACKET = 0.2
ROOT = math.sqrt(2 * math.pi)


@dataclass(frozen=True)
class Sample:
    """P weighted paths, each (P,): weight of mean 1, mean and deviation of the loss given the path.

    most : the largest loss there can be, which the normal around a path's mean does not know of.
    """

    weight: Floats
    mean: Floats
    deviation: Floats
    most: float = math.inf

    def __post_init__(self) -> None:
        check.finite(weight=self.weight, mean=self.mean, deviation=self.deviation)
        check.unbounded(0, most=self.most)

    def beyond(self, x: float) -> Floats:
        """Return the probability of a loss beyond x on each path."""
        gap = self.mean - x
        if self._noisy:
            return np.asarray(ndtr(gap / self.deviation))
        certain = np.where(gap > 0, 1.0, 0.0)
        spread = self.deviation > 0
        return np.where(
            spread, ndtr(np.divide(gap, self.deviation, out=np.zeros_like(gap), where=spread)), certain
        )

    @cached_property
    def _noisy(self) -> bool:
        return bool((self.deviation > 0).all())

    def probability(self, x: float) -> float:
        """Return the probability of a loss beyond x."""
        return float(self.weight @ self.beyond(x)) / len(self.weight)


@dataclass(frozen=True)
class Tail:
    """Figures at a confidence: var, es with errors; width : half the distance of points around var."""

    var: Estimate
    es: Estimate
    width: float


def tail(sample: Sample, confidence: float) -> Tail:
    """Return value at risk and expected shortfall.

    Raises
    ------
    RiskError : a confidence outside (0, 1), or one that fewer than 20 paths' worth of sample supports.
    """
    check.kind(Sample, sample=sample)
    check.level(confidence=confidence)
    if not 0 < confidence < 1:
        raise RiskError(expected("a confidence between 0 and 1", confidence), field="confidence")
    beyond = 1 - confidence
    var = quantile(sample, beyond)
    worth = tail_paths(sample, var)
    if worth < TAIL_PATHS * (1 - 1e-9):
        wanted = f"paths worth at least {TAIL_PATHS} beyond the quantile at confidence {confidence}"
        raise RiskError(expected(wanted, f"{worth:.3g} of {len(sample.weight)}"), field="confidence")
    low, high = quantile(sample, beyond * (1 + BRACKET)), quantile(sample, beyond * (1 - BRACKET))
    root = math.sqrt(len(sample.weight))
    part = sample.weight * sample.beyond(var)
    density = 2 * BRACKET * beyond / (high - low) if high > low else math.inf
    shortfall = sample.weight * excess(sample, var) / beyond
    return Tail(
        var=Estimate(var, float(part.std(ddof=1)) / root / density),
        es=Estimate(min(var + float(shortfall.mean()), sample.most), float(shortfall.std(ddof=1)) / root),
        width=(high - low) / 2,
    )


def tail_paths(sample: Sample, x: float) -> float:
    """Return how many equally weighted paths what lies at or beyond x is worth: (sum w)^2 / sum w^2."""
    check.kind(Sample, sample=sample)
    check.number(x=x)
    part = sample.weight * np.maximum(sample.beyond(x), sample.mean >= x)
    square = float(part @ part)
    return float(part.sum()) ** 2 / square if square > 0 else 0.0


def quantile(sample: Sample, beyond: float) -> float:
    """Return the smallest loss exceeded with a probability of at most `beyond`, from 0 to the largest."""
    check.kind(Sample, sample=sample)
    check.number(0, beyond=beyond)
    return min(_quantile(sample, beyond), sample.most)


def _quantile(sample: Sample, beyond: float) -> float:
    if not (sample.deviation > 0).any():
        return _step(sample, beyond)
    if sample.probability(0.0) <= beyond:
        return 0.0  # the normal around a small mean reaches below 0, losses do not
    start = _step(sample, beyond)
    stride = max(float(np.median(sample.deviation)), 1e-6 * start, 1e-300)
    low, high = _enclosed(sample, beyond, start, stride)
    if not (sample.deviation > 0).all():
        return _bisected(sample, beyond, low, high)
    found = optimize.brentq(
        lambda x: sample.probability(x) - beyond, low, high, xtol=1e-11 * high, rtol=1e-12
    )
    return float(found)


def _enclosed(sample: Sample, beyond: float, start: float, stride: float) -> tuple[float, float]:
    """Return losses exceeded with more than and at most `beyond`, out from `start` in growing strides."""
    if sample.probability(start) > beyond:
        low, high = start, start + stride
        while sample.probability(high) > beyond:
            stride *= 3
            low, high = high, high + stride
        return low, high
    low, high = max(start - stride, 0.0), start
    while low > 0 and sample.probability(low) <= beyond:
        stride *= 3
        low, high = max(low - stride, 0.0), low
    return low, high


def _bisected(sample: Sample, beyond: float, low: float, high: float) -> float:
    """Return the quantile where some paths lack noise of names: the probability falls in steps."""
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if sample.probability(middle) > beyond else (low, middle)
    return high


def _step(sample: Sample, beyond: float) -> float:
    order = np.argsort(sample.mean)[::-1]
    above = np.cumsum(sample.weight[order]) / len(order)
    place = int(np.searchsorted(above, beyond * (1 + 1e-12), side="right"))
    return float(sample.mean[order[min(place, len(order) - 1)]])


def excess(sample: Sample, x: float) -> Floats:
    """Return E[(L - x)+] on each path, (P,), currency."""
    check.kind(Sample, sample=sample)
    check.number(x=x)
    gap = sample.mean - x
    spread = sample.deviation > 0
    z = np.divide(gap, sample.deviation, out=np.zeros_like(gap), where=spread)
    normal = gap * ndtr(z) + sample.deviation * np.exp(-0.5 * z * z) / ROOT
    return np.where(spread, normal, np.maximum(gap, 0.0))


def shortfall_weights(sample: Sample, var: float, confidence: float) -> tuple[Floats, Floats]:
    """Return (P,) weights of a part's mean and variance that sum over paths to its contribution to ES.

    E[part; L > x | path] = mean x Phi(z) + variance / s x phi(z) for jointly normal parts, z = (m - x) / s;
    the atom at the quantile (s = 0) counts with the share that makes the whole 1 - q.
    """
    check.kind(Sample, sample=sample)
    check.number(var=var)
    check.level(confidence=confidence)
    paths, beyond = len(sample.weight), 1 - confidence
    chance = sample.beyond(var)
    spread = sample.deviation > 0
    z = np.divide(sample.mean - var, sample.deviation, out=np.zeros_like(chance), where=spread)
    atom = np.where(spread, 0.0, sample.mean == var)
    held = float(sample.weight @ atom) / paths
    short = beyond - float(sample.weight @ chance) / paths
    share = min(max(short / held, 0.0), 1.0) if held > 0 else 0.0
    first = sample.weight * (chance + share * atom) / (paths * beyond)
    noise = np.divide(np.exp(-0.5 * z * z) / ROOT, sample.deviation, out=np.zeros_like(chance), where=spread)
    return np.asarray(first), np.asarray(sample.weight * noise / (paths * beyond))


def quantile_weights(sample: Sample, var: float, width: float) -> tuple[Floats, Floats]:
    """Return (P,) weights of a part's mean and variance for its expectation within about `width` of VaR.

    A normal kernel of that width is laid over the path's own normal loss; the parts are then scaled to sum to
    VaR.
    """
    check.kind(Sample, sample=sample)
    check.number(var=var)
    check.number(0, width=width)
    # without noise of names and width the kernel is a point, as narrow as rounding lets it be
    least = max(1e-12 * float(np.abs(sample.mean).max()), 1e-150)
    smooth = np.sqrt(sample.deviation**2 + max(width, least) ** 2)
    z = (var - sample.mean) / smooth
    kernel = sample.weight * np.exp(-0.5 * z * z) / smooth
    total = float(kernel.sum())
    if total <= 0:  # every path is at the quantile, or none is near it
        kernel, total = sample.weight, float(sample.weight.sum())
    return np.asarray(kernel / total), np.asarray(kernel / total * z / smooth)
