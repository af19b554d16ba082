"""Which loans property secures, and which index stands for its price."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from loantwin.arrays import Flags
from loantwin.book.mapping import TapeFormat
from loantwin.models.priors.beliefs import MacroBeliefs

HOUSES, COMMERCIAL = "house_price_index", "commercial_property_index"
PROPERTY = ("mortgage", "commercial-real-estate")
"""Product classes whose loans property secures, told or not."""
MOVABLE = ("auto", "auto-subprime", "card")
"""Product classes whose collateral, if there is any, no property price follows."""


def with_class(mapping: TapeFormat, product: str) -> TapeFormat:
    """Return a tape's format with a product class where it tells none."""
    return mapping if mapping.product_class or not product else replace(mapping, product_class=product)


def price_factor(mapping: TapeFormat, factors: tuple[str, ...]) -> str | None:
    """Return the index that stands for what secures a tape's loans; None where `factors` hold none.

    Prices of commercial property for commercial real estate, where they are known; house prices for all else.
    """
    if mapping.product_class in MOVABLE:
        return None
    wanted = (COMMERCIAL, HOUSES) if mapping.product_class == PROPERTY[1] else (HOUSES,)
    return next((name for name in wanted if name in factors), None)


def secured_loans(loans: pl.DataFrame, mapping: TapeFormat, collateral: pl.DataFrame | None = None) -> Flags:
    """Return which loans property secures, (N,): all of a class that it does, else those with a value of
    collateral in the loan table or in `collateral`.
    """
    if mapping.product_class in PROPERTY:
        return np.ones(loans.height, dtype=np.bool_)
    if mapping.product_class in MOVABLE:
        return np.zeros(loans.height, dtype=np.bool_)
    own = (loans["collateral_value"] > 0.0).fill_null(False)
    if collateral is not None and collateral.height:
        valued = collateral.filter((pl.col("value") > 0.0).fill_null(False))["loan_id"]
        own = own | loans["loan_id"].is_in(valued.implode())
    return np.asarray(own.to_numpy())


def without_severity(beliefs: MacroBeliefs, loans: pl.DataFrame, mapping: TapeFormat) -> MacroBeliefs:
    """Return beliefs of the default rate alone, as far as severity follows collateral by itself.

    An elasticity of charge-offs to house prices holds that of severity, which secured loans follow apart
    (`models.collateral`): it counts for the part of the lending, by amount, that nothing secures.
    """
    if beliefs.elasticity_of != "charge-offs":
        return beliefs
    amount = loans["approved_amount"].fill_null(0.0).to_numpy() * loans["weight"].to_numpy()
    if not amount.sum() > 0.0:
        return beliefs
    left = 1.0 - float(np.average(secured_loans(loans, mapping), weights=amount))
    if left == 1.0:
        return beliefs
    one = beliefs.house_prices
    value, low, high = (end * left for end in (one.value, one.low, one.high))
    source = f"{one.source}; for the {left:.0%} of lending that nothing secures"
    return replace(beliefs, house_prices=replace(one, value=value, low=low, high=high, source=source))
