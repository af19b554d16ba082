"""Kinds of scores: what they share, and each against an outside answer."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from loantwin.errors import ModelError
from loantwin.models.scoring.binning import COST, LEAST_SHARE, learn_bins
from loantwin.models.scoring.features import Feature, encode, learn_features
from loantwin.models.scoring.kinds import KINDS, NEED_EXTRA
from loantwin.models.scoring.reasons import reasons
from loantwin.models.scoring.ridge import fit_ridge
from loantwin.models.scoring.scorecard import points, table_of_points
from loantwin.models.scoring.store import Score, from_text, predict, read_score, to_text, write_scores
from loantwin.models.scoring.table import from_frame

NAMES = ("age", "income", "home", "noise")


def trained(frame: pl.DataFrame, kind: str, seed: int = 1) -> tuple[Score, Any]:
    if kind in NEED_EXTRA:
        pytest.importorskip("lightgbm", reason="the extra scoring is not installed")
    table = from_frame(frame)
    features = learn_features(table, NAMES)
    values = encode(features, table).values
    bad = (frame["end"] == "default").to_numpy()
    return Score(kind, KINDS[kind].train(features, values, bad, seed=seed)), table


@pytest.mark.parametrize("kind", KINDS)
def test_a_score_is_the_same_to_the_bit_and_survives_its_text(frame: pl.DataFrame, kind: str) -> None:
    score, table = trained(frame, kind)
    again, _ = trained(frame, kind)
    text = to_text(score)
    assert to_text(again) == text
    back = from_text(text)
    assert back == score
    assert (predict(back, table).log_odds == predict(score, table).log_odds).all()


@pytest.mark.parametrize("kind", KINDS)
def test_contributions_sum_to_the_log_odds(frame: pl.DataFrame, kind: str) -> None:
    score, table = trained(frame, kind)
    found = predict(score, table)
    parts = KINDS[kind].contributions(score.model, found.encoded.values)
    assert parts.shape == (len(frame), len(NAMES) + 1)
    assert parts.sum(axis=1) == pytest.approx(found.log_odds, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_score_finds_the_planted_truth(frame: pl.DataFrame, kind: str) -> None:
    score, _ = trained(frame, kind)
    young = pl.DataFrame(
        {"age": [22.0, 70.0], "income": [8.0, 60.0], "home": ["rent", "own"], "noise": [0.0, 0.0]}
    )
    risky, safe = predict(score, from_frame(young)).pd
    assert risky > 0.5 > 0.2 > safe
    first = reasons(score, from_frame(young))[0]
    assert {item.column for item in first} >= {"age", "income"}
    assert "raises the odds of bad" in first[0].text


@pytest.mark.parametrize("kind", KINDS)
def test_what_training_never_showed_is_said_and_scored(frame: pl.DataFrame, kind: str) -> None:
    score, _ = trained(frame, kind)
    odd = pl.DataFrame({"age": [140.0], "income": [None], "home": ["castle"], "noise": [0.0]})
    found = predict(score, from_frame(odd.with_columns(pl.col("income").cast(pl.Float64))))
    assert found.encoded.unseen == {"home": 1}
    assert found.encoded.beyond == {"age": 1}
    assert 0 < found.pd[0] < 1


def test_other_columns_are_refused(frame: pl.DataFrame) -> None:
    score, _ = trained(frame, "logistic")
    with pytest.raises(ModelError, match="field age: expected the columns that the model was trained on"):
        predict(score, from_frame(frame.drop("age")))
    with pytest.raises(ModelError, match="field age: expected a column of kind number"):
        predict(score, from_frame(frame.with_columns(pl.lit("old").alias("age"))))


def test_a_ridge_is_scikit_learns() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    random = np.random.default_rng(2)
    columns = random.normal(size=(200, 3))
    bad = random.random(200) < 1 / (1 + np.exp(-columns[:, 0]))
    wanted = linear.LogisticRegression(C=1 / 4.0, tol=1e-10, max_iter=1000).fit(columns, bad)
    intercept, beta = fit_ridge(columns, bad, 4.0)
    assert beta == pytest.approx(wanted.coef_[0], abs=1e-5)
    assert intercept == pytest.approx(wanted.intercept_[0], abs=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_bins_are_the_best_of_all_monotone_ones(seed: int) -> None:
    random = np.random.default_rng(seed)
    column = random.integers(0, 8, 240).astype(float)
    bad = random.random(240) < 0.2 + 0.05 * column
    found = learn_bins(Feature("x", "number"), column, bad)

    def worth(edges: tuple[float, ...]) -> float:
        place, total, rates = np.searchsorted(edges, column, side="right"), 0.0, []
        for number in range(len(edges) + 1):
            n, k = (place == number).sum(), bad[place == number].sum()
            if n < LEAST_SHARE * 240:
                return -np.inf
            rates.append(k / n)
            total += sum(c * np.log(c / n) for c in (k, n - k) if c) - COST
        steps = np.diff(rates)
        return total if (steps > 0).all() or (steps < 0).all() else -np.inf

    every = itertools.chain.from_iterable(itertools.combinations(range(1, 8), size) for size in range(6))
    assert worth(found.edges) == pytest.approx(max(worth(edges) for edges in every))


def test_weights_of_evidence_by_hand() -> None:
    column = np.repeat([0.0, 1.0], [100, 100])
    bad = np.concatenate([np.arange(100) < 10, np.arange(100) < 30])
    found = learn_bins(Feature("x", "number"), column, bad)
    assert found.counts == (100, 100, 0)
    assert found.weights == pytest.approx([np.log((10.2 / 90.8) / 0.25), np.log((30.2 / 70.8) / 0.25)])


def test_points_of_bins_sum_to_the_score_and_twenty_double_the_odds(frame: pl.DataFrame) -> None:
    score, table = trained(frame, "scorecard")
    found = predict(score, table)
    made = points(score.model, found.encoded.values)
    factor = 20 / np.log(2)
    assert made == pytest.approx(600 + factor * (-found.log_odds - np.log(50)))
    base = table_of_points(score.model)[0]
    parts = KINDS["scorecard"].contributions(score.model, found.encoded.values)
    assert base[2] - factor * parts[:, :-1].sum(axis=1) == pytest.approx(made)


def test_monotone_boosting_never_falls_where_risk_rises(frame: pl.DataFrame) -> None:
    score, _ = trained(frame, "boosting-monotone")
    ages = np.linspace(18, 75, 40)
    line = pl.DataFrame({"age": ages, "income": [20.0] * 40, "home": ["own"] * 40, "noise": [0.0] * 40})
    assert (np.diff(predict(score, from_frame(line)).log_odds) <= 1e-12).all()


def test_a_folder_whose_model_was_changed_is_refused(frame: pl.DataFrame, tmp_path: Path) -> None:
    score, _ = trained(frame, "logistic")
    write_scores(tmp_path, {"logistic": score}, {"champion": "logistic"})
    assert read_score(tmp_path) == score
    file = tmp_path / "logistic.json"
    file.write_text(file.read_text().replace('"penalty"', ' "penalty"'))
    with pytest.raises(ModelError, match="names by hash"):
        read_score(tmp_path)
    with pytest.raises(ModelError, match="expected one of logistic, was 'boosting'"):
        read_score(tmp_path, "boosting")
    with pytest.raises(ModelError, match="format"):
        from_text('{"format": 2, "kind": "logistic", "model": {}}')
