"""The additive model of one edge: log-odds = age curve + segment + macro + level of the month, in one piece.

The level of each calendar month is a parameter with a Gaussian process as its prior (`latent`), estimated
together with the macro effects, so that macro cannot chase swings that the process explains better
(generalised least squares, in the likelihood of counts). The number of cells may be large; Newton's method
only needs their margins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.errors import ModelError, expected
from loantwin.models.counts import EventCounts, sums
from loantwin.models.regression import Prior

Family = Literal["binomial", "poisson"]

ROUNDS = 80


@dataclass(frozen=True)
class Design:
    """What the log-odds are made of.

    age : (A, K) basis by age. segment : (G, Q) columns by segment. month : (T, F) macro covariates, row 0 =
        month `first`. offset : (A,) log-odds by age that are believed beforehand, None for none: what is
        fitted adds to them. known : (C,) the same by cell of the counts it is fitted to.
    """

    age: Floats
    segment: Floats
    month: Floats
    first: int
    age_prior: Prior
    segment_prior: Prior
    month_prior: Prior
    offset: Floats | None = None
    known: Floats | None = None

    def by_age(self, coefficients: Floats) -> Floats:
        """Return the log-odds by age (A,) that coefficients (K,) give, beliefs included."""
        fitted = self.age @ coefficients
        return np.asarray(fitted if self.offset is None else fitted + self.offset)


@dataclass(frozen=True)
class AdditiveFit:
    """The posterior mode. Coefficients are ordered age (K), segment (Q), month (F), level (T, or none).

    hessian : (n, n) negative second derivative of the log posterior. log_marginal : Laplace approximation of
    the log probability of the counts given the priors, up to a constant of the counts.
    """

    coefficients: Floats
    hessian: Floats
    log_marginal: float
    log_likelihood: float
    sizes: tuple[int, int, int, int]
    rounds: int

    def part(self, name: str) -> Floats:
        """Return the coefficients of `age`, `segment`, `month` or `level`."""
        return self.coefficients[self.place(name)]

    def place(self, name: str) -> slice:
        """Return where a part stands in `coefficients`."""
        position = ("age", "segment", "month", "level").index(name)
        start = sum(self.sizes[:position])
        return slice(start, start + self.sizes[position])

    def covariance_of(self, directions: Floats) -> Floats:
        """Return the posterior covariance (D, D) of D linear combinations (D, n) of the coefficients."""
        made = directions @ cho_solve(cho_factor(self.hessian), directions.T)
        return np.asarray((made + made.T) / 2.0)


def fit_additive(
    cells: EventCounts,
    design: Design,
    level_covariance: Floats | None,
    family: Family = "binomial",
    start: Floats | None = None,
    level_mean: Floats | None = None,
) -> AdditiveFit:
    """Return the posterior mode of the additive model.

    Parameters
    ----------
    cells : counts of one edge; months from `design.first` on.
    level_covariance : (T, T) prior covariance of the month level, or None for no level.
    family : binomial (log-odds), or poisson (log-hazards; exact to collapse over segments).
    start : coefficients to start from, for instance those of a neighbouring fit.
    level_mean : (T,) prior mean of the month level, None for zeros.

    Raises ModelError where a month lies outside the covariates or the mode is not found.
    """
    problem = _problem(cells, design, level_covariance, level_mean)
    theta = problem.mean.copy() if start is None else start
    value, eta = _value(problem, family, theta)
    rounds = 0
    while rounds < ROUNDS:
        rounds += 1
        gradient, hessian = _derivatives(problem, family, theta, eta)
        move = _solve(hessian, gradient)
        size = min(1.0, 4.0 / max(float(np.abs(move).max()), 1e-12))
        for _ in range(30):
            fresh, fresh_eta = _value(problem, family, theta + size * move)
            if np.isfinite(fresh) and fresh >= value - 1e-10 * (1.0 + abs(value)):
                break
            size /= 2.0
        else:
            break
        theta, gain, value, eta = theta + size * move, fresh - value, fresh, fresh_eta
        if gain < 1e-7 * (1.0 + abs(value)) and float(gradient @ move) < 1e-5:
            break
    else:
        raise ModelError(expected("a fit that settles", f"none after {ROUNDS} steps"), field="level")
    _, hessian = _derivatives(problem, family, theta, eta)
    shift = theta - problem.mean
    likelihood = value + 0.5 * float(shift @ problem.precision @ shift)
    marginal = value + 0.5 * problem.log_determinant - 0.5 * _log_determinant(hessian)
    return AdditiveFit(theta, hessian, marginal, likelihood, problem.sizes, rounds)


@dataclass(frozen=True)
class _Problem:
    cells: EventCounts
    month: Integers
    age_segment: Integers
    age_month: Integers
    segment_month: Integers
    design: Design
    mean: Floats
    precision: Floats
    log_determinant: float
    sizes: tuple[int, int, int, int]


def _problem(
    cells: EventCounts, design: Design, level_covariance: Floats | None, level_mean: Floats | None
) -> _Problem:
    G, T = len(design.segment), len(design.month)
    month = cells.month - design.first
    if len(month) and (month.min() < 0 or month.max() >= T):
        raise ModelError(
            expected(f"covariates for {months.label(int(cells.month.min()))} to "
                     f"{months.label(int(cells.month.max()))}",
                     f"{months.label(design.first)} to {months.label(design.first + T - 1)}"),
            field="month",
        )  # fmt: skip
    sizes = (
        design.age.shape[1],
        design.segment.shape[1],
        design.month.shape[1],
        0 if level_covariance is None else T,
    )
    total = sum(sizes)
    precision, mean, at = np.zeros((total, total)), np.zeros(total), 0
    for prior in (design.age_prior, design.segment_prior, design.month_prior):
        size = len(prior.mean)
        precision[at : at + size, at : at + size] = prior.precision
        mean[at : at + size] = prior.mean
        at += size
    known = _log_determinant(precision[:at, :at])
    if level_covariance is not None:
        factor = cho_factor(level_covariance)
        precision[at:, at:] = cho_solve(factor, np.eye(T))
        mean[at:] = 0.0 if level_mean is None else level_mean
        known -= 2.0 * float(np.log(np.diag(factor[0])).sum())
    return _Problem(
        cells, month, cells.age * G + cells.segment, cells.age * T + month, cells.segment * T + month,
        design, mean, precision, known, sizes,
    )  # fmt: skip


def _value(problem: _Problem, family: Family, theta: Floats) -> tuple[float, Floats]:
    """Return the log posterior (without constants) and the cells' linear predictor."""
    K, Q, F, T = problem.sizes
    design, cells = problem.design, problem.cells
    by_age = design.by_age(theta[:K])
    by_segment = design.segment @ theta[K : K + Q]
    by_month = design.month @ theta[K + Q : K + Q + F]
    if T:
        by_month = by_month + theta[K + Q + F :]
    eta = by_age[cells.age] + by_segment[cells.segment] + by_month[problem.month]
    eta = eta if design.known is None else eta + design.known
    if family == "binomial":
        likelihood = cells.events @ eta - cells.trials @ np.logaddexp(0.0, eta)
    else:
        likelihood = cells.events @ eta - cells.trials @ np.exp(np.minimum(eta, 30.0))
    shift = theta - problem.mean
    return float(likelihood - 0.5 * shift @ problem.precision @ shift), eta


def _derivatives(problem: _Problem, family: Family, theta: Floats, eta: Floats) -> tuple[Floats, Floats]:
    """Return the gradient and the negative second derivative, from margins by age, segment and month."""
    design, cells = problem.design, problem.cells
    A, G, T = len(design.age), len(design.segment), len(design.month)
    if family == "binomial":
        chance = expit(eta)
        residual, weight = cells.events - cells.trials * chance, cells.trials * chance * (1.0 - chance)
    else:
        weight = cells.trials * np.exp(np.minimum(eta, 30.0))
        residual = cells.events - weight
    age_segment = sums(problem.age_segment, weight, A * G).reshape(A, G)
    age_month = sums(problem.age_month, weight, A * T).reshape(A, T)
    segment_month = sums(problem.segment_month, weight, G * T).reshape(G, T)
    B, Z, X = design.age, design.segment, design.month
    month_weight = segment_month.sum(axis=0)
    level = problem.sizes[3] > 0
    rows: list[list[Floats | None]] = [
        [(B * age_month.sum(axis=1)[:, None]).T @ B, B.T @ age_segment @ Z, B.T @ age_month @ X],
        [None, (Z * segment_month.sum(axis=1)[:, None]).T @ Z, Z.T @ segment_month @ X],
        [None, None, (X * month_weight[:, None]).T @ X],
    ]
    if level:
        for row, last in zip(rows, (B.T @ age_month, Z.T @ segment_month, X.T * month_weight), strict=True):
            row.append(last)
        rows.append([None, None, None, np.diag(month_weight)])
    hessian = problem.precision + _symmetric(rows, problem.sizes)
    scores = [
        B.T @ sums(cells.age, residual, A),
        Z.T @ sums(cells.segment, residual, G),
        X.T @ sums(problem.month, residual, T),
    ]
    if level:
        scores.append(sums(problem.month, residual, T))
    gradient = np.concatenate(scores) - problem.precision @ (theta - problem.mean)
    return gradient, hessian


def _symmetric(rows: Sequence[Sequence[Floats | None]], sizes: tuple[int, ...]) -> Floats:
    starts = np.concatenate([[0], np.cumsum(sizes)])
    made = np.zeros((int(starts[-1]), int(starts[-1])))
    for i, row in enumerate(rows):
        for j, block in enumerate(row):
            if block is not None:
                made[starts[i] : starts[i + 1], starts[j] : starts[j + 1]] = block
                made[starts[j] : starts[j + 1], starts[i] : starts[i + 1]] = block.T
    return made


def _log_determinant(matrix: Floats) -> float:
    if not matrix.size:
        return 0.0
    return 2.0 * float(np.log(np.diag(_factor(matrix)[0])).sum())


def _solve(matrix: Floats, right: Floats) -> Floats:
    return np.asarray(cho_solve(_factor(matrix), right))


def _factor(matrix: Floats) -> tuple[Floats, bool]:
    try:
        lower, low = cho_factor(matrix)
    except np.linalg.LinAlgError as error:
        raise ModelError("expected a prior for every coefficient, was a singular design") from error
    return np.asarray(lower), bool(low)
