"""Loans laid out for the kernels: packed rows, sorted by bucket, cut into blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.assumptions import RunoffAssumptions
from loantwin.engine.columns import LoanColumns
from loantwin.products.registry import product_flags

TASKS = 256
"""Shares of work: more than threads, to even out; fixed, so that the number of threads changes nothing."""


@dataclass(frozen=True)
class Blocks:
    """Loans sorted by bucket and kind, in blocks of one bucket and kind.

    order : (N,) loans in sorted order. blocks : (blocks, 4) first place, last place + 1, bucket, kind.
    tasks : (TASKS + 1,) bounds of shares of the blocks.
    """

    order: Integers
    blocks: Integers
    tasks: Integers


def pack(columns: LoanColumns, assumed: RunoffAssumptions) -> Floats:
    """Return the loans as rows (N, 16) as `blocks.kernels.pack_loans` lays them out."""
    from loantwin.engine.blocks import kernels
    from loantwin.kernels import in_shares

    amortises, redraws, minimum = product_flags()
    kept = np.where(redraws, 1.0, 1.0 - assumed.partial_monthly)
    by_product = np.ascontiguousarray(np.stack([amortises.astype(float), kept, minimum], axis=1))
    drawn = assumed.conversion_factor * columns.undrawn
    money = (columns.principal, columns.balloon, drawn, columns.accrued_interest, columns.weight)
    rates = (
        columns.annual_rate,
        columns.effective_annual_rate,
        columns.rate_spread,
        columns.rate_floor,
        columns.rate_cap,
    )
    months = (columns.remaining_months, columns.interest_only_months, columns.pattern)
    packed = np.empty((len(columns.product), 16))
    in_shares(
        kernels.pack_loans,
        len(packed),
        columns.product,
        *(tuple(_read_only(column) for column in group) for group in (months, money, rates)),
        columns.floating,
        by_product,
        packed,
    )
    return packed


def _read_only(column: Any) -> Any:
    """Return a view that cannot be written to: a kernel is compiled for each mixture of the two kinds."""
    made = column.view()
    made.flags.writeable = False
    return made


KINDS = 5
"""Laws of a block: `kinds`."""


def kinds(columns: LoanColumns, index_given: bool) -> Integers:
    """Return 0 where the rate stays, 1 where it floats unamortised, 2 where it floats on level payments.

    Of a pattern other than level monthly payments of twelfths: 3 where the rate stays, 4 where it floats.
    """
    patterned = np.where(columns.pattern != 0, 3, 0)
    if not index_given:
        return np.asarray(patterned, dtype=np.int64)
    amortises = product_flags()[0].astype(np.int64)
    moves = columns.floating * np.where(columns.pattern != 0, 1, 1 + amortises[columns.product])
    return np.asarray(patterned + moves, dtype=np.int64)


def buckets_of(keys: tuple[Integers, ...]) -> tuple[Integers, Integers]:
    """Return each loan's bucket (N,) and the unique buckets (B, number of keys), sorted."""
    sizes = [int(key.max(initial=0)) + 1 for key in keys]
    code = keys[0].copy()
    space = sizes[0]
    for key, size in zip(keys[1:], sizes[1:], strict=True):
        code *= size
        code += key
        space *= size
    if space > 50_000_000:
        found, bucket = np.unique(code, return_inverse=True)
    else:
        seen = np.zeros(space, dtype=np.int64)
        seen[code] = 1
        found = np.flatnonzero(seen)
        bucket = (np.cumsum(seen) - 1)[code]
    unique = np.empty((len(found), len(keys)), dtype=np.int64)
    for place in range(len(keys) - 1, -1, -1):
        found, unique[:, place] = np.divmod(found, sizes[place])
    return bucket.astype(np.int64), unique


def cut(
    bucket: Integers, kind: Integers, left: Integers, count: int, length: int, chosen: Integers | None = None
) -> Blocks:
    """Return loans, or the chosen, sorted by bucket, kind, months left, in blocks of at most `length`."""
    if chosen is not None:
        part = cut(bucket[chosen], kind[chosen], left[chosen], count, length)
        return Blocks(chosen[part.order], part.blocks, part.tasks)
    from loantwin.engine.blocks import kernels

    by_term, _ = kernels.counting_order(left, int(left.max(initial=0)) + 1)
    order, starts = kernels.counting_order((KINDS * bucket + kind)[by_term], KINDS * count)
    sizes = np.diff(starts)
    pieces = -(-sizes // length)
    owner = np.repeat(np.arange(KINDS * count), pieces)
    first = starts[owner] + (np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) * length
    stop = np.minimum(first + length, starts[owner + 1])
    blocks = np.ascontiguousarray(np.stack([first, stop, owner // KINDS, owner % KINDS], axis=1))
    return Blocks(by_term[order], blocks, np.linspace(0, len(blocks), TASKS + 1).astype(np.int64))


def whole_buckets(cut_up: Blocks) -> Integers:
    """Return bounds of shares of blocks that split no bucket, (TASKS + 1,): one thread adds up each."""
    bucket = cut_up.blocks[:, 2]
    even = bucket[np.minimum(cut_up.tasks[:-1], len(bucket) - 1)]
    return np.append(np.searchsorted(bucket, even, side="left"), len(bucket)).astype(np.int64)
