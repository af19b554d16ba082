"""Guarantees, collateral, supervisory LGDs and conversion factors, against hand-worked cases and an
independent library.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import RiskError
from loantwin.risk.capital.mitigation import (
    collateralised_exposure,
    guaranteed_share,
    haircut,
    simple_weight,
    substituted_weight,
)
from loantwin.risk.capital.supervisory import foundation_lgd, lgd_floor, own_exposure_at_default

shares = st.floats(0, 1)


@settings(deadline=None, max_examples=100)
@given(weight=st.floats(0, 2.5), protector=st.floats(0, 2.5), share=shares)
def test_substitution_agrees_with_an_independent_library_and_never_costs(
    oracle: Any, weight: float, protector: float, share: float
) -> None:
    """The library substitutes a worse protector too; by CRE22.3 mitigation may not cost more than none."""
    independent = oracle("creditriskengine.rwa.crm")
    wanted = (
        independent.guarantee_substitution(100 * weight, 100 * min(protector, weight), share)["effective_rw"]
        / 100
    )
    made = float(substituted_weight(weight, protector, share))
    assert made == pytest.approx(wanted)
    assert made <= weight * (1 + 1e-15)


def test_half_a_loan_guaranteed_by_the_sovereign_has_half_the_weight() -> None:
    assert substituted_weight(0.75, 0.0, 0.5) == pytest.approx(0.375)
    with pytest.raises(RiskError, match=r"field share: expected a covered share from 0 to 1, was 1\.2"):
        substituted_weight(0.75, 0.0, np.array([0.2, 1.2]))


def test_simple_approach_has_a_floor_but_for_cash() -> None:
    assert simple_weight(1.0, 0.0, 0.5) == pytest.approx(0.5 * 0.2 + 0.5)
    assert simple_weight(1.0, 0.0, 0.5, floor=0.0) == pytest.approx(0.5)


def test_haircuts_of_the_final_table_and_their_scaling() -> None:
    """10 business days, daily revaluation: the table itself. creditriskengine has the table of 2006 (equities
    15 and 25 %).
    """
    assert haircut("sovereign", "aaa_aa", 4.0, holding_days=10) == pytest.approx(0.02)
    assert haircut("corporate", "bbb", 12.0, holding_days=10) == pytest.approx(0.20)
    assert haircut("main_index_equity", holding_days=10) == pytest.approx(0.20)
    assert haircut("other_equity", holding_days=10) == pytest.approx(0.30)
    assert haircut("gold") == pytest.approx(0.20 * math.sqrt(2.0)), "secured lending: 20 business days"
    assert haircut("gold", holding_days=10, revaluation_days=5) == pytest.approx(0.20 * math.sqrt(1.4))
    with pytest.raises(RiskError, match="field collateral"):
        haircut("corporate", "b")


@settings(deadline=None, max_examples=50)
@given(exposure=st.floats(1, 1e6), value=st.floats(0, 2e6), cut=st.floats(0, 1))
def test_comprehensive_approach(exposure: float, value: float, cut: float) -> None:
    made = float(collateralised_exposure(exposure, value, cut))
    assert 0.0 <= made <= exposure
    assert made == pytest.approx(max(0.0, exposure - value * (1 - cut)))


def test_protection_that_ends_early_agrees_with_an_independent_library(oracle: Any) -> None:
    wanted = oracle("creditriskengine.rwa.crm").maturity_mismatch_adjustment(0.8, 2.0, 4.0)
    assert guaranteed_share(0.8, protection_years=2.0, exposure_years=4.0) == pytest.approx(wanted)


def test_protection_that_ends_early_or_in_another_currency() -> None:
    assert guaranteed_share(0.8, protection_years=2.0, exposure_years=30.0) == pytest.approx(
        0.8 * 1.75 / 4.75
    ), "T at most 5"
    assert guaranteed_share(0.8, protection_years=0.25, exposure_years=4.0) == 0.0
    assert guaranteed_share(0.8, protection_years=9.0, exposure_years=4.0) == 0.8
    assert guaranteed_share(0.8, currency_mismatch=True) == pytest.approx(0.8 * 0.92)


def test_supervisory_lgd_by_hand() -> None:
    """1,000 lent against a building worth 1,000: 600 count (haircut 40 %), LGD* = 0.4 x 40 % + 0.6 x 20 % =
    28 %.
    """
    assert foundation_lgd(1000.0) == pytest.approx(0.40)
    assert foundation_lgd(1000.0, borrower="bank") == pytest.approx(0.45)
    assert foundation_lgd(1000.0, subordinated=True) == pytest.approx(0.75)
    assert foundation_lgd(1000.0, {"real_estate": 1000.0}) == pytest.approx(0.28)
    assert foundation_lgd(1000.0, {"financial": 500.0, "other_physical": 1000.0}) == pytest.approx(0.5 * 0.25)
    made = foundation_lgd(np.array([100.0, 100.0]), {"receivables": np.array([0.0, 1e9])})
    assert made == pytest.approx([0.40, 0.20])


def test_lgd_floor_of_partly_secured_exposures() -> None:
    assert lgd_floor(1000.0) == pytest.approx(0.25)
    assert lgd_floor(1000.0, {"real_estate": 1000.0}) == pytest.approx(0.4 * 0.25 + 0.6 * 0.10)
    assert lgd_floor(1000.0, {"financial": 1000.0}, asset_class="retail_other") == 0.0
    with pytest.raises(RiskError, match="field asset_class"):
        lgd_floor(1000.0, asset_class="retail_revolving")


@settings(deadline=None, max_examples=100)
@given(exposure=st.floats(1, 1e6), estate=st.floats(0, 2e6), goods=st.floats(0, 2e6))
def test_more_collateral_never_costs_more(exposure: float, estate: float, goods: float) -> None:
    some = foundation_lgd(exposure, {"real_estate": estate})
    assert foundation_lgd(exposure, {"real_estate": estate, "other_physical": goods}) <= some + 1e-12
    assert lgd_floor(exposure, {"real_estate": estate}) <= some + 1e-12


def test_own_conversion_factor_is_floored_at_half_the_standard_one() -> None:
    assert own_exposure_at_default(100.0, 50.0, 0.0, 0.40) == pytest.approx(110.0)
    assert own_exposure_at_default(100.0, 50.0, 0.6, 0.40) == pytest.approx(130.0)


@pytest.mark.parametrize(
    ("exposure", "collateral"), [(0.0, {}), (math.nan, {}), (1.0, {"gold": 1.0}), (1.0, {"financial": -1.0})]
)
def test_bad_input_is_refused(exposure: float, collateral: dict[str, float]) -> None:
    with pytest.raises(RiskError, match=r"field (exposure|collateral)"):
        foundation_lgd(exposure, collateral)
