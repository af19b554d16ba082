"""One month of E books in plain NumPy: the reference of the step kernel, and fast enough for a single book.

The order within a month is that of `engine.path`; then the month's new lending is added at its end. With
levers at zero every figure equals the forecast's.
"""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.rows import published_places, up_to_date
from loantwin.engine.step.levers import LeverMoves, check_levers, lever_moves
from loantwin.engine.step.tables import FIGURES, Columns, StepFlows, StepState, StepTables, columns_at
from loantwin.errors import UsageError, expected


def step(
    state: StepState, levers: Floats, shocks: Floats, tables: StepTables, index_change: Floats | None = None
) -> tuple[StepState, StepFlows]:
    """Return the books a month later, and the month's figures. `state` is left as it was.

    Parameters
    ----------
    levers : (E, 5) in [-1, 1], order `types.LEVERS`; 0 is the reference plan.
    shocks : (E, R) month part of the odds, positive, from `rows.shocks`.
    index_change : (E,) index of floating rates less the one the tables were built with, decimal a year; None
        is none.

    Raises
    ------
    UsageError : a shape that does not fit, a lever outside [-1, 1], NaN, or a month beyond the tables.
    """
    check_step(state, shocks, tables, index_change)
    check_levers(levers, len(state.in_default))
    month = state.month + 1
    columns = columns_at(tables, month)
    moves = lever_moves(levers, tables.effects, tables.edges, tables.risk)
    live, default, prepay, exit_ = _transition(state, shocks * moves.edge, tables, columns)
    figures = _money(state, (live, default, prepay, exit_), columns, index_change, tables)
    due, late = _after_default(state, default, columns, tables, month)
    figures |= late
    figures["in_default"] = (
        state.in_default + figures["defaulted"] - figures["charged_off"] - figures["resolved"]
    )
    lent = _lending(state, live, columns, moves, tables, month)
    figures["new_lending"] = lent.sum(axis=1)
    figures["balance"] = figures["balance"] + figures["new_lending"]
    figures |= _costs(state, figures, columns, moves, tables)
    after = _grown(state, live, lent, moves, due, figures["in_default"], tables)
    return after, StepFlows(np.stack([figures[name] for name in FIGURES], axis=1), lent)


def _transition(
    state: StepState, edge: Floats, tables: StepTables, columns: Columns
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return live (E, C, live) after the month; entered default, prepayment and other ends, (E, C) each."""
    parameters = tables.parameters
    entry = np.ones((len(state.in_default), len(columns.segment)))
    lent = columns.cohort >= 0
    entry[:, lent] = state.entry[:, columns.cohort[lent]]
    weight = edge[:, None, :] * columns.odds.T[None]
    weight = np.where(tables.edges.entry > 0, weight * entry[:, :, None], weight)
    total = np.ones_like(state.live)
    for r, origin in enumerate(parameters.origin):
        total[:, :, origin] += weight[:, :, r]
    stay = state.live / total
    live = stay.copy()
    ends = {name: np.zeros(entry.shape) for name in ("default", "prepaid", "other")}
    for r, (origin, target) in enumerate(zip(parameters.origin, parameters.target, strict=True)):
        moved = stay[:, :, origin] * weight[:, :, r]
        if target < parameters.live:
            live[:, :, target] += moved
        else:
            ends[_end_name(tables, int(target))] += moved
    return live, ends["default"], ends["prepaid"], ends["other"]


def _end_name(tables: StepTables, target: int) -> str:
    if target == tables.parameters.default_state:
        return "default"
    return "prepaid" if target == tables.parameters.prepaid_state else "other"


def _money(
    state: StepState,
    parts: tuple[Floats, Floats, Floats, Floats],
    columns: Columns,
    index_change: Floats | None,
    tables: StepTables,
) -> dict[str, Floats]:
    live, default, prepay, exit_ = parts
    place = published_places(tables.parameters.states)[: live.shape[2]]
    before, stay = state.live.sum(axis=2), live.sum(axis=2)
    start, close = columns["start"], columns["close"]
    rate = np.zeros((len(stay), 1)) if index_change is None else index_change[:, None]
    interest = (
        columns["interest"]
        + rate * columns["rate_sensitivity"]
        + _of_cohort(state.add_on, columns, 0.0) / 12.0 * start
    )
    exposure = _exposure(state, columns)
    defaulted = default * exposure
    loss = defaulted * (columns["charged_off"] - columns["recovered"])
    present = defaulted * (columns["charged_off"] - columns["worth"] * columns["recovered"])
    by_column = {
        "opening": before * start,
        "balance": stay * close,
        "scheduled_principal": stay * columns["scheduled"],
        "prepaid": stay * columns["partial"] + prepay * start,
        "interest": (stay + prepay) * interest,
        "draws": stay * columns["draws"],
        "arrears": default * (exposure - start),
        "exited": exit_ * start,
        "defaulted": defaulted,
        "defaulted_number": default * columns["loans_start"],
        "live_number": stay * columns["loans_close"],
        "loss": loss * columns["net_share"],
        "loss_gross": present * columns["discount"],
        "loss_net": present * columns["discount"] * columns["net_share"],
        "past_due": live[:, :, place > 0].sum(axis=2) * close,
        "late": live[:, :, (place > 0) & (place == place[-1])].sum(axis=2) * close,
    }
    return {name: value.sum(axis=1) for name, value in by_column.items()}


def _exposure(state: StepState, columns: Columns) -> Floats:
    """Return the exposure at default, (E, C): what exceeds the start balance is the limit lever's to move."""
    return columns["start"] + (columns["exposure"] - columns["start"]) * _of_cohort(
        state.excess, columns, 1.0
    )


def _of_cohort(values: Floats, columns: Columns, of_cells: float) -> Floats:
    """Return a cohort value (E, K) by column, (E, C), the book's own cells taking `of_cells`."""
    spread = np.full((len(values), len(columns.cohort)), of_cells)
    lent = columns.cohort >= 0
    spread[:, lent] = values[:, columns.cohort[lent]]
    return spread


def _after_default(
    state: StepState, default: Floats, columns: Columns, tables: StepTables, month: int
) -> tuple[Floats, dict[str, Floats]]:
    """Return defaults awaiting their end, (E, 3, W), and this month's charged off, recovered and resolved."""
    exposure = default * _exposure(state, columns)
    width = tables.lags.shape[1]
    due = state.due.copy(order="K")
    due[:, 0, month % width] = exposure.sum(axis=1)
    due[:, 1, month % width] = (exposure * columns["charged_off"]).sum(axis=1)
    due[:, 2, month % width] = (exposure * columns["recovered"]).sum(axis=1)
    charge_off, recovery = tables.lags[:, (month - np.arange(width)) % width]
    charged_off = due[:, 1] @ charge_off
    ends = {
        "charged_off": charged_off,
        "recovered": due[:, 2] @ recovery,
        "resolved": due[:, 0] @ charge_off - charged_off,
    }
    return due, ends


def _lending(
    state: StepState, live: Floats, columns: Columns, moves: LeverMoves, tables: StepTables, month: int
) -> Floats:
    """Return lending at the month's end, (E, G): plan x the levers' effects, the tilt keeping the total."""
    segments = tables.segments
    books = len(live)
    if tables.plan.kind == "none":
        return np.zeros((books, segments))
    if tables.plan.amounts is not None:
        plan = np.broadcast_to(tables.plan.amounts[month - 1], (books, segments))
    else:
        fall = state.live.sum(axis=2) * columns["start"] - live.sum(axis=2) * columns["close"]
        plan = np.stack([fall[:, columns.segment == g].sum(axis=1) for g in range(segments)], axis=1)
        plan = np.maximum(plan, 0.0)
    tilted = plan * moves.tilt
    total = tilted.sum(axis=1)
    restored = np.where(total > 0.0, plan.sum(axis=1) / np.where(total > 0.0, total, 1.0), 1.0)
    return np.asarray(tilted * (restored * moves.amount)[:, None])


def _costs(
    state: StepState, figures: dict[str, Floats], columns: Columns, moves: LeverMoves, tables: StepTables
) -> dict[str, Floats]:
    costs = tables.economics
    opening = figures["opening"]
    past_due = (state.live[:, :, up_to_date(tables.parameters) :].sum(axis=2) * columns["start"]).sum(axis=1)
    funding = (opening + state.in_default) * (costs.funding_annual_rate / 12.0)
    servicing = opening * (costs.servicing_annual_rate / 12.0)
    collection = (past_due + state.in_default) * (costs.collection_annual_rate / 12.0) * moves.collection
    profit = figures["interest"] - funding - servicing - collection - figures["loss"]
    return {
        "funding_cost": funding,
        "servicing_cost": servicing,
        "collection_cost": collection,
        "profit": profit,
    }


def _grown(
    state: StepState,
    live: Floats,
    lent: Floats,
    moves: LeverMoves,
    due: Floats,
    in_default: Floats,
    tables: StepTables,
) -> StepState:
    """Return the state with the month's cohort as the last columns, books side by side in memory."""
    books, count, states = live.shape
    if not tables.lends:
        kept = np.ascontiguousarray(live.transpose(1, 2, 0)).transpose(2, 0, 1)
        return StepState(state.month + 1, kept, state.entry, state.add_on, state.excess, due, in_default)
    grown = np.zeros((count + lent.shape[1], states, books))
    grown[:count] = live.transpose(1, 2, 0)
    grown[count:, 0] = lent.T
    entry, add_on, excess = (
        np.vstack([old.T, new]).T
        for old, new in zip(
            (state.entry, state.add_on, state.excess), (moves.entry, moves.add_on, moves.excess), strict=True
        )
    )
    return StepState(state.month + 1, grown.transpose(2, 0, 1), entry, add_on, excess, due, in_default)


def check_step(state: StepState, shocks: Floats, tables: StepTables, index_change: Floats | None) -> None:
    """Raise UsageError where the arguments of a step do not fit."""
    books, edges = len(state.in_default), len(tables.parameters.origin)
    if not 0 <= state.month < tables.months:
        raise UsageError(
            expected(f"a month up to {tables.months}, the last of the tables", state.month + 1), field="month"
        )
    lent = state.month if tables.lends else 0
    wanted = {
        "live": (books, len(tables.cells.segment) + lent * tables.segments, tables.parameters.live),
        "entry": (books, lent),
        "add_on": (books, lent),
        "excess": (books, lent),
        "due": (books, 3, tables.lags.shape[1]),
        "in_default": (books,),
    }
    for name, shape in wanted.items():
        if getattr(state, name).shape != shape:
            was = f"{getattr(state, name).shape}: a state of other tables"
            raise UsageError(expected(f"{name} {shape} after {state.month} months", was), field="state")
    if shocks.shape != (books, edges) or not (
        shocks.min() >= 0.0 and shocks.max() < np.inf
    ):  # false for a NaN too
        raise UsageError(
            expected(f"({books}, {edges}) finite numbers of at least 0", shocks.shape), field="shocks"
        )
    if index_change is not None and (index_change.shape != (books,) or not np.isfinite(index_change).all()):
        raise UsageError(expected(f"({books},) finite numbers", index_change.shape), field="index_change")
