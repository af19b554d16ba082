"""A score as a loan-level term of the transition model: its log-odds, centred, with a coefficient an edge.

A loan's log-odds are the loan's own, fixed at origination. The engine reads labels, so that loans stand in
bands of the log-odds, and a band reads their mean in it: what varies within a band is not told apart. One
coefficient an edge then moves all bands: on the edge into default 1 says that odds rise as the score says,
below 1 that it tells less, 0 nothing beyond segment, size, age and vintage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit

from loantwin.arrays import Floats, Integers
from loantwin.book.schema import SCORE_COLUMN
from loantwin.engine.rows import SCORE, VINTAGE
from loantwin.errors import ModelError, expected
from loantwin.models.sizes import SizeBands, sized_labels

MOST_BANDS = 10
"""Bands at most: of a normal score ten equally filled ones keep 96 % of the variance."""
COEFFICIENT_SPREAD = 1.0
"""Prior deviation of the coefficient about 0: a score tells nothing until the lender's own loans show it."""
LEAST_KNOWN = 0.5
"""Share of the known loans that must have a score."""


@dataclass(frozen=True)
class ScoreBands:
    """Bands of a score's log-odds, K of them, numbered from 1 in labels; a loan without a score is in none.

    breaks : (K - 1,) rising, log-odds; a band holds its upper end. values : (K,) mean log-odds of the known
    loans in each. centre : mean of all of them. pd : (K,) mean probability of bad of those in each. name :
    the score's, registry_id : hash of data, settings and models that it was trained with. facts : what is
    known of its training.
    """

    breaks: tuple[float, ...]
    values: tuple[float, ...]
    centre: float
    pd: tuple[float, ...] = ()
    name: str = ""
    registry_id: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """Return the odds of bad that each band holds, as shares."""
        ends = [f"{expit(end):.2%}" for end in self.breaks]
        between = [f"{low} to {high}" for low, high in pairwise(ends)]
        return (f"up to {ends[0]}", *between, f"above {ends[-1]}")

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> ScoreBands:
        """Return the bands a model file holds."""
        lists = {name: tuple(stored[name]) for name in ("breaks", "values", "pd")}
        return cls(
            **lists, centre=float(stored["centre"]), name=str(stored["name"]),
            registry_id=str(stored["registry_id"]), facts=dict(stored["facts"]),
        )  # fmt: skip


@dataclass(frozen=True)
class ScoreDesign:
    """What a score adds to the columns of segments: M = 1 column, or 0 without a score.

    values : (G, M) of the counts' segments. mean : (known, M) of the segments. by_band : (K, M). precision :
    (M, M) of the prior of the coefficient.
    """

    values: Floats
    mean: Floats
    by_band: Floats
    precision: Floats

    def labelled(self, labels: Sequence[str], rows: Floats, column: int) -> tuple[tuple[str, ...], Floats]:
        """Return each label with each band, and its columns; `column` is the score's place in `rows`."""
        bands = len(self.by_band)
        made = np.repeat(rows, bands, axis=0)
        if bands:
            made[:, column] = np.tile(self.by_band[:, 0], len(labels))
        return tuple(f"{label}{SCORE}{band + 1}" for label in labels for band in range(bands)), made


def score_bands(loans: pl.DataFrame, source: ScoreBands, most: int = MOST_BANDS) -> ScoreBands:
    """Return bands at the quantiles of the log-odds of the known loans; fewer where many have one score.

    loans : (N,) rows of the loan table as known. source : names the score; its bands are not read.

    Raises
    ------
    ModelError : fewer than half of the loans have a score, or all the same one.
    """
    found = log_odds_of(loans)
    there = found[np.isfinite(found)]
    if len(there) < LEAST_KNOWN * max(loans.height, 1):
        raise ModelError(
            expected(f"a score of {LEAST_KNOWN:.0%} of the loans", f"one of {len(there)} of {loans.height}"),
            field="score",
        )
    ends = np.quantile(there, np.arange(1, most) / most, method="inverted_cdf")
    breaks = np.unique(ends[ends < there.max()])
    if not len(breaks):
        raise ModelError(expected("scores that differ", "one score of all loans"), field="score")
    place = np.searchsorted(breaks, there, side="left")
    number = np.bincount(place)
    values, pd = np.bincount(place, there) / number, np.bincount(place, expit(there)) / number
    return ScoreBands(
        tuple(map(float, breaks)), tuple(map(float, values)), float(there.mean()), tuple(map(float, pd)),
        source.name, source.registry_id, dict(source.facts),
    )  # fmt: skip


def log_odds_of(loans: pl.DataFrame) -> Floats:
    """Return each loan's log-odds of bad by the score, (N,), NaN where it has none."""
    if SCORE_COLUMN not in loans.columns:
        return np.full(loans.height, np.nan)
    return np.asarray(loans[SCORE_COLUMN].cast(pl.Float64).fill_null(np.nan).to_numpy(), dtype=np.float64)


def band_of_score(log_odds: Floats, bands: ScoreBands) -> Integers:
    """Return each loan's band, 0 to K - 1, (N,); -1 where there is no score."""
    place = np.searchsorted(np.asarray(bands.breaks), log_odds, side="left").astype(np.int64)
    return np.where(np.isfinite(log_odds), place, -1)


def full_labels(
    labels: pl.Series, loans: pl.DataFrame, sizes: SizeBands | None, score: ScoreBands | None
) -> pl.Series:
    """Return segment labels with the loan's bands of size and score, (N,): "X|size band 2|score band 5"."""
    sized = sized_labels(labels, loans, sizes)
    if score is None:
        return sized
    frame = pl.DataFrame({"label": sized, "band": pl.Series(band_of_score(log_odds_of(loans), score))})
    scored = pl.concat_str("label", pl.lit(SCORE), (pl.col("band") + 1).cast(pl.String))
    return frame.select(
        pl.when(pl.col("band") >= 0).then(scored).otherwise("label").alias("label")
    ).to_series()


def score_words(score: ScoreBands) -> str:
    """Return in words how a score counts."""
    return (
        f"the score {score.name} at origination counts in every edge, by its log-odds in {len(score.values)} "
        f"bands of the probability of bad: {'; '.join(score.words)}"
    )


def score_in(label: str) -> int:
    """Return the band of the score that a label names, from 0; -1 for none."""
    number = label.partition(VINTAGE)[0].partition(SCORE)[2]
    return int(number) - 1 if number.isdigit() else -1


def score_design(
    score: ScoreBands | None, segments: Sequence[str], base: Integers, at_risk: Floats
) -> ScoreDesign:
    """Return what a score adds to the design of segments.

    segments : (G,) labels of the counts. base : (G,) the segment of each. at_risk : (G,) their shares of
    loan-months, which weigh the mean of a segment: what a loan without a score reads.
    """
    known = int(base.max()) + 1
    if score is None:
        none = np.zeros((0, 0))
        return ScoreDesign(np.zeros((len(segments), 0)), np.zeros((known, 0)), none, none)
    band = np.array([score_in(label) for label in segments], dtype=np.int64)
    by_band = np.asarray(score.values) - score.centre
    values = np.where(band >= 0, by_band[band], 0.0)
    weight = np.bincount(base, at_risk * (band >= 0), known)
    total = np.bincount(base, at_risk * values, known)
    mean = np.divide(total, weight, out=np.zeros(known), where=weight > 0)
    return ScoreDesign(
        np.where(band >= 0, values, mean[base])[:, None], mean[:, None], by_band[:, None],
        np.array([[COEFFICIENT_SPREAD**-2.0]]),
    )  # fmt: skip
