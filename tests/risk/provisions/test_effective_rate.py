"""The effective interest rate against closed forms, a published example and polynomial roots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import RiskError
from loantwin.risk.provisions.effective_rate import effective_rate


def test_level_payments_without_fees_give_the_contract_rate() -> None:
    # 100,000 at 6 % nominal monthly over 360 months: payment 599.5505 (any mortgage table)
    flows = np.array([-100_000.0, *[599.5505251527569] * 360])
    found = effective_rate(flows)
    assert found.status == "solved"
    assert found.annual_rate == pytest.approx(0.06, abs=1e-12)


def test_zero_coupon_closed_form() -> None:
    flows = np.zeros(25)
    flows[0], flows[24] = -800.0, 1000.0
    assert effective_rate(flows).annual_rate == pytest.approx(12 * ((1000 / 800) ** (1 / 24) - 1), abs=1e-12)
    assert effective_rate(flows).compounded == pytest.approx(np.sqrt(1.25) - 1, abs=1e-12)


def test_standards_own_example() -> None:
    # IFRS 9 implementation guidance B.26: pays 1,000, receives 59 a year for five years and 1,250 at the end:
    # 10 %
    flows = np.zeros(61)
    flows[0], flows[12:61:12] = -1000.0, 59.0
    flows[60] += 1250.0
    assert effective_rate(flows).compounded == pytest.approx(0.10, abs=5e-4)


def test_a_fee_raises_the_rate_by_hand() -> None:
    # lend 1,000, keep 20 as a fee, get 1,000 + 10 interest back after one month: 1010 / 980 - 1 a month
    found = effective_rate(np.array([-980.0, 1010.0]))
    assert found.annual_rate == pytest.approx(12 * (1010 / 980 - 1), abs=1e-12)


def test_negative_rate_is_found() -> None:
    assert effective_rate(np.array([-1000.0, 0.0, 990.0])).annual_rate == pytest.approx(
        12 * (np.sqrt(0.99) - 1), abs=1e-12
    )


def test_status_says_when_there_is_no_single_rate() -> None:
    assert effective_rate(np.array([-1.0, 5.0, -6.0])).status == "several_roots"  # 100 % and 200 % a month
    none = effective_rate(np.array([1.0, -1.0, 1.0]))
    assert none.status == "no_root"
    assert np.isnan(none.annual_rate)


@pytest.mark.parametrize("flows", [[-1.0], [1.0, 2.0], [0.0, 0.0], [-1.0, np.nan], [-1.0, np.inf]])
def test_bad_flows_are_refused(flows: list[float]) -> None:
    with pytest.raises(RiskError) as caught:
        effective_rate(np.array(flows))
    assert caught.value.field == "cash_flows"


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=40), st.floats(0.2, 1.4))
@settings(max_examples=100, deadline=None)
def test_discounts_the_flows_to_what_was_paid(receipts: list[float], price: float) -> None:
    flows = np.array([-price * sum(receipts), *receipts])
    found = effective_rate(flows)
    assert found.status == "solved"
    months = np.arange(len(flows))
    value = float((flows * np.exp(-months * np.log1p(found.annual_rate / 12))).sum())
    assert abs(value) < 1e-8 * sum(receipts)
