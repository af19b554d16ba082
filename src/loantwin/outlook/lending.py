"""The book stepped with new lending and a policy: the same step that agents learn in."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from loantwin import months as calendar
from loantwin.decisions.policy import PortfolioPolicy
from loantwin.decisions.portfolio import run_policy
from loantwin.engine.rows import base_segments
from loantwin.engine.step.cohorts import LendingPlan, template_columns
from loantwin.engine.step.tables import StepEconomics, StepTables
from loantwin.errors import UsageError, expected
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.outlook.paths import FIGURES, MOVES, Paths, noisy_paths, severity_of, typical_size
from loantwin.outlook.severity import dearer_by_month, severity_moves
from loantwin.types import Progress


def stepped(
    outlook: Outlook,
    economy: Economy,
    horizon: int,
    paths: int,
    seed: int,
    policy: PortfolioPolicy | None,
    new_lending: str,
    progress: Progress,
) -> Paths:
    """Return the book's figures on every path, moved monthly under a policy and a plan of new lending.

    Parameters
    ----------
    policy : sets the levers each month; None leaves every lever at zero.
    new_lending : none, constant-balance or a plan's file.
    """
    tables = step_tables(outlook, economy, horizon, new_lending)
    shocks = outlook.drawn(economy, paths, seed)
    index = economy.index_paths(tables.cells, paths)
    change = (
        None if index is None or tables.cells.index_path is None else index - tables.cells.index_path[None]
    )
    progress(0.5, "moving the book month by month")
    covariates = np.broadcast_to(economy.covariates, (paths, *economy.covariates.shape[1:]))
    run = run_policy(policy, tables, shocks, covariates, change)
    given = {name: run[own] for name, own in {**{name: name for name in FIGURES}, **MOVES}.items()}
    moves = severity_moves(outlook, economy)
    for name, dearer in zip(
        ("charged_off", "recovered"), dearer_by_month(outlook, tables.cells, shocks, moves), strict=True
    ):
        given[name] = given[name] * dearer
    opening = float(run["opening"][:, 0].mean())
    return noisy_paths(
        opening,
        given,
        run["defaulted_number"],
        typical_size(tables.cells),
        tables.lgd.charge_off_lag,
        seed,
        severity=severity_of(outlook, shocks, seed, followed=economy.prices is not None),
    )


def step_tables(outlook: Outlook, economy: Economy, horizon: int, new_lending: str = "none") -> StepTables:
    """Return what a step reads: the book's run-off, that of one unit lent anew, costs and the plan.

    Raises
    ------
    UsageError : every loan is in default: nothing says what is lent anew.
    """
    outlook.require_live("a book moved month by month")
    model = outlook.twin.model
    base = base_segments(model.parameters.segments)
    segments = model.parameters.segments[: int(base.max()) + 1]
    restarted = replace(outlook.columns, segment=base[outlook.columns.segment])
    economics = outlook.twin.config.economics
    return StepTables(
        parameters=model.parameters,
        cells=outlook.cells(economy, horizon),
        templates=outlook.cells(economy, horizon, template_columns(restarted, len(segments))),
        lgd=model.lgd,
        economics=StepEconomics(economics.funding_annual_rate, economics.servicing_annual_rate),
        plan=read_plan(new_lending, outlook.month0 + 1, horizon, segments, outlook),
    )


def read_plan(text: str, first: int, horizon: int, segments: Sequence[str], outlook: Outlook) -> LendingPlan:
    """Return the plan of new lending: none, constant-balance, or a CSV file of month, amount and segment.

    Amounts without a segment are spread over segments as the book's principal is. Months the file does not
    name lend nothing; a month outside the horizon, an unknown segment or a repeated row is an error that
    names it.

    Raises
    ------
    UsageError : no such file, other columns, no row, an amount that is negative or none, a month outside the
        horizon, an unknown segment, a repeated row; it names file and row.
    """
    if text == "none":
        return LendingPlan("none")
    if text == "constant-balance":
        return LendingPlan("constant-balance")
    path = Path(text)
    if not path.is_file():
        raise UsageError(expected("none, constant-balance or a CSV file", text), field="new_lending")
    columns = outlook.columns
    lent_in = columns.segment
    if lent_in.max(initial=0) >= len(segments):  # a vintage's principal counts with its segment
        lent_in = base_segments(outlook.twin.model.parameters.segments)[lent_in]
    mix = np.bincount(lent_in, columns.weight * columns.principal, minlength=len(segments))
    amounts = np.zeros((horizon, len(segments)))
    for row, cells in enumerate(_rows(path), start=1):
        month = calendar.parse_label(cells["month"], file=path, row=row, field="month") - first
        if not 0 <= month < horizon:
            wanted = f"a month from {calendar.label(first)} to {calendar.label(first + horizon - 1)}"
            raise UsageError(expected(wanted, cells["month"]), file=path, row=row, field="month")
        segment = cells.get("segment") or ""
        if segment and segment not in segments:
            raise UsageError(
                expected("one of " + ", ".join(segments), segment), file=path, row=row, field="segment"
            )
        share = np.eye(len(segments))[list(segments).index(segment)] if segment else mix / mix.sum()
        amounts[month] += _amount(cells["amount"], path, row) * share
    return LendingPlan("table", amounts)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header = reader.fieldnames or []
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"expected a readable CSV file, was: {error}", file=path) from error
    if not {"month", "amount"} <= set(header) or set(header) - {"month", "amount", "segment"}:
        raise UsageError(
            expected("the columns month, amount and perhaps segment", ", ".join(header)), file=path
        )
    if len(set(header)) < len(header):
        raise UsageError(expected("each column once", ", ".join(header)), file=path)
    if not rows:
        raise UsageError(expected("at least one row", "none"), file=path)
    seen: set[tuple[int, str]] = set()
    for row, cells in enumerate(rows, start=1):
        if None in cells or any(value is None for value in cells.values()):
            raise UsageError(expected(f"{len(header)} fields", "another number"), file=path, row=row)
        month, segment = (
            calendar.parse_label(cells["month"], file=path, row=row, field="month"),
            cells.get("segment") or "",
        )
        key = (month, segment)
        if key in seen:
            was = f"{calendar.label(month)} {segment}".strip()
            raise UsageError(expected("each month and segment once", was), file=path, row=row, field="month")
        seen.add(key)
    return rows


def _amount(text: str, path: Path, row: int) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise UsageError(expected("an amount", text), file=path, row=row, field="amount") from error
    if not 0 <= value < 1e15:
        raise UsageError(expected("a finite amount of at least 0", text), file=path, row=row, field="amount")
    return value
