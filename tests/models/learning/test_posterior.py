"""One month's posterior: hand-worked cases, and an optimiser that knows nothing of Newton's method here."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.differentiate import hessian
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit

from loantwin.models.learning.posterior import EdgeState, LevelState, foreseen, learn, stepped
from loantwin.models.learning.surprise import distance, surprise

MANY = 1e9
"""Loans at risk in so large a number that their log-odds are seen without error."""


def sure(rate_logit: float, loading: float, size: int = 3) -> EdgeState:
    """Return an edge without errors of its own whose month shows these log-odds; baseline 0."""
    return EdgeState(
        np.zeros(1), np.zeros((1, size - 2)), loading, np.zeros((size, size)),
        np.array([MANY]), np.array([MANY * expit(rate_logit)]),
    )  # fmt: skip


def test_a_level_seen_without_error_takes_the_kalman_gain() -> None:
    edge = sure(0.6, 1.0)
    edge.covariance[-1, -1] = 0.09
    got = learn(LevelState(0.2, 0.09, 0.2, None, np.zeros(0)), (edge,))
    # gain = 0.09 / (0.09 + 0.04) = 0.6923; 0.2 + 0.6923 x 0.4; 0.09 x 0.04 / 0.13
    assert got.level == pytest.approx(0.47692, abs=1e-4)
    assert got.variance == pytest.approx(0.027692, abs=1e-5)
    assert got.covariances[0][-1, -1] == pytest.approx(got.variance)


def test_what_edges_share_is_parted_by_its_covariance() -> None:
    shared = np.array([[0.04, -0.02], [-0.02, 0.09]])
    level = LevelState(0.0, 0.09, 0.1, shared, np.zeros(0))
    got = learn(level, (sure(0.5, 1.0), sure(0.25, 0.5)))
    # baseline + level + noise = 0.5 is seen; its variance is 0.04 + 0.09 - 2 x 0.02 + 0.01 = 0.10
    assert got.level == pytest.approx(0.5 * (0.09 - 0.02) / 0.10, abs=1e-4)
    assert got.shared is not None
    assert got.shared[0] == pytest.approx(0.5 * (0.04 - 0.02) / 0.10, abs=1e-4)
    assert got.variance == pytest.approx(0.09 - 0.07**2 / 0.10, abs=1e-5)
    assert got.shared_covariance is not None
    assert got.shared_covariance[0, 1] == pytest.approx(-0.02 - 0.07 * 0.02 / 0.10, abs=1e-5)


def test_an_edges_own_error_is_clustered_by_the_month() -> None:
    covariance = np.diag([0.25, 0.0, 0.0])
    edge = EdgeState(
        np.array([logit(0.1)]), np.ones((1, 1)), 1.0, covariance, np.array([400.0]), np.array([60.0])
    )
    level = LevelState(0.0, 0.0, 0.0, np.zeros((2, 2)), np.zeros(0))
    got = learn(level, (edge,))
    mode = brentq(lambda at: 60.0 - 400.0 * expit(logit(0.1) + at) - at / 0.25, 0.0, 2.0)
    chance = expit(logit(0.1) + mode)
    curvature = 400.0 * chance * (1.0 - chance) + 1.0 / 0.25
    score = 60.0 - 400.0 * chance
    assert got.moves[0][0] == pytest.approx(mode, abs=1e-4)
    assert got.covariances[0][0, 0] == pytest.approx((1.0 / 0.25 + score**2) / curvature**2, rel=1e-3)


def problem() -> tuple[LevelState, EdgeState, np.ndarray]:
    """Return an edge in one piece with its level: five coefficients (the loading known), forty cells."""
    random = np.random.default_rng(3)
    root = random.normal(size=(5, 5)) * 0.3
    whole = np.zeros((6, 6))
    held = [0, 1, 2, 3, 5]
    whole[np.ix_(held, held)] = root @ root.T
    macro = np.array([0.7])
    at = np.column_stack([random.random((40, 2)), random.normal(size=40), np.full(40, macro[0])])
    trials = random.integers(20, 400, 40).astype(float)
    eta = random.normal(-2.5, 0.3, 40)
    events = random.binomial(trials.astype(int), expit(eta + 0.4)).astype(float)
    level = LevelState(0.1, float(whole[5, 5]), 0.15, None, macro)
    return level, EdgeState(eta, at, 0.8, whole, trials, events), root @ root.T


def test_mode_and_covariance_are_those_of_an_optimiser() -> None:
    level, edge, prior = problem()
    precision = np.linalg.inv(prior)

    def cost(theta: np.ndarray) -> np.ndarray:
        """Return minus the log posterior of (5 coefficients, noise), for theta (6, ...)."""
        own, noise = theta[:5], theta[5]
        log_odds = (
            edge.eta.reshape(-1, *[1] * (theta.ndim - 1))
            + np.tensordot(edge.at, own[:4], 1)
            + 0.8 * (0.1 + own[4] + noise)
        )
        shape = (-1, *[1] * (theta.ndim - 1))
        likelihood = edge.events.reshape(shape) * log_odds - edge.trials.reshape(shape) * np.logaddexp(
            0, log_odds
        )
        pull = (own * np.tensordot(precision, own, 1)).sum(axis=0) + noise**2 / (0.15**2 + 1e-8)
        return 0.5 * pull - likelihood.sum(axis=0)

    best = minimize(cost, np.zeros(6), method="BFGS", options={"gtol": 1e-8})
    curvature = hessian(cost, best.x, initial_step=0.05).ddf
    got = learn(level, (edge,))
    np.testing.assert_allclose(got.moves[0][[0, 1, 2, 3, 5]], best.x[:5], atol=2e-5)
    want = np.linalg.inv(curvature)[:5, :5]
    np.testing.assert_allclose(got.covariances[0][np.ix_([0, 1, 2, 3, 5], [0, 1, 2, 3, 5])], want, atol=1e-4)
    assert got.level == pytest.approx(0.1 + best.x[4], abs=2e-5)


def test_months_without_loans_teach_nothing() -> None:
    level, edge, _ = problem()
    empty = EdgeState(np.zeros(0), np.zeros((0, 4)), 0.8, edge.covariance, np.zeros(0), np.zeros(0))
    got = learn(level, (empty,))
    np.testing.assert_array_equal(got.moves[0], 0.0)
    np.testing.assert_allclose(got.covariances[0], edge.covariance, atol=1e-12)
    assert got.level == level.mean


def test_a_step_keeps_what_is_left_of_the_level() -> None:
    got = stepped(np.array([[0.5, 0.2], [0.2, 0.4]]), 0.9, 0.45)
    np.testing.assert_allclose(got, [[0.5, 0.18], [0.18, 0.45]])


def test_the_check_is_right_where_the_model_is() -> None:
    random = np.random.default_rng(8)
    level, edge, prior = problem()
    found = []
    for _ in range(600):
        own = random.multivariate_normal(np.zeros(5), prior)
        noise = 0.15 * random.standard_normal()
        eta = edge.eta + edge.at @ own[:4] + 0.8 * (0.1 + own[4] + noise)
        events = random.binomial(edge.trials.astype(int), expit(eta)).astype(float)
        one = EdgeState(edge.eta, edge.at, 0.8, edge.covariance, edge.trials, events)
        square, size = distance(foreseen(level, (one,)))
        assert size == 1
        found.append(square)
    # a chi-square of one number exceeds 2.706 in a tenth of all cases; totals are skewed, so roughly
    assert 0.06 < np.mean(np.array(found) > 2.706) < 0.14
    assert np.median(found) == pytest.approx(0.455, abs=0.15)


def test_what_no_model_would_foretell_is_surprising() -> None:
    level, edge, _ = problem()
    calm = foreseen(level, (edge,))
    assert not surprise([calm]).surprising
    flood = EdgeState(edge.eta, edge.at, 0.8, edge.covariance * 0.01, edge.trials, edge.events * 4.0)
    told = surprise(
        [foreseen(LevelState(0.1, edge.covariance[5, 5] * 0.01, 0.05, None, level.macro), (flood,))]
    )
    assert told.surprising
    assert told.lost > told.high
    assert told.events == pytest.approx(edge.events.sum() * 4.0)


def test_few_events_are_not_asked_about() -> None:
    level, edge, _ = problem()
    rare = EdgeState(edge.eta - 9.0, edge.at, 0.8, edge.covariance, edge.trials, np.zeros(40))
    told = surprise([foreseen(level, (rare,))])
    assert (told.lost, told.probability, told.log_score) == (0.0, 1.0, None)
