"""Losses of value by migration: a loan's worth in each rating at the horizon, and how loans move together.

CreditMetrics (Gupton, Finger and Bhatia 1997): a normal asset return per loan, cut at thresholds that
reproduce its row of the transition matrix; returns share a factor. The matrix of this module is (K, K) from
best to worst with default last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri, owens_t

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.errors import RiskError, expected
from loantwin.migrations.matrices import check_matrix
from loantwin.risk.loss import tail
from loantwin.risk.loss.copula.factors import FactorModel
from loantwin.risk.loss.copula.figures import Sample
from loantwin.risk.loss.copula.figures import tail as weighted_tail
from loantwin.risk.loss.copula.sampling import Draws, draw, find_shift
from loantwin.streams import Stream
from loantwin.streams import generator as random_of
from loantwin.types import Estimate

DRAWN = 200
"""Loans drawn one by one, the widest first; the rest enters by its exact conditional mean and variance."""
BLOCK = 2_000
"""Paths that are held at once."""
NODES = 64
"""Points of the Gauss-Hermite rule over the one factor."""
SHOWN = 64
"""Weighted paths beyond the quantile from which loans' contributions are read."""
FAR = 37.0
"""Thresholds beyond this many deviations are as good as infinite."""


def forward_values(
    coupon: float, years: int, curves: Floats, *, face: float = 100.0, recovery: float = 0.0
) -> Floats:
    """Return a bond's worth in one year in each rating, (K,): the coupon then paid, and the rest discounted.

    Parameters
    ----------
    coupon : decimal of face a year, paid yearly. years : whole years to maturity now, at least 1. curves : (K
        - 1, T) one-year
        forward zero rates by rating for 1 .. T years from then, decimal. face : money. recovery : decimal of
        face, the value in default (the last state), where the year's coupon is not paid.

    Raises
    ------
    RiskError : curves shorter than the bond; a recovery outside [0, 1].

    Source: CreditMetrics technical document, section 1.3.
    """
    check.number(coupon=coupon)
    check.count(0, years=years)
    check.finite(curves=curves)
    check.money(face=face)
    check.number(0, 1, recovery=recovery)
    check.shaped((None, None), curves=curves)
    if years < 1:
        raise RiskError(expected("a maturity of at least 1 year", years), field="years")
    if curves.ndim != 2 or curves.shape[1] < years - 1 or not np.isfinite(curves).all():
        raise RiskError(
            expected(f"forward rates by rating for {years - 1} years", f"shape {curves.shape}"),
            field="curves",
        )
    if not 0 <= recovery <= 1:
        raise RiskError(expected("a recovery from 0 to 1", recovery), field="recovery")
    flows = np.full(years - 1, coupon * face)
    if years > 1:
        flows[-1] += face
    worth = (flows / (1 + curves[:, : years - 1]) ** np.arange(1, years)).sum(axis=1)
    return np.append(coupon * face + worth + (face if years == 1 else 0.0), recovery * face)


def moments(values: Floats, probabilities: Floats, deviations: Floats | None = None) -> tuple[float, float]:
    """Return mean and standard deviation of a value that is `values` (K,) with `probabilities` (K,).

    deviations : (K,) standard deviation of the value within each state; the published figures leave it out.
    """
    check.finite(values=values)
    check.within(0, 1, probabilities=probabilities)
    check.within(0, **check.given(deviations=deviations))
    check.shaped((None,), values=values)
    check.shaped(values.shape, probabilities=probabilities, **check.given(deviations=deviations))
    first = float(probabilities @ values)
    within = np.zeros_like(values) if deviations is None else deviations
    return first, float(np.sqrt(probabilities @ ((values - first) ** 2 + within**2)))


def value_quantile(values: Floats, probabilities: Floats, level: float) -> float:
    """Return the smallest value whose cumulative probability reaches `level` (0.01: the 1 % quantile).

    Raises
    ------
    RiskError : a level outside (0, 1).
    """
    check.finite(values=values)
    check.within(0, probabilities=probabilities)
    check.level(level=level)
    check.shaped(tuple(size or None for size in np.shape(values)), values=values)
    check.shaped(np.shape(values), probabilities=probabilities)
    if not 0 < level < 1:
        raise RiskError(expected("a probability between 0 and 1", level), field="level")
    order = np.argsort(values.ravel(), kind="stable")
    cumulative = np.cumsum(probabilities.ravel()[order])
    place = int(np.searchsorted(cumulative, level * cumulative[-1] - 1e-12))
    return float(values.ravel()[order][min(place, len(order) - 1)])


def bivariate_normal(one: Floats | float, other: Floats | float, rho: float) -> Floats:
    """Return P(X <= one, Y <= other) of normals with correlation `rho`, by Owen's T function (Owen 1956).

    Raises
    ------
    RiskError : a correlation outside (-1, 1).
    """
    check.unbounded(one=one, other=other)
    check.number(rho=rho)
    check.fitting(one=one, other=other)
    if not -1 < rho < 1:
        raise RiskError(expected("a correlation between -1 and 1", rho), field="rho")
    h, k = (np.clip(np.asarray(x, dtype=np.float64), -FAR, FAR) for x in (one, other))
    h, k = (
        np.where(np.abs(x) < 1e-100, 1e-100, x) for x in (h, k)
    )  # the limit from above, where the slopes would divide by zero
    root = np.sqrt(1 - rho**2)
    with np.errstate(over="ignore"):
        slopes = (k - rho * h) / (h * root), (h - rho * k) / (k * root)
    made = (
        (ndtr(h) + ndtr(k)) / 2
        - owens_t(h, slopes[0])
        - owens_t(k, slopes[1])
        - np.where((h > 0) != (k > 0), 0.5, 0.0)
    )
    return np.asarray(np.clip(made, 0.0, 1.0))  # a probability to rounding


def joint_probabilities(one: Floats, other: Floats, rho: float) -> Floats:
    """Return two obligors' pairs of end states, (K, L) probabilities, from rows (K,) and (L,) of the matrix.

    Source: CreditMetrics technical document, section 8.4: rectangles of the bivariate normal of the asset
    returns.
    """
    check.within(0, 1, one=one, other=other)
    check.number(rho=rho)
    check.shaped((None,), one=one, other=other)
    cuts = [np.concatenate([[FAR], _cuts(row[None])[0][:-1], [-FAR]]) for row in (one, other)]
    below = bivariate_normal(cuts[0][:, None], cuts[1][None, :], rho)
    return np.asarray(np.maximum(np.diff(np.diff(below, axis=0), axis=1), 0.0))


def _cuts(rows: Floats) -> Floats:
    """Return thresholds of rows (C, K): a return above cuts[:, j] ends in j or better; last -infinity."""
    worse = np.cumsum(rows[:, ::-1], axis=1)[:, ::-1]
    beyond = np.concatenate([worse[:, 1:], np.zeros((len(rows), 1))], axis=1)
    return np.asarray(np.clip(ndtri(np.minimum(beyond, 1.0)), -FAR, FAR))


@dataclass(frozen=True)
class MigrationLosses:
    """The distribution of value lost by migration and default, book currency; a gain is negative.

    losses : (P,) equally likely, or with `weight` (P,) of mean 1 where paths were shifted to the tail.
        mean, standard_deviation : exact given one factor (standard error 0), else from the paths.
    by_state : (K,) expected loss by the state that loans end in; sums to the mean. factors : (P, S) of each
        path.
    """

    losses: Floats
    mean: Estimate
    standard_deviation: Estimate
    by_state: Floats
    factors: Floats
    weight: Floats | None = None

    def __post_init__(self) -> None:
        check.finite(losses=self.losses, by_state=self.by_state, factors=self.factors)
        check.within(0, **check.given(weight=self.weight))

    def _weighted(self, weight: Floats, confidence: float) -> tuple[Estimate, Estimate]:
        least = float(self.losses.min())  # a gain is negative, and that sample begins at 0
        found = weighted_tail(Sample(weight, self.losses - least, np.zeros(len(weight))), confidence)
        return Estimate(found.var.value + least, found.var.standard_error), Estimate(
            found.es.value + least, found.es.standard_error
        )

    def quantile(self, confidence: float) -> Estimate:
        """Return the value at risk at a confidence, with its standard error."""
        if self.weight is not None:
            return self._weighted(self.weight, confidence)[0]
        return tail.value_at_risk(self.losses, confidence)

    def expected_shortfall(self, confidence: float) -> Estimate:
        """Return the mean loss beyond the value at risk, with its standard error."""
        if self.weight is not None:
            return self._weighted(self.weight, confidence)[1]
        return tail.expected_shortfall(self.losses, confidence)


@dataclass(frozen=True)
class _Class:
    """Loans of one row, correlation and factor; loss, weight, spread of those that are not drawn."""

    cuts: Floats
    row: Floats
    rho: float
    factor: int
    total: Floats
    square: Floats
    cross: Floats


def migration_losses(
    values: Floats,
    ratings: Integers,
    matrix: Floats,
    correlation: float | Floats,
    *,
    reference: Literal["unchanged", "mean"] | Floats = "unchanged",
    default_deviation: Floats | None = None,
    face: Floats | None = None,
    weight: Floats | None = None,
    sector: Integers | None = None,
    sector_correlation: Floats | None = None,
    paths: int = 20_000,
    seed: int = 0,
    importance: float | None = None,
) -> MigrationLosses:
    """Return the distribution of losses of value over the horizon of the matrix.

    Parameters
    ----------
    values : (N, K) worth of each loan in each state at the horizon, book currency. ratings : (N,) state now,
        0 .. K - 1.
    matrix : (K, K) transition matrix, states from best to worst; or (C, K) rows of any C kinds of loan, of
        which `ratings` then names one (`reference` must be amounts or "mean"). correlation : of asset returns
        with the factor's square, in [0, 1): two loans of one factor correlate by sqrt(rho_1 rho_2). One
        number or (N,).
    reference : what a loss is measured against: the worth in an unchanged rating, the expected worth, or (N,)
        amounts.
    default_deviation, face : (N,) standard deviation of the worth in the last state, independent between
        loans (default 0), and the most that it can be: it is drawn from the beta distribution on [0, face]
        with this mean and deviation.
    weight : (N,) how many like loans a row stands for, >= 0; they move independently given the factors
        (default 1).
    sector, sector_correlation : (N,) factor of each loan, 0 .. S - 1, and (S, S) correlation of the factors
        (default one).
    importance : a confidence whose tail most paths are drawn in: the factors' mean is moved to where losses
        beyond its quantile lie, and each path carries the weight that undoes it (Glasserman and Li 2005,
        their second step; a tenth of the paths stays, so that no weight is above 10). None draws plainly.

    Notes
    -----
    Given the factors loans are independent. The `DRAWN` loans whose worth varies most are drawn state by
    state (rows that stand for exactly one loan); the rest adds a normal amount with its exact conditional
    mean and variance, computed by class of loans without a loop over them. So a book of any size costs paths
    x classes.

    Raises
    ------
    RiskError : arrays that do not fit or are not finite, a rating outside the matrix, a correlation outside
        [0, 1), a factor correlation that is not positive semi-definite, no loan.
    """
    check.number(0, 1, **check.given(importance=importance))
    check.finite(values=values, matrix=matrix, correlation=correlation)
    check.codes(0, ratings=ratings)
    check.shaped((None,), ratings=ratings)
    check.shaped((None, None), matrix=matrix)
    check.within(0, **check.given(default_deviation=default_deviation, weight=weight))
    check.finite(**check.given(sector_correlation=sector_correlation))
    check.money(**check.given(face=face))
    check.codes(0, **check.given(sector=sector))
    check.count(1, paths=paths)
    check.count(0, seed=seed)
    check.shaped((len(ratings), matrix.shape[1]), values=values)
    check.shaped(
        ratings.shape, **check.given(weight=weight, sector=sector, default_deviation=default_deviation)
    )
    if np.ndim(correlation):
        check.shaped(ratings.shape, correlation=correlation)
    if not isinstance(reference, str):
        check.finite(reference=reference)
        check.shaped(ratings.shape, reference=reference)
    worth, rating = np.asarray(values, dtype=np.float64), np.asarray(ratings, dtype=np.int64)
    rho = np.broadcast_to(np.asarray(correlation, dtype=np.float64), rating.shape)
    factor = np.zeros(len(rating), dtype=np.int64) if sector is None else np.asarray(sector, dtype=np.int64)
    count = np.ones(len(rating)) if weight is None else np.asarray(weight, dtype=np.float64)
    spread = (
        np.zeros(len(rating))
        if default_deviation is None
        else np.asarray(default_deviation, dtype=np.float64)
    )
    _check(worth, rating, matrix, rho, count, spread)
    shapes = _beta_shapes(worth[:, -1], spread, face)
    root = _factor_root(factor, sector_correlation)
    rows = matrix[rating]
    loss = _reference(reference, worth, rating, rows)[:, None] - worth
    width = np.sqrt(np.maximum((rows * loss**2).sum(axis=1) - (rows * loss).sum(axis=1) ** 2, 0.0))
    single = np.flatnonzero(count == 1.0)
    drawn = single[np.argsort(-width[single], kind="stable")[:DRAWN]]
    rest = np.setdiff1d(np.arange(len(rating)), drawn)
    classes = _classes(rest, rating, rows, rho, factor, loss, count, spread)
    alike = _groups(rating[drawn], rho[drawn], factor[drawn])
    ones = _Drawn(
        _cuts(rows[drawn]), loss[drawn], rho[drawn], factor[drawn], spread[drawn], shapes[drawn], alike
    )
    by_state = (count[:, None] * rows * loss).sum(axis=0)
    everyone = _classes(np.arange(len(rating)), rating, rows, rho, factor, loss, count, spread)
    moved = None if importance is None else _moved(everyone, root @ root.T, importance, paths, seed)
    given = None if moved is None else moved.factor
    losses, centre, within, factors = _simulated(classes, ones, root, paths, seed, given)
    # the normal amount of the rest knows of no end: no path loses, or gains, more than all loans can
    worst, best = (float(count @ end) for end in _ends(rows, loss, worth, spread, shapes[:, 2]))
    losses = np.clip(losses, best, worst)
    mean = Estimate(float(by_state.sum()), 0.0)
    if len(root) == 1:
        deviation = Estimate(_one_factor_deviation(everyone), 0.0)
    elif moved is None:
        deviation = tail.standard_deviation(centre, within)
    else:
        deviation = _weighted_deviation(moved.weight, (centre - mean.value) ** 2 + within)
    weight = None if moved is None else moved.weight
    return MigrationLosses(losses, mean, deviation, by_state, factors, weight)


def _moved(
    everyone: Sequence[_Class], correlation: Floats, confidence: float, paths: int, seed: int
) -> Draws:
    """Return paths of the factors, most of them where losses beyond the quantile lie, with their weights."""
    scale = np.sqrt(np.diag(correlation))
    model = FactorModel(
        tuple(map(str, range(len(scale)))), correlation / np.outer(scale, scale), np.zeros(len(scale))
    )

    def losses(draws: Draws) -> tuple[Floats, Floats]:
        mean, variance = _conditional(everyone, draws.factor)
        return mean, np.sqrt(variance)

    return draw(model, find_shift(model, losses, confidence, seed), paths, seed)


def _weighted_deviation(weight: Floats, square: Floats) -> Estimate:
    each = weight * square
    root = float(np.sqrt(each.mean()))
    return Estimate(root, float(each.std(ddof=1)) / np.sqrt(len(each)) / (2 * root) if root else 0.0)


def _check(
    worth: Floats, rating: Integers, matrix: Floats, rho: Floats, count: Floats, spread: Floats
) -> None:
    if matrix.ndim == 2 and len(matrix) == matrix.shape[1]:
        check_matrix(matrix, tolerance=1e-6)
    elif matrix.ndim != 2 or (matrix < 0).any() or not (np.abs(matrix.sum(axis=1) - 1) < 1e-6).all():
        raise RiskError(
            expected("rows of probabilities that sum to one", f"shape {matrix.shape}"), field="matrix"
        )
    shape = (len(rating), matrix.shape[1])
    if not len(rating):
        raise RiskError(expected("at least one loan", "none"), field="ratings")
    if worth.shape != shape or not np.isfinite(worth).all():
        raise RiskError(
            expected(f"finite values of {shape[0]} loans in {shape[1]} states", f"shape {worth.shape}"),
            field="values",
        )
    if (rating < 0).any() or (rating >= len(matrix)).any():
        raise RiskError(expected(f"ratings from 0 to {len(matrix) - 1}", "one outside"), field="ratings")
    if not ((rho >= 0) & (rho < 1)).all():
        raise RiskError(expected("a correlation from 0 to below 1", "one outside"), field="correlation")
    for name, array in (("weight", count), ("default_deviation", spread)):
        if array.shape != rating.shape or not np.isfinite(array).all() or (array < 0).any():
            raise RiskError(expected(f"{len(rating)} numbers of at least 0", "something else"), field=name)


def _ends(rows: Floats, loss: Floats, worth: Floats, spread: Floats, face: Floats) -> tuple[Floats, Floats]:
    """Return the largest and the smallest loss of each loan, (N,) each, over the states it may end in.

    Where the worth in default is drawn it lies from 0 to `face`.
    """
    worst, best = loss.copy(), loss.copy()
    drawn = spread > 0
    worst[drawn, -1] += worth[drawn, -1]
    best[drawn, -1] += worth[drawn, -1] - face[drawn]
    able = rows > 0
    return np.where(able, worst, -np.inf).max(axis=1), np.where(able, best, np.inf).min(axis=1)


def _beta_shapes(mean: Floats, spread: Floats, face: Floats | None) -> Floats:
    """Return the two shapes and the upper end of each loan's worth in default, (N, 3)."""
    if not (spread > 0).any():
        return np.ones((len(mean), 3))
    if face is None:
        raise RiskError(
            expected("the most a loan can be worth in default, beside its deviation", "none"), field="face"
        )
    most = np.asarray(face, dtype=np.float64)
    on = spread > 0
    if most.shape != mean.shape or not (most[on] > 0).all():
        raise RiskError(expected(f"{len(mean)} amounts above 0", f"shape {most.shape}"), field="face")
    share, deviation = mean[on] / most[on], spread[on] / most[on]
    if not ((share > 0) & (share < 1) & (deviation**2 < share * (1 - share))).all():
        raise RiskError(
            expected("a worth in default within face, its variance below mean x (face - mean)", "more"),
            field="default_deviation",
        )
    size = share * (1 - share) / deviation**2 - 1
    made = np.ones((len(mean), 3))
    made[on] = np.stack([share * size, (1 - share) * size, most[on]], axis=1)
    return made


def _factor_root(factor: Integers, correlation: Floats | None) -> Floats:
    """Return L with L L' = the factors' correlation, (S, S), symmetric."""
    given = np.eye(1) if correlation is None else np.asarray(correlation, dtype=np.float64)
    size = len(given)
    if given.shape != (size, size) or not np.allclose(given, given.T) or not np.allclose(np.diag(given), 1):
        raise RiskError(
            expected("a symmetric correlation matrix with a diagonal of 1", "another"),
            field="sector_correlation",
        )
    if factor.min() < 0 or factor.max() >= size:
        raise RiskError(expected(f"sectors from 0 to {size - 1}", "one outside"), field="sector")
    level, vector = np.linalg.eigh(given)
    if level.min() < -1e-10:
        raise RiskError(
            expected("a positive semi-definite correlation", f"an eigenvalue of {level.min():.3g}"),
            field="sector_correlation",
        )
    # below zero only by rounding, checked above; symmetric, so that every processor finds the same
    return np.asarray((vector * np.sqrt(np.maximum(level, 0.0))) @ vector.T)


def tail_contributions(
    made: MigrationLosses,
    confidence: float,
    values: Floats,
    rows: Floats,
    correlation: Floats,
    sector: Integers,
    reference: Floats,
) -> tuple[Floats, Floats]:
    """Return what each loan adds to value at risk and to expected shortfall, (N,) each; they sum to them.

    Parameters
    ----------
    made : from `migration_losses` of the same loans. values, rows : (N, K) worth and probability of each
        state. correlation,
        sector, reference : (N,).

    Notes
    -----
    Euler's rule (Tasche 1999): a loan's mean loss on the paths beyond the quantile (about it, for value at
    risk: the `tail.TAIL_PATHS` nearest), given their factors, and of what single names add there its share by
    variance, which is the exact conditional expectation where that residual is normal.
    """
    check.kind(MigrationLosses, made=made)
    check.level(confidence=confidence)
    check.finite(values=values, rows=rows, correlation=correlation, reference=reference)
    check.codes(0, sector=sector)
    check.shaped((None, None), values=values)
    check.shaped(values.shape, rows=rows)
    check.shaped(values.shape[:1], correlation=correlation, sector=sector, reference=reference)
    order = np.argsort(made.losses, kind="stable")
    var, shortfall = made.quantile(confidence).value, made.expected_shortfall(confidence).value
    rank = int(np.searchsorted(made.losses[order], var))
    half = tail.TAIL_PATHS // 2
    chosen = (order[max(rank - half, 0) : rank + half], _beyond(made, order[rank:]))
    weight = np.ones(len(order)) if made.weight is None else made.weight
    loss, cuts = reference[:, None] - values, _cuts(rows)
    found = []
    for near, paths, wanted in zip((True, False), chosen, (var, shortfall), strict=True):
        total = np.zeros(len(rows))
        for path in paths:
            z = made.factors[path, sector]
            below = ndtr(
                (cuts - np.sqrt(correlation)[:, None] * z[:, None]) / np.sqrt(1 - correlation)[:, None]
            )
            share = np.maximum(
                -np.diff(np.concatenate([np.ones((len(rows), 1)), below], axis=1), axis=1), 0.0
            )
            mean = (share * loss).sum(axis=1)
            spread = np.maximum((share * loss**2).sum(axis=1) - mean**2, 0.0)
            part = mean + spread * ((made.losses[path] - mean.sum()) / max(float(spread.sum()), 1e-300))
            total += weight[path] * part if near else part
        found.append(
            total * (wanted / total.sum())
        )  # to the last digit: the paths' own mean is the figure's but for the atom
    return found[0], found[1]


def _beyond(made: MigrationLosses, paths: Integers) -> Integers:
    """Return paths that stand equally for those beyond the quantile; of weighted ones `SHOWN`, evenly."""
    if made.weight is None:
        return paths
    share = np.cumsum(made.weight[paths])
    points = (np.arange(SHOWN) + 0.5) / SHOWN * share[-1]
    return np.asarray(paths[np.minimum(np.searchsorted(share, points), len(paths) - 1)])


def _reference(reference: str | Floats, worth: Floats, rating: Integers, rows: Floats) -> Floats:
    if isinstance(reference, str):
        if reference == "unchanged":
            if rows.shape[1] <= int(rating.max()):
                raise RiskError(
                    expected("amounts or mean where ratings name kinds of loan", reference), field="reference"
                )
            return np.asarray(worth[np.arange(len(rating)), rating])
        if reference == "mean":
            return np.asarray((rows * worth).sum(axis=1))
        raise RiskError(expected("unchanged, mean or amounts", reference), field="reference")
    given = np.asarray(reference, dtype=np.float64)
    if given.shape != rating.shape or not np.isfinite(given).all():
        raise RiskError(expected(f"{len(rating)} finite amounts", f"shape {given.shape}"), field="reference")
    return given


@dataclass(frozen=True)
class _Drawn:
    cuts: Floats
    loss: Floats
    rho: Floats
    factor: Integers
    spread: Floats
    shapes: Floats
    group: Integers


def _classes(
    loans: Integers,
    rating: Integers,
    rows: Floats,
    rho: Floats,
    factor: Integers,
    loss: Floats,
    count: Floats,
    spread: Floats,
) -> list[_Class]:
    if not len(loans):
        return []
    group = _groups(rating[loans], rho[loans], factor[loans])
    made = []
    for place in range(int(group.max()) + 1):
        mine = loans[group == place]
        lead = mine[0]
        own, weight = loss[mine], count[mine][:, None]
        square = (weight * own**2).sum(axis=0)
        square[-1] += (count[mine] * spread[mine] ** 2).sum()
        made.append(
            _Class(
                _cuts(rows[lead][None])[0], rows[lead], float(rho[lead]), int(factor[lead]),
                (weight * own).sum(axis=0), square, (weight * own).T @ own,
            )
        )  # fmt: skip
    return made


def _groups(rating: Integers, rho: Floats, factor: Integers) -> Integers:
    """Return a code 0 .. G - 1 for loans that share rating, correlation and factor."""
    key = np.stack([rating, np.unique(rho, return_inverse=True)[1], factor], axis=1)
    return np.asarray(np.unique(key, axis=0, return_inverse=True)[1].ravel())


def _given(cuts: Floats, rho: float, z: Floats) -> Floats:
    """Return probabilities of the states given the factor z (P,), (P, K)."""
    below = ndtr((cuts[None, :] - np.sqrt(rho) * z[:, None]) / np.sqrt(1 - rho))
    return np.asarray(
        np.maximum(np.concatenate([1 - below[:, :1], below[:, :-1] - below[:, 1:]], axis=1), 0.0)
    )


def _conditional(classes: Sequence[_Class], z: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of the classes' loss given factors z (P, S), (P,) each."""
    mean, variance = np.zeros(len(z)), np.zeros(len(z))
    for one in classes:
        share = _given(one.cuts, one.rho, z[:, one.factor])
        mean += share @ one.total
        variance += share @ one.square - np.einsum("pk,kl,pl->p", share, one.cross, share)
    return mean, np.maximum(variance, 0.0)


def _one_factor_deviation(classes: Sequence[_Class]) -> float:
    node, weight = np.polynomial.hermite_e.hermegauss(NODES)
    mean, variance = _conditional(classes, node[:, None])
    share = weight / weight.sum()
    centre = float(share @ mean)
    return float(np.sqrt(share @ ((mean - centre) ** 2 + variance)))


def _simulated(
    classes: Sequence[_Class],
    ones: _Drawn,
    root: Floats,
    paths: int,
    seed: int,
    given: Floats | None = None,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return losses, the conditional mean and variance of each path, (P,) each, and its factors (P, S)."""
    if paths < 2:
        raise RiskError(expected("at least 2 paths", paths), field="paths")
    parts = []
    for block in range(0, paths, BLOCK):
        draws = random_of(seed, Stream.MIGRATION, place=block)
        size = min(BLOCK, paths - block)
        plain = draws.standard_normal((size, len(root))) if given is None else given[:0]
        z = plain @ root.T if given is None else given[block : block + size]
        mean, variance = _conditional(classes, z)
        loss = mean + np.sqrt(variance) * draws.standard_normal(size)
        for group in np.unique(ones.group):
            mine = np.flatnonzero(ones.group == group)
            share = _given(ones.cuts[mine[0]], float(ones.rho[mine[0]]), z[:, ones.factor[mine[0]]])
            below = np.cumsum(share, axis=1)[:, :-1]
            for place in mine:
                own = ones.loss[place]
                state = (below <= draws.random(size)[:, None]).sum(axis=1)
                loss += own[state]
                if ones.spread[place] > 0:
                    hit, (a, b, most) = state == len(own) - 1, ones.shapes[place]
                    loss[hit] += most * (a / (a + b) - draws.beta(a, b, int(hit.sum())))
                first = share @ own
                mean = mean + first
                variance = variance + share @ own**2 - first**2 + share[:, -1] * ones.spread[place] ** 2
        parts.append((loss, mean, variance, z))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))  # type: ignore[return-value]  # four of them
