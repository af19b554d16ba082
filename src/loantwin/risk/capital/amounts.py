"""Exposure at default, risk-weighted assets and expected loss of each loan of a book, under each approach."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loantwin import arguments as check
from loantwin.arrays import Codes, Flags, Floats
from loantwin.errors import RiskError, expected
from loantwin.risk.capital.classes import CORPORATE, FUNCTIONS, MATURES, MORTGAGE, NAMES, OTHER, REVOLVING
from loantwin.risk.capital.irb import irb_risk_weight
from loantwin.risk.capital.mitigation import substituted_weight
from loantwin.risk.capital.national import CATEGORIES, SLOTTED
from loantwin.risk.capital.options import Options
from loantwin.risk.capital.standardised import standardised_risk_weight
from loantwin.risk.capital.supervisory import CCF_FLOOR, COLLATERAL, UNSECURED, foundation_lgd, lgd_floor

NO_OWN_LOSSES = tuple(NAMES.index(name) for name in ("bank", "financial"))
"""Asset classes that the advanced approach is not open to (CRE30.34 to CRE30.36)."""
LARGE_SALES = 500.0
"""Sales of a group, millions of euro, above which it is not open to a firm either."""
LEAST_YEARS, MOST_YEARS, FOUNDATION_YEARS = 1.0, 5.0, 2.5
"""Floor and cap of effective maturity (CRE32.46), and what the foundation approach takes (CRE32.44)."""


@dataclass(frozen=True)
class CapitalLoans:
    """N loans as capital rules read them, each field (N,); amounts of one loan, currency.

    exposure : drawn principal and accrued interest. undrawn : committed and not drawn.
    exposure_class, asset_class : codes of the options' classes and of `classes.NAMES`. rating : code of
        `options.RATINGS`.
    ltv : decimal, NaN where none. counterparty_weight : of the borrower unsecured.
    guaranteed : covered part, decimal. guarantor_weight : NaN where the guarantor gives no relief.
    provision_share : specific provisions / exposure of a defaulted loan, 0 for others.
    conversion, own_conversion : share of the undrawn amount, standardised and own estimate.
    revolving : may use the own conversion factor under the advanced approach (CRE32.36).
    pd : one-year, 1 where defaulted. lgd : downturn. elbe : best estimate of the loss of a defaulted loan,
        NaN for others.
    maturity : years by the contract, before floor and cap. annual_sales : millions of euro, NaN where
        unknown.
    collateral_kind : code in `COLLATERAL`'s order, -1 for none. collateral_value : currency, 0 for none.
    supporting : factor on the weight of the uncovered part for small firms or infrastructure, 1 for none.
    slot : table of `national.SLOTTED` x 5 + category of `national.CATEGORIES` under IRB, -1 for none.
    weight : loans of the population that a row stands for x probability of being on the book.
    """

    exposure: Floats
    undrawn: Floats
    weight: Floats
    exposure_class: Codes
    asset_class: Codes
    rating: Codes
    ltv: Floats
    counterparty_weight: Floats
    defaulted: Flags
    provision_share: Floats
    currency_mismatch: Flags
    loan_splitting: Flags
    guaranteed: Floats
    guarantor_weight: Floats
    conversion: Floats
    own_conversion: Floats
    revolving: Flags
    pd: Floats
    lgd: Floats
    elbe: Floats
    maturity: Floats
    annual_sales: Floats
    transactor: Flags
    subordinated: Flags
    collateral_kind: Codes
    collateral_value: Floats
    supporting: Floats
    slot: Codes

    def __post_init__(self) -> None:
        check.finite(
            exposure=self.exposure,
            undrawn=self.undrawn,
            weight=self.weight,
            counterparty_weight=self.counterparty_weight,
            provision_share=self.provision_share,
            guaranteed=self.guaranteed,
            conversion=self.conversion,
            own_conversion=self.own_conversion,
            pd=self.pd,
            lgd=self.lgd,
            maturity=self.maturity,
            collateral_value=self.collateral_value,
            supporting=self.supporting,
        )


@dataclass(frozen=True)
class Binding:
    """A floor or cap and the loans (N,) where it binds."""

    name: str
    paragraph: str
    where: Flags


@dataclass(frozen=True)
class Amounts:
    """Per loan, (N,), unweighted: exposure at default; risk weight before and after guarantees; risk-weighted
    assets; expected loss of the part that no guarantor covers (0 under the standardised approach); the inputs
    used after floors, and the best estimate of a defaulted loan's loss."""

    ead: Floats
    own_weight: Floats
    risk_weight: Floats
    rwa: Floats
    expected_loss: Floats
    bindings: tuple[Binding, ...]
    pd: Floats
    lgd: Floats
    maturity: Floats
    elbe: Floats

    def __post_init__(self) -> None:
        check.finite(
            ead=self.ead,
            own_weight=self.own_weight,
            risk_weight=self.risk_weight,
            rwa=self.rwa,
            expected_loss=self.expected_loss,
        )


def standardised_amounts(loans: CapitalLoans, options: Options) -> Amounts:
    """Return amounts under the standardised approach: exposures net of specific provisions where the
    options say so (CRE20.1), guarantees substituted (CRE22.79)."""
    check.kind(CapitalLoans, loans=loans)
    check.kind(Options, options=options)
    own = np.asarray(
        standardised_risk_weight(
            loans.exposure_class,
            rating=loans.rating,
            ltv=loans.ltv,
            counterparty_weight=loans.counterparty_weight,
            defaulted=loans.defaulted,
            provision_share=loans.provision_share,
            currency_mismatch=loans.currency_mismatch,
            loan_splitting=loans.loan_splitting,
            options=options,
        )
    )
    own = own * loans.supporting
    net = 1.0 - loans.provision_share if options.defaulted.net_of_provisions else 1.0
    ead = loans.exposure * net + loans.conversion * loans.undrawn
    weight = mitigated(own, loans)
    none = np.full(len(ead), np.nan)
    return Amounts(ead, own, weight, ead * weight, np.zeros(len(ead)), (), none, none, none, none)


def irb_amounts(loans: CapitalLoans, options: Options, *, foundation: bool) -> Amounts:
    """Return IRB amounts; the foundation approach serves corporates, banks, sovereigns alone (CRE30.36).

    The covered part of a guaranteed loan takes the guarantor's standardised weight (CRE32.24(3), 32.27,
    32.60): floors do not apply to it (CRE32.2, 32.57). A defaulted loan with a supervisory LGD has that as
    its expected loss, and no K (CRE35.3). Slotted loans take their category's weight and expected loss, and
    no floor (CRE33). Loans of `foundation_only` keep supervisory figures under the advanced approach too.

    Raises
    ------
    RiskError : slotted loans under options without slotting weights.
    """
    check.kind(CapitalLoans, loans=loans)
    check.kind(Options, options=options)
    check.flag(foundation=foundation)
    supervisory = MATURES[loans.asset_class] if foundation else foundation_only(loans)
    lgd, floor = _lgd(loans, supervisory)
    pd_floor = _floor_of_pd(loans)
    years = np.where(supervisory, FOUNDATION_YEARS, np.clip(loans.maturity, LEAST_YEARS, MOST_YEARS))
    slotted = loans.slot >= 0
    live = ~loans.defaulted
    pd, used = (
        np.where(live, np.maximum(loans.pd, pd_floor), 1.0),
        np.where(live, np.maximum(lgd, floor), lgd),
    )
    elbe = np.where(supervisory & loans.defaulted, used, loans.elbe)
    weights = options.irb.scaling * np.asarray(
        irb_risk_weight(
            pd, used, years, loans.asset_class, loans.annual_sales, loans.transactor, elbe, input_floors=False
        )
    )
    share = np.zeros(len(weights))
    if slotted.any():
        weights[slotted], share[slotted] = _slots(options)[:, loans.slot[slotted]]
    weights = weights * loans.supporting
    own = loans.revolving & ~supervisory & ~slotted
    least = CCF_FLOOR * loans.conversion
    factor = np.where(own, np.maximum(loans.own_conversion, least), loans.conversion)
    ead = loans.exposure + factor * loans.undrawn
    weight = mitigated(weights, loans)
    uncovered = np.where(loans.guarantor_weight <= weights, 1.0 - loans.guaranteed, 1.0)
    rate = np.where(slotted, share, np.where(live, pd * used, np.nan_to_num(elbe)))
    loss = rate * ead * uncovered
    live = live & ~slotted
    timed = MATURES[loans.asset_class] & ~supervisory & live
    bindings = (
        *_by_class("PD floor", loans, live & (loans.pd < pd_floor), "CRE32.4", "CRE32.58"),
        *_by_class("LGD floor", loans, live & (lgd < floor), "CRE32.16 and CRE32.17", "CRE32.58"),
        Binding("maturity floor of 1 year", "CRE32.46", timed & (loans.maturity < LEAST_YEARS)),
        Binding("maturity cap of 5 years", "CRE32.46", timed & (loans.maturity > MOST_YEARS)),
        Binding(
            "conversion factor floor",
            "CRE32.36 and CRE32.64",
            own & (loans.undrawn > 0) & (loans.own_conversion < least),
        ),
    )
    return Amounts(ead, weights, weight, ead * weight, loss, bindings, pd, used, years, elbe)


def _slots(options: Options) -> Floats:
    """Return weights after scaling and expected losses by slot, (2, tables x categories)."""
    rule = options.national.slotting
    if rule is None:
        raise RiskError(expected("options with slotting weights", options.name), field="slotting")
    weights = np.concatenate([rule.weights[name] for name in SLOTTED])
    return np.stack([options.irb.scaling * weights, np.concatenate([rule.losses[name] for name in SLOTTED])])


def internal_classes(loans: CapitalLoans) -> tuple[Codes, tuple[str, ...]]:
    """Return each loan's class under IRB, (N,), and all classes' names; slotted loans have their own."""
    check.kind(CapitalLoans, loans=loans)
    table = len(NAMES) + loans.slot // len(CATEGORIES)
    codes = np.where(loans.slot >= 0, table, loans.asset_class).astype(np.int8)
    return codes, (*NAMES, *(f"slotted_{name}" for name in SLOTTED))


def foundation_only(loans: CapitalLoans) -> Flags:
    """Return loans that have no advanced approach, (N,): banks, other financial institutions, and firms whose
    group sells for more than 500 million euro (December 2017; CRE30.34 to CRE30.36). Unknown sales do not bar
    it."""
    check.kind(CapitalLoans, loans=loans)
    large = (loans.asset_class == CORPORATE) & (loans.annual_sales > LARGE_SALES)
    return np.asarray(np.isin(loans.asset_class, NO_OWN_LOSSES) | large)


def mitigated(weights: Floats, loans: CapitalLoans) -> Floats:
    """Return weights after guarantees; a guarantor of unknown or worse weight changes nothing."""
    check.finite(weights=weights)
    check.kind(CapitalLoans, loans=loans)
    check.shaped(loans.exposure.shape, weights=weights)
    protector = np.where(np.isnan(loans.guarantor_weight), np.inf, loans.guarantor_weight)
    return substituted_weight(weights, np.minimum(protector, weights), loans.guaranteed)


def take(loans: CapitalLoans, rows: NDArray[np.integer] | slice) -> CapitalLoans:
    """Return the loans at `rows`, in that order."""
    check.kind(CapitalLoans, loans=loans)
    if not isinstance(rows, slice):
        check.codes(0, len(loans.exposure) - 1, rows=rows)
        check.shaped((None,), rows=rows)
    return replace(loans, **{name: getattr(loans, name)[rows] for name in CapitalLoans.__dataclass_fields__})


def _lgd(loans: CapitalLoans, supervisory: Flags) -> tuple[Floats, Floats]:
    """Return LGD before floors, and the floor: none for a supervisory figure."""
    lgd = loans.lgd.copy()
    floor = np.array([item.lgd_floor for item in FUNCTIONS])[loans.asset_class]
    kinds = tuple(COLLATERAL)
    lowered = np.isin(loans.asset_class, (CORPORATE, OTHER))
    amount = np.where(
        loans.exposure > 0, loans.exposure, loans.undrawn
    )  # a line of which nothing is drawn has an LGD too
    for kind in np.unique(loans.collateral_kind):
        same = loans.collateral_kind == kind
        for code in np.unique(loans.asset_class[same & (lowered | supervisory)]):
            rows = np.flatnonzero(same & (loans.asset_class == code) & (amount > 0))
            name, given = NAMES[code], supervisory[rows]
            for chosen, fixed in ((rows[given], True), (rows[~given], False)):
                owed, held = amount[chosen], {} if kind < 0 else {kinds[kind]: loans.collateral_value[chosen]}
                if fixed and name in UNSECURED:
                    lgd[chosen] = foundation_lgd(
                        owed, held, borrower=name, subordinated=loans.subordinated[chosen]
                    )
                    floor[chosen] = 0.0
                elif kind >= 0 and code in (CORPORATE, OTHER):
                    floor[chosen] = lgd_floor(owed, held, asset_class=name)
    return lgd, floor


def _floor_of_pd(loans: CapitalLoans) -> Floats:
    floors = np.array([(item.pd_floor, item.transactor_floor) for item in FUNCTIONS])
    return np.asarray(floors[loans.asset_class, loans.transactor.astype(np.int8)])


def _by_class(
    name: str, loans: CapitalLoans, where: Flags, corporate: str, retail: str
) -> tuple[Binding, ...]:
    made = []
    for code in np.unique(loans.asset_class):
        paragraph = retail if code in (MORTGAGE, REVOLVING, OTHER) else corporate
        made.append(
            Binding(
                f"{name}, {NAMES[code].replace('_', ' ')}", paragraph, where & (loans.asset_class == code)
            )
        )
    return tuple(made)
