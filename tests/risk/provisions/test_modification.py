"""Modification gain or loss by hand, the 10 % test at its edge, and repriced loans found in a history."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from loantwin.engine.columns import loan_columns
from loantwin.errors import RiskError
from loantwin.risk.provisions.modification import modification, modifications, present_value, repriced


def test_a_rate_cut_by_hand() -> None:
    # 1,000 interest only for 12 months at 12 %, cut to 6 %: 5 a month and 1,000 at the end, at 1 % a month
    columns = loan_columns(
        segment=0, age=0, state=0, product=2, remaining_months=12, principal=[1000.0], annual_rate=0.06
    )
    worth = 5 * (1 - 1.01**-12) / 0.01 + 1000 * 1.01**-12
    assert present_value(columns, np.array([0.12]))[0] == pytest.approx(worth, rel=1e-12)
    made = modification(np.array([1000.0]), present_value(columns, np.array([0.12])))
    assert made.gain[0] == pytest.approx(worth - 1000.0, rel=1e-9)
    assert made.gain[0] == pytest.approx(-56.2754, abs=1e-4)
    assert not made.substantial[0]


def test_an_unchanged_contract_has_no_gain() -> None:
    columns = loan_columns(
        segment=0, age=0, state=0, product=[0, 1, 2, 4], remaining_months=[24, 36, 12, 9], principal=[1e4,
            2e4, 3e4, 5e3],
        annual_rate=[0.05, 0.09, 0.0, 0.2], balloon=[0.0, 5e3, 0.0, 0.0], interest_only_months=[3, 0, 0, 0],
    )  # fmt: skip
    assert present_value(columns, columns.annual_rate) == pytest.approx(columns.principal, rel=1e-12)


def test_substantial_from_ten_per_cent_either_way() -> None:
    made = modification(np.full(4, 100.0), np.array([90.0, 90.01, 110.0, 100.0]))
    assert made.substantial.tolist() == [True, False, True, False]
    assert made.change == pytest.approx([-0.1, -0.0999, 0.1, 0.0])


@pytest.mark.parametrize(
    ("amount", "worth", "field"),
    [
        ([0.0], [1.0], "gross_carrying_amount"),
        ([1.0], [np.nan], "present_value"),
        ([1.0], [1.0, 2.0], "present_value"),
    ],
)
def test_what_cannot_be_modified_is_refused(amount: list[float], worth: list[float], field: str) -> None:
    with pytest.raises(RiskError) as caught:
        modification(np.array(amount), np.array(worth))
    assert caught.value.field == field


def test_only_fixed_rates_that_moved_are_found() -> None:
    loans = pl.DataFrame(
        {
            "loan_id": ["a", "b", "c", "d"],
            "annual_rate": [0.05, 0.04, 0.06, 0.07],
            "rate_type": ["fixed", "fixed", "floating", None],
        }
    )
    days = [date(2023, 1, 31), date(2023, 2, 28)]
    panel = pl.DataFrame(
        {
            "loan_id": ["a", "a", "b", "b", "c", "c", "d"],
            "report_date": [*days, *days, *days, days[0]],
            "annual_rate": [0.05, 0.05, 0.08, 0.04, 0.03, 0.06, 0.09],
        }
    )
    found = repriced(loans, panel)
    assert found is not None
    assert found[0].tolist() == [1, 3]
    assert found[1].tolist() == [0.08, 0.09]
    assert repriced(loans, None) is None


def test_a_book_adds_up_small_and_substantial_ones_apart() -> None:
    columns = loan_columns(
        segment=0, age=0, state=0, product=2, remaining_months=[12, 120, 5], principal=[1000.0, 1000.0, 0.0],
        annual_rate=[0.06, 0.02, 0.05], weight=[2.0, 3.0, 1.0],
    )  # fmt: skip
    made = modifications(columns, np.array([0, 1, 2]), np.array([0.12, 0.12, 0.12]), 0.1)
    assert (made.loans, made.substantial, made.substantial_amount) == (1, 1, 3000.0)
    assert made.gain == pytest.approx(2 * -56.2754, abs=1e-3)
