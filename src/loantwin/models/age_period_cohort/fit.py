"""The penalised binomial fit behind a decomposition by age, period and cohort: four blocks of coefficients.

    log-odds = age curve + segment + period block + vintage block

Each block is a basis by age, segment, month or vintage month; Newton's method needs only two-way margins of
the cells. Priors of age, period and vintage say nothing of constants and straight lines (their precisions
have these in their null space), so that the three linear trends, which data cannot tell apart, are not told
apart by a prior in disguise either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from loantwin.arrays import Floats, Integers
from loantwin.errors import ModelError, expected
from loantwin.models.counts import EventCounts, sums
from loantwin.models.latent import LevelPrior

ROUNDS = 60
DEGREE = 3
TIED = 1.0
"""Ties what no data can tell (constants, trends shared by blocks); it cancels in every reported figure."""


@dataclass(frozen=True)
class CoefficientBlock:
    """One part of the log-odds.

    index : (C,) row of `values` that a cell reads. values : (n, p) basis. mean, precision : prior.
    """

    name: str
    index: Integers
    values: Floats
    mean: Floats
    precision: Floats


@dataclass(frozen=True)
class BlockFit:
    """The posterior mode of n coefficients. hessian : (n, n) likelihood and prior. prior : (n, n) its part.

    fitted : (C,) probability of each cell. starts : first place of each block, and n.
    """

    blocks: tuple[CoefficientBlock, ...]
    coefficients: Floats
    hessian: Floats
    prior: Floats
    fitted: Floats
    starts: tuple[int, ...]
    rounds: int

    def block(self, name: str) -> CoefficientBlock:
        """Return a block by name."""
        return self.blocks[[block.name for block in self.blocks].index(name)]

    def place(self, name: str) -> slice:
        """Return where a block stands in the coefficients."""
        at = [block.name for block in self.blocks].index(name)
        return slice(self.starts[at], self.starts[at + 1])

    def part(self, name: str) -> Floats:
        """Return a block's coefficients."""
        return self.coefficients[self.place(name)]


def fit_blocks(
    cells: EventCounts, blocks: Sequence[CoefficientBlock], tied: Floats, start: Floats | None = None
) -> BlockFit:
    """Return the posterior mode of the log-odds of `events` out of `trials`.

    Parameters
    ----------
    tied : (n, n) further precision: of combinations that no data can tell, or of several blocks at once.
    start : (n,) coefficients to start from.

    Raises ModelError where no mode is found or the design is singular.
    """
    starts = tuple(int(value) for value in np.cumsum([0, *(block.values.shape[1] for block in blocks)]))
    prior = tied.copy()
    mean = np.concatenate([block.mean for block in blocks])
    for at, block in enumerate(blocks):
        own = slice(starts[at], starts[at + 1])
        prior[own, own] += block.precision
    theta = mean.copy() if start is None else start.copy()
    value, eta = _value(cells, blocks, starts, prior, mean, theta)
    rounds = 0
    while rounds < ROUNDS:
        rounds += 1
        chance = expit(eta)
        gradient = _scores(blocks, cells.events - cells.trials * chance) - prior @ (theta - mean)
        hessian = information(blocks, cells.trials * chance * (1.0 - chance)) + prior
        move = solved(hessian, gradient)
        size = min(1.0, 4.0 / max(float(np.abs(move).max()), 1e-12))
        for _ in range(30):
            fresh, eta_fresh = _value(cells, blocks, starts, prior, mean, theta + size * move)
            if np.isfinite(fresh) and fresh >= value - 1e-10 * (1.0 + abs(value)):
                break
            size /= 2.0
        else:
            break
        gain, value, eta, theta = fresh - value, fresh, eta_fresh, theta + size * move
        if gain < 1e-9 * (1.0 + abs(value)) and float(gradient @ move) < 1e-8:
            break
    else:
        raise ModelError(
            expected("a fit that settles", f"none after {ROUNDS} steps"), field="age_period_cohort"
        )
    chance = expit(eta)
    hessian = information(blocks, cells.trials * chance * (1.0 - chance)) + prior
    return BlockFit(tuple(blocks), theta, hessian, prior, chance, starts, rounds)


def _value(
    cells: EventCounts,
    blocks: Sequence[CoefficientBlock],
    starts: tuple[int, ...],
    prior: Floats,
    mean: Floats,
    theta: Floats,
) -> tuple[float, Floats]:
    eta = np.zeros(len(cells.trials))
    for at, block in enumerate(blocks):
        eta += (block.values @ theta[starts[at] : starts[at + 1]])[block.index]
    shift = theta - mean
    return float(
        cells.events @ eta - cells.trials @ np.logaddexp(0.0, eta) - 0.5 * shift @ prior @ shift
    ), eta


def _scores(blocks: Sequence[CoefficientBlock], residual: Floats) -> Floats:
    return np.concatenate(
        [block.values.T @ sums(block.index, residual, len(block.values)) for block in blocks]
    )


def information(blocks: Sequence[CoefficientBlock], weight: Floats) -> Floats:
    """Return sum over cells of weight x x', (n, n), from two-way margins."""
    rows: list[list[Floats]] = []
    for i, one in enumerate(blocks):
        row: list[Floats] = []
        for j, other in enumerate(blocks):
            if j < i:
                row.append(rows[j][i].T)
            elif j == i:
                row.append((one.values * sums(one.index, weight, len(one.values))[:, None]).T @ one.values)
            else:
                n, m = len(one.values), len(other.values)
                margin = sums(one.index * m + other.index, weight, n * m).reshape(n, m)
                row.append(one.values.T @ margin @ other.values)
        rows.append(row)
    return np.block(rows)


def solved(matrix: Floats, right: Floats) -> Floats:
    """Return matrix^-1 right; a matrix that is not positive definite raises ModelError."""
    try:
        return np.asarray(cho_solve(cho_factor(matrix), right))
    except np.linalg.LinAlgError as error:
        raise ModelError("expected counts that tell every effect, was a singular design") from error


def clustered(fit: BlockFit, cells: EventCounts, month: Integers, size: int) -> Floats:
    """Return the covariance of the coefficients, (n, n), clustered by calendar month.

    What months tell by comparing loans within a month is taken from the scores themselves, added up by month
    before they are squared (Liang and Zeger 1986); what they tell by differing from each other has a
    parameter for each month, and keeps the likelihood's own information: H^-1 (M + B + P) H^-1, M within, B
    between months, P the prior.

    Raises
    ------
    ModelError : counts in fewer than 2 months.
    """
    residual = cells.events - cells.trials * fit.fitted
    weight = cells.trials * fit.fitted * (1.0 - fit.fitted)
    scores, means = (_by_month(fit.blocks, month, size, values) for values in (residual, weight))
    total, left = sums(month, weight, size), sums(month, residual, size)
    means = means / np.maximum(total, 1e-300)[:, None]
    between = (means * total[:, None]).T @ means
    apart = scores - left[:, None] * means
    groups = int((total > 0).sum())
    if groups < 2:
        raise ModelError(expected("at least 2 months with counts", groups), field="month")
    meat = groups / (groups - 1.0) * apart.T @ apart + between + fit.prior
    half = solved(fit.hessian, meat)
    made = solved(fit.hessian, half.T)
    return np.asarray((made + made.T) / 2.0)


def _by_month(blocks: Sequence[CoefficientBlock], month: Integers, size: int, values: Floats) -> Floats:
    """Return the sum of values x design by month, (T, n)."""
    parts = []
    for block in blocks:
        n = len(block.values)
        parts.append(sums(month * n + block.index, values, size * n).reshape(size, n) @ block.values)
    return np.concatenate(parts, axis=1)


def age_splines(
    ages: int, at_risk: Floats, events: Floats, inner: int, bend: float
) -> tuple[Floats, Floats, tuple[int, int]]:
    """Return a cubic B-spline basis by age (A, K), its precision (K, K) and the ages with data.

    Unlike the fits' own basis it is straight in age, not in log(1 + age / 12): period = vintage + age holds
    in months, and only then is a straight line free of charge. The second derivative costs as much as there:
    weight (12 + age)^3 / bend^2. Outside the ages with data the curve is flat.

    Raises
    ------
    ModelError : nobody at risk at any age.
    """
    seen = np.flatnonzero(at_risk > 0)
    if not seen.size:
        raise ModelError(expected("counts at some age", "none"), field="age")
    low, high = int(seen[0]), max(int(seen[-1]), int(seen[0]) + 1)
    where = events if events.sum() >= 5 else at_risk
    quantiles = np.searchsorted(np.cumsum(where) / where.sum(), np.linspace(0, 1, inner + 2)[1:-1])
    knots = np.unique(quantiles.astype(float))
    knots = knots[(knots > low) & (knots < high)]
    full = np.concatenate([np.full(DEGREE + 1, float(low)), knots, np.full(DEGREE + 1, float(high))])
    values = BSpline.design_matrix(np.clip(np.arange(ages, dtype=float), low, high), full, DEGREE).toarray()
    nodes, weights = np.polynomial.legendre.leggauss(DEGREE + 1)
    breaks = np.unique(full)
    half = np.diff(breaks) / 2.0
    points = (breaks[:-1, None] + half[:, None] * (nodes + 1.0)).ravel()
    bends = np.column_stack(
        [BSpline(full, unit, DEGREE).derivative(2)(points) for unit in np.eye(values.shape[1])]
    )
    scale = (half[:, None] * weights).ravel() * (12.0 + points) ** 3 / bend**2
    return values, np.asarray(bends.T @ (bends * scale[:, None])), (low, int(seen[-1]))


def trendless(covariance: Floats, at: Floats) -> Floats:
    """Return the precision (n, n) in `at` of this covariance about an unknown constant and line."""
    # Trap: a trend told by a prior. Age, period and vintage share one line that no data can split.
    line = lines(at)
    inverse = np.linalg.inv(covariance)
    reach = inverse @ line
    return np.asarray(inverse - reach @ np.linalg.solve(line.T @ reach, reach.T))


def lines(at: Floats) -> Floats:
    """Return a constant and the distance from the first place in years, (n, 2)."""
    return np.column_stack([np.ones(len(at)), (at - at[0]) / 12.0])


def profile(fit: BlockFit, name: str) -> tuple[Floats, Floats]:
    """Return what counts alone say of a block, others taken out: N (p, p) and N x (best value), (p,)."""
    own = np.zeros(len(fit.coefficients), dtype=bool)
    own[fit.place(name)] = True
    prior = fit.prior[np.ix_(own, own)]
    block = fit.hessian[np.ix_(own, own)] - prior
    cross = fit.hessian[np.ix_(own, ~own)] - fit.prior[np.ix_(own, ~own)]
    rest = fit.hessian[np.ix_(~own, ~own)]
    told = block - cross @ solved(rest, cross.T)
    told = (told + told.T) / 2.0
    return told, told @ fit.part(name) + prior @ fit.part(name)


def choose_process(
    told: Floats, told_value: Floats, gaps: Floats, prior: LevelPrior, design: Floats | None = None,
    spread: Floats | None = None, mean: Floats | None = None, budget: int = 60,
) -> tuple[float, float, float]:  # fmt: skip
    """Return (phi by month, deviation, noise) of highest marginal probability, given a block's counts.

    Parameters
    ----------
    told, told_value : from `profile`. gaps : (n, n) months between places.
    design : (n, F) covariates beside the process, with prior standard deviations `spread` and means `mean`,
        (F,).
    """
    from scipy.optimize import minimize

    middle = np.log([prior.half_life, prior.deviation, prior.noise])
    width = np.array([prior.half_life_spread, prior.deviation_spread, prior.noise_spread])

    def cost(point: Floats) -> float:
        half_life, deviation, noise = np.exp(point)
        whole = deviation**2 * 0.5 ** (gaps / half_life) + (noise**2 + 1e-8) * (gaps == 0.0)
        value = told_value
        if design is not None and spread is not None and mean is not None:
            whole = whole + (design * spread**2) @ design.T
            value = told_value - told @ (design @ mean)
        return -_evidence(told, value, whole) + 0.5 * float((((point - middle) / width) ** 2).sum())

    simplex = middle + np.concatenate([np.zeros((1, 3)), 0.5 * np.eye(3)])
    best = minimize(cost, middle, method="Nelder-Mead",
                    options={"maxfev": budget, "initial_simplex": simplex, "xatol": 0.02,
                        "fatol": 0.02})  # fmt: skip
    half_life, deviation, noise = np.exp(best.x)
    return float(0.5 ** (1.0 / half_life)), float(deviation), float(noise)


def _evidence(told: Floats, value: Floats, whole: Floats) -> float:
    """Return the log probability, up to constants, of counts of information `told` under a prior."""
    lower = np.linalg.cholesky(whole)
    inner = np.eye(len(whole)) + lower.T @ told @ lower
    factor = np.linalg.cholesky((inner + inner.T) / 2.0)
    reached = np.linalg.solve(factor, lower.T @ value)
    return 0.5 * float(reached @ reached) - float(np.log(np.diag(factor)).sum())


def month_gaps(size: int, step: int = 1) -> Floats:
    """Return the months between places `step` months apart, (n, n)."""
    place = np.arange(size) * float(step)
    return np.asarray(np.abs(place[:, None] - place[None, :]))


def process_of(gaps: Floats, phi: float, deviation: float, noise: float) -> Floats:
    """Return the covariance of a process at places `gaps` months apart; see `latent.process_covariance`."""
    return np.asarray(deviation**2 * phi**gaps + (noise**2 + 1e-8) * (gaps == 0.0))
