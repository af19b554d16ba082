"""Ratios, buffers, output floor, provisions against expected loss, large exposures: hand-worked cases."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import RiskError
from loantwin.risk.capital.large_exposures import connected, large_exposures
from loantwin.risk.capital.options import load_options
from loantwin.risk.capital.ratios import OwnFunds, load_own_funds, output_floor, provision_gap, ratios

BASEL = load_options("basel")


def test_ratios_by_hand() -> None:
    """1,000 of risk-weighted assets, 200 of them operational; 80 of CET1, 10 of AT1, 20 of tier 2; exposure
    2,000.
    """
    funds = OwnFunds(
        cet1=80.0,
        additional_tier1=10.0,
        tier2=20.0,
        other_rwa={"operational": 200.0},
        leverage_exposure=2000.0,
    )
    made = ratios(funds, 800.0, 0.0, BASEL)
    assert (made.cet1.value, made.tier1.value, made.total.value, made.leverage.value) == pytest.approx(
        (0.08, 0.09, 0.11, 0.045)
    )
    assert made.cet1.with_buffers == pytest.approx(0.07)
    assert made.cet1.headroom == pytest.approx(10.0)
    assert made.total.headroom == pytest.approx(5.0)
    assert made.binding == "total"
    assert made.payout_share == 1.0


PAYOUTS = (
    (450, 0.0),
    (510, 0.0),
    (513, 0.2),
    (574, 0.2),
    (576, 0.4),
    (637, 0.4),
    (638, 0.6),
    (699, 0.6),
    (701, 1.0),
)
"""CET1 ratio in basis points, share of earnings that may be paid out."""


@pytest.mark.parametrize(("cet1", "share"), PAYOUTS)
def test_distribution_table_of_the_conservation_buffer(cet1: int, share: float) -> None:
    """RBC30.4: CET1 of 4.5 to 5.125 % keeps all earnings, to 5.75 % four fifths, to 6.375 % three, to 7 %
    two.

    creditriskengine 0.31 is a step more lenient in each quarter (20, 40, 60, 100 %).
    """
    funds = OwnFunds(cet1=cet1 / 10, additional_tier1=15.0, tier2=20.0, leverage_exposure=1.0, earnings=50.0)
    made = ratios(funds, 1000.0, 0.0, BASEL)
    assert made.payout_share == pytest.approx(share)
    assert made.payout == pytest.approx(50.0 * share)


def test_a_missed_minimum_has_no_payout_and_core_capital_that_fills_other_minima_meets_no_buffer() -> None:
    assert ratios(OwnFunds(cet1=44.0, leverage_exposure=1.0), 1000.0, 0.0, BASEL).payout_share is None
    alone = ratios(OwnFunds(cet1=90.0, leverage_exposure=1.0), 1000.0, 0.0, BASEL)
    assert alone.payout_share == pytest.approx(0.2), (
        "9 % of CET1 alone: 8 % fills the total minimum, 1 % is 40 % of the buffer"
    )


def test_buffers_add_up() -> None:
    funds = OwnFunds(cet1=100.0, leverage_exposure=1500.0, countercyclical=0.01, gsib=0.02)
    made = ratios(funds, 1000.0, 0.0, BASEL)
    assert made.cet1.with_buffers == pytest.approx(0.045 + 0.025 + 0.01 + 0.02)
    assert made.leverage.with_buffers == pytest.approx(0.03 + 0.01), "half the G-SIB buffer (LEV40)"


@settings(deadline=None, max_examples=50)
@given(
    internal=st.floats(0, 1e6),
    standard=st.floats(0, 1e6),
    other=st.floats(0, 1e5),
    year=st.integers(2023, 2035),
)
def test_output_floor(internal: float, standard: float, other: float, year: int) -> None:
    made = output_floor(internal, standard, other, BASEL, year)
    assert made is not None
    assert made.used + other == pytest.approx(max(internal + other, made.share * (standard + other)))
    assert made.added >= 0.0
    assert output_floor(internal, standard, other, load_options("united-states"), year) is None


@pytest.mark.parametrize("year", range(2023, 2036))
def test_the_floor_of_a_year_is_a_second_library_s(oracle: Any, year: int) -> None:
    made = output_floor(1.0, 1.0, 0.0, BASEL, year)
    basel = oracle("creditriskengine.core.types").Jurisdiction.BCBS
    theirs = oracle("creditriskengine.rwa.output_floor").get_output_floor_pct(basel, date(year, 12, 31))
    assert made is not None
    assert made.share == theirs


def test_provisions_against_expected_loss() -> None:
    short = provision_gap(10.0, 7.0, 1000.0)
    assert (short.shortfall, short.excess, short.tier2) == (3.0, 0.0, 0.0)
    over = provision_gap(10.0, 30.0, 1000.0)
    assert (over.shortfall, over.excess, over.tier2) == pytest.approx((0.0, 20.0, 6.0)), (
        "0.6 % of risk-weighted assets counts"
    )


def test_own_funds_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "funds.toml"
    file.write_text("cet1 = 80\ntier2 = 20\n[other_rwa]\nmarket = 5\n", "utf-8")
    assert load_own_funds(file) == OwnFunds(cet1=80.0, tier2=20.0, other_rwa={"market": 5.0})
    for text, words in (
        ("cet2 = 1", "field cet1: expected a key cet1"),
        ("cet1 = 1\ntier3 = 1", "field tier3: expected a key of"),
        ("cet1 = 1\ntier2 = -1", "field tier2: expected a number of at least 0, was -1"),
        ("cet1 = 1\ngsib = 2.5", "field gsib: expected a number from 0 to 1, was 2.5"),
        ("cet1 = nan", "field cet1"),
        ("cet1", "expected a readable TOML file of own funds"),
    ):
        file.write_text(text, "utf-8")
        with pytest.raises(RiskError, match=words):
            load_own_funds(file)
    with pytest.raises(RiskError, match="own_funds"):
        load_own_funds(tmp_path / "none.toml")
    with pytest.raises(RiskError, match="risk-weighted assets"):
        ratios(OwnFunds(cet1=1.0), 0.0, 0.0, BASEL)


def test_connected_borrowers_through_numbers_and_parties() -> None:
    loans = ["a", "b", "c", "d", "e"]
    borrower = pl.Series(["x", "y", "x", None, "z"])
    assert connected(loans, borrower)[0].tolist() == [0, 1, 0, 2, 3]
    parties = pl.DataFrame(
        {"loan_id": ["b", "d", "d", "e", "a", "e"], "party_id": ["p", "p", "q", "q", "g", "g"],
         "role": ["borrower", "co_borrower", "borrower", "borrower", "guarantor", "guarantor"]}
    )  # fmt: skip
    group, words = connected(loans, borrower, parties)
    assert group.tolist() == [0, 1, 0, 1, 1], "b, d and e through p and q; a shared guarantor connects nobody"
    assert words == "borrower_id and parties"
    assert connected(loans, pl.Series([None] * 5, dtype=pl.String))[0].tolist() == [0, 1, 2, 3, 4]


def test_limits_of_tier_1() -> None:
    group = np.array([0, 0, 1, 2])
    borrower = pl.Series(["x", "x", "y", "z"])
    exposure = np.array([15.0, 11.0, 12.0, 5.0])
    net = np.array([15.0, 11.0, 6.0, 5.0])
    made = large_exposures(group, borrower, list("abcd"), exposure, net, "borrower_id", BASEL, tier1=100.0)
    assert [(g.names[0], g.net, g.large, g.breach) for g in made.groups] == [
        ("x", 26.0, True, True), ("y", 6.0, False, False), ("z", 5.0, False, False)
    ]  # fmt: skip
    assert (made.large, made.breaches, made.counted) == (1, 1, 3)
    unknown = large_exposures(group, borrower, list("abcd"), exposure, net, "borrower_id", BASEL)
    assert unknown.large is None
    assert unknown.groups[0].breach is None
    china = large_exposures(
        group, borrower, list("abcd"), exposure, net, "borrower_id", load_options("china"), tier1=140.0
    )
    assert (china.large, china.breaches) == (3, 1), "2.5 % is large, 15 % the limit of one borrower"
    with pytest.raises(RiskError, match="tier 1 capital above 0"):
        large_exposures(group, borrower, list("abcd"), exposure, net, "", BASEL, tier1=0.0)
