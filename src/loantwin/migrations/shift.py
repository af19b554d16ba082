"""Matrices at a point in time: one common factor shifts every threshold, good years up, bad years down.

Each customer's asset return is X = sqrt(rho) Z + sqrt(1 - rho) e; it ends in the state whose band of returns
X falls into. The bands are set so that the average over Z, standard normal, is the matrix through the cycle.
Source: Belkin, Suchower and Forest (1998), "A one-parameter representation of credit risk and transition
matrices"; CreditMetrics (1997), chapter 8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import logsumexp, ndtr, ndtri

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected
from loantwin.migrations.matrices import check_matrix

NODES = 40
"""Points of the Gauss-Hermite rule over the factor."""
RHO_RANGE = (1e-5, 0.6)
CHI_90 = 2.705543454095404
"""90 % quantile of chi-squared with one degree of freedom."""


@dataclass(frozen=True)
class FactorYears:
    """The common factor of Y years. z : (Y,) estimates, positive in good years. error : (Y,) standard errors.

    rho : asset correlation, decimal; low, high : the ends of its 90 % interval (profile of the likelihood).
    """

    z: Floats
    error: Floats
    rho: float
    low: float
    high: float


def thresholds(values: Floats) -> Floats:
    """Return the asset return above which a state is reached, (K, K) standard normal, states best to worst.

    Row i, column j: a return below it ends in a state worse than j; the last column is -infinity. So
    p_ij = Phi(threshold[j - 1]) - Phi(threshold[j]), with threshold[-1] = +infinity before the first.
    """
    check.finite(values=values)
    check.square(values=values)
    worse = np.cumsum(values[:, ::-1], axis=1)[:, ::-1]
    beyond = np.concatenate([worse[:, 1:], np.zeros((len(values), 1))], axis=1)
    return np.asarray(ndtri(np.minimum(beyond, 1.0)))


def conditional_matrix(
    values: Floats, rho: float | Floats, z: float | Floats, default: int | None = None
) -> Floats:
    """Return the matrix given the factor, (K, K) for one z, (Y, K, K) for z of shape (Y,).

    Parameters
    ----------
    values : (K, K) matrix through the cycle, states from best to worst. rho : asset correlation in [0, 1),
        one or (K,) by the
        state of the start. z : the factor, standard normal, positive in good years. default : a state whose
            row stays.

    Raises
    ------
    RiskError : no transition matrix, or a correlation outside [0, 1).
    """
    check.finite(values=values, z=z)
    check.within(0, 1, rho=rho)
    check.count(0, **check.given(default=default))
    check.square(values=values)
    if np.ndim(rho):
        check.shaped((len(values),), rho=rho)
    check_matrix(values, tolerance=1e-6)
    share = np.asarray(rho, dtype=np.float64)
    if not ((share >= 0) & (share < 1)).all():
        raise RiskError(expected("a correlation from 0 to below 1", rho), field="rho")
    factor = np.asarray(z, dtype=np.float64)[..., None, None]
    share = share[..., None] if share.ndim else share
    made = _between(thresholds(values), share, factor)
    if default is not None:
        made[..., default, :] = values[default]
    return made


def _between(cuts: Floats, share: Floats, factor: Floats) -> Floats:
    below = ndtr((cuts - np.sqrt(share) * factor) / np.sqrt(1 - share))
    above = np.concatenate([np.ones((*below.shape[:-1], 1)), below[..., :-1]], axis=-1)
    return np.asarray(np.maximum(above - below, 0.0))


def likelihood(values: Floats, rho: float, counts: Floats, z: Floats) -> Floats:
    """Return the log-likelihood (Y, M) of counts (Y, K, K) at factor values z (Y, M), up to a constant.

    A move that the matrix calls impossible tells nothing of the factor, for it rules out every value alike:
    it is left out.
    """
    check.finite(values=values, z=z)
    check.number(0, 1, rho=rho)
    check.within(0, counts=counts)
    check.square(values=values)
    check.shaped((None, *values.shape), counts=counts)
    check.shaped((len(counts), None), z=z)
    share = np.asarray(rho)
    given = _between(thresholds(values), share, z[..., None, None])
    logs = np.where(values > 0, np.log(np.maximum(given, 1e-300)), 0.0)
    return np.asarray(np.einsum("ykj,ymkj->ym", counts, logs))


def estimate_factor(values: Floats, counts: Floats, default: int, rho: float | None = None) -> FactorYears:
    """Return the factor of each year and the correlation that moves of Y years show.

    Parameters
    ----------
    values : (K, K) through-the-cycle matrix. counts : (Y, K, K) customers that started in i and ended in j,
        by year.
    default : position of default, whose row is not read. rho : a given correlation; None estimates it, with
        the factor integrated out (Gauss-Hermite), its interval being where twice the log-likelihood falls by
        2.706.

    Notes
    -----
    z is the maximum of the likelihood of its year with the standard normal prior (the mode of what is known
    of it), its error from the curvature there: years with few customers are drawn to 0.

    Raises
    ------
    RiskError : counts of another shape, negative or empty.
    """
    check.finite(values=values)
    check.within(0, counts=counts)
    check.count(0, default=default)
    check.number(0, 1, **check.given(rho=rho))
    check.square(values=values)
    check.count(0, len(values) - 1, default=default)
    size = len(values)
    if (
        counts.ndim != 3
        or counts.shape[1:] != (size, size)
        or (counts < 0).any()
        or not np.isfinite(counts).all()
    ):
        raise RiskError(
            expected(f"counts of at least 0, years x {size} x {size}", f"shape {counts.shape}"),
            field="counts",
        )
    live = counts.copy()
    live[:, default] = 0.0
    if not live.sum() > 0:
        raise RiskError(expected("customers that moved or stayed", "none"), field="counts")
    if rho is None:
        best, low, high = _correlation(values, live)
    else:
        best = low = high = rho
    z, error = _modes(values, best, live)
    return FactorYears(z, error, best, low, high)


def _modes(values: Floats, rho: float, counts: Floats) -> tuple[Floats, Floats]:
    """Return the mode of each year's factor given its moves, and the deviation its curvature implies."""
    wide = np.linspace(-6, 6, 97)
    z = wide[_posterior(values, rho, counts, np.broadcast_to(wide, (len(counts), len(wide)))).argmax(axis=1)]
    step = 0.125
    for _ in range(6):  # parabolas through three points: the log-likelihood is smooth and has one top
        height = _posterior(values, rho, counts, z[:, None] + step * np.array([-1.0, 0.0, 1.0]))
        bend = np.maximum(2 * height[:, 1] - height[:, 0] - height[:, 2], 1e-12)
        z = z + np.clip(step * (height[:, 2] - height[:, 0]) / (2 * bend), -step, step)
        step = max(step / 4, 1e-3)
    height = _posterior(values, rho, counts, z[:, None] + step * np.array([-1.0, 0.0, 1.0]))
    bend = (2 * height[:, 1] - height[:, 0] - height[:, 2]) / step**2
    return z, 1 / np.sqrt(np.maximum(bend, 1.0))  # the prior alone has curvature 1


def _posterior(values: Floats, rho: float, counts: Floats, z: Floats) -> Floats:
    return likelihood(values, rho, counts, z) - z**2 / 2


def marginal_likelihood(values: Floats, rho: float, counts: Floats) -> float:
    """Return moves' log-likelihood by year, the factor integrated out by quadrature about its mode."""
    check.finite(values=values)
    check.number(0, 1, rho=rho)
    check.within(0, counts=counts)
    check.square(values=values)
    check.shaped((None, *values.shape), counts=counts)
    node, weight = np.polynomial.hermite_e.hermegauss(NODES)
    mode, scale = _modes(values, rho, counts)
    logs = (
        _posterior(values, rho, counts, mode[:, None] + scale[:, None] * node) + node**2 / 2 + np.log(weight)
    )
    return float((logsumexp(logs, axis=1) + np.log(scale)).sum() - len(counts) * np.log(2 * np.pi))


def _correlation(values: Floats, counts: Floats) -> tuple[float, float, float]:
    """Return the correlation of the highest likelihood and the ends of its 90 % interval."""

    def deviance(share: float) -> float:
        return -2 * marginal_likelihood(values, float(share), counts)

    grid = np.concatenate([[RHO_RANGE[0]], np.geomspace(1e-3, RHO_RANGE[1], 20)])
    level = np.array([deviance(share) for share in grid])
    top = int(level.argmin())
    around = (grid[max(top - 1, 0)], grid[min(top + 1, len(grid) - 1)])
    found = minimize_scalar(deviance, bounds=around, method="bounded", options={"xatol": 1e-6})
    best = float(found.x) if found.fun <= level[top] else float(grid[top])
    bound = min(float(found.fun), float(level[top])) + CHI_90

    def crossing(ends: tuple[float, float]) -> float:
        return float(brentq(lambda share: deviance(share) - bound, *ends, xtol=1e-6))

    low = RHO_RANGE[0] if deviance(RHO_RANGE[0]) <= bound else crossing((RHO_RANGE[0], best))
    high = RHO_RANGE[1] if deviance(RHO_RANGE[1]) <= bound else crossing((best, RHO_RANGE[1]))
    return best, low, high
