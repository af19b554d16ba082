"""A score held to the twin's definition of default: a year from origination, by band of the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.models.counts import Counts, sums
from loantwin.models.diagnostics import Z90, expected_events, interval
from loantwin.models.regression import fit_logistic, flat_prior
from loantwin.models.scored import ScoreBands, score_in
from loantwin.models.transitions import Context, EdgeFit, LevelFit

YEAR = 12
FEWEST = 5.0
"""Effective defaults below which no slope is told."""


def score_calibration(
    context: Context,
    edges: Sequence[EdgeFit],
    levels: Mapping[str, LevelFit],
    score: ScoreBands,
    default: str,
) -> dict[str, Any]:
    """Return observed defaults within 12 months of origination beside the twin's and the score's own.

    Of loans whose whole first year the history shows. `bands`, the best first: `loans` (weighted), the
    `observed` share that entered default with its 90 % interval (Wilson, of effective numbers), what the
    `twin` expects of the same loans in the months in which they were at risk (in sample: of the cases it
    was fitted on), and the `score`'s own mean probability of bad, of its own definition and horizon.
    `slopes` of a logistic regression of the observed shares on the log-odds of each: 1 is calibrated.
    default : the state that counts as default.
    """
    size = len(score.values)
    observed, twin = np.zeros(size), np.zeros(size)
    for edge in edges:
        if edge.target != default or edge.assumed:
            continue
        cells, expected, _ = expected_events(context, edge, levels)
        band = _band_of_group(context)[cells.segment]
        own = (band >= 0) & _first_year(context.counts, cells.age, cells.month)
        observed += sums(band[own], cells.events[own], size)
        twin += sums(band[own], expected[own], size)
    loans = _loans(context, size)
    effective = context.counts.effective
    bands = [
        {
            "band": band + 1,
            "loans": float(loans[band]),
            "defaults": float(observed[band]),
            **_share(observed[band], loans[band], effective),
            "twin": float(twin[band] / loans[band]) if loans[band] > 0 else None,
            "score": score.pd[band],
        }
        for band in range(size)
    ]
    told = {
        "twin": _slope(loans, observed, twin / np.maximum(loans, 1e-12), effective),
        "score": _slope(loans, observed, np.array(score.pd), effective),
    }
    return {"name": score.name, "registry_id": score.registry_id, "bands": bands, "slopes": told}


def _band_of_group(context: Context) -> Integers:
    """Return the band of the score of each group of the counts, (C,); -1 where it has none."""
    groups = context.segments.groups
    own = np.array([score_in(label) for label in context.counts.segments], dtype=np.int64)
    made = np.full(int(groups.max()) + 1, -1, dtype=np.int64)
    there = groups >= 0
    made[groups[there]] = np.broadcast_to(own[:, None], groups.shape)[there]
    return made


def _first_year(counts: Counts, age: Integers, month: Integers) -> Any:
    """Return the cells of a loan's first year, where history shows all of it, (C,) bool."""
    start = month - age
    return (age <= YEAR) & (start + YEAR <= counts.last) & (start >= counts.first - 1)


def _loans(context: Context, size: int) -> Floats:
    """Return how many loans of each band history shows through their first year, (K,): at risk at most."""
    counts = context.counts
    segment, age, month = (
        counts.cells[name].to_numpy().astype(np.int64) for name in ("segment", "age", "month")
    )
    band = np.array([score_in(label) for label in counts.segments], dtype=np.int64)[segment]
    own = (band >= 0) & _first_year(counts, age, month)
    at_risk = counts.cells["at_risk"].to_numpy()[own]
    table = sums(band[own] * (YEAR + 1) + age[own], at_risk, size * (YEAR + 1)).reshape(size, YEAR + 1)
    return np.asarray(table.max(axis=1))


def _share(events: float, loans: float, effective: float) -> dict[str, float | None]:
    """Return the observed share and its Wilson interval at 90 %, of effective numbers; None without loans."""
    number = loans * effective
    if number <= 0:
        return {"observed": None, "low": None, "high": None}
    share = events / loans
    wide = 1.0 + Z90**2 / number
    centre = share + Z90**2 / (2.0 * number)
    spread = Z90 * np.sqrt(max(share * (1.0 - share), 0.0) / number + Z90**2 / (4.0 * number**2))
    return {
        "observed": float(share),
        "low": float(max(centre - spread, 0.0) / wide),
        "high": float(min((centre + spread) / wide, 1.0)),
    }


def _slope(loans: Floats, events: Floats, share: Floats, effective: float) -> dict[str, float] | None:
    """Return the slope of observed shares on the log-odds of `share` (K,); None where too little tells it."""
    told = (loans > 0) & (share > 0) & (share < 1) & (events <= loans)
    if told.sum() < 2 or events[told].sum() * effective < FEWEST:
        return None
    log_odds = np.log(share[told] / (1.0 - share[told]))
    if np.ptp(log_odds) < 1e-9:
        return None
    design = np.column_stack([np.ones(int(told.sum())), log_odds])
    fit = fit_logistic(design, loans[told] * effective, events[told] * effective, flat_prior(2))
    return interval(float(fit.coefficients[1]), float(np.sqrt(fit.covariance[1, 1])))
