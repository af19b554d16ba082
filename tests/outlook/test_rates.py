"""The effective rate of floating loans now: by hand, and on a book whose index has moved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.outlook.outlook import Outlook
from loantwin.risk.provisions.effective_rate import current_rate


def test_market_rates_move_it_and_fees_stay() -> None:
    # lent at an index of 3 % + 2 %, fees make 5.6 %; the index is 6 % now: 8.6 %. Unknown then: the rate now
    made = current_rate(np.array([0.056, 0.056]), np.array([0.05, np.nan]), np.array([0.08, 0.08]))
    np.testing.assert_allclose(made, [0.086, 0.08], rtol=1e-12)


def test_a_floating_book_earns_the_rate_in_force(panel_home: Path) -> None:
    """The made-up lender charges no fees: the effective rate is the contract's, today's for floating
    loans."""
    twin = lt.open(panel_home)
    loans = Outlook(twin).book.loans
    stated = loans.select("loan_id").join(
        twin.known_loans.select("loan_id", at_origination="effective_annual_rate"),
        on="loan_id",
        how="left",
        maintain_order="left",
    )["at_origination"]
    floating = (loans["rate_type"] == "floating") & stated.is_not_null()
    chosen, before = loans.filter(floating), stated.filter(floating)
    assert chosen.height > 100
    interest = (chosen["annual_rate"] * chosen["principal"]).sum()
    assert (before * chosen["principal"]).sum() != pytest.approx(interest, rel=0.05)
    assert (chosen["effective_annual_rate"] * chosen["principal"]).sum() == pytest.approx(interest, rel=1e-3)
    fixed = loans.filter(~floating)
    same = fixed.join(
        twin.book.loans.select("loan_id", as_was="effective_annual_rate"),
        on="loan_id",
        how="left",
        maintain_order="left",
    )
    assert same.select((pl.col("effective_annual_rate") == pl.col("as_was")).all()).item()
