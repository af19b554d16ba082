"""Approvals compared within strata: the odds ratio and ratio of Mantel and Haenszel over bands of risk."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from loantwin.arrays import Array, Floats, Integers
from loantwin.decisions.fairness.figures import Bounded, on_log_scale
from loantwin.decisions.fairness.two_by_two import Four


def bands_of(risk: Floats, many: int) -> Integers:
    """Return the band of each case (N,), from 0, safest first: equal parts by risk, equal risks together."""
    edges = np.unique(np.quantile(risk, np.arange(1, many) / many))
    return np.searchsorted(edges, risk, side="left").astype(np.int64)


def tables_of(approved: Array, of_group: Array, band: Integers) -> tuple[Four, ...]:
    """Return the tables of the bands that hold cases of both sides.

    Parameters
    ----------
    approved, of_group : (N,) bool, `of_group` False of the reference's cases. band : (N,).
    """
    made = []
    for number in np.unique(band):
        here = band == number
        one, other = here & of_group, here & ~of_group
        if one.any() and other.any():
            made.append(
                Four(int(approved[one].sum()), int(one.sum()), int(approved[other].sum()), int(other.sum()))
            )
    return tuple(made)


def pooled_odds_ratio(tables: Sequence[Four]) -> Bounded:
    """Return the odds ratio common to strata; the variance is Robins, Breslow and Greenland's (1986).

    Null where no stratum can tell: no case, or all decided alike.
    """
    a, b, c, d = _cells(tables)
    n = a + b + c + d
    r, s = a * d / n, b * c / n
    if r.sum() == 0 or s.sum() == 0:
        return Bounded(None, None, None)
    p, q = (a + d) / n, (b + c) / n
    spread = (
        (p * r).sum() / (2 * r.sum() ** 2)
        + (p * s + q * r).sum() / (2 * r.sum() * s.sum())
        + (q * s).sum() / (2 * s.sum() ** 2)
    )
    return on_log_scale(float(r.sum() / s.sum()), math.sqrt(spread))


def pooled_ratio(tables: Sequence[Four]) -> Bounded:
    """Return the ratio of approval common to strata; the variance is Greenland and Robins's (1985)."""
    a, b, c, d = _cells(tables)
    n1, n0 = a + b, c + d
    n = n1 + n0
    over, under = a * n0 / n, c * n1 / n
    if over.sum() == 0 or under.sum() == 0:
        return Bounded(None, None, None)
    spread = ((n1 * n0 * (a + c) - a * c * n) / n**2).sum() / (over.sum() * under.sum())
    return on_log_scale(float(over.sum() / under.sum()), math.sqrt(max(float(spread), 0.0)))


def _cells(tables: Sequence[Four]) -> tuple[Floats, Floats, Floats, Floats]:
    made = np.array(
        [(t.approved, t.cases - t.approved, t.others, t.other_cases - t.others) for t in tables], dtype=float
    ).reshape(-1, 4)
    return made[:, 0], made[:, 1], made[:, 2], made[:, 3]
