"""`capital`: risk-weighted assets, expected loss and ratios of the book under a country's options; and of one
loan, explained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.columns import LoanColumns
from loantwin.engine.loss import loan_losses
from loantwin.errors import UsageError, expected
from loantwin.outlook.outlook import Outlook
from loantwin.risk.capital import explain as explaining
from loantwin.risk.capital.amounts import (
    Amounts,
    CapitalLoans,
    foundation_only,
    irb_amounts,
    standardised_amounts,
    take,
)
from loantwin.risk.capital.assumptions import WORDS, CapitalAssumptions, read_assumptions
from loantwin.risk.capital.classes import MATURES, NAMES
from loantwin.risk.capital.from_book import Estimates, capital_loans
from loantwin.risk.capital.large_exposures import LargeExposures, connected, large_exposures
from loantwin.risk.capital.mapping import Placement, place
from loantwin.risk.capital.options import Options, load_options
from loantwin.risk.capital.ratios import OwnFunds, load_own_funds, output_floor, provision_gap, ratios
from loantwin.risk.capital.results import Approach, Assumed, CapitalResult, ExplanationResult, Step, approach
from loantwin.risk.facts import standing
from loantwin.risk.provisions.provisions import Portfolio, loss_in_default
from loantwin.twin import Twin, opened
from loantwin.verbs.provisions.provisions import GENERATED_PATHS, portfolio

STANDARDISED, FOUNDATION, ADVANCED = "standardised", "foundation-irb", "advanced-irb"
APPROACHES = (STANDARDISED, FOUNDATION, ADVANCED)
THROUGH, POINT = "through-the-cycle", "point-in-time"
MONTHS = 12
PATHS_AT_ONCE = 20
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


def capital(
    twin: Twin | Path | str,
    *,
    approach: str = "all",
    options: str = "basel",
    own_funds: Path | str | None = None,
    year: int | None = None,
    pd: str = THROUGH,
    assume: Sequence[str] = (),
) -> CapitalResult:
    """Return the capital that a book needs.

    Parameters
    ----------
    approach : standardised, foundation-irb, advanced-irb, or all that the options allow.
    options : basel, united-states, china, or a TOML file.
    own_funds : TOML file of own funds; with it ratios, buffers, leverage and large exposures against limits.
    year : of the output floor's phase-in; None takes the as-of date's, and the final floor before the first.
    pd : through-the-cycle (the economy at its long-run mean) or point-in-time (the generator's paths from
        today).
    assume : NAME=VALUE, see `assumptions.WORDS`.

    Raises
    ------
    InputError : an approach the options do not allow, an unknown name, a file that does not fit.
    """
    rules = load_options(str(options))
    wanted = _wanted(approach, rules)
    funds = None if own_funds is None else load_own_funds(Path(own_funds))
    if year is not None and not 1988 <= year <= 2200:
        raise UsageError(expected("a year like 2026", year), field="--year")
    with opened(twin) as twin:
        basis = _basis(twin, rules, read_assumptions(assume), pd)
        when = twin.as_of.year if year is None else year
        base = standardised_amounts(basis.loans, rules)
        made = {name: _approach(basis, name, base, funds, when) for name in wanted}
        book = basis.outlook.book
        largest = _large(basis, base, None if funds is None else funds.tier1)
        return CapitalResult(
            as_of=twin.as_of,
            currency=twin.currency,
            options=rules.name,
            title=rules.title,
            status=rules.status,
            year=when,
            pd=basis.pd,
            loans=book.loans.height,
            exposure=next(iter(made.values())).exposure,
            approaches=made,
            classification=_counted(basis.placement),
            large_exposures=largest,
            assumptions=_assumed(basis.assumed),
            rules=_rules(basis, bool(set(wanted) - {STANDARDISED})),
            notes=(*rules.notes, *basis.notes),
            not_observable=basis.not_observable,
            provenance=twin.provenance(),
        )


def capital_explain(
    twin: Twin | Path | str,
    loan: str,
    *,
    approach: str = "all",
    options: str = "basel",
    pd: str = THROUGH,
    assume: Sequence[str] = (),
) -> ExplanationResult:
    """Return how the capital of one loan comes about: rule, inputs, intermediate values, floors that bind.

    Raises
    ------
    UsageError : no such loan on the book. Other arguments as `capital`.
    """
    rules = load_options(str(options))
    wanted = _wanted(approach, rules)
    with opened(twin) as twin:
        basis = _basis(twin, rules, read_assumptions(assume), pd)
        names = basis.outlook.book.loans["loan_id"]
        row = names.index_of(loan)
        if row is None:
            raise UsageError(
                expected(f"a loan on the book at {twin.as_of}, such as {names[0]}", loan), field="LOAN"
            )
        one = take(basis.loans, slice(row, row + 1))
        steps: dict[str, tuple[Step, ...]] = {}
        floors: dict[str, tuple[Step, ...]] = {}
        for name in wanted:
            if name == STANDARDISED:
                steps[name], floors[name] = explaining.standardised_steps(one, rules), ()
            else:
                steps[name], floors[name] = explaining.irb_approach_steps(
                    one, rules, foundation=name == FOUNDATION
                )
        return ExplanationResult(
            loan=loan,
            as_of=twin.as_of,
            currency=twin.currency,
            options=rules.name,
            title=rules.title,
            facts=_facts(basis, row),
            approaches=steps,
            floors=floors,
            assumptions=_assumed(basis.assumed),
            notes=(*rules.notes, *basis.notes),
            provenance=twin.provenance(),
        )


def yearly_pd(outlook: Outlook, book: Portfolio, kind: str) -> Floats:
    """Return each loan's probability of default within a year, (N,), decimal.

    A whole year even where the contract ends sooner: Basel's PD is the borrower's. Through the cycle: every
    month at the level to which the economy returns. Point in time: mean over generated paths from today.
    """
    columns = replace(book.columns, remaining_months=np.maximum(book.columns.remaining_months, MONTHS))
    if kind == THROUGH:
        return np.minimum(_pd(book, columns, np.tile(book.historical, (1, MONTHS, 1)))[:, 0], 1.0)
    shocks = outlook.expected(outlook.simulated(MONTHS, GENERATED_PATHS, outlook.twin.config.run.seed))
    blocks = [slice(start, start + PATHS_AT_ONCE) for start in range(0, len(shocks), PATHS_AT_ONCE)]
    summed = sum(_pd(book, columns, shocks[block]).sum(axis=1) for block in blocks)
    return np.minimum(np.asarray(summed) / len(shocks), 1.0)


def _pd(book: Portfolio, columns: LoanColumns, shocks: Floats) -> Floats:
    return loan_losses(book.parameters, columns, book.lgd, np.ascontiguousarray(shocks)).pd[:, :, 0]


def _wanted(approach: str, rules: Options) -> tuple[str, ...]:
    allowed = (STANDARDISED, *rules.irb.approaches)
    if approach == "all":
        return tuple(name for name in APPROACHES if name in allowed)
    if approach not in APPROACHES:
        raise UsageError(expected("one of all, " + ", ".join(APPROACHES), approach), field="--approach")
    if approach not in allowed:
        raise UsageError(
            expected(f"an approach that options {rules.name} allow: " + ", ".join(allowed), approach),
            field="--approach",
        )
    return (approach,)


def _basis(twin: Twin, rules: Options, assumed: CapitalAssumptions, pd: str) -> Basis:
    if pd not in (THROUGH, POINT):
        raise UsageError(expected(f"{THROUGH} or {POINT}", pd), field="--pd")
    outlook = Outlook(twin)
    loans = outlook.book.loans
    book = portfolio(outlook)
    columns = book.columns
    found = standing(loans, twin.mapping.observes)
    defaulted = found.defaulted | (np.nan_to_num(found.days_past_due) > DEFAULT_DAYS)
    placement = place(loans, columns.principal + columns.accrued_interest + columns.undrawn, rules, assumed)
    estimates = Estimates(
        yearly_pd(outlook, book, pd), loss_in_default(book)[1], book.runoff.conversion_factor
    )
    made = capital_loans(loans, columns, defaulted, placement, estimates, rules, assumed)
    notes = [*outlook.notes]
    if rules.currency != twin.currency and assumed.exchange_rate == 1.0:
        notes.append(
            f"retail limits in {rules.currency} are taken as {twin.currency} one for one; --assume "
            "exchange_rate=RATE sets it"
        )
    unknown = (columns.guaranteed > 0) & np.isnan(placement.guarantor_weight)
    if unknown.any():
        notes.append(
            f"{int(unknown.sum())} guaranteed loans: guarantor's standing unknown, no relief; --assume "
            "guarantor_weight=W"
        )
    estate = placement.secured_by_property & (loans["collateral_value"].fill_null(0.0).to_numpy() <= 0)
    if estate.any():
        notes.append(
            f"{int(estate.sum())} real estate loans without a value of the property: loan to value "
            f"{assumed.ltv:g} assumed"
        )
    capped = assumed.downturn_intercept + assumed.downturn_slope * estimates.lgd > 1.0 + 1e-12
    if capped.any():
        notes.append(
            f"{int(capped.sum())} loans: loss given default with the downturn add-on is more than all, "
            "taken as 1"
        )
    if rules.irb.approaches and not MATURES[placement.asset_class].all():
        notes.append(
            "foundation-irb: retail has none, it stands there with the twin's own estimates (CRE30.36)"
        )
    barred = int(foundation_only(made).sum()) if rules.irb.approaches else 0
    if barred:
        notes.append(
            f"advanced-irb: not open to {barred} loans, of banks, financial institutions or firms with "
            "sales above 500 million euro; they stand there with supervisory figures (CRE30.34 to CRE30.36)"
        )
    return Basis(twin, outlook, rules, assumed, placement, made, pd, tuple(notes), found.not_observable)


def _approach(basis: Basis, name: str, base: Amounts, funds: OwnFunds | None, year: int) -> Approach:
    rules, loans, minimum = basis.options, basis.loans, basis.options.minimum["total"]
    if name == STANDARDISED:
        made = approach(loans, base, loans.exposure_class, rules.classes, minimum, internal=False)
        return made if funds is None else replace(made, ratios=ratios(funds, made.rwa, made.ead, rules))
    amounts = irb_amounts(loans, rules, foundation=name == FOUNDATION)
    made = approach(loans, amounts, loans.asset_class, NAMES, minimum, internal=True)
    standard = approach(loans, base, loans.exposure_class, rules.classes, minimum, internal=False)
    other = 0.0 if funds is None else sum(funds.other_rwa.values())
    floor = output_floor(made.rwa, standard.rwa, other, rules, year)
    used = made.rwa if floor is None else floor.used
    if funds is None:
        return replace(made, output_floor=floor)
    gap = (
        None
        if funds.eligible_provisions is None
        else provision_gap(made.expected_loss or 0.0, funds.eligible_provisions, made.rwa)
    )
    after = (
        funds
        if gap is None
        else replace(funds, cet1=funds.cet1 - gap.shortfall, tier2=funds.tier2 + gap.tier2)
    )
    return replace(made, output_floor=floor, provisions=gap, ratios=ratios(after, used, standard.ead, rules))


def _large(basis: Basis, base: Amounts, tier1: float | None) -> LargeExposures:
    book = basis.outlook.book
    names = book.loans["loan_id"].to_list()
    group, words = connected(names, book.loans["borrower_id"], book.parties)
    covered = np.where(basis.loans.guarantor_weight <= base.own_weight, basis.loans.guaranteed, 0.0)
    chance = basis.outlook.book.loans["on_book_probability"].fill_null(1.0).to_numpy()
    exposure = (basis.loans.exposure + basis.loans.conversion * basis.loans.undrawn) * chance
    return large_exposures(
        group,
        book.loans["borrower_id"],
        names,
        exposure,
        exposure * (1.0 - covered),
        words,
        basis.options,
        tier1,
    )


def _counted(placement: Placement) -> dict[str, int]:
    counts = np.bincount(placement.why, minlength=len(placement.reasons))
    return {placement.reasons[item]: int(counts[item]) for item in np.argsort(-counts, kind="stable")}


def _assumed(assumed: CapitalAssumptions) -> dict[str, Assumed]:
    values = {item.name: getattr(assumed, item.name) for item in fields(CapitalAssumptions)}
    return {name: Assumed(_shown(value), WORDS[name]) for name, value in values.items()}


def _shown(value: object) -> str:
    if value is None or value == "":
        return "none" if value is None else "by rule"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _rules(basis: Basis, internal: bool) -> tuple[str, ...]:
    rules = basis.options
    present = [rules.classes[code] for code in np.unique(basis.loans.exposure_class)]
    made = [rules.weights[name].words(name.replace("_", " ")) for name in present]
    if basis.loans.defaulted.any():
        made.append(rules.defaulted.words("defaulted"))
    if (basis.loans.guaranteed > 0).any():
        made.append(rules.guarantee.words("guarantees"))
    if (basis.loans.undrawn > 0).any():
        made.append(rules.conversion.words("off-balance sheet amounts"))
    if internal:
        made.append(rules.irb.words("internal ratings-based approach"))
        if rules.output_floor is not None:
            made.append(rules.output_floor.words("output floor"))
    return (
        *made,
        rules.minimum.words("minimum ratios"),
        rules.buffer.words("buffers"),
        rules.large_exposure.words("large exposures"),
    )


def _facts(basis: Basis, row: int) -> tuple[Step, ...]:
    loan, book = basis.loans, basis.outlook.book.loans
    place_ = basis.placement
    made = [
        Step("product", str(book["product"][row]), "", ""),
        Step("classified as", place_.reasons[int(place_.why[row])], "", "exposure_classes.toml"),
        Step("drawn, with accrued interest", float(loan.exposure[row]), "currency", ""),
        Step("undrawn", float(loan.undrawn[row]), "currency", ""),
        Step("rows of the population times chance to be on the book", float(loan.weight[row]), "number", ""),
        Step(
            "guaranteed share",
            float(basis.outlook.all_columns.guaranteed[row]),
            "decimal",
            str(book["guarantor"][row] or ""),
        ),
        Step("in default", "yes" if loan.defaulted[row] else "no", "", "CRE20.104"),
        Step(
            "PD",
            basis.pd,
            "",
            "long-run mean of the economy" if basis.pd == THROUGH else "mean over generated paths from today",
        ),
    ]
    return tuple(made)
