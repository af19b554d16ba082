"""Beside a stress figure: its interval, and how much of it is belief."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats

Z90 = 1.6448536269514722
"""Standard deviations on each side of a 90 % interval."""


@dataclass(frozen=True)
class Range:
    """A 90 % interval: 5th and 95th percentile, unit of the figure."""

    p05: float
    p95: float


@dataclass(frozen=True)
class Multiple:
    """A scenario's figure over the baseline's, with the interval of the ratio, 90 %.

    prior_share : of the ratio, 0 to 1 (`prior_share`); None where the source assumes all that moves it.
    """

    value: float
    p05: float
    p95: float
    prior_share: float | None


@dataclass(frozen=True)
class BeliefMoved:
    """A belief moved, and what a scenario's figures do.

    believed, asked : before and after. unit : of both. product : whose belief it is.
    basis, source : of what was believed.
    figures : scenario -> figure -> {before, after}, book currency.
    """

    name: str
    unit: str
    product: str
    believed: float
    asked: float
    basis: str
    source: str
    figures: Mapping[str, Mapping[str, Mapping[str, float]]]


def prior_share(gradient: Floats, posterior: Floats, prior: Floats) -> float | None:
    """Return g' C_posterior g / g' C_prior g, 0 to 1: 1 where the data taught nothing.

    Parameters
    ----------
    gradient : (D,) of the log figure by the parameters (of the figure itself the share is the same).
    posterior, prior : (D, D) covariances of the same parameters.

    Returns
    -------
    None where no parameter that has a prior moves the figure. An estimate of the posterior from clustered
    months can exceed the prior; the share is then 1.
    """
    check.finite(gradient=gradient, posterior=posterior, prior=prior)
    check.shaped((len(gradient), len(gradient)), posterior=posterior, prior=prior)
    believed = float(gradient @ prior @ gradient)
    if not believed > 0.0:
        return None
    return float(np.clip(gradient @ posterior @ gradient / believed, 0.0, 1.0))


def quantiles(samples: Floats) -> Range:
    """Return the 5th and 95th percentile of draws (P,), at least one."""
    check.finite(samples=samples)
    check.count(1, samples=samples.size)
    low, high = np.quantile(samples, (0.05, 0.95))
    return Range(float(low), float(high))


def log_normal(samples: Floats) -> Range:
    """Return the 5th and 95th percentile of a log-normal with the moments of draws (P,) above 0, not none."""
    check.finite(samples=samples)
    check.count(1, samples=samples.size)
    logs = np.log(samples)
    centre, half = float(logs.mean()), Z90 * float(logs.std(ddof=1)) if len(logs) > 1 else 0.0
    return Range(float(np.exp(centre - half)), float(np.exp(centre + half)))
