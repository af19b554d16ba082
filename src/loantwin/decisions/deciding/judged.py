"""What a policy says of applications over columns, with the rows that fired as a list."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from loantwin.decisions.application_file import checked
from loantwin.decisions.graph_policy import GraphPolicy, nested
from loantwin.errors import ColumnsError

TEXTS = pl.List(pl.String)
KINDS: dict[str, Any] = {
    "application_id": pl.String, "outcome": pl.String, "amount": pl.Float64, "annual_rate": pl.Float64,
    "term_months": pl.Int64, "pattern": pl.String, "reasons": TEXTS, "codes": TEXTS, "reasons_zh": TEXTS,
    "problem": pl.String, "rules": TEXTS,
}  # fmt: skip


def judged(
    policy: GraphPolicy, frame: pl.DataFrame, on: date | None, *, any_date: bool = False
) -> pl.DataFrame:
    """Return what a policy says of N applications, (N, 11): columns of `KINDS`.

    Over columns, or one by one where columns do not know a node. Amounts are whole cents, at most what the
    policy grants. any_date : whatever the dates in force.

    Raises
    ------
    UsageError : a row that is no application. ConfigError : the policy is not in force on a day of theirs.
    """
    try:
        made = policy.decide_columns(frame, on=on, any_date=any_date).frame
        made = made.with_columns(_rules(policy, made).alias("rules"))
    except ColumnsError:
        made = _one_by_one(policy, frame, on, any_date)
    return rounded(made.select(*KINDS))


def rounded(made: pl.DataFrame) -> pl.DataFrame:
    """Return decisions with amounts in whole cents, not above what was granted, and rates of 12 decimals.

    What lies within 1e-6 of a cent is that cent. Trap: Polars divides a column by a number as it multiplies
    by its inverse, and one row otherwise than many; NumPy divides.
    """
    amount, rate = (made[name].to_numpy() for name in ("amount", "annual_rate"))
    return made.with_columns(
        pl.Series("amount", np.floor(amount * 100.0 + 1e-6) / 100.0, nan_to_null=True),
        pl.Series("annual_rate", np.round(rate, 12), nan_to_null=True),
    )


def _rules(policy: GraphPolicy, made: pl.DataFrame) -> pl.Series:
    """Return NODE/ROW of what fired, (N,) lists in the graph's order."""
    several = {
        node.name for node in policy.graph.nodes if node.table is not None and node.table.hit == "collect"
    }
    parts = []
    for name in [name for name in made.columns if name.startswith("rule.")]:
        node = name.removeprefix("rule.")
        row = pl.col(name)
        if node in several:
            prefix = pl.concat_str(pl.lit(f"{node}/"), pl.element())
            parts.append(
                row.replace("", None).str.split(",").list.eval(prefix).fill_null(pl.lit([], dtype=TEXTS))
            )
        else:
            parts.append(pl.concat_str(pl.lit(f"{node}/"), row))
    if not parts:
        return pl.Series([[]], dtype=TEXTS).new_from_index(0, len(made))
    return made.select(pl.concat_list(parts).list.drop_nulls().alias("rules")).to_series()


def _one_by_one(policy: GraphPolicy, frame: pl.DataFrame, on: date | None, any_date: bool) -> pl.DataFrame:
    found = [
        policy.decide(nested(row), on=on, any_date=any_date) for row in checked(frame).iter_rows(named=True)
    ]
    rows = [
        {
            **{name: getattr(item, name) for name in KINDS if name != "problem"},
            "problem": item.reasons[0] if item.problem else None,
        }
        for item in found
    ]
    lists = ("reasons", "codes", "reasons_zh", "rules")
    return pl.DataFrame([{**row, **{name: list(row[name]) for name in lists}} for row in rows], schema=KINDS)
