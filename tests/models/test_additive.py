"""The additive fit by margins equals a plain regression on the written-out design."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import block_diag

from loantwin.errors import ModelError
from loantwin.models.additive import Design, fit_additive
from loantwin.models.counts import EventCounts
from loantwin.models.latent import process_covariance
from loantwin.models.regression import Prior, fit_logistic, independent_prior
from loantwin.models.spline import age_basis

AGES, SEGMENTS, MONTHS = 24, 3, 18


def problem(seed: int = 3) -> tuple[EventCounts, Design]:
    random = np.random.default_rng(seed)
    size = 500
    segment, age, month = (
        random.integers(0, SEGMENTS, size),
        random.integers(0, AGES, size),
        random.integers(0, MONTHS, size),
    )
    trials = random.integers(1, 200, size).astype(float)
    eta = -3.0 + 0.03 * age + np.array([-0.3, 0.0, 0.4])[segment] + 0.3 * np.sin(month / 3)
    events = random.binomial(trials.astype(int), 1 / (1 + np.exp(-eta))).astype(float)
    basis = age_basis(AGES, np.ones(AGES), inner=2)
    size_age = basis.values.shape[1]
    design = Design(
        basis.values, np.eye(SEGMENTS), np.column_stack([np.sin(np.arange(MONTHS) / 3)]), 100,
        Prior(np.full(size_age, -3.0), basis.bend + 0.1 * basis.slope + 0.01 * np.eye(size_age)),
        independent_prior(np.zeros(SEGMENTS), np.full(SEGMENTS, 0.5)),
        independent_prior(np.array([0.1]), np.array([0.3])),
    )  # fmt: skip
    return EventCounts(segment, age, month + 100, trials, events), design


def dense(cells: EventCounts, design: Design, level: bool) -> tuple[np.ndarray, Prior]:
    month = cells.month - design.first
    parts = [design.age[cells.age], design.segment[cells.segment], design.month[month]]
    priors = [design.age_prior, design.segment_prior, design.month_prior]
    if level:
        parts.append(np.eye(len(design.month))[month])
        priors.append(Prior(np.zeros(MONTHS), np.linalg.inv(process_covariance(MONTHS, 0.9, 0.3, 0.1))))
    return np.concatenate(parts, axis=1), Prior(
        np.concatenate([one.mean for one in priors]), block_diag(*(one.precision for one in priors))
    )


@pytest.mark.parametrize("level", [False, True])
def test_mode_and_covariance_equal_a_dense_regression(level: bool) -> None:
    cells, design = problem()
    fit = fit_additive(cells, design, process_covariance(MONTHS, 0.9, 0.3, 0.1) if level else None)
    matrix, prior = dense(cells, design, level)
    plain = fit_logistic(matrix, cells.trials, cells.events, prior)
    np.testing.assert_allclose(fit.coefficients, plain.coefficients, atol=1e-4)
    np.testing.assert_allclose(np.linalg.inv(fit.hessian), plain.covariance, atol=1e-5)


def test_collapsing_segments_with_known_effects_changes_nothing_for_poisson() -> None:
    cells, design = problem()
    effect = np.array([-0.2, 0.1, 0.3])
    none = Prior(np.zeros(0), np.zeros((0, 0)))
    one = Design(
        design.age, np.zeros((1, 0)), design.month, design.first, design.age_prior, none, design.month_prior
    )
    scaled = cells.trials * np.exp(effect[cells.segment])
    zero = np.zeros(len(scaled), dtype=np.int64)
    split = fit_additive(
        EventCounts(zero, cells.age, cells.month, scaled, cells.events), one, None, "poisson"
    )
    flat = cells.age * 1000 + cells.month
    keys, index = np.unique(flat, return_inverse=True)
    merged = EventCounts(
        np.zeros(len(keys), dtype=np.int64),
        keys // 1000,
        keys % 1000,
        np.bincount(index, scaled),
        np.bincount(index, cells.events),
    )
    np.testing.assert_allclose(
        fit_additive(merged, one, None, "poisson").coefficients, split.coefficients, atol=1e-8
    )


def test_laplace_marginal_is_exact_for_one_gaussian_like_count() -> None:
    # With very many events the Poisson likelihood is Gaussian in the level, and the Laplace value can be
    # written down: log N(log(y/m); prior mean, prior variance + 1/y), up to a constant of the counts.
    none, one = Prior(np.zeros(0), np.zeros((0, 0))), np.ones((1, 1))
    events, trials = 1e6, 1e8

    def marginal(mean: float, deviation: float) -> float:
        prior = Prior(np.array([mean]), np.array([[deviation**-2]]))
        design = Design(one, np.zeros((1, 0)), np.zeros((1, 0)), 0, prior, none, none)
        zero = np.zeros(1, dtype=np.int64)
        return fit_additive(
            EventCounts(zero, zero, zero, np.array([trials]), np.array([events])), design, None, "poisson"
        ).log_marginal

    def exact(mean: float, deviation: float) -> float:
        variance = deviation**2 + 1 / events
        return float(-0.5 * np.log(variance) - 0.5 * (np.log(events / trials) - mean) ** 2 / variance)

    difference = marginal(-4.0, 0.3) - marginal(-4.6, 1.0)
    assert difference == pytest.approx(exact(-4.0, 0.3) - exact(-4.6, 1.0), abs=1e-3)


def test_a_month_without_covariates_is_an_error() -> None:
    cells, design = problem()
    late = EventCounts(cells.segment, cells.age, cells.month + 12, cells.trials, cells.events)
    with pytest.raises(ModelError, match="covariates"):
        fit_additive(late, design, None)
