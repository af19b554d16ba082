"""From loans to cells: the contractual run-off of loans of equal segment, age and state, added up.

`loan_tables` is the readable reference, loan by loan over `products.contract.schedule`;
`build_cells_reference` adds it up; `build_cells` does both in a kernel that keeps a block of loans in cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arrays import Flags, Floats, Integers
from loantwin.engine.assumptions import RunoffAssumptions, assumptions
from loantwin.engine.cells import Cells
from loantwin.engine.columns import LoanColumns, check_columns, contract_terms, take
from loantwin.engine.packing import buckets_of, cut, kinds, pack, whole_buckets
from loantwin.errors import ModelError, expected
from loantwin.products.contract import schedule
from loantwin.products.pattern import month_factors, taken_apart

CHUNK = 2_000_000
"""Loans laid out for the kernel at once (256 MB)."""


@dataclass(frozen=True)
class LoanTables:
    """Contractual run-off of N loans, unweighted; fields as in Cells with loans in place of cells."""

    loans: Floats
    balance: Floats
    partial: Floats
    draws: Floats
    interest: Floats
    rate_sensitivity: Floats
    exposure: Floats


def build_cells(
    columns: LoanColumns,
    months: int,
    *,
    index_path: Floats | None = None,
    partial_monthly: ArrayLike = 0.0,
    arrears_months: int = 0,
    conversion_factor: float = 0.0,
) -> Cells:
    """Return the cells of the loans: unique (group, segment, age, state), sorted so, run-off added up.

    Parameters
    ----------
    columns : N loans at the as-of date.
    months : T.
    index_path : (T,) index of floating rates, decimal a year; None keeps each rate in force.
    partial_monthly : partial prepayment, decimal a month of the balance, one number or one by product.
    arrears_months : instalments unpaid when a loan enters default: 0 or 3.
    conversion_factor : share in [0, 1] of the undrawn amount drawn by the time of default.

    Raises
    ------
    ModelError : a column out of range (naming loan row and field), an index path that does not fit.
    """
    from loantwin.engine import kernels
    from loantwin.engine.blocks.kernels import LANES
    from loantwin.kernels import in_shares

    assumed = assumptions(partial_monthly, arrears_months, conversion_factor)
    key, cell = _unique_cells(columns)
    index = np.zeros(0) if index_path is None else _checked_index(index_path, months)
    tables = np.zeros((len(key), 7, months + 1))
    partial = bool(assumed.partial_monthly.any())
    for start in range(0, len(cell), CHUNK):
        part = take(columns, slice(start, start + CHUNK)) if len(cell) > CHUNK else columns
        kind = kinds(part, index_path is not None)
        cut_up = cut(cell[start : start + CHUNK], kind, part.remaining_months, len(key), LANES)
        tasks = whole_buckets(cut_up)
        packed = pack(part, assumed)
        in_shares(
            kernels.cell_runoff,
            len(tasks) - 1,
            packed,
            cut_up.order,
            cut_up.blocks,
            tasks,
            index,
            assumed.arrears_months,
            partial,
            tables,
        )
    sums = {
        name: np.ascontiguousarray(tables[:, place, : months + (name in {"loans", "balance"})])
        for place, name in enumerate(LoanTables.__dataclass_fields__)
    }
    return finish_cells(key, sums, _moments(columns, assumed, cell, len(key)), index_path)


def loan_tables(
    columns: LoanColumns,
    months: int,
    assumed: RunoffAssumptions,
    index_path: Floats | None = None,
    past_term: bool = False,
) -> LoanTables:
    """Return the run-off of each loan, (N, T + 1) or (N, T): the reference.

    Exposure at default in month t, where the last `arrears_months` instalments were not paid: the balance
    before the first of them, or the balance at the as-of date if that is later, its interest since, the
    interest accrued at the as-of date where no payment came after it, and `conversion_factor` x undrawn.
    0 after the term, unless `past_term`: a default up to `arrears_months` after it owes what came before.
    """
    table = schedule(
        contract_terms(columns),
        months,
        index_path=index_path,
        partial_monthly=assumed.partial_monthly[columns.product],
    )
    number = np.arange(months + 1)
    runs = columns.remaining_months[:, None] > number[None]
    balance = np.concatenate([columns.principal[:, None], table.closing], axis=1)
    year = _month_years(columns, months)
    exposure = np.zeros((len(columns.principal), months))
    for month in range(months):
        # Trap: instalments before a default. Who defaults has not paid the last ones: the balance is older.
        first = max(month - assumed.arrears_months, 0)
        owed = balance[:, first] * (1.0 + (table.annual_rate * year)[:, first:month].sum(axis=1) / 12.0)
        owed = (
            owed
            + (columns.accrued_interest if first == 0 else 0.0)
            + assumed.conversion_factor * columns.undrawn
        )
        owes = columns.remaining_months > month - (assumed.arrears_months if past_term else 0)
        exposure[:, month] = np.where(owes, owed, 0.0)
    moves = _rate_moves(columns, table.annual_rate, index_path)
    return LoanTables(
        loans=runs.astype(float),
        balance=balance,
        partial=np.asarray(table.partial, dtype=float),
        draws=np.asarray(table.draw, dtype=float),
        interest=np.asarray(table.interest, dtype=float),
        rate_sensitivity=np.where(moves, balance[:, :-1] / 12.0 * year, 0.0),
        exposure=exposure,
    )


def _month_years(columns: LoanColumns, months: int) -> Floats:
    """Return each month's part of a year over a twelfth, (N, T): 1 but for patterns by days."""
    made = np.ones((len(columns.pattern), months))
    other = np.flatnonzero(columns.pattern)
    made[other] = 12.0 * month_factors(taken_apart(columns.pattern[other]), months)
    return made


def build_cells_reference(
    columns: LoanColumns,
    months: int,
    assumed: RunoffAssumptions,
    index_path: Floats | None = None,
    chunk: int = 20_000,
) -> Cells:
    """Return what `build_cells` returns, by plain NumPy over chunks of loans.

    Raises
    ------
    ModelError : as `check_columns`.
    """
    key, cell = _unique_cells(columns)
    count = len(key)
    sums = {
        name: np.zeros((count, months + (name in {"loans", "balance"})))
        for name in LoanTables.__dataclass_fields__
    }
    for start in range(0, len(cell), chunk):
        part = take(columns, slice(start, start + chunk))
        tables = loan_tables(part, months, assumed, index_path)
        for name, total in sums.items():
            np.add.at(total, cell[start : start + chunk], part.weight[:, None] * getattr(tables, name))
    return finish_cells(key, sums, _moments(columns, assumed, cell, count), index_path)


def finish_cells(key: Integers, sums: dict[str, Floats], moments: Floats, index_path: Floats | None) -> Cells:
    """Return Cells from keys (B, 4), added-up tables and the moments of each cell (8, B).

    Moments, weighted: exposure, its square, exposure x guaranteed, principal, principal x effective rate; and
    plain: guaranteed, effective rate, count, which serve cells without exposure or principal.
    """
    exposure, square, guaranteed, principal, rate, plain_guaranteed, plain_rate, count = moments
    return Cells(
        group=key[:, 0],
        segment=key[:, 1],
        age=key[:, 2],
        state=key[:, 3],
        squared=_ratio(square, exposure, 0.0 * count, 1.0 + 0.0 * count),
        guaranteed=_ratio(guaranteed, exposure, plain_guaranteed, count),
        annual_rate=_ratio(rate, principal, plain_rate, count),
        index_path=None if index_path is None else np.asarray(index_path, dtype=float),
        **sums,
    )


def _moments(columns: LoanColumns, assumed: RunoffAssumptions, cell: Integers, count: int) -> Floats:
    """Return the moments of each cell that `finish_cells` reads, (8, B)."""
    exposure = columns.principal + columns.accrued_interest + assumed.conversion_factor * columns.undrawn
    rate = columns.effective_annual_rate
    weighted = (
        exposure,
        exposure**2,
        exposure * columns.guaranteed,
        columns.principal,
        columns.principal * rate,
    )
    added = [np.bincount(cell, weights=columns.weight * item, minlength=count) for item in weighted]
    plain = [np.bincount(cell, weights=item, minlength=count) for item in (columns.guaranteed, rate)]
    return np.array([*added, *plain, np.bincount(cell, minlength=count)])


def _checked_index(index_path: Floats, months: int) -> Floats:
    path = np.ascontiguousarray(index_path, dtype=np.float64)
    if path.shape != (months,) or not np.isfinite(path).all():
        raise ModelError(expected(f"an index path of {months} finite months", path.shape), field="index_path")
    return path


def _ratio(above: Floats, below: Floats, plain_above: Floats, plain_below: Floats) -> Floats:
    empty = below == 0.0
    return np.where(empty, plain_above, above) / np.where(empty, plain_below, below)


def _unique_cells(columns: LoanColumns) -> tuple[Integers, Integers]:
    """Return the unique (group, segment, age, state), (B, 4), and each loan's cell, (N,)."""
    check_columns(columns)
    cell, unique = buckets_of((columns.group, columns.segment, columns.age, columns.state))
    return unique, cell


def _rate_moves(columns: LoanColumns, annual_rate: Floats, index_path: Floats | None) -> Flags:
    """Return where a small move of the index moves the rate: floating, at no cap or floor, (N, T)."""
    floating = np.repeat(columns.floating[:, None], annual_rate.shape[1], axis=1)
    if index_path is None:
        return floating
    free = np.asarray(index_path, dtype=float)[None] + columns.rate_spread[:, None]
    return floating & (free >= columns.rate_floor[:, None]) & (free <= columns.rate_cap[:, None])
