"""Most prudent default probabilities of grades with few defaults or none (Pluto and Tasche 2005)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv, ndtr, ndtri

from loantwin import arguments as check
from loantwin.arrays import Codes, Floats, Integers
from loantwin.errors import RiskError, expected

FEW = 20
"""Defaults from which a grade tells its own PD, so that no bound is put under it (assumed)."""
NODES = 64
"""Points of the integral over the common factor."""


@dataclass(frozen=True)
class LowDefault:
    """Least PD by grade, best first: debtors at the start of the year, those that defaulted, PD; decimals.

    confidence : of the upper bound. source : the paper. used : loans whose PD it raises.
    """

    confidence: float
    grades: tuple[str, ...]
    debtors: tuple[int, ...]
    defaults: tuple[int, ...]
    pd: tuple[float, ...]
    used: int
    source: str = (
        "Pluto and Tasche (2005), Estimating probabilities of default for low default portfolios; "
        "independent defaults, one year"
    )


def most_prudent_pd(
    debtors: ArrayLike, defaults: ArrayLike, confidence: float, *, correlation: float = 0.0
) -> Floats:
    """Return the most prudent PD of each grade, (G,), decimal a year.

    A grade's PD is the greatest that its own defaults and those of all worse grades do not refute at the
    confidence, as if all of them had the grade's own PD: the root p of P(defaults <= d | n, p) = 1 -
    confidence, n and d summed over the grade and those worse. It rises from the best grade to the worst only
    as far as the counts let it: a running maximum keeps the order of the grades.

    For capital, never for an allowance: it is an upper bound, not an expectation.

    Parameters
    ----------
    debtors, defaults : (G,) numbers at the start of the year and of those that defaulted within it, the best
        grade first.
    confidence : above 0 and below 1. correlation : of the debtors' assets, one common factor; 0 for none.

    Raises
    ------
    RiskError : more defaults than debtors, or a grade without debtors.

    Source: Pluto and Tasche (2005), sections 2 to 4 (assumed, not read; its tables are met).
    """
    living, bad = check.whole(debtors, "debtors"), check.whole(defaults, "defaults")
    check.codes(0, debtors=living, defaults=bad)
    check.level(confidence=confidence)
    check.number(0, 0.999, correlation=correlation)
    check.shaped((None,), debtors=living)
    check.shaped(living.shape, defaults=bad)
    if (bad > living).any() or (living == 0).any():
        raise RiskError(
            expected("grades with debtors, and no more defaults than those", "another"), field="debtors"
        )
    pooled, lost = np.cumsum(living[::-1])[::-1], np.cumsum(bad[::-1])[::-1]
    made = np.array(
        [_bound(int(n), int(d), confidence, correlation) for n, d in zip(pooled, lost, strict=True)]
    )
    return np.asarray(np.maximum.accumulate(made))


def _bound(debtors: int, defaults: int, confidence: float, correlation: float) -> float:
    if defaults >= debtors:
        return 1.0
    # P(D <= d) = 1 - I_p(d + 1, n - d), the incomplete beta function
    if correlation == 0.0:
        return float(betaincinv(defaults + 1, debtors - defaults, confidence))
    point, weight = np.polynomial.hermite_e.hermegauss(NODES)
    weight = weight / weight.sum()

    def missing(p: float) -> float:
        given = ndtr((ndtri(p) - np.sqrt(correlation) * point) / np.sqrt(1.0 - correlation))
        return float(weight @ betainc(defaults + 1, debtors - defaults, given)) - confidence

    return float(brentq(missing, 1e-12, 1.0 - 1e-12, xtol=1e-14))


def raised(pd: Floats, grade: Codes | Integers, least: Floats) -> Floats:
    """Return PDs raised to the least of their grade, (N,); a grade of -1 has none.

    pd : (N,) decimal. grade : (N,) index in `least`. least : (G,) decimal.
    """
    check.within(0, 1, pd=pd, least=least)
    check.codes(-1, len(least) - 1, grade=grade)
    check.shaped(pd.shape, grade=grade)
    return np.where(grade >= 0, np.maximum(pd, np.asarray(least)[np.maximum(grade, 0)]), pd)


def counted(
    grades: Mapping[str, tuple[int, int]],
) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    """Return names, debtors and defaults of grades with debtors, in the order of their names."""
    check.kind(Mapping, grades=grades)
    kept = sorted(name for name, (debtors, _) in grades.items() if debtors > 0)
    return tuple(kept), tuple(grades[name][0] for name in kept), tuple(grades[name][1] for name in kept)
