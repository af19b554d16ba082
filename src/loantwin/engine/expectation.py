"""Conditional expectation by cell: each path of macro and latent factors, without name-level noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.cells import Cells, LossGivenDefault, SeverityMoves
from loantwin.engine.path import (
    FIGURES,
    Flows,
    check_cells,
    check_groups,
    check_lgd,
    check_moves,
    convolved,
    discount,
    flows_of,
    loss_share,
    occupancy,
    scheduled,
    severity,
)
from loantwin.engine.rows import TransitionParameters
from loantwin.errors import ModelError, expected


def conditional_flows(
    parameters: TransitionParameters,
    cells: Cells,
    lgd: LossGivenDefault,
    shocks: Floats,
    *,
    groups: int = 1,
    index_paths: Floats | None = None,
    severity_moves: SeverityMoves | None = None,
) -> Flows:
    """Return every figure on each path by group and month, (P, groups, T).

    Parameters
    ----------
    cells : B cells of at least T months.
    shocks : (P, T, R) month part of the odds, from `rows.shocks`: positive.
    groups : number of reporting groups; 1 adds all cells together whatever their group.
    index_paths : (P, T) index of floating rates, decimal a year. It moves the interest of floating balances
        by its difference from the index path the cells were built with; balances stay on that path, caps and
        floors as there.
    severity_moves : on what comes back of defaults, before and after a charge-off; None leaves the tables as
        they are.

    Raises
    ------
    ModelError : shapes that do not fit, NaN or infinity, a group out of range, index paths for cells built
        without one.
    """
    change = check_paths(parameters, cells, shocks, groups, index_paths)
    check_cells(parameters, cells)
    check_lgd(parameters, lgd)
    group = _groups(cells, groups)
    coefficients = _coefficients(cells, lgd, shocks.shape[1], change is not None, severity_moves is not None)
    sums = _summed(parameters, cells, group, groups, shocks, coefficients, moves=severity_moves)
    opening = np.bincount(group, weights=cells.balance[:, 0], minlength=groups).astype(np.float64)
    return _flows(sums, opening, lgd, change)


@dataclass(frozen=True)
class DefaultFlows:
    """First defaults of each path, group and month, (P, groups, T): fields as in `path.Flows`."""

    defaulted_number: Floats
    defaulted: Floats
    loss_gross: Floats
    loss_net: Floats


def conditional_defaults(
    parameters: TransitionParameters,
    cells: Cells,
    lgd: LossGivenDefault,
    shocks: Floats,
    *,
    groups: int = 1,
    severity_moves: SeverityMoves | None = None,
) -> DefaultFlows:
    """Return what `conditional_flows` says of defaults and their losses alone: quicker on many paths."""
    # defaulted, number, gross, net, and what the last two owe, in the order of the kernel
    wanted = (9, 11, 14, 15, 17, 18)
    defaulted, number, gross, net, owed, owed_net = _chosen(
        parameters, cells, lgd, shocks, groups, severity_moves, wanted
    )
    return DefaultFlows(number, defaulted, gross + owed, net + owed_net)


def _chosen(
    parameters: TransitionParameters,
    cells: Cells,
    lgd: LossGivenDefault,
    shocks: Floats,
    groups: int,
    moves: SeverityMoves | None,
    wanted: tuple[int, ...],
) -> Floats:
    """Return the chosen sums of `conditional_flows`, (len(wanted), P, groups, T), the others left out."""
    check_paths(parameters, cells, shocks, groups, None)
    check_cells(parameters, cells)
    check_lgd(parameters, lgd)
    coefficients = _coefficients(cells, lgd, shocks.shape[1], False, moves is not None)
    kept = np.zeros_like(coefficients)  # the kernel passes over a coefficient of 0
    kept[..., wanted] = coefficients[..., wanted]
    sums = _summed(parameters, cells, _groups(cells, groups), groups, shocks, kept, moves=moves)
    return np.asarray(sums[list(wanted)])


def _groups(cells: Cells, groups: int) -> Integers:
    """Return each cell's group, 0 for all where there is one."""
    return cells.group if groups > 1 else np.zeros(len(cells.group), dtype=np.int64)


@dataclass(frozen=True)
class IncomeFlows:
    """What net interest income and losses are read from, by path and group: fields as in `path.Flows`."""

    opening: Floats
    balance: Floats
    interest: Floats
    defaulted: Floats
    charged_off: Floats


def conditional_income(
    parameters: TransitionParameters,
    cells: Cells,
    lgd: LossGivenDefault,
    shocks: Floats,
    *,
    groups: int = 1,
    severity_moves: SeverityMoves | None = None,
) -> IncomeFlows:
    """Return what `conditional_flows` says of balances, interest, defaults and charge-offs alone: quicker."""
    # balance, interest, defaulted, charged off, and what the last owes, in the order of the kernel
    balance, interest, defaulted, charged, owed = _chosen(
        parameters, cells, lgd, shocks, groups, severity_moves, (0, 6, 9, 12, 16)
    )
    group = _groups(cells, groups)
    opening = np.bincount(group, weights=cells.balance[:, 0], minlength=groups).astype(np.float64)
    return IncomeFlows(
        np.repeat(opening[None], len(shocks), axis=0),
        balance,
        interest,
        defaulted,
        convolved(charged + owed, lgd.charge_off_lag),
    )


@dataclass(frozen=True)
class Numbers:
    """Loans (weighted) on each path and month: numbers in place of money.

    live : (P, live states, T) on the book with a running contract at the month's end. defaulted, prepaid,
        exited : (P, T) that left in the month, for a default, a payoff, another end.
    """

    live: Floats
    defaulted: Floats
    prepaid: Floats
    exited: Floats


def conditional_numbers(
    parameters: TransitionParameters, cells: Cells, lgd: LossGivenDefault, shocks: Floats
) -> Numbers:
    """Return how many loans are in each live state and how many leave, by path and month.

    Arguments and errors as in `conditional_flows`.
    """
    check_paths(parameters, cells, shocks, 1, None)
    check_cells(parameters, cells)
    check_lgd(parameters, lgd)
    months = shocks.shape[1]
    from loantwin.engine.conditional.kernels import FIGURES as PLACES

    coefficients = np.zeros((len(cells.segment), months, PLACES))
    coefficients[..., 3] = cells.loans[:, 1 : months + 1]
    for place in (5, 8, 11):  # repaid in full, exited, defaulted in the order of the kernel
        coefficients[..., place] = cells.loans[:, :months]
    group = np.zeros(len(cells.group), dtype=np.int64)
    sums = _summed(parameters, cells, group, 1, shocks, coefficients, parameters.live)[:, :, 0]
    return Numbers(np.moveaxis(sums[PLACES:], 0, 1), sums[11], sums[5], sums[8])


def conditional_numbers_reference(parameters: TransitionParameters, cells: Cells, shocks: Floats) -> Numbers:
    """Return what `conditional_numbers` returns, from the occupancy in plain NumPy."""
    where, months = occupancy(parameters, cells, shocks), shocks.shape[1]
    live = np.einsum("ptbs,bt->pst", where.live[:, 1:], cells.loans[:, 1 : months + 1])
    entered = np.einsum("ptbs,bt->pst", where.entered, cells.loans[:, :months])
    none = np.zeros(entered.shape[::2])
    default, prepaid = parameters.default_state, parameters.prepaid_state
    ends = {
        name: entered[:, state - parameters.live] if state >= 0 else none
        for name, state in (("defaulted", default), ("prepaid", prepaid))
    }
    return Numbers(live, **ends, exited=entered.sum(axis=1) - ends["defaulted"] - ends["prepaid"])


def _summed(
    parameters: TransitionParameters,
    cells: Cells,
    group: Integers,
    groups: int,
    shocks: Floats,
    coefficients: Floats,
    states: int = 0,
    moves: SeverityMoves | None = None,
) -> Floats:
    """Return the kernel's sums, (figures + states, P, groups, T); `states`: live ones to add up apart."""
    from loantwin.engine.conditional import kernels
    from loantwin.kernels import in_shares

    paths, months = shocks.shape[:2]
    if moves is None:
        moves = SeverityMoves(np.ones((1, 1, months)), np.zeros(len(parameters.segments), dtype=np.int64))
    check_moves(parameters, moves, paths, months)
    order = np.lexsort((cells.age, cells.segment, group))
    bounds = np.searchsorted(group[order], np.arange(groups + 1))
    sums = np.empty((kernels.FIGURES + states, paths, groups, months))
    in_shares(
        kernels.conditional,
        -(-paths // kernels.PATHS),
        parameters.odds_by_age,
        np.ascontiguousarray(shocks, dtype=np.float64),
        np.ascontiguousarray(np.stack([parameters.origin, parameters.target], axis=1), dtype=np.int64),
        np.array([parameters.default_state, parameters.prepaid_state]),
        parameters.live,
        np.ascontiguousarray(np.stack([cells.segment, cells.age, cells.state], axis=1), dtype=np.int64),
        order,
        bounds,
        coefficients,
        np.ascontiguousarray(moves.factor, dtype=np.float64),
        np.ascontiguousarray(moves.kind, dtype=np.int64),
        sums,
    )
    return sums


def _coefficients(cells: Cells, lgd: LossGivenDefault, months: int, floating: bool, moved: bool) -> Floats:
    """Return what a cell's month's flows are multiplied by, (B, T, figures), in the kernel's order.

    floating : the index moves interest. moved : severity moves.
    """
    charged, recovered = severity(cells, lgd, months)
    exposure, start = cells.exposure[:, :months], cells.balance[:, :months]
    worth = exposure * discount(cells, months)
    loss, kept = worth * loss_share(cells, lgd, charged, recovered), 1.0 - cells.guaranteed[:, None]
    table = (
        cells.balance[:, 1 : months + 1],
        scheduled(cells, months),
        cells.partial[:, :months],
        cells.loans[:, 1 : months + 1],
        cells.draws[:, :months],
        start,
        cells.interest[:, :months],
        cells.rate_sensitivity[:, :months] * float(floating),
        start,
        exposure,
        start,
        cells.loans[:, :months],
        exposure * charged,
        exposure * recovered,
        loss,
        loss * kept,
        exposure * float(moved),
        worth * float(moved),
        worth * kept * float(moved),
    )
    return np.stack(table, axis=-1)


def _flows(sums: Floats, opening: Floats, lgd: LossGivenDefault, change: Floats | None) -> Flows:
    """Return the figures from the kernel's sums."""
    (balance, repaid, partial, live, draws, full, interest, sensitivity, exited) = sums[:9]
    (defaulted, started, number, charged, recovered, gross, net) = sums[9:16]
    owed, owed_gross, owed_net = sums[16:]
    return Flows(
        opening=np.repeat(opening[None], len(balance), axis=0),
        balance=balance,
        scheduled_principal=repaid,
        prepaid=partial + full,
        interest=interest if change is None else interest + change[:, None] * sensitivity,
        draws=draws,
        arrears=defaulted - started,
        exited=exited,
        defaulted=defaulted,
        defaulted_number=number,
        charged_off=convolved(charged + owed, lgd.charge_off_lag),
        recovered=convolved(recovered, lgd.recovery_lag),
        loss_gross=gross + owed_gross,
        loss_net=net + owed_net,
        live_number=live,
    )


def conditional_flows_reference(
    parameters: TransitionParameters,
    cells: Cells,
    lgd: LossGivenDefault,
    shocks: Floats,
    *,
    groups: int = 1,
    index_paths: Floats | None = None,
    severity_moves: SeverityMoves | None = None,
) -> Flows:
    """Return what `conditional_flows` returns, path by path in plain NumPy."""
    change = check_paths(parameters, cells, shocks, groups, index_paths)
    group = _groups(cells, groups)
    paths, months = shocks.shape[:2]
    sums = {name: np.zeros((paths, groups, months)) for name in FIGURES}
    opening = np.zeros((paths, groups))
    for path in range(paths):
        moved = None if change is None else change[path]
        back = None if severity_moves is None else severity_moves.of_paths(paths)[path][severity_moves.kind]
        flows = flows_of(parameters, cells, lgd, occupancy(parameters, cells, shocks[path]), moved, back)
        for name, total in sums.items():
            np.add.at(total[path], group, getattr(flows, name))
        np.add.at(opening[path], group, flows.opening)
    return Flows(opening=opening, **sums)


def check_paths(
    parameters: TransitionParameters, cells: Cells, shocks: Floats, groups: int, index_paths: Floats | None
) -> Floats | None:
    """Return the index's change by path (P, T), or None; raise ModelError where inputs do not fit."""
    if shocks.ndim != 3 or shocks.shape[2] != len(parameters.origin):
        raise ModelError(expected(f"(P, T, {len(parameters.origin)})", shocks.shape), field="shocks")
    if not (np.isfinite(shocks).all() and (shocks >= 0.0).all()):
        raise ModelError(expected("finite numbers of at least 0", "another"), field="shocks")
    if shocks.shape[1] > cells.interest.shape[1]:
        raise ModelError(
            expected(f"cells of at least {shocks.shape[1]} months", cells.interest.shape[1]), field="months"
        )
    check_groups(cells, groups)
    if index_paths is None:
        return None
    if cells.index_path is None:
        raise ModelError(expected("cells built with an index path", "none"), field="index_paths")
    if index_paths.shape != shocks.shape[:2] or not np.isfinite(index_paths).all():
        raise ModelError(
            expected(f"finite numbers of shape {shocks.shape[:2]}", index_paths.shape), field="index_paths"
        )
    return np.asarray(index_paths - cells.index_path[None, : shocks.shape[1]])
