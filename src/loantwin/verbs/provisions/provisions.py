"""`provisions`: the allowance of the book under a standard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from loantwin.arrays import Floats
from loantwin.config import chosen
from loantwin.errors import UsageError, expected
from loantwin.macro.revert import extend
from loantwin.outlook.outlook import Economy, GivenScenario, Outlook, read_scenarios
from loantwin.risk.facts import Standing, standing
from loantwin.risk.provisions.cecl_methods import METHODS
from loantwin.risk.provisions.modification import modifications, repriced
from loantwin.risk.provisions.overlays import Overlay, read_overlays
from loantwin.risk.provisions.provisions import (
    STANDARDS,
    BesideLoans,
    Portfolio,
    Provision,
    WeightedScenario,
    lifetime_months,
    long_run_shocks,
    measured_lives,
)
from loantwin.risk.provisions.provisions import provisions as allowance
from loantwin.twin import Twin, opened
from loantwin.verbs.provisions.loss_history import loss_history

GENERATED = "generated"
"""Name of the scenario that stands for the generator's paths."""
LONGEST_LOOK_BACK = 36
"""Months that a covariate's transform and lag look back, at most."""
POCI_LOSS = "attribute_poci_expected_loss"
"""Column of a source that tells a loan's lifetime loss expected when it was bought credit-impaired, share of
exposure.
"""
OVERLAID = ("ifrs9", "cecl")
"""Standards that show overlays."""
GENERATED_PATHS = 60
"""Generated paths of a lifetime measure: their mean is what counts, not their tail."""


def provisions(
    twin: Twin | Path | str,
    standard: str,
    *,
    scenarios: Sequence[str] = (),
    align: str | None = None,
    supported_months: int | None = None,
    overlays: Path | str | None = None,
    method: str | None = None,
) -> Provision:
    """Return the allowance of the book under `ifrs9`, `cecl`, `five-level` or an installed package's
    standard.

    Parameters
    ----------
    scenarios : FILE[#NAME][=WEIGHT]; weights of several must sum to 1. None: the mean over generated paths.
    align : "start" re-dates them to begin after the as-of date.
    supported_months : reasonable-and-supportable period, None takes the configuration's; beyond it macro
        reverts.
    overlays : a TOML file of overlays (`risk.provisions.overlays`), shown beside the modelled allowance.
    method : a method of CECL to show beside PD x LGD, or `all`.

    Raises
    ------
    InputError : see the message.
    """
    STANDARDS.named(standard, field="--standard")
    methods = chosen_methods(standard, method)
    if overlays is not None and standard not in OVERLAID:
        raise UsageError(
            expected("a standard of expected losses with --overlays", standard), field="--standard"
        )
    adjustments = () if overlays is None else read_overlays(Path(overlays))
    with opened(twin) as twin:
        twin = twin.using(chosen(twin.config, supported_months=supported_months))
        outlook = Outlook(twin)
        return provided(outlook, standard, read_scenarios(twin, scenarios, align), adjustments, methods)


def chosen_methods(standard: str, method: str | None) -> tuple[str, ...]:
    """Return the methods of CECL asked for: none, one by name, or all."""
    if method is None:
        return ()
    if standard != "cecl":
        raise UsageError(expected("--standard cecl with --method", standard), field="--standard")
    if method not in (*METHODS, "all"):
        raise UsageError(expected("one of " + ", ".join((*METHODS, "all")), method), field="--method")
    return tuple(METHODS) if method == "all" else (method,)


def provided(
    outlook: Outlook,
    standard: str,
    given: Sequence[GivenScenario],
    overlays: tuple[Overlay, ...] = (),
    methods: tuple[str, ...] = (),
) -> Provision:
    """Return the allowance under a standard and scenarios already read."""
    twin = outlook.twin
    book = portfolio(outlook)
    life = measured_lives(book, twin.config) if standard == "ifrs9" else book
    made, notes = economies(outlook, given, lifetime_months(life.columns))
    beside = beside_loans(outlook, book, standard, overlays, methods)
    provenance = {**twin.provenance(), "notes": [*outlook.notes, *notes]}
    return allowance(standard, book, made, twin.config, provenance=provenance, beside=beside)


def economies(
    outlook: Outlook, given: Sequence[GivenScenario], horizon: int
) -> tuple[list[WeightedScenario], list[str]]:
    """Return the scenarios over `horizon` months with their weights, and what was assumed; generated paths
    where none is given.
    """
    weights = checked(given)
    if not given:
        economy = generated(outlook, horizon)
        return [weighted(outlook, GENERATED, 1.0, economy)], list(economy.notes)
    found = [lifetime_economy(outlook, item, horizon) for item in given]
    triples = zip(given, weights, found, strict=True)
    made = [weighted(outlook, item.name, weight, economy) for item, weight, economy in triples]
    return made, [note for economy in found for note in economy.notes]


def beside_loans(
    outlook: Outlook, book: Portfolio, standard: str, overlays: tuple[Overlay, ...], methods: tuple[str, ...]
) -> BesideLoans:
    """Return what stands beside the loans: overlays, modifications, expected losses of POCI loans, CECL's
    history.
    """
    twin, loans = outlook.twin, outlook.book.loans
    if standard == "cecl":
        past = loss_history(outlook) if {"vintage", "warm", "roll-rate"} & set(methods) else None
        return BesideLoans(overlays=overlays, methods=methods, history=past)
    moved = repriced(loans, twin.known_panel) if standard == "ifrs9" else None
    found = (
        None
        if moved is None
        else modifications(book.columns, *moved, twin.config.ifrs9.substantial_modification)
    )
    expected_at_start = None
    if standard == "ifrs9" and POCI_LOSS in loans.columns:
        share = loans[POCI_LOSS].cast(pl.Float64, strict=False).fill_null(0.0).to_numpy()
        if not ((share >= 0.0) & (share <= 1.0)).all():
            raise UsageError(expected("shares of exposure from 0 to 1", "another"), field=POCI_LOSS)
        expected_at_start = share * (book.columns.principal + book.columns.accrued_interest)
    return BesideLoans(overlays=overlays, modifications=found, poci_expected=expected_at_start)


def known_standing(outlook: Outlook) -> Standing:
    """Return what is known of the loans' standing at the as-of date, the history included."""
    twin = outlook.twin
    days = twin.config.ifrs9.default_days
    return standing(outlook.book.loans, twin.mapping.observes, twin.known_panel, twin.as_of, days)


def portfolio(outlook: Outlook) -> Portfolio:
    """Return the book as the provision standards read it."""
    twin = outlook.twin
    return Portfolio(
        as_of=twin.as_of,
        currency=twin.currency,
        parameters=twin.model.parameters,
        lgd=twin.model.lgd,
        columns=outlook.all_columns,
        standing=known_standing(outlook),
        runoff=outlook.runoff,
        historical=long_run_shocks(twin.model, long_run_covariates(outlook)),
    )


def long_run_covariates(outlook: Outlook) -> Floats:
    """Return the macro covariates at the level to which scenarios revert, (F,): the past, carried on until it
    has settled.
    """
    macro = outlook.twin.config.macro
    settled = macro.reversion_months + LONGEST_LOOK_BACK
    path = extend(
        outlook.history, outlook.history, outlook.month0, macro.reversion_months, outlook.month0 + settled
    )
    return np.asarray(outlook.given(path, settled).covariates[0, -1])


def lifetime_economy(outlook: Outlook, given: GivenScenario, horizon: int) -> Economy:
    """Return a scenario over the remaining life: as stated for the supported period, then reverting."""
    return outlook.given(outlook.lifetime(given.scenario, horizon), horizon, given.notes)


def generated(outlook: Outlook, horizon: int) -> Economy:
    """Return generated paths over the remaining life; they revert by their own fitted persistence."""
    return outlook.simulated(horizon, GENERATED_PATHS, outlook.twin.config.run.seed)


def weighted(outlook: Outlook, name: str, weight: float, economy: Economy) -> WeightedScenario:
    """Return an economy as the standards read it."""
    return WeightedScenario(name, weight, np.ascontiguousarray(outlook.expected(economy)), economy.index)


def checked(given: Sequence[GivenScenario]) -> tuple[float, ...]:
    """Return the weights: 1 for a single scenario, several must be stated and sum to 1."""
    if len(given) <= 1:
        for item in given:
            if item.weight not in (None, 1.0):
                raise UsageError(
                    expected("a weight of 1 for a single scenario", item.weight), field="--scenario"
                )
        return (1.0,) * len(given)
    missing = [item.name for item in given if item.weight is None]
    if missing:
        raise UsageError(
            expected("FILE#NAME=WEIGHT for each of several scenarios", f"no weight for {missing[0]}"),
            field="--scenario",
        )
    weights = tuple(float(item.weight) for item in given if item.weight is not None)
    if abs(sum(weights) - 1.0) > 1e-9:
        raise UsageError(expected("weights that sum to 1", f"{sum(weights):.9g}"), field="--scenario")
    return weights


def ifrs9_allowance(twin: Twin, outlook: Outlook, given: GivenScenario) -> float:
    """Return the IFRS 9 allowance net of guarantees were one scenario certain."""
    made = weighted(
        outlook, given.name, 1.0, lifetime_economy(outlook, given, lifetime_months(outlook.all_columns))
    )
    return float(allowance("ifrs9", portfolio(outlook), [made], twin.config).allowance)
