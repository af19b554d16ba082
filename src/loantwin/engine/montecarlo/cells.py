"""How many of a cell's loans move, by binomial draws: the noise of single names at the price of cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.cells import Cells, LossGivenDefault
from loantwin.engine.montecarlo.loans import end_kinds
from loantwin.engine.path import (
    Flows,
    check_cells,
    check_groups,
    check_lgd,
    convolved,
    discount,
    loss_share,
    scheduled,
    severity,
)
from loantwin.engine.randomness import key_of
from loantwin.engine.rows import TransitionParameters, odds
from loantwin.errors import ModelError, expected


@dataclass(frozen=True)
class CellPaths:
    """counts : (P, T, S) loans by state at month's end. flows : (P, groups, T) as in `engine.path.Flows`."""

    counts: Integers
    flows: Flows


def simulate_cells(
    parameters: TransitionParameters,
    cells: Cells,
    lgd: LossGivenDefault,
    shocks: Floats,
    seed: int,
    *,
    groups: int = 1,
    number: Integers | None = None,
    first_path: int = 0,
) -> CellPaths:
    """Return every path's counts and flows, with the noise of single names.

    Parameters
    ----------
    shocks : (P, T, R) month part of the odds.
    seed : 0 to 2**64 - 1. A cell's draws depend on seed, path, its index and the month alone.
    number : (B,) loans of each cell, at least 1; default `cells.loans` rounded up. All loans of a cell are of
        equal size.

    Raises
    ------
    ModelError : shapes that do not fit, NaN or infinity.
    """
    check_cells(parameters, cells)
    check_lgd(parameters, lgd)
    if (
        shocks.ndim != 3
        or shocks.shape[2] != len(parameters.origin)
        or shocks.shape[1] > cells.interest.shape[1]
    ):
        raise ModelError(
            expected(f"(P, T, {len(parameters.origin)}), T as in the cells", shocks.shape), field="shocks"
        )
    if not (np.isfinite(shocks).all() and (shocks >= 0.0).all()):
        raise ModelError(expected("finite numbers of at least 0", "another"), field="shocks")
    check_groups(cells, groups)
    loans = np.maximum(np.ceil(cells.loans[:, 0] - 1e-9), 1.0).astype(np.int64) if number is None else number
    if loans.shape != cells.segment.shape or (loans < 1).any() or (loans > 2**31).any():
        raise ModelError(expected(f"{len(cells.segment)} numbers of at least 1", loans.shape), field="number")
    from loantwin.engine.montecarlo.kernels import cell_paths
    from loantwin.kernels import in_shares

    paths, months, _ = shocks.shape
    names, factors = cell_factors(cells, lgd, months)
    counts = np.zeros((paths, months, len(parameters.states)), dtype=np.int64)
    figures = np.zeros((paths, groups, months, len(names)))
    group = cells.group if groups > 1 else np.zeros_like(cells.group)
    in_shares(
        cell_paths, paths, np.array([*key_of(seed), first_path], dtype=np.int64), odds(parameters),
        np.ascontiguousarray(shocks), cells.segment, cells.age, cells.state, loans, group,
        parameters.origin, parameters.target, parameters.live, end_kinds(parameters),
        np.ascontiguousarray(factors / loans[:, None, None, None]), counts, figures,
    )  # fmt: skip
    opening = np.zeros(groups)
    np.add.at(opening, group, cells.balance[:, 0])
    return CellPaths(counts, _flows(names, figures, lgd, np.repeat(opening[None], paths, axis=0)))


def cell_factors(cells: Cells, lgd: LossGivenDefault, months: int) -> tuple[tuple[str, ...], Floats]:
    """Return figure names and what a cell adds: to stay, default, prepay or end otherwise, (B, T, 4, F)."""
    start, close = cells.balance[:, :months], cells.balance[:, 1 : months + 1]
    exposure, interest = cells.exposure[:, :months], cells.interest[:, :months]
    charged, recovered = severity(cells, lgd, months)
    loss = exposure * loss_share(cells, lgd, charged, recovered) * discount(cells, months)
    stay, default, prepay, other = range(4)
    rules = {
        "balance": {stay: close},
        "scheduled_principal": {stay: scheduled(cells, months)},
        "prepaid": {stay: cells.partial[:, :months], prepay: start},
        "interest": {stay: interest, prepay: interest},
        "draws": {stay: cells.draws[:, :months]},
        "arrears": {default: exposure - start},
        "exited": {other: start},
        "defaulted": {default: exposure},
        "defaulted_number": {default: cells.loans[:, :months]},
        "charged_off": {default: exposure * charged},
        "recovered": {default: exposure * recovered},
        "loss_gross": {default: loss},
        "loss_net": {default: loss * (1.0 - cells.guaranteed)[:, None]},
        "live_number": {stay: cells.loans[:, 1 : months + 1]},
    }
    factors = np.zeros((len(start), months, 4, len(rules)))
    for place, rule in enumerate(rules.values()):
        for kind, value in rule.items():
            factors[:, :, kind, place] = value
    return tuple(rules), factors


def _flows(names: tuple[str, ...], figures: Floats, lgd: LossGivenDefault, opening: Floats) -> Flows:
    values = {name: np.ascontiguousarray(figures[..., place]) for place, name in enumerate(names)}
    values["charged_off"] = convolved(values["charged_off"], lgd.charge_off_lag)
    values["recovered"] = convolved(values["recovered"], lgd.recovery_lag)
    return Flows(opening=opening, **values)
