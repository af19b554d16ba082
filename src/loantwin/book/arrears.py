"""The state of a loan that its source does not state: from days past due, from what is owed, from how it
ended.
"""

from __future__ import annotations

import polars as pl

from loantwin.book.mapping import TapeFormat
from loantwin.errors import MappingError, expected

STATE_ENDS = {"current": 0, "dpd_1_29": 29, "dpd_30_59": 59}
"""Most days past due of the states that stand before default, in rising order; the rest is dpd_60_89."""

DEFAULT_ENDS = {"default_0_3": 90, "default_3_6": 180, "default_6_9": 270, "default_9_12": 360}
"""Most days since the day of default of the states of default, in rising order; the rest is 12 months and
more.
"""


def state_of_days(days: pl.Expr, default_days: int = 90) -> pl.Expr:
    """Return the state that days past due tell: null where they are missing.

    Parameters
    ----------
    days : days past due, at least 0. default_days : in default from this many; each three months of default
        count 90 days.
    """
    state: pl.Expr = pl.lit("default_12_plus")
    for name, most in reversed(DEFAULT_ENDS.items()):
        state = pl.when(days - default_days <= most).then(pl.lit(name)).otherwise(state)
    return pl.when(days >= default_days).then(state).otherwise(live_state(days))


def live_state(days: pl.Expr) -> pl.Expr:
    """Return the state before default that days past due tell, dpd_60_89 however many; null where missing."""
    state: pl.Expr = pl.when(days.is_not_null()).then(pl.lit("dpd_60_89"))
    for name, most in reversed(STATE_ENDS.items()):
        state = pl.when(days <= most).then(pl.lit(name)).otherwise(state)
    return state


def with_days(values: pl.DataFrame, mapping: TapeFormat) -> pl.DataFrame:
    """Return parsed rows with the days past due counted from the oldest unpaid instalment where none are
    stated.
    """
    if "oldest_unpaid_date" not in values.columns:
        return values
    name = prefix(mapping) + "days_past_due"
    counted = (observed_on(mapping) - pl.col("oldest_unpaid_date")).dt.total_days().clip(lower_bound=0)
    stated = pl.col(name) if name in values.columns else pl.lit(None, pl.Float64)
    return values.with_columns(pl.coalesce(stated, counted.cast(pl.Float64)).alias(name))


def with_states(values: pl.DataFrame, mapping: TapeFormat) -> pl.DataFrame:
    """Return parsed rows with a state wherever the source states none and its days past due tell one.

    A loan that carries a date of default in a table with one row a loan keeps no state: the months since that
    date decide at the date of the book. In a panel that maps no state, a month that leaves nothing owed ends
    the loan: charged off where an amount was, else repaid.

    Raises
    ------
    MappingError : a panel that tells neither states, nor arrears, nor how loans ended.
    """
    own = prefix(mapping)
    state, days = f"{own}state", f"{own}days_past_due"
    stated = pl.col(state) if state in values.columns else pl.lit(None, pl.String)
    if days in values.columns:
        told = state_of_days(pl.col(days), mapping.default.days)
        if mapping.kind != "panel" and "default_date" in values.columns:
            told = pl.when(pl.col("default_date").is_null()).then(told)
        if mapping.kind == "panel" and state not in values.columns:
            told = pl.coalesce(_end(values, mapping.default.days), told)
        return values.with_columns(pl.coalesce(stated, told).alias(state))
    if mapping.kind == "panel" and state not in values.columns:
        if "ended" not in values.columns:
            raise MappingError(
                expected("a panel column state or days_past_due, or a checked column ended", "none"),
                file=mapping.file,
                field="panel.state",
            )
        return values.with_columns(pl.lit(None, pl.String).alias(state))
    return values


def prefix(mapping: TapeFormat) -> str:
    """Return what stands before the names of columns that a tape reports again and again."""
    return "panel." if mapping.kind == "panel" else ""


def observed_on(mapping: TapeFormat) -> pl.Expr:
    """Return the day each parsed row speaks of."""
    if mapping.kind == "panel":
        return pl.col("panel.report_date")
    return pl.lit(mapping.as_of, pl.Date) if "state_date" not in mapping.columns else pl.col("state_date")


def _end(values: pl.DataFrame, default_days: int) -> pl.Expr:
    """Return how a panel's loan ended in a month that leaves nothing owed, null where it goes on.

    Only a balance of 0 ends a loan, or none beside an amount charged off; a line may be unused. One that was
    in default and of whose losses nothing is told is settled: how is not known.
    """
    names = set(values.columns)
    if "panel.principal" not in names:
        return pl.lit(None, pl.String)
    day, owed = pl.col("panel.report_date"), pl.col("panel.principal")
    line = (pl.col("product") == "revolving").fill_null(False) if "product" in names else pl.lit(False)
    lost = []
    if "panel.charged_off" in names:
        lost.append(
            pl.col("panel.charged_off").fill_null(0.0).cum_sum().over("loan_id", order_by="panel.report_date")
            > 0
        )
    if "charge_off_date" in names:
        lost.append((pl.col("charge_off_date") <= day).fill_null(False))
    end: pl.Expr = pl.lit("prepaid")
    due = _due(names)
    if due is not None:
        end = pl.when(day >= due).then(pl.lit("matured")).otherwise(end)
    if not lost and "charged_off" not in names:
        before = pl.col("panel.days_past_due").shift(1).over("loan_id", order_by="panel.report_date")
        end = pl.when(before >= default_days).then(pl.lit("settled")).otherwise(end)
    written_off = pl.any_horizontal(lost) & (owed.fill_null(0.0) == 0) if lost else pl.lit(False)
    return pl.when(written_off).then(pl.lit("charged_off")).when((owed == 0) & ~line).then(end)


def _due(names: set[str]) -> pl.Expr | None:
    """Return the contractual end, as far as the tape tells."""
    found = [pl.col("maturity_date")] if "maturity_date" in names else []
    if {"origination_date", "term_months"} <= names:
        months = pl.format("{}mo", pl.col("term_months").cast(pl.Int64))
        found.append(pl.col("origination_date").dt.offset_by(months))
    return pl.coalesce(found) if found else None
