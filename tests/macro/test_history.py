"""What was known when: publication lags, no later value in an earlier month, the gap, the join."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from loantwin.errors import ScenarioError
from loantwin.macro.history import full_history, join, known_history, last_published, nowcast
from loantwin.macro.scenario import Scenario
from loantwin.macro.source import MacroSource, NativeTable
from loantwin.months import label, parse_label

JANUARY = parse_label("2000-01")


def source(factors, values, step=3, path="a.csv", first=JANUARY, kinds=None):
    kinds = kinds or tuple("index" if "index" in factor else "rate" for factor in factors)
    table = NativeTable("Actual", first, step, tuple(factors), kinds, np.array(values, dtype=np.float64))
    return MacroSource(path, "", "user", "quarterly" if step == 3 else "monthly", {"Actual": table})


def column(history, factor):
    return history.values[:, history.factors.index(factor)]


@pytest.mark.parametrize(
    ("as_of", "lag", "ends"),
    [
        (date(2000, 9, 30), 3, "2000-06"),
        (
            date(2000, 9, 29),
            3,
            "2000-03",
        ),  # the quarter to 30 June is out on 30 September, not the day before
        (date(2000, 12, 30), 3, "2000-06"),
        (date(2000, 6, 30), 0, "2000-06"),
        (date(2000, 7, 15), 0, "2000-06"),
    ],
)
def test_a_quarter_is_known_a_lag_after_it_ended(as_of, lag, ends):
    history = known_history([source(["rate_a"], np.linspace(0.01, 0.08, 8)[:, None])], as_of, 1, lag)
    assert label(last_published(history)["rate_a"]) == ends
    assert label(history.last) == ends


def test_a_month_is_known_a_month_after_it_ended():
    monthly = source(["rate_a"], np.linspace(0.01, 0.08, 12)[:, None], step=1)
    assert label(known_history([monthly], date(2000, 6, 30)).last) == "2000-05"
    assert label(known_history([monthly], date(2000, 6, 29)).last) == "2000-04"


def test_nothing_published_after_the_date_touches_the_history():
    values = np.linspace(0.02, 0.09, 12)[:, None]
    changed = values.copy()
    changed[4:] = 0.5
    as_of = date(2001, 3, 31)
    one, other = (known_history([source(["rate_a"], table)], as_of) for table in (values, changed))
    np.testing.assert_array_equal(one.values, other.values)
    assert one.source == other.source


@pytest.mark.data
@pytest.mark.parametrize("as_of", [date(2005, 12, 31), date(2008, 5, 17)])
def test_every_later_fact_of_real_files_may_change(data, as_of):
    from loantwin.macro.read import read_macro

    sources = [
        read_macro(data / file)
        for file in ("fed_scenarios/2026_Proposed_Historic_Domestic.csv", "fred/UNRATE.csv")
    ]
    lags = {3: 3, 1: 1}
    changed = []
    for one in sources:
        table = one.history()
        known = len(table.published(as_of, lags[table.step]).values)
        values = table.values.copy()
        values[known:] = 0.77
        changed.append(replace(one, scenarios={"Actual": replace(table, values=values)}))
    first, second = known_history(sources, as_of), known_history(changed, as_of)
    np.testing.assert_array_equal(first.values, second.values)
    assert (first.factors, first.source, first.first) == (second.factors, second.source, second.first)


def test_monthly_wins_over_quarterly_which_fills_its_gaps():
    quarterly = source(["rate_a"], np.full((8, 1), 0.05), path="q.csv")
    values = np.full((15, 1), 0.04)
    values[7] = np.nan
    monthly = source(["rate_a"], values, step=1, path="m.csv", first=JANUARY + 3)
    history = full_history([quarterly, monthly])
    series = column(history, "rate_a")
    np.testing.assert_allclose(series[:3], 0.05)
    assert series[3] == 0.04
    assert series[10] == pytest.approx(0.05)
    assert series[-1] == pytest.approx(0.05)
    assert "m.csv then q.csv (rate_a)" in history.source


def test_an_index_is_never_spliced_from_two_files():
    short = source(["index_a"], np.full((4, 1), 100.0), path="old.csv")
    long = source(["index_a"], np.full((4, 1), 250.0), path="new.csv", first=JANUARY + 3)
    history = full_history([short, long])
    assert np.isnan(history.values[:3]).all()
    np.testing.assert_array_equal(history.values[3:], 250.0)


def test_a_history_is_needed():
    table = NativeTable("Down", JANUARY, 3, ("rate_a",), ("rate",), np.ones((2, 1)))
    with pytest.raises(ScenarioError, match=r"expected a history, a scenario named Actual, .* was 'Down'"):
        full_history([MacroSource("a.csv", "", "user", "quarterly", {"Down": table})])
    with pytest.raises(ScenarioError, match="expected some history published by 1999-01-31"):
        known_history([source(["rate_a"], [[0.1]])], date(1999, 1, 31))


def test_the_gap_is_filled_by_persistence_and_listed():
    values = np.column_stack(
        [
            np.linspace(0.04, 0.05, 24),
            np.linspace(0.0, 0.03, 24),
            100.0 * 1.01 ** np.arange(24),
            np.linspace(20.0, 30.0, 24),
        ]
    )
    values[10, 0] = np.nan
    names = ["unemployment_rate", "inflation", "house_price_index", "vix"]
    history = full_history([source(names, values, step=1, kinds=("rate", "growth", "index", "index"))])
    filled = nowcast(history, date(2002, 3, 31))
    assert label(filled.last) == "2002-03"
    assert column(filled, "unemployment_rate")[10] == values[9, 0]
    np.testing.assert_array_equal(column(filled, "unemployment_rate")[24:], 0.05)
    np.testing.assert_allclose(column(filled, "inflation")[24:], values[12:, 1].mean())
    np.testing.assert_allclose(column(filled, "house_price_index")[24:], 100.0 * 1.01 ** np.arange(24, 27))
    np.testing.assert_array_equal(column(filled, "vix")[24:], 30.0)
    assert "2002-01 to 2002-03 (unemployment_rate, inflation, house_price_index, vix)" in filled.source
    assert "2000-11 (unemployment_rate)" in filled.source
    np.testing.assert_array_equal(filled.values[:10], history.values[:10])


def test_the_scenario_wins_from_its_first_month():
    history = Scenario("Actual", JANUARY, ("rate_a", "rate_b"), ("rate", "rate"), np.full((12, 2), 0.04))
    path = Scenario("Down", JANUARY + 10, ("rate_a",), ("rate",), np.full((6, 1), 0.09))
    joined = join(history, path)
    assert (joined.name, joined.first, joined.last) == ("Down", JANUARY, JANUARY + 15)
    np.testing.assert_array_equal(column(joined, "rate_a"), [0.04] * 10 + [0.09] * 6)
    np.testing.assert_array_equal(column(joined, "rate_b")[:12], 0.04)
    assert np.isnan(column(joined, "rate_b")[12:]).all()


def test_a_hole_between_history_and_scenario_is_an_error_until_it_is_filled():
    history = Scenario("Actual", JANUARY, ("rate_a",), ("rate",), np.full((12, 1), 0.04))
    path = Scenario("Down", JANUARY + 14, ("rate_a",), ("rate",), np.full((6, 1), 0.09))
    with pytest.raises(
        ScenarioError, match=r"rate_a: expected a value up to Down's first month, was 'none in 2001-01'"
    ):
        join(history, path)
    assert np.isfinite(join(nowcast(history, date(2001, 2, 28)), path).values).all()


def test_a_history_that_ended_long_before_the_date_is_refused():
    monthly = source(["rate_a"], np.linspace(0.01, 0.08, 12)[:, None], step=1)  # to December 2000
    assert label(known_history([monthly], date(2003, 3, 31)).last) == "2000-12"
    with pytest.raises(
        ScenarioError, match=r"file a\.csv: expected a history that reaches 2001-01 or later.*was '2000-12'"
    ):
        known_history([monthly], date(2003, 4, 30))
