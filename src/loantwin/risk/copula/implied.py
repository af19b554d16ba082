"""Asset correlations that a sample of conditional default rates implies.

A path of the twin gives sector s a default rate p[path, s]. The one-factor copula with mean pd and correlation rho gives
rates of variance Phi2(c, c; rho) - pd^2, c = Phi^-1(pd); two sectors covary by Phi2(c_s, c_t; r) - pd_s pd_t with
r = sqrt(rho_s rho_t) C_st. So rho and C are solved from the variances and covariances over paths: both models then have the
same mean and standard deviation of the default rate of every sector, and differ in the shape of the tail alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from loantwin.errors import RiskError, expected
from loantwin.risk.copula.factors import checked_correlation

Floats = NDArray[np.float64]

HIGHEST = 0.999
STEPS = 60
"""Halvings of the interval in which a correlation is sought."""


@dataclass(frozen=True)
class Implied:
    """mean, volatility : (S,) mean and standard deviation of the default rate. asset_correlation : (S,). correlation : (S, S)."""

    mean: Floats
    volatility: Floats
    asset_correlation: Floats
    correlation: Floats
    notes: tuple[str, ...]


def implied(rates: Floats) -> Implied:
    """Return the factor model with the means, variances and covariances of conditional default rates (P, S).

    Raises
    ------
    RiskError : fewer than 100 paths, a rate outside [0, 1].
    """
    if rates.ndim != 2 or len(rates) < 100 or not ((rates >= 0) & (rates <= 1)).all():
        raise RiskError(expected("default rates of at least 100 paths, from 0 to 1", rates.shape), field="rates")
    mean = rates.mean(axis=0)
    covariance = np.atleast_2d(np.cov(rates.T))
    moving = (mean > 0) & (mean < 1) & (np.diag(covariance) > 0)
    threshold = ndtri(np.where(moving, mean, 0.5))
    rho = np.where(moving, _solved(threshold, threshold, mean**2 + np.diag(covariance), 0.0), 0.0)
    joint = np.outer(mean, mean) + covariance
    one = np.repeat(threshold[:, None], len(mean), axis=1)
    both = _solved(one, np.ascontiguousarray(one.T), joint, -HIGHEST)
    scale = np.sqrt(np.outer(rho, rho))
    wanted = np.divide(both, scale, out=np.zeros_like(both), where=scale > 0)
    np.fill_diagonal(wanted, 1.0)
    made, notes = checked_correlation(np.clip((wanted + wanted.T) / 2, -1.0, 1.0), len(mean), repair=True)
    return Implied(mean, np.sqrt(np.diag(covariance)), rho, made, notes)


def _solved(one: Floats, other: Floats, joint: Floats, low: float) -> Floats:
    """Return the correlation at which two normals lie below thresholds together with a given probability."""
    least, most = np.full(one.shape, low), np.full(one.shape, HIGHEST)
    for _ in range(STEPS):
        middle = (least + most) / 2
        found = both_below(one, other, middle)
        least, most = np.where(found < joint, middle, least), np.where(found < joint, most, middle)
    return np.asarray((least + most) / 2)


def both_below(one: Floats, other: Floats, rho: Floats) -> Floats:
    """Return P(X <= one, Y <= other) elementwise: the marginals' product and the density integrated over the correlation.

    d Phi2 / d rho is the bivariate density (Plackett 1954); 24 Gauss-Legendre points in the arc of the correlation are exact to
    rounding below 0.9 and to 1e-7 above.
    """
    node, weight = np.polynomial.legendre.leggauss(24)
    arc = np.arcsin(rho)[..., None] * (node + 1) / 2
    sine = np.sin(arc)
    square = (one**2 + other**2)[..., None] - 2 * (one * other)[..., None] * sine
    inside = np.exp(-square / (2 * np.cos(arc) ** 2)) @ weight * np.arcsin(rho) / 2
    return np.asarray(ndtr(one) * ndtr(other) + inside / (2 * np.pi))
