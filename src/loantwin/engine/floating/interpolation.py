"""Which loans may be interpolated in their spread, at how many nodes, and their losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.engine.assumptions import RunoffAssumptions
from loantwin.engine.columns import LoanColumns
from loantwin.products.contract import balance_factors
from loantwin.products.registry import product_flags

NODES = (8, 12, 16, 24)
TOLERANCE = 1e-12
"""Largest accepted error of a balance of 1: nodes are added until it holds, else no loan is interpolated."""


@dataclass(frozen=True)
class SpreadNodes:
    """Chebyshev nodes in [-1, 1] for spreads of middle +- half: nodes, Lagrange scales, both (J,)."""

    nodes: Floats
    scales: Floats
    middle: float
    half: float


def smooth_loans(columns: LoanColumns, index_paths: Floats) -> Flags:
    """Return which loans float, meet no cap or floor, and pay level at once or nothing to the end, (N,)."""
    # Trap: a closed form beyond its contracts. A cap, a floor or months of interest alone bend the balance.
    low, high = index_paths.min() + columns.rate_spread, index_paths.max() + columns.rate_spread
    free = (low >= columns.rate_floor) & (high <= columns.rate_cap)
    simple = (columns.interest_only_months == 0) | ~product_flags()[0][columns.product]
    return np.asarray(columns.floating & free & simple & (columns.pattern == 0))


def grid_for(spread: Floats, longest: int, index_paths: Floats) -> SpreadNodes | None:
    """Return the smallest grid whose longest term's balances are exact to TOLERANCE in between, or None."""
    middle, half = (spread.max() + spread.min()) / 2.0, max((spread.max() - spread.min()) / 2.0, 1e-9)
    between = middle + half * np.array([-0.99, -0.5, 0.03, 0.71, 0.985])
    wanted = balance_factors(0, index_paths[None] + between[:, None, None], longest)
    for count in NODES:
        nodes = np.cos(np.pi * (np.arange(count) + 0.5) / count)
        scales = 1.0 / np.array([np.prod(node - np.delete(nodes, place)) for place, node in enumerate(nodes)])
        known = balance_factors(0, index_paths[None] + (middle + half * nodes)[:, None, None], longest)
        away = ((between - middle) / half)[:, None] - nodes[None]
        weights = scales * np.stack(
            [np.prod(np.delete(away, place, axis=1), axis=1) for place in range(count)], axis=1
        )
        if np.abs(np.tensordot(weights, known, axes=1) - wanted).max() <= TOLERANCE:
            return SpreadNodes(nodes, scales, float(middle), float(half))
    return None


def set_losses(
    grid: SpreadNodes,
    columns: LoanColumns,
    packed: Floats,
    chosen: Integers,
    bucket: Integers,
    assumed: RunoffAssumptions,
    index_paths: Floats,
    tables: tuple[Floats, Floats],
    severity: Floats,
    horizons: Integers,
    result: tuple[Floats, Floats],
    late: tuple[Integers, Floats, Floats],
) -> None:
    """Set the rows `chosen` of `result` (loss and pd, (N, K, 2)).

    tables : of `chains.kernels.default_table`. severity : (2, B, T) charged off and recovered, longer where
        months past the term count. packed : with the worth of recoveries. horizons, late : as
        `kernels.loan_loss`.
    """
    from loantwin.engine.blocks.kernels import counting_order
    from loantwin.engine.floating import kernels
    from loantwin.kernels import in_shares

    default, total = tables
    lost, back = (default * share[:, : default.shape[1], None] for share in severity)
    extra = assumed.arrears_months if len(late[1]) else 0
    left = columns.remaining_months[chosen]
    order, starts = counting_order(left, int(left.max()) + 1)
    terms = np.flatnonzero(np.diff(starts))
    places = np.zeros(int(left.max()) + 1, dtype=np.int64)
    places[terms] = np.arange(len(terms))
    spreads = grid.middle + grid.half * grid.nodes
    scenarios, months = index_paths.shape
    carried = np.concatenate([index_paths, np.repeat(index_paths[:, -1:], extra, axis=1)], axis=1)
    waits, kept = _waits(carried, assumed.arrears_months), _kept(assumed, scenarios, months + extra)
    by_month = np.ascontiguousarray(index_paths.T)
    table = np.zeros((len(terms), len(spreads), scenarios * (months + extra)))
    in_shares(kernels.balance_table, len(terms), terms, spreads, by_month, assumed.arrears_months, table)
    in_shares(
        kernels.interpolated_losses,
        len(chosen),
        chosen[order],
        packed,
        columns.product,
        bucket,
        places,
        np.array([grid.middle, grid.half]),
        grid.nodes,
        grid.scales,
        table,
        waits,
        kept,
        lost.reshape(len(lost), -1),
        back.reshape(len(back), -1),
        total,
        assumed.arrears_months,
        horizons,
        severity,
        *late,
        *result,
    )


def _waits(index_paths: Floats, arrears: int) -> Floats:
    """Return 1 + interest unpaid before a default in t + 1, (2, T x K): constant, slope in the spread."""
    scenarios, months = index_paths.shape
    summed = np.concatenate([np.zeros((scenarios, 1)), np.cumsum(index_paths, axis=1)], axis=1) / 12.0
    month = np.arange(months)
    begin = np.maximum(month - arrears, 0)
    still = 1.0 + summed[:, month] - summed[:, begin]
    rising = np.repeat(((month - begin) / 12.0)[None], scenarios, axis=0)
    return np.stack([still.T.reshape(-1), rising.T.reshape(-1)])


def _kept(assumed: RunoffAssumptions, scenarios: int, months: int) -> Floats:
    """Return what partial prepayments have left of the balance a default counts from, (products, T x K)."""
    begin = np.maximum(np.arange(months) - assumed.arrears_months, 0)
    monthly = np.where(product_flags()[1], 1.0, 1.0 - assumed.partial_monthly)
    kept = monthly[:, None] ** begin[None]
    return np.ascontiguousarray(np.repeat(kept, scenarios, axis=1))
