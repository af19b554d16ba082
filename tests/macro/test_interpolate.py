"""Quarters to months: exact means, exact compounding, exact closing levels, and nothing from outside the
neighbours.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loantwin.errors import ScenarioError
from loantwin.macro.interpolate import geometric, keep_means, repeat_growth, to_months, to_quarters

rates = arrays(np.float64, st.tuples(st.integers(1, 12), st.just(2)), elements=st.floats(0.0, 0.3))
signed = arrays(np.float64, st.tuples(st.integers(1, 12), st.just(2)), elements=st.floats(-0.3, 0.3))
levels = arrays(np.float64, st.tuples(st.integers(1, 12), st.just(1)), elements=st.floats(0.1, 1e5))


def three(values):
    return values.reshape(-1, 3, values.shape[-1])


@given(signed)
def test_rates_keep_the_quarters_mean(quarters):
    np.testing.assert_allclose(three(keep_means(quarters)).mean(axis=1), quarters, atol=1e-15)


@given(rates)
def test_rates_that_are_not_negative_stay_so(quarters):
    assert keep_means(quarters).min() >= -1e-16


def test_a_straight_line_stays_one():
    by_month = 0.04 + 0.001 * np.arange(12.0)[:, None]
    np.testing.assert_allclose(keep_means(three(by_month).mean(axis=1)), by_month, atol=1e-15)


def test_a_flat_rate_stays_flat():
    np.testing.assert_allclose(keep_means(np.full((4, 1), 0.05)), 0.05, rtol=1e-15)


def test_worked_example_of_three_quarters():
    # Knots 0.04, 0.05, 0.07, 0.08; the middle quarter by hand: (4*.05 - 2*.07 + 7*.06)/9 and so on.
    months = keep_means(np.array([[0.04], [0.06], [0.08]]))[3:6, 0]
    np.testing.assert_allclose(months, [0.48 / 9, 0.06, 0.60 / 9], rtol=1e-12)


def test_a_month_depends_on_its_own_quarter_and_the_two_beside_it():
    quarters = np.linspace(0.02, 0.09, 8)[:, None]
    other = quarters.copy()
    other[5:] = 0.2
    np.testing.assert_array_equal(keep_means(quarters)[:12], keep_means(other)[:12])


@given(arrays(np.float64, st.tuples(st.integers(1, 8), st.just(1)), elements=st.floats(-0.5, 1.0)))
def test_growth_compounds_to_the_quarters_growth(quarters):
    monthly = repeat_growth(quarters)
    compounded = three((1.0 + monthly) ** (1.0 / 12.0)).prod(axis=1)
    np.testing.assert_allclose(compounded, (1.0 + quarters) ** 0.25, rtol=1e-12)


@given(levels)
def test_levels_close_the_quarter_and_move_geometrically(quarters):
    monthly = geometric(quarters)
    np.testing.assert_array_equal(monthly[2::3], quarters)
    logs = np.log(monthly[2:, 0])
    if len(logs) > 3:
        steps = np.diff(logs).reshape(-1, 3)
        np.testing.assert_allclose(steps, steps[:, :1] * np.ones(3), atol=1e-9)


def test_the_first_quarter_of_a_level_holds_its_value():
    np.testing.assert_array_equal(geometric(np.array([[100.0], [110.0]]))[:3, 0], [100.0, 100.0, 100.0])


@given(arrays(np.float64, (6, 4), elements=st.floats(0.01, 0.5)))
def test_quarters_of_months_of_quarters_are_the_quarters(quarters):
    kinds = ("rate", "yield", "growth", "index")
    np.testing.assert_allclose(to_quarters(to_months(quarters, kinds), kinds), quarters, rtol=1e-12)


def test_missing_quarters_stay_missing_and_touch_no_neighbour():
    kinds = ("rate", "growth", "index")
    quarters = np.array([[np.nan] * 3, [0.04, 0.02, 100.0], [0.05, 0.03, 101.0], [np.nan] * 3])
    months = to_months(quarters, kinds)
    assert np.isnan(months[:3]).all()
    assert np.isnan(months[9:]).all()
    np.testing.assert_array_equal(months[3:9], to_months(quarters[1:3], kinds))


def test_many_paths_at_once_equal_one_at_a_time():
    paths = np.random.Generator(np.random.Philox(key=1)).uniform(0.01, 0.2, (5, 7, 3))
    kinds = ("yield", "index", "growth")
    together = to_months(paths, kinds)
    for path, months in zip(paths, together, strict=True):
        np.testing.assert_array_equal(to_months(path, kinds), months)


def test_an_unknown_kind_is_named():
    with pytest.raises(ScenarioError, match=r"expected a kind of .* was 'speed'"):
        to_months(np.ones((2, 1)), ("speed",))
