"""Size bands, conditional losses and stress flows tied to the engine."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest

from loantwin.config import Economics
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import loan_columns
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.rows import TransitionParameters
from loantwin.engine.runoff import build_cells
from loantwin.errors import RiskError
from loantwin.risk.loss.conditional import conditional_losses, size_bands
from loantwin.risk.loss.loss import ConditionalLosses, loss
from loantwin.risk.stress.stress import scenario_flows, stress

AS_OF = date(2024, 12, 31)
LGD = LossGivenDefault(np.full((1, 1), 0.5), np.full((1, 1), 0.1), np.ones(1), np.ones(1))
INTEREST_ONLY = 2


def model() -> TransitionParameters:
    return TransitionParameters(
        states=("current", "default"),
        live=1,
        origin=np.array([0]),
        target=np.array([1]),
        age=np.log([[0.01 / 0.99]]),
        segment=np.zeros((1, 1)),
        macro=np.zeros((1, 1)),
        loading=np.ones((1, 1)),
        segments=("all",),
        factors=("unemployment",),
        latents=("period",),
        default_state=1,
        prepaid_state=-1,
    )


def columns(principal: list[float], rate: float = 0.0, weight: float = 1.0, guaranteed: float = 0.0):  # type: ignore[no-untyped-def]
    return loan_columns(
        segment=0, age=5, state=0, product=INTEREST_ONLY, remaining_months=60, principal=np.array(principal),
        annual_rate=rate, weight=weight, guaranteed=guaranteed,
    )  # fmt: skip


def test_bands_keep_large_loans_apart() -> None:
    bands = size_bands(columns([1_000_000.0, 900_000.0, 100.0, 120.0, 0.0], weight=2.0))
    assert bands.columns.group.tolist()[:2] == [0, 0]
    assert bands.columns.group.tolist()[2:] == [1, 1, 2]  # nothing is owed on the last
    assert bands.number.tolist() == [4.0, 4.0, 2.0]
    assert bands.size_variation[0] == pytest.approx(50_000 / 950_000)


def test_loans_without_exposure_have_no_distribution() -> None:
    with pytest.raises(RiskError):
        size_bands(columns([0.0]))


def test_no_loan_has_no_loss() -> None:
    bands = size_bands(columns([]))
    found = conditional_losses(model(), bands, build_cells(bands.columns, 12), LGD, [np.ones((3, 12, 1))])
    assert found.net.tolist() == [[0.0]] * 3
    assert bands.number.tolist() == [0.0]


def test_one_loan_by_hand_and_blocks_do_not_matter() -> None:
    bands = size_bands(columns([1000.0], guaranteed=0.5))
    cells = build_cells(bands.columns, 12)
    shocks = np.ones((6, 12, 1)) * np.array([0.5, 1, 2, 1, 1, 3])[:, None, None]
    found = conditional_losses(model(), bands, cells, LGD, [shocks])
    hazard = 0.01 / 0.99 * shocks[:, 0, 0] / (1 + 0.01 / 0.99 * shocks[:, 0, 0])
    np.testing.assert_allclose(found.number[:, 0], 1 - (1 - hazard) ** 12, rtol=1e-12)
    np.testing.assert_allclose(found.gross, found.number * 400, rtol=1e-12)
    np.testing.assert_allclose(found.net, found.number * 200, rtol=1e-12)
    # severity 40 %: beta with variance .4 x .6 / 4, so squared variation .6 / (4 x .4)
    assert found.variation[0] == pytest.approx(math.sqrt(0.6 / 1.6), rel=1e-12)
    blocks = conditional_losses(model(), bands, cells, LGD, [shocks[:4], shocks[4:]])
    np.testing.assert_array_equal(blocks.net, found.net)


def test_distribution_of_a_small_book_meets_loan_by_loan_simulation() -> None:
    random = np.random.Generator(np.random.Philox(key=5))
    sizes = random.lognormal(8, 1.2, 60)
    bands = size_bands(columns(list(sizes)))
    levels, repeats = 400, 50
    paths = levels * repeats
    shocks = np.exp(random.normal(0, 0.7, levels))[:, None, None] * np.ones((levels, 12, 1))
    few = conditional_losses(model(), bands, build_cells(bands.columns, 12), LGD, [shocks])
    repeated = (np.tile(item, (repeats, 1)) for item in (few.number, few.net, few.gross))
    found = ConditionalLosses(*repeated, few.variation, few.exposed)
    result = loss(AS_OF, "USD", found, 12, 0.99, seed=1)
    pd = found.number.sum(axis=1) / 60
    defaults = random.random((paths, 60)) < pd[:, None]
    severity = random.beta(0.4 * 3, 0.6 * 3, (paths, 60))  # mean .4, variance .4 x .6 / 4
    totals = np.sort((defaults * severity * sizes).sum(axis=1))
    error = math.hypot(result.var.standard_error, result.var.standard_error)
    assert totals.mean() == pytest.approx(result.expected_loss.value, abs=5 * totals.std() / math.sqrt(paths))
    assert totals.std() == pytest.approx(result.standard_deviation.value, rel=0.03)
    assert totals[int(0.99 * paths) - 1] == pytest.approx(
        result.var.value, abs=4 * error + 0.02 * result.var.value
    )


def test_stress_reads_the_engines_flows() -> None:
    book = columns([1000.0, 2000.0], rate=0.12)
    cells = build_cells(book, 6)
    flows = conditional_flows(model(), cells, LGD, np.ones((2, 6, 1)))
    made = scenario_flows("base", flows, 12.0)
    assert made.opening_balance[0] == 3000.0
    np.testing.assert_allclose(made.opening_balance, 3000 * 0.99 ** np.arange(6), rtol=1e-12)
    np.testing.assert_allclose(made.defaulted, 30 * 0.99 ** np.arange(6), rtol=1e-12)
    result = stress(AS_OF, "USD", [made], Economics(funding_annual_rate=0.03, servicing_annual_rate=0.0))
    # interest of 1 % a month from those that stay, a quarter per cent of funding on all that were there
    opening = 3000 * 0.99 ** np.arange(6)
    expected = (opening * 0.99 * 0.01 - opening * 0.0025).sum()
    assert result.scenarios["base"].net_interest_income == pytest.approx(expected, rel=1e-12)
    assert result.scenarios["base"].peak_month == "2025-01"
