"""Losses loan by loan: which default on each path, where a normal around the conditional mean will not do.

Loans are sorted into cells of like threshold. The simulation goes from default to default: the number of
loans between two is geometric at an upper bound of the cell's probability, and a loan of a lower one is taken
with the ratio of both (thinning). So a path costs its cells and its defaults, not its loans, and every loan
keeps its own PD exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import special

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.engine.randomness import key_of
from loantwin.risk.loss.copula.factors import FactorModel, Obligors
from loantwin.risk.loss.copula.sampling import Draws

CELLS, LOANS_A_CELL = 512, 8
"""Most cells of a sector, and loans of a cell on average, where loans have more PDs than that."""

CERTAIN, INFINITE = 1e3, 1e9
"""Hazard that no draw outlives; threshold of a loan that defaults for sure."""


@dataclass(frozen=True)
class Sorted:
    """A book sorted by sector and threshold. order : (N,). loans : (4, N); the rest as the kernel reads."""

    order: Integers
    loans: Floats
    group: Integers
    cells: Integers
    corners: Floats


def sorted_book(book: Obligors, model: FactorModel) -> Sorted:
    """Return the loans in cells; those that cannot default or lose nothing are in none."""
    check.kind(Obligors, book=book)
    check.kind(FactorModel, model=model)
    # a certain default has an infinite threshold, which 0 shock size would turn into NaN
    threshold = np.minimum(model.threshold(book.pd), INFINITE)
    order = np.lexsort((threshold, book.sector))
    order = order[(book.pd[order] > 0) & (book.exposure[order] * book.lgd[order] > 0)]
    loans = np.stack(
        [book.exposure, book.lgd, threshold, np.minimum(model.threshold(book.pd * book.lgd), INFINITE)]
    )[:, order]
    cells: list[tuple[int, int, int, int]] = []
    for sector in range(len(model.sectors)):
        first, last = np.searchsorted(book.sector[order], [sector, sector + 1])
        cells += _cells(loans[2, first:last], int(first), sector)
    table = np.array(cells, dtype=np.int64).reshape(-1, 4)
    corners = np.array([loans[2, last - 1] for _, last, _, _ in cells], dtype=np.float64)
    return Sorted(
        order, np.ascontiguousarray(loans), np.ascontiguousarray(book.segment[order]), table, corners
    )


def _cells(threshold: Floats, start: int, sector: int) -> list[tuple[int, int, int, int]]:
    if not len(threshold):
        return []
    values, first = np.unique(threshold, return_index=True)
    most = min(CELLS, max(len(threshold) // LOANS_A_CELL, 8))
    if len(values) > most:
        uncertain = values[values < INFINITE]
        edges = np.linspace(uncertain[0], uncertain[-1], most)
        first = np.unique(np.concatenate([[0], np.searchsorted(threshold, edges, side="right")]))
        first = first[first < len(threshold)]
    ends = np.append(first[1:], len(threshold))
    return [
        (start + int(a), start + int(b), sector, int(threshold[a] == threshold[b - 1]))
        for a, b in zip(first, ends, strict=True)
    ]


def simulate(book: Obligors, model: FactorModel, draws: Draws, seed: int) -> Floats:
    """Return the loss of each segment on each path, (P, G)."""
    check.kind(Obligors, book=book)
    check.kind(FactorModel, model=model)
    check.kind(Draws, draws=draws)
    check.count(0, seed=seed)
    totals, _ = _run(book, model, draws, seed, np.arange(len(draws.size)), None)
    return totals


def contributions(book: Obligors, model: FactorModel, draws: Draws, seed: int, weight: Floats) -> Floats:
    """Return the sum over paths of weight (P,) x loans' losses, (N,); weight 0 is not run again."""
    check.kind(Obligors, book=book)
    check.kind(FactorModel, model=model)
    check.kind(Draws, draws=draws)
    check.count(0, seed=seed)
    check.within(0, weight=weight)
    check.shaped(draws.size.shape, weight=weight)
    paths = np.flatnonzero(weight)
    _, parts = _run(book, model, draws, seed, paths, weight[paths])
    return parts


@cache
def bounds() -> Floats:
    """Return hazard -log(1 - p) and p at steps' upper ends of the normal's argument, (2, X); last certain."""
    from loantwin.risk.loss.copula import kernels

    steps = int((kernels.HIGHEST - kernels.LOWEST) * kernels.STEPS) + 1
    upper = kernels.LOWEST + np.arange(steps + 1) / kernels.STEPS
    made = np.stack([-special.log_ndtr(-upper), special.ndtr(upper)])
    made[:, -1] = CERTAIN, 1.0
    return np.ascontiguousarray(made)


def _run(
    book: Obligors, model: FactorModel, draws: Draws, seed: int, paths: Integers, weight: Floats | None
) -> tuple[Floats, Floats]:
    from loantwin.kernels import in_shares
    from loantwin.risk.loss.copula import kernels

    made = sorted_book(book, model)
    totals = np.zeros((len(paths), len(book.segments)))
    wanted = 0 if weight is None else len(made.order)
    parts = np.zeros((kernels.BLOCKS, wanted))
    in_shares(
        kernels.simulate_names,
        kernels.BLOCKS,
        paths.astype(np.int64),
        np.ascontiguousarray(draws.factor[paths]),
        np.ascontiguousarray(draws.size[paths]),
        made.loans,
        made.group,
        made.cells,
        made.corners,
        model.asset_correlation,
        np.array([float(model.lgd_model != "constant"), model.lgd_spread]),
        bounds(),
        np.array(key_of(seed), dtype=np.int64),
        totals,
        np.zeros(len(paths)) if weight is None else weight,
        parts,
    )
    spread = np.zeros(len(book.pd))
    if weight is not None:
        spread[made.order] = parts.sum(axis=0)
    return totals, spread
