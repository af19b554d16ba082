"""Stacks: what each member is worth, and when one becomes the champion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from loantwin.models.scoring.folds import inner_folds
from loantwin.models.scoring.judge import ScoreCompared, champion_of, judge_later
from loantwin.models.scoring.stack import stacked

from .conftest import cases


def test_weights_are_what_members_add_and_never_below_zero() -> None:
    random = np.random.default_rng(0)
    one, two, noise = (random.normal(size=8000) for _ in range(3))
    bad = random.random(8000) < expit(0.8 * one + 0.4 * two - 1)
    held_out = [one, two, -one + noise]
    held_out[1] = np.where(random.random(8000) < 0.1, np.nan, two)
    found = stacked((), {"logistic": "a", "additive": "b", "scorecard": "c"}, held_out, bad)
    told = dict(zip((name for name, _ in found.members), found.weights, strict=True))
    assert told.get("scorecard", 0.0) < 0.05
    assert (told["logistic"], told["additive"]) == pytest.approx((0.8, 0.4), abs=0.12)
    assert all(weight > 0 for weight in found.weights)


def test_a_stack_is_champion_only_beyond_chance() -> None:
    random = np.random.default_rng(0)
    eta = random.normal(size=400)
    bad = random.random(400) < expit(eta)
    plain = judge_later(eta, bad, eta, 0)
    judged = {"logistic": replace(plain, log_loss=0.6), "boosting": replace(plain, log_loss=0.5),
              "stack": replace(plain, log_loss=0.49)}  # fmt: skip
    beside = ScoreCompared("stack", "boosting", 0.001, 0, 0, 0, -0.01, -0.02, 0.001)
    assert champion_of(judged, beside) == "boosting"
    assert champion_of(judged, replace(beside, log_loss_high=-0.001)) == "stack"
    assert champion_of(judged, replace(beside, log_loss=0.01, log_loss_low=0.005)) == "boosting"
    assert champion_of(judged, replace(beside, auc=0.0, log_loss_high=-0.001)) == "boosting"
    assert champion_of({"stack": plain}, None) == "stack"


def test_inner_splits_are_out_of_time_where_times_are_known() -> None:
    frame = cases(500)
    bad = (frame["end"] == "default").to_numpy()
    when = np.datetime64("2001-01-01") + np.random.default_rng(1).integers(0, 900, 500).astype(
        "timedelta64[D]"
    )
    when[:9] = np.datetime64("NaT")
    found = inner_folds(bad, 0, when)
    assert (found.later, len(found.pairs)) == (True, 3)
    for near, far in found.pairs:
        assert np.nanmax(when[near]) < np.nanmin(when[far])
        assert set(range(9)) <= set(near.tolist())
    assert not inner_folds(bad, 0).later
    assert not inner_folds(bad, 0, np.full(500, np.datetime64("2001-01-01"))).later
    assert pl.Series(np.concatenate([far for _, far in found.pairs])).is_unique().all()
