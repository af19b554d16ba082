"""Age curves: cubic B-splines in a stretched age, smooth by a penalty, flat beyond the observed ages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline

from loantwin.arrays import Floats
from loantwin.errors import ModelError, expected

DEGREE = 3


@dataclass(frozen=True)
class AgeBasis:
    """A basis for functions of age.

    values : (A, K) each basis function at ages 0 .. A-1; rows sum to 1, so that equal coefficients are a flat
        curve.
    bend : (K, K) integrated squared second derivative. slope : (K, K) integrated squared first derivative.
    support : lowest and highest age with data; outside them the curve is held flat.
    knots : (M,) of the curve, on the scale of `stretch`, ends repeated: `basis_values` makes `values` of them
        again.
    """

    values: Floats
    bend: Floats
    slope: Floats
    support: tuple[int, int]
    knots: Floats


def stretch(age: Floats) -> Floats:
    """Return age on the scale the curves live on: young ages apart, old ages closer together."""
    return np.asarray(np.log1p(age / 12.0))


def age_basis(ages: int, where: Floats, inner: int = 5) -> AgeBasis:
    """Return a cubic B-spline basis over ages 0 .. ages-1 with `inner` knots at quantiles of the events.

    Parameters
    ----------
    ages : A, number of ages on the grid.
    where : (A,) >= 0, number of events (or of loans at risk) at each age; sets the support and the knots.
    inner : number of inner knots; fewer where quantiles coincide.

    Raises ModelError where `where` is nowhere positive.
    """
    seen = np.flatnonzero(where > 0)
    if not seen.size:
        raise ModelError(expected("counts at some age", "none"), field="age")
    low, high = int(seen[0]), int(seen[-1])
    ends = stretch(np.array([low, max(high, low + 1)], dtype=float))
    share = np.cumsum(where) / where.sum()
    quantiles = np.searchsorted(share, np.linspace(0, 1, inner + 2)[1:-1])
    knots = np.unique(stretch(np.unique(quantiles).astype(float)))
    knots = knots[(knots > ends[0] + 1e-9) & (knots < ends[1] - 1e-9)]
    full = np.concatenate([np.full(DEGREE + 1, ends[0]), knots, np.full(DEGREE + 1, ends[1])])
    return AgeBasis(basis_values(full, ages), _penalty(full, 2), _penalty(full, 1), (low, high), full)


def smooth_precision(knots: Floats, bend: float, slope: float) -> Floats:
    """Return the prior precision (K, K) of a smooth curve's coefficients, which leaves its level free.

    bend, slope : prior sizes of the second and the first derivative.
    """
    return np.asarray(_penalty(knots, 2) / bend**2 + _penalty(knots, 1) / slope**2)


def basis_values(knots: Floats, ages: int) -> Floats:
    """Return some knots' basis at ages 0 .. ages-1, (A, K): flat outside the first and last knot."""
    # Trap: ages beyond the data. A spline runs away there: it is held flat.
    at = np.clip(stretch(np.arange(ages, dtype=float)), knots[0], knots[-1])
    return np.asarray(BSpline.design_matrix(at, knots, DEGREE).toarray())


def _penalty(knots: Floats, order: int) -> Floats:
    """Return the Gram matrix of the basis' derivatives, by Gauss-Legendre on each interval (exact)."""
    size = len(knots) - DEGREE - 1
    nodes, weights = np.polynomial.legendre.leggauss(DEGREE + 1)
    breaks = np.unique(knots)
    half = np.diff(breaks) / 2.0
    points = (breaks[:-1, None] + half[:, None] * (nodes + 1.0)).ravel()
    scale = (half[:, None] * weights).ravel()
    derivative = np.empty((len(points), size))
    for position in range(size):
        unit = np.zeros(size)
        unit[position] = 1.0
        derivative[:, position] = BSpline(knots, unit, DEGREE).derivative(order)(points)
    return np.asarray(derivative.T @ (derivative * scale[:, None]))
