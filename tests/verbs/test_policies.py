"""Policies that are objects, in forecasts, stress tests and a twin's environment: the figures of the rules
that they repeat.
"""

from __future__ import annotations

from pathlib import Path

import gymnasium
import numpy as np
import pytest

import loantwin as lt
import loantwin.env
from loantwin.decisions.load import load_policy
from loantwin.errors import ConfigError, UsageError
from loantwin.types import LEVERS

SMALL = {"months": 8, "paths": 12, "new_lending": "constant-balance"}


class Still:
    """Leaves every lever where it is."""

    figure_names = ()
    lever_names = LEVERS

    def levers(self, figures: np.ndarray) -> np.ndarray:
        return np.zeros((len(figures), 5))


class Prudent:
    """The rules of `prudent`, written by hand, figures and levers in an order of its own."""

    name = "prudence"
    figure_names = ("month", "profit_rate", "delinquent_share", "default_rate")
    lever_names = ("limit", "allocation", "cut_off", "collection_intensity", "price_add_on")

    def levers(self, figures: np.ndarray) -> np.ndarray:
        month, profit, late, default = figures.T
        limit, allocation, cut_off, collection, price = np.zeros((5, len(figures)))
        allocation += 0.2
        cut_off += 0.4 * (default > 0.03)
        collection += 0.3 * (default > 0.03)
        cut_off += 0.4 * (default > 0.06)
        limit -= 0.5 * (default > 0.06)
        collection += 0.4 * (default > 0.06)
        allocation += 0.4 * (default > 0.06)
        collection += 0.3 * (late > 0.08)
        price += 0.5 * ((profit < 0) & (month >= 3))
        calm = (default < 0.015) & (late < 0.04) & (month >= 3)
        cut_off -= 0.3 * calm
        limit += 0.2 * calm
        return np.clip(np.stack([limit, allocation, cut_off, collection, price], axis=1), -1.0, 1.0)


class Elsewhere(Still):
    lever_names = (*LEVERS, "funding_mix")


def figures(made: lt.Forecast) -> tuple[object, ...]:  # type: ignore[name-defined]
    return made.months, made.totals, made.opening_balance


def test_an_object_forecasts_as_the_rules_it_repeats_bit_for_bit(panel_home: Path) -> None:
    still, neutral = (
        lt.forecast(panel_home, policy=Still(), **SMALL),
        lt.forecast(panel_home, policy="neutral", **SMALL),
    )
    assert figures(still) == figures(neutral)
    assert (still.policy, neutral.policy) == ("Still", "neutral")
    hand, rules = (
        lt.forecast(panel_home, policy=Prudent(), **SMALL),
        lt.forecast(panel_home, policy="prudent", **SMALL),
    )
    assert figures(hand) == figures(rules)
    assert figures(hand) != figures(still)
    assert hand.to_dict()["policy"] == "prudence"


def test_an_object_acts_in_a_stress_test_as_the_rules_it_repeats(panel_home: Path, lender: Path) -> None:
    made = lt.stress(
        panel_home,
        scenarios=[f"{lender / 'scenarios.csv'}#Severe"],
        align="start",
        months=12,
        new_lending="constant-balance",
        actions=["prudent", Prudent()],
    )
    rules, hand = made.actions
    assert hand.name == "prudence"
    assert hand.scenarios == rules.scenarios


def test_a_twin_s_environment_rewards_an_object_as_its_rules(panel_home: Path) -> None:
    assert loantwin.env is not None
    found = []
    for policy in (Prudent(), load_policy("prudent")):
        env = gymnasium.make("loantwin/Portfolio-v0", twin=panel_home, horizon=12)
        env.reset(seed=4)
        found.append([env.step(env.unwrapped.action(policy))[1] for _ in range(12)])  # type: ignore[attr-defined]
    assert found[0] == found[1]


def test_a_policy_that_cannot_steer_is_refused_before_the_work(panel_home: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"policy Elsewhere: .*funding_mix"):
        lt.forecast(tmp_path / "no home is opened", policy=Elsewhere())
    with pytest.raises(UsageError, match=r"policy object: .*no figure_names"):
        lt.forecast(panel_home, policy=object())  # type: ignore[arg-type]
    with pytest.raises(
        ConfigError, match="one of neutral, prudent, or a TOML file, was 'prudnet'; did you mean prudent"
    ):
        lt.forecast(panel_home, policy="prudnet")
