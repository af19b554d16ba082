"""A standard error is what another seed gives: spread over seeds against what each run states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loantwin as lt
from loantwin.risk.loss.copula.implied import implied, moved
from loantwin.risk.loss.loss import LossResult

FIGURES = ("expected_loss", "standard_deviation", "var", "es")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["gaussian", "t", "credit-risk-plus", "migration", "twin"])
def test_spread_over_twenty_seeds_is_what_is_stated(panel_home: Path, model: str) -> None:
    """At 99.9 %; where paths are shifted to the tail on a third of those a run takes by itself: spread and
    stated errors both grow as paths are fewer, their ratio stays.
    """
    values, errors = [], []
    fewer = {"gaussian": 8_000, "t": 8_000, "migration": 4_000}
    options: dict[str, Any] = {"paths": fewer[model]} if model in fewer else {}
    options |= {} if model in ("twin", "credit-risk-plus") else {"sectors": "none"}
    with lt.open(panel_home) as twin:
        for seed in range(1, 21):
            found = lt.loss(twin, model=model, seed=seed, **options)
            assert isinstance(found, LossResult)
            values.append([getattr(found, figure).value for figure in FIGURES])
            errors.append([getattr(found, figure).standard_error for figure in FIGURES])
    ratio = np.std(values, axis=0, ddof=1) / np.sqrt(np.mean(np.square(errors), axis=0))
    assert ((ratio > 0.7) & (ratio < 1.4)).all(), dict(zip(FIGURES, ratio.round(2), strict=True))


def test_a_model_without_simulation_still_states_an_error(panel_home: Path) -> None:
    found = lt.loss(panel_home, model="credit-risk-plus", confidence=0.99)
    assert isinstance(found, LossResult)
    for figure in FIGURES:
        made = getattr(found, figure)
        assert 0.002 < made.standard_error / made.value < 0.3
    beside = found.supervisory
    assert beside is not None
    assert beside.capital == pytest.approx(0.08 * beside.rwa)
    assert beside.var > beside.expected_loss > 0
    assert any("times the expected loss" in words for words in beside.reasons)


@pytest.mark.slow
def test_a_floor_of_correlation_moves_the_tail_and_not_the_mean(panel_home: Path) -> None:
    plain, held = (
        lt.loss(panel_home, model="gaussian", confidence=0.99, sectors="none", correlation_floor=floor)
        for floor in (None, 0.4)
    )
    assert isinstance(plain, LossResult)
    assert isinstance(held, LossResult)
    assert held.expected_loss.value == plain.expected_loss.value
    assert held.var.value > 1.2 * plain.var.value
    assert held.supervisory is not None
    assert held.supervisory.least == pytest.approx(0.4)


def test_one_newton_step_follows_a_small_change() -> None:
    rng = np.random.default_rng(2)
    factor = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 4_000)
    rates = np.clip(0.04 * np.exp(0.6 * factor - 0.18), 0, 1)
    part = rates[:3_600]
    whole, wanted = implied(rates), implied(part)
    pds = tuple([column.mean(axis=0)[place : place + 1] for place in range(2)] for column in (rates, part))
    found = moved(whole, (rates, part), pds)
    change = wanted.asset_correlation - whole.asset_correlation
    np.testing.assert_allclose(found.asset_correlation - whole.asset_correlation, change, rtol=0.1, atol=2e-4)
    np.testing.assert_allclose(found.correlation, wanted.correlation, atol=2e-3)
