"""Replays of history: the past's own moves from its own jump-off, dropped by name where it has none,
hindsight said.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from loantwin.errors import InputError, ScenarioError, UsageError
from loantwin.macro.history import known_history, nowcast
from loantwin.macro.read import read_macro
from loantwin.macro.replay import LONGEST, replay
from loantwin.macro.source import MacroSource, NativeTable
from loantwin.months import label, parse_label

FIRST = parse_label("2000-01")
NAMES = ("unemployment_rate", "house_price_index", "real_gdp_growth", "vix")
KINDS = ("rate", "index", "growth", "index")
MONTHS = 72


def source(values=None):
    month = np.arange(MONTHS)
    made = np.column_stack(
        [
            0.04 + 0.0005 * month,
            100.0 * 1.01**month,
            np.full(MONTHS, 0.02) + 1e-4 * month,
            np.where(month < 30, np.nan, 20.0 + month),
        ]
    )
    made = made if values is None else values(made)
    return MacroSource(
        "h.csv", "", "user", "monthly", {"Actual": NativeTable("Actual", FIRST, 1, NAMES, KINDS, made)}
    )


def run(text, as_of=date(2004, 12, 31), needed=(), sources=None):
    sources = sources or [source()]
    return replay(sources, text, as_of, nowcast(known_history(sources, as_of), as_of), needed)


def test_each_factor_moves_from_its_own_value_in_the_month_before():
    moved, report = run("2001")  # jump-off December 2000, month 11 of the history
    assert (label(moved.first), moved.name, report.jump_off) == ("2005-01", "replay 2001", "2000-12")
    today = (
        0.04 + 0.0005 * 58
    )  # November 2004 is the last one published by the as-of date; it holds in December
    np.testing.assert_allclose(moved.values[:12, 0], today + 0.0005 * np.arange(1, 13), rtol=1e-12)
    houses = 100.0 * 1.01**59  # prices keep the growth of their last year
    np.testing.assert_allclose(moved.values[:12, 1], houses * 1.01 ** np.arange(1, 13), rtol=1e-9)
    np.testing.assert_allclose(
        moved.values[:12, 2], 0.02 + 1e-4 * np.arange(12, 24), rtol=1e-12
    )  # growth as stated


def test_a_series_missing_at_the_jump_off_is_dropped_by_name():
    moved, report = run("2001")
    assert moved.factors == NAMES[:3]
    assert set(report.dropped) == {"vix"}
    assert "2000-12" in report.dropped["vix"]


def test_a_month_starts_a_replay_as_well_as_a_year():
    assert run("2002-07")[1].jump_off == "2002-06"


def test_hindsight_is_said_and_only_there():
    assert run("2001", as_of=date(2005, 12, 31))[1].warnings == ()
    assert "hypothetical" in run("2003", as_of=date(2003, 12, 31))[1].warnings[0]


def test_the_replay_ends_with_the_first_factor_that_is_needed_and_drops_others_that_end_sooner():
    def cut(values):
        values[50:, 1], values[40:, 2] = np.nan, np.nan
        return values

    moved, report = run(
        "2001",
        as_of=date(2002, 12, 31),
        needed=("unemployment_rate", "house_price_index"),
        sources=[source(cut)],
    )
    assert len(moved.values) == 50 - 12
    assert "2003-04" in report.dropped["real_gdp_growth"]
    assert len(run("2001")[0].values) == LONGEST


@pytest.mark.parametrize("text", ["20080", "2008-13", "august", "2008-1", ""])
def test_what_is_no_month_is_refused(text):
    with pytest.raises(UsageError) as caught:
        run(text)
    assert caught.value.field == "replays"


@pytest.mark.parametrize(
    ("text", "words"), [("1990", "2000-02 to 2005-12"), ("2005-06", "12 months of history")]
)
def test_a_replay_without_data_names_what_there_is(text, words):
    with pytest.raises(ScenarioError, match=words) as caught:
        run(text)
    assert caught.value.field == "replays"


def test_2008_in_the_published_tables(data):
    sources = [
        read_macro(data / "fed_scenarios/2025-Table_1A_Historic_Domestic.csv"),
        read_macro(data / "fred/UNRATE.csv"),
    ]
    as_of = date(2019, 12, 31)
    today = nowcast(known_history(sources, as_of), as_of)
    moved, report = replay(sources, "2008", as_of, today)
    peak = moved.values[:, moved.factors.index("unemployment_rate")].max()
    assert peak - today.values[-1, today.factors.index("unemployment_rate")] == pytest.approx(
        0.10 - 0.05, abs=1e-9
    )
    with_vix, old = replay(sources, "1990", as_of, today)
    assert "vix" in old.dropped
    assert "vix" not in with_vix.factors
    assert "vix" not in report.dropped
    with pytest.raises(InputError, match="1948-02"):
        replay(sources, "1929", as_of, today)
