"""History's windows from today: moves as a replay carries them, surprises as the generator saw them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from loantwin.errors import ScenarioError
from loantwin.macro.distance import Innovations
from loantwin.macro.generator import MacroGenerator
from loantwin.macro.history import known_history, nowcast
from loantwin.macro.read import read_macro
from loantwin.macro.replay import replay
from loantwin.macro.scenario import Scenario
from loantwin.macro.shipped import located
from loantwin.macro.windows import moves, surprises
from loantwin.months import parse_label

FIRST = parse_label("2000-01")
NAMES = ("unemployment_rate", "house_price_index", "real_gdp_growth", "treasury_3m")
PAST = Scenario(
    "Actual",
    FIRST,
    NAMES,
    ("rate", "index", "growth", "yield"),
    np.array(
        [
            [0.05, 100.0, 0.02, 0.04],
            [0.06, 110.0, 0.03, 0.02],
            [0.04, 121.0, 0.01, 0.01],
            [0.05, 121.0, 0.00, 0.03],
        ]
    ),
)


def test_moves_are_carried_to_today_by_hand():
    found = moves(PAST, PAST, FIRST + 3, 2, NAMES, ())
    assert list(found.starts) == [FIRST + 1, FIRST + 2]
    assert found.paths.first == FIRST + 4
    first = [[0.06, 133.1, 0.03, 0.01], [0.04, 146.41, 0.01, 0.0]]  # 0.03 + (0.02 - 0.04), then at its floor
    second = [[0.03, 133.1, 0.01, 0.02], [0.04, 133.1, 0.00, 0.04]]
    np.testing.assert_allclose(found.paths.values, [first, second], atol=1e-12)
    assert found.bent == 0  # 0.03 + (0.01 - 0.04) is 0 itself
    assert found.apart == 1.5


def test_a_yield_ends_at_its_floor_and_is_counted():
    low = Scenario("Actual", FIRST, NAMES, PAST.kinds, np.vstack([PAST.values, [0.05, 121.0, 0.0, 0.005]]))
    found = moves(low, low, FIRST + 4, 2, NAMES, ())
    assert found.bent == 2
    np.testing.assert_allclose(found.paths.values[0, :, 3], [0.0, 0.0])


def test_a_window_must_hold_what_is_needed_and_what_came_before_it():
    values = np.tile(PAST.values, (3, 1))
    values[:2, 0] = np.nan
    past = Scenario("Actual", FIRST, NAMES, PAST.kinds, values)
    found = moves(past, past, FIRST + 11, 3, ["unemployment_rate"], ["treasury_3m", "vix"])
    assert list(found.starts) == list(range(FIRST + 3, FIRST + 10))
    assert found.paths.factors == ("unemployment_rate", "treasury_3m")
    with pytest.raises(ScenarioError, match=r"13 months of history.*10 in all"):
        moves(past, past, FIRST + 11, 12, ["unemployment_rate"], [])
    with pytest.raises(ScenarioError, match="0 in all"):
        moves(past, past, FIRST + 11, 3, ["vix"], [])


def test_the_window_of_a_month_is_the_replay_from_it():
    """On the shipped history of the United States."""
    sources, as_of = [read_macro(located("us"))], date(2022, 12, 31)
    known = known_history(sources, as_of)
    today = nowcast(known, as_of)
    month0 = parse_label("2022-12")
    needed = ["unemployment_rate", "house_price_index", "bbb_spread"]
    found = moves(known, today, month0, 24, needed, ["prime_rate"])
    for start in ("1990-01", "2008-01", "2020-01"):
        path, _ = replay(sources, start, as_of, today, needed)
        place = int(np.flatnonzero(found.starts == parse_label(start))[0])
        for column, factor in enumerate(found.paths.factors):
            theirs = path.require(factor, month0 + 1, month0 + 24)
            np.testing.assert_allclose(found.paths.values[place, :, column], theirs, atol=1e-12)
    assert "bbb_yield" in found.paths.factors  # what the spread is made of
    assert found.starts[-1] + 24 <= month0 + 1  # nothing that was not known


def test_surprises_are_the_residuals_sent_through_the_dynamics():
    """A growth rate with memory 0.5: after shocks e1, e2 it is mean + e2 + 0.5 e1 in the second quarter."""
    last, mean, shocks = parse_label("2020-12"), 0.02, np.array([1.0, -2.0, 3.0, 0.5, -1.5]) * 1e-3
    generator = MacroGenerator(
        ("real_gdp_growth",), ("growth",), ("growth",), last, np.full((2, 1), mean), np.zeros((0, 1)),
        np.array([mean]), np.array([[[0.5]]]), shocks[:, None], np.ones(5), 1.0, 0.0, 0.5, 0.5,
        (last - 20, last), {},
    )  # fmt: skip
    innovations = Innovations(generator, last + 1, 6)
    found = surprises(innovations)
    assert len(found.starts) == 4
    assert found.apart == pytest.approx(5 / 2)
    assert found.starts[-1] == last - 5  # the last window is of the two last quarters
    np.testing.assert_allclose(found.paths.values[:, 2, 0], mean + shocks[:4], atol=1e-15)
    np.testing.assert_allclose(found.paths.values[:, 5, 0], mean + shocks[1:] + 0.5 * shocks[:4], atol=1e-15)
    with pytest.raises(ScenarioError, match="6 quarters"):
        surprises(Innovations(generator, last + 1, 16))
