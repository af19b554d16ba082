"""`provisions`: the allowance of the book under a standard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from loantwin.arrays import Floats
from loantwin.config import chosen
from loantwin.errors import UsageError, expected
from loantwin.files import check_replaced, check_target, whole_file
from loantwin.models.conversion import conversion_words
from loantwin.outlook.outlook import GivenScenario, Histories, Outlook, Scenarios, read_scenarios
from loantwin.outlook.portfolio import economies, portfolio
from loantwin.outlook.written_off import written_off
from loantwin.risk.provisions.cecl_methods import METHODS
from loantwin.risk.provisions.explain import EXPLAINED
from loantwin.risk.provisions.loans import loan_rows
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
from loantwin.types import Progress, silent, stretch
from loantwin.verbs.provisions.loss_history import loss_history
from loantwin.verbs.provisions.recommend import recommendation

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
    out: Path | str | None = None,
    progress: Progress = silent,
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
    out : FILE.parquet, a row a loan of a built-in standard (`risk.provisions.loans.loan_rows`); an old file
        is replaced.
    progress : told how far the work has come.

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
    target = None if out is None else _checked_target(Path(out), standard)
    adjustments = () if overlays is None else read_overlays(Path(overlays))
    with opened(twin) as twin:
        twin = twin.using(chosen(twin.config, supported_months=supported_months))
        progress(0.02, "reading the book")
        outlook = Outlook(twin)
        given = read_scenarios(twin, scenarios, align, history)
        return provided(outlook, standard, given, adjustments, methods, target, progress)


def _checked_target(target: Path, standard: str) -> Path:
    if standard not in EXPLAINED:
        raise UsageError(expected("one of " + ", ".join(EXPLAINED) + " with `out`", standard), field="out")
    if target.suffix.lower() != ".parquet":
        raise UsageError(expected("a file that ends in .parquet", target.name), field="out")
    check_target(target, "out")
    check_replaced(target, "out")
    return target


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


def _prices_of_defaults(outlook: Outlook, book: Portfolio) -> tuple[str, ...]:
    """Return in words that loans in default keep their severity, where property secures any of them."""
    if outlook.price_factor is None or not (book.standing.defaulted & outlook.secured).any():
        return ()
    return (
        f"loans in default keep the severity of the tables: {outlook.price_factor} in the scenarios moves "
        "what live loans lose, not what is still to come of these (conditions ahead count for all, IFRS 9 "
        "5.5.17(c), as practitioners cite it)",
    )


def provided(
    outlook: Outlook,
    standard: str,
    given: Sequence[GivenScenario],
    overlays: tuple[Overlay, ...] = (),
    methods: tuple[str, ...] = (),
    out: Path | None = None,
    progress: Progress = silent,
) -> Provision:
    """Return the allowance under a standard and scenarios already read; `out` takes its rows by loan."""
    twin = outlook.twin
    book = portfolio(outlook)
    progress(0.08, "running the economy forward")
    life = measured_lives(book, twin.config) if standard in ("ifrs9", "five-level") else book
    made, notes = economies(outlook, given, lifetime_months(life.columns))
    progress(0.12, "what stands beside the loans")
    beside = beside_loans(outlook, book, standard, overlays, methods)
    if book.columns.undrawn.any():
        notes = [*notes, conversion_words(twin.model.diagnostics, book.runoff.conversion_factor)]
    notes = [*notes, *_prices_of_defaults(outlook, book)]
    provenance = {**twin.provenance(), "notes": [*outlook.notes, *notes]}
    if methods:
        past = beside.history or loss_history(outlook)
        provenance["recommended"] = recommendation(outlook, book, past).to_dict()
    progress(0.16, "measuring losses")
    beside = replace(beside, progress=stretch(progress, 0.16, 0.98 if out is None else 0.6))
    result = allowance(standard, book, made, twin.config, provenance=provenance, beside=beside)
    if out is not None:
        progress(0.6, "a row a loan")
        names = outlook.book.loans["loan_id"]
        rows = loan_rows(standard, book, made, twin.config, names, beside.poci_expected)
        with whole_file(out, "out") as file:
            rows.write_parquet(file, metadata={"schema": "loantwin.loans/1"})
    return result


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
        gone = written_off(outlook)
        return BesideLoans(overlays=overlays, methods=methods, history=past, written_off=gone)
    moved = repriced(loans, twin.known_panel) if standard == "ifrs9" else None
    found = (
        None
        if moved is None
        else modifications(book.columns, *moved, twin.config.ifrs9.substantial_modification)
    )
    expected_at_start = expected_at_purchase(outlook, book) if standard in ("ifrs9", "five-level") else None
    return BesideLoans(overlays=overlays, modifications=found, poci_expected=expected_at_start)


def expected_at_purchase(outlook: Outlook, book: Portfolio) -> Floats | None:
    """Return lifetime losses expected of loans when they were bought credit-impaired, (N,) currency.

    None where the source does not tell.

    Raises
    ------
    UsageError : a share of exposure outside [0, 1].
    """
    loans = outlook.book.loans
    if POCI_LOSS not in loans.columns:
        return None
    share = loans[POCI_LOSS].cast(pl.Float64, strict=False).fill_null(0.0).to_numpy()
    if not ((share >= 0.0) & (share <= 1.0)).all():
        raise UsageError(expected("shares of exposure from 0 to 1", "another"), field=POCI_LOSS)
    return np.asarray(share * (book.columns.principal + book.columns.accrued_interest))
