"""What a capital figure assumes beyond what the source tells: by name, with its words, overridable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from loantwin import arguments as check
from loantwin.errors import UsageError, expected


@dataclass(frozen=True)
class CapitalAssumptions:
    """Overrides of `loantwin capital --assume NAME=VALUE`; "" or None takes the rule in `WORDS`."""

    exposure_class: str = ""
    asset_class: str = ""
    borrower: str = ""
    business_size: str = "sme"
    rating: str = "unrated"
    annual_sales: float | None = None
    ltv: float = 1.01
    collateral: str = ""
    exchange_rate: float = 1.0
    commitment: str = "committed"
    transactor: bool = False
    currency_mismatch: bool = False
    loan_splitting: bool = False
    guarantee: str = ""
    guarantor_weight: float | None = None
    provision_share: float | None = None
    downturn_intercept: float = 0.08
    downturn_slope: float = 0.92
    subordinated: bool = False
    slotting: str = "satisfactory"
    property_value: str = "origination"
    infrastructure: bool = False
    low_default_confidence: float | None = None


WORDS = {
    "exposure_class": "exposure class of every loan; empty: by the rules of exposure_classes.toml",
    "asset_class": "IRB asset class of every loan; empty: follows from the exposure class and the borrower",
    "borrower": "individual or business, every loan; empty: by the rules of exposure_classes.toml",
    "business_size": "sme (sales of at most 50 million euro) or large: firms above the retail limit",
    "rating": "external rating of every borrower",
    "annual_sales": (
        "sales of each firm, millions of euro, for the IRB adjustment; none: no adjustment, the prudent side"
    ),
    "ltv": "loan to value where real estate decides and no value of the property is known; 1.01 is the "
    "highest band",
    "collateral": (
        "what the collateral value is under IRB: real_estate, receivables, other_physical, financial or "
        "none; empty: real_estate for mortgages and property loans, none for others"
    ),
    "exchange_rate": "amounts of the options' currency for one unit of the book's, for the limits of retail",
    "commitment": "undrawn amounts: committed, or cancellable unconditionally at any time",
    "transactor": "revolving borrowers repay in full each month",
    "currency_mismatch": "individuals owe in another currency than they earn",
    "loan_splitting": "split real estate loans in place of the whole-loan table",
    "guarantee": (
        "kind of guarantee: unconditional or conditional; empty: as the guarantor is known to give it, "
        "else the options' own"
    ),
    "guarantor_weight": "risk weight of guarantors whose standing is not known; none: they give no relief",
    "provision_share": (
        "specific provisions of defaulted loans, share of the balance; none: the twin's loss given default"
    ),
    "downturn_intercept": (
        "loss given default in a downturn = intercept + slope x the twin's (US supervisory mapping of 2006)"
    ),
    "downturn_slope": "see downturn_intercept; 0 and 1 leave the twin's own",
    "subordinated": "claims are subordinated: 75 % supervisory loss given default",
    "slotting": (
        "supervisory category under IRB of property that lives on its rent, and of land: strong, good, "
        "satisfactory, weak; none: the twin's own PD and loss, as a firm's"
    ),
    "property_value": (
        "value that loan to value divides by: origination, or later where the options let a later one count"
    ),
    "infrastructure": "firms' loans finance infrastructure that meets the text's criteria",
    "low_default_confidence": (
        "least one-year PD of each grade: the most prudent one at this confidence given its defaults and "
        "those of worse grades (Pluto and Tasche); none: the twin's PD alone"
    ),
}

CHOICES = {
    "borrower": ("", "individual", "business"),
    "business_size": ("sme", "large"),
    "commitment": ("committed", "cancellable"),
    "slotting": ("strong", "good", "satisfactory", "weak", "none"),
    "property_value": ("origination", "later"),
    "collateral": ("", "real_estate", "receivables", "other_physical", "financial", "none"),
}
RANGES = {
    "annual_sales": (0.0, 1e12),
    "ltv": (0.01, 100.0),
    "exchange_rate": (1e-9, 1e9),
    "guarantor_weight": (0.0, 12.5),
    "provision_share": (0.0, 1.0),
    "downturn_intercept": (0.0, 1.0),
    "downturn_slope": (0.0, 10.0),
    "low_default_confidence": (0.01, 0.9999),
}
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_assumptions(assume: Mapping[str, object] | Sequence[str]) -> CapitalAssumptions:
    """Return assumptions given by name, or as texts NAME=VALUE.

    Raises
    ------
    UsageError : no such name, a value of the wrong kind or out of range.
    """
    check.kind((Mapping, list, tuple), assume=assume)
    made: dict[str, Any] = {}
    kinds = {item.name: item.type for item in fields(CapitalAssumptions)}
    given = [f"{name}={value}" for name, value in assume.items()] if isinstance(assume, Mapping) else assume
    for text in given:
        name, mark, value = text.partition("=")
        if not mark:
            raise UsageError(expected("NAME=VALUE", text), field="assume")
        if name not in kinds:
            raise UsageError(expected("one of " + ", ".join(kinds), name), field="assume")
        made[name] = _value(name, str(kinds[name]), value.strip())
    return replace(CapitalAssumptions(), **made)


def _value(name: str, kind: str, text: str) -> object:
    if kind == "bool":
        if text.lower() not in TRUTHS:
            raise UsageError(expected(f"true or false for {name}", text), field="assume")
        return TRUTHS[text.lower()]
    if "float" in kind:
        if "None" in kind and text.lower() in ("", "none"):
            return None
        low, high = RANGES[name]
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise UsageError(expected(f"a number from {low:g} to {high:g} for {name}", text), field="assume")
        return number
    if name in CHOICES and text not in CHOICES[name]:
        raise UsageError(
            expected("one of " + ", ".join(filter(None, CHOICES[name])), text), field=f"assume {name}"
        )
    return text
