"""What books that are stepped show of themselves, and a policy run over many of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats
from loantwin.decisions.check import checked_levers, portfolio_policy
from loantwin.decisions.figures import FIGURES, MACRO, in_order
from loantwin.decisions.policy import PortfolioPolicy
from loantwin.engine.step.batch import buffers, step_batch
from loantwin.engine.step.step import step
from loantwin.engine.step.tables import FIGURES as STEP_FIGURES
from loantwin.engine.step.tables import StepFlows, StepState, StepTables, initial_state
from loantwin.types import LEVERS

MANY = 32
"""From this many paths on the compiled step is used; below, the readable one starts sooner."""


@dataclass(frozen=True)
class PolicyRun:
    """P books of T months under a policy. values : (P, T, figures) as in `engine.step.tables.FIGURES`.

    levers : (P, T, 5). lent : (P, T, G) new lending by segment.
    """

    values: Floats
    levers: Floats
    lent: Floats

    def __getitem__(self, name: str) -> Floats:
        return np.asarray(self.values[:, :, STEP_FIGURES.index(name)])


def run_policy(
    policy: PortfolioPolicy | None,
    tables: StepTables,
    shocks: Floats,
    covariates: Floats | None = None,
    index_change: Floats | None = None,
    after: Callable[[int, StepState], StepState] | None = None,
) -> PolicyRun:
    """Return the months of one book a path, the policy setting the levers at the start of each month.

    Parameters
    ----------
    policy : None leaves the levers at zero, the reference plan.
    shocks : (P, T, R) month part of the odds.
    covariates : (P, T, F) or (T, F) macro covariates of months 1..T, shown to the policy once a month has
        ended.
    index_change : (P, T) as in `engine.step.step.step`.
    after : month (1..T) and the books at its end -> the books the next month starts with, such as after a
        sale.

    Raises
    ------
    UsageError : an object that is no policy for these books, or answers with something else than levers.
    """
    paths, months, _ = shocks.shape
    shown = (
        None
        if covariates is None
        else np.broadcast_to(covariates, (paths, months, len(tables.parameters.factors)))
    )
    state, start = initial_state(tables, paths), opening_figures(tables, paths)
    history: list[StepFlows] = []
    values, levers = np.zeros((paths, months, len(STEP_FIGURES))), np.zeros((paths, months, len(LEVERS)))
    lent = np.zeros((paths, months, tables.segments))
    memory = buffers(tables, paths) if paths >= MANY else None
    for month in range(months):
        macro = None if shown is None or month == 0 else shown[:, month - 1]
        figures = figures_of(month, history, start, tables.parameters.factors, macro)
        levers[:, month] = levers_of(policy, figures, paths)
        change = None if index_change is None else index_change[:, month]
        if memory is None:
            state, flows = step(state, levers[:, month], shocks[:, month], tables, change)
        else:
            state, flows = step_batch(state, levers[:, month], shocks[:, month], tables, change, reuse=memory)
        state = state if after is None else after(month + 1, state)
        values[:, month], lent[:, month] = flows.values, flows.lent
        history = [*history[-2:], StepFlows(values[:, month], lent[:, month])]
    return PolicyRun(values, levers, lent)


def levers_of(policy: PortfolioPolicy | None, figures: Mapping[str, Floats], books: int) -> Floats:
    """Return the levers a policy sets for E books of `figures` (E,): (E, 5) in the order of `types.LEVERS`.

    A lever that the policy does not name stays at 0, and so do all where there is no policy.

    Raises
    ------
    UsageError : a policy without `levers`, one that names a figure or lever that is not there, an answer of
        another shape, NaN or outside [-1, 1]; the policy is named.
    """
    made = np.zeros((books, len(LEVERS)))
    if policy is None:
        return made
    acting = portfolio_policy(policy, tuple(figures))
    answer = acting.levers(in_order(figures, acting.figure_names))
    made[:, [LEVERS.index(name) for name in acting.lever_names]] = checked_levers(acting, answer, books)
    return made


def opening_figures(tables: StepTables, books: int) -> dict[str, Floats]:
    """Return balance, past_due and late at the as-of date, each (E,)."""
    balance, state = tables.cells.balance[:, 0], tables.cells.state
    last = tables.parameters.live - 1
    parts = {
        "balance": balance,
        "past_due": balance * (state > 0),
        "late": balance * ((state == last) & (last > 0)),
    }
    return {name: np.full(books, part.sum()) for name, part in parts.items()}


def figures_of(
    month: int,
    history: Sequence[StepFlows],
    start: dict[str, Floats],
    factors: Sequence[str],
    macro: Floats | None,
) -> dict[str, Floats]:
    """Return every figure a policy may ask for, each (E,), from the last (up to three) months of flows.

    A rate of a book without balance is 0. `macro` (E, F) are the covariates of the month that ended; None
    shows zeros.
    """
    books = len(start["balance"])
    stock = {name: history[-1][name] for name in start} if history else start
    made = {name: np.zeros(books) for name in FIGURES}
    made["month"] = np.full(books, float(month))
    made["balance_ratio"] = _share(stock["balance"], start["balance"])
    made["delinquent_share"] = _share(stock["past_due"], stock["balance"])
    made["late_share"] = _share(stock["late"], stock["balance"])
    if history:
        made["default_rate"] = _yearly(history, "defaulted")
        made["charge_off_rate"] = _yearly(history, "charged_off")
        for figure, flow in _LAST_MONTH.items():
            made[figure] = _yearly(history[-1:], flow)
    shown = np.zeros((books, len(factors))) if macro is None else macro
    return made | {MACRO + name: shown[:, place] for place, name in enumerate(factors)}


_LAST_MONTH = {
    "prepayment_rate": "prepaid",
    "new_lending_rate": "new_lending",
    "interest_rate": "interest",
    "profit_rate": "profit",
}


def _yearly(history: Sequence[StepFlows], name: str) -> Floats:
    above = np.add.reduce([flows[name] for flows in history])
    below = np.add.reduce([flows["opening"] for flows in history])
    return 12.0 * _share(above, below)


def _share(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0.0)
