"""What countries have beside the tables that all have: hand-worked cases, dates, values of property."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from loantwin.errors import RiskError, UsageError
from loantwin.risk import standardised_risk_weight
from loantwin.risk.capital.amounts import (
    CapitalLoans,
    internal_classes,
    irb_amounts,
    standardised_amounts,
)
from loantwin.risk.capital.assumptions import CapitalAssumptions
from loantwin.risk.capital.classes import NAMES
from loantwin.risk.capital.explain import irb_approach_steps, standardised_steps
from loantwin.risk.capital.from_book import supporting_factors
from loantwin.risk.capital.mapping import place
from loantwin.risk.capital.national import CATEGORIES, insufficient
from loantwin.risk.capital.options import BUILT_IN, check_in_force, load_options
from loantwin.risk.capital.property_values import property_values
from loantwin.risk.capital.ratios import allowance_limit, output_floor

Make = Callable[..., CapitalLoans]
EUROPE, BRITAIN, AMERICA = (load_options(n) for n in ("european-union", "united-kingdom", "united-states"))


def table(**columns: list[object]) -> pl.DataFrame:
    count = len(next(iter(columns.values())))
    texts = ("product", "borrower_id", "industry", "guarantor", "purpose")
    whole = {name: [None] * count for name in texts} | {"collateral_value": [None] * count} | columns
    return pl.DataFrame(
        whole, schema_overrides={name: pl.String() for name in texts} | {"collateral_value": pl.Float64()}
    )


@pytest.mark.parametrize(
    ("name", "before", "first"),
    [
        ("basel", "2022-12-31", "2023-01-01"),
        ("united-states", "2014-12-31", "2015-01-01"),
        ("china", "2023-12-31", "2024-01-01"),
        ("european-union", "2024-12-31", "2025-01-01"),
        ("united-kingdom", "2026-12-31", "2027-01-01"),
    ],
)
def test_options_are_refused_outside_their_dates_unless_asked(name: str, before: str, first: str) -> None:
    rules = load_options(name)
    assert check_in_force(rules, dt.date.fromisoformat(first), any_date=False) is None
    early = dt.date.fromisoformat(before)
    with pytest.raises(
        UsageError, match=f"expected options in force on {before} .*--any-date.*{name}, in force"
    ):
        check_in_force(rules, early, any_date=False)
    assert f"in force from {first}" in str(check_in_force(rules, early, any_date=True))


def test_options_that_have_ended_are_refused_too(tmp_path: Path) -> None:
    text = (files("loantwin.risk.capital") / "options/basel.toml").read_text("utf-8")
    own = tmp_path / "old.toml"
    own.write_text(text.replace("in_force = [2023-01-01]", "in_force = [2008-01-01, 2013-12-31]"), "utf-8")
    rules = load_options(str(own))
    assert rules.holds(dt.date(2013, 12, 31))
    assert not rules.holds(dt.date(2014, 1, 1))
    assert rules.period == "in force from 2008-01-01 to 2013-12-31"
    for bad in ("[]", "[2013-12-31, 2008-01-01]", "['2023']", "2023-01-01"):
        own.write_text(text.replace("in_force = [2023-01-01]", f"in_force = {bad}"), "utf-8")
        with pytest.raises(RiskError, match="field in_force"):
            load_options(str(own))


def test_the_european_factor_of_small_firms_by_hand(made_loans: Make) -> None:
    """An 85 % firm owing 4 million: (2.5 x 0.7619 + 1.5 x 0.85) / 4 = 0.79494 of 3.4 million is 2.7028."""
    rule = EUROPE.national.sme_factor
    assert rule is not None
    assert rule.of(np.array([2.5e6, 4e6, 0.0])) == pytest.approx([0.7619, 0.7949375, 0.7619])
    loans = table(product=["instalment"] * 3, industry=["44"] * 3, borrower_id=["x", "y", "y"])
    owed = np.array([4e6, 1e6, 3e6])
    placed = place(loans, owed, EUROPE, CapitalAssumptions())
    none = np.zeros(3, dtype=bool)
    factor = supporting_factors(loans, owed, none, placed, EUROPE, CapitalAssumptions())
    assert factor == pytest.approx([0.7949375] * 3), "all that a borrower owes counts"
    firm = made_loans(
        3,
        "corporate_sme",
        exposure=owed,
        supporting=factor,
        counterparty_weight=0.85,
        options="european-union",
    )
    made = standardised_amounts(firm, EUROPE)
    assert made.rwa[0] == pytest.approx(2.7028e6, abs=50)
    one = made_loans(1, "corporate_sme", exposure=4e6, supporting=factor[:1], options="european-union")
    steps = {step.what: step.value for step in standardised_steps(one, EUROPE)}
    assert steps["factor on the weight"] == pytest.approx(0.7949375)
    large = CapitalAssumptions(business_size="large")
    assert supporting_factors(loans, owed, none, placed, EUROPE, large).tolist() == [1.0] * 3
    assert supporting_factors(loans, owed, ~none, placed, EUROPE, CapitalAssumptions()).tolist() == [1.0] * 3
    british = place(loans, owed, BRITAIN, CapitalAssumptions())
    assert supporting_factors(loans, owed, none, british, BRITAIN, CapitalAssumptions()).tolist() == [1.0] * 3


def test_infrastructure_takes_three_quarters_in_europe_alone() -> None:
    loans, owed = table(product=["instalment"], industry=["22"]), np.array([1e7])
    assumed = CapitalAssumptions(infrastructure=True, business_size="large")
    none = np.zeros(1, dtype=bool)
    placed = place(loans, owed, EUROPE, assumed)
    assert supporting_factors(loans, owed, none, placed, EUROPE, assumed).tolist() == [0.75]
    with pytest.raises(RiskError, match="options with a factor for infrastructure"):
        supporting_factors(loans, owed, none, place(loans, owed, BRITAIN, assumed), BRITAIN, assumed)


def test_output_floors_by_year() -> None:
    def shares(name: str, years: range) -> list[float]:
        made = [output_floor(1.0, 1.0, 0.0, load_options(name), year) for year in years]
        return [item.share for item in made if item is not None]

    assert shares("european-union", range(2025, 2032)) == [0.5, 0.55, 0.6, 0.65, 0.7, 0.725, 0.725]
    assert shares("united-kingdom", range(2027, 2031)) == [0.6, 0.65, 0.7, 0.725]


def test_rented_offices_in_britain_and_houses_in_europe() -> None:
    made = standardised_risk_weight("commercial_income_producing", ltv=[0.5, 0.8, 0.81], options=BRITAIN)
    assert made.tolist() == [1.0, 1.0, 1.1]
    house = standardised_risk_weight(
        "residential_real_estate", ltv=0.8, counterparty_weight=0.75, options=EUROPE
    )
    assert house == pytest.approx((55 * 0.20 + 25 * 0.75) / 80), "split without being asked"


def test_houses_of_flats_have_their_class_in_america_and_rented_homes_elsewhere() -> None:
    loans, owed = table(product=["balloon"], purpose=["multifamily"]), np.array([1e6])
    for options, name in ((AMERICA, "multifamily"), (EUROPE, "residential_income_producing")):
        made = place(loans, owed, options, CapitalAssumptions())
        assert options.classes[made.exposure_class[0]] == name
        assert not made.individual[0]
        assert made.secured_by_property[0]
    weights = standardised_risk_weight("multifamily", ltv=[0.8, 0.81], options=AMERICA)
    assert weights.tolist() == [0.5, 1.0]


def test_an_allowance_counts_up_to_its_limit_and_america_takes_the_rest_off() -> None:
    """Credit RWA of 1,000, an allowance of 20: 12.5 in tier 2, the other 7.5 off RWA in the United States."""
    rules = [load_options(name).national.allowance for name in ("united-states", "basel")]
    assert rules[0] is not None
    assert rules[1] is not None
    made = [allowance_limit(20.0, 1000.0, rule) for rule in rules if rule is not None]
    assert [(item.tier2, item.excess, item.deducted) for item in made] == [(12.5, 7.5, 7.5), (12.5, 7.5, 0.0)]
    within = allowance_limit(10.0, 1000.0, rules[0])
    assert (within.tier2, within.excess, within.deducted) == (10.0, 0.0, 0.0)


def test_the_european_backstop_by_hand() -> None:
    """An unsecured loan of 100 with 20 provided: nothing before two years, 35 in the third, all from three;
    one on a house waits until the fourth year, 25 to 85, 100 in the tenth; other collateral ends in the
    eighth."""
    rule = EUROPE.national.backstop
    assert rule is not None

    def gap(years: list[float], secured: float, immovable: bool, provided: float) -> list[float]:
        size = np.ones(len(years))
        made = insufficient(
            rule, 100 * size, secured * size, np.full(len(years), immovable), np.array(years), provided * size
        )
        return made.round(9).tolist()

    assert gap([1.9, 2.0, 2.9, 3.0], 0.0, False, 20.0) == [0.0, 15.0, 15.0, 80.0]
    assert gap([2.9, 3, 4, 5, 6, 7, 8, 9], 100.0, True, 0.0) == [0, 25, 35, 55, 70, 80, 85, 100]
    assert gap([2.9, 3, 4, 5, 6, 7], 100.0, False, 0.0) == [0, 25, 35, 55, 80, 100]
    assert gap([4.0], 60.0, True, 30.0) == [40 + 0.35 * 60 - 30]


def test_slotting_weights_as_in_the_text(made_loans: Make) -> None:
    for table_, weights, losses in (
        (0, [0.7, 0.9, 1.15, 2.5, 0.0], [0.4, 0.8, 2.8, 8.0, 50.0]),
        (1, [0.95, 1.2, 1.4, 2.5, 0.0], [0.4, 0.4, 2.8, 8.0, 50.0]),
    ):
        slot = 5 * table_ + np.arange(5)
        loans = made_loans(
            5,
            "commercial_income_producing",
            slot=slot,
            defaulted=slot % 5 == 4,
            elbe=0.3,
            pd=0.00001,
            ltv=0.5,
        )
        made = irb_amounts(loans, load_options(), foundation=True)
        assert made.own_weight == pytest.approx(weights)
        assert made.expected_loss == pytest.approx(losses)
        assert not any(item.where.any() for item in made.bindings), "slotted loans meet no floor"
        codes, names = internal_classes(loans)
        assert {names[code] for code in codes} == {
            f"slotted_{('income_producing', 'high_volatility')[table_]}"
        }
    one = made_loans(1, "land_development", slot=7)
    steps = {step.what: step.value for step in irb_approach_steps(one, load_options(), foundation=False)[0]}
    assert steps["slotted as"] == f"high volatility, {CATEGORIES[2]}"
    assert steps["risk-weighted assets"] == pytest.approx(140.0)


def test_rented_property_and_land_of_firms_are_slotted_unless_told() -> None:
    loans = table(product=["balloon"] * 2 + ["mortgage", "instalment"], industry=["5"] * 4,
                  purpose=["commercial property", "development", None, None])  # fmt: skip
    made = place(loans, np.full(4, 1e5), load_options(), CapitalAssumptions())
    assert made.slotted.tolist() == [0, 1, -1, -1]
    told = place(loans, np.full(4, 1e5), load_options(), CapitalAssumptions(asset_class="corporate"))
    assert told.slotted.tolist() == [-1] * 4
    assert NAMES[made.asset_class[0]] == "corporate", "the twin's own PD with slotting=none"


def test_value_at_origination_before_haircut_and_later_ones_where_the_law_allows() -> None:
    """A flat worth 100 when lent on, 90 before, 130 and 140 later; a garage of 20 first valued after that."""
    loans = pl.DataFrame({"loan_id": ["a", "b", "c"], "origination_date": [dt.date(2015, 6, 1)] * 3})
    held = pl.DataFrame(
        [("a", "flat", 90.0, dt.date(2014, 1, 1)), ("a", "flat", 100.0, dt.date(2015, 5, 1)),
         ("a", "flat", 130.0, dt.date(2022, 1, 1)), ("a", "flat", 140.0, dt.date(2024, 1, 1)),
         ("a", "garage", 20.0, dt.date(2016, 1, 1)), ("b", "flat", 100.0, dt.date(2015, 5, 1)),
         ("b", "flat", 80.0, dt.date(2023, 1, 1)), ("c", "flat", None, dt.date(2015, 5, 1))],
        schema=["loan_id", "collateral_id", "value", "valuation_date"], orient="row",
    )  # fmt: skip
    day = dt.date(2025, 6, 30)

    def values(name: str, which: str) -> list[float]:
        made = property_values(loans, held, load_options(name).property_value, which, day)
        return np.nan_to_num(made, nan=-1.0).tolist()

    assert values("basel", "origination") == [120.0, 100.0, -1.0]
    assert values("basel", "later") == [120.0, 80.0, -1.0], "a later value counts where it is lower"
    assert values("european-union", "later") == [155.0, 80.0, -1.0], "up to the mean of six years, 135 and 20"


def test_grades_without_default_have_the_papers_pds() -> None:
    from loantwin.risk.capital.low_default import most_prudent_pd, raised

    found = most_prudent_pd([100, 400, 300], [0, 0, 0], 0.75)
    assert (100 * found).round(3).tolist() == [0.173, 0.198, 0.461], "800, 700 and 300 debtors"
    assert found == pytest.approx([1 - 0.25 ** (1 / n) for n in (800, 700, 300)])
    some = most_prudent_pd([100, 400, 300], [0, 2, 1], 0.9)
    assert (100 * some).round(2).tolist() == [0.83, 0.95, 1.29], "no, two and one default"
    tied = most_prudent_pd([100, 400, 300], [0, 0, 0], 0.99, correlation=0.12)
    assert (100 * tied).round(2).tolist() == pytest.approx([2.65, 2.92, 5.30], abs=0.011)
    assert raised(np.array([0.001, 0.5, 0.001]), np.array([0, 1, -1]), found[:2]).tolist() == [
        found[0], 0.5, 0.001
    ]  # fmt: skip
    for debtors, defaults in (([1, 2], [2, 0]), ([0, 5], [0, 0])):
        with pytest.raises(RiskError, match="field debtors"):
            most_prudent_pd(debtors, defaults, 0.75)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_conditional_guarantee_never_lowers_the_weight_but_where_a_country_says_so(name: str) -> None:
    rules = load_options(name)
    assert rules.guarantee.default == "conditional"
    assert rules.guarantee["unconditional"] == 0.0
    conditional = rules.guarantee["conditional"]
    assert conditional == 0.2 if name == "united-states" else np.isnan(conditional)
