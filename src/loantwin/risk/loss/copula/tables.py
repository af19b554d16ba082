"""Groups' conditional loss on a grid of the sector's factor: mean and variance, read by every path.

Loans are spread over PD nodes once (one pass over the book), nodes become curves of the factor by one matrix
product. What a path costs then depends on groups and sectors alone, not on loans. The adjoint of the same
steps leads from paths back to loans: an allocation that sums to the total exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.risk.loss.copula.factors import FactorModel, Obligors

NODES, TAIL_NODES = 384, 192
"""Most PD nodes, of the Gaussian and of the t copula: as many PDs as that are taken as they are."""
LOWEST, HIGHEST, STEPS_A_DEVIATION = -9.0, 13.0, 12
"""The factor's grid, deviations: beyond it lies a probability of 1e-19."""
SIZES = 48
"""Points of the grid of the common shock size of the t copula."""
MOST_SIZES = 240
"""Most points that it is made of where curves are steep."""
WIDE, FINE = 0.35, 0.2
"""Deviations by which a step of that grid moves the likeliest loan: above the first, steps are the second."""


@dataclass(frozen=True)
class FactorGrid:
    """sizes : (U,) common shock sizes, (1,) for the Gaussian copula. factors : (Y,)."""

    sizes: Floats
    factors: Floats

    def __post_init__(self) -> None:
        check.finite(**vars(self))

    @property
    def steps(self) -> Floats:
        """Return first point and step of sizes and factors, (2, 2)."""
        return np.array(
            [[grid[0], grid[1] - grid[0] if len(grid) > 1 else 1.0] for grid in (self.sizes, self.factors)]
        )


def grid_of(model: FactorModel, highest: float = 1.0) -> FactorGrid:
    """Return the grid on which a model's curves are smooth enough for cubic interpolation.

    highest : largest PD of the book. Where it is small, thresholds lie far out and curves of the t copula's
        shock size are steep.
    """
    check.kind(FactorModel, model=model)
    check.number(0, 1, highest=highest)
    factors = np.linspace(LOWEST, HIGHEST, int((HIGHEST - LOWEST) * STEPS_A_DEVIATION) + 1)
    if model.degrees_of_freedom is None:
        return FactorGrid(np.ones(1), factors)
    top = np.sqrt(special.chdtri(model.degrees_of_freedom, 1e-17) / model.degrees_of_freedom)
    far = float(-model.threshold(np.asarray(highest))) if 0 < highest < 1 else 0.0
    # Trap: interpolation across a cliff. A cubic swings below zero where a step spans most of the curve.
    span = float(top) * far
    sizes = SIZES if span <= WIDE * (SIZES - 1) else int(np.ceil(min(span / FINE, MOST_SIZES))) + 1
    return FactorGrid(np.linspace(0.0, float(top), sizes), factors)


@dataclass(frozen=True)
class Curves:
    """Tables of a book under a model. Pairs are (segment, sector) that hold loans, G of them.

    pairs : (G, 2). pair : (N,) of each loan. nodes : (K,) PDs. moments : (G, K, 4) of the loans at each node,
        see kernels.
    severe : (G, K) exposure at nodes of expected loss, for loss given default that moves; else empty.
    """

    model: FactorModel
    book: Obligors
    grid: FactorGrid
    pairs: Integers
    pair: Integers
    nodes: Floats
    moments: Floats
    loss_nodes: Floats
    severe: Floats

    def __post_init__(self) -> None:
        check.finite(nodes=self.nodes, moments=self.moments, loss_nodes=self.loss_nodes, severe=self.severe)

    @property
    def moving(self) -> bool:
        """Return whether loss given default moves with the factor."""
        return self.model.lgd_model != "constant"

    def chances(self, sector: int, nodes: Floats) -> Floats:
        """Return the conditional probabilities of nodes in a sector, (K, U, Y)."""
        from loantwin.kernels import in_shares
        from loantwin.risk.loss.copula import kernels

        made = np.empty((len(nodes), len(self.grid.sizes), len(self.grid.factors)))
        in_shares(
            kernels.conditional_table,
            len(nodes),
            self.model.threshold(nodes),
            self.grid.sizes,
            self.grid.factors,
            float(self.model.asset_correlation[sector]),
            made,
        )
        return made

    @cached_property
    def tables(self) -> Floats:
        """Return conditional mean and variance of each pair's loss, (G, 2, U, Y), currency and its square."""
        sizes, factors = len(self.grid.sizes), len(self.grid.factors)
        made = np.empty((len(self.pairs), 2, sizes, factors))
        for sectors in self._alike():
            own = np.flatnonzero(np.isin(self.pairs[:, 1], sectors))
            chance = self.chances(sectors[0], self.nodes).reshape(len(self.nodes), -1)
            mean, square, of_mean = (self.moments[own, :, m] for m in range(3))
            ratio = self._severity_ratio(sectors[0], own, chance)
            if self.moving:
                loss = self.chances(sectors[0], self.loss_nodes).reshape(len(self.loss_nodes), -1)
                made[own, 0] = (self.severe[own] @ loss).reshape(len(own), sizes, factors)
            else:
                made[own, 0] = (mean @ chance).reshape(len(own), sizes, factors)
            first = chance * ratio**2
            made[own, 1] = np.maximum(square @ first - of_mean @ (first * chance), 0.0).reshape(
                len(own), sizes, factors
            )
        return made

    def _alike(self) -> list[Integers]:
        """Return sectors of one asset correlation together: they share the probabilities of the nodes."""
        used = np.unique(self.pairs[:, 1])
        _, place = np.unique(self.model.asset_correlation[used], return_inverse=True)
        return [used[place == i] for i in range(int(place.max()) + 1)]

    def _severity_ratio(self, sector: int, own: Integers, chance: Floats) -> Floats:
        """Return loss given default given the factor over its mean, by node, at its loans' mean severity."""
        if not self.moving:
            return np.ones((len(self.nodes), 1))
        loss, exposure = self.moments[own, :, 0].sum(axis=0), self._exposure(own)
        lgd = np.divide(loss, exposure, out=np.ones_like(loss), where=exposure > 0)
        severe = self.chances(sector, self.nodes * lgd).reshape(len(self.nodes), -1)
        return np.asarray(
            np.divide(
                severe, chance * lgd[:, None], out=np.ones_like(chance), where=(chance * lgd[:, None]) > 0
            )
        )

    def _exposure(self, own: Integers) -> Floats:
        amount = np.zeros(len(self.nodes))
        low = np.clip(np.searchsorted(self.nodes, self.book.pd, side="right") - 1, 0, len(self.nodes) - 2)
        up = (self.book.pd - self.nodes[low]) / (self.nodes[low + 1] - self.nodes[low])
        inside = np.isin(self.pair, own)
        for side, share in ((0, 1 - up), (1, up)):
            amount += np.bincount(low[inside] + side, (share * self.book.exposure)[inside], len(self.nodes))
        return amount

    def read(
        self, factor: Floats, size: Floats, own: Integers | None = None, sector: Integers | None = None
    ) -> Floats:
        """Return conditional mean and variance of each pair's loss on each path, (P, G, 2).

        Parameters
        ----------
        own, sector : only these pairs, whose sectors have these columns in `factor`.
        """
        from loantwin.kernels import in_shares
        from loantwin.risk.loss.copula import kernels

        tables = self.tables if own is None else self.tables[own]
        place = self.pairs[:, 1] if sector is None else sector
        made = np.empty((len(size), len(place), 2))
        sectors = np.ascontiguousarray(place)
        in_shares(kernels.read_tables, len(size), factor, size, sectors, tables, self.grid.steps, made)
        return np.maximum(made, 0.0, out=made)  # below zero by the interpolation's error alone

    def allocated(
        self, factor: Floats, size: Floats, weights: Sequence[tuple[Floats, Floats]]
    ) -> list[Floats]:
        """Return by pair of path weights and loan the weighted sum of conditional mean and variance, (N,).

        weights : pairs of (P,), of the mean and of the variance.
        """
        from loantwin.kernels import in_shares
        from loantwin.risk.loss.copula import kernels

        given = np.stack([column for pair in weights for column in pair], axis=1)
        shape = (
            kernels.BLOCKS,
            len(self.model.sectors),
            given.shape[1],
            len(self.grid.sizes),
            len(self.grid.factors),
        )
        blocks = np.zeros(shape)
        in_shares(kernels.spread_paths, kernels.BLOCKS, factor, size, given, self.grid.steps, blocks)
        held = blocks.sum(axis=0).reshape(len(self.model.sectors), len(weights), 2, -1)
        at_nodes = np.zeros((len(weights), len(self.model.sectors), 3, len(self.nodes)))
        at_loss = np.zeros((len(weights), len(self.model.sectors), 1, len(self.loss_nodes)))
        for sectors in self._alike():
            own = np.flatnonzero(np.isin(self.pairs[:, 1], sectors))
            chance = self.chances(sectors[0], self.nodes).reshape(len(self.nodes), -1)
            first = chance * self._severity_ratio(sectors[0], own, chance) ** 2
            loss = (
                self.chances(sectors[0], self.loss_nodes).reshape(len(self.loss_nodes), -1)
                if self.moving
                else None
            )
            for place in range(len(weights)):
                mean, variance = held[sectors, place, 0], held[sectors, place, 1]
                at_nodes[place, sectors, 0] = mean @ chance.T
                at_nodes[place, sectors, 1] = variance @ first.T
                at_nodes[place, sectors, 2] = variance @ (first * chance).T
                if loss is not None:
                    at_loss[place, sectors, 0] = mean @ loss.T
        return [self._to_loans(at_nodes[place], at_loss[place]) for place in range(len(weights))]

    def _to_loans(self, at_nodes: Floats, at_loss: Floats) -> Floats:
        from loantwin.kernels import in_shares
        from loantwin.risk.loss.copula import kernels

        book = self.book
        found, loss = np.empty((len(book.pd), 3)), np.empty((len(book.pd), 1))
        loans = len(book.pd)
        in_shares(kernels.gather_loans, loans, book.pd, book.sector, self.nodes, at_nodes, found)
        if self.moving:
            rate = book.pd * book.lgd
            in_shares(kernels.gather_loans, loans, rate, book.sector, self.loss_nodes, at_loss, loss)
        mean = book.exposure * (loss[:, 0] if self.moving else book.lgd * found[:, 0])
        square = (book.exposure * book.lgd) ** 2
        noise = book.exposure**2 * self.model.lgd_spread * book.lgd * (1 - book.lgd)
        return np.asarray(mean + (square + noise) * found[:, 1] - square * found[:, 2])


def curves(book: Obligors, model: FactorModel) -> Curves:
    """Return the tables of a book: one pass over the loans."""
    check.kind(Obligors, book=book)
    check.kind(FactorModel, model=model)
    from loantwin.kernels import in_shares
    from loantwin.risk.loss.copula import kernels

    most = NODES if model.degrees_of_freedom is None else TAIL_NODES
    nodes = nodes_of(book.pd, most)
    pairs, pair = _pairs(book, len(model.sectors))
    sums = np.zeros((kernels.BLOCKS, len(pairs), len(nodes), kernels.MOMENTS))
    spread, blocks = kernels.spread_loans, kernels.BLOCKS
    in_shares(spread, blocks, book.exposure, book.pd, book.lgd, pair, nodes, model.lgd_spread, sums)
    loss_nodes, severe = np.zeros(0), np.zeros((0, 0))
    if model.lgd_model != "constant":
        expected_rate = book.pd * book.lgd
        loss_nodes = nodes_of(expected_rate, most)
        slots = np.zeros((kernels.BLOCKS, len(pairs), len(loss_nodes), kernels.MOMENTS))
        ones = np.ones(len(book.pd))
        in_shares(spread, blocks, book.exposure, expected_rate, ones, pair, loss_nodes, 0.0, slots)
        severe = slots.sum(axis=0)[:, :, 0]
    return Curves(
        model,
        book,
        grid_of(model, float(book.pd.max())),
        pairs,
        pair,
        nodes,
        sums.sum(axis=0),
        loss_nodes,
        severe,
    )


def _pairs(book: Obligors, sectors: int) -> tuple[Integers, Integers]:
    if book.segment is book.sector:
        codes = np.arange(sectors)
        return np.stack([codes, codes], axis=1), book.sector
    joint = book.segment * sectors + book.sector
    used = np.flatnonzero(np.bincount(joint, minlength=len(book.segments) * sectors))
    place = np.zeros(len(book.segments) * sectors, dtype=np.int64)
    place[used] = np.arange(len(used))
    return np.stack([used // sectors, used % sectors], axis=1), place[joint]


def nodes_of(pd: Floats, most: int) -> Floats:
    """Return at least two PD nodes: the distinct PDs if few, else evenly spaced normal quantiles."""
    check.within(0, 1, pd=pd)
    check.count(1, most=most)
    check.shaped((None,), pd=pd)
    sample = pd if len(pd) <= 8 * most else pd[:: len(pd) // (4 * most)]
    found = np.unique(sample)
    if len(found) <= most and len(sample) < len(pd):
        found = np.unique(pd)
    if len(found) > most:
        low, high = float(pd.min()), float(pd.max())
        inside = pd[(pd > 0) & (pd < 1)]
        first, last = special.ndtri([inside.min(), inside.max()])
        ladder = special.ndtr(np.linspace(first, last, most - 2))
        ladder[0], ladder[-1] = inside.min(), inside.max()
        found = np.unique(np.concatenate([[low], ladder, [high]]))
    if len(found) == 1:
        found = np.array([found[0], min(1.0, found[0] + 1e-6)]) if found[0] < 1 else np.array([1 - 1e-6, 1.0])
    return np.ascontiguousarray(found)
