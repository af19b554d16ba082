"""How much equity a loan asks for: the risk weight of what is applied for, by the rules of `risk.capital`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin.arrays import Codes, Floats
from loantwin.risk.capital.assumptions import CapitalAssumptions
from loantwin.risk.capital.irb import irb_risk_weight
from loantwin.risk.capital.mapping import place
from loantwin.risk.capital.options import load_options
from loantwin.risk.capital.standardised import standardised_risk_weight

OPTIONS = "basel"
"""Whose classes and standardised weights are read."""
BELOW_DEFAULT = 0.9999
"""A PD of 1 is a loan in default, which no loan lent now is."""
SHORTEST, LONGEST = 1.0, 5.0
"""Years to which effective maturity is bounded (CRE32.46)."""


@dataclass(frozen=True)
class CapitalClass:
    """Where N loans belong.

    asset_class : (N,) code of `risk.capital.classes.NAMES`, read by IRB. weight : (N,) standardised risk
    weight, decimal.
    """

    asset_class: Codes
    weight: Floats


def capital_class(loans: pl.DataFrame) -> CapitalClass:
    """Return where loans that are asked for belong, by the rules that place a book's.

    Parameters
    ----------
    loans : (N,) rows of the loan table; `collateral_value` gives loan to value where real estate decides.

    Raises
    ------
    RiskError : a class that the options do not have.
    """
    rules, assumed = load_options(OPTIONS), CapitalAssumptions()
    owed = loans["originated_amount"].to_numpy()
    placed = place(loans, owed, rules, assumed)
    value = loans["collateral_value"].fill_null(0.0).to_numpy()
    known = placed.secured_by_property & (value > 0.0)
    ltv = np.where(known, owed / np.where(known, value, 1.0), assumed.ltv)
    firm = "corporate_sme" if assumed.business_size == "sme" else "corporate"
    own = [float(rules.weight(name).by_rating[-1]) for name in ("retail_regulatory", firm)]
    weight = standardised_risk_weight(
        placed.exposure_class, ltv=np.where(placed.secured_by_property, ltv, np.nan),
        counterparty_weight=np.where(placed.individual, *own), options=rules,
    )  # fmt: skip
    return CapitalClass(placed.asset_class, np.asarray(weight))


def risk_weights(
    rule: str, asset_class: Codes, weight: Floats, annual_pd: Floats, severity: Floats, maturity: Floats
) -> Floats:
    """Return risk weights, decimal, of columns that broadcast.

    Parameters
    ----------
    rule : irb or standardised (`pricing.capital_rule`). annual_pd, severity : of the twin, from today; the
        severity is moved to a downturn's as `capital` does it. maturity : years, read for firms.
    """
    shape = np.broadcast_shapes(*(np.shape(item) for item in (asset_class, weight, annual_pd, severity)))
    if rule == "standardised":
        return np.array(np.broadcast_to(weight, shape))
    assumed = CapitalAssumptions()
    downturn = np.clip(assumed.downturn_intercept + assumed.downturn_slope * severity, 0.0, 1.0)
    made = irb_risk_weight(
        np.minimum(annual_pd, BELOW_DEFAULT), downturn, np.clip(maturity, SHORTEST, LONGEST), asset_class
    )
    return np.array(np.broadcast_to(made, shape))
