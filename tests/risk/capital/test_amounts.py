"""Amounts of a book's loans by approach: hand-worked cases, split and order, explanation equal to the
figures.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import RiskError, UsageError
from loantwin.risk import irb_risk_weight
from loantwin.risk.capital.amounts import CapitalLoans, irb_amounts, standardised_amounts, take
from loantwin.risk.capital.assumptions import WORDS, CapitalAssumptions, read_assumptions
from loantwin.risk.capital.classes import NAMES
from loantwin.risk.capital.explain import irb_approach_steps, standardised_steps
from loantwin.risk.capital.mapping import borrower_totals, place
from loantwin.risk.capital.options import load_options
from loantwin.risk.capital.results import approach

BASEL, AMERICA = load_options("basel"), load_options("united-states")
Make = Callable[..., CapitalLoans]


def test_guarantee_splits_the_exposure(made_loans: Make) -> None:
    """100 to a small firm at 75 %, 80 of it guaranteed by the sovereign at 0 %: 20 x 75 % = 15."""
    loans = made_loans(
        3,
        "retail_regulatory",
        "retail_other",
        guaranteed=[0.8, 0.8, 0.8],
        guarantor_weight=[0.0, np.nan, 1.5],
    )
    made = standardised_amounts(loans, BASEL)
    assert made.rwa == pytest.approx([15.0, 75.0, 75.0]), (
        "an unknown guarantor, or a worse one, changes nothing"
    )
    internal = irb_amounts(loans, BASEL, foundation=False)
    whole = 100 * irb_risk_weight(0.01, 0.45, asset_class="retail_other")
    assert internal.rwa == pytest.approx([0.2 * whole, whole, whole])
    assert internal.expected_loss == pytest.approx([0.2 * 0.45, 0.45, 0.45]), (
        "the covered part is standardised"
    )


def test_defaulted_loans_under_each_approach(made_loans: Make) -> None:
    fields = {"defaulted": True, "pd": 1.0, "lgd": 0.6, "elbe": 0.5, "provision_share": 0.5}
    loans = made_loans(1, "corporate_sme", "corporate", **fields)
    standard = standardised_amounts(loans, BASEL)
    assert (standard.ead[0], standard.rwa[0]) == pytest.approx((50.0, 50.0)), (
        "net of provisions, 100 % from a fifth on"
    )
    internal = irb_amounts(loans, BASEL, foundation=False)
    assert (internal.ead[0], internal.rwa[0]) == pytest.approx((100.0, 12.5 * 10.0)), "gross; K = 0.6 - 0.5"
    assert internal.expected_loss[0] == pytest.approx(50.0)
    foundation = irb_amounts(loans, BASEL, foundation=True)
    assert (foundation.rwa[0], foundation.expected_loss[0]) == pytest.approx((0.0, 40.0)), (
        "supervisory LGD, no K"
    )
    sure = made_loans(1, "corporate_sme", "corporate", guaranteed=0.75, guarantor_weight=0.0, **fields)
    assert irb_amounts(sure, BASEL, foundation=True).expected_loss[0] == pytest.approx(10.0), (
        "the rest is the sovereign's"
    )
    there = standardised_amounts(
        made_loans(1, "corporate_sme", "corporate", "united-states", **fields), AMERICA
    )
    assert (there.ead[0], there.rwa[0]) == pytest.approx((100.0, 150.0)), "no provisions taken off"


def test_foundation_and_advanced_approach_of_a_secured_firm(made_loans: Make) -> None:
    fields = {
        "lgd": 0.10,
        "collateral_kind": 2,
        "collateral_value": 100.0,
        "maturity": 7.0,
        "undrawn": 50.0,
        "revolving": True,
    }
    loans = made_loans(1, "corporate", "corporate", **fields)
    foundation = irb_amounts(loans, BASEL, foundation=True)
    assert (foundation.lgd[0], foundation.maturity[0], foundation.ead[0]) == pytest.approx((0.28, 2.5, 120.0))
    assert not any(item.where.any() for item in foundation.bindings)
    advanced = irb_amounts(loans, BASEL, foundation=False)
    assert (advanced.lgd[0], advanced.maturity[0], advanced.ead[0]) == pytest.approx((0.16, 5.0, 110.0))
    bound = {item.name for item in advanced.bindings if item.where.any()}
    assert bound == {"LGD floor, corporate", "maturity cap of 5 years", "conversion factor floor"}
    assert advanced.own_weight[0] == pytest.approx(irb_risk_weight(0.01, 0.16, 5.0, input_floors=False))


def test_the_advanced_approach_is_not_open_to_banks_and_large_groups(made_loans: Make) -> None:
    """The December 2017 text leaves them supervisory LGD (45 and 40 %) and a maturity of 2.5 years."""
    names, sales = (
        ["bank", "financial", "corporate", "corporate", "sovereign"],
        [np.nan, np.nan, 501.0, 500.0, np.nan],
    )
    loans = made_loans(5, "corporate", names, lgd=0.3, maturity=4.0, annual_sales=sales)
    made = irb_amounts(loans, BASEL, foundation=False)
    assert made.lgd == pytest.approx([0.45, 0.45, 0.40, 0.30, 0.30])
    assert made.maturity == pytest.approx([2.5, 2.5, 2.5, 4.0, 4.0])
    for row in range(5):
        steps, _ = irb_approach_steps(take(loans, slice(row, row + 1)), BASEL, foundation=False)
        source = {step.what: step.source for step in steps}["LGD before floor"]
        assert ("supervisory" in source) is (row < 3)


def test_a_line_of_which_nothing_is_drawn_has_the_supervisory_loss(made_loans: Make) -> None:
    loans = made_loans(
        2,
        "corporate",
        exposure=0.0,
        undrawn=100.0,
        lgd=0.9,
        collateral_kind=[-1, 2],
        collateral_value=[0.0, 200.0],
    )
    made = irb_amounts(loans, BASEL, foundation=True)
    assert made.lgd == pytest.approx([0.40, 0.20])
    assert made.ead == pytest.approx([40.0, 40.0])


def test_floors_are_counted_by_class(made_loans: Make) -> None:
    names = ["retail_mortgage", "retail_revolving", "retail_other", "retail_revolving"]
    loans = made_loans(
        4,
        "retail_other",
        names,
        pd=[0.0001, 0.0007, 0.01, 0.0007],
        lgd=[0.3, 0.6, 0.1, 0.6],
        transactor=[0, 0, 0, 1],
    )
    made = irb_amounts(loans, BASEL, foundation=False)
    bound = {item.name: int(item.where.sum()) for item in made.bindings if item.where.any()}
    assert bound == {
        "PD floor, retail mortgage": 1,
        "PD floor, retail revolving": 1,
        "LGD floor, retail other": 1,
    }
    assert made.pd == pytest.approx([0.0005, 0.001, 0.01, 0.0007])


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_totals_do_not_depend_on_order_or_split(made_loans: Make, count: int, seed: int) -> None:
    draw = np.random.Generator(np.random.Philox(key=seed))
    names = draw.choice(["corporate", "retail_regulatory", "cash"], count)
    assets = draw.choice(NAMES[:4], count)
    fields = {
        "exposure": draw.uniform(0, 1e6, count),
        "pd": draw.uniform(0, 1, count) * 0.999,
        "lgd": draw.uniform(0, 1, count),
    }
    fields |= {
        "guaranteed": draw.uniform(0, 1, count),
        "guarantor_weight": 0.0,
        "weight": draw.uniform(0, 2, count),
    }
    loans = made_loans(count, names, assets, **fields)
    order = draw.permutation(count)
    whole, mixed = (irb_amounts(item, BASEL, foundation=True) for item in (loans, take(loans, order)))
    assert whole.rwa[order].tolist() == mixed.rwa.tolist()
    one = approach(loans, whole, loans.asset_class, NAMES, 0.08, internal=True)
    other = approach(take(loans, order), mixed, loans.asset_class[order], NAMES, 0.08, internal=True)
    assert (one.rwa, one.expected_loss, one.ead) == (other.rwa, other.expected_loss, other.ead)
    assert sum(part.rwa for part in one.by_class.values()) == pytest.approx(one.rwa)
    assert one.capital == pytest.approx(0.08 * one.rwa)


def test_an_explanation_ends_at_the_figure(made_loans: Make) -> None:
    fields = {
        "guaranteed": 0.5,
        "guarantor_weight": 0.0,
        "undrawn": 20.0,
        "maturity": 0.5,
        "annual_sales": 8.0,
        "pd": 0.0001,
        "lgd": 0.2,
    }
    loan = made_loans(1, "corporate_sme", "corporate", **fields)
    standard = {step.what: step.value for step in standardised_steps(loan, BASEL)}
    assert standard["risk-weighted assets"] == standardised_amounts(loan, BASEL).rwa[0]
    assert standard["covered by the guarantor"] == pytest.approx(0.5 * standard["exposure at default"])
    steps, floors = irb_approach_steps(loan, BASEL, foundation=False)
    found = {step.what: step.value for step in steps}
    assert found["risk-weighted assets"] == irb_amounts(loan, BASEL, foundation=False).rwa[0]
    assert 12.5 * found["capital requirement K"] == pytest.approx(found["risk weight of the borrower"])
    assert found["of which taken off for size"] == pytest.approx(0.04 * (1 - 3 / 45))
    assert [floor.what for floor in floors] == [
        "PD floor, corporate",
        "LGD floor, corporate",
        "maturity floor of 1 year",
    ]
    assert floors[0].value == "0.0001 raised to 0.0005"


def book(**columns: list[object]) -> pl.DataFrame:
    count = len(next(iter(columns.values())))
    empty = {
        "borrower_id": [None] * count,
        "industry": [None] * count,
        "guarantor": [None] * count,
        "purpose": [None] * count,
    }
    kinds: dict[str, pl.DataType] = {name: pl.String() for name in ("product", *empty)}
    empty["collateral_value"] = [None] * count
    return pl.DataFrame({**empty, **columns}, schema_overrides={**kinds, "collateral_value": pl.Float64()})


def test_loans_find_their_classes() -> None:
    loans = book(
        product=["mortgage", "revolving", "revolving", "instalment", "instalment", "instalment"],
        guarantor=[None, None, None, "SBA", "SBA", None],
        purpose=[None, "card", "card", None, None, "development"],
    )
    owed = np.array([5e5, 9e4, 2e5, 9e5, 2e6, 1e5])
    made = place(loans, owed, BASEL, CapitalAssumptions())
    names = [BASEL.classes[code] for code in made.exposure_class]
    retail = ["retail_regulatory"] * 3
    assert names == ["residential_real_estate", *retail, "corporate_sme", "land_development"]
    assert [NAMES[code] for code in made.asset_class] == [
        "retail_mortgage", "retail_revolving", "retail_other", "retail_other", "corporate", "corporate"
    ]  # fmt: skip
    pledged = place(
        book(product=["revolving"], purpose=["card"], collateral_value=[5.0]),
        np.array([1.0]),
        BASEL,
        CapitalAssumptions(),
    )
    assert NAMES[pledged.asset_class[0]] == "retail_other", "qualifying revolving exposures are unsecured"
    assert np.isnan(made.guarantor_weight).all(), "the SBA's guarantee is conditional: no credit protection"
    assert made.conditional.tolist() == [False, False, False, True, True, False]
    firm = place(loans, owed, BASEL, CapitalAssumptions(guarantee="unconditional"))
    assert np.isnan(firm.guarantor_weight).tolist() == [True, True, True, False, False, True]
    assert firm.guarantor_weight[3] == 0.0
    assert not firm.conditional.any()
    assert place(loans, owed, AMERICA, CapitalAssumptions()).guarantor_weight[3] == 0.2, "conditional there"


def test_a_borrowers_loans_count_together_and_currency_moves_the_limit() -> None:
    loans = book(product=["instalment"] * 3, borrower_id=["x", "x", None])
    owed = np.array([6e5, 6e5, 6e5])
    assert borrower_totals(loans["borrower_id"], owed).tolist() == [1.2e6, 1.2e6, 6e5]
    made = place(loans, owed, BASEL, CapitalAssumptions())
    assert [BASEL.classes[code] for code in made.exposure_class] == [
        "retail_other",
        "retail_other",
        "retail_regulatory",
    ]
    cheap = place(loans, owed, BASEL, CapitalAssumptions(exchange_rate=0.1))
    assert {BASEL.classes[code] for code in cheap.exposure_class} == {"retail_regulatory"}


def test_assumptions_are_read_by_name() -> None:
    made = read_assumptions(["ltv=0.8", "annual_sales=none", "transactor=yes", "exposure_class=corporate"])
    assert (made.ltv, made.annual_sales, made.transactor, made.exposure_class) == (
        0.8,
        None,
        True,
        "corporate",
    )
    assert set(WORDS) == set(CapitalAssumptions.__dataclass_fields__)
    for text, words in (
        ("ltv", "expected NAME=VALUE"),
        ("colour=red", "expected one of exposure_class"),
        ("ltv=-1", "expected a number from 0.01 to 100 for ltv"),
        ("transactor=2", "expected true or false for transactor"),
        ("borrower=bank", "expected one of individual, business"),
    ):
        with pytest.raises(UsageError, match=words):
            read_assumptions([text])
    with pytest.raises(RiskError, match="an exposure class of options basel"):
        place(book(product=["mortgage"]), np.array([1.0]), BASEL, CapitalAssumptions(exposure_class="gold"))
    with pytest.raises(RiskError, match="assume guarantee"):
        place(book(product=["mortgage"]), np.array([1.0]), BASEL, CapitalAssumptions(guarantee="verbal"))
