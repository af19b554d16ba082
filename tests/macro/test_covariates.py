"""Covariates against numbers worked by hand, for scenarios and for paths, with history before them."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.errors import ScenarioError
from loantwin.macro.covariates import Covariate, choose_default, evaluate, standardise
from loantwin.macro.scenario import MacroPaths, Scenario
from loantwin.months import parse_label

FIRST = parse_label("2000-01")
NAMES, KINDS = ("unemployment_rate", "real_gdp_growth", "house_price_index"), ("rate", "growth", "index")


def table(first, count, start=0):
    place = np.arange(start, start + count)
    return first, np.column_stack([0.04 + 0.001 * place, 0.01 * (place % 4), 100.0 * 1.01**place])


def scenario(first=FIRST, count=40, start=0, name="Down", factors=NAMES):
    begins, values = table(first, count, start)
    return Scenario(name, begins, factors, KINDS[: len(factors)], values[:, : len(factors)])


ALL = (
    Covariate("unemployment_rate", "level"),
    Covariate("unemployment_rate", "change_12m"),
    Covariate("real_gdp_growth", "growth_12m"),
    Covariate("house_price_index", "log_ratio_12m"),
)


def test_transforms_by_hand():
    values = evaluate(ALL, scenario(), FIRST + 12, FIRST + 14)
    np.testing.assert_allclose(values[:, 0], [0.052, 0.053, 0.054])
    np.testing.assert_allclose(values[:, 1], 0.012)
    np.testing.assert_allclose(values[:, 2], 0.015)
    np.testing.assert_allclose(values[:, 3], 12 * np.log(1.01))


def test_lag_mean_and_scale():
    covariate = Covariate("unemployment_rate", "level", lag=3, mean=0.04, scale=0.002)
    np.testing.assert_allclose(evaluate((covariate,), scenario(), FIRST + 5, FIRST + 6)[:, 0], [1.0, 1.5])


def test_history_reaches_back_and_the_scenario_wins_from_its_first_month():
    history = scenario(count=30, name="Actual")
    path = Scenario("Down", FIRST + 24, NAMES[:1], KINDS[:1], np.full((12, 1), 0.09))
    values = evaluate(
        (ALL[0], Covariate("unemployment_rate", "level", lag=2)), path, FIRST + 24, FIRST + 27, history
    )
    np.testing.assert_allclose(values[:, 0], 0.09)
    np.testing.assert_allclose(values[:, 1], [0.062, 0.063, 0.09, 0.09])


def test_published_values_win_over_simulated_ones():
    history = scenario(count=26, name="Actual", factors=NAMES[:1])
    paths = MacroPaths(FIRST + 24, NAMES[:1], KINDS[:1], np.arange(3.0)[:, None, None] + np.zeros((3, 6, 1)))
    values = evaluate(ALL[:1], paths, FIRST + 24, FIRST + 27, history)
    assert values.shape == (3, 4, 1)
    np.testing.assert_allclose(values[:, :2, 0], [[0.064, 0.065]] * 3)
    np.testing.assert_allclose(values[:, 2, 0], [0.0, 1.0, 2.0])


def test_paths_give_what_each_path_gives_alone():
    stack = np.stack([table(FIRST, 40)[1] * factor for factor in (1.0, 1.5)])
    together = evaluate(ALL, MacroPaths(FIRST, NAMES, KINDS, stack), FIRST + 12, FIRST + 30)
    for values, alone in zip(stack, together, strict=True):
        np.testing.assert_allclose(
            alone, evaluate(ALL, Scenario("one", FIRST, NAMES, KINDS, values), FIRST + 12, FIRST + 30)
        )


def test_the_spread_is_derived_unless_it_is_given():
    names, kinds = ("bbb_yield", "treasury_10y"), ("yield", "yield")
    two = Scenario("Down", FIRST, names, kinds, np.array([[0.06, 0.04], [0.07, 0.03]]))
    spread = (Covariate("bbb_spread", "level"),)
    np.testing.assert_allclose(evaluate(spread, two, FIRST, FIRST + 1)[:, 0], [0.02, 0.04])
    given = Scenario("Down", FIRST, ("bbb_spread",), ("yield",), np.array([[0.5], [0.6]]))
    np.testing.assert_allclose(evaluate(spread, given, FIRST, FIRST + 1)[:, 0], [0.5, 0.6])


@pytest.mark.parametrize(
    ("covariate", "month"), [(ALL[0], "1999-12"), (ALL[1], "1998-12"), (ALL[2], "1999-01")]
)
def test_a_missing_month_is_an_error_that_names_month_and_factor(covariate, month):
    with pytest.raises(ScenarioError, match=f"{covariate.factor}: .* was 'none in {month}'"):
        evaluate((covariate,), scenario(), FIRST - 1, FIRST + 3)


def test_a_gap_between_history_and_path_is_an_error():
    history, path = scenario(count=20, name="Actual"), scenario(first=FIRST + 22, count=10)
    with pytest.raises(ScenarioError, match="none in 2001-09"):
        evaluate(ALL[1:2], path, FIRST + 22, FIRST + 25, history)


def test_no_covariates_give_an_empty_table():
    assert evaluate((), scenario(), FIRST, FIRST + 4).shape == (5, 0)


def test_standardised_values_have_mean_0_and_scale_1_over_history():
    wave = Scenario("Actual", FIRST, ("vix",), ("index",), 20.0 + np.sin(np.arange(100.0))[:, None])
    covariate = standardise("vix", "level", wave)
    values = evaluate((covariate,), wave, FIRST, FIRST + 99)[:, 0]
    assert values.mean() == pytest.approx(0.0, abs=1e-12)
    assert values.std() == pytest.approx(1.0)


def test_a_factor_that_cannot_be_standardised_is_named():
    with pytest.raises(ScenarioError, match=r"vix\.level: expected a factor that moves"):
        standardise("vix", "level", Scenario("Actual", FIRST, ("vix",), ("index",), np.full((40, 1), 20.0)))
    with pytest.raises(ScenarioError, match="expected 24 months of history or more, was '10'"):
        standardise(
            "vix", "level", Scenario("Actual", FIRST, ("vix",), ("index",), np.arange(1.0, 11.0)[:, None])
        )
    with pytest.raises(ScenarioError, match="expected a transform of"):
        Covariate("vix", "cube")


@pytest.mark.data
def test_the_usual_candidates_on_the_fed_history(data):
    from loantwin.macro.history import full_history
    from loantwin.macro.read import read_macro

    history = full_history([read_macro(data / "fed_scenarios" / "2025-Table_1A_Historic_Domestic.csv")])
    names = [covariate.name for covariate in choose_default(history)]
    assert names == [
        "unemployment_rate.level",
        "unemployment_rate.change_12m",
        "real_gdp_growth.growth_12m",
        "house_price_index.log_ratio_12m",
        "bbb_spread.level",
        "prime_rate.change_12m",
    ]
    values = evaluate(choose_default(history), history, parse_label("2008-01"), parse_label("2010-12"))
    assert values[:, 1].max() > 2.5  # unemployment rose by 4 points in 2009
    assert values[:, 3].min() < -2.0  # and house prices fell
