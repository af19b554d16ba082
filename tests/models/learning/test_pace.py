"""The pace of a level: closed forms worked by hand, and a bank of filters that knows no approximation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from loantwin.models.latent import LatentProcess, points_of
from loantwin.models.learning.pace import evidence, weighed
from loantwin.models.learning.posterior import EdgeState, LevelState, pull
from tests.models.learning.test_posterior import sure

SEEN = 0.1
"""Error with which the level of a month is seen, log-odds."""


def believed(sigma: float, spread: float, half_life: float = 36.0) -> LatentProcess:
    """Return a process whose innovation is believed to be log-normal about `sigma`, at rest at 0."""
    nodes, weight = np.polynomial.hermite_e.hermegauss(5)
    phi = 0.5 ** (1.0 / half_life)
    points = tuple(
        (float(one / (2.0 * weight.sum())), float(phi ** np.exp(side)), float(sigma * np.exp(spread * at)))
        for at, one in zip(nodes, weight, strict=True)
        for side in (-0.05, 0.05)
    )
    return LatentProcess("credit", phi, sigma, 0.0, 0.0, 1e-6, 48, points)


def log_spread(process: LatentProcess) -> tuple[float, float]:
    weight, _, sigma = points_of(process).T
    middle = weight @ np.log(sigma) / weight.sum()
    return float(np.exp(middle)), float(np.sqrt(weight @ (np.log(sigma) - middle) ** 2 / weight.sum()))


def test_a_month_seen_without_error_pulls_as_its_variance_lets_it() -> None:
    edge = sure(0.6, 1.0)
    edge.covariance[-1, -1] = 0.09
    got = pull(LevelState(0.2, 0.09, 0.2, None, np.zeros(0)), (edge,))
    # 0.4 beyond what was thought, of variance 0.09 + 0.04
    assert (got.slope, got.bend) == pytest.approx((0.4 / 0.13, 1.0 / 0.13), rel=1e-3)
    shared = np.array([[0.04, -0.02], [-0.02, 0.09]])
    got = pull(LevelState(0.0, 0.09, 0.1, shared, np.zeros(0)), (sure(0.5, 1.0), sure(0.25, 0.5)))
    # baseline, level and noise: 0.04 + 0.09 - 2 x 0.02 + 0.01 = 0.10
    assert (got.slope, got.bend) == pytest.approx((5.0, 10.0), rel=1e-3)


def test_the_pull_is_that_of_the_marginal_likelihood() -> None:
    random = np.random.default_rng(3)
    trials, base = random.integers(50, 400, 12).astype(float), random.normal(-2.5, 0.3, 12)
    events = random.binomial(trials.astype(int), expit(base + 0.5)).astype(float)
    # a coefficient of all cells, the level and the noise move them alike: 0.04 + 0.09 + 0.15^2 in all
    edge = EdgeState(base, np.ones((12, 1)), 1.0, np.diag([0.04, 0.0, 0.09]), trials, events)
    got = pull(LevelState(0.0, 0.09, 0.15, None, np.zeros(0)), (edge,))
    whole = np.sqrt(0.04 + 0.09 + 0.15**2)
    shared = np.linspace(-8.0, 8.0, 2001) * whole

    def said(shift: float) -> float:
        eta = base[:, None] + shared + shift
        value = events @ eta - trials @ np.logaddexp(0.0, eta) - 0.5 * (shared / whole) ** 2
        return float(np.log(np.exp(value - value.max()).sum()) + value.max())

    low, middle, high = (said(shift) for shift in (-0.05, 0.0, 0.05))
    assert got.slope == pytest.approx((high - low) / 0.1, rel=0.03)
    assert got.bend == pytest.approx((2.0 * middle - low - high) / 0.05**2, rel=0.06)


def test_evidence_is_that_of_a_normal_law() -> None:
    gap, thought = 0.7, 0.3
    shift, added = np.array([0.0, 0.1, -0.2, 0.0]), np.array([0.0, 0.25, 0.04, -0.2])
    got = evidence(gap / thought, 1.0 / thought, shift, added)
    want = norm.logpdf(gap, shift, np.sqrt(thought + added)) - norm.logpdf(gap, 0.0, np.sqrt(thought))
    np.testing.assert_allclose(got, want, atol=1e-12)


def months_of(sigma: float, size: int, seed: int) -> np.ndarray:
    """Return a level's months as they are seen, (size,)."""
    random = np.random.default_rng(seed)
    phi, level, seen = 0.5 ** (1.0 / 36.0), 0.0, np.empty(size)
    for month in range(size):
        level = phi * level + sigma * random.standard_normal()
        seen[month] = level + SEEN * random.standard_normal()
    return seen


def learnt(process: LatentProcess, seen: np.ndarray) -> LatentProcess:
    """Return the process after months, its level by Kalman's filter at the pace of the day."""
    mean, variance = process.mean, process.variance
    for one in seen:
        mean, variance = process.phi * mean, process.phi**2 * variance + process.sigma**2
        whole = variance + SEEN**2
        made = weighed(process, mean, variance, float((one - mean) / whole), 1.0 / whole)
        fade = made.phi / process.phi
        variance = fade**2 * (variance - process.sigma**2) + made.sigma**2
        mean, process = fade * mean, made
        gain = variance / (variance + SEEN**2)
        mean, variance = mean + gain * (one - mean), (1.0 - gain) * variance
    return process


def exact(process: LatentProcess, seen: np.ndarray) -> tuple[float, float]:
    """Return the innovation's posterior by one filter for each of many paces: median, spread of its log."""
    middle, spread = log_spread(process)
    at = np.linspace(-6.0, 6.0, 241)
    sigma, score = middle * np.exp(spread * at), -0.5 * at**2
    mean, variance = np.zeros(len(at)), np.full(len(at), process.variance)
    for one in seen:
        mean, variance = process.phi * mean, process.phi**2 * variance + sigma**2
        score += norm.logpdf(one, mean, np.sqrt(variance + SEEN**2))
        gain = variance / (variance + SEEN**2)
        mean, variance = mean + gain * (one - mean), (1.0 - gain) * variance
    share = np.exp(score - score.max())
    share = share / share.sum()
    middle = share @ np.log(sigma)
    return float(np.exp(middle)), float(np.sqrt(share @ (np.log(sigma) - middle) ** 2))


@pytest.mark.parametrize("sigma", [0.05, 0.1, 0.2])
def test_a_planted_pace_is_found_as_by_a_filter_for_each(sigma: float) -> None:
    start = believed(0.08, 0.5)
    found, wide = [], []
    for seed in range(8):
        seen = months_of(sigma, 36, seed)
        (mine, own), (whole, spread) = log_spread(learnt(start, seen)), exact(start, seen)
        found.append(np.log(mine / whole))
        wide.append(own / spread)
    # luck of single histories apart: no bias, and no surer
    assert np.mean(found) == pytest.approx(0.0, abs=0.12)
    assert np.abs(found).max() < 0.35
    assert 0.9 < np.mean(wide) < 1.5


def test_one_wild_month_goes_no_further_than_was_believed() -> None:
    start = believed(0.05, 0.3)
    made = weighed(start, 0.0, start.sigma**2, 400.0, 200.0)
    last = max(sigma for _, _, sigma in start.points)
    assert 2.0 * start.sigma < made.sigma <= last * 1.001
    # a step of known size tells of the logarithm of the innovation no more than 2
    assert log_spread(made)[1] >= 0.999 / np.sqrt(1.0 / 0.3**2 + 2.0)


def test_months_without_loans_leave_the_pace() -> None:
    start = believed(0.05, 0.3)
    made = weighed(start, 0.1, 0.02, 0.0, 0.0)
    assert (made.sigma, made.phi) == pytest.approx((start.sigma, start.phi), rel=1e-3)
    assert log_spread(made) == pytest.approx(log_spread(start), rel=1e-6)
