"""The generator recovers planted dynamics and keeps what history shows: correlation, persistence, tails,
order of facts.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from loantwin.errors import ScenarioError, UsageError
from loantwin.macro.generator import fit_generator, simulate
from loantwin.macro.generator_file import from_dict, to_dict
from loantwin.macro.history import known_history
from loantwin.macro.interpolate import to_months, to_quarters
from loantwin.macro.regression import fit_autoregression, largest_root
from loantwin.macro.scenario import Scenario
from loantwin.macro.states import choose_transforms, from_states, long_run, to_states
from loantwin.months import label, month_of, parse_label

FIRST = parse_label("1960-01")
PLANTED = np.array(
    [
        [[0.8, 0.0, 0.0], [0.3, 0.5, 0.0], [0.0, 0.0, 0.3]],
        [[-0.1, 0.0, 0.0], [0.0, 0.1, 0.0], [0.0, 0.0, 0.0]],
    ]
)


def numbers(key):
    return np.random.Generator(np.random.Philox(key=key))


def planted(quarters, seed, degrees=5.0):
    """States of a planted autoregression whose shocks are correlated and fat-tailed."""
    draw = numbers(seed)
    mixing = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [-0.5, 0.0, 0.87]])
    shocks = (draw.standard_normal((quarters + 50, 3)) @ mixing.T) * np.sqrt(
        degrees / draw.chisquare(degrees, (quarters + 50, 1))
    )
    states = np.zeros((quarters + 50, 3))
    for quarter in range(2, quarters + 50):
        states[quarter] = (
            PLANTED[0] @ states[quarter - 1] + PLANTED[1] @ states[quarter - 2] + shocks[quarter]
        )
    return states[50:]


def test_planted_dynamics_are_recovered():
    fit = fit_autoregression(planted(4000, 1), 2)
    np.testing.assert_allclose(fit.coefficients, PLANTED, atol=0.05)
    assert fit.root == pytest.approx(largest_root(PLANTED), abs=0.03)
    correlation = np.corrcoef(fit.residuals.T)
    assert correlation[0, 1] == pytest.approx(0.6, abs=0.06)
    assert correlation[0, 2] == pytest.approx(-0.5, abs=0.06)


@pytest.mark.slow
def test_the_coefficients_agree_with_least_squares_of_an_independent_library(oracle):
    states = planted(3000, 2, degrees=300.0)
    theirs = oracle("statsmodels.tsa.api").VAR(states).fit(2, trend="c").coefs
    np.testing.assert_allclose(
        fit_autoregression(states, 2).coefficients, theirs, atol=0.03
    )  # the ridge pulls by less than this


def test_one_mad_quarter_does_not_set_the_dynamics():
    states = planted(200, 3, degrees=300.0)
    calm = fit_autoregression(states, 2)
    states[120] += np.array([40.0, -40.0, 40.0])
    struck = fit_autoregression(states, 2)
    assert struck.weights[118] < 0.05
    assert abs(struck.coefficients[0, 0, 0] - calm.coefficients[0, 0, 0]) < 0.25


def test_an_explosive_history_is_brought_below_one():
    growing = np.cumsum(np.cumsum(numbers(4).standard_normal((120, 2)) + 0.5, axis=0), axis=0)
    fit = fit_autoregression(growing, 2)
    assert fit.root <= 0.985 + 1e-9
    assert fit.fitted_root >= fit.root


def test_a_late_series_gets_residuals_for_the_quarters_before_it():
    states = planted(240, 5)
    whole = fit_autoregression(states, 2)
    late = states.copy()
    late[:100, 2] = np.nan
    fit = fit_autoregression(late, 2)
    assert np.isfinite(fit.residuals).all()
    assert len(fit.residuals) == 238
    np.testing.assert_allclose(
        np.corrcoef(fit.residuals.T)[0, 2], np.corrcoef(whole.residuals.T)[0, 2], atol=0.15
    )
    np.testing.assert_allclose(fit.residuals[:, 2].std(), whole.residuals[:, 2].std(), rtol=0.25)


def economy(quarters=160, seed=6):
    """A made-up history: an unemployment rate, growth and house prices driven by the planted states."""
    states = planted(quarters, seed)
    values = np.column_stack(
        [
            0.06 / (1.0 + np.exp(-0.2 * states[:, 0])) + 0.02,
            0.02 + 0.01 * states[:, 1],
            100.0 * np.exp(np.cumsum(0.01 + 0.01 * states[:, 2])),
        ]
    )
    kinds = ("rate", "growth", "index")
    return Scenario(
        "Actual",
        FIRST,
        ("unemployment_rate", "real_gdp_growth", "house_price_index"),
        kinds,
        to_months(values, kinds),
    )


def test_same_seed_same_paths_and_more_of_them_change_none():
    generator = fit_generator(economy())
    few = simulate(generator, generator.first, 24, 50, 7)
    np.testing.assert_array_equal(few.values, simulate(generator, generator.first, 24, 50, 7).values)
    many = simulate(generator, generator.first, 60, 200, 7)
    np.testing.assert_array_equal(few.values, many.values[:50, :24])
    later = simulate(generator, generator.first + 5, 19, 50, 7)
    np.testing.assert_array_equal(few.values[:, 5:], later.values)
    assert (few.values != simulate(generator, generator.first, 24, 50, 8).values).any()


def test_beyond_the_shocks_factors_return_to_their_mean_and_nothing_before_changes():
    generator = fit_generator(economy())
    near = simulate(generator, generator.first, 590, 200, 7)
    far = simulate(generator, generator.first, 1_200, 200, 7)
    np.testing.assert_array_equal(near.values, far.values[:, :590])
    spread = far.values[:, :, :2].std(axis=0)
    assert (spread[580] > 1e-4).all()
    assert (spread[-1] < 1e-6).all()  # every path stands at the mean, 150 years from now
    np.testing.assert_allclose(far.values[0, -1, :2], far.values[0, -25, :2], atol=1e-6)


def test_paths_follow_on_from_history_without_a_jump():
    history = economy()
    generator = fit_generator(history)
    paths = simulate(generator, generator.first, 12, 500, 1)
    step = np.abs(np.diff(history.values[:, 0])).max()
    assert np.abs(paths.values[:, 0, 0] - history.values[-1, 0]).max() < 3 * step
    assert np.abs(np.log(paths.values[:, 0, 2] / history.values[-1, 2])).max() < 0.1


def test_months_known_after_the_last_common_quarter_steer_the_paths():
    history = economy()
    values = np.concatenate([history.values, np.full((3, 3), np.nan)])
    values[-3:, 0] = history.values[-1, 0] + np.array([0.004, 0.008, 0.012])
    steered = fit_generator(replace(history, values=values))
    free = fit_generator(history)
    assert steered.last == free.last
    paths, others = (simulate(generator, free.first, 3, 2000, 2).values for generator in (steered, free))
    np.testing.assert_allclose(paths[:, :, 0].mean(axis=1), history.values[-1, 0] + 0.008, rtol=1e-9)
    # Planted: shocks of unemployment and growth go together (0.6), of unemployment and house prices against
    # each other (-0.5).
    assert paths[:, 0, 1].mean() > others[:, 0, 1].mean() + 0.002
    assert np.log(paths[:, 2, 2] / others[:, 2, 2]).mean() < -0.002


def test_a_quarter_not_fully_published_is_simulated_never_taken_as_known():
    history = economy()
    cut = replace(history, values=history.values[:-1])
    generator = fit_generator(cut)
    assert label(generator.first) == label(history.last - 2)
    assert len(generator.ragged) == 1
    paths = simulate(generator, generator.first, 6, 10, 1)
    assert paths.first <= cut.last + 1


def test_states_and_values_are_inverses():
    factors = (
        "unemployment_rate",
        "treasury_10y",
        "bbb_yield",
        "real_gdp_growth",
        "house_price_index",
        "vix",
        "treasury_3m",
    )
    kinds = ("rate", "yield", "yield", "growth", "index", "index", "yield")
    draw = numbers(8).uniform(0.01, 0.05, (20, 7))
    draw[:, 2] += draw[:, 1] + 0.01
    draw[:, 4:6] *= 1000.0
    transforms = choose_transforms(draw, factors, kinds)
    assert transforms == ("logit", "softplus", "spread", "growth", "log_growth", "log", "softplus")
    states = to_states(draw, factors, transforms)
    np.testing.assert_allclose(from_states(states, draw[0], factors, transforms), draw[1:], rtol=1e-10)


def test_wild_states_stay_in_the_range_of_their_factor():
    factors, transforms = (
        ("unemployment_rate", "treasury_10y", "bbb_yield", "vix"),
        ("logit", "softplus", "spread", "log"),
    )
    wild = from_states(numbers(9).standard_normal((50, 30, 4)) * 5.0, np.ones(4), factors, transforms)
    assert ((wild[..., 0] > 0.0) & (wild[..., 0] < 1.0)).all()
    assert (wild[..., 1] > -0.0025).all()
    assert (wild[..., 2] >= wild[..., 1]).all()
    assert (wild[..., 3] > 0.0).all()


def test_a_generator_survives_its_file():
    generator = fit_generator(economy())
    again = from_dict(json.loads(json.dumps(to_dict(generator), allow_nan=False)))
    np.testing.assert_array_equal(
        simulate(generator, generator.first, 36, 20, 3).values,
        simulate(again, generator.first, 36, 20, 3).values,
    )


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("schema", "loantwin.macro_generator/99", "expected loantwin.macro_generator/1"),
        ("mean", [1.0], "expected finite numbers of shape"),
        ("mean", ["a", 1.0, 2.0], "expected a table of numbers"),
        ("residuals", None, "expected"),
        ("kinds", ["rate", "growth", "mood"], "expected a kind of"),
    ],
)
def test_a_wrong_file_is_one_error(key, value, words):
    document = to_dict(fit_generator(economy()))
    document[key] = value
    with pytest.raises(ScenarioError, match=words):
        from_dict(document)
    del document[key]
    with pytest.raises(ScenarioError, match="expected"):
        from_dict(document)


def test_short_and_ended_series_are_left_out_by_name():
    history = economy()
    extra = np.full((len(history.values), 2), np.nan)
    extra[-100:, 0] = np.linspace(0.02, 0.05, 100)
    extra[:300, 1] = np.linspace(0.02, 0.05, 300)
    wide = replace(
        history,
        factors=(*history.factors, "treasury_3m", "all_loans_delinquency_rate"),
        kinds=(*history.kinds, "yield", "rate"),
        values=np.concatenate([history.values, extra], axis=1),
    )
    generator = fit_generator(wide)
    assert generator.factors == history.factors
    assert generator.dropped["treasury_3m"] == "33 quarters known, fewer than 60"
    assert generator.dropped["all_loans_delinquency_rate"] == "ends in 1984-12"


def test_with_a_short_history_fewer_factors_are_fitted():
    history = economy(quarters=30)
    generator = fit_generator(history)
    assert generator.factors == ("unemployment_rate", "real_gdp_growth")  # 30 quarters have room for two
    assert "room for 2 factors" in generator.dropped["house_price_index"]
    assert np.isfinite(simulate(generator, generator.first, 36, 100, 1).values).all()
    with pytest.raises(ScenarioError, match=r"expected history of at least 24 quarters .*10 quarters known"):
        fit_generator(economy(quarters=10))


def test_what_cannot_be_simulated_is_named():
    generator = fit_generator(economy())
    with pytest.raises(UsageError, match=f"expected a first month from {label(generator.first)} on"):
        simulate(generator, generator.first - 1, 12, 10, 1)
    with pytest.raises(UsageError, match="expected at least one month"):
        simulate(generator, generator.first, 0, 10, 1)
    with pytest.raises(UsageError, match="expected a horizon that ends by"):
        simulate(generator, generator.first, 1_300, 10, 1)


@pytest.fixture(scope="module")
def fed(data):
    from loantwin.macro.read import read_macro

    return [read_macro(data / "fed_scenarios" / "2025-Table_1A_Historic_Domestic.csv")]


def kurtosis(values):
    centred = values - values.mean(axis=0)
    return (centred**4).mean(axis=0) / (centred**2).mean(axis=0) ** 2


@pytest.mark.data
@pytest.mark.parametrize("as_of", [date(2005, 12, 31), date(2007, 12, 31), date(2024, 12, 31)])
def test_paths_look_like_history(fed, as_of):
    """Each statistic of history lies within the range that stretches of history's own length show along
    simulated paths.

    Both are measured against `long_run`: the decades-long fall of yields and inflation is no property of the
    paths.
    """
    history = known_history(fed, as_of)
    generator = fit_generator(history)
    columns = [history.factors.index(factor) for factor in generator.factors]
    start = generator.sample[0] - history.first
    stop = generator.last - history.first + 1
    seen = to_states(
        to_quarters(history.values[start:stop][:, columns], generator.kinds),
        generator.factors,
        generator.transforms,
    )
    paths = simulate(generator, generator.first, min(len(seen) * 3, 582), 300, 11)
    made = np.stack(
        [
            to_states(to_quarters(path, paths.kinds), paths.factors, generator.transforms)
            for path in paths.values
        ]
    )

    def inside(statistic, names):
        known = statistic(seen)
        drawn = np.stack([statistic(path) for path in made])
        low, high = np.quantile(drawn, [0.005, 0.995], axis=0)
        outside = (known < low) | (known > high)
        assert outside.mean() <= 0.08, (
            names,
            np.argwhere(outside),
            known[outside],
            low[outside],
            high[outside],
        )

    seen, *made = (path - long_run(path, generator.factors, generator.transforms) for path in (seen, *made))
    full = np.isfinite(seen).all(axis=0)
    inside(lambda path: np.corrcoef(path[:, full].T)[np.triu_indices(full.sum(), 1)], "correlation")
    inside(lambda path: np.array([np.corrcoef(x[1:], x[:-1])[0, 1] for x in path[:, full].T]), "persistence")
    inside(lambda path: kurtosis(np.diff(path[:, full], axis=0)), "tails")
    inside(lambda path: path[:, full].std(axis=0), "spread")


@pytest.mark.data
def test_unemployment_paths_are_sensible(fed):
    as_of = date(2005, 12, 31)
    generator = fit_generator(known_history(fed, as_of))
    assert generator.dropped == {}
    paths = simulate(generator, month_of(as_of) + 1, 60, 2000, 1)
    low, middle, high = np.quantile(
        paths.values[..., paths.factors.index("unemployment_rate")] * 100.0, [0.01, 0.5, 0.99], axis=0
    )
    assert 4.0 < middle.min() <= middle.max() < 6.5
    assert low.min() > 2.5
    assert 7.0 < high[-1] < 13.0
    spread = (
        paths.values[..., paths.factors.index("bbb_yield")]
        - paths.values[..., paths.factors.index("treasury_10y")]
    )
    assert spread.min() > 0.0


@pytest.mark.data
def test_later_facts_change_no_path(fed):
    as_of = date(2005, 12, 31)
    table = fed[0].history()
    values = table.values.copy()
    values[len(table.published(as_of, 3).values) :] = 0.33
    changed = [replace(fed[0], scenarios={"Actual": replace(table, values=values)})]
    one, other = (fit_generator(known_history(sources, as_of)) for sources in (fed, changed))
    assert to_dict(one) == to_dict(other)


def test_without_a_macro_file_there_are_months_and_paths_without_factors():
    history = known_history([], date(2020, 5, 31))
    assert history.last == 2020 * 12 + 4
    made = from_dict(json.loads(json.dumps(to_dict(fit_generator(history)))))
    assert made.last == 2020 * 12 + 2, "March: the last whole quarter"
    paths = simulate(made, made.first, 40, 3, seed=1)
    assert paths.values.shape == (3, 40, 0)
