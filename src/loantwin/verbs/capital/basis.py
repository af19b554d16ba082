"""A twin's book made ready for capital: where its loans belong, and what they are estimated to lose."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from loantwin.engine.columns import LoanColumns
from loantwin.errors import UsageError, choice, expected
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import portfolio
from loantwin.outlook.yearly_pd import POINT, THROUGH, yearly_pd
from loantwin.risk.capital.amounts import CapitalLoans, foundation_only
from loantwin.risk.capital.assumptions import WORDS, CapitalAssumptions
from loantwin.risk.capital.classes import MATURES
from loantwin.risk.capital.from_book import Estimates, capital_loans
from loantwin.risk.capital.mapping import Placement, place
from loantwin.risk.capital.options import Options
from loantwin.risk.capital.results import Assumed
from loantwin.risk.facts import standing
from loantwin.risk.provisions.provisions import loss_in_default
from loantwin.twin import Twin

STANDARDISED, FOUNDATION, ADVANCED = "standardised", "foundation-irb", "advanced-irb"
APPROACHES = (STANDARDISED, FOUNDATION, ADVANCED)
DEFAULT_DAYS = 90
"""More days past due than this are default (CRE20.104, CRE36.69)."""


@dataclass(frozen=True)
class Basis:
    """A twin's book made ready for capital: its loans, where they belong, the rules and what was assumed."""

    twin: Twin
    outlook: Outlook
    options: Options
    assumed: CapitalAssumptions
    placement: Placement
    loans: CapitalLoans
    pd: str
    notes: tuple[str, ...]
    not_observable: tuple[str, ...]


def approaches(approach: str, rules: Options) -> tuple[str, ...]:
    """Return the approaches asked for: one, or all that the options allow.

    Raises
    ------
    UsageError : no such approach, or one that the options do not allow.
    """
    allowed = (STANDARDISED, *rules.irb.approaches)
    approach = choice(approach, ("all", *APPROACHES), "approach")
    if approach == "all":
        return tuple(name for name in APPROACHES if name in allowed)
    if approach not in allowed:
        raise UsageError(
            expected(f"an approach that options {rules.name} allow: " + ", ".join(allowed), approach),
            field="approach",
        )
    return (approach,)


def capital_basis(twin: Twin, rules: Options, assumed: CapitalAssumptions, pd: str) -> Basis:
    """Return a twin's book made ready for capital; what was taken for want of better stands in its notes.

    Raises
    ------
    UsageError : `pd` is neither through-the-cycle nor point-in-time.
    """
    pd = choice(pd, (THROUGH, POINT), "pd")
    outlook = Outlook(twin)
    loans = outlook.book.loans
    book = portfolio(outlook)
    columns = book.columns
    found = standing(
        loans,
        twin.mapping.observes,
        states_decide=twin.mapping.defines_default,
        assumed=tuple(outlook.book.assumed),
    )
    defaulted = found.defaulted | (np.nan_to_num(found.days_past_due) > DEFAULT_DAYS)
    placement = place(loans, columns.principal + columns.accrued_interest + columns.undrawn, rules, assumed)
    estimates = Estimates(
        yearly_pd(outlook, book, pd), loss_in_default(book)[1], book.runoff.conversion_factor
    )
    made = capital_loans(loans, columns, defaulted, placement, estimates, rules, assumed)
    basis = Basis(twin, outlook, rules, assumed, placement, made, pd, (), found.not_observable)
    return replace(basis, notes=tuple(_notes(basis, columns, estimates)))


def _notes(basis: Basis, columns: LoanColumns, estimates: Estimates) -> list[str]:
    """Return what a reader must know of how the loans were placed and estimated."""
    rules, assumed, placement, currency = basis.options, basis.assumed, basis.placement, basis.twin.currency
    notes = [*basis.outlook.notes]
    if rules.currency != currency and assumed.exchange_rate == 1.0:
        notes.append(
            f"retail limits in {rules.currency} are taken as {currency} one for one; `assume` "
            "exchange_rate=RATE sets it"
        )
    unknown = (columns.guaranteed > 0) & np.isnan(placement.guarantor_weight)
    if unknown.any():
        notes.append(
            f"{int(unknown.sum())} guaranteed loans: guarantor's standing unknown, no relief; `assume` "
            "guarantor_weight=W"
        )
    estate = placement.secured_by_property & (
        basis.outlook.book.loans["collateral_value"].fill_null(0.0).to_numpy() <= 0
    )
    if estate.any():
        notes.append(
            f"{int(estate.sum())} real estate loans without a value of the property: loan to value "
            f"{assumed.ltv:g} assumed"
        )
    above = estimates.lgd > 1.0
    if above.any():
        notes.append(
            f"{int(above.sum())} loans: loss given default is up to {estimates.lgd.max():.1%} of exposure as "
            "it was observed: exposures are understated; capital takes it as 1"
        )
    capped = ~above & (assumed.downturn_intercept + assumed.downturn_slope * estimates.lgd > 1.0 + 1e-12)
    if capped.any():
        notes.append(
            f"{int(capped.sum())} loans: loss given default with the downturn add-on is more than all, "
            "taken as 1"
        )
    if rules.irb.approaches and not MATURES[placement.asset_class].all():
        notes.append(
            "foundation-irb: retail has none, it stands there with the twin's own estimates (CRE30.36)"
        )
    barred = int(foundation_only(basis.loans).sum()) if rules.irb.approaches else 0
    if barred:
        notes.append(
            f"advanced-irb: not open to {barred} loans, of banks, financial institutions or firms with "
            "sales above 500 million euro; they stand there with supervisory figures (CRE30.34 to CRE30.36)"
        )
    return notes


def assumed_values(assumed: CapitalAssumptions) -> dict[str, Assumed]:
    """Return every assumption by name, with its value as shown and its meaning."""
    values = {item.name: getattr(assumed, item.name) for item in fields(CapitalAssumptions)}
    return {name: Assumed(_shown(value), WORDS[name]) for name, value in values.items()}


def _shown(value: object) -> str:
    if value is None or value == "":
        return "none" if value is None else "by rule"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
