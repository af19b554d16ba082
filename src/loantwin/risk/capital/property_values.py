"""What a loan-to-value ratio divides by: the property's value at origination, or later by law."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected
from loantwin.risk.capital.national import PropertyValue

LATER = "later"
DAYS = 365.25


def property_values(
    loans: pl.DataFrame, collateral: pl.DataFrame, rule: PropertyValue, which: str, as_of: dt.date
) -> Floats:
    """Return the value of what secures each loan, (N,) currency before haircut; NaN where none is known.

    Each asset counts with its last valuation up to the loan's origination, or the first after it where there
    is none; a loan's assets are added up. Later values count as the rule says. Ranks of other lenders' claims
    are not known and not taken off.

    Parameters
    ----------
    loans : loan_id and origination_date, N rows. collateral : loan_id, collateral_id, value and
        valuation_date, as known at `as_of`; rows without a value or its date tell nothing.
    which : origination or later.

    Raises
    ------
    RiskError : later values under rules that never let them count.
    """
    check.kind(pl.DataFrame, loans=loans, collateral=collateral)
    check.kind(PropertyValue, rule=rule)
    check.one_of(("origination", LATER), which=which)
    check.kind(dt.date, as_of=as_of)
    if which == LATER and rule.later == "never":
        raise RiskError(expected(f"property_value origination ({rule.paragraph})", which), field="assume")
    dated = collateral.filter(
        pl.col("value").is_not_null() & (pl.col("valuation_date") <= as_of).fill_null(False)
    )
    if not dated.height:
        return np.full(loans.height, np.nan)
    told = dated.join(
        loans.select("loan_id", "origination_date"), on="loan_id", how="inner", maintain_order="left"
    ).sort("loan_id", "collateral_id", "valuation_date", maintain_order=True)
    until = pl.col("valuation_date") <= pl.col("origination_date")
    since = as_of - dt.timedelta(days=DAYS * rule.years)
    by_asset = told.group_by("loan_id", "collateral_id", maintain_order=True).agg(
        pl.coalesce(pl.col("value").filter(until).last(), pl.col("value").first()).alias("first"),
        pl.col("value").last().alias("last"),
        pl.col("value").filter(pl.col("valuation_date") >= since).mean().alias("mean"),
    )
    by_asset = by_asset.with_columns(pl.col("mean").fill_null(pl.col("last")))
    places = loans.select("loan_id").with_row_index("place")
    owned = by_asset.join(places, on="loan_id", how="inner", maintain_order="left")
    known = np.bincount(owned["place"], minlength=loans.height) > 0
    first, last, mean = (
        np.where(known, np.bincount(owned["place"], owned[name], loans.height), np.nan)
        for name in ("first", "last", "mean")
    )
    return rule.value(first, last, mean) if which == LATER else first
