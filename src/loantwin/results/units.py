"""The unit of a column, from its name: money in the book's currency, or a share; else none is claimed."""

from __future__ import annotations

import re

MONEY = frozenset((
    "allowance", "allowance_gross", "allowance_with_overlays", "amount", "arrears_interest", "balance",
    "capital", "carrying_amount", "cash_gap", "cet1", "charge", "charged_off", "closing", "credit",
    "credit_balances", "credit_loss", "debit", "deducted", "defaulted", "drawn", "ead", "es", "exited",
    "expected_loss", "exposure", "funding_cost", "gross", "gross_carrying_amount", "guaranteed",
    "income", "interest", "loss", "marginal_es", "marginal_var", "modelled", "monthly_interest", "net",
    "net_interest_income", "net_loss", "new", "new_lending", "opening", "opening_balance", "originated",
    "overlay_total", "prepaid", "profit", "recovered", "remeasured", "risk_weighted_assets", "rwa",
    "rwa_before_guarantees", "sale_loss", "sale_proceeds", "scheduled_principal", "servicing_cost",
    "stand_alone_es", "stand_alone_var", "standard_deviation", "total_credit", "total_debit",
    "transferred", "unexpected_loss", "var",
))  # fmt: skip
"""Stems of columns that hold money."""
SHARES = re.compile(
    r"(^|_)(rate|share|pd|pd_12m|pd_lifetime|pd_at_recognition|probability|severity|risk_weight|confidence|"
    r"coverage50|coverage90|accuracy)$"
)
"""Stems of columns that hold decimals of something."""
ENDS = re.compile(r"(_(mean|p05|p25|p50|p75|p95|value|standard_error|low|high|forecast|came|last_year))+$")
BEGINNINGS = re.compile(r"^(without|taken|gross)_")
OF_EXPOSURE = {("ProvisionExplanation", "charged_off"), ("ProvisionExplanation", "recovered")}
"""Class and stem of money elsewhere that is a share of the exposure here."""


def unit_of(kind: str, column: str, currency: str) -> str:
    """Return the unit of a column of a class's tables: the currency, "share", or nothing if not told."""
    stem = BEGINNINGS.sub("", ENDS.sub("", column))
    if (kind, stem) in OF_EXPOSURE or SHARES.search(ENDS.sub("", column)):
        return "share"
    return currency if stem in MONEY or column in MONEY else ""
