"""New lending: the plan, and what one unit lent in each segment runs off like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.cells import Cells
from loantwin.engine.columns import LONGEST, LoanColumns, take
from loantwin.engine.rows import TransitionParameters, odds, rows_at
from loantwin.errors import ModelError, UsageError, expected


@dataclass(frozen=True)
class LendingPlan:
    """What is lent when the levers are at zero.

    kind : none; constant-balance (each month each segment lends what ran off in the month, by payment,
        prepayment or default, and never less than nothing); table (`amounts` decides).
    amounts : (T, G) currency lent at the end of month t = 1..T by segment; None unless kind is table.
    """

    kind: Literal["none", "constant-balance", "table"] = "none"
    amounts: Floats | None = None


def check_plan(plan: LendingPlan, months: int, segments: int) -> None:
    """Raise UsageError where a plan is not one."""
    if plan.kind not in ("none", "constant-balance", "table"):
        raise UsageError(expected("none, constant-balance or table", plan.kind), field="new_lending")
    if (plan.amounts is not None) != (plan.kind == "table"):
        raise UsageError(
            expected("amounts where the plan is a table, and only there", plan.kind), field="new_lending"
        )
    if plan.amounts is not None:
        if plan.amounts.shape[0] < months or plan.amounts.shape[1:] != (segments,):
            raise UsageError(
                expected(f"({months}, {segments}) amounts", plan.amounts.shape), field="new_lending"
            )
        if not (np.isfinite(plan.amounts).all() and (plan.amounts >= 0.0).all()):
            raise UsageError(expected("finite amounts of at least 0", "another"), field="new_lending")


def template_columns(columns: LoanColumns, segments: int) -> LoanColumns:
    """Return loans whose cells are the run-off of one unit lent in each segment: its own loans, started anew.

    Each loan of the book starts again at age 0 in the first live state with its original term (age +
    remaining), and is weighted so that the segment's principal adds up to 1. A segment without principal
    takes the mix of the whole book.

    Raises
    ------
    ModelError : a book without principal.
    """
    restarted = replace(
        columns,
        age=np.zeros_like(columns.age),
        state=np.zeros_like(columns.state),
        group=np.zeros_like(columns.group),
        remaining_months=np.minimum(columns.remaining_months + columns.age, LONGEST),
        accrued_interest=np.zeros_like(columns.accrued_interest),
    )
    lent = columns.weight * columns.principal
    if not lent.sum() > 0.0:
        raise ModelError(expected("a book with principal outstanding", lent.sum()), field="principal")
    parts = []
    for segment in range(segments):
        own = (columns.segment == segment) & (lent > 0.0)
        chosen = take(restarted, own if own.any() else lent > 0.0)
        total = (chosen.weight * chosen.principal).sum()
        parts.append(
            replace(chosen, segment=np.full(len(chosen.principal), segment), weight=chosen.weight / total)
        )
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in LoanColumns.__dataclass_fields__
    }
    return LoanColumns(**joined)


def check_templates(templates: Cells, segments: int, months: int) -> None:
    """Raise ModelError where templates are not one unit lent by segment, in order, for `months` months."""
    if (
        not np.array_equal(templates.segment, np.arange(segments))
        or templates.age.any()
        or templates.state.any()
    ):
        raise ModelError(
            expected("one template a segment, in order, of age 0 in the first state", "others"),
            field="templates",
        )
    if templates.interest.shape[1] < months:
        raise ModelError(
            expected(f"templates of at least {months} months", templates.interest.shape[1]), field="templates"
        )
    if not np.allclose(templates.balance[:, 0], 1.0, rtol=0.0, atol=1e-9):
        raise ModelError(expected("a start balance of 1", templates.balance[:, 0]), field="templates")


def segment_risk(parameters: TransitionParameters, segments: int | None = None, months: int = 12) -> Floats:
    """Return the log of segments' 12-month PD from age 0, standardised to mean 0 and deviation 1, (G,).

    At average macro and latent factors; of the first `segments` of them, None is all. All zero where segments
    do not differ.
    """
    count = len(parameters.segments) if segments is None else segments
    base, still = odds(parameters), np.ones(len(parameters.origin))
    segment = np.arange(count)
    live = np.zeros((count, parameters.live))
    live[:, 0] = 1.0
    defaulted = np.zeros(count)
    for month in range(1, months + 1):
        rows = rows_at(parameters, base, still, segment, np.full(count, month))
        after = np.einsum("gi,gij->gj", live, rows)
        live = after[:, : parameters.live]
        defaulted += after[:, parameters.default_state]
    if not (defaulted > 0.0).all():
        return np.zeros(count)
    log_pd = np.log(defaulted)
    spread = log_pd.std()
    return np.asarray((log_pd - log_pd.mean()) / spread) if spread > 1e-12 else np.zeros(count)
