"""A copula's factor model: sector factors, their correlation, asset correlations, tail, loss in default.

Obligor i of sector s defaults where its asset return lies beyond the threshold that its PD gives:

    Gaussian:  sqrt(rho_s) Y_s + sqrt(1 - rho_s) e_i  >  -Phi^-1(pd_i)
    t:         the same sum divided by U              >  -T_nu^-1(pd_i) ,     U^2 = chi-squared(nu) / nu,
    common to all

with Y normal of mean 0 and the given correlation, so that a high factor is a bad year. Given Y and U defaults
are independent with probability Phi((c_i U + sqrt(rho_s) Y_s) / sqrt(1 - rho_s)), c_i the quantile of pd_i.

Sources: Vasicek (2002); Gordy (2003); Frey, McNeil, Nyfeler, "Copulas and credit models" (2001); Frye,
Jacobs, "Credit loss and systematic loss given default" (2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.errors import RiskError, expected

LGD_MODELS = ("constant", "frye-jacobs")
LEAST_EIGENVALUE = -1e-9
"""An eigenvalue above this, and below 0, is rounding."""


@dataclass(frozen=True)
class FactorModel:
    """See the module. sectors : (S,). correlation : (S, S) of factors. asset_correlation : (S,) in [0, 1).

    degrees_of_freedom : of the t copula, None for the Gaussian. lgd_model : `constant`, or `frye-jacobs`,
        where loss given default rises with the default rate. lgd_spread : variance of one loan's severity
        around its mean m, as a share of m (1 - m). notes : what was repaired.
    """

    sectors: tuple[str, ...]
    correlation: Floats
    asset_correlation: Floats
    degrees_of_freedom: float | None = None
    lgd_model: str = "constant"
    lgd_spread: float = 0.0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check.finite(correlation=self.correlation, asset_correlation=self.asset_correlation)

    @cached_property
    def root(self) -> Floats:
        """Return A (S, K) with A A' = correlation: Y = A z for K independent normals z."""
        values, vectors = np.linalg.eigh(self.correlation)
        kept = values > 1e-12
        made = vectors[:, kept] * np.sqrt(values[kept])
        made = made[:, ::-1]
        # by the first entry that is not rounding: a sum may be zero, and its sign the processor's
        first = np.argmax(np.abs(made) > 1e-6, axis=0)
        return np.ascontiguousarray(made * np.where(made[first, np.arange(made.shape[1])] < 0, -1.0, 1.0))

    def threshold(self, pd: Floats) -> Floats:
        """Return c of each PD: the asset return's quantile; minus infinity for 0, infinity for 1."""
        if self.degrees_of_freedom is None:
            return np.asarray(special.ndtri(pd))
        return np.asarray(
            np.where(
                pd <= 0, -np.inf, np.where(pd >= 1, np.inf, special.stdtrit(self.degrees_of_freedom, pd))
            )
        )


def factor_model(
    asset_correlation: ArrayLike,
    correlation: ArrayLike | None = None,
    *,
    sectors: Sequence[str] | None = None,
    degrees_of_freedom: float | None = None,
    lgd_model: str = "constant",
    lgd_spread: float = 0.0,
    repair: bool = False,
) -> FactorModel:
    """Return a checked factor model.

    Parameters
    ----------
    asset_correlation : rho, one number or one a sector, in [0, 1).
    correlation : (S, S) of sector factors; None: one factor for all. A number: the same between every two
        sectors.
    sectors : names; None numbers them.
    degrees_of_freedom : above 2, None for the Gaussian copula.
    repair : take the nearest correlation matrix where the given one is not positive semi-definite; said in
        `notes`.

    Raises
    ------
    RiskError : naming the field.
    """
    check.words(**check.given(sectors=sectors))
    check.number(**check.given(degrees_of_freedom=degrees_of_freedom))
    check.word(lgd_model=lgd_model)
    check.number(0, 1, lgd_spread=lgd_spread)
    check.flag(repair=repair)
    rho = np.atleast_1d(check.numbers(asset_correlation, "asset_correlation"))
    matrix = None if correlation is None else check.numbers(correlation, "correlation")
    check.shaped((None,), asset_correlation=rho)
    check.finite(asset_correlation=rho, **check.given(correlation=matrix))
    size = 1 if matrix is None else len(np.atleast_1d(matrix))
    count = len(sectors) if sectors is not None else max(len(rho), size)
    names = tuple(map(str, sectors)) if sectors is not None else tuple(map(str, range(count)))
    rho = np.full(count, rho[0]) if len(rho) == 1 else rho
    if rho.shape != (count,) or not ((rho >= 0) & (rho < 1)).all():
        raise RiskError(
            expected(f"{count} correlations from 0 to below 1", rho.tolist()), field="asset_correlation"
        )
    if degrees_of_freedom is not None and not 2 < degrees_of_freedom < 1e6:
        raise RiskError(
            expected("more than 2 degrees of freedom", degrees_of_freedom), field="degrees_of_freedom"
        )
    if lgd_model not in LGD_MODELS:
        raise RiskError(expected("one of " + ", ".join(LGD_MODELS), lgd_model), field="lgd_model")
    if not 0 <= lgd_spread <= 1:
        raise RiskError(expected("a share from 0 to 1", lgd_spread), field="lgd_spread")
    made, notes = _correlation(matrix, count, repair)
    return FactorModel(names, made, rho, degrees_of_freedom, lgd_model, float(lgd_spread), notes)


def _correlation(matrix: Floats | None, count: int, repair: bool) -> tuple[Floats, tuple[str, ...]]:
    if matrix is None:
        return np.ones((count, count)), ()
    if matrix.ndim == 0:
        matrix = np.where(np.eye(count, dtype=bool), 1.0, matrix)
    return checked_correlation(matrix, count, repair=repair)


def checked_correlation(
    matrix: Floats, count: int, *, repair: bool = False
) -> tuple[Floats, tuple[str, ...]]:
    """Return a correlation matrix that is positive semi-definite, and what was done to it.

    Raises
    ------
    RiskError : another shape, NaN, not symmetric, a diagonal other than 1, an entry beyond 1; or a negative
        eigenvalue without `repair`.
    """
    check.finite(matrix=matrix)
    check.count(1, count=count)
    check.flag(repair=repair)
    if matrix.shape != (count, count) or not np.isfinite(matrix).all():
        raise RiskError(
            expected(f"finite numbers of shape ({count}, {count})", matrix.shape), field="correlation"
        )
    if np.abs(matrix - matrix.T).max() > 1e-9:
        raise RiskError(
            expected("a symmetric matrix", f"a difference of {np.abs(matrix - matrix.T).max():.3g}"),
            field="correlation",
        )
    if np.abs(np.diag(matrix) - 1).max() > 1e-9:
        raise RiskError(
            expected("ones on the diagonal", float(np.diag(matrix)[np.abs(np.diag(matrix) - 1).argmax()])),
            field="correlation",
        )
    if np.abs(matrix).max() > 1 + 1e-9:
        raise RiskError(
            expected("correlations from -1 to 1", float(matrix.flat[np.abs(matrix).argmax()])),
            field="correlation",
        )
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least >= LEAST_EIGENVALUE:
        return (matrix + matrix.T) / 2, ()
    if not repair:
        words = f"a least eigenvalue of {least:.4g}; ask for the nearest correlation matrix with repair"
        raise RiskError(expected("a positive semi-definite matrix", words), field="correlation")
    nearest = nearest_correlation(matrix)
    moved = float(np.abs(nearest - matrix).max())
    return nearest, (
        f"correlation was not positive semi-definite (least eigenvalue {least:.4g}): nearest one taken, "
        f"moved by up to {moved:.4g}",
    )


def nearest_correlation(matrix: Floats, tolerance: float = 1e-10, most: int = 2_000) -> Floats:
    """Return the correlation matrix nearest in the Frobenius norm (Higham 2002, alternating projections).

    Raises
    ------
    RiskError : none within `tolerance` after `most` steps.
    """
    check.finite(matrix=matrix)
    check.number(0, tolerance=tolerance)
    check.count(1, most=most)
    check.square(matrix=matrix)
    held = (matrix + matrix.T) / 2
    correction = np.zeros_like(held)
    for _ in range(most):
        wanted = held - correction
        values, vectors = np.linalg.eigh(wanted)
        positive = (vectors * np.maximum(values, 0.0)) @ vectors.T
        correction = positive - wanted
        before, held = held, positive.copy()
        np.fill_diagonal(held, 1.0)
        if np.abs(held - before).max() < tolerance:
            break
    else:
        raise RiskError(
            expected(f"a nearest correlation matrix within {most} steps", "none"), field="correlation"
        )
    values, vectors = np.linalg.eigh(held)
    made = (vectors * np.maximum(values, 0.0)) @ vectors.T
    scale = 1 / np.sqrt(np.diag(made))
    made = made * scale[:, None] * scale[None, :]
    np.fill_diagonal(made, 1.0)
    return np.asarray((made + made.T) / 2)


@dataclass(frozen=True)
class Obligors:
    """N loans for the copula, (N,) each: exposure currency >= 0; pd, lgd decimals in [0, 1]; sector an index.

    segment : (N,) index of the group that results are shown by, 0 to the number of segments - 1.
    """

    exposure: Floats
    pd: Floats
    lgd: Floats
    sector: Integers
    segment: Integers
    segments: tuple[str, ...]

    def __post_init__(self) -> None:
        check.money(exposure=self.exposure)
        check.within(0, 1, pd=self.pd, lgd=self.lgd)


def obligors(
    model: FactorModel,
    exposure: ArrayLike,
    pd: ArrayLike,
    lgd: ArrayLike = 1.0,
    sector: ArrayLike = 0,
    segment: ArrayLike | None = None,
    segments: Sequence[str] | None = None,
) -> Obligors:
    """Return checked obligors; a number is repeated. `segment` None shows results by sector.

    Raises
    ------
    RiskError : a length, NaN or value out of range, naming field and row; a sector or segment without a loan.
    """
    check.kind(FactorModel, model=model)
    check.words(**check.given(segments=segments))
    amounts = _column(exposure, "exposure", check.LARGEST_AMOUNT, None)
    count = len(amounts)
    rate, severity = _column(pd, "pd", 1.0, count), _column(lgd, "lgd", 1.0, count)
    place = _codes(sector, "sector", model.sectors, count)
    if segment is None:
        return Obligors(amounts, rate, severity, place, place, model.sectors)
    if segments is None:
        given = check.whole(segment, "segment")
        segments = [str(number) for number in range(int(given.max(initial=0)) + 1)]
    labels = tuple(segments)
    return Obligors(amounts, rate, severity, place, _codes(segment, "segment", labels, count), labels)


def _column(values: ArrayLike, name: str, high: float, count: int | None) -> Floats:
    found = check.numbers(values, name)
    if found.ndim == 0 and count is not None:
        found = np.full(count, found)
    if found.ndim != 1 or not found.size or (count is not None and len(found) != count):
        raise RiskError(
            expected("a column of " + (f"{count} numbers" if count else "at least 1 number"), found.shape),
            field=name,
        )
    low, top = found.min(), found.max()
    if not (low >= 0 and top <= high and np.isfinite(top)):  # NaN makes both NaN
        row = int(np.flatnonzero(~((found >= 0) & (found <= high) & np.isfinite(found)))[0])
        limits = f"a number from 0 to {high:g}" if np.isfinite(high) else "a finite number of at least 0"
        raise RiskError(expected(limits, found[row]), row=row + 1, field=name)
    return np.ascontiguousarray(found)


def _codes(values: ArrayLike, name: str, labels: Sequence[str], count: int) -> Integers:
    found = check.array(values, name)
    if found.dtype.kind not in "iu":
        raise RiskError(expected("whole numbers", found.dtype), field=name)
    found = np.full(count, found) if found.ndim == 0 else found
    if found.shape != (count,) or found.min() < 0 or found.max() >= len(labels):
        raise RiskError(expected(f"{count} numbers from 0 to {len(labels) - 1}", found.shape), field=name)
    held = np.bincount(found, minlength=len(labels))
    if (held == 0).any():
        raise RiskError(
            expected("at least one loan", f"none in {name} {labels[int(np.argmin(held))]}"), field=name
        )
    return np.ascontiguousarray(found, dtype=np.int64)
