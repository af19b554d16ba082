"""Negative amounts that occur: what is owed to the borrower, and bookings taken back. The row stays, at 0."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loantwin.book.arrears import prefix
from loantwin.book.kinds import BALANCES, KEPT
from loantwin.book.mapping import TapeFormat
from loantwin.book.parse import FINDINGS


@dataclass(frozen=True)
class Kept:
    """Values at 0 where they were negative, one finding each, and the credits of the last balances,
    currency.
    """

    values: pl.DataFrame
    found: pl.DataFrame
    credits: float


def keep_credits(values: pl.DataFrame, mapping: TapeFormat) -> Kept:
    """Return parsed rows with negative balances and flows at 0, each listed with its amount's text.

    Parameters
    ----------
    values : rows with `\\nposition`, after columns were combined.
    """
    names = [name for name in values.columns if name in KEPT and values[name].dtype == pl.Float64]
    counts = values.select((pl.col(name) < 0).sum() for name in names).row(0) if names else ()
    negative = [name for name, count in zip(names, counts, strict=True) if count]
    if not negative:
        return Kept(values, pl.DataFrame(schema=FINDINGS), 0.0)
    parts = []
    for name in negative:
        places = values["\nposition"].filter(values[name] < 0).cast(pl.UInt32).alias("position")
        rule = "credit_balance" if name.removeprefix("panel.") in BALANCES else "negative_flow"
        parts.append(
            pl.DataFrame([places]).with_columns(pl.lit(name).alias("field"), pl.lit(rule).alias("rule"))
        )
    kept = values.with_columns(pl.col(name).clip(lower_bound=0.0) for name in negative)
    return Kept(kept, pl.concat(parts), _credits(values, mapping))


def _credits(values: pl.DataFrame, mapping: TapeFormat) -> float:
    name = prefix(mapping) + "principal"
    if name not in values.columns:
        return 0.0
    last = values
    if mapping.kind == "panel":
        last = values.sort("panel.report_date").group_by("loan_id", maintain_order=True).last()
    return -round(float(last[name].clip(upper_bound=0.0).sum()), 2) + 0.0
