"""From observations to scores: what counts as one piece of evidence, and what counts as none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from loantwin.performance.backtest.macro_scores import macro_scores
from loantwin.performance.backtest.observed import Observed
from loantwin.performance.backtest.scores import (
    ENOUGH,
    ScoringPlan,
    coverage_words,
    pooled,
    score,
    shown,
)
from loantwin.performance.outcomes import Key
from loantwin.performance.rivals import COMBINATION, EQUAL_MEAN, equal_mean

KEY: Key = ("defaults", "loans")
PLAN = ScoringPlan("USD", 12, {}, seed=4)


def observed(year: int, band: str, actual: float, **change: object) -> Observed:
    made = Observed(
        origin=date(year, 12, 31), figure="defaults", measure="loans", band=band, years=1, horizon=12,
        prior_only=False, loans=1000.0, events=actual, actual=actual, forecast=10.0,
        quantiles=(6.0, 8.0, 10.0, 12.0, 14.0), crps=1.0, pit_low=0.4, pit_high=0.5, floor_names=1.0,
        floor_whole=10.0, floor_latent=1.0, floor_latent_whole=10.0, rivals={"rate": actual + 3.0},
    )  # fmt: skip
    return replace(made, **change)  # type: ignore[arg-type]


def test_the_bands_of_an_origin_are_one_piece_of_evidence() -> None:
    """Ten bands that share their origin's luck say no more of how a score varies than one of them."""
    outcomes = [9.0, 11.0, 15.0, 8.0, 16.0, 10.0, 12.0, 5.0]
    one = [observed(2000 + place, "1999", value) for place, value in enumerate(outcomes)]
    ten = [replace(item, band=f"band {number}") for item in one for number in range(10)]
    few, many = (score(found, PLAN, KEY, 12, len(found)) for found in (one, ten))
    assert few.coverage90 == many.coverage90 == pytest.approx(5 / 8)
    assert few.coverage90_low is not None
    assert (many.coverage90_low, many.coverage90_high) == (few.coverage90_low, few.coverage90_high)
    mine, theirs = few.rival_scores["rate"], many.rival_scores["rate"]
    assert (theirs.difference_low, theirs.difference_high) == (
        pytest.approx(mine.difference_low),
        pytest.approx(mine.difference_high),
    )
    whole = [pooled(found, PLAN, KEY) for found in (one, ten)]
    assert whole[0] is not None
    assert whole[1] is not None
    assert whole[0].coverage90_low == whole[1].coverage90_low
    assert whole[0].origins == whole[1].origins == 8


def test_an_origin_that_knew_too_few_events_is_in_no_score() -> None:
    known = [observed(2004 + place, "1999", 10.0) for place in range(4)]
    thin = [observed(2000 + place, "1999", 900.0, prior_only=True) for place in range(4)]
    made = score([*thin, *known], PLAN, KEY, 12, 8)
    assert (made.origins, made.observations, made.accuracy) == (4, 4, 1.0)
    found = pooled([*thin, *known], PLAN, KEY)
    assert found is not None
    assert (found.origins, found.coverage90) == (4, 1.0)
    assert score(thin, PLAN, KEY, 12, 4).accuracy is None
    assert np.isfinite(made.crps or np.nan)


@pytest.mark.parametrize(
    ("between", "wanted"),
    [
        ((0.60, 0.80), False),
        ((0.81, 0.84), False),  # misses is looked at first
        ((0.96, 1.00), False),
        ((0.82, 0.96), True),
        ((0.667, 0.928), None),  # touches 85 to 95 %, and shows nothing
        ((0.86, 1.00), None),
        (None, None),
    ],
)
def test_an_interval_meets_only_where_all_of_its_bootstrap_does(
    between: tuple[float, float] | None, wanted: bool | None
) -> None:
    assert shown(between) is wanted


def test_a_coverage_that_misses_low_withdraws_the_interval() -> None:
    assert coverage_words(False, 0.66, 80) == "withdrawn: held 0.66 of the time"
    assert coverage_words(False, 0.99, 80) == "too wide: held 0.99 of the time"
    assert coverage_words(None, 0.88, 91) == "not shown (91 more windows)"
    # 97 windows: 1.645 standard errors of a share of 0.90 are 0.05
    assert pytest.approx(0.05, abs=0.0005) == 1.645 * (0.9 * 0.1 / ENOUGH) ** 0.5


def test_what_is_surely_behind_is_named_with_its_interval() -> None:
    """The twin says 10 where 13 came and a rival 13: 1 - 3/13 against 1. A mean that holds it is no rival."""
    found = [
        observed(2000 + place, "1999", 13.0, rivals={"rate": 13.0, "worse": 30.0, COMBINATION: 13.0})
        for place in range(8)
    ]
    made = macro_scores(found, PLAN, [KEY], [12])
    assert made.behind == ("defaults, 12 months, rate: -0.23 (-0.23 to -0.23)",)
    assert made.mean_difference == pytest.approx(-3 / 13)
    ahead = [replace(item, rivals={"worse": 30.0, EQUAL_MEAN: 13.0}) for item in found]
    made = macro_scores(ahead, PLAN, [KEY], [12])
    assert made.behind == ()
    assert made.mean_difference == pytest.approx(14 / 13)
    assert "beside the means: loses to equal mean by 0.23" in made.verdicts[0]


def test_the_equal_mean_counts_twin_and_rivals_alike() -> None:
    """Of 2, 4 and 6 by hand; its draws are each forecaster's in turn, and none where one has no draws."""
    money: Key = ("charge_offs", "money")
    one = np.ones((1, 1))
    twin, drawn = {KEY: 2 * one, money: one}, {KEY: 2 * np.ones((6, 1, 1)), money: np.ones((6, 1, 1))}
    made = {"a": {KEY: 4 * one, money: 3 * one}, "b": {KEY: 6 * one}}
    spread = {"a": {KEY: 4 * np.ones((6, 1, 1))}, "b": {KEY: 6 * np.ones((6, 1, 1))}}
    mean, mixed = equal_mean(twin, drawn, made, spread)
    assert mean[KEY].item() == 4.0
    assert mean[money].item() == 2.0
    assert mixed[KEY][:, 0, 0].tolist() == [2.0, 4.0, 6.0, 2.0, 4.0, 6.0]
    assert money not in mixed
