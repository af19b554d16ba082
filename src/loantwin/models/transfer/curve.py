"""One age curve of several books: what their counts tell of its shape, each book's own prior taken off.

Every source's curve was pulled towards a flat one by its own prior, the more the fewer its events: a mean of
such curves is as flat as they are, however many there are. Here the sources' information on the shape is
added up (a multivariate random-effects mean: White, The Stata Journal 9 (2009)), and the prior counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats
from loantwin.models.spline import age_basis, basis_values, smooth_precision
from loantwin.models.transfer.grid import GRID
from loantwin.models.transfer.source import SourceEdge

AGES = int(GRID[-1]) + 1
KNOTS = 7
"""Inner knots of a common curve, even on the stretched scale of age."""
FREE = 10.0
"""Prior deviation of a curve's level where only its shape is asked for, log-odds."""
BEND, SLOPE = 3.0, 1.5
"""Prior sizes of the derivatives of a common curve, as of any curve without a belief (`FitSettings`)."""


@dataclass(frozen=True)
class Curve:
    """A common curve. values : (len(GRID),) log-odds up to a constant.

    knots, covariance : of its coefficients, (M,) and (K, K).
    """

    values: Floats
    knots: Floats
    covariance: Floats


def common_curve(
    edges: Sequence[SourceEdge], curves: Floats, bend: float, slope: float
) -> tuple[Curve, Floats]:
    """Return the curve that K books have in common, and how far each book of today lies above it, (K,).

    Of one book it is that book's own.

    Parameters
    ----------
    curves : (K, len(GRID)) the books' log-odds. bend, slope : deviations of shapes between books.
    """
    coefficients = [_onto(np.array(edge.knots), curve) for edge, curve in zip(edges, curves, strict=True)]
    if len(edges) == 1:
        knots, covariance = np.array(edges[0].knots), np.array(edges[0].covariance)
        curve = Curve(curves[0], knots, covariance)
    else:
        curve = _pooled(edges, coefficients, bend, slope)
    apart = [
        float(np.array(edge.today) @ (own - _onto(np.array(edge.knots), curve.values)))
        for edge, own in zip(edges, coefficients, strict=True)
    ]
    return curve, np.array(apart)


def _pooled(edges: Sequence[SourceEdge], coefficients: Sequence[Floats], bend: float, slope: float) -> Curve:
    basis = age_basis(AGES, np.asarray(1.0 / (12.0 + np.arange(AGES, dtype=float)), dtype=float), KNOTS)
    size = basis.values.shape[1]
    free = FREE**2 * np.ones((size, size))
    differ = (
        np.linalg.inv(smooth_precision(basis.knots, bend, slope) + np.ones((size, size)) / size**2) + free
    )
    precision = smooth_precision(basis.knots, BEND, SLOPE) + np.ones((size, size)) / (size * FREE) ** 2
    pulled = np.zeros(size)
    for edge, own in zip(edges, coefficients, strict=True):
        knots, told = np.array(edge.knots), np.array(edge.information)
        rows = basis_values(knots, AGES)
        inside = np.flatnonzero(_within(knots))
        onto = np.linalg.lstsq(rows[inside], basis.values[inside], rcond=None)[0]
        # (information^-1 + differ)^-1 without the inverse of what may tell nothing of some direction
        weight = np.linalg.solve(np.eye(len(own)) + told @ (onto @ differ @ onto.T), np.eye(len(own)))
        level = float(np.array(edge.today) @ own)
        score = np.linalg.solve(np.array(edge.covariance), own - level)
        precision = precision + onto.T @ weight @ told @ onto
        pulled = pulled + onto.T @ weight @ score
    covariance = np.linalg.inv((precision + precision.T) / 2.0)
    return Curve(basis.values[GRID] @ (covariance @ pulled), basis.knots, np.asarray(covariance))


def _within(knots: Floats) -> Floats:
    """Return which ages lie within a curve's knots, (A,): outside it is held flat and tells nothing."""
    ages = np.log1p(np.arange(AGES) / 12.0)
    return np.asarray((ages >= knots[0] - 1e-9) & (ages <= knots[-1] + 1e-9))


def _onto(knots: Floats, curve: Floats) -> Floats:
    """Return the coefficients (K,) whose curve on some knots is nearest to one at the ages of the grid."""
    return np.asarray(np.linalg.lstsq(basis_values(knots, AGES)[GRID], curve, rcond=None)[0])
