"""Interval and prior share: conjugate cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.risk.stress.uncertainty import log_normal, prior_share, quantiles


def test_prior_share_is_the_weight_that_a_normal_posterior_gives_its_prior() -> None:
    """Prior variance 4, twelve observations of variance 3: posterior 1 / (1 / 4 + 12 / 3) = 4 / 17."""
    assert prior_share(np.array([0.7]), np.array([[4 / 17]]), np.array([[4.0]])) == pytest.approx(1 / 17)


def test_prior_share_follows_the_parameter_that_moves_the_figure() -> None:
    posterior, prior = np.diag([0.01, 1.0]), np.diag([1.0, 1.0])
    assert prior_share(np.array([1.0, 0.0]), posterior, prior) == pytest.approx(0.01)
    assert prior_share(np.array([0.0, -2.0]), posterior, prior) == 1.0
    # (1 x 0.01 + 4 x 1) / (1 + 4)
    assert prior_share(np.array([1.0, 2.0]), posterior, prior) == pytest.approx(4.01 / 5)


def test_prior_share_does_not_depend_on_the_figure_s_unit() -> None:
    posterior = np.array([[0.3, 0.1], [0.1, 0.5]])
    gradient = np.array([1.0, -2.0])
    shares = [prior_share(scale * gradient, posterior, np.eye(2)) for scale in (1.0, 1e6)]
    assert shares[0] == pytest.approx((0.3 - 0.4 + 2.0) / 5)
    assert shares[0] == pytest.approx(shares[1])


def test_prior_share_of_a_figure_that_no_parameter_moves_is_none() -> None:
    assert prior_share(np.zeros(2), np.eye(2), np.eye(2)) is None
    assert prior_share(np.array([1.0]), np.array([[2.0]]), np.array([[1.0]])) == 1.0


def test_intervals() -> None:
    found = quantiles(np.arange(101.0))
    assert (found.p05, found.p95) == (5.0, 95.0)
    draws = np.exp(1.0 + 0.3 * np.random.default_rng(2).standard_normal(200_000))
    normal = log_normal(draws)
    assert normal.p05 == pytest.approx(np.exp(1.0 - 0.3 * 1.6449), rel=0.01)
    assert normal.p95 == pytest.approx(np.exp(1.0 + 0.3 * 1.6449), rel=0.01)
