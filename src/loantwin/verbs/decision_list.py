"""`decision list`: the decisions in a twin's log, and what became of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
from scipy.stats import beta

from loantwin import months
from loantwin.decisions.graph_policy import OUTCOMES
from loantwin.decisions.recording.recorded import SHADOW, recorded
from loantwin.decisions.scoring.told import origin
from loantwin.errors import UsageError, choice, expected
from loantwin.events.stops import read_stops
from loantwin.outlook.realised import LoanOutcome, loans_by_application, outcomes_of
from loantwin.twin import Twin, opened
from loantwin.types import Result

THIN = 10
"""Defaults, and loans without one, below which predicted and realised default are not compared (assumed)."""


@dataclass(frozen=True)
class RecordedDecision:
    """A decision and its loan, None where it became none. role : champion or challenger. code : of the main
    reason.
    """

    decision_id: str
    application_id: str
    day: dt.date
    role: str
    policy: str
    model: str | None
    outcome: str
    amount: float | None
    annual_rate: float | None
    annual_pd: float | None
    code: str | None
    loan: LoanOutcome | None


@dataclass(frozen=True)
class Realised:
    """Default within 12 months as predicted and as it came, of approved applications whose year is over.

    predicted : mean annual_pd. realised : share that defaulted, low and high its 95 % interval. verdict :
    inside (the interval holds what was predicted), above, below, or 'not shown' where cases are few.
    """

    loans: int
    defaults: int
    predicted: float | None
    realised: float | None
    low: float | None
    high: float | None
    verdict: str


@dataclass(frozen=True)
class DecisionList(Result):
    """Decisions in the order of the log. decisions : those asked for; all : how many there are.

    became : of those, how many are a loan of the book. stopped : scores and policies that are stopped.
    """

    SCHEMA: ClassVar[str] = "loantwin.decision_list/1"

    all: int
    became: int
    outcomes: Mapping[str, int]
    realised: Realised
    stopped: tuple[str, ...]
    decisions: tuple[RecordedDecision, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def decision_list(
    twin: Twin | Path | str,
    *,
    application: str | None = None,
    outcome: str | None = None,
    since: dt.date | str | None = None,
    loans: Path | str | None = None,
) -> DecisionList:
    """Return the decisions in a twin's log, each beside the loan that it became.

    Parameters
    ----------
    twin : an open twin, or its folder. application : only those of this number. outcome : only approve,
        decline or refer. since : only those from this day on. loans : a CSV with the columns application_id
        and loan_id; None, and an application that it does not name: the loan of the application's own number.

    Raises
    ------
    UsageError : no such outcome or day. TapeError : a file without these columns. LogError : a damaged log.
    """
    day = None if since is None else months.day(since, "since")
    kind = None if outcome is None else choice(outcome, OUTCOMES, "outcome")
    numbers = None if loans is None else loans_by_application(loans)
    with opened(twin) as twin:
        frame = recorded(twin.home, twin.head[0]).filter(pl.col("role") != SHADOW)
        chosen = frame
        if application is not None:
            chosen = chosen.filter(pl.col("application_id") == application)
            if not chosen.height:
                words = expected("an application that was decided and recorded", application)
                raise UsageError(words, field="application")
        if kind is not None:
            chosen = chosen.filter(pl.col("outcome") == kind)
        if day is not None:
            chosen = chosen.filter(pl.col("day") >= day)
        found = outcomes_of(twin, chosen["application_id"].to_list(), numbers)
        rows = tuple(_rows(chosen, found))
        return DecisionList(
            all=frame.height,
            became=sum(item.loan is not None for item in rows),
            outcomes={name: int((chosen["outcome"] == name).sum()) for name in OUTCOMES},
            realised=_realised(rows),
            stopped=tuple(read_stops(twin.home, twin.head[0])),
            decisions=rows,
            notes=tuple(_notes(frame, rows, twin)),
            provenance=origin(twin),
        )


def _rows(chosen: pl.DataFrame, found: Mapping[str, LoanOutcome]) -> Iterator[RecordedDecision]:
    names = [name for name in RecordedDecision.__dataclass_fields__ if name != "loan"]
    for row in chosen.iter_rows(named=True):
        loan = found.get(row["application_id"]) if row["outcome"] == "approve" else None
        yield RecordedDecision(**{name: row[name] for name in names}, loan=loan)


def _realised(rows: tuple[RecordedDecision, ...]) -> Realised:
    """Return predicted beside realised default; of an application decided twice, its last decision counts."""
    last = {item.application_id: item for item in rows}
    known = [
        (item.annual_pd, item.loan.defaulted_in_year)
        for item in last.values()
        if item.loan is not None and item.loan.defaulted_in_year is not None and item.annual_pd is not None
    ]
    loans, defaults = len(known), sum(bool(end) for _, end in known)
    if not loans:
        return Realised(0, 0, None, None, None, None, "not shown")
    predicted = sum(pd for pd, _ in known) / loans
    low = 0.0 if not defaults else float(beta.ppf(0.025, defaults, loans - defaults + 1))
    high = 1.0 if defaults == loans else float(beta.ppf(0.975, defaults + 1, loans - defaults))
    verdict = "above" if low > predicted else "below" if high < predicted else "inside"
    thin = min(defaults, loans - defaults) < THIN
    return Realised(loans, defaults, predicted, defaults / loans, low, high, "not shown" if thin else verdict)


def _notes(frame: pl.DataFrame, rows: tuple[RecordedDecision, ...], twin: Twin) -> Iterator[str]:
    if not frame.height:
        yield "no decision was recorded: `decide --record` records"
        return
    again = frame.height - frame["application_id"].n_unique()
    if again:
        yield f"{again:,} decisions are of applications that were decided before; the last one counts"
    if twin.last("TapeLoaded") is None:
        yield "the twin has no tape: what became of applications is not known"
    elif not any(item.loan for item in rows):
        yield "no application has the number of a loan of the book: name them with a file of loans"
