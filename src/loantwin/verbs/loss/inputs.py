"""What loss models read of a twin: loans' PD, exposure and severity, and how sectors moved on its paths.

PD and loss of a loan come from the twin's engine, averaged over drawn paths; loss given default from its
tables. They are then scaled sector by sector, so that expected defaults and losses are those of the paths
that the dependence is read from: models that are compared differ in how losses move together, not in their
mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl

from loantwin.arrays import Floats, Integers
from loantwin.engine.expectation import conditional_defaults
from loantwin.engine.loss import loan_losses
from loantwin.engine.rows import base_segments
from loantwin.errors import RiskError, UsageError, expected
from loantwin.models.book_columns import live_loans
from loantwin.models.forecasting import draw_shocks
from loantwin.models.severity_reaction import severity_factors, worsening_conditions
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.products.registry import PRODUCTS
from loantwin.risk.loss.copula.implied import Implied, implied
from loantwin.types import Progress, silent
from loantwin.verbs.loss.borrowers import Loans, borrowers, one_name_a_borrower

SECTORS = ("none", "segment", "product")
RATE_PATHS, BLOCK = 4_000, 500
"""Paths from which the dependence of sectors is read, and how many are held at once."""
MEAN_PATHS = 400
"""Paths over which a loan's PD is averaged before it is scaled."""


@dataclass(frozen=True)
class LossInputs:
    """What a model reads. names : `loan_id`, `borrower_id`. rates : (P, S) defaults of sectors, by path.

    gross : (P, S) losses of sectors, by path, currency. still : row of the book of each loan that is
        part of a name, member : the name's place in `loans`, where names are borrowers of several loans.
    segments, sectors : names of the codes. implied : factor model of the rates. notes : what was assumed.
        outlook : the twin.
    """

    as_of: date
    currency: str
    months: int
    loans: Loans
    names: pl.DataFrame
    segments: tuple[str, ...]
    sectors: tuple[str, ...]
    rates: Floats
    gross: Floats
    implied: Implied
    notes: tuple[str, ...]
    outlook: Outlook
    still: Integers
    member: Integers


def loss_inputs(
    outlook: Outlook, months: int, sectors: str, source: str, seed: int, progress: Progress = silent
) -> LossInputs:
    """Return the inputs of a book.

    Parameters
    ----------
    sectors : none, segment or product: what shares a factor. source : `latent`: sectors move with the fitted
        latent process alone; else with everything that the twin draws.

    Raises
    ------
    UsageError : other sectors, or every loan is in default. RiskError : a negative loss given default, naming
        the row.
    """
    if sectors not in SECTORS:
        raise UsageError(expected("one of " + ", ".join(SECTORS), sectors), field="sectors")
    outlook.require_live("a model of dependence")
    twin, columns = outlook.twin, outlook.columns
    labels_of = twin.model.parameters.segments
    segment, segments = _used(base_segments(labels_of)[columns.segment], labels_of)
    code, labels = _sectors(outlook, sectors, segment, segments)
    number, gross = _sector_paths(outlook, months, code, len(labels), source, seed, progress)
    pd, loss, lgd = _by_loan(outlook, months, seed)
    weight = columns.weight
    pd = np.minimum(pd * _ratio(number.mean(axis=0), code, weight * pd), 1.0)
    loss = loss * _ratio(gross.mean(axis=0), code, weight * loss)
    exposure = np.divide(loss, pd * lgd, out=np.zeros_like(loss), where=pd * lgd > 0)
    copies = np.maximum(np.ceil(weight - 1e-9), 1).astype(np.int64)
    row = np.repeat(np.arange(len(weight)), copies)
    made = Loans(
        row,
        exposure[row],
        (pd * weight / copies)[row],
        lgd[row],
        1.0 - columns.guaranteed[row],
        segment[row],
        code[row],
    )
    frame = live_loans(outlook.book, twin.model)
    names = (
        frame.select("loan_id", "borrower_id") if "borrower_id" in frame.columns else frame.select("loan_id")
    )
    rates = number / np.bincount(made.sector, minlength=len(labels))  # of rows, as the copula draws them
    found = implied(np.minimum(rates, 1.0), [made.pd[made.sector == place] for place in range(len(labels))])
    moves = bool(outlook.twin.model.covariates)
    merged, member, words = one_name_a_borrower(made, borrowers(outlook))
    notes = (
        *_words(source, moves, sectors, labels, found),
        *_weights(weight),
        words,
        *outlook.prices_left_out,
        *outlook.notes,
    )
    return LossInputs(
        twin.as_of, twin.currency, months, merged, names, segments, labels, rates, gross, found, notes,
        outlook, made.row, member,
    )  # fmt: skip


def _used(codes: Integers, names: tuple[str, ...]) -> tuple[Integers, tuple[str, ...]]:
    used, place = np.unique(codes, return_inverse=True)
    return place.astype(np.int64), tuple(names[i] for i in used)


def _sectors(
    outlook: Outlook, sectors: str, segment: Integers, segments: tuple[str, ...]
) -> tuple[Integers, tuple[str, ...]]:
    if sectors == "segment":
        return segment, segments
    if sectors == "none":
        return np.zeros_like(segment), ("all",)
    return _used(outlook.columns.product, tuple(PRODUCTS))


def _sector_paths(
    outlook: Outlook, months: int, code: Integers, sectors: int, source: str, seed: int, progress: Progress
) -> tuple[Floats, Floats]:
    """Return expected defaults and gross loss of each path and sector, (P, S) each."""
    twin = outlook.twin
    economy = outlook.simulated(months, RATE_PATHS, seed)
    cells = outlook.cells(economy, months, replace(outlook.columns, group=code))
    number, gross, conditions = [], [], []
    for start in range(0, RATE_PATHS, BLOCK):
        progress(0.8 * start / RATE_PATHS, "how sectors move together")
        shocks = _shocks(outlook, economy, source, seed, start)
        conditions.append(worsening_conditions(outlook.twin.model.parameters, shocks))
        flows = conditional_defaults(twin.model.parameters, cells, twin.model.lgd, shocks, groups=sectors)
        number.append(flows.defaulted_number.sum(axis=2))
        gross.append(flows.loss_gross.sum(axis=2))
    lost = np.concatenate(gross)
    if twin.model.severity is not None and lost.sum() > 0:
        lost = (
            lost
            * severity_factors(twin.model.severity, np.concatenate(conditions), mean_severity(outlook), seed)[
                :, None
            ]
        )
    return np.concatenate(number), lost


def _shocks(outlook: Outlook, economy: Economy, source: str, seed: int, start: int) -> Floats:
    covariates = economy.covariates[start : start + BLOCK]
    if source != "latent":
        return outlook.drawn(Economy(None, covariates, None), len(covariates), seed, first=start)
    mean = np.ascontiguousarray(economy.covariates.mean(axis=0))
    return np.ascontiguousarray(
        draw_shocks(outlook.twin.model, mean, seed, paths=len(covariates), parameters=False, first=start)
    )


def mean_severity(outlook: Outlook) -> float:
    """Return the mean loss given default of the book at its ages, weighted by principal."""
    columns, lgd = outlook.columns, outlook.twin.model.lgd
    known = columns.segment, np.minimum(columns.age, lgd.charged_off.shape[1] - 1)
    return float(
        np.average(lgd.charged_off[known] - lgd.recovered[known], weights=columns.weight * columns.principal)
    )


def _by_loan(outlook: Outlook, months: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Return PD, present value of expected loss, and loss given default of each loan, (N,).

    Loss given default is the discounted loss of a default over today's exposure, at most 1.
    """
    twin, columns, runoff = outlook.twin, outlook.columns, outlook.runoff
    economy = outlook.simulated(months, MEAN_PATHS, seed)
    shocks = outlook.drawn(Economy(None, economy.covariates, None), MEAN_PATHS, seed)
    made = loan_losses(
        twin.model.parameters,
        columns,
        twin.model.lgd,
        shocks,
        horizons=(months, months),
        partial_monthly=runoff.partial_monthly,
        arrears_months=runoff.arrears_months,
        conversion_factor=runoff.conversion_factor,
        mean=True,
    )
    loss = made.loss[:, 0, 1]
    if (loss < -1e-9).any():
        row = int(np.argmin(loss))
        raise RiskError(expected("a loss of at least 0", loss[row]), row=row + 1, field="loss given default")
    pd = made.pd[:, 0, 1]
    # loss given default against today's exposure: what is above 1 (balances that grow, costs) stays in the
    # exposure
    today = columns.principal + columns.accrued_interest + runoff.conversion_factor * columns.undrawn
    severity = np.divide(loss, pd * today, out=np.zeros_like(loss), where=(pd * today > 0) & (loss > 0))
    return pd, np.maximum(loss, 0.0), np.minimum(severity, 1.0)


def _ratio(wanted: Floats, code: Integers, have: Floats) -> Floats:
    """Return what brings each sector's sum to what the paths say, by loan (N,)."""
    sums = np.bincount(code, have, len(wanted))
    return np.asarray(np.divide(wanted, sums, out=np.ones_like(wanted), where=sums > 0)[code])


def _words(
    source: str, macro: bool, sectors: str, labels: tuple[str, ...], found: Implied
) -> tuple[str, ...]:
    what = (
        "the fitted latent process alone"
        if source == "latent"
        else f"{'macro, ' if macro else ''}latent process and errors of estimation"
    )
    rows = [
        f"{name}: PD {100 * mean:.2f} %, its standard deviation {100 * spread:.2f} %, implied asset "
        f"correlation {100 * rho:.1f} %"
        for name, mean, spread, rho in zip(
            labels, found.mean, found.volatility, found.asset_correlation, strict=True
        )
    ]
    shown = rows if len(rows) <= 8 else [*rows[:8], f"and {len(rows) - 8} more sectors"]
    head = (
        f"how default rates move is read from {RATE_PATHS:,} paths of the twin ({what}), sectors: {sectors}"
    )
    return (head, *shown, *found.notes)


def _weights(weight: Floats) -> tuple[str, ...]:
    if np.all(weight == 1.0):
        return ()
    return (
        "a loan that is on the book with a probability defaults with PD x that probability; one that "
        "stands for w loans is w loans",
    )
