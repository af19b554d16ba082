"""Intervals of forecast figures: spread over paths with the noise of single names added."""

from __future__ import annotations

import math

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected
from loantwin.risk.allowance import amounts
from loantwin.streams import Stream
from loantwin.streams import generator as random_of
from loantwin.types import Interval


def intervals(flows: Floats, mean: Floats | None = None) -> tuple[Interval, ...]:
    """Return mean, 5th and 95th percentile of each month over equally likely paths.

    Parameters
    ----------
    flows : (P, T) simulated figures. mean : (T,) their exact expectation where it is known better than by
        simulation (the mean over paths before name noise); None takes the mean of `flows`.

    Raises
    ------
    RiskError : no path, or flows that are not finite.
    """
    check.finite(flows=flows)
    check.finite(**check.given(mean=mean))
    check.shaped((None, None), flows=flows)
    check.shaped(flows.shape[1:], **check.given(mean=mean))
    if flows.ndim != 2 or not len(flows) or not np.isfinite(flows).all():
        raise RiskError(
            expected("finite flows of at least one path by month", f"shape {flows.shape}"), field="flows"
        )
    centre = flows.mean(axis=0) if mean is None else mean
    low, high = np.quantile(flows, (0.05, 0.95), axis=0)
    return tuple(Interval(float(m), float(a), float(b)) for m, a, b in zip(centre, low, high, strict=True))


def name_noise(
    numbers: Floats,
    mean_size: Floats | float,
    second_moment: Floats | float,
    seed: int,
    stream: int = 0,
    most: float = math.inf,
) -> Floats:
    """Return simulated amounts of events of single names, (P, T): a compound Poisson sum with gamma sizes.

    Parameters
    ----------
    numbers : (P, T) expected number of events (defaults, charge-offs) in each month of each path.
    mean_size, second_moment : first and second moment of the amount of one event, broadcast over (P, T). The
        mean of the result is `numbers` x `mean_size`, its variance given the path `numbers` x
        `second_moment`.
    seed, stream : key of the draws; different figures take different streams. most : what there is to lose:
        Poisson numbers and gamma sizes know of no end.

    Raises
    ------
    RiskError : moments that are negative or not finite, or a second one below the squared first.
    """
    return name_events(numbers, mean_size, second_moment, seed, stream, most)[1]


def name_events(
    numbers: Floats,
    mean_size: Floats | float,
    second_moment: Floats | float,
    seed: int,
    stream: int = 0,
    most: float = math.inf,
) -> tuple[Floats, Floats]:
    """Return simulated numbers of events, (P, T), and the amounts they come to; as `name_noise`.

    Raises
    ------
    RiskError : as `name_noise`.
    """
    check.within(0, numbers=numbers, mean_size=mean_size, second_moment=second_moment)
    check.count(0, seed=seed, stream=stream)
    check.unbounded(0, most=most)
    check.shaped((None, None), numbers=numbers)
    check.fitting(numbers.shape, mean_size=mean_size, second_moment=second_moment)
    amounts(numbers, "numbers", numbers.shape)
    first = np.broadcast_to(np.asarray(mean_size, dtype=np.float64), numbers.shape)
    second = np.broadcast_to(np.asarray(second_moment, dtype=np.float64), numbers.shape)
    if not (np.isfinite(first).all() and np.isfinite(second).all() and (first >= 0).all()):
        raise RiskError(expected("finite moments of at least 0", "something else"), field="mean_size")
    if (second < first**2 * (1 - 1e-9)).any():
        raise RiskError(
            expected("a second moment of at least the squared mean", "less"), field="second_moment"
        )
    generator = random_of(seed, Stream.NAMES, place=stream)
    count = generator.poisson(numbers).astype(np.float64)
    variation = np.divide(second, first**2, out=np.ones_like(first), where=first > 0) - 1
    spread = np.maximum(
        variation, 1e-12
    )  # below this the gamma is a point: its draw would round to the count
    drawn = np.where(spread > 1e-9, spread * generator.standard_gamma(count / spread), count)
    return count, np.minimum(first * drawn, most)
