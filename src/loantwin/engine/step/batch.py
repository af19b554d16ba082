"""Many books a month at once, compiled: the same answers as `step.step`, pure or in reused memory."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import lru_cache

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.rows import up_to_date
from loantwin.engine.step.levers import check_levers
from loantwin.engine.step.step import check_step
from loantwin.engine.step.sums import sums_at
from loantwin.engine.step.tables import FIGURES, StepFlows, StepState, StepTables, columns_at
from loantwin.errors import UsageError, expected

_PLANS = {"none": 0, "constant-balance": 1, "table": 2}


@dataclass(frozen=True)
class Buffers:
    """Memory for E books over all months, reused by each step; arrays end in E: books lie side by side.

    live : (C of the last month, live, E). cohorts : (T, 3, E) entry, add_on, excess. due : (3, W, E).
        in_default : (E,).
    figures : (F, E). lent : (G, E).
    """

    live: Floats
    cohorts: Floats
    due: Floats
    in_default: Floats
    figures: Floats
    lent: Floats


def buffers(tables: StepTables, books: int) -> Buffers:
    """Return memory for E books over all months of the tables."""
    return Buffers(**{name: np.zeros(shape) for name, shape in _shapes(tables, books).items()})


def step_batch(
    state: StepState,
    levers: Floats,
    shocks: Floats,
    tables: StepTables,
    index_change: Floats | None = None,
    reuse: Buffers | None = None,
) -> tuple[StepState, StepFlows]:
    """Return what `step.step` returns, to rounding, by the kernel; the same bits on any number of threads.

    Parameters
    ----------
    reuse : memory from `buffers`. With it nothing is copied: the state given, if it lives there, is
        overwritten, and the flows hold until the next step. Without it the state is left as it was.

    Raises
    ------
    UsageError : as `step.step`; memory of other books or tables.
    """
    check_step(state, shocks, tables, index_change)
    check_levers(levers, len(state.in_default))
    from loantwin.engine.step.kernels import LANES, step_books
    from loantwin.kernels import in_shares

    month, books = state.month + 1, len(state.in_default)
    columns, sums, fixed = columns_at(tables, month), sums_at(tables, month), _fixed(tables)
    count = len(columns.segment) + (tables.segments if tables.lends else 0)
    if reuse is not None:
        _check_reuse(reuse, tables, books)
    memory = _memory(state, tables, reuse, count)
    width = tables.lags.shape[1]
    lag = np.ascontiguousarray(tables.lags[:, (month - np.arange(width)) % width])
    plan = np.zeros(tables.segments) if tables.plan.amounts is None else tables.plan.amounts[month - 1]
    in_shares(
        step_books, -(-books // LANES),
        np.ascontiguousarray(state.live.transpose(1, 2, 0)), memory.live, memory.cohorts, memory.due,
        memory.in_default, np.ascontiguousarray(levers, dtype=np.float64), np.ascontiguousarray(shocks,
            dtype=np.float64),
        np.zeros(books) if index_change is None else np.ascontiguousarray(index_change, dtype=np.float64),
        columns.odds, sums.table, sums.codes, sums.rows, sums.sources, sums.factors, fixed.routes,
        up_to_date(tables.parameters), fixed.kinds, fixed.effects, tables.risk, _PLANS[tables.plan.kind],
        np.ascontiguousarray(plan), fixed.economics, lag, month % width, memory.figures, memory.lent,
    )  # fmt: skip
    return _state(month, memory, tables), StepFlows(memory.figures.T, memory.lent.T)


def _check_reuse(reuse: Buffers, tables: StepTables, books: int) -> None:
    """Raise UsageError where memory is not that of `buffers(tables, books)`."""
    for name, shape in _shapes(tables, books).items():
        if getattr(reuse, name).shape != shape:
            was = f"{name} {getattr(reuse, name).shape}"
            raise UsageError(
                expected(f"memory of {books} books of these tables, {shape}", was), field="reuse"
            )


def _shapes(tables: StepTables, books: int) -> dict[str, tuple[int, ...]]:
    columns = len(tables.cells.segment) + (tables.segments * tables.months if tables.lends else 0)
    return {
        "live": (columns, tables.parameters.live, books),
        "cohorts": (tables.months if tables.lends else 1, 3, books),
        "due": (3, tables.lags.shape[1], books),
        "in_default": (books,),
        "figures": (len(FIGURES), books),
        "lent": (tables.segments, books),
    }


def _memory(state: StepState, tables: StepTables, reuse: Buffers | None, columns: int) -> Buffers:
    """Return where the month is written to: parts of `reuse`, or new arrays with the months before."""
    cohorts = state.entry.shape[1] + 1 if tables.lends else 1
    if reuse is not None:
        if state.month == 0:
            reuse.due[:] = 0.0
            reuse.in_default[:] = state.in_default
        return Buffers(
            reuse.live[:columns],
            reuse.cohorts[:cohorts],
            reuse.due,
            reuse.in_default,
            reuse.figures,
            reuse.lent,
        )
    made = buffers_of_size(columns, cohorts, len(state.in_default), tables)
    for kind, old in enumerate((state.entry, state.add_on, state.excess)):
        made.cohorts[: old.shape[1], kind] = old.T
    made.due[:] = state.due.transpose(1, 2, 0)
    made.in_default[:] = state.in_default
    return made


def buffers_of_size(columns: int, cohorts: int, books: int, tables: StepTables) -> Buffers:
    """Return memory for one month of E books."""
    return Buffers(
        np.empty((columns, tables.parameters.live, books)),
        np.empty((cohorts, 3, books)),
        np.empty((3, tables.lags.shape[1], books)),
        np.empty(books),
        np.empty((len(FIGURES), books)),
        np.zeros((tables.segments, books)),
    )


def _state(month: int, memory: Buffers, tables: StepTables) -> StepState:
    kept = memory.cohorts if tables.lends else memory.cohorts[:0]
    entry, add_on, excess = (kept[:, kind].T for kind in range(3))
    return StepState(
        month,
        memory.live.transpose(2, 0, 1),
        entry,
        add_on,
        excess,
        memory.due.transpose(2, 0, 1),
        memory.in_default,
    )


@dataclass(frozen=True)
class Fixed:
    """What the kernel always takes of the tables: routes (2, R) origin, end; kinds (3, R) roll, cure, entry.

    An end is a live state, or live + 0 for default, + 1 for prepaid, + 2 for any other.
    """

    routes: Integers
    kinds: Integers
    effects: Floats
    economics: Floats


@lru_cache(maxsize=64)
def _fixed(tables: StepTables) -> Fixed:
    parameters, edges = tables.parameters, tables.edges
    ends = np.where(parameters.target < parameters.live, parameters.target, parameters.live + 2)
    ends = np.where(parameters.target == parameters.default_state, parameters.live, ends)
    ends = np.where(parameters.target == parameters.prepaid_state, parameters.live + 1, ends)
    return Fixed(
        routes=np.stack([parameters.origin, ends]).astype(np.int64),
        kinds=np.stack([edges.roll, edges.cure, edges.entry]).astype(np.int64),
        effects=np.array(astuple(tables.effects)),
        economics=np.array(astuple(tables.economics)),
    )
