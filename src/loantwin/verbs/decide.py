"""`decide`: approve, decline or refer applications, with terms, figures, reasons and counter-offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from loantwin.decisions.application_file import check_application, checked, read_applications
from loantwin.decisions.deciding.answer import Decision, decisions_of
from loantwin.decisions.deciding.decider import Decider
from loantwin.decisions.deciding.out import check_out, write_decisions
from loantwin.decisions.deciding.scores import check_schema
from loantwin.decisions.graph_policy import OUTCOMES, GraphPolicy, open_policy
from loantwin.errors import UsageError, expected
from loantwin.outlook.deciders import decider_of
from loantwin.outlook.valued import TwinValue, check_segments
from loantwin.twin import Twin, opened
from loantwin.types import Result

Applications = Path | str | pl.DataFrame | Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class OutcomeCount:
    """Applications of an outcome: how many, asked : money asked for, granted : money granted."""

    outcome: str
    applications: int
    asked: float
    granted: float


@dataclass(frozen=True)
class ReasonCount:
    """How many decisions of an outcome have a reason among theirs."""

    code: str
    text: str
    outcome: str
    applications: int


@dataclass(frozen=True)
class Decided(Result):
    """The decisions on applications.

    policy, model : by name and version; model is None without one. outcomes, reasons : counts, the most
    frequent reason first. counter_offers : how many declined or referred applications have one. decisions :
    in the order of the applications. file : where all of them were written, None where not asked for.
    """

    SCHEMA: ClassVar[str] = "loantwin.decide/1"

    policy: str
    model: str | None
    currency: str
    applications: int
    outcomes: tuple[OutcomeCount, ...]
    reasons: tuple[ReasonCount, ...]
    counter_offers: int
    decisions: tuple[Decision, ...]
    file: str | None
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def decide(
    applications: Applications,
    *,
    policy: Path | str | GraphPolicy,
    model: Path | str | None = None,
    twin: Twin | Path | str | None = None,
    on: date | None = None,
    out: Path | str | None = None,
) -> Decided:
    """Decide applications: approve, decline or refer, with terms, figures, reasons and a counter-offer.

    Parameters
    ----------
    applications : a file as `loantwin schema application` says (JSON lines, JSON, CSV, Parquet), a frame of
        them, or a list of mappings. policy : a decision graph (JDM), or an open one. model : the score: the
        name of which it is champion, its id or NAME/VERSION in the twin's register, or SCORES[#NAME], a
        folder of `score train`; None decides by what applications hold. twin : whose register holds the
        score, and which values what is lent. on : the day, of the policy for applications without one and of
        the score's approval; None: the policy asks applications, the score today. out : a file for all
        decisions, .jsonl, .csv or .parquet.

    Raises
    ------
    ConfigError : a file that is no policy, or one that is not in force. UsageError, TapeError : no
        applications, no such model, a model of the register without a twin; file, row and field are named.
    ModelError : a score whose columns the file does not have, or of another kind. ExtraError : zen-engine or
        what the score needs is not installed.
    """
    target = check_out(out)
    rules = policy if isinstance(policy, GraphPolicy) else open_policy(policy)
    frame, whole = _frame(applications)
    with decider(rules, model=model, twin=twin, on=on) as made:
        if whole:
            _check_columns(made, frame, applications)
        found = made.columns(frame, on=on)
        if target is not None:
            write_decisions(found, made.versions, target)
        return _result(made, frame, found, target, model, twin)


@contextmanager
def decider(
    policy: GraphPolicy,
    *,
    model: Path | str | None = None,
    twin: Twin | Path | str | None = None,
    on: date | None = None,
) -> Iterator[Decider]:
    """Yield what decides one application after another in process: `decide(application)`, `columns(frame)`.

    Parameters
    ----------
    policy, model, twin, on : as of `decide`.

    Raises
    ------
    UsageError : no such model, or a model of the register without a twin. ModelError : a damaged folder.
    """
    if twin is None:
        yield decider_of(policy, None, model, on)
        return
    with opened(twin) as seen:
        yield decider_of(policy, seen, model, on)


def _frame(applications: Applications) -> tuple[pl.DataFrame, bool]:
    """Return applications as a frame, and whether it is a table whose columns must be there."""
    if isinstance(applications, Path | str):
        return read_applications(applications), True
    if isinstance(applications, pl.DataFrame):
        found, whole = checked(applications), True
    else:
        rows = list(applications)
        for row in rows:
            check_application(row)
        found, whole = (
            checked(pl.DataFrame(rows, infer_schema_length=None)) if rows else pl.DataFrame(),
            False,
        )
    if not len(found):
        raise UsageError(expected("at least one application", "none"), field="applications")
    return found, whole


def _check_columns(made: Decider, frame: pl.DataFrame, applications: Applications) -> None:
    file = applications if isinstance(applications, Path | str) else None
    if made.score is not None and made.score.score is not None:
        check_schema(made.score.score, frame.columns, file)
    if isinstance(made.value, TwinValue):
        check_segments(made.value, frame.columns, file)


def _result(
    made: Decider, frame: pl.DataFrame, found: pl.DataFrame, target: Path | None,
    model: Path | str | None, twin: Twin | Path | str | None,
) -> Decided:  # fmt: skip
    seen = made.value.outlook.twin if isinstance(made.value, TwinValue) else None
    return Decided(
        policy=f"{made.policy.name} {made.policy.version}".strip(),
        model=None if made.score is None else f"{made.score.name} ({made.score.id})",
        currency="" if seen is None else seen.currency,
        applications=len(found),
        outcomes=_outcomes(frame, found),
        reasons=_reasons(found),
        counter_offers=found["counter_amount"].count(),
        decisions=decisions_of(found, made.versions),
        file=None if target is None else str(target),
        notes=_notes(made, frame, twin is not None),
        provenance={
            "program": made.versions.program, "policy": made.policy.file, "policy_hash": made.policy.hash,
            "model": None if model is None else str(model), "model_hash": made.versions.model_hash,
            "log_head": made.versions.twin,
        },
    )  # fmt: skip


def _outcomes(frame: pl.DataFrame, found: pl.DataFrame) -> tuple[OutcomeCount, ...]:
    both = found.select("outcome", "amount").with_columns(frame["amount"].cast(pl.Float64).alias("asked"))
    made = []
    for name in OUTCOMES:
        mine = both.filter(pl.col("outcome") == name)
        made.append(OutcomeCount(name, len(mine), float(mine["asked"].sum()), float(mine["amount"].sum())))
    return tuple(made)


def _reasons(found: pl.DataFrame) -> tuple[ReasonCount, ...]:
    counted = (
        found.select("outcome", "codes", "reasons")
        .filter(pl.col("codes").list.len() > 0)
        .explode("codes", "reasons")
        .group_by("codes", "reasons", "outcome")
        .len()
        .sort("len", "codes", "reasons", "outcome", descending=[True, False, False, False])
    )
    return tuple(
        ReasonCount(row["codes"], row["reasons"], row["outcome"], int(row["len"]))
        for row in counted.iter_rows(named=True)
    )


def _notes(made: Decider, frame: pl.DataFrame, with_twin: bool) -> tuple[str, ...]:
    """Return in words what a reader must know of the score and of the twin."""
    use, said = made.score, []
    if use is None:
        return ("no score was asked: the policy reads what applications hold",)
    if use.refused is not None:
        said.append(f"every application is referred: {use.refused[1]}")
    if not use.registered:
        said.append("the score is in no register: nobody approved it")
    if made.value is None:
        why = "the twin was not fitted with this score" if with_twin else "no twin was asked"
        said.append(f"{why}: annual_pd is the score's own, and what is lent is not valued")
    said += [
        f"{count:,} applications hold {name} beyond what training showed: they are scored as the model was "
        "made to"
        for name, count in made.beyond(frame).items()
    ]
    for name in ("score", "annual_pd"):
        own = frame[name].count() if name in frame.columns else 0
        if own:
            said.append(f"{own:,} applications hold {name} of their own: the model's is used")
    return tuple(said)
