"""Behaviour from a panel: months by loan up to a date, and what came of the loan in the months after it."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from loantwin.arrays import Array, Floats, Integers
from loantwin.book.schema import DEFAULT_STATES, STATES
from loantwin.errors import ModelError, expected
from loantwin.models.scoring.behaviour import WINDOWS, History, behaviour
from loantwin.months import anchor_day, month_of, months_of

BACK = max(WINDOWS) + 1
"""Months of history that features read: a rise needs the month before the first."""
STEPS = ("current", "dpd_1_29", "dpd_30_59", "dpd_60_89")
"""States in steps of lateness, from 0; default is the step after the last."""
BAD, GOOD = "bad", "good"
MONTHLY = ("principal", "annual_rate", "scheduled_principal", "prepaid", "interest", "undrawn")
AT_DATE = ("principal", "annual_rate")


def rows_at(panel: pl.DataFrame, loans: pl.DataFrame, at: date, ahead: int) -> pl.DataFrame:
    """Return one row a loan that was live at a date: features known then, and what the months after told.

    Loans that are read were reported in the month of the date and not in default. `outcome` is bad where a
    state of default, or a charge-off, came within `ahead` months, good where the loan was reported through
    them or left otherwise, and missing where the panel ends or the loan is lost from sight before.

    Parameters
    ----------
    panel : as `read_tape` returns it. loans : with loan_id, product, originated_amount, origination_date.

    Raises
    ------
    ModelError : no loan was live at the date.
    """
    anchor = anchor_day(at)
    month = months_of(panel["report_date"].to_numpy().astype("datetime64[D]"), anchor).astype(np.int64)
    names, who = np.unique(panel["loan_id"].to_numpy().astype(str), return_inverse=True)
    now = month_of(at, anchor)
    state = panel["state"].to_list()
    step = np.array([_step(item) for item in state])
    known = month <= now
    grid = {name: _spread(panel[name].cast(pl.Float64).to_numpy(), who, now - month, len(names), known)
            for name in MONTHLY}  # fmt: skip
    arrears = _spread(step, who, now - month, len(names), known)
    bad_state = np.array([item in DEFAULT_STATES or item == "charged_off" for item in state])
    over = np.array([item is None or item not in STATES for item in state]) | bad_state
    ended = np.zeros(len(names), bool)
    np.logical_or.at(ended, who[known & over], True)
    live = np.flatnonzero(~np.isnan(arrears[:, 0]) & ~ended)
    if not len(live):
        raise ModelError(expected(f"loans that were live at {at}", "none"), field="at")
    paid = _paid(grid)
    limit = grid["principal"][:, 0] + grid["undrawn"][:, 0]
    history = History(arrears[live], grid["principal"][live], None if paid is None else paid[live],
                      None if np.isnan(limit).all() else limit[live])  # fmt: skip
    told = loans.select("loan_id", "product", "originated_amount", "origination_date")
    rows = pl.DataFrame({"loan_id": names[live], "as_of": [at] * len(live)})
    rows = rows.join(told, on="loan_id", how="left", maintain_order="left").with_columns(
        months_on_book=(pl.lit(at) - pl.col("origination_date")).dt.total_days() / (365.25 / 12)
    )
    made = {name: grid[name][live, 0] for name in AT_DATE} | behaviour(history)
    columns = [pl.Series(name, column).fill_nan(None) for name, column in made.items()]
    outcome = _outcome(who, month, bad_state, over & ~bad_state, now, ahead, len(names))[live]
    return rows.drop("origination_date").with_columns(
        *columns, pl.Series("outcome", outcome.tolist(), pl.String)
    )


def _step(state: str | None) -> float:
    if state in STEPS:
        return float(STEPS.index(state))
    return float(len(STEPS)) if state in DEFAULT_STATES else np.nan


def _spread(values: Array, who: Integers, back: Integers, loans: int, known: Array) -> Floats:
    """Return values by loan and months back, (N, BACK), NaN where there is none."""
    made = np.full((loans, BACK), np.nan)
    use = known & (back < BACK)
    made[who[use], back[use]] = values[use]
    return made


def _paid(grid: dict[str, Floats]) -> Floats | None:
    parts = [grid[name] for name in ("scheduled_principal", "prepaid", "interest")]
    if np.isnan(parts).all():
        return None
    return np.where(np.isnan(parts).all(axis=0), np.nan, np.nansum(parts, axis=0))


def _outcome(
    who: Integers, month: Integers, bad: Array, left: Array, now: int, ahead: int, loans: int
) -> Array:
    """Return bad, good or None of each loan, (N,)."""
    inside = (month > now) & (month <= now + ahead)
    had, gone, through = (np.zeros(loans, bool) for _ in range(3))
    np.logical_or.at(had, who[inside & bad], True)
    np.logical_or.at(gone, who[inside & left], True)
    np.logical_or.at(through, who[month >= now + ahead], True)
    made = np.full(loans, None, dtype=object)
    made[gone | through] = GOOD
    made[had] = BAD
    return made
