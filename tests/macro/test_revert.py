"""Beyond the supported period: a straight line to the long-run mean, then the mean."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.errors import ScenarioError
from loantwin.macro.revert import extend
from loantwin.macro.scenario import Scenario

NAMES, KINDS = ("unemployment_rate", "house_price_index", "vix"), ("rate", "index", "index")
PAST = Scenario(
    "Actual",
    0,
    NAMES,
    KINDS,
    np.column_stack([np.linspace(0.04, 0.08, 41), 100.0 * 1.01 ** np.arange(41), np.full(41, 16.0)]),
)
PATH = Scenario(
    "Down",
    41,
    NAMES,
    KINDS,
    np.column_stack([np.full(24, 0.10), 150.0 * 0.99 ** np.arange(24), np.full(24, 64.0)]),
)


def test_rates_go_straight_to_the_mean_and_stay():
    extended = extend(PATH, PAST, 41 + 11, 4, 41 + 19)
    unemployment = extended.values[:, 0]
    np.testing.assert_array_equal(unemployment[:12], 0.10)
    np.testing.assert_allclose(unemployment[12:], [0.09, 0.08, 0.07, 0.06, 0.06, 0.06, 0.06, 0.06])
    assert (extended.first, extended.last, extended.name) == (41, 60, "Down")


def test_indices_revert_in_growth_and_volatility_in_its_log():
    extended = extend(PATH, PAST, 41 + 13, 2, 41 + 17)
    growth = np.diff(np.log(extended.values[13:, 1]))
    middle = 0.5 * (np.log(0.99) + np.log(1.01))
    np.testing.assert_allclose(growth, [middle, np.log(1.01), np.log(1.01), np.log(1.01)])
    np.testing.assert_allclose(extended.values[14:, 2], [32.0, 16.0, 16.0, 16.0])


def test_reversion_at_once():
    extended = extend(PATH, PAST, 41 + 5, 0, 41 + 8)
    np.testing.assert_allclose(extended.values[6:, 0], 0.06)


def test_nothing_beyond_the_supported_period_matters():
    longer = Scenario("Down", 41, NAMES, KINDS, np.concatenate([PATH.values, np.full((9, 3), 0.5)]))
    np.testing.assert_array_equal(
        extend(PATH, PAST, 52, 12, 90).values, extend(longer, PAST, 52, 12, 90).values
    )


def test_a_scenario_that_ends_before_the_supported_period_is_an_error():
    with pytest.raises(
        ScenarioError, match="expected scenario Down to cover 0005-06, the end of the supported period"
    ):
        extend(PATH, PAST, 41 + 24, 12, 41 + 40)


def test_a_factor_without_history_is_missing_beyond_and_named_when_asked_for():
    past = Scenario("Actual", 0, NAMES[:2], KINDS[:2], PAST.values[:, :2])
    extended = extend(PATH, past, 52, 12, 60)
    with pytest.raises(ScenarioError, match="vix: expected a value in scenario Down"):
        extended.require("vix", 41, 60)
    assert np.isfinite(extended.require("unemployment_rate", 41, 60)).all()


def test_a_series_that_starts_late_is_kept_and_one_that_stopped_stays_missing():
    values = PATH.values.copy()
    values[:6, 1] = np.nan
    values[10:, 2] = np.nan
    extended = extend(Scenario("Actual", 41, NAMES, KINDS, values), PAST, 41 + 11, 4, 41 + 19)
    assert np.isnan(extended.values[:6, 1]).all()
    assert np.isfinite(extended.values[6:, 1]).all()
    assert np.isnan(extended.values[10:, 2]).all()
