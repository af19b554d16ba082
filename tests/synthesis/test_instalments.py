"""Several instalments at once, by closed form, against the contract's month by month table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantwin.products.contract import schedule, terms
from loantwin.products.registry import code
from loantwin.synthesis.history import due_of_month


def _due(
    principal: float, balloon: float, rate: float, remaining: int, instalments: int
) -> tuple[float, float]:
    arrays = (
        np.array([principal]),
        np.array([balloon]),
        np.array([rate]),
        np.array([remaining]),
        np.array([instalments]),
    )
    paid, interest = due_of_month(*arrays)
    return float(paid[0]), float(interest[0])


@given(
    principal=st.floats(100.0, 1e6),
    part=st.floats(0.0, 0.9),
    rate=st.floats(0.0, 0.3),
    remaining=st.integers(1, 360),
    instalments=st.integers(0, 8),
)
def test_instalments_paid_together_are_the_contracts_added_up(
    principal: float, part: float, rate: float, remaining: int, instalments: int
) -> None:
    paid, interest = _due(principal, part * principal, rate, remaining, min(instalments, remaining))
    if instalments == 0:
        assert (paid, interest) == (0.0, 0.0)
        return
    table = schedule(
        terms(code("balloon"), remaining, principal, rate, balloon=part * principal),
        min(instalments, remaining),
    )
    assert paid == pytest.approx(float(np.sum(table.scheduled)), rel=1e-9, abs=1e-6)
    assert interest == pytest.approx(float(np.sum(table.interest)), rel=1e-7, abs=1e-5)


def test_a_level_payment_by_hand() -> None:
    """1,000 over two months at 12 % a year: two payments of 507.512438; the first holds 10 of interest."""
    paid, interest = _due(1_000.0, 0.0, 0.12, 2, 1)
    assert interest == pytest.approx(10.0)
    assert paid == pytest.approx(497.512438, abs=1e-6)
    both, all_interest = _due(1_000.0, 0.0, 0.12, 2, 2)
    assert both == pytest.approx(1_000.0)
    assert all_interest == pytest.approx(2 * 507.512438 - 1_000.0, abs=1e-5)


def test_an_interest_only_loan_pays_all_at_the_end() -> None:
    assert _due(1_000.0, 1_000.0, 0.06, 5, 1) == (0.0, pytest.approx(5.0))
    assert _due(1_000.0, 1_000.0, 0.06, 1, 1) == (1_000.0, pytest.approx(5.0))
