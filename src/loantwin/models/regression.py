"""Penalised logistic regression on counts: Newton, a Gaussian prior, Laplace and cluster-robust covariances.

A coefficient is never infinite: every one has a stated prior, and what the data cannot tell stays at the
prior.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from loantwin.arrays import Floats, Integers
from loantwin.errors import ModelError, expected

TOLERANCE = 1e-9
ROUNDS = 60


@dataclass(frozen=True)
class Prior:
    """A Gaussian prior: mean (K,), precision (K, K), positive semi-definite; zero precision is flat."""

    mean: Floats
    precision: Floats


@dataclass(frozen=True)
class Regression:
    """A fitted regression.

    coefficients : (K,) posterior mode. covariance : (K, K) inverse of the negative second derivative there
        (Laplace).
    log_likelihood : without the prior and the binomial constants. rounds : Newton steps taken.
    """

    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    rounds: int


def flat_prior(size: int) -> Prior:
    """Return the prior that says nothing: maximum likelihood, which fails where the data separate."""
    return Prior(np.zeros(size), np.zeros((size, size)))


def independent_prior(mean: Floats, deviation: Floats) -> Prior:
    """Return a prior of independent coefficients with these means and standard deviations."""
    # Trap: a coefficient without bound. Where data separate, only a stated prior keeps it finite.
    return Prior(np.asarray(mean, dtype=float), np.diag(1.0 / np.asarray(deviation, dtype=float) ** 2))


def fit_logistic(
    design: Floats, trials: Floats, events: Floats, prior: Prior, offset: Floats | None = None
) -> Regression:
    """Return the posterior mode of a logistic regression of `events` out of `trials`.

    Parameters
    ----------
    design : (C, K). trials, events : (C,) numbers, not necessarily whole, 0 <= events <= trials.
    prior : prior of the K coefficients. offset : (C,) known part of the log-odds.

    Raises ModelError where the mode is not found: a separated fit with a flat prior, or a design without full
    rank.
    """
    known = np.zeros(len(trials)) if offset is None else offset
    if (events < 0).any() or (events > trials).any():
        raise ModelError(expected("events from 0 to the number of trials", "events outside"), field="events")
    beta = prior.mean.copy()
    value = _log_posterior(design, trials, events, prior, known, beta)
    rounds = 0
    while rounds < ROUNDS:
        rounds += 1
        probability = expit(design @ beta + known)
        gradient = design.T @ (events - trials * probability) - prior.precision @ (beta - prior.mean)
        weight = trials * probability * (1.0 - probability)
        hessian = design.T @ (design * weight[:, None]) + prior.precision
        move = _solve(hessian, gradient)
        beta, fresh = _climb(
            lambda at: _log_posterior(design, trials, events, prior, known, at), beta, move, value
        )
        done, value = abs(fresh - value) <= TOLERANCE * (1.0 + abs(value)), fresh
        if done and np.abs(move).max() < 1e-6:
            break
    else:
        raise ModelError(
            expected("a fit that settles", f"none after {ROUNDS} steps; a stronger prior is needed"),
            field="prior",
        )
    probability = expit(design @ beta + known)
    hessian = design.T @ (design * (trials * probability * (1.0 - probability))[:, None]) + prior.precision
    covariance = _solve(hessian, np.eye(len(beta)))
    penalty = 0.5 * (beta - prior.mean) @ prior.precision @ (beta - prior.mean)
    return Regression(beta, (covariance + covariance.T) / 2.0, value + float(penalty), rounds)


def clustered_covariance(
    fit: Regression,
    design: Floats,
    trials: Floats,
    events: Floats,
    clusters: Integers,
    offset: Floats | None = None,
) -> Floats:
    """Return the sandwich covariance of the coefficients, (K, K), clustered (for instance by calendar month).

    Scores are added up within clusters before they are squared; the small-sample factor is g / (g - 1) * (n -
    1) / (n - k) with g clusters and n rows (Cameron and Miller 2015, equation 11).

    Raises
    ------
    ModelError : fewer than 2 clusters.
    """
    known = np.zeros(len(trials)) if offset is None else offset
    residual = events - trials * expit(design @ fit.coefficients + known)
    _, index = np.unique(clusters, return_inverse=True)
    groups, rows, size = int(index.max()) + 1, len(trials), design.shape[1]
    if groups < 2:
        raise ModelError(expected("at least 2 clusters", groups), field="clusters")
    scores = np.zeros((groups, size))
    np.add.at(scores, index, design * residual[:, None])
    factor = groups / (groups - 1.0) * (rows - 1.0) / max(rows - size, 1)
    return np.asarray(factor * fit.covariance @ (scores.T @ scores) @ fit.covariance)


def effective_number(weight: Floats) -> float:
    """Return Kish's effective sample size: (sum of weights) squared / sum of squared weights."""
    total = float((weight**2).sum())
    return float(weight.sum() ** 2 / total) if total > 0 else 0.0


def _log_posterior(
    design: Floats, trials: Floats, events: Floats, prior: Prior, offset: Floats, beta: Floats
) -> float:
    eta = design @ beta + offset
    likelihood = events @ eta - trials @ np.logaddexp(0.0, eta)
    return float(likelihood - 0.5 * (beta - prior.mean) @ prior.precision @ (beta - prior.mean))


def _climb(
    value_at: Callable[[Floats], float], start: Floats, move: Floats, value: float
) -> tuple[Floats, float]:
    """Take the Newton step, halved until it climbs."""
    size = 1.0
    for _ in range(30):
        there = start + size * move
        fresh = value_at(there)
        if fresh >= value - 1e-12 * (1.0 + abs(value)):
            return there, fresh
        size /= 2.0
    return start, value


def _solve(matrix: Floats, right: Floats) -> Floats:
    try:
        return np.asarray(cho_solve(cho_factor(matrix), right))
    except np.linalg.LinAlgError as error:
        raise ModelError(
            "expected a design of full rank or a prior for every coefficient, was a singular one"
        ) from error
