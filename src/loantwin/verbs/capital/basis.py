"""A twin's book made ready for capital: where its loans belong, and what they are estimated to lose."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import polars as pl

from loantwin.arrays import Flags, Floats, Integers
from loantwin.engine.columns import LoanColumns
from loantwin.errors import UsageError, choice, expected
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.portfolio import portfolio
from loantwin.outlook.yearly_pd import POINT, THROUGH, yearly_pd
from loantwin.risk.capital.amounts import CapitalLoans, foundation_only
from loantwin.risk.capital.assumptions import WORDS, CapitalAssumptions
from loantwin.risk.capital.classes import MATURES
from loantwin.risk.capital.from_book import Estimates, capital_loans
from loantwin.risk.capital.low_default import FEW, LowDefault, counted, most_prudent_pd, raised
from loantwin.risk.capital.mapping import Placement, place
from loantwin.risk.capital.options import Options, check_in_force
from loantwin.risk.capital.property_values import property_values
from loantwin.risk.capital.results import Assumed
from loantwin.risk.facts import standing
from loantwin.risk.provisions.provisions import loss_in_default
from loantwin.twin import Twin
from loantwin.types import Progress, silent, stretch
from loantwin.verbs.capital.grades import yearly_counts

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
    months_in_default: Integers
    low_default: LowDefault | None
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


def capital_basis(
    twin: Twin,
    rules: Options,
    assumed: CapitalAssumptions,
    pd: str,
    *,
    any_date: bool = False,
    progress: Progress = silent,
) -> Basis:
    """Return a twin's book made ready for capital; what was taken for want of better stands in its notes.

    Raises
    ------
    UsageError : `pd` is neither through-the-cycle nor point-in-time, or rules not in force at the as-of date
        unless `any_date`.
    """
    pd = choice(pd, (THROUGH, POINT), "pd")
    other_date = check_in_force(rules, twin.as_of, any_date=any_date)
    progress(0.02, "reading the book")
    outlook = Outlook(twin)
    loans = outlook.book.loans
    progress(0.2, "what was known at recognition")
    book = portfolio(outlook)
    progress(0.7, "where loans belong")
    columns = book.columns
    found = standing(
        loans,
        twin.mapping.observes,
        twin.known_panel,
        twin.as_of,
        states_decide=twin.mapping.defines_default,
        assumed=tuple(outlook.book.assumed),
    )
    defaulted = found.defaulted | (np.nan_to_num(found.days_past_due) > DEFAULT_DAYS)
    placement = place(loans, columns.principal + columns.accrued_interest + columns.undrawn, rules, assumed)
    progress(0.8, "one-year default probabilities")
    own = yearly_pd(outlook, book, pd, stretch(progress, 0.8, 0.95))
    yearly, low_default = _least_pd(twin, loans, own, defaulted, assumed)
    estimates = Estimates(yearly, loss_in_default(book)[1], book.runoff.conversion_factor)
    values = property_values(
        loans, outlook.book.collateral, rules.property_value, assumed.property_value, twin.as_of
    )
    made = capital_loans(loans, columns, defaulted, placement, estimates, rules, assumed, values)
    months = (
        np.zeros(len(defaulted), dtype=np.int64)
        if found.months_in_default is None
        else found.months_in_default
    )
    basis = Basis(
        twin, outlook, rules, assumed, placement, made, pd, months, low_default, (), found.not_observable
    )
    notes = [] if other_date is None else [other_date]
    return replace(basis, notes=(*notes, *_notes(basis, columns, estimates, values)))


def _least_pd(
    twin: Twin, loans: pl.DataFrame, pd: Floats, defaulted: Flags, assumed: CapitalAssumptions
) -> tuple[Floats, LowDefault | None]:
    """Return PDs raised to the most prudent of their grade where that is asked for, and those by grade."""
    if assumed.low_default_confidence is None:
        return pd, None
    names, debtors, defaults = counted(yearly_counts(twin))
    least = most_prudent_pd(debtors, defaults, assumed.low_default_confidence)
    few = np.array(defaults) < FEW
    place_ = {name: code for code, name in enumerate(names)}
    grade = loans["origination_grade"].replace_strict(place_, default=-1, return_dtype=pl.Int64)
    made = raised(pd, grade.fill_null(-1).to_numpy(), np.where(few, least, 0.0))
    used = int(((made > pd) & ~defaulted).sum())
    figures = LowDefault(
        assumed.low_default_confidence, names, debtors, defaults, tuple(least.tolist()), used
    )
    return made, figures


def _notes(basis: Basis, columns: LoanColumns, estimates: Estimates, values: Floats) -> list[str]:
    """Return what a reader must know of how the loans were placed and estimated."""
    rules, assumed, placement, currency = basis.options, basis.assumed, basis.placement, basis.twin.currency
    notes = [*basis.outlook.notes]
    if rules.currency != currency and assumed.exchange_rate == 1.0:
        notes.append(
            f"retail limits in {rules.currency} are taken as {currency} one for one; `assume` "
            "exchange_rate=RATE sets it"
        )
    refused = (columns.guaranteed > 0) & placement.conditional
    if refused.any():
        notes.append(
            f"{int(refused.sum())} guaranteed loans: a conditional guarantee is no credit protection under "
            f"{rules.name} ({rules.guarantee.source}), no relief; `assume` guarantee=unconditional "
            "recognises it"
        )
    unknown = (columns.guaranteed > 0) & np.isnan(placement.guarantor_weight) & ~placement.conditional
    if unknown.any():
        notes.append(
            f"{int(unknown.sum())} guaranteed loans: guarantor's standing unknown, no relief; `assume` "
            "guarantor_weight=W"
        )
    stated = basis.outlook.book.loans["collateral_value"].fill_null(0.0).to_numpy() > 0
    estate = placement.secured_by_property & ~stated & ~(values > 0)
    after = placement.secured_by_property & stated & np.isnan(values)
    if after.any():
        notes.append(
            f"{int(after.sum())} real estate loans: no dated value of the property, loan to value by the "
            "value after haircut that the book states, at its last valuation"
        )
    if estate.any():
        notes.append(
            f"{int(estate.sum())} real estate loans without a value of the property: loan to value "
            f"{assumed.ltv:g} assumed"
        )
    slotted = basis.loans.slot >= 0
    rule = rules.national.slotting
    if rule is not None and rules.irb.approaches and slotted.any():
        notes.append(
            f"{int(slotted.sum())} loans on rented property or land are slotted under IRB, category "
            f"{assumed.slotting} assumed ({rule.source}); `assume` slotting=none takes the "
            "twin's own PD and loss"
        )
    factor = int((basis.loans.supporting < 1.0).sum())
    if factor:
        notes.append(f"{factor} loans of small firms or of infrastructure: a factor on their weight")
    if basis.low_default is not None:
        notes.append(
            f"{basis.low_default.used:,} loans: PD raised to the most prudent of their grade (of those with "
            f"fewer than {FEW} defaults) at "
            f"{basis.low_default.confidence:.0%}; grades in the order of their names, best first; for "
            "capital alone, no allowance reads it"
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
