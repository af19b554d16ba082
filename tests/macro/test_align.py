"""Re-dating: the same shocks from today's economy, by the rule of each kind."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from loantwin.errors import ScenarioError
from loantwin.macro.align import align
from loantwin.macro.read import parse_argument, read_macro, select
from loantwin.macro.scenario import Scenario
from loantwin.macro.source import MacroSource, NativeTable
from loantwin.months import label, parse_label

FIRST = parse_label("2000-01")
NAMES = ("unemployment_rate", "treasury_3m", "house_price_index", "real_gdp_growth", "vix")
KINDS = ("rate", "yield", "index", "growth", "index")


def history(rows, path="history.csv", name="Actual", names=NAMES, first=FIRST):
    table = NativeTable(name, first, 3, names, KINDS[: len(names)], np.array(rows, dtype=np.float64))
    return MacroSource(path, "", "user", "quarterly", {name: table})


PAST = [[0.05, 0.03, 100.0, 0.02, 20.0]] * 4 + [[0.04, 0.01, 200.0, 0.03, 10.0]] * 4  # 2000 and 2001
SHOCK = Scenario(
    "Down",
    parse_label("2002-01"),
    NAMES,
    KINDS,
    np.array([[0.06, 0.005, 180.0, -0.05, 30.0], [0.07, -0.025, 160.0, -0.02, 25.0]]),
)


def test_each_kind_moves_by_its_rule():
    moved, report = align(SHOCK, [history(PAST)], date(2000, 12, 31))
    assert label(moved.first) == "2001-01"
    expected = [
        [0.05 + 0.02, 0.03 - 0.005, 100.0 * 180 / 200, -0.05, 20.0 * 3],
        [0.05 + 0.03, 0.0, 100.0 * 160 / 200, -0.02, 20.0 * 2.5],
    ]
    np.testing.assert_allclose(moved.values, expected, atol=1e-15)
    assert (report.jump_off, report.jump_off_file, report.first) == ("2001-12", "history.csv", "2001-01")
    assert report.floored == {"treasury_3m": ("2001-02",)}
    assert report.dropped == {}
    assert report.warnings == ()


def test_yields_below_zero_may_stand():
    moved, report = align(SHOCK, [history(PAST)], date(2000, 12, 31), floor=False)
    assert moved.values[1, 1] == pytest.approx(-0.005)
    assert report.floored == {}


def test_only_what_was_published_by_the_date_is_the_base():
    as_of = date(2001, 4, 30)  # the first quarter of 2001 is not out yet
    moved, _ = align(SHOCK, [history(PAST)], as_of)
    assert moved.values[0, 0] == pytest.approx(0.05 + 0.02)


def test_the_jump_off_is_the_last_row_before_the_scenario_in_any_file():
    later = history([[0.041, 0.01, 200.0, 0.03, 10.0]] * 2, path="later.csv", first=parse_label("2001-07"))
    tail = history([[0.9, 0.9, 900.0, 0.0, 90.0]] * 4, path="after.csv", first=parse_label("2002-01"))
    old = history(PAST[:6], path="old.csv")
    _, report = align(SHOCK, [old, tail, later], date(2001, 9, 30))
    assert (report.jump_off, report.jump_off_file) == ("2001-12", "later.csv")
    _, report = align(SHOCK, [old, tail], date(2001, 9, 30))
    assert (report.jump_off, report.jump_off_file) == ("2001-06", "old.csv")
    assert "not the month before" in report.warnings[0]


def test_without_a_row_before_it_the_scenario_starts_from_its_own_first_row():
    late = Scenario("Down", FIRST, NAMES, KINDS, SHOCK.values)
    moved, report = align(late, [history(PAST)], date(2000, 12, 31))
    np.testing.assert_allclose(moved.values[0], [0.05, 0.03, 100.0, -0.05, 20.0])
    assert "its own first row" in report.warnings[0]


def test_a_series_missing_at_the_jump_off_is_dropped_by_name():
    rows = np.array(PAST)
    rows[-1, 2] = np.nan
    moved, report = align(SHOCK, [history(rows)], date(2000, 12, 31))
    assert moved.factors == ("unemployment_rate", "treasury_3m", "real_gdp_growth", "vix")
    assert report.dropped == {"house_price_index": "no value at the jump-off, 2001-12 in history.csv"}


def test_a_series_unknown_at_the_date_is_dropped_by_name():
    rows = np.array(PAST)
    rows[:6, 4] = np.nan
    _, report = align(SHOCK, [history(rows)], date(2000, 12, 31))
    assert report.dropped == {"vix": "no value published by 2000-12-31"}


def test_a_rate_that_would_leave_its_range_is_an_error():
    good = Scenario("Boom", SHOCK.first, NAMES, KINDS, SHOCK.values - np.array([[0.06, 0, 0, 0, 0]] * 2))
    rows = np.array(PAST)
    rows[:4, 0] = 0.01
    with pytest.raises(
        ScenarioError, match=r"unemployment_rate: expected a rate between 0 and 1 after re-dating Boom"
    ):
        align(good, [history(rows)], date(2000, 12, 31))


@pytest.mark.data
def test_the_severely_adverse_scenario_in_2005(data):
    folder = data / "fed_scenarios"
    sources = [read_macro(folder / "2025-Table_1A_Historic_Domestic.csv")]
    argument = parse_argument(str(folder / "2025-Table_3A_Supervisory_Severely_Adverse_Domestic.csv"))
    scenario, _ = select(argument, sources)
    moved, report = align(scenario, sources, date(2005, 12, 31))
    assert (report.jump_off, moved.first) == ("2024-12", parse_label("2006-01"))
    # Jump-off 2024 Q4: unemployment 4.1, house prices 322.1. The scenario adds 5.9 points and takes a third
    # off.
    unemployment = moved.require("unemployment_rate", moved.first, moved.last)
    assert unemployment.max() == pytest.approx(0.05 + 0.100 - 0.041, abs=0.002)
    houses = moved.require("house_price_index", moved.first, moved.last)
    ratio = scenario.require("house_price_index", scenario.first, scenario.last) / 322.1
    np.testing.assert_allclose(houses / houses[0], ratio / ratio[0])
    assert set(report.floored) >= {"treasury_3m"}
