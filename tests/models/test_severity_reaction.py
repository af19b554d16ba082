"""Severity that moves with credit conditions: planted slopes and spreads are found, nothing to learn is
zero.
"""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.engine.cells import LossGivenDefault
from loantwin.models.severity import Defaults
from loantwin.models.severity_reaction import (
    SeverityReaction,
    fit_reaction,
    severity_by_month,
    severity_factors,
)

YEARS = 16
CONDITIONS = np.sin(np.arange(12 * YEARS) / 14.0)
TABLE = LossGivenDefault(np.full((1, 400), 0.4), np.zeros((1, 400)), np.ones(1), np.ones(1))


def defaults(seed: int, slope: float, spread: float, count: int = 3_000) -> Defaults:
    random = np.random.default_rng(seed)
    month = random.integers(0, 12 * YEARS, count)
    by_year = np.exp(spread * random.standard_normal(YEARS))
    share = np.clip(
        0.4 * np.exp(slope * CONDITIONS[month]) * by_year[month // 12] * random.uniform(0.4, 1.6, count),
        0.0,
        1.0,
    )
    size, zero = random.lognormal(10.0, 0.5, count), np.zeros(count, dtype=np.int64)
    return Defaults(
        zero,
        zero,
        month,
        size,
        zero + 100,
        np.ones(count),
        size * share,
        np.zeros(count),
        zero,
        zero - 1,
        zero > 0,
    )


def test_a_planted_reaction_lies_in_its_interval() -> None:
    found = [fit_reaction(defaults(seed, 0.25, 0.0), TABLE, CONDITIONS, 0) for seed in range(20)]
    hits = sum(abs(one.reaction - 0.25) < 1.645 * one.deviation + 0.02 for one in found)
    assert hits >= 14, "90 % of 20, less three standard errors"
    assert np.mean([one.reaction for one in found]) == pytest.approx(0.25, abs=0.05)


def test_a_planted_spread_between_years_is_found() -> None:
    found = [fit_reaction(defaults(seed, 0.0, 0.2), TABLE, CONDITIONS, 0).spread for seed in range(12)]
    assert np.mean(found) == pytest.approx(0.2, abs=0.06)
    assert (
        np.mean([fit_reaction(defaults(seed, 0.0, 0.0), TABLE, CONDITIONS, 0).spread for seed in range(12)])
        < 0.03
    )


def test_too_few_defaults_teach_nothing() -> None:
    found = fit_reaction(defaults(1, 0.5, 0.3, count=60), TABLE, CONDITIONS, 0)
    assert (found.reaction, found.spread, found.years) == (0.0, 0.0, 0)
    np.testing.assert_array_equal(severity_factors(found, np.linspace(-1, 1, 50), 0.4, 3), np.ones(50))


def test_worse_conditions_cost_more_and_never_the_whole_exposure_twice() -> None:
    reaction = SeverityReaction(0.3, 0.0, 0.1, 0.0, 10)
    conditions = np.random.default_rng(2).normal(size=20_000)
    factor = severity_factors(reaction, conditions, 0.4, 3)
    assert factor.mean() == pytest.approx(1.0)
    assert (0.4 * factor).max() < 1.05
    assert np.corrcoef(conditions, np.log(factor))[0, 1] > 0.85


@pytest.mark.parametrize("severity", [0.05, 0.4, 0.9, 0.97, 0.999])
def test_a_severity_near_one_never_falls_to_nothing(severity: float) -> None:
    # on the log-odds alone a spread of 0.1 at 0.999 was a hundred log-odds: every sixth path lost nothing at
    # all
    reaction = SeverityReaction(0.1, 0.05, 0.1, 0.0, 10)
    conditions = np.random.default_rng(5).normal(size=5_000)
    factor = severity_factors(reaction, conditions, severity, 3)
    assert factor.mean() == pytest.approx(1.0, abs=1e-12)
    assert (severity * factor).max() <= 1.0 + 1e-9
    assert np.quantile(factor, 0.01) > 0.6, "three standard deviations of the move, with a margin"
    assert factor.std() < 0.17


def test_severity_by_month_by_hand() -> None:
    reaction = SeverityReaction(reaction=0.2, deviation=0.1, spread=0.3, centre=0.5, years=9)
    found = severity_by_month(reaction, np.array([0.5, -0.5, 1.5]), 0.4)
    # at the centre as expected; a unit better exp(-0.2); a unit worse what is left of the exposure shrinks
    worse = (1.0 - 0.6 * np.exp(-0.2 * 0.4 / 0.6)) / 0.4
    np.testing.assert_allclose(found, [1.0, np.exp(-0.2), worse], rtol=1e-12)
    assert 0.4 * severity_by_month(reaction, np.array([100.0]), 0.4)[0] <= 1.0
