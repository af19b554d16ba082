"""Curves of a score on rows it had not seen: who is found among how many (ROC), and where scores lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats

STEPS = 40
"""Parts of the ROC's axis."""
CLASSES = 24
"""Classes of the distribution, of equal width in log-odds."""
TAILS = (0.005, 0.995)
"""Quantiles at which the first and last class end; what lies beyond is in them."""


@dataclass(frozen=True)
class ScoreCurves:
    """The curves of one model.

    goods, bads : (41,) share of the bads at or above each cut beside that of the goods, from 0 to 1; where
    the curve stands upright its upper end. edges : (25,) log-odds of bad. good_shares, bad_shares : (24,)
    share of each class's cases, of goods and of bads.
    """

    goods: tuple[float, ...]
    bads: tuple[float, ...]
    edges: tuple[float, ...]
    good_shares: tuple[float, ...]
    bad_shares: tuple[float, ...]


def curves_of(bad: Flags, log_odds: Floats) -> ScoreCurves:
    """Return the curves of log-odds (N,); ties are joined by a straight line, as the area counts them."""
    values, place = np.unique(-log_odds, return_inverse=True)
    count = len(values)
    hits, misses = (np.bincount(place, weights=part, minlength=count) for part in (bad, ~bad))
    found = np.concatenate([[0.0], np.cumsum(hits) / bad.sum()])
    wrong = np.concatenate([[0.0], np.cumsum(misses) / (~bad).sum()])
    grid = np.linspace(0, 1, STEPS + 1)
    low, high = np.quantile(log_odds, TAILS)
    edges = np.linspace(low, high if high > low else low + 1.0, CLASSES + 1)
    inside = np.clip(log_odds, edges[0], edges[-1])
    goods, bads = (np.histogram(inside[part], edges)[0] / part.sum() for part in (~bad, bad))
    return ScoreCurves(
        tuple(grid.tolist()),
        tuple(np.interp(grid, wrong, found).tolist()),
        tuple(edges.tolist()),
        tuple(goods.tolist()),
        tuple(bads.tolist()),
    )
