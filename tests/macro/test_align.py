"""Re-dating: the same shocks from today's economy, by the rule of each kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from loantwin.errors import ScenarioError
from loantwin.macro.align import align
from loantwin.macro.history import known_history, nowcast
from loantwin.macro.read import monthly, parse_argument, read_macro, select
from loantwin.macro.scenario import Scenario
from loantwin.macro.source import MacroSource, NativeTable
from loantwin.months import label, parse_label

FIRST = parse_label("1999-01")
NAMES = ("unemployment_rate", "treasury_3m", "house_price_index", "real_gdp_growth", "vix")
KINDS = ("rate", "yield", "index", "growth", "index")


def history(rows, path="history.csv", name="Actual", names=NAMES, first=FIRST):
    table = NativeTable(name, first, 3, names, KINDS[: len(names)], np.array(rows, dtype=np.float64))
    return MacroSource(path, "", "user", "quarterly", {name: table})


WILD = [[0.09, 0.07, 100.0, 0.02, 60.0]] * 4  # 1999: no first step below is larger than what followed it
PAST = [*WILD, *[[0.05, 0.03, 100.0, 0.02, 20.0]] * 4, *[[0.04, 0.01, 200.0, 0.03, 10.0]] * 4]
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


def test_the_jump_off_is_the_last_row_before_the_scenario_in_files_named_as_its_history():
    later = history([[0.041, 0.01, 200.0, 0.03, 10.0]] * 2, path="later.csv", first=parse_label("2001-07"))
    tail = history([[0.9, 0.9, 900.0, 0.0, 90.0]] * 4, path="after.csv", first=parse_label("2002-01"))
    old = history(PAST[:10], path="old.csv")
    as_of = date(2001, 9, 30)
    _, report = align(SHOCK, [old], as_of, histories=[old, tail, later])
    assert (report.jump_off, report.jump_off_file) == ("2001-12", "later.csv")
    _, report = align(SHOCK, [old], as_of, histories=[old, tail])
    assert (report.jump_off, report.jump_off_file) == ("2001-06", "old.csv")
    assert "not the month before" in report.warnings[0]


def test_a_file_of_the_fit_counts_only_where_it_ends_just_before_the_scenario():
    """One that ends sooner or runs on belongs to another publication: its index may count otherwise."""
    as_of = date(2001, 9, 30)
    for rows in (PAST[:10], [*PAST, PAST[-1]]):
        moved, report = align(SHOCK, [history(rows)], as_of)
        assert "own first row" in report.warnings[0]
        assert moved.values[1, 2] / moved.values[0, 2] == pytest.approx(160 / 180)
        today = nowcast(known_history([history(rows)], as_of), as_of)
        assert moved.values[0, 2] == pytest.approx(
            today.values[-1, 2]
        )  # its first row stands at today's value


def test_without_a_row_before_it_the_scenario_starts_from_its_own_first_row():
    late = Scenario("Down", FIRST, NAMES, KINDS, SHOCK.values)
    moved, report = align(late, [history(PAST)], date(2000, 12, 31))
    np.testing.assert_allclose(moved.values[0], [0.05, 0.03, 100.0, -0.05, 20.0])
    assert "its own first row" in report.warnings[0]
    assert "`history`" in report.warnings[0]


def test_a_series_missing_at_the_jump_off_is_dropped_by_name():
    rows = np.array(PAST)
    rows[-1, 2] = np.nan
    moved, report = align(SHOCK, [history(rows)], date(2000, 12, 31))
    assert moved.factors == ("unemployment_rate", "treasury_3m", "real_gdp_growth", "vix")
    assert report.dropped == {"house_price_index": "no value at the jump-off, 2001-12 in history.csv"}


def test_a_series_unknown_at_the_date_is_dropped_by_name():
    rows = np.array(PAST)
    rows[:7, 4], rows[7, 4] = np.nan, 60.0
    _, report = align(SHOCK, [history(rows)], date(2000, 12, 31))
    assert report.dropped == {"vix": "no value published by 2000-12-31"}


def test_a_rate_that_would_leave_its_range_is_an_error():
    good = Scenario("Boom", SHOCK.first, NAMES, KINDS, SHOCK.values - np.array([[0.06, 0, 0, 0, 0]] * 2))
    rows = np.array(PAST)
    rows[4:8, 0] = 0.01
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


FED = {
    "2025": "2025-Table_1A_Historic_Domestic.csv",
    "2026": "2026_Proposed_Historic_Domestic.csv",
    "2025 base": "2025-Table_2A_Supervisory_Baseline_Domestic.csv",
    "2025 severe": "2025-Table_3A_Supervisory_Severely_Adverse_Domestic.csv",
    "2026 base": "2026_Proposed_Supervisory_Baseline_Domestic.csv",
    "2026 severe": "2026_Proposed_Supervisory_Severely_Adverse_Domestic.csv",
}
AS_OF = date(2019, 12, 31)


@pytest.fixture
def fed(data):
    return {name: read_macro(data / "fed_scenarios" / file) for name, file in FED.items()}


def aligned(source, known, histories=()):
    (scenario,) = monthly(source, known, histories)
    return align(scenario, known, AS_OF, own=source, histories=histories)


def houses(moved, today):
    path = moved.require("house_price_index", moved.first, moved.last)
    return path / today.values[-1, today.factors.index("house_price_index")] - 1.0


@pytest.mark.data
@pytest.mark.parametrize(
    ("year", "jump_off", "low", "peak"),
    # the published tables: house prices 322.1 to 214.4 and 314.9 to 225.0, unemployment 4.1 to 10.0 and 4.5
    # to 10.0 (percent, quarterly means; months of a quarter lie about their mean)
    [("2025", "2024-12", 214.4 / 322.1 - 1, 0.059), ("2026", "2025-12", 225.0 / 314.9 - 1, 0.055)],
)
def test_both_years_of_the_fed_fall_as_published_from_their_own_history(fed, year, jump_off, low, peak):
    known = [fed["2025"]]
    today = nowcast(known_history(known, AS_OF), AS_OF)
    moved, report = aligned(fed[f"{year} severe"], known, [fed[year]])
    assert (report.jump_off, report.dropped, report.warnings) == (jump_off, {}, ())
    path = houses(moved, today)
    assert path.min() == pytest.approx(low, abs=1e-9)
    assert path[0] < 0.0
    now = today.values[-1, today.factors.index("unemployment_rate")]
    assert moved.require("unemployment_rate", moved.first, moved.last).max() == pytest.approx(
        now + peak, abs=0.0015
    )
    base, _ = aligned(fed[f"{year} base"], known, [fed[year]])
    assert abs(houses(base, today)[0]) < 0.01


@pytest.mark.data
def test_histories_of_two_years_that_disagree_drop_their_indices_by_name(fed):
    """The 2026 tables revise commercial property by up to 1.9 % and house prices by up to 0.6 %."""
    _, report = aligned(fed["2025 severe"], [fed["2025"]], [fed["2025"], fed["2026"]])
    assert set(report.dropped) == {"house_price_index", "commercial_property_index"}
    assert "their bases differ, or one was revised" in report.dropped["commercial_property_index"]


@pytest.mark.data
def test_a_history_of_another_year_is_not_taken_from_the_fit_and_is_warned_of_where_named(fed):
    _, left = aligned(fed["2025 severe"], [fed["2026"]])
    assert "own first row" in left.warnings[0]
    _, left = aligned(fed["2026 severe"], [fed["2025"]])
    assert "own first row" in left.warnings[0]
    _, named = aligned(fed["2025 severe"], [fed["2025"]], [fed["2026"]])
    assert "runs on to 2025-12" in named.warnings[0]


@pytest.mark.data
def test_a_rebased_index_is_dropped_by_name_and_never_read_as_a_rise(fed):
    """House prices that count from another base: 322.1 stands as 170.4, so that the Fed's 322 were +89 %."""
    past = fed["2025"].history()
    place = past.factors.index("house_price_index")
    values = past.values.copy()
    values[:, place] *= 170.4 / 322.1
    other = replace(fed["2025"], scenarios={"Actual": replace(past, values=values)})
    moved, report = aligned(fed["2025 base"], [other])
    assert set(report.dropped) == {"house_price_index"}
    assert "+90.0 %" in report.dropped["house_price_index"]  # 323.7 / 170.4
    assert "house_price_index" not in moved.factors
    # with its own history named, today's base does not matter: ratios are taken within one file
    moved, report = aligned(fed["2025 severe"], [other], [fed["2025"]])
    assert report.dropped == {}
    today = nowcast(known_history([other], AS_OF), AS_OF)
    assert houses(moved, today).min() == pytest.approx(214.4 / 322.1 - 1)


def test_monthly_and_quarterly_files_are_compared_by_whole_quarters():
    """A monthly file from February on: its first whole quarter is the second; the mean of a rate agrees."""
    first = FIRST + 1
    length = 35
    month = np.arange(first, first + length)
    rate = np.where(month >= FIRST + 24, 0.04, np.where(month < FIRST + 12, 0.09, 0.05)) + 0.0003 * (
        month % 3 - 1
    )
    for wrong, dropped in ((0.0, set()), (0.0015, {"unemployment_rate"})):
        table = NativeTable("Actual", first, 1, ("unemployment_rate",), ("rate",), (rate + wrong)[:, None])
        other = MacroSource("monthly.csv", "", "user", "monthly", {"Actual": table})
        _, report = align(SHOCK, [history(PAST)], date(2001, 9, 30), histories=[history(PAST), other])
        assert set(report.dropped) == dropped


def test_an_index_off_by_more_than_half_a_percent_is_another_series():
    other = history(np.array(PAST) * [1.0, 1.0, 1.006, 1.0, 1.004], path="other.csv")
    _, report = align(SHOCK, [history(PAST)], date(2001, 9, 30), histories=[history(PAST), other])
    assert set(report.dropped) == {"house_price_index"}
    assert "other.csv" in report.dropped["house_price_index"]
