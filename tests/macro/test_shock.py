"""Shocks by hand: their shape, what each unit does to each kind, the severity dial, and files that are
wrong.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantwin.errors import ScenarioError, UsageError
from loantwin.macro.scenario import Scenario
from loantwin.macro.shock import Shape, Shock, default_unit, parse_shape, read_shocks, scaled, shocked

NAMES, KINDS = ("unemployment_rate", "house_price_index", "prime_rate"), ("rate", "index", "yield")


def baseline(months=12):
    return Scenario("Base", 100, NAMES, KINDS, np.tile([0.05, 200.0, 0.03], (months, 1)))


def test_the_shape_rises_holds_and_falls():
    np.testing.assert_allclose(Shape(4, 2, 2).path(10), [0.25, 0.5, 0.75, 1, 1, 1, 0.5, 0, 0, 0])
    np.testing.assert_allclose(Shape(2, 0, 0).path(4), [0.5, 1, 1, 1])
    assert parse_shape("6/3/12") == Shape(6, 3, 12)


def test_points_are_added_and_percent_multiply():
    shape = Shape(2, 0, 2)
    made = shocked(
        baseline(6),
        100,
        [Shock(NAMES[0], 3.0, "points", shape), Shock(NAMES[1], -19.0, "percent", shape)],
        "Mine",
    )
    np.testing.assert_allclose(made.values[:, 0], [0.065, 0.08, 0.065, 0.05, 0.05, 0.05])
    np.testing.assert_allclose(
        made.values[:, 1], [180.0, 162.0, 180.0, 200.0, 200.0, 200.0]
    )  # half the shape is half the log change
    np.testing.assert_array_equal(made.values[:, 2], 0.03)
    assert made.name == "Mine"


def test_months_before_the_first_stay():
    made = shocked(baseline(4), 102, [Shock(NAMES[0], 1.0, "points", Shape(1, 9, 0))], "Mine")
    np.testing.assert_allclose(made.values[:, 0], [0.05, 0.05, 0.06, 0.06])


def test_deviations_are_differences_or_logs():
    shocks = [Shock(name, 2.0, "deviations", Shape(1, 99, 0)) for name in NAMES[:2]]
    made = shocked(baseline(2), 100, shocks, "Mine", {NAMES[0]: 0.01, NAMES[1]: 0.1})
    np.testing.assert_allclose(made.values[0, :2], [0.07, 200.0 * np.exp(0.2)])


@given(st.floats(0.0, 2.0))
def test_the_dial_goes_through_the_baseline_and_the_scenario(severity):
    base = baseline(3)
    other = Scenario("Hard", 100, NAMES, KINDS, np.tile([0.09, 100.0, 0.01], (3, 1)))
    made = scaled(other, base, severity, 100)
    np.testing.assert_allclose(made.values[0, 0], 0.05 + 0.04 * severity)
    np.testing.assert_allclose(made.values[0, 1], 200.0 * 0.5**severity)
    np.testing.assert_allclose(made.values[0, 2], max(0.03 - 0.02 * severity, 0.0), atol=1e-15)
    assert made.name == "Hard"


def test_a_factor_the_baseline_lacks_has_no_deviation():
    other = Scenario("Hard", 100, ("vix", NAMES[0]), ("index", "rate"), np.tile([40.0, 0.09], (3, 1)))
    assert scaled(other, baseline(3), 0.5, 100).factors == NAMES[:1]


@pytest.mark.parametrize("severity", [-0.1, 2.1, float("nan")])
def test_a_severity_has_bounds(severity):
    with pytest.raises(UsageError, match="0 to 2") as caught:
        scaled(baseline(), baseline(), severity, 100)
    assert caught.value.field == "severity"


def test_a_rate_stays_a_share():
    with pytest.raises(ScenarioError, match=r"-0\.05"):
        shocked(baseline(), 100, [Shock(NAMES[0], -10.0, "points", Shape(1))], "Mine")


@pytest.mark.parametrize(
    ("shock", "words"),
    [
        (("vix", 1.0, "points"), "a factor of the baseline"),
        (("house_price_index", 1.0, "points"), "percent or deviations"),
        (("prime_rate", 1.0, "deviations"), "standard deviation"),
    ],
)
def test_a_shock_that_does_not_fit_is_refused(shock, words):
    with pytest.raises(UsageError, match=words):
        shocked(baseline(), 100, [Shock(*shock)], "Mine")


def test_units_by_kind():
    assert [default_unit(kind) for kind in ("rate", "yield", "growth", "index")] == ["points"] * 3 + [
        "percent"
    ]


GOOD = """
name = "Slump"
[[shock]]
factor = "unemployment_rate"
unit = "points"
peak = 3
months_to_peak = 6
[[shock]]
factor = "house_price_index"
unit = "percent"
peak = -20.0
months_at_peak = 12
"""


def test_a_file_is_read(tmp_path):
    file = tmp_path / "slump.toml"
    file.write_text(GOOD)
    name, shocks = read_shocks(file)
    assert name == "Slump"
    assert shocks == (
        Shock("unemployment_rate", 3, "points", Shape(6, 0, 24)),
        Shock("house_price_index", -20.0, "percent", Shape(12, 12, 24)),
    )


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("peak = 3\n", "", "shock[0].peak"),
        ("peak = 3\n", "peak = 'much'\n", "shock[0].peak"),
        ("peak = 3\n", "peak = nan\n", "shock[0].peak"),
        ("peak = -20.0", "peak = -100", "shock[1].peak"),
        ('unit = "points"', 'unit = "bps"', "shock[0].unit"),
        ("months_to_peak = 6", "months_to_peak = 0", "shock[0].months_to_peak"),
        ("months_to_peak = 6", "months_to_peak = 1.5", "shock[0].months_to_peak"),
        ("months_to_peak = 6", "months_up = 6", "shock[0].months_up"),
        ('name = "Slump"', "name = 3", "name"),
        ("[[shock]]", "[[shocks]]", "shocks"),
    ],
)
def test_a_wrong_file_names_its_field(tmp_path, old, new, field):
    file = tmp_path / "bad.toml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(UsageError) as caught:
        read_shocks(file)
    assert (caught.value.field, caught.value.file) == (field, str(file))


def test_no_file_is_one_error(tmp_path):
    with pytest.raises(UsageError, match="TOML"):
        read_shocks(tmp_path / "none.toml")
