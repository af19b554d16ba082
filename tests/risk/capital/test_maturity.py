"""Effective maturity by the contract against hand-worked schedules."""

from __future__ import annotations

import pytest

from loantwin.engine.columns import loan_columns
from loantwin.products.registry import PRODUCTS
from loantwin.risk.capital.from_book import effective_maturity


def test_effective_maturity_by_hand() -> None:
    """Without interest: 24 equal payments have the mean time 12.5 months, a bullet in 36 months 3 years; a
    line its end.
    """
    product = [PRODUCTS.index(name) for name in ("instalment", "interest_only", "revolving", "instalment")]
    columns = loan_columns(
        segment=[0, 0, 0, 0],
        age=[1, 1, 1, 1],
        state=[0, 0, 0, 0],
        product=product,
        remaining_months=[24, 36, 30, 18],
        principal=[1000.0, 1000.0, 1000.0, 0.0],
        annual_rate=[0.0, 0.0, 0.1, 0.05],
    )
    assert effective_maturity(columns) == pytest.approx([12.5 / 12, 3.0, 2.5, 1.5])


def test_interest_counts_as_a_cash_flow() -> None:
    """A bullet of 100 at 12 % a year over 2 months: flows of 1 and 101, mean time (1 + 202) / 102 months."""
    one = loan_columns(
        segment=[0], age=[0], state=[0], product=[PRODUCTS.index("interest_only")], remaining_months=[2],
        principal=[100.0], annual_rate=[0.12],
    )  # fmt: skip
    assert effective_maturity(one)[0] * 12 == pytest.approx(203 / 102)
