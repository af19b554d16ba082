"""CECL's methods against figures worked by hand and against an independent library."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.engine.columns import loan_columns
from loantwin.errors import RiskError
from loantwin.risk.allowance import Exposures
from loantwin.risk.provisions.cecl_methods import (
    METHODS,
    LossHistory,
    PooledBook,
    by_loan,
    loss_shares,
    roll_rate,
    vintage,
    warm,
)

LIBRARY = "creditriskengine.ecl.cecl.methods"


def book(
    exposure: tuple[float, ...] = (600.0, 400.0), guaranteed: float = 0.0, default: int | None = None
) -> PooledBook:
    count = len(exposure)
    amounts = np.array(exposure)
    flags = np.arange(count) == (-1 if default is None else default)
    return PooledBook(
        Exposures(amounts, np.ones(count), np.full(count, guaranteed)),
        np.arange(count) % 2,
        ("x", "y"),
        flags,
        np.where(flags, 0.4 * amounts, 0.0),
        loan_columns(
            segment=0,
            age=0,
            state=0,
            product=2,
            remaining_months=np.full(count, 24),
            principal=amounts,
            annual_rate=0.05,
        ),
    )


@given(st.floats(1e3, 1e7), st.floats(0, 0.05), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_warm_of_a_balance_that_stands_is_the_library_s(
    oracle: Any, amount: float, rate: float, years: int
) -> None:
    # the library multiplies by a given remaining life; a balance that stands for n years and then is gone has
    # a life of n
    balances = np.zeros((2, 12 * years + 1))
    balances[0, :-1] = amount
    found = warm(book((amount, 0.0)), balances, LossHistory(charge_off_rate=rate))
    assert found.allowance == pytest.approx(oracle(LIBRARY).warm_method(amount, rate, years), rel=1e-9)


def test_warm_of_falling_balances_as_in_the_staff_paper() -> None:
    # FASB Staff Q&A Topic 326 No. 1: 0.36 % a year on balances of 10.0, 6.7, 3.6 and 1.2 million at the
    # starts of four years
    balances = np.zeros((2, 49))
    balances[0, :-1] = np.repeat([10.0, 6.7, 3.6, 1.2], 12)
    found = warm(book((10.0, 0.0)), balances, LossHistory(charge_off_rate=0.0036))
    assert found.allowance == pytest.approx(0.0036 * 21.5, rel=1e-12)


def test_a_pool_reads_its_own_rate_and_loans_in_default_their_own_loss() -> None:
    balances = np.full((2, 13), 100.0)
    found = warm(book((600.0, 400.0), guaranteed=0.5, default=1), balances, LossHistory(0.01, {"y": 0.03}))
    assert found.allowance_gross == pytest.approx(1.0 + 3.0 + 160.0)
    assert found.allowance == pytest.approx(
        0.5 * 1.0 + 3.0 + 80.0
    )  # y has no live loan: nobody guarantees its pool
    assert found.by_pool == pytest.approx({"x": 0.5, "y": 83.0})


def test_vintage_by_hand() -> None:
    # lent 100 at age 1 of 3, so ages 2 and 3 are ahead; 200 at age 2
    loss = np.array([0.0, 0.02, 0.03, 0.01])
    ahead = {"x": np.array([[0, 0, 100, 300], [0, 0, 50, 250]], dtype=float)}
    found = vintage(book((90.0, 0.0)), LossHistory(vintage_loss=loss, ahead=ahead))
    assert found.allowance_gross == pytest.approx(3.0 + 3.0)
    assert found.allowance == pytest.approx(1.5 + 2.5)


def test_vintage_where_the_library_s_reading_is_the_same(oracle: Any) -> None:
    # The library takes the ultimate loss of the oldest vintage less a vintage's own losses so far, on its
    # balance. Both agree where every vintage follows one curve and the balance is what was lent; elsewhere
    # they differ: ours is additive in what was lent, theirs multiplies losses of the past by a balance that
    # has since been repaid.
    curve = np.array([0.01, 0.03, 0.035])
    matrix = np.array([[0.01, 0.03, 0.035], [0.01, 0.03, 0.0], [0.01, 0.0, 0.0]])
    lent = np.array([0.0, 500.0, 800.0])
    theirs = oracle(LIBRARY).vintage_analysis(matrix, lent)
    ahead = np.array([0.0, 800.0, 1300.0])  # of age 0: ages 1 and 2; of age 1: age 2
    found = vintage(
        book(), LossHistory(vintage_loss=np.diff(curve, prepend=0.0), ahead={"x": np.stack([ahead, ahead])})
    )
    assert found.allowance == pytest.approx(theirs, rel=1e-12)


def test_roll_rates_by_hand() -> None:
    # current: 1 % to late, 9 % paid; late: 50 % lost, 30 % back to current, 20 % paid
    roll = np.array([[0.90, 0.01, 0.0, 0.09], [0.3, 0.0, 0.5, 0.2]])
    shares = loss_shares(roll, 2)
    assert shares[1] == pytest.approx([0.0, 0.5])
    assert shares[2] == pytest.approx([0.01 * 0.5, 0.5])
    lasting = loss_shares(roll, 2000)[-1]
    late = (0.5 + 0.3 * lasting[0]) / 1.0
    assert lasting == pytest.approx([0.01 * late / 0.1, late], rel=1e-9)
    found = roll_rate(book((600.0, 400.0)), LossHistory(roll=roll, recovered=0.2, state=np.array([0, 1])))
    at_24 = loss_shares(roll, 24)[-1]
    assert found.allowance == pytest.approx(0.8 * (600 * at_24[0] + 400 * at_24[1]), rel=1e-12)


def test_roll_rates_that_are_no_probabilities_are_refused() -> None:
    with pytest.raises(RiskError, match="roll"):
        loss_shares(np.array([[0.9, 0.2]]), 3)


@pytest.mark.parametrize("method", ["vintage", "warm", "roll-rate"])
def test_what_the_source_cannot_tell_is_no_figure(method: str) -> None:
    for history in (None, LossHistory()):
        made = {
            "vintage": lambda past: vintage(book(), past),
            "warm": lambda past: warm(book(), np.ones((2, 3)), past),
            "roll-rate": lambda past: roll_rate(book(), past),
        }[method](history)
        assert made.allowance is None
        assert made.missing
        assert made.formula == METHODS[method].formula


hazards = st.lists(st.floats(0, 0.2), min_size=1, max_size=30)


@given(hazards, st.floats(0, 1), st.floats(0.0, 0.3))
@settings(max_examples=40, deadline=None)
def test_discounting_sums_and_pools_agree_with_the_library(
    oracle: Any, hazard: list[float], lgd: float, rate: float
) -> None:
    # PD x LGD of interest-only loans with the library's marginal probabilities, discounted at the monthly
    # rate. DCF there is contractual less expected flows: 1 + what is recovered of a default at once, which is
    # the same to rounding.
    alive = np.cumprod(1.0 - np.array(hazard))
    marginal = np.array(hazard) * np.concatenate([[1.0], alive[:-1]])
    worth = (1.0 + rate / 12.0) ** -np.arange(1, len(hazard) + 1)
    ours = float(
        by_loan(
            "dcf", book((1000.0, 0.0)), np.array([1000.0 * (marginal * lgd * worth).sum(), 0.0])
        ).allowance
        or 0.0
    )
    cecl_pd_lgd = oracle("creditriskengine.ecl.cecl.cecl_calc").cecl_pd_lgd
    assert ours == pytest.approx(cecl_pd_lgd(marginal, lgd, 1000.0, rate / 12.0), rel=1e-9, abs=1e-9)
    start = np.concatenate([[1.0], alive[:-1]])
    contract = np.full(len(hazard), 1000.0 * rate / 12.0)
    contract[-1] += 1000.0
    interest, final = 1000.0 * rate / 12.0, np.zeros(len(hazard))
    final[-1] = alive[-1] * 1000.0
    # a default at the end of a month pays the month's interest and what is not lost of 1,000 then
    expected = start * interest + marginal * (1.0 - lgd) * 1000.0 + final
    theirs = oracle(LIBRARY).dcf_method(contract, expected, rate / 12.0)
    assert theirs == pytest.approx(ours, rel=1e-7, abs=1e-6)
