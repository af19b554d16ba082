"""Scores judged part by part, by the values of a column; periods.py does so by the time of the case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import expit

from loantwin.arrays import Array, Flags, Floats, Integers
from loantwin.models.scoring import measures
from loantwin.models.scoring.table import Table
from loantwin.models.scoring.trial import Trial

LEAST_CLASS = 10
"""Rows of either class below which a part's figures are not shown (assumed)."""
LEAST_ROWS = 50
"""Rows below which they are not (assumed)."""
MOST_VALUES = 10
"""Texts of a column, the most frequent, that are a part each; numbers of more values are cut at quartiles."""


@dataclass(frozen=True)
class PartJudged:
    """How good a score is in one part of the rows it had not seen.

    rows, bads : of the part. shown : whether they are enough; figures are null where not. auc, ks, brier :
    with 95 % intervals (DeLong; cases drawn again). predicted : mean probability of bad. observed : share of
    bads, with Wilson's interval. psi : of a period, how far the score moved from the training rows;
    psi_by_chance : what rows that did not move pass in 5 of 100 cases; null of segments.
    """

    model: str
    column: str
    part: str
    rows: int
    bads: int
    shown: bool
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    ks: float | None = None
    ks_low: float | None = None
    ks_high: float | None = None
    brier: float | None = None
    brier_low: float | None = None
    brier_high: float | None = None
    predicted: float | None = None
    observed: float | None = None
    observed_low: float | None = None
    observed_high: float | None = None
    psi: float | None = None
    psi_by_chance: float | None = None


def by_segment(trial: Trial, table: Table, columns: Sequence[str], seed: int) -> tuple[PartJudged, ...]:
    """Return every model's figures in each part of some columns, which need not be features.

    table : the sample's. Texts have a part each (the ten most frequent), numbers of few values likewise,
    others are cut at quartiles, dates by year; rows without a value are a part.
    """
    made = []
    for column in columns:
        labels, order = _labels(table, column, trial.rows)
        for model, scores in trial.log_odds.items():
            made += [
                judge_part(model, column, part, trial.bad, scores, labels == part, seed) for part in order
            ]
    return tuple(made)


MISSING, OTHER = "missing", "other"


def _labels(table: Table, column: str, rows: Integers) -> tuple[Array, list[str]]:
    """Return the part of each judged row, and the parts that are there in order."""
    if column in table.numbers:
        labels, order = _of_numbers(table.numbers[column][rows])
    elif column in table.dates:
        days = table.dates[column][rows]
        labels = np.where(np.isnat(days), MISSING, days.astype("datetime64[Y]").astype(str)).astype(object)
        order = sorted(set(labels) - {MISSING})
    else:
        texts = table.texts[column][rows]
        labels = np.where(texts == None, MISSING, texts)  # noqa: E711  # by element
        counts = Counter(labels[labels != MISSING].tolist())
        order = sorted(name for name, _ in sorted(counts.items(), key=_most_first)[:MOST_VALUES])
        labels[~np.isin(labels, [*order, MISSING])] = OTHER
    there = set(labels)
    return labels, [part for part in dict.fromkeys((*order, OTHER, MISSING)) if part in there]


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _of_numbers(values: Floats) -> tuple[Array, list[str]]:
    known = values[~np.isnan(values)]
    single = np.unique(known)
    if len(single) > MOST_VALUES:
        edges = np.unique(np.quantile(known, (0.25, 0.5, 0.75)))
        ends = [f"{edge:g}" for edge in edges]
        middle = [f"{low} to below {high}" for low, high in pairwise(ends)]
        order = [f"below {ends[0]}", *middle, f"{ends[-1]} and above"]
        place = np.searchsorted(edges, known, side="right")
    else:
        order, place = [f"{value:g}" for value in single], np.searchsorted(single, known)
    labels = np.full(len(values), MISSING, dtype=object)
    labels[~np.isnan(values)] = np.array([*order, ""], dtype=object)[place]
    return labels, order


def judge_part(
    model: str, column: str, part: str, bad: Flags, scores: Floats, rows: Flags, seed: int
) -> PartJudged:
    """Return a model's figures in some rows; scores : (R, M), a row for each repeat. rows : (M,) which."""
    count, bads = int(rows.sum()), int(bad[rows].sum())
    if count < LEAST_ROWS or min(bads, count - bads) < LEAST_CLASS:
        return PartJudged(model, column, part, count, bads, False)
    here, ends = scores[:, rows], bad[rows]
    pd = expit(here)
    area = float(np.mean([measures.auc(ends, row) for row in here]))
    low, high = measures.auc_interval(
        area, float(np.mean([measures.auc_variance(ends, row) for row in here]))
    )
    losses = ((pd - ends) ** 2).mean(axis=0)
    ks = measures.ks_interval(ends, here[0], seed)
    brier = measures.mean_interval(losses, seed)
    share = measures.share_interval(bads, count)
    return PartJudged(
        model, column, part, count, bads, True,
        auc=area, auc_low=low, auc_high=high,
        ks=float(np.mean([measures.kolmogorov_smirnov(ends, row) for row in here])),
        ks_low=ks[0], ks_high=ks[1],
        brier=float(losses.mean()), brier_low=brier[0], brier_high=brier[1],
        predicted=float(pd.mean()), observed=bads / count, observed_low=share[0], observed_high=share[1],
    )  # fmt: skip
