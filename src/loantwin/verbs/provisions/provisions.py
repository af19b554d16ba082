"""`provisions`: the allowance of the book under a standard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from loantwin.config import chosen
from loantwin.errors import UsageError, expected
from loantwin.outlook.outlook import GivenScenario, Histories, Outlook, Scenarios, read_scenarios
from loantwin.outlook.portfolio import economies, portfolio
from loantwin.risk.provisions.cecl_methods import METHODS
from loantwin.risk.provisions.modification import modifications, repriced
from loantwin.risk.provisions.overlays import Overlay, read_overlays
from loantwin.risk.provisions.provisions import (
    STANDARDS,
    BesideLoans,
    Portfolio,
    Provision,
    lifetime_months,
    measured_lives,
)
from loantwin.risk.provisions.provisions import provisions as allowance
from loantwin.twin import Twin, opened
from loantwin.verbs.provisions.loss_history import loss_history

POCI_LOSS = "attribute_poci_expected_loss"
"""Column of a source: lifetime loss expected at the purchase of an impaired loan, share of exposure."""
OVERLAID = ("ifrs9", "cecl")
"""Standards that show overlays."""


def provisions(
    twin: Twin | Path | str,
    standard: str,
    *,
    scenarios: Scenarios = (),
    align: str | None = None,
    history: Histories = (),
    supported_months: int | None = None,
    overlays: Path | str | None = None,
    method: str | None = None,
) -> Provision:
    """Return the allowance under `ifrs9`, `cecl`, `five-level` or an installed package's standard.

    Parameters
    ----------
    scenarios : FILE[#NAME][=WEIGHT]; weights of several must sum to 1. None: the mean over generated paths.
    align : "start" re-dates them to begin after the as-of date. history : files they are measured against
        then, where their own has no row before them.
    supported_months : reasonable-and-supportable period, None takes the configuration's; beyond it macro
        reverts.
    overlays : a TOML file of overlays (`risk.provisions.overlays`), shown beside the modelled allowance.
    method : a method of CECL to show beside PD x LGD, or `all`.

    Raises
    ------
    UsageError : an unknown standard or method, a method of another standard than CECL, overlays on five
        levels, weights that do not sum to 1. ScenarioError : a scenario that is wrong or too short.
        RiskError : overlays that are wrong or have expired. HomeError : a twin that was not fitted.
    """
    standard = STANDARDS.spelt(standard, field="standard")
    methods = chosen_methods(standard, method)
    if overlays is not None and standard not in OVERLAID:
        raise UsageError(
            expected("a standard of expected losses with `overlays`", standard), field="standard"
        )
    adjustments = () if overlays is None else read_overlays(Path(overlays))
    with opened(twin) as twin:
        twin = twin.using(chosen(twin.config, supported_months=supported_months))
        outlook = Outlook(twin)
        return provided(
            outlook, standard, read_scenarios(twin, scenarios, align, history), adjustments, methods
        )


def chosen_methods(standard: str, method: str | None) -> tuple[str, ...]:
    """Return the methods of CECL asked for: none, one by name, or all.

    Raises
    ------
    UsageError : another standard than CECL, or an unknown method.
    """
    if method is None:
        return ()
    if standard != "cecl":
        raise UsageError(expected("`standard` cecl with `method`", standard), field="standard")
    if method not in (*METHODS, "all"):
        raise UsageError(expected("one of " + ", ".join((*METHODS, "all")), method), field="method")
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


def beside_loans(
    outlook: Outlook, book: Portfolio, standard: str, overlays: tuple[Overlay, ...], methods: tuple[str, ...]
) -> BesideLoans:
    """Return what stands beside the loans: overlays, modifications, POCI losses, CECL's history.

    Raises
    ------
    UsageError : a POCI loss outside [0, 1].
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
