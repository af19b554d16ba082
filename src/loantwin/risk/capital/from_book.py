"""A book as capital rules read it: what the loans say, what the twin estimates, what is assumed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin import arguments as check
from loantwin.arrays import Codes, Flags, Floats
from loantwin.engine.columns import LoanColumns, contract_terms, take
from loantwin.errors import RiskError, expected
from loantwin.products.contract import schedule
from loantwin.products.registry import PRODUCTS
from loantwin.risk.capital.amounts import CapitalLoans
from loantwin.risk.capital.assumptions import CapitalAssumptions
from loantwin.risk.capital.classes import MATURES
from loantwin.risk.capital.mapping import Placement, borrower_totals
from loantwin.risk.capital.national import CATEGORIES
from loantwin.risk.capital.options import RATINGS, Options
from loantwin.risk.capital.standardised import rating_codes
from loantwin.risk.capital.supervisory import COLLATERAL

SME_SALES = 50.0
"""Most sales of a small or medium firm, millions of euro."""
AT_ONCE = 4_000
"""Loans whose cash flows are laid out at once."""


@dataclass(frozen=True)
class Estimates:
    """What the twin estimates of N loans: one-year PD (1 in default), loss given default as it is expected,
    share of an undrawn amount that is drawn by default; decimals.
    A loss given default above 1 counts as 1."""

    pd: Floats
    lgd: Floats
    conversion: float

    def __post_init__(self) -> None:
        check.within(0, 1, pd=self.pd)
        check.finite(lgd=self.lgd, conversion=self.conversion)


def capital_loans(
    loans: pl.DataFrame,
    columns: LoanColumns,
    defaulted: Flags,
    placement: Placement,
    estimates: Estimates,
    options: Options,
    assumed: CapitalAssumptions,
    values: Floats | None = None,
) -> CapitalLoans:
    """Return the loans as capital rules read them; `columns` and the rest are N rows in their order.

    values : (N,) value of the property that loan to value divides by, currency before haircut; where NaN or
        not given, the value of collateral that the book states.
    """
    check.kind(pl.DataFrame, loans=loans)
    check.kind(LoanColumns, columns=columns)
    check.truths(defaulted=defaulted)
    check.kind(Placement, placement=placement)
    check.kind(Estimates, estimates=estimates)
    check.kind(Options, options=options)
    check.kind(CapitalAssumptions, assumed=assumed)
    check.gaps(**check.given(values=values))
    check.shaped((loans.height,), **check.given(values=values))
    count = loans.height
    exposure = columns.principal + columns.accrued_interest
    value = loans["collateral_value"].fill_null(0.0).to_numpy()
    property_ = placement.secured_by_property
    held = value if values is None else np.where(np.isnan(values), value, values)
    with np.errstate(divide="ignore"):
        ltv = np.where(
            held > 0,
            np.maximum(exposure + columns.undrawn, 1e-9) / np.where(held > 0, held, 1.0),
            assumed.ltv,
        )
    # Trap: a severity above one refused as a share. It says that the exposure is understated.
    best = np.clip(estimates.lgd, 0.0, 1.0)
    provisions = np.where(
        defaulted, best if assumed.provision_share is None else assumed.provision_share, 0.0
    )
    downturn = np.clip(assumed.downturn_intercept + assumed.downturn_slope * estimates.lgd, 0.0, 1.0)
    sales = np.nan if assumed.annual_sales is None else assumed.annual_sales
    years = np.full(count, 1.0)
    timed = np.flatnonzero(MATURES[placement.asset_class])
    years[timed] = effective_maturity(take(columns, timed))
    guarantor = np.where(columns.guaranteed > 0, placement.guarantor_weight, np.nan)
    return CapitalLoans(
        exposure=exposure,
        undrawn=columns.undrawn,
        weight=columns.weight,
        exposure_class=placement.exposure_class,
        asset_class=placement.asset_class,
        rating=np.full(count, rating_codes(assumed.rating), dtype=np.int8),
        ltv=np.where(property_, ltv, np.nan),
        counterparty_weight=_counterparty(placement, options, assumed),
        defaulted=defaulted,
        provision_share=provisions,
        currency_mismatch=placement.individual & assumed.currency_mismatch,
        loan_splitting=property_ & assumed.loan_splitting,
        guaranteed=np.where(np.isnan(guarantor), 0.0, columns.guaranteed),
        guarantor_weight=guarantor,
        conversion=_conversion(loans, columns, options, assumed),
        own_conversion=np.full(count, estimates.conversion),
        revolving=placement.revolving,
        pd=np.where(defaulted, 1.0, estimates.pd),
        lgd=downturn,
        elbe=np.where(defaulted, best, np.nan),
        maturity=years,
        annual_sales=np.full(count, sales),
        transactor=placement.revolving & placement.individual & assumed.transactor,
        subordinated=np.full(count, assumed.subordinated),
        collateral_kind=_collateral_kind(value, property_, assumed),
        collateral_value=value,
        supporting=supporting_factors(
            loans, exposure + columns.undrawn, defaulted, placement, options, assumed
        ),
        slot=_slots(placement, defaulted, options, assumed),
    )


def supporting_factors(
    loans: pl.DataFrame,
    owed: Floats,
    defaulted: Flags,
    placement: Placement,
    options: Options,
    assumed: CapitalAssumptions,
) -> Floats:
    """Return factors on the weights of small firms and of infrastructure, (N,), 1 for all others.

    A small firm is one within the retail limit, or above it where `business_size` is sme, unless its sales
    are known to be above 50 million. Its factor goes by all that it owes, claims secured on residential
    property left out. What finances infrastructure takes that factor alone.

    Raises
    ------
    RiskError : infrastructure assumed under options that have no factor for it.
    """
    check.kind(pl.DataFrame, loans=loans)
    check.money(owed=owed)
    check.truths(defaulted=defaulted)
    check.kind(Placement, placement=placement)
    check.kind(Options, options=options)
    check.kind(CapitalAssumptions, assumed=assumed)
    check.shaped((loans.height,), owed=owed, defaulted=defaulted)
    national, names = options.national, np.array(options.classes)[placement.exposure_class]
    made, firm = np.ones(loans.height), ~placement.individual & ~defaulted
    small = assumed.business_size == "sme" and (assumed.annual_sales or 0.0) <= SME_SALES
    if national.sme_factor is not None:
        rule = national.sme_factor
        residential = np.char.startswith(names, "residential_")
        whole = borrower_totals(loans["borrower_id"], np.where(residential, 0.0, owed))
        touched = firm & np.isin(names, rule.classes) & (small | np.char.startswith(names, "retail_"))
        made[touched] = rule.of(whole[touched] * assumed.exchange_rate)
    if assumed.infrastructure:
        if national.infrastructure is None:
            raise RiskError(
                expected("options with a factor for infrastructure, such as european-union", options.name),
                field="assume infrastructure",
            )
        made[firm & np.isin(names, national.infrastructure.classes)] = national.infrastructure.factor
    return made


def _slots(placement: Placement, defaulted: Flags, options: Options, assumed: CapitalAssumptions) -> Codes:
    if assumed.slotting == "none" or options.national.slotting is None:
        return np.full(len(defaulted), -1, dtype=np.int8)
    category = np.where(defaulted, CATEGORIES.index("default"), CATEGORIES.index(assumed.slotting))
    slot = placement.slotted.astype(np.int64) * len(CATEGORIES) + category
    return np.where(placement.slotted >= 0, slot, -1).astype(np.int8)


def effective_maturity(columns: LoanColumns) -> Floats:
    """Return effective maturity in years by the contract, (N,), before floor and cap.

    M = sum of t x cash flow / sum of cash flows, interest included (CRE32.47); a revolving line takes its
    contractual end (CRE32.50), as does a loan that owes nothing.
    """
    check.kind(LoanColumns, columns=columns)
    count = len(columns.principal)
    made = columns.remaining_months / 12.0
    drawn = np.flatnonzero((columns.product != PRODUCTS.index("revolving")) & (columns.principal > 0))
    order = drawn[
        np.argsort(columns.remaining_months[drawn], kind="stable")
    ]  # loans of like term: short tables
    for start in range(0, len(order), AT_ONCE):
        rows = order[start : start + AT_ONCE]
        table = schedule(contract_terms(take(columns, rows)))
        flows = np.asarray(table.scheduled, dtype=np.float64) + np.asarray(table.interest, dtype=np.float64)
        months = np.arange(1, flows.shape[1] + 1)
        made[rows] = (flows @ months) / flows.sum(axis=1) / 12.0
    return np.asarray(made) if count else np.zeros(0)


def _counterparty(placement: Placement, options: Options, assumed: CapitalAssumptions) -> Floats:
    """Return the weight of an unsecured claim on the borrower: individuals, SMEs, others (CRE20.88)."""
    unrated = RATINGS.index("unrated")
    firm = "corporate_sme" if assumed.business_size == "sme" else "corporate"
    weights = [float(options.weight(name).by_rating[unrated]) for name in ("retail_regulatory", firm)]
    return np.where(placement.individual, weights[0], weights[1])


def _conversion(
    loans: pl.DataFrame, columns: LoanColumns, options: Options, assumed: CapitalAssumptions
) -> Floats:
    if assumed.commitment == "cancellable":
        return np.full(loans.height, options.conversion["unconditionally_cancellable"])
    term = loans["term_months"].cast(pl.Float64).fill_null(1e9).to_numpy()
    short, long = options.conversion["commitment_up_to_one_year"], options.conversion["commitment"]
    return np.where(np.minimum(term, columns.age + columns.remaining_months) <= 12, short, long)


def _collateral_kind(value: Floats, property_: Flags, assumed: CapitalAssumptions) -> Codes:
    kinds = tuple(COLLATERAL)
    if assumed.collateral == "none":
        return np.full(len(value), -1, dtype=np.int8)
    estate = kinds.index("real_estate")
    other = kinds.index(assumed.collateral) if assumed.collateral else -1
    chosen = np.where(property_, estate if not assumed.collateral else other, other)
    return np.where(value > 0, chosen, -1).astype(np.int8)
