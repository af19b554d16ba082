"""Scores judged part by part, against scikit-learn's measures and against what chance does."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from loantwin.models.scoring import measures
from loantwin.models.scoring.parts import by_segment
from loantwin.models.scoring.periods import chance_of_index
from loantwin.models.scoring.table import from_frame
from loantwin.models.scoring.trial import Trial


def trial(rows: int = 900) -> tuple[Trial, pl.DataFrame]:
    random = np.random.default_rng(0)
    eta = random.normal(size=rows)
    bad = random.random(rows) < expit(eta)
    place = np.where(random.random(rows) < 0.3, "north", "south")
    size = random.normal(size=rows).round(4)
    frame = pl.DataFrame({"place": place, "size": size, "stairs": random.integers(0, 3, rows)})
    return Trial(np.arange(rows), bad, {"logistic": eta[None, :]}, {}, ""), frame


def test_figures_of_a_segment_are_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    found, frame = trial()
    made = {item.part: item for item in by_segment(found, from_frame(frame), ["place"], 0)}
    assert list(made) == ["north", "south"]
    for part, item in made.items():
        rows = (frame["place"] == part).to_numpy()
        pd = expit(found.log_odds["logistic"][0, rows])
        assert item.auc == pytest.approx(metrics.roc_auc_score(found.bad[rows], pd))
        assert item.brier == pytest.approx(metrics.brier_score_loss(found.bad[rows], pd))
        false, true, _ = metrics.roc_curve(found.bad[rows], pd, drop_intermediate=False)
        assert item.ks == pytest.approx((true - false).max())


def test_numbers_are_cut_at_quartiles_and_stand_in_order() -> None:
    found, frame = trial()
    made = by_segment(found, from_frame(frame), ["size", "stairs"], 0)
    first = [item for item in made if item.column == "size"]
    assert [item.rows for item in first] == pytest.approx([225] * 4, abs=2)
    assert first[0].part.startswith("below -")
    assert first[-1].part.endswith("and above")
    assert [item.part for item in made if item.column == "stairs"] == ["0", "1", "2"]


def test_an_index_passes_what_chance_allows_in_five_of_a_hundred() -> None:
    random = np.random.default_rng(1)
    passed = [
        measures.stability(random.normal(size=4000), random.normal(size=400)) > chance_of_index(4000, 400, 9)
        for _ in range(1000)
    ]
    assert 0.03 < np.mean(passed) < 0.08


def test_the_distance_of_a_coin_lies_inside_its_interval() -> None:
    random = np.random.default_rng(2)
    bad, risk = random.random(500) < 0.3, random.normal(size=500)
    low, high = measures.ks_interval(bad, risk + bad, 0)
    assert low < measures.kolmogorov_smirnov(bad, risk + bad) < high
    assert measures.share_interval(1, 10) == pytest.approx((0.017876, 0.404150), abs=1e-5)
