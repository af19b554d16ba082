"""CECL: pools against the loss-rate example of the standards, reversion at once and in a straight line."""

from __future__ import annotations

import json
from datetime import date

import jsonschema
import numpy as np
import pytest

from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.rows import TransitionParameters, transition_rows
from loantwin.errors import RiskError
from loantwin.risk.allowance import Exposures
from loantwin.risk.provisions.cecl import (
    INDIVIDUAL,
    CeclResult,
    PoolLosses,
    Reversion,
    cecl,
    historical_loss_rates,
    historical_shocks,
    reverted_shocks,
)

AS_OF = date(2024, 12, 31)


def two_ways_out() -> TransitionParameters:
    """Return a model of one live state that leaves by default or prepayment, two segments, three ages, one
    factor.
    """
    return TransitionParameters(
        states=("current", "default", "prepaid"),
        live=1,
        origin=np.array([0, 0]),
        target=np.array([1, 2]),
        age=np.log([[0.01, 0.02, 0.03], [0.05, 0.05, 0.05]]),
        segment=np.array([[0.0, np.log(2.0)], [0.0, 0.0]]),
        macro=np.array([[1.0], [0.0]]),
        loading=np.array([[1.0], [0.0]]),
        segments=("a", "b"),
        factors=("unemployment",),
        latents=("period",),
        default_state=1,
        prepaid_state=2,
    )


def test_pools_by_loss_rate() -> None:
    # Loss-rate approach as in IFRS 9 Illustrative Example 9: pools of 200,000 and 300,000 at 0.3 % and 0.15 %
    exposure = Exposures(np.array([200_000.0, 300_000.0, 1000.0]), np.ones(3), np.zeros(3))
    losses = PoolLosses(
        np.array([[600.0], [450.0], [9.0]]),
        np.array([0.0, 0.0, 400.0]),
        np.array([False, False, True]),
        np.array([0, 1, 0]),
    )
    result = cecl(AS_OF, "USD", exposure, losses, ("x", "y", "empty"), {"base": 1.0}, Reversion())
    assert {name: part.allowance for name, part in result.by_pool.items()} == {
        "x": 600.0,
        "y": 450.0,
        INDIVIDUAL: 400.0,
    }
    assert result.allowance == 1450.0
    jsonschema.validate(json.loads(json.dumps(result.to_dict(), allow_nan=False)), CeclResult.json_schema())


def test_straight_line_by_hand() -> None:
    scenario = np.array([[3.0], [5.0], [9.0]])  # the third month is beyond the supported two
    found = reverted_shocks(scenario, np.array([1.0]), 8, Reversion(supported_months=2, months=4))
    assert found[:, 0].tolist() == [3.0, 5.0, 4.0, 3.0, 2.0, 1.0, 1.0, 1.0]


def test_at_once_by_hand() -> None:
    found = reverted_shocks(
        np.array([[3.0], [5.0]]), np.array([1.0]), 4, Reversion(supported_months=2, form="at_once")
    )
    assert found[:, 0].tolist() == [3.0, 5.0, 1.0, 1.0]


def test_loans_shorter_than_the_supported_period_need_no_reversion() -> None:
    found = reverted_shocks(np.array([[3.0], [5.0]]), np.array([1.0]), 2, Reversion(supported_months=24))
    assert found[:, 0].tolist() == [3.0, 5.0]


def test_a_scenario_too_short_is_refused() -> None:
    with pytest.raises(RiskError, match="24 months"):
        reverted_shocks(np.ones((12, 1)), np.ones(1), 60, Reversion(supported_months=24))


def test_historical_loss_rate_is_the_rows_of_the_average_month() -> None:
    parameters = two_ways_out()
    lgd = LossGivenDefault(np.full((2, 3), 0.5), np.full((2, 3), 0.1), np.ones(1), np.ones(1))
    found = historical_loss_rates(parameters, lgd)
    rows = transition_rows(parameters, np.zeros((1, 1)), np.zeros((1, 1)))[0]
    np.testing.assert_allclose(found, rows[:, :, 0, 1] * 0.4, rtol=1e-14)
    # segment a, age 0: odds 0.01 and 0.05 against 1, 40 % lost
    assert found[0, 0] == pytest.approx(0.01 / 1.06 * 0.4, rel=1e-14)
    assert found[1, 2] == pytest.approx(0.06 / 1.11 * 0.4, rel=1e-14)


def test_historical_level_is_the_mean_of_odds_not_of_log_odds() -> None:
    macro, latent = np.log([[2.0], [0.5]]), np.log([[1.0], [4.0]])
    np.testing.assert_allclose(historical_shocks(two_ways_out(), macro, latent), [(2.0 + 2.0) / 2, 1.0])
    np.testing.assert_allclose(historical_shocks(two_ways_out(), macro), [1.25, 1.0])
    assert historical_shocks(two_ways_out()).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("pool", [[3], [-1]])
def test_unknown_pool_is_refused(pool: list[int]) -> None:
    losses = PoolLosses(np.ones((1, 1)), np.zeros(1), np.zeros(1, dtype=bool), np.array(pool))
    with pytest.raises(RiskError) as caught:
        cecl(
            AS_OF,
            "USD",
            Exposures(np.ones(1), np.ones(1), np.zeros(1)),
            losses,
            ("x",),
            {"base": 1.0},
            Reversion(),
        )
    assert caught.value.field == "pool"
