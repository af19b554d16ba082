"""What an offer earned: revenue less funding, arrears and costs, by what the log and the mapping say."""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Floats
from loantwin.decisions.offers.log import Offers
from loantwin.decisions.offers.mapping import OfferFormat

MONTHS = 12.0
"""Months for which a loan is taken to run where the log has no term; assumed and said."""


def profit(offers: Offers, mapping: OfferFormat) -> tuple[Floats | None, tuple[str, ...]]:
    """Return each offer's profit, (N,) money, and how it was counted; None where it cannot be.

    Profit is revenue - funding - arrears lost - cost per loan for an offer taken up, and - cost per offer for
    every offer. Revenue is the log's; where it has none, simple interest at the contract's rate (else the
    offered one) on the amount over the term. Funding is simple interest on the amount over the term.
    """
    costs, taken = mapping.economics, offers.taken
    if not {"arrears"} & set(mapping.columns):
        return None, ("profit of offers is not shown: the log has no column of arrears",)
    for name, values in (
        ("arrears", offers.arrears),
        ("revenue", offers.revenue),
        ("term_months", offers.months),
    ):
        missing = int((taken & np.isnan(values)).sum())
        if name in mapping.columns and missing:
            words = f"profit of offers is not shown: {name} is missing for {missing:,} offers taken up"
            return None, (words,)
    said, years = [], offers.months / 12.0
    if "term_months" not in mapping.columns:
        years = np.full(len(offers), MONTHS / 12.0)
        if "revenue" not in mapping.columns or costs.funding_annual_rate:
            said.append("loans are taken to run 12 months: the log has no term (assumed)")
    revenue = offers.revenue
    if "revenue" not in mapping.columns:
        rate = np.where(np.isfinite(offers.contract), offers.contract, offers.rate)
        revenue = offers.amount * rate / 100.0 * mapping.periods * years
        said.append("revenue is simple interest on the amount over the term: the log has none (assumed)")
    earned = (
        revenue
        - offers.amount * costs.funding_annual_rate * years
        - costs.arrears_lost * offers.arrears
        - costs.cost_per_loan
    )
    said.append(
        f"profit of an offer is revenue less funding at {costs.funding_annual_rate:.2%} a year, "
        f"{costs.arrears_lost:.0%} of arrears, {costs.cost_per_loan:g} a loan and {costs.cost_per_offer:g} "
        "an offer: the mapping's own figures"
    )
    return np.where(taken, earned, 0.0) - costs.cost_per_offer, tuple(said)
