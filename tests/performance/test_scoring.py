"""Scores against closed forms, numerical integrals and hand-worked cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from loantwin.errors import RiskError
from loantwin.performance.scoring import (
    LEVELS,
    accuracy,
    bias,
    content_of,
    crps,
    interval_score,
    pinball,
    pit_histogram,
    stretch_to,
    summarise,
)


def test_crps_of_a_normal_is_its_closed_form() -> None:
    """Gneiting and Raftery (2007), section 4.2: sigma (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi))."""
    size = 4_000
    mean, deviation = np.array([1.0, -2.0, 5.0]), np.array([0.5, 2.0, 1.0])
    drawn = mean + ndtri((np.arange(size)[:, None] + 0.5) / size) * deviation
    actual = np.array([1.7, -2.0, 1.0])
    z = (actual - mean) / deviation
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    closed = deviation * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))
    assert crps(drawn, actual) == pytest.approx(closed, rel=2e-3)


def test_crps_is_twice_the_integral_of_the_quantile_score() -> None:
    random = np.random.default_rng(3)
    drawn = random.gamma(2.0, 3.0, 500)
    levels = (np.arange(20_000) + 0.5) / 20_000
    quantiles = np.sort(drawn)[np.minimum((levels * 500).astype(int), 499)]
    integral = 2.0 * np.mean(
        [
            pinball(np.array([q]), np.array([4.0]), level)[0]
            for q, level in zip(quantiles, levels, strict=True)
        ]
    )
    assert crps(drawn[:, None], np.array([4.0]))[0] == pytest.approx(integral, rel=1e-3)


def test_crps_of_a_point_is_the_absolute_error() -> None:
    assert crps(np.full((7, 2), 3.0), np.array([5.0, 3.0])).tolist() == [2.0, 0.0]


def test_interval_score_by_hand() -> None:
    """90 %: a miss costs 20 times its distance beyond the end."""
    low, high, actual = np.array([2.0, 2.0, 2.0]), np.array([6.0, 6.0, 6.0]), np.array([4.0, 7.0, 1.5])
    assert interval_score(low, high, actual, 0.90) == pytest.approx([4.0, 24.0, 14.0])
    with pytest.raises(RiskError, match="lower end"):
        interval_score(high, low, actual, 0.90)


def test_interval_score_is_the_sum_of_two_quantile_scores() -> None:
    """Gneiting and Raftery (2007): interval score = 2 / alpha x (pinball at alpha / 2 + pinball at 1 - alpha
    / 2).
    """
    random = np.random.default_rng(1)
    low, actual = random.normal(size=50), random.normal(size=50)
    high = low + random.gamma(1.0, 1.0, 50)
    both = pinball(low, actual, 0.25) + pinball(high, actual, 0.75)
    assert interval_score(low, high, actual, 0.50) == pytest.approx(2.0 / 0.5 * both)


def test_accuracy_and_bias_by_hand() -> None:
    forecast, actual = np.array([3.0, 1.0, 6.0]), np.array([5.0, 1.0, 4.0])
    assert accuracy(forecast, actual) == pytest.approx(0.6)
    assert bias(forecast, actual) == pytest.approx(0.0)
    assert accuracy(forecast, np.zeros(3)) is None


def test_coverage_of_counts_without_ties_is_what_the_interval_promises() -> None:
    """Counts of mean 2 lie in their inclusive 90 % interval far too often; spread over their ranks they do
    not.
    """
    random = np.random.default_rng(5)
    drawn = random.poisson(2.0, (4_000, 1)).astype(float)
    outcome = random.poisson(2.0, 4_000).astype(float)
    shown = summarise(np.broadcast_to(drawn, (4_000, 4_000)), outcome)
    plain = ((outcome >= shown.quantiles[0]) & (outcome <= shown.quantiles[-1])).mean()
    spread = content_of(shown.pit_low, shown.pit_high, 0.05, 0.95).mean()
    assert plain > 0.93
    assert spread == pytest.approx(0.90, abs=0.012)
    assert pit_histogram(shown.pit_low, shown.pit_high) == pytest.approx(np.full(10, 0.1), abs=0.015)


def test_pit_of_a_forecast_that_is_too_narrow_is_a_cup() -> None:
    random = np.random.default_rng(2)
    shown = summarise(random.normal(size=(2_000, 1)) * np.ones((1, 3_000)), random.normal(0.0, 2.0, 3_000))
    shares = pit_histogram(shown.pit_low, shown.pit_high)
    assert shares.sum() == pytest.approx(1.0)
    assert min(shares[0], shares[-1]) > 0.2 > max(shares[3:7])


def test_stretched_intervals_hold_what_was_asked() -> None:
    random = np.random.default_rng(8)
    actual = random.normal(0.0, 3.0, 400)
    quantiles = np.broadcast_to(ndtri(np.array(LEVELS))[:, None], (5, 400))
    factor = stretch_to(quantiles, actual, 0.90, 0.0)
    assert (np.abs(actual) <= factor * quantiles[4] + 1e-12).mean() == pytest.approx(0.90, abs=1e-9)
    assert factor == pytest.approx(3.0, rel=0.15)


def test_a_forecast_of_nothing_can_be_stretched() -> None:
    """Quantiles of 0 and one event: the interval from -0.5 to 0.5 must be twice as wide to hold it."""
    assert stretch_to(np.zeros((5, 1)), np.ones(1), 0.90, 0.5) == 2.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40), st.floats(-1e6, 1e6), st.floats(-1e3, 1e3))
def test_crps_moves_with_the_outcome_and_is_never_negative(
    drawn: list[float], actual: float, shift: float
) -> None:
    values, y = np.array(drawn)[:, None], np.array([actual])
    score = crps(values, y)[0]
    assert score >= -1e-6
    assert crps(values + shift, y + shift)[0] == pytest.approx(score, rel=1e-6, abs=1e-5)


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(RiskError, match="finite"):
        summarise(np.array([[np.nan]]), np.array([1.0]))
    with pytest.raises(RiskError, match="simulated"):
        summarise(np.zeros((3, 2)), np.zeros(3))
