"""Steps taken on cases, in columns: which are possible, and the state they lead each case to.

A step leads to one state, so that the state before a step is the one that the case's step before led to: a
whole table is judged at once, without a loop over its cases.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from loantwin.errors import UsageError, expected, unknown
from loantwin.processes.definition import Process, Step

OPEN = "open"
"""The step that makes a case."""
COLUMNS: dict[str, Any] = {
    "case": pl.String,
    "step": pl.String,
    "at": pl.Datetime("us", "UTC"),
    "by": pl.String,
    "amount": pl.Float64,
    "outcome": pl.String,
    "assignee": pl.String,
    "reason": pl.String,
    "proposed": pl.String,
    "state": pl.String,
}
"""Columns of a table of steps. at : when it was taken. amount : the case's, money. outcome : of a decision.
assignee : who has the case. proposed : what the policy would have decided. state : where it led."""


def no_steps() -> pl.DataFrame:
    """Return a table of steps without a row."""
    return pl.DataFrame(schema=COLUMNS)


def judged(
    process: Process, before: pl.DataFrame, taken: pl.DataFrame, file: object | None = None
) -> pl.DataFrame:
    """Return new steps with the states they lead to; each is possible where it stands.

    Parameters
    ----------
    before : steps that the home holds of this process. taken : new ones, without `state`; a step that is
        missing is told by its outcome. Rows of a case are in the order of `at`, equal moments in that of the
        table.
    file : named by a refusal, with the row from 1.

    Raises
    ------
    UsageError : no such step or outcome, a case that was not opened or was opened twice, a step that is not
        possible in the case's state (state, step and what is allowed are named), a moment before the case's
        last step, something that the step needs and nobody told, an amount outside the step's, four eyes that
        are two.
    """
    if not taken.height:
        return no_steps()
    new = taken.with_columns(_row=pl.int_range(1, pl.len() + 1), state=pl.lit(None, pl.String))
    old = before.with_columns(_row=pl.lit(0, pl.Int64))
    both = pl.concat([old.select(new.columns), new]).sort("case", "at", "_row", maintain_order=True)
    _refuse_late(both, file)
    both = _carried(_named(process, both, file))
    _refuse_first(process, both, file)
    _refuse_others(process, both, file)
    made = both.filter(pl.col("_row") > 0).sort("_row")
    return made.select(list(COLUMNS))


def _carried(steps: pl.DataFrame) -> pl.DataFrame:
    """Return steps with the state before each (`_was`), and the case's amount carried on."""
    return steps.with_columns(
        _was=pl.col("state").shift(1).over("case"),
        _last=pl.col("at").shift(1).over("case"),
        _was_new=pl.col("_row").shift(1).over("case"),
        amount=pl.col("amount").forward_fill().over("case"),
    )


def _named(process: Process, steps: pl.DataFrame, file: object | None) -> pl.DataFrame:
    """Return steps with their names, where an outcome told them, and the states that they lead to."""
    known = [OPEN, *process.steps]
    wrong = steps.filter((pl.col("_row") > 0) & pl.col("step").is_not_null() & ~pl.col("step").is_in(known))
    if wrong.height:
        raise UsageError(
            unknown(wrong["step"][0], known),
            file=file,
            row=row_of(wrong.sort("_row").row(0, named=True), file),
            field="step",
        )
    targets = {OPEN: process.start} | {step.name: step.to for step in process.steps.values()}
    steps = steps.with_columns(
        state=pl.col("state").fill_null(
            pl.col("step").replace_strict(targets, default=None, return_dtype=pl.String)
        )
    )
    rounds = 0
    while steps.filter(pl.col("step").is_null()).height:
        left = steps.filter(pl.col("step").is_null()).height
        steps = _by_outcome(process, _carried(steps), targets)
        rounds += 1
        if steps.filter(pl.col("step").is_null()).height == left:
            _refuse_outcome(process, _carried(steps), file)
    return steps


def _by_outcome(process: Process, steps: pl.DataFrame, targets: dict[str, str]) -> pl.DataFrame:
    """Return steps of which the outcome names the step, where the state before is known; one a case at
    most."""
    name = pl.lit(None, pl.String)
    for step in process.steps.values():
        if step.outcome is not None:
            fits = (
                pl.col("step").is_null()
                & (pl.col("outcome") == step.outcome)
                & pl.col("_was").is_in(step.source)
                & within(step)
            )
            name = pl.when(fits).then(pl.lit(step.name)).otherwise(name)
    made = steps.with_columns(step=pl.coalesce("step", name))
    return made.with_columns(
        state=pl.col("state").fill_null(
            pl.col("step").replace_strict(targets, default=None, return_dtype=pl.String)
        )
    ).drop("_was", "_last", "_was_new")


def within(step: Step) -> pl.Expr:
    """Return whether the case's amount lies in the step's band; True of a step without one."""
    fits = pl.lit(True)
    if step.above is not None:
        fits = fits & (pl.col("amount") > step.above)
    if step.up_to is not None:
        fits = fits & (pl.col("amount") <= step.up_to)
    return fits.fill_null(False)


def _refuse_outcome(process: Process, steps: pl.DataFrame, file: object | None) -> None:
    rows = steps.filter(
        pl.col("step").is_null() & (pl.col("_was").is_not_null() | (pl.col("_was_new").is_null()))
    )
    row = (rows if rows.height else steps.filter(pl.col("step").is_null())).sort("_row").row(0, named=True)
    if row["outcome"] is None:
        raise UsageError(
            expected("a step, or the outcome of a decision", "neither"),
            file=file,
            row=row_of(row, file),
            field="step",
        )
    raise impossible(process, row, f"outcome {row['outcome']}", file)


def impossible(process: Process, row: dict[str, Any], what: str, file: object | None) -> UsageError:
    """Return the refusal of a step: the case, its state, the step, and what is allowed there."""
    was = row["_was"]
    if was is None:
        words = f"expected case {row['case']} to be opened first (step {OPEN}), was {what}"
    else:
        allowed = ", ".join(_in_words(step) for step in process.leaving(was)) or "nothing: it has ended"
        amount = "" if row["amount"] is None else f" with an amount of {row['amount']:,.15g}"
        found = f"{what} of case {row['case']}{amount}"
        words = f"expected a step that is possible in state {was} ({allowed}), was {found}"
    return UsageError(words, file=file, row=row_of(row, file), field="step")


def row_of(row: dict[str, Any], file: object | None) -> int | None:
    """Return which row of the file it is; None of a step that comes from none."""
    return None if file is None else int(row["_row"])


def _in_words(step: Step) -> str:
    above = f" above {step.above:,.15g}" if step.above is not None else ""
    return step.name + above + (f" up to {step.up_to:,.15g}" if step.up_to is not None else "")


def _refuse_first(process: Process, steps: pl.DataFrame, file: object | None) -> None:
    """Raise UsageError at the first row whose step is not possible in its state."""
    fits = (pl.col("step") == OPEN) & pl.col("_was").is_null()
    for step in process.steps.values():
        fits = fits | ((pl.col("step") == step.name) & pl.col("_was").is_in(step.source) & within(step))
    wrong = steps.filter((pl.col("_row") > 0) & ~fits.fill_null(False)).sort("_row")
    if not wrong.height:
        return
    row = wrong.row(0, named=True)
    if row["step"] == OPEN:
        words = expected("each case opened once", f"case {row['case']}, which is in state {row['_was']}")
        raise UsageError(words.replace("'", ""), file=file, row=row_of(row, file), field="case")
    raise impossible(process, row, f"{row['step']}", file)


def _refuse_others(process: Process, steps: pl.DataFrame, file: object | None) -> None:
    """Raise UsageError where a step comes too early, lacks something, or is taken by who may not."""
    new = steps.filter(pl.col("_row") > 0)
    for step in process.steps.values():
        for need in step.needs:
            wrong = new.filter((pl.col("step") == step.name) & pl.col(need).is_null()).sort("_row")
            if wrong.height:
                row = wrong.row(0, named=True)
                words = expected(f"{need} told with {step.name} of case {row['case']}", "none")
                raise UsageError(words, file=file, row=row_of(row, file), field=need)
        for other in step.not_by:
            took = pl.when(pl.col("step") == other).then(folded(pl.col("by"))).forward_fill().over("case")
            wrong = steps.with_columns(_took=took).filter(
                (pl.col("_row") > 0)
                & (pl.col("step") == step.name)
                & (folded(pl.col("by")) == pl.col("_took"))
            )
            if wrong.height:
                row = wrong.sort("_row").row(0, named=True)
                words = expected(
                    f"another than who took {other} of case {row['case']} (four eyes)", row["by"]
                )
                raise UsageError(words, file=file, row=row_of(row, file), field="by")
        if step.by_assignee:
            holder = folded(pl.col("assignee").shift(1).over("case"))
            wrong = steps.with_columns(_holder=holder).filter(
                (pl.col("_row") > 0)
                & (pl.col("step") == step.name)
                & (folded(pl.col("by")) != pl.col("_holder"))
            )
            if wrong.height:
                row = wrong.sort("_row").row(0, named=True)
                words = expected(
                    f"{row['_holder']}, who has case {row['case']}; assign it to another first", row["by"]
                )
                raise UsageError(words, file=file, row=row_of(row, file), field="by")


def _refuse_late(steps: pl.DataFrame, file: object | None) -> None:
    """Raise UsageError at a new row that lies before a kept one, which would change what was decided."""
    late = steps.with_columns(_next=pl.col("_row").shift(-1).over("case")).filter(
        (pl.col("_row") > 0) & (pl.col("_next") == 0)
    )
    if late.height:
        row = late.sort("_row").row(0, named=True)
        words = expected(
            f"a moment after the last step of case {row['case']}", f"{row['at']:%Y-%m-%dT%H:%M:%SZ}"
        )
        raise UsageError(words, file=file, row=row_of(row, file), field="at")


def folded(name: pl.Expr) -> pl.Expr:
    """Return a name as it is compared, as the register of models does (`people.same_person`): by its letters
    and digits alone, upper case aside, so that no blank or sign that nobody sees makes another person.
    """
    plain = name.str.normalize("NFKC").str.to_lowercase()
    letters = plain.str.replace_all(r"[^\p{L}\p{N}]", "")
    return pl.when(letters == "").then(plain.str.strip_chars()).otherwise(letters)


def states(steps: pl.DataFrame) -> pl.DataFrame:
    """Return each case's state: the fold of its steps, in columns.

    Returns
    -------
    case, state, since (of the state), opened, steps (how many), amount, assignee (of a case that is
    assigned), outcome, proposed, by and reason of its last step; one row a case, in the order they were
    opened.
    """
    known = steps.sort("case", "at", maintain_order=True)
    changed = pl.col("state") != pl.col("state").shift(1).over("case")
    return (
        known.with_columns(
            _since=pl.when(changed.fill_null(True)).then(pl.col("at")).forward_fill().over("case")
        )
        .group_by("case", maintain_order=True)
        .agg(
            pl.col("state").last(),
            pl.col("_since").last().alias("since"),
            pl.col("at").first().alias("opened"),
            pl.len().alias("steps"),
            pl.col("amount").drop_nulls().last(),
            pl.col("assignee").last(),
            pl.col("outcome").drop_nulls().last(),
            pl.col("proposed").drop_nulls().first(),
            pl.col("by").last(),
            pl.col("reason").last(),
        )
        .sort("opened", maintain_order=True)
    )
