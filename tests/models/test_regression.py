"""Logistic regression against statsmodels, and against separation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from loantwin.errors import ModelError
from loantwin.models.regression import (
    clustered_covariance,
    effective_number,
    fit_logistic,
    flat_prior,
    independent_prior,
)


def sample(seed: int = 1, rows: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(rows // 10), 10)
    design = np.column_stack(
        [np.ones(rows), random.normal(size=rows), random.normal(size=rows // 10)[clusters]]
    )
    trials = random.integers(5, 50, rows).astype(float)
    eta = design @ np.array([-2.0, 0.5, 0.3]) + 0.3 * random.normal(size=rows // 10)[clusters]
    events = random.binomial(trials.astype(int), 1 / (1 + np.exp(-eta))).astype(float)
    return design, trials, events, clusters


def test_estimates_and_covariances_equal_statsmodels(oracle: Any) -> None:
    statsmodels = oracle("statsmodels.api")
    design, trials, events, clusters = sample()
    fit = fit_logistic(design, trials, events, flat_prior(3))
    target = np.column_stack([events, trials - events])
    plain = statsmodels.GLM(target, design, family=statsmodels.families.Binomial())
    np.testing.assert_allclose(fit.coefficients, plain.fit().params, rtol=1e-7)
    np.testing.assert_allclose(fit.covariance, plain.fit().cov_params(), rtol=1e-6)
    clustered = plain.fit(cov_type="cluster", cov_kwds={"groups": clusters})
    np.testing.assert_allclose(
        clustered_covariance(fit, design, trials, events, clusters), clustered.cov_params(), rtol=1e-6
    )  # fmt: skip


def test_an_offset_moves_the_constant_only() -> None:
    design, trials, events, _ = sample()
    plain = fit_logistic(design, trials, events, flat_prior(3))
    moved = fit_logistic(design, trials, events, flat_prior(3), offset=np.full(len(trials), 0.7))
    np.testing.assert_allclose(moved.coefficients - plain.coefficients, [-0.7, 0.0, 0.0], atol=1e-8)


def test_separated_data_stay_finite_under_a_prior_and_fail_without() -> None:
    design = np.column_stack([np.ones(4), [0.0, 0.0, 1.0, 1.0]])
    trials, events = np.full(4, 10.0), np.array([0.0, 0.0, 10.0, 10.0])
    fit = fit_logistic(design, trials, events, independent_prior(np.zeros(2), np.full(2, 1.5)))
    assert np.abs(fit.coefficients).max() < 10
    with pytest.raises(ModelError):
        fit_logistic(design, trials, events, flat_prior(2))


def test_without_data_the_prior_comes_back() -> None:
    prior = independent_prior(np.array([-3.0, 0.2]), np.array([1.0, 0.1]))
    fit = fit_logistic(np.ones((1, 2)), np.zeros(1), np.zeros(1), prior)
    np.testing.assert_allclose(fit.coefficients, prior.mean)
    np.testing.assert_allclose(fit.covariance, np.diag([1.0, 0.01]))


def test_more_events_than_trials_are_refused() -> None:
    with pytest.raises(ModelError, match="events"):
        fit_logistic(np.ones((1, 1)), np.ones(1), np.full(1, 2.0), flat_prior(1))


def test_kishs_effective_number() -> None:
    assert effective_number(np.ones(7)) == 7
    assert effective_number(np.array([1.0, 3.0])) == pytest.approx(1.6)
