"""Least squares within strata, with errors that hold for any spread, and each offer's share in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import ModelError, expected


@dataclass(frozen=True)
class Within:
    """A regression within strata.

    value : (K,) coefficients. influence : (N, K) what each offer adds to them, scaled for what was
    estimated, so that `covariance_of` gives their covariance. residual : (N,), 0 for offers left out.
    standard_error : (K,) as if all had one spread (what bounds of bias are stated in). freedom : degrees of
    freedom. rows : offers that entered.
    """

    value: Floats
    influence: Floats
    residual: Floats
    standard_error: Floats
    freedom: int
    rows: int


def demeaned(values: Floats, stratum: Integers) -> Floats:
    """Return values (N,) or (N, K) less their stratum's mean."""
    number = np.maximum(np.bincount(stratum), 1)
    if values.ndim == 1:
        return np.asarray(values - (np.bincount(stratum, values) / number)[stratum])
    return np.column_stack([demeaned(values[:, place], stratum) for place in range(values.shape[1])])


def independent(columns: Floats) -> Integers:
    """Return the places of columns, (N, K), that no earlier ones make up."""
    kept: list[int] = []
    rest = columns.astype(float).copy()
    size = np.sqrt((rest**2).sum(axis=0))
    for place in range(rest.shape[1]):
        now = rest[:, place]
        norm = float(np.sqrt(now @ now))
        if norm > 1e-7 * max(size[place], 1e-300) and norm > 1e-9:
            kept.append(place)
            unit = now / norm
            rest[:, place + 1 :] -= np.outer(unit, unit @ rest[:, place + 1 :])
    return np.array(kept, dtype=np.int64)


def regress(
    outcome: Floats, columns: Floats, stratum: Integers, cluster: Integers, rows: Flags | None = None
) -> Within:
    """Return the regression of an outcome on columns with a constant for each stratum.

    Parameters
    ----------
    outcome : (N,). columns : (N, K), free of each other. rows : (N,) the offers that enter; None takes all.

    Errors are robust to unequal spread (HC1), or summed by cluster with the usual correction for few
    clusters; both as statsmodels counts them with dummies for the strata, which the tests compare with.

    Raises
    ------
    ModelError : too few offers, or columns that do not vary within strata.
    """
    here = np.flatnonzero(np.ones(len(outcome), dtype=bool) if rows is None else rows)
    groups, place = np.unique(stratum[here], return_inverse=True)
    number, width = len(here), columns.shape[1]
    freedom = number - len(groups) - width
    if freedom < 1:
        raise ModelError(
            expected(f"more than {len(groups) + width} offers to fit on", number), field="offers"
        )
    x, y = demeaned(columns[here], place), demeaned(outcome[here], place)
    if len(independent(x)) < width:
        raise ModelError(expected("columns that vary within strata", "some that do not"), field="within")
    scale = np.sqrt((x**2).sum(axis=0))
    inverse = np.linalg.inv((x / scale).T @ (x / scale)) / np.outer(scale, scale)
    value = inverse @ (x.T @ y)
    residual = y - x @ value
    kinds = len(np.unique(cluster[here]))
    factor = number / freedom
    if kinds < number:
        factor = kinds / (kinds - 1) * (number - 1) / freedom if kinds > 1 else np.nan
    influence, spread = np.zeros((len(outcome), width)), np.zeros(len(outcome))
    influence[here] = np.sqrt(factor) * (x * residual[:, None]) @ inverse
    spread[here] = residual
    plain = np.sqrt(np.diag(inverse) * float(residual @ residual) / freedom)
    return Within(value, influence, spread, plain, freedom, number)


def covariance_of(influence: Floats, cluster: Integers) -> Floats:
    """Return the covariance, (K, K), of estimates from what each offer adds to them, (N, K)."""
    kinds = int(cluster.max()) + 1
    if kinds == len(cluster):
        return np.asarray(influence.T @ influence)
    sums = np.column_stack(
        [np.bincount(cluster, influence[:, place], kinds) for place in range(influence.shape[1])]
    )
    return np.asarray(sums.T @ sums)
