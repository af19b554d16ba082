"""The review queue: open cases with their time limits, and overrides of what the policy proposed,
measured."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import polars as pl

from loantwin.processes.definition import Process
from loantwin.processes.steps import folded, states

REVIEW = "review"
"""Name of the process whose cases are reviews."""
HOUR = 3_600_000_000
CONFIDENT = 1.959963984540054


@dataclass(frozen=True)
class ReviewRow:
    """A case that waits for people. amount : money. proposed : by the policy. due : end of the state's time
    limit;
    hours_left : until then, negative when over; None without a limit.
    """

    case: str
    state: str
    assignee: str | None
    amount: float | None
    proposed: str | None
    opened: str
    due: str | None
    hours_left: float | None


@dataclass(frozen=True)
class Overridden:
    """How often people decided otherwise than the policy proposed. by : of whom. low, high : 95 % interval of
    the share (Wilson).
    """

    by: str
    decided: int
    overridden: int
    share: float
    low: float
    high: float


def wilson(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927); 0 to 1 of nothing."""
    if not total:
        return 0.0, 1.0
    share, square = count / total, CONFIDENT**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    wide = CONFIDENT * math.sqrt(share * (1 - share) / total + square / (4 * total**2)) / (1 + square / total)
    low = 0.0 if count == 0 else middle - wide
    return low, 1.0 if count == total else middle + wide


def waiting(process: Process, steps: pl.DataFrame, now: dt.datetime) -> tuple[ReviewRow, ...]:
    """Return the cases that have not ended: those due first before others, without a limit last."""
    limits = {name: state.within_hours for name, state in process.states.items() if state.within_hours}
    held = states(steps).filter(~pl.col("state").is_in(process.ends))
    hours = pl.col("state").replace_strict(limits, default=None, return_dtype=pl.Float64)
    held = held.with_columns(due=pl.col("since") + pl.duration(microseconds=hours * HOUR))
    held = held.with_columns(left=(pl.col("due") - pl.lit(now)).dt.total_microseconds() / HOUR)
    return tuple(
        ReviewRow(
            row["case"], row["state"], row["assignee"], row["amount"], row["proposed"], _told(row["opened"]),
            None if row["due"] is None else _told(row["due"]), row["left"],
        )
        for row in held.sort("due", "opened", nulls_last=True).iter_rows(named=True)
    )  # fmt: skip


def overrides(process: Process, steps: pl.DataFrame) -> tuple[Overridden, ...]:
    """Return overrides of all, then of each person who decided; cases without a proposal are left out."""
    held = states(steps).filter(
        pl.col("state").is_in(process.ends)
        & pl.col("proposed").is_not_null()
        & pl.col("outcome").is_not_null()
    )
    if not held.height:
        return ()
    held = held.with_columns(other=pl.col("proposed") != pl.col("outcome"), who=folded(pl.col("by")))
    by = held.group_by("who").agg(
        pl.col("by").first(), pl.len().alias("decided"), pl.col("other").sum()
    ).sort("decided", "who", descending=[True, False])  # fmt: skip
    rows = [("all", held.height, int(held["other"].sum())), *by.select("by", "decided", "other").iter_rows()]
    return tuple(
        Overridden(who or "nobody named", decided, other, other / decided, *wilson(other, decided))
        for who, decided, other in rows
    )


def decided_in_time(process: Process, steps: pl.DataFrame) -> tuple[int, int, float | None]:
    """Return how many stays with a time limit were ended, how many of them late, and the median hours from
    opening to the end.
    """
    limits = {name: state.within_hours for name, state in process.states.items() if state.within_hours}
    stays = _stays(steps).with_columns(
        limit=pl.col("_was").replace_strict(limits, default=None, return_dtype=pl.Float64)
    ).filter(pl.col("limit").is_not_null())  # fmt: skip
    late = int((stays["hours"] > stays["limit"]).sum())
    ended = states(steps).filter(pl.col("state").is_in(process.ends))
    took = (ended["since"] - ended["opened"]).dt.total_microseconds() / HOUR
    middle = took.median()
    return stays.height, late, float(middle) if isinstance(middle, int | float) else None


def _stays(steps: pl.DataFrame) -> pl.DataFrame:
    """Return the stays that ended: state, and hours from its first moment to the one that left it."""
    known = steps.sort("case", "at", maintain_order=True).with_columns(
        _was=pl.col("state").shift(1).over("case")
    )
    moved = known.filter(pl.col("_was").is_null() | (pl.col("_was") != pl.col("state")))
    moved = moved.with_columns(_from=pl.col("at").shift(1).over("case"))
    hours = (pl.col("at") - pl.col("_from")).dt.total_microseconds() / HOUR
    return moved.filter(pl.col("_from").is_not_null()).with_columns(hours=hours)


def _told(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="minutes")
