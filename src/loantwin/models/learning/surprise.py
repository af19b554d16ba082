"""Whether new months are worse foretold than a model's own uncertainty allows: one predictive check.

Events by transition and month are set against what the model expected of them, with the covariance of that
expectation: luck of single loans, errors of the coefficients and of the level, and the level's new step. Gaps
are measured on the scale on which counts of such a spread have an even one (Anscombe, Biometrika 35 (1948)):
between the square root of what is luck alone and the logarithm of what is not known. The squared distance
follows a chi-square where the model holds; half of it is the log score lost against a forecast that had known
the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chdtri

from loantwin.arrays import Floats
from loantwin.models.learning.posterior import Totals

LEAST_EXPECTED = 5.0
"""Transitions of which fewer events are expected in a month are counted together."""
RARE = 0.01
"""A distance that a sound model exceeds so rarely is called surprising."""


@dataclass(frozen=True)
class Surprise:
    """How well new months were foretold.

    log_score : mean log score of an event, of all months and transitions, in effective numbers; None without
        events. lost : log score lost against known numbers, by event; low, high : between which it lies with
        90 % where the model holds. probability : of a loss as large or larger. surprising : it is below
        `RARE`. events, expected : effective numbers.
    """

    events: float
    expected: float
    log_score: float | None
    lost: float
    low: float
    high: float
    probability: float
    surprising: bool


def surprise(months: Sequence[Totals]) -> Surprise:
    """Return the check of some months, each foreseen from what was known before it."""
    found = [distance(month) for month in months]
    square, size = sum(one for one, _ in found), sum(count for _, count in found)
    events = float(sum(month.events.sum() for month in months))
    number = max(events, 1.0)
    chance = float(chdtrc(size, square)) if size else 1.0
    low, high = (float(chdtri(size, beyond)) if size else 0.0 for beyond in (0.95, 0.05))
    return Surprise(
        events=events,
        expected=float(sum(month.expected.sum() for month in months)),
        log_score=sum(month.log_score for month in months) / events if events else None,
        lost=0.5 * square / number,
        low=0.5 * low / number,
        high=0.5 * high / number,
        probability=chance,
        surprising=chance < RARE,
    )


def distance(month: Totals) -> tuple[float, int]:
    """Return the squared distance of a month's events from what was expected, and in how many numbers."""
    groups = _groups(month.expected)
    if not len(groups):
        return 0.0, 0
    events, mean = groups @ month.events, groups @ month.expected
    covariance = groups @ month.covariance @ groups.T
    spread = np.sqrt(np.diag(covariance))
    gap = _even(events, mean, spread)
    return float(gap @ np.linalg.solve(covariance / np.outer(spread, spread), gap)), len(groups)


def _even(events: Floats, mean: Floats, spread: Floats) -> Floats:
    """Return gaps (g,) in standard deviations, on the scale that evens those of counts with this spread."""
    excess = np.maximum(spread**2 - mean, 0.0) / mean**2
    there = excess > 1e-9
    root = np.sqrt(np.where(there, excess, 1.0))
    even = (
        2.0 / root * (np.arcsinh(root * np.sqrt(events + 0.375)) - np.arcsinh(root * np.sqrt(mean + 0.375)))
    )
    return np.asarray(np.where(there, even, (events - mean) / spread))


def _groups(expected: Floats) -> Floats:
    """Return rows (g, E) that add up transitions: each that is large enough alone, the others together."""
    large = np.flatnonzero(expected >= LEAST_EXPECTED)
    rows = np.eye(len(expected))[large]
    rest = np.ones(len(expected))
    rest[large] = 0.0
    # together still too few for a normal law: nothing is asked of them
    return np.concatenate([rows, rest[None]]) if rest @ expected >= LEAST_EXPECTED else rows
