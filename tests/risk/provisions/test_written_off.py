"""No allowance under IFRS 9 is negative; one under CECL is, where more is awaited of what is written off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import loantwin as lt
from loantwin.engine.cells import LossGivenDefault
from loantwin.errors import RiskError
from loantwin.risk.provisions.provisions import BesideLoans, provisions
from loantwin.risk.provisions.written_off import POOL, WrittenOff, expected_recoveries
from tests.risk.provisions.test_provisions import CONFIG, flat, hazards, one_loan, portfolio, severity

LGD = LossGivenDefault(
    np.full((1, 1), 0.5), np.full((1, 1), 0.2), np.array([1.0]), np.array([0.0, 0.25, 0.25, 0.5])
)


def gone(**changes: object) -> WrittenOff:
    values = {
        "segment": np.array([0, 0]),
        "age": np.array([5, 9]),
        "passed": np.array([1, 2]),
        "charged_off": np.array([1000.0, 1000.0]),
        "recovered": np.array([0.0, 900.0]),
        "weight": np.array([1.0, 2.0]),
        "annual_rate": np.array([0.12, 0.12]),
        "guaranteed": np.array([0.0, 0.5]),
    }
    return WrittenOff(**{**values, **changes})  # type: ignore[arg-type]


def test_expected_recoveries_by_hand() -> None:
    # 0.2 / 0.5 of what is charged off comes back, 75 % of it after month 1 and 50 % after month 2: 300, 200;
    # but of the second loan 900 are back, so that no more than 100 can come
    found = expected_recoveries(gone(), LGD, False)
    assert (found.loans, found.written_off, found.recovered) == (2, 3000.0, 1800.0)
    assert found.expected == pytest.approx(300.0 + 2 * 100.0, rel=1e-12)
    assert found.net == pytest.approx(300.0 + 100.0, rel=1e-12)
    # discounted at 1 % a month: of 300 a third comes in a month, two thirds in two; the 100 in a month
    present = expected_recoveries(gone(), LGD, True)
    assert present.expected == pytest.approx(100 / 1.01 + 200 / 1.01**2 + 200 / 1.01, rel=1e-12)
    with pytest.raises(RiskError, match="charged_off"):
        expected_recoveries(gone(charged_off=np.array([-1.0, 1.0])), LGD, False)


def test_a_cecl_allowance_may_be_negative_and_adds_up() -> None:
    book = portfolio(hazards([1e-9]), one_loan(principal=np.array([1000.0])), severity(0.5))
    book = replace(book, lgd=LGD)
    scenarios = [flat("a", 0.5, 36), flat("b", 0.5, 36)]
    alone = provisions("cecl", book, scenarios, CONFIG)
    made = provisions("cecl", book, scenarios, CONFIG, beside=BesideLoans(written_off=gone()))
    assert made.allowance == pytest.approx(alone.allowance - 400.0, rel=1e-12)
    assert made.allowance < 0.0
    assert made.allowance_gross == pytest.approx(alone.allowance_gross - 500.0, rel=1e-12)
    assert made.by_pool[POOL].allowance == pytest.approx(-400.0)  # type: ignore[union-attr]
    assert sum(part.allowance for part in made.by_pool.values()) == pytest.approx(made.allowance)  # type: ignore[union-attr]
    by_scenario = sum(item.weight * item.allowance for item in made.by_scenario.values())
    assert by_scenario == pytest.approx(made.allowance)
    assert made.exposure == alone.exposure


@pytest.mark.parametrize("defaulted", [False, True])
def test_an_ifrs_9_allowance_is_never_negative(defaulted: bool) -> None:
    # more comes back than is charged off: what is over is a gain when it comes, no part of an allowance
    book = portfolio(hazards([0.01]), one_loan(), severity(0.2, 0.3))
    book = replace(book, standing=replace(book.standing, defaulted=np.array([defaulted])))
    made = provisions("ifrs9", book, [flat("base", 1.0, 36)], CONFIG, beside=BesideLoans(written_off=gone()))
    assert made.allowance == 0.0
    assert made.by_scenario["base"].allowance == 0.0


def test_a_panel_tells_what_is_awaited(panel_home: Path) -> None:
    made = lt.provisions(panel_home, "cecl")
    told = made.written_off  # type: ignore[union-attr]
    assert told is not None
    assert 0.0 < told.expected <= told.written_off - told.recovered
    assert made.by_pool[POOL].allowance == -told.net  # type: ignore[union-attr]
