"""Noise of single names: moments of binomial counts, compound amounts and shares, with and without case
weights.
"""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.performance.names import NamesBand, event_amounts, event_counts, event_unit, share_noise

PATHS = 40_000


def test_counts_are_binomial_and_never_fall_from_window_to_window() -> None:
    random = np.random.default_rng(1)
    expected = np.broadcast_to(np.array([20.0, 60.0]), (PATHS, 2))
    counts = event_counts(expected, NamesBand(200.0, 1.0, 0.0, 200.0), random)
    assert counts.mean(axis=0) == pytest.approx([20.0, 60.0], rel=0.01)
    assert counts.var(axis=0) == pytest.approx([200 * 0.1 * 0.9, 200 * 0.3 * 0.7], rel=0.03)
    assert (np.diff(counts, axis=1) >= 0).all()
    # counts of nested windows of one multinomial: cov = n p1 (1 - p2)
    assert np.cov(counts.T)[0, 1] == pytest.approx(200 * 0.1 * 0.7, rel=0.05)


def test_case_weights_widen_the_noise_as_they_should() -> None:
    """100 cases of weight 10: the variance of a weighted sum is sum of w^2 p (1 - p)."""
    random = np.random.default_rng(2)
    band = NamesBand(1_000.0, 10.0, 0.0, 100.0)
    counts = event_counts(np.full((PATHS, 1), 200.0), band, random)
    assert counts.mean() == pytest.approx(200.0, rel=0.01)
    assert counts.var() == pytest.approx(100 * 10.0**2 * 0.2 * 0.8, rel=0.03)
    assert event_unit(np.full(7, 10.0)) == pytest.approx(10.0)
    assert event_unit(np.zeros(0)) == 1.0


def test_amounts_have_compound_moments() -> None:
    """Given n events of mean m and squared variation v, the amount has mean n m and variance n m^2 v."""
    random = np.random.default_rng(3)
    band = NamesBand(1_000.0, 1.0, 0.5, 1_000.0)
    counts = np.full((PATHS, 1), 30.0)
    drawn = event_amounts(counts, np.full((PATHS, 1), 30.0), np.full((PATHS, 1), 3_000.0), band, 1.0, random)
    assert drawn.mean() == pytest.approx(3_000.0, rel=0.01)
    assert drawn.var() == pytest.approx(30 * 100.0**2 * 0.5, rel=0.04)


def test_no_event_no_amount() -> None:
    none = np.zeros((5, 2))
    assert not event_amounts(
        none, none, none, NamesBand(10.0, 1.0, 0.2, 10.0), 0.4, np.random.default_rng(1)
    ).any()


def test_shares_of_few_large_loans_are_noisy() -> None:
    random = np.random.default_rng(4)
    drawn = share_noise(np.full((PATHS, 1), 80.0), np.array([100.0]), 25.0, random)
    assert drawn.mean() == pytest.approx(80.0, rel=0.01)
    assert drawn.std() == pytest.approx(100 * np.sqrt(0.8 * 0.2 / 25), rel=0.03)
