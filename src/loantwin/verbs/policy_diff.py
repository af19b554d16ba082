"""`policy diff`: what another policy would change, and for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from loantwin import arguments as check
from loantwin.decisions.application_file import read_applications
from loantwin.decisions.graph_policy import OUTCOMES, GraphPolicy, decide_frame, open_policy
from loantwin.types import Result

MOST = 1000
"""Applications that are listed; all are counted."""
COMPARED = ("outcome", "amount", "annual_rate", "term_months")


@dataclass(frozen=True)
class PolicyMove:
    """From an outcome to an outcome: applications, and what is granted to them before and after, money."""

    before: str
    after: str
    applications: int
    amount_before: float
    amount_after: float


@dataclass(frozen=True)
class PolicyChange:
    """An application that the second policy answers otherwise; figures are null unless approved."""

    application_id: str
    before: str
    after: str
    amount_before: float | None
    amount_after: float | None
    annual_rate_before: float | None
    annual_rate_after: float | None
    term_months_before: int | None
    term_months_after: int | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class PolicyDifference(Result):
    """What changes between two policies on the same applications.

    before, after : their names with version. applications : read; changed : answered otherwise.
    outcomes_before,
    outcomes_after : approve, decline, refer -> applications. moves : by outcomes. changes : who, at most
    `listed`; reasons are those of the second policy.
    """

    SCHEMA: ClassVar[str] = "loantwin.policy_diff/1"

    before: str
    after: str
    applications: int
    changed: int
    outcomes_before: Mapping[str, int]
    outcomes_after: Mapping[str, int]
    moves: tuple[PolicyMove, ...]
    listed: int
    changes: tuple[PolicyChange, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def policy_diff(
    a: Path | str, b: Path | str, *, applications: Path | str | pl.DataFrame, most: int = MOST
) -> PolicyDifference:
    """Decide the same applications by two policies and say what changes for whom.

    Dates in force are not asked: a policy is compared before its day comes.

    Parameters
    ----------
    a, b : decision graphs (JDM), before and after. applications : a file as `loantwin schema application`
        says, JSON lines, JSON, CSV or Parquet, or a frame of them. most : applications that are listed.

    Raises
    ------
    ConfigError : a file that is no policy. TapeError, UsageError : no applications; file, row and field
    named.
    ExtraError : zen-engine is not installed and a policy needs it.
    """
    check.count(0, most=most)
    frame = applications if isinstance(applications, pl.DataFrame) else read_applications(applications)
    one, two = open_policy(a), open_policy(b)
    before, after = (decide_frame(policy, frame, any_date=True) for policy in (one, two))
    both = before.select("application_id", *COMPARED).hstack(
        after.select(*(pl.col(name).alias(f"{name}_after") for name in (*COMPARED, "reasons")))
    )
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in COMPARED)
    changed = both.filter(differs)
    return PolicyDifference(
        before=_named(one),
        after=_named(two),
        applications=len(both),
        changed=len(changed),
        outcomes_before=_counted(both["outcome"]),
        outcomes_after=_counted(both["outcome_after"]),
        moves=_moves(changed),
        listed=min(most, len(changed)),
        changes=tuple(_change(row) for row in changed.head(most).iter_rows(named=True)),
        provenance={"before": str(a), "after": str(b)},
    )


def _named(policy: GraphPolicy) -> str:
    return f"{policy.name} {policy.version}".strip()


def _counted(outcomes: pl.Series) -> dict[str, int]:
    return {name: int((outcomes == name).sum()) for name in OUTCOMES}


def _moves(changed: pl.DataFrame) -> tuple[PolicyMove, ...]:
    cents = {
        new: (pl.col(old) * 100).round().cast(pl.Int64).sum() / 100
        for new, old in (("granted", "amount"), ("granted_after", "amount_after"))
    }
    moved = changed.group_by("outcome", "outcome_after").agg(pl.len(), **cents)
    rows = moved.sort("len", "outcome", "outcome_after", descending=[True, False, False]).iter_rows(
        named=True
    )
    return tuple(
        PolicyMove(
            row["outcome"],
            row["outcome_after"],
            int(row["len"]),
            float(row["granted"]),
            float(row["granted_after"]),
        )
        for row in rows
    )


def _change(row: Mapping[str, Any]) -> PolicyChange:
    return PolicyChange(
        application_id=row["application_id"],
        before=row["outcome"],
        after=row["outcome_after"],
        amount_before=row["amount"],
        amount_after=row["amount_after"],
        annual_rate_before=row["annual_rate"],
        annual_rate_after=row["annual_rate_after"],
        term_months_before=row["term_months"],
        term_months_after=row["term_months_after"],
        reasons=tuple(row["reasons_after"]),
    )
