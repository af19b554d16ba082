"""From the engine's conditional expectation to the loss distribution: groups of like size, by path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.engine.cells import Cells, LossGivenDefault
from loantwin.engine.columns import LoanColumns, take
from loantwin.engine.expectation import conditional_defaults
from loantwin.engine.path import discount, loss_share, severity
from loantwin.engine.rows import TransitionParameters
from loantwin.errors import RiskError, expected
from loantwin.risk.loss.loss import ConditionalLosses

RATIO = 4.0
"""Largest over smallest exposure of a size band."""
ENGINE_CELLS = 800_000
"""Paths x groups x months that the engine holds at once, 16 figures each."""
SEVERITY_CONCENTRATION = 4.0
"""Variance of a default's severity = mean (1 - mean) / this: usual where severities are not observed."""


@dataclass(frozen=True)
class SizeBands:
    """Loans sorted by size. columns : the loans with `group` set to the band. number : (C,) loans, weighted.

    size_variation : (C,) coefficient of variation of exposure within the band. names : (C,) names a loan,
        where a name is a borrower of several loans; None is 1.
    """

    columns: LoanColumns
    number: Floats
    size_variation: Floats
    names: Floats | None = None

    def __post_init__(self) -> None:
        check.within(
            0, number=self.number, size_variation=self.size_variation, **check.given(names=self.names)
        )


def size_bands(columns: LoanColumns, most: int = 8, name: Integers | None = None) -> SizeBands:
    """Return the loans in at most `most` bands of exposure, each a factor of 4 wide, the smallest together.

    A few large loans make the tail of a small book: bands keep them apart, so that within a band sizes differ
    little and a gamma serves for them.

    name : (N,) code of each loan's borrower, whose loans default together: bands are of borrowers then, and a
        borrower's weight is its loans' mean by exposure. None takes each loan for itself.

    No loan is one empty band.

    Raises
    ------
    RiskError : loans of which none has an exposure.
    """
    check.kind(LoanColumns, columns=columns)
    check.count(1, most=most)
    check.codes(0, **check.given(name=name))
    check.shaped((len(columns.principal),), **check.given(name=name))
    if name is not None and len(name) and len(np.unique(name)) < len(name):
        return _bands_of_names(columns, most, np.unique(name, return_inverse=True)[1])
    exposure = columns.principal + columns.accrued_interest + columns.undrawn
    if not len(exposure):
        return SizeBands(columns, np.zeros(1), np.zeros(1))
    top = exposure.max()
    if not top > 0:
        raise RiskError(expected("a loan with an exposure above 0", "none"), field="exposure")
    depth = np.full(len(exposure), most - 1, dtype=np.int64)
    positive = exposure > 0
    depth[positive] = np.minimum(np.floor(np.log(top / exposure[positive]) / np.log(RATIO)), most - 1).astype(
        np.int64
    )
    used, group = np.unique(depth, return_inverse=True)
    moments = [
        np.asarray(np.bincount(group, columns.weight * exposure**power, len(used)), dtype=np.float64)
        for power in (0, 1, 2)
    ]
    mean = np.divide(moments[1], moments[0], out=np.zeros(len(used)), where=moments[0] > 0)
    square = np.divide(moments[2], moments[0], out=np.zeros(len(used)), where=moments[0] > 0)
    spread = np.divide(square, mean**2, out=np.ones(len(used)), where=mean > 0) - 1
    return SizeBands(
        replace(columns, group=group.astype(np.int64)), moments[0], np.sqrt(np.maximum(spread, 0))
    )


def _bands_of_names(columns: LoanColumns, most: int, name: Integers) -> SizeBands:
    exposure = columns.principal + columns.accrued_interest + columns.undrawn
    size = np.bincount(name, exposure).astype(np.float64)
    lead = np.unique(name, return_index=True)[1]
    weighted = np.bincount(name, columns.weight * exposure)
    weight = np.bincount(name, columns.weight) / np.bincount(name)
    weight = np.divide(weighted, size, out=weight, where=size > 0)
    none = np.zeros(len(size))
    alone = replace(take(columns, lead), principal=size, accrued_interest=none, undrawn=none, weight=weight)
    made = size_bands(alone, most)
    group = made.columns.group[name]
    loans = np.bincount(group, columns.weight, len(made.number))
    share = np.divide(made.number, loans, out=np.ones(len(loans)), where=loans > 0)
    return SizeBands(replace(columns, group=group), made.number, made.size_variation, np.minimum(share, 1.0))


def conditional_losses(
    parameters: TransitionParameters,
    bands: SizeBands,
    cells: Cells,
    lgd: LossGivenDefault,
    shocks: Iterable[Floats],
) -> ConditionalLosses:
    """Return the conditional losses of each path and band over the months of `shocks`.

    Parameters
    ----------
    cells : `build_cells(bands.columns, months)`. shocks : blocks (P, T, R) of paths, one block after another,
        so that memory does not grow with the number of paths.

    Notes
    -----
    Severity varies around its mean m with variance m (1 - m) / 4 (a beta distribution), independent of size:
    with size variation v the loss of one default has squared variation (1 + v^2) (1 + (1 - m) / (4 m)) - 1.

    Raises
    ------
    RiskError : no block of paths.
    """
    check.kind(TransitionParameters, parameters=parameters)
    check.kind(SizeBands, bands=bands)
    check.kind(Cells, cells=cells)
    check.kind(LossGivenDefault, lgd=lgd)
    check.kind(Iterable, shocks=shocks)
    groups = len(bands.number)
    blocks = []
    for block in shocks:
        check.finite(shocks=block)
        check.shaped((None, None, len(parameters.origin)), shocks=block)
        blocks.append(_block(parameters, cells, lgd, block, groups))
    if not blocks:
        raise RiskError(expected("at least one block of paths", "none"), field="paths")
    number, net, gross, defaulted = (np.concatenate([block[i] for block in blocks]) for i in range(4))
    mean_share = np.divide(
        gross.sum(axis=0), defaulted.sum(axis=0), out=np.ones(groups), where=defaulted.sum(axis=0) > 0
    )
    if bands.names is not None:  # as many names default as loans do, over the loans of a name
        number = number * bands.names
    mean = np.clip(mean_share, 1e-6, 1.0)  # a discounted mean severity; the beta's variance is 0 at 1
    variation = (1 + bands.size_variation**2) * (1 + (1 - mean) / (SEVERITY_CONCENTRATION * mean)) - 1
    return ConditionalLosses(
        number, net, gross, np.sqrt(variation), bands.number, largest=largest_loss(cells, lgd)
    )


def largest_loss(cells: Cells, lgd: LossGivenDefault) -> tuple[float, float]:
    """Return the most that the loans can lose, net and gross of guarantees, book currency.

    All of them default in their worst month and lose all of their exposure, or more where the model's own
    severity says so.
    """
    check.kind(Cells, cells=cells)
    check.kind(LossGivenDefault, lgd=lgd)
    months = cells.exposure.shape[1]
    share = np.maximum(loss_share(cells, lgd, *severity(cells, lgd, months)), 1.0)
    most = (cells.exposure * share * np.maximum(discount(cells, months), 1.0)).max(axis=1)
    return float((most * (1.0 - cells.guaranteed)).sum()), float(most.sum())


def part_shares(
    parameters: TransitionParameters,
    cells: Cells,
    lgd: LossGivenDefault,
    shocks: Floats,
    bands: int,
    parts: int,
) -> Floats:
    """Return parts' share of the book in bands' expected net loss on each path, (P, bands, parts).

    Parameters
    ----------
    cells : of loans whose group is band x `parts` + part. shocks : (P, T, R).
    """
    check.kind(TransitionParameters, parameters=parameters)
    check.kind(Cells, cells=cells)
    check.kind(LossGivenDefault, lgd=lgd)
    check.finite(shocks=shocks)
    check.count(1, bands=bands, parts=parts)
    check.shaped((None, None, len(parameters.origin)), shocks=shocks)
    most = max(64, int(ENGINE_CELLS / (bands * parts * shocks.shape[1])) // 64 * 64)
    made = np.empty((len(shocks), bands, parts))
    for start in range(0, len(shocks), most):
        block = np.ascontiguousarray(shocks[start : start + most])
        net = _block(parameters, cells, lgd, block, bands * parts)[1].reshape(len(block), bands, parts)
        total = net.sum(axis=2, keepdims=True)
        made[start : start + most] = np.divide(net, total, out=np.zeros_like(net), where=total > 0)
    return made


def _block(
    parameters: TransitionParameters, cells: Cells, lgd: LossGivenDefault, shocks: Floats, groups: int
) -> tuple[Floats, Floats, Floats, Floats]:
    flows = conditional_defaults(parameters, cells, lgd, shocks, groups=groups)
    figures = (flows.defaulted_number, flows.loss_net, flows.loss_gross, flows.defaulted)
    number, net, gross, defaulted = (figure.sum(axis=2) for figure in figures)
    return number, net, gross, defaulted
