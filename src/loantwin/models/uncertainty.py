"""Errors of estimation: how far the coefficients may be off, and what that means for one part of a book.

The coefficients of an edge have one joint Gaussian posterior (Laplace). For loans of segment g and age a its
log-odds are a linear function of them, h(g, a) . c; a part of a book moves by the average of its loans' h,
weighted by the balance expected to take the edge in each month. So every part has its own error, and two
parts share what they have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.columns import LoanColumns
from loantwin.engine.rows import TransitionParameters, odds
from loantwin.models.spline import basis_values


@dataclass(frozen=True)
class EdgeErrors:
    """The joint error of one edge's coefficients, K of age, Q of segment and vintage, F of macro.

    knots : (M,) of the age curve, see `spline.basis_values`.
    covariance : (n, n) with n = K + Q + F + 2, in this order; the last two are the loading (of edges that are
        fitted to a common level, else 0) and the level at the as-of month (of edges that are fitted together
        with it, else 0).
    today : (K + Q,) the average h of the book of the as-of date, by expected events.
    """

    knots: Floats
    covariance: Floats
    today: Floats

    @cached_property
    def root(self) -> Floats:
        """Return a square root of the covariance, (n, n)."""
        return root(self.covariance)


@dataclass(frozen=True)
class Errors:
    """What a model knows of its errors; letters as in TransitionParameters.

    segment : (G, Q) columns of the segments, the same for all edges. edges : (R,) None where an edge is
        assumed.
    shared : (L,) covariance (F + 2, F + 2) of the errors that a common level's edges share, each by its
        loading: baseline, macro effects, level at the as-of month. None where the level is fitted together
        with its one edge.
    """

    segment: Floats
    edges: tuple[EdgeErrors | None, ...]
    shared: tuple[Floats | None, ...]


Directions = tuple[Floats | None, ...]
"""By edge the average h of a part of a book, (T, K + Q); None where the edge is assumed."""


def exposure_of(
    parameters: TransitionParameters, errors: Errors, columns: LoanColumns, months: int
) -> Directions:
    """Return where the weight of some loans lies, month by month.

    A loan counts by its balance x case weight x odds of the edge, as long as its contract runs; months in
    which none runs read the last one in which one did. A part without balance counts its loans; one without
    loans reads the book of the as-of date.
    """
    if not len(columns.principal):
        return as_today(errors, months)
    weight = columns.weight * columns.principal
    weight = weight if weight.sum() > 0 else columns.weight + 0.0
    last = parameters.age.shape[1] - 1
    cells, place = np.unique(
        columns.segment * (last + 1) + np.minimum(columns.age, last), return_inverse=True
    )
    segment, age = cells // (last + 1), cells % (last + 1)
    ends = np.minimum(columns.remaining_months, months)
    flat = np.bincount(place * (months + 1) + ends, weight, len(cells) * (months + 1)).reshape(
        len(cells), months + 1
    )
    # what runs in month t has t months or more to go
    runs = np.cumsum(flat[:, ::-1], axis=1)[:, ::-1][:, 1:].T
    if not runs[0].sum() > 0:
        runs = np.ones_like(runs)
    alive = np.flatnonzero(runs.sum(axis=1) > 0)
    runs = runs[np.minimum(np.arange(months), alive[-1])]
    ages = np.minimum(age[None, :] + np.arange(1, months + 1)[:, None], last)
    base = odds(parameters)
    made: list[Floats | None] = []
    for edge, error in enumerate(errors.edges):
        if error is None:
            made.append(None)
            continue
        share = runs * base[edge][segment[None, :], ages]
        share = share / share.sum(axis=1, keepdims=True)
        by_age = np.zeros((months, last + 1))
        np.add.at(by_age, (np.arange(months)[:, None], ages), share)
        curve = by_age @ basis_values(error.knots, last + 1)
        made.append(np.concatenate([curve, share @ errors.segment[segment]], axis=1))
    return tuple(made)


def as_today(errors: Errors, months: int) -> Directions:
    """Return the directions of the book of the as-of date, held over all months."""
    return tuple(None if edge is None else np.tile(edge.today, (months, 1)) for edge in errors.edges)


def root(covariance: Floats) -> Floats:
    """Return the square root of a covariance that may be singular (what is assumed has no error).

    Symmetric but for the scale of each row, so that there is one: eigenvectors alone have signs, and turns
    among equals, that differ from one processor's linear algebra to another's, and the same seed would draw
    other errors there.
    """
    # Trap: eigenvectors taken for a function of the matrix.
    scale = np.sqrt(np.diag(covariance))
    outer = np.outer(scale, scale)
    values, vectors = np.linalg.eigh(
        np.divide(covariance, outer, out=np.zeros_like(covariance), where=outer > 0)
    )
    kept = np.where(values > 1e-12 * values.max(initial=0.0), values, 0.0)  # the root of rounding is large
    return np.asarray(scale[:, None] * ((vectors * np.sqrt(kept)) @ vectors.T))


def compressed(error: EdgeErrors, direction: Floats) -> Floats:
    """Return the covariance (T, m, m) of h . c, the macro effects, the loading and the level; m = F + 3."""
    own = direction.shape[1]
    months, rest = len(direction), len(error.covariance) - own
    made = np.empty((months, rest + 1, rest + 1))
    half = direction @ error.covariance[:own, :own]
    made[:, 0, 0] = (half * direction).sum(axis=1)
    made[:, 0, 1:] = made[:, 1:, 0] = direction @ error.covariance[:own, own:]
    made[:, 1:, 1:] = error.covariance[own:, own:]
    return made


def quadratic(covariance: Floats, at: Floats) -> Floats:
    """Return variances (..., T) of combinations `at` (..., T, m), covariance (T, m, m) or (m, m)."""
    if covariance.ndim == 2:
        return np.asarray(np.einsum("...m,...m->...", at @ covariance, at))
    made = np.empty(at.shape[:-1])
    for month, one in enumerate(covariance):
        made[..., month] = np.einsum("...m,...m->...", at[..., month, :] @ one, at[..., month, :])
    return made


def levels_covariance(
    own: Sequence[Floats],
    last: Sequence[Floats],
    loading: Floats,
    variance: Floats,
    shared: Sequence[Floats | None],
) -> Floats:
    """Return the covariance of levels (R), macro effects (R x F) and latent levels (L); see FittedModel.

    Parameters
    ----------
    own : by edge (1 + F, 1 + F), of its level on the book of the as-of date and its macro effects. last : by
        edge (1 + F,), their covariance with the latent level. loading : (R, L). variance : (L,) of the latent
        levels. shared : as in `Errors`.
    """
    R, L = loading.shape
    F = len(own[0]) - 1
    made = np.zeros((R + R * F + L, R + R * F + L))
    places = [np.array([place, *range(R + place * F, R + (place + 1) * F)]) for place in range(R)]
    for index, one in zip(places, own, strict=True):
        made[np.ix_(index, index)] = one
    for latent in range(L):
        at, common = R + R * F + latent, shared[latent]
        made[at, at] = variance[latent]
        if common is None:
            for place, index in enumerate(places):
                made[index, at] = made[at, index] = last[place] * loading[place, latent]
            continue
        # one error of the common level reaches all edges that read it, each by its loading
        reach = np.zeros((len(made), F + 1))
        for place, index in enumerate(places):
            reach[index] = loading[place, latent] * np.eye(F + 1)
        made += reach @ common[:-1, :-1] @ reach.T
        made[:, at] += reach @ common[:-1, -1]
        made[at, :] += reach @ common[:-1, -1]
    return np.asarray((made + made.T) / 2.0)
