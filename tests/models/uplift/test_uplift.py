"""Uplift against planted effects: found where it is, not found where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.errors import ModelError
from loantwin.models.uplift.judge import mean_of, qini, ranking_shown, ranks
from loantwin.models.uplift.learners import CANDIDATES, CONSTANT, chosen, cross_fit, fit_uplift

pytest.importorskip("lightgbm")


def planted(
    rows: int, seed: int, form: str, confounded: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return values, treated, outcome, true effect and propensity."""
    luck = np.random.default_rng(seed)
    values = luck.standard_normal((rows, 6))
    base = 1.0 / (1.0 + np.exp(0.8 - 0.7 * values[:, 0] + 0.5 * values[:, 1]))
    if form == "smooth":
        true = 0.22 / (1.0 + np.exp(-2.0 * (values[:, 2] + 0.5 * values[:, 1] - 0.5)))
    elif form == "steps":
        true = 0.2 * ((values[:, 2] > 0) & (values[:, 3] > -0.5)) - 0.04 * (values[:, 4] > 1)
    else:
        true = np.zeros(rows)
    true = np.clip(true, -base, 1.0 - base)
    chance = 1.0 / (1.0 + np.exp(-0.8 * values[:, 0])) if confounded else np.full(rows, 0.5)
    chance = np.clip(chance, 0.1, 0.9)
    treated = luck.random(rows) < chance
    outcome = (luck.random(rows) < base + true * treated).astype(float)
    return values, treated, outcome, true, chance


@pytest.mark.slow
@pytest.mark.parametrize("form", ["smooth", "steps"])
def test_the_ranking_reaches_four_fifths_of_the_oracle(form: str) -> None:
    values, treated, outcome, _, chance = planted(50_000, 1, form)
    found = cross_fit(values, treated, outcome, 1, chance)
    kind = chosen(found)
    model = fit_uplift(kind, values, treated, outcome, found, 1)
    others, _, _, true, _ = planted(50_000, 2, form)
    assert qini(model.predict(others), true).value >= 0.8 * qini(true, true).value
    assert ranking_shown(qini(found.held_out[kind], found.pseudo))


@pytest.mark.slow
def test_where_nothing_is_planted_nothing_is_shown() -> None:
    told = effects = 0
    for seed in range(12):
        values, treated, outcome, _, chance = planted(4_000, 100 + seed, "nothing")
        found = cross_fit(values, treated, outcome, seed, chance)
        kind = chosen(found)
        told += kind != CONSTANT and ranking_shown(qini(found.held_out[kind], found.pseudo))
        average = mean_of(found.pseudo)
        effects += average.low > 0.0 or average.high < 0.0
    assert told <= 1
    assert effects <= 2  # 5 % of 12 is 0.6; 3 or more would be 2 in a hundred


@pytest.mark.slow
def test_an_average_effect_is_told_without_bias_where_choice_was_not_random() -> None:
    values, treated, outcome, true, _ = planted(20_000, 5, "smooth", confounded=True)
    naive = outcome[treated].mean() - outcome[~treated].mean()
    average = mean_of(cross_fit(values, treated, outcome, 1).pseudo)
    assert average.low <= true.mean() <= average.high
    assert naive > average.high  # who would pay anyway was treated more often


def test_qini_is_the_area_counted_out_budget_by_budget() -> None:
    luck = np.random.default_rng(0)
    score, effect = luck.permutation(500).astype(float), luck.normal(0.1, 1.0, 500)
    best_first = effect[np.argsort(-score)]
    gains = np.concatenate([[0.0], np.cumsum(best_first)]) / 500
    area = float(((gains[1:] + gains[:-1]) / 2.0).mean()) - effect.mean() / 2.0
    assert qini(score, effect).value == pytest.approx(area, abs=1e-12)


def test_tied_scores_share_their_place_and_gain_nothing() -> None:
    assert ranks(np.array([3.0, 1.0, 3.0, 0.0])).tolist() == [0.25, 0.625, 0.25, 0.875]
    assert qini(np.ones(100), np.arange(100.0)).value == pytest.approx(0.0, abs=1e-12)


def test_too_few_rows_and_no_overlap_are_refused() -> None:
    values, treated, outcome, _, chance = planted(900, 1, "smooth")
    with pytest.raises(ModelError, match="at least 500 rows"):
        cross_fit(values, treated, outcome, 1, chance)
    values, treated, outcome, _, chance = planted(4_000, 1, "smooth")
    with pytest.raises(ModelError, match="without overlap"):
        cross_fit(values, treated, outcome, 1, np.where(values[:, 0] > 2.0, 0.999, chance))


def test_every_estimator_predicts_what_it_holds() -> None:
    values, treated, outcome, _, chance = planted(2_500, 3, "steps")
    values[::7, 2] = np.nan
    found = cross_fit(values, treated, outcome, 1, chance)
    for kind in CANDIDATES:
        made = fit_uplift(kind, values, treated, outcome, found, 1).predict(values)
        assert made.shape == (2_500,)
        assert np.isfinite(made).all()
