"""`capital`: risk-weighted assets, expected loss and ratios of the book under a country's options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from loantwin.errors import UsageError, expected
from loantwin.outlook.yearly_pd import THROUGH
from loantwin.risk.allowance import total
from loantwin.risk.capital.amounts import (
    Amounts,
    internal_classes,
    irb_amounts,
    standardised_amounts,
    take,
)
from loantwin.risk.capital.assumptions import read_assumptions
from loantwin.risk.capital.large_exposures import LargeExposures, connected, large_exposures
from loantwin.risk.capital.mapping import Placement
from loantwin.risk.capital.national import insufficient
from loantwin.risk.capital.options import Options, load_options
from loantwin.risk.capital.ratios import (
    OwnFunds,
    allowance_limit,
    load_own_funds,
    output_floor,
    provision_gap,
    ratios,
)
from loantwin.risk.capital.results import Approach, BackstopGap, CapitalResult, approach
from loantwin.twin import Twin, opened
from loantwin.types import Progress, silent, stretch
from loantwin.verbs.capital.basis import (
    FOUNDATION,
    STANDARDISED,
    Basis,
    approaches,
    assumed_values,
    capital_basis,
)


def capital(
    twin: Twin | Path | str,
    *,
    approach: str = "all",
    options: str = "basel",
    own_funds: Path | str | None = None,
    year: int | None = None,
    pd: str = THROUGH,
    assume: Sequence[str] = (),
    any_date: bool = False,
    progress: Progress = silent,
) -> CapitalResult:
    """Return the capital that a book needs.

    Parameters
    ----------
    approach : standardised, foundation-irb, advanced-irb, or all that the options allow.
    options : basel, united-states, china, european-union, united-kingdom, or a TOML file.
    own_funds : TOML file of own funds; with it ratios, buffers, leverage and large exposures against limits.
    year : of the output floor's phase-in; None takes the as-of date's, and the final floor before the first.
    pd : through-the-cycle (the economy at its long-run mean) or point-in-time (the generator's paths from
        today).
    assume : NAME=VALUE, see `assumptions.WORDS`.
    any_date : use options that are not in force at the as-of date; they are refused otherwise.
    progress : told how far the work has come.

    Raises
    ------
    InputError : options not in force, an approach they do not allow, an unknown name, a file that does not
        fit.
    UsageError : a year outside 1988 to 2200.
    """
    rules = load_options(str(options))
    wanted = approaches(approach, rules)
    funds = None if own_funds is None else load_own_funds(Path(own_funds))
    if year is not None and not 1988 <= year <= 2200:
        raise UsageError(expected("a year like 2026", year), field="year")
    with opened(twin) as twin:
        assumed, reading = read_assumptions(assume), stretch(progress, 0.0, 0.8)
        basis = capital_basis(twin, rules, assumed, pd, any_date=any_date, progress=reading)
        when = twin.as_of.year if year is None else year
        base = standardised_amounts(basis.loans, rules)
        gap = _backstop(basis)
        if funds is not None and gap is not None:
            funds = replace(funds, cet1=funds.cet1 - gap.deduction)
        made = {}
        for place, name in enumerate(wanted):
            progress(0.8 + 0.15 * place / len(wanted), f"risk weights, {name}")
            made[name] = _approach(basis, name, base, funds, when)
        progress(0.95, "largest exposures")
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
            assumptions=assumed_values(basis.assumed),
            rules=_rules(basis, bool(set(wanted) - {STANDARDISED})),
            notes=(*rules.notes, *basis.notes, *_recognised(basis, base)),
            not_observable=basis.not_observable,
            backstop=gap,
            low_default=basis.low_default,
            provenance={**twin.provenance(), "options_hash": rules.sha256},
        )


def _approach(basis: Basis, name: str, base: Amounts, funds: OwnFunds | None, year: int) -> Approach:
    rules, loans, minimum = basis.options, basis.loans, basis.options.minimum["total"]
    if name == STANDARDISED:
        made = approach(loans, base, loans.exposure_class, rules.classes, minimum, internal=False)
        return made if funds is None else _with_allowance(made, funds, rules)
    amounts = irb_amounts(loans, rules, foundation=name == FOUNDATION)
    made = approach(loans, amounts, *internal_classes(loans), minimum, internal=True)
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


def _with_allowance(made: Approach, funds: OwnFunds, rules: Options) -> Approach:
    """Return the standardised approach with ratios, its allowance in tier 2 as far as the rules let it."""
    rule = rules.national.allowance
    if funds.allowance is None or rule is None:
        return replace(made, ratios=ratios(funds, made.rwa, made.ead, rules))
    limit = allowance_limit(funds.allowance, made.rwa, rule)
    after = replace(funds, tier2=funds.tier2 + limit.tier2)
    return replace(made, allowance=limit, ratios=ratios(after, made.rwa - limit.deducted, made.ead, rules))


def _backstop(basis: Basis) -> BackstopGap | None:
    """Return the gap in the coverage of loans in default, None where the rules ask for none."""
    rule, loans, book = basis.options.national.backstop, basis.loans, basis.outlook.book.loans
    if rule is None:
        return None
    young = (book["origination_date"] >= rule.originated_from).fill_null(True).to_numpy()
    asked = np.flatnonzero(loans.defaulted & young)
    one = take(loans, asked)
    covered = np.where(np.isnan(one.guarantor_weight), 0.0, one.guaranteed) * one.exposure
    secured = np.minimum(one.collateral_value + covered, one.exposure)
    gap = insufficient(
        rule,
        one.exposure,
        secured,
        basis.placement.secured_by_property[asked],
        basis.months_in_default[asked] / 12.0,
        one.provision_share * one.exposure,
    )
    short = gap > 0
    undated = int(book["default_date"].is_null().to_numpy()[asked].sum())
    return BackstopGap(
        int(short.sum()),
        total((one.exposure * one.weight)[short]),
        total(gap * one.weight),
        undated,
        rule.source,
    )


def _recognised(basis: Basis, base: Amounts) -> tuple[str, ...]:
    """Return in words what the standardised RWA would be if conditional guarantees were unconditional."""
    rules, refused = basis.options, basis.placement.conditional
    share = basis.outlook.all_columns.guaranteed
    if not (refused & (share > 0)).any():
        return ()
    loans = replace(
        basis.loans,
        guaranteed=np.where(refused, share, basis.loans.guaranteed),
        guarantor_weight=np.where(refused, rules.guarantee["unconditional"], basis.loans.guarantor_weight),
    )
    with_them = total(standardised_amounts(loans, rules).rwa * loans.weight)
    return (
        f"standardised RWA {total(base.rwa * loans.weight):,.0f}; with the conditional guarantees recognised "
        f"they would be {with_them:,.0f}",
    )


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


def _rules(basis: Basis, internal: bool) -> tuple[str, ...]:
    rules = basis.options
    present = [rules.classes[code] for code in np.unique(basis.loans.exposure_class)]
    made = [rules.weights[name].words(name.replace("_", " ")) for name in present]
    if basis.loans.defaulted.any():
        made.append(rules.defaulted.words("defaulted"))
    if (basis.loans.guaranteed > 0).any():
        made.append(rules.guarantee.words("guarantees"))
    if basis.placement.secured_by_property.any():
        made.append(rules.property_value.words("value of property"))
    national = rules.national
    if national.sme_factor is not None and (basis.loans.supporting < 1.0).any():
        made.append(national.sme_factor.words("factor of small firms"))
    if national.infrastructure is not None and basis.assumed.infrastructure:
        made.append(national.infrastructure.words("factor of infrastructure"))
    if national.backstop is not None and basis.loans.defaulted.any():
        made.append(national.backstop.words("least coverage of non-performing loans"))
    if national.allowance is not None:
        made.append(national.allowance.words("allowance in tier 2"))
    if (basis.loans.undrawn > 0).any():
        made.append(rules.conversion.words("off-balance sheet amounts"))
    if internal:
        made.append(rules.irb.words("internal ratings-based approach"))
        if national.slotting is not None and (basis.loans.slot >= 0).any():
            made.append(national.slotting.words("slotting"))
        if rules.output_floor is not None:
            made.append(rules.output_floor.words("output floor"))
    return (
        *made,
        rules.minimum.words("minimum ratios"),
        rules.buffer.words("buffers"),
        rules.large_exposure.words("large exposures"),
    )
