"""Asset correlations that a sample of conditional default rates implies.

A path of the twin gives sector s a default rate p[path, s]. With the loans' own PDs the one-factor copula
gives the rate m_s(Y) = mean of Phi((c_i + sqrt(rho_s) Y) / sqrt(1 - rho_s)), c_i = Phi^-1(pd_i). rho_s is
solved from Var m_s(Y) = the variance over paths, and the correlation C_st of two factors from the covariance,
sum over n >= 1 of a_sn a_tn C_st^n with a the coefficients of m in normalised Hermite polynomials (Mehler).
So both models have the same mean and standard deviation of the default rate of every sector, and differ in
the shape of the tail alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected
from loantwin.risk.loss.copula.factors import checked_correlation

HIGHEST = 0.999
STEPS = 45
"""Halvings of the interval in which a correlation is sought."""
NODES, TERMS = 96, 40
"""PDs that stand for a sector's loans; Hermite polynomials."""
GRID = np.linspace(-9.0, 9.0, 181)
DENSITY = np.exp(-0.5 * GRID**2) / np.sqrt(2 * np.pi) * (GRID[1] - GRID[0])


@dataclass(frozen=True)
class Implied:
    """mean, volatility : (S,) of the default rate. asset_correlation : (S,). correlation : (S, S)."""

    mean: Floats
    volatility: Floats
    asset_correlation: Floats
    correlation: Floats
    notes: tuple[str, ...]


def implied(rates: Floats, pds: Sequence[Floats] | None = None) -> Implied:
    """Return the factor model with the means, variances and covariances of conditional default rates (P, S).

    Parameters
    ----------
    pds : for each sector the PDs of its loans, (n,): loans of unlike PDs move less together than loans of
        their mean, so that the correlation that gives the same variance is higher. None: all loans of a
        sector have its mean rate.

    Raises
    ------
    RiskError : fewer than 100 paths, a rate outside [0, 1].
    """
    check.within(0, 1, rates=rates)
    check.columns(**check.given(pds=pds))
    if rates.ndim != 2 or len(rates) < 100 or not ((rates >= 0) & (rates <= 1)).all():
        raise RiskError(
            expected("default rates of at least 100 paths, from 0 to 1", rates.shape), field="rates"
        )
    mean = rates.mean(axis=0)
    covariance = np.atleast_2d(np.cov(rates.T))
    moving = (mean > 0) & (mean < 1) & (np.diag(covariance) > 1e-20)
    nodes = [_nodes(column) for column in (rates.mean(axis=0)[:, None] if pds is None else pds)]
    notes: list[str] = []
    rho = np.zeros(len(mean))
    for place in np.flatnonzero(moving):
        rho[place] = _asset_correlation(nodes[place], float(covariance[place, place]))
        if rho[place] >= HIGHEST:
            notes.append(
                f"sector {place}: default rates vary more than an asset correlation of {HIGHEST:g} can make "
                "them"
            )
    coefficients = np.stack([_hermite(_curve(own, one)) for own, one in zip(nodes, rho, strict=True)], axis=1)
    wanted = np.where(np.outer(moving, moving), _factor_correlation(coefficients, covariance), 0.0)
    np.fill_diagonal(wanted, 1.0)
    made, repaired = checked_correlation((wanted + wanted.T) / 2, len(mean), repair=True)
    return Implied(mean, np.sqrt(np.diag(covariance)), rho, made, (*notes, *repaired))


def moved(
    found: Implied, rates: tuple[Floats, Floats], pds: tuple[Sequence[Floats], Sequence[Floats]]
) -> Implied:
    """Return a factor model after a small change of what it was read from: one step of Newton's method.

    Parameters
    ----------
    rates : (P, S) default rates of the paths before and after. pds : by sector the PDs of loans before and
    after.

    Raises
    ------
    RiskError : a factor model that is not finite.

    Notes
    -----
    A fiftieth of the work of `implied`; a change of a tenth of the paths is met to second order.
    """
    check.kind(Implied, found=found)
    for name in Implied.__dataclass_fields__:
        values = getattr(found, name)
        if isinstance(values, np.ndarray) and not np.isfinite(values).all():
            raise RiskError(expected("finite numbers", "NaN or infinity"), field=f"found.{name}")
    check.kind(tuple, rates=rates, pds=pds)
    rho = np.clip(found.asset_correlation, 1e-4, HIGHEST - 1e-3)
    means, covariances = [one.mean(axis=0) for one in rates], [np.atleast_2d(np.cov(one.T)) for one in rates]
    nodes = [[_nodes(column) for column in one] for one in pds]
    shift = np.zeros(len(rho))
    for place, (one, two) in enumerate(zip(*nodes, strict=True)):
        before, after = _variance(one, rho[place]), _variance(two, rho[place])
        slope = (_variance(one, rho[place] * 1.01) - before) / (0.01 * rho[place])
        change = covariances[1][place, place] - covariances[0][place, place] - (after - before)
        shift[place] = change / slope if slope > 0 else 0.0
    new = np.clip(rho + shift, 0.0, HIGHEST)
    both = [
        np.stack([_hermite(_curve(own, r)) for own, r in zip(columns, level, strict=True)], axis=1)
        for columns, level in zip(nodes, (rho, new), strict=True)
    ]
    power = found.correlation[None] ** np.arange(TERMS)[:, None, None]
    sums = [
        np.einsum("nst,nst->st", one[:, :, None] * one[:, None, :], power * found.correlation) for one in both
    ]
    weight = both[0][:, :, None] * both[0][:, None, :] * np.arange(1, TERMS + 1)[:, None, None]
    slopes = np.einsum("nst,nst->st", weight, power)
    change = covariances[1] - covariances[0] - (sums[1] - sums[0])
    matrix = found.correlation + np.divide(change, slopes, out=np.zeros_like(change), where=slopes > 0)
    matrix = np.clip((matrix + matrix.T) / 2, -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    made = np.where(found.asset_correlation > 0, new, 0.0)
    return Implied(means[1], np.sqrt(np.diag(covariances[1])), made, matrix, ())


def _variance(nodes: tuple[Floats, Floats], rho: float) -> float:
    curve = _curve(nodes, min(rho, HIGHEST))
    return float(DENSITY @ curve**2) - float(DENSITY @ curve) ** 2


def _nodes(pd: Floats) -> tuple[Floats, Floats]:
    """Return up to `NODES` PDs and the share of loans that each stands for."""
    inside = np.sort(pd[(pd > 0) & (pd < 1)])
    if not len(inside):
        return np.array([1e-12]), np.ones(1)
    values, counts = np.unique(inside, return_counts=True)
    if len(values) <= NODES:
        return values, counts / len(inside)
    parts = np.array_split(inside, NODES)
    return np.array([part.mean() for part in parts]), np.array([len(part) / len(inside) for part in parts])


def _curve(nodes: tuple[Floats, Floats], rho: float) -> Floats:
    """Return the mean default rate of loans at each point of the factor's grid."""
    threshold = ndtri(nodes[0])[:, None]
    return np.asarray(nodes[1] @ ndtr((threshold + np.sqrt(rho) * GRID) / np.sqrt(1 - rho)))


def _asset_correlation(nodes: tuple[Floats, Floats], variance: float) -> float:
    least, most = 0.0, HIGHEST
    for _ in range(STEPS):
        middle = (least + most) / 2
        curve = _curve(nodes, middle)
        found = float(DENSITY @ curve**2) - float(DENSITY @ curve) ** 2
        least, most = (middle, most) if found < variance else (least, middle)
    return (least + most) / 2


def _hermite(curve: Floats) -> Floats:
    """Return the coefficients of a curve in normalised Hermite polynomials from the first on, (TERMS,)."""
    before, now, made = np.zeros_like(GRID), np.ones_like(GRID), np.empty(TERMS)
    for n in range(TERMS):
        before, now = now, (GRID * now - np.sqrt(n) * before) / np.sqrt(n + 1)
        made[n] = float((curve * now) @ DENSITY)
    return made


def _factor_correlation(coefficients: Floats, covariance: Floats) -> Floats:
    """Return C with sum over n of a[n, s] a[n, t] C^n = covariance (Mehler), entry by entry, from -1 to 1."""
    least, most = np.full(covariance.shape, -1.0), np.ones(covariance.shape)
    for _ in range(STEPS):
        middle = (least + most) / 2
        powers = middle[None] ** np.arange(1, TERMS + 1)[:, None, None]
        found = np.einsum("ns,nst,nt->st", coefficients, powers, coefficients)
        least, most = np.where(found < covariance, middle, least), np.where(found < covariance, most, middle)
    return np.asarray((least + most) / 2)
