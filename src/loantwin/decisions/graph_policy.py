"""A policy that is a decision graph: opened, in force on a day, deciding one application or a frame of them.

What a graph's fields mean: `outcome` (approve, decline or refer), `amount`, `annual_rate`, `term_months`, and
`reasons`, a text or a list of texts. An approval without amount or term grants what was asked for; one
without a rate, and whatever the graph cannot say, is referred with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

import polars as pl

from loantwin.decisions.application_file import check_application, checked, day_of
from loantwin.decisions.graph.columns import evaluate_columns
from loantwin.decisions.graph.read import Graph, read_graph
from loantwin.decisions.graph.refusals import cells, runnable
from loantwin.decisions.graph.single import evaluate_strictly
from loantwin.decisions.graph.syntax import paths
from loantwin.decisions.graph.wanting import failed
from loantwin.errors import ColumnsError, ConfigError, GraphError, expected

Outcome = Literal["approve", "decline", "refer"]
OUTCOMES: tuple[Outcome, ...] = ("approve", "decline", "refer")
KEYS = ("name", "version", "effective_from", "effective_to", "description")
"""What a policy's `metadata` may hold."""
NO_OUTCOME = "no row of the policy decides"
NO_RATE = "the policy approves without a rate"
TOO_MUCH = "the policy grants more than was asked for"


@dataclass(frozen=True)
class PolicyDecision:
    """What a policy says of one application.

    outcome : approve, decline or refer. amount : money granted; annual_rate : decimal a year; term_months;
    all None unless approved. reasons : in the policy's words, or why it could not say. rules : NODE/ROW that
    fired.
    """

    application_id: str
    outcome: Outcome
    amount: float | None
    annual_rate: float | None
    term_months: int | None
    reasons: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True)
class DecidedColumns:
    """What a policy says of N applications.

    frame : application_id, outcome, amount, annual_rate, term_months, reasons (list) and, for each table,
    `rule.NODE`: the row that fired. near : how many lie within 1e-9 of a cut in a number worked out.
    """

    frame: pl.DataFrame
    near: int


@dataclass(frozen=True, eq=False)
class GraphPolicy:
    """A decision graph as a policy; it is in force from the first day to the last, both included."""

    name: str
    version: str
    effective_from: date | None
    effective_to: date | None
    graph: Graph
    file: str

    @cached_property
    def reads_personal(self) -> bool:
        """Return whether a rule names a field under `personal`."""
        return any(path[0] == "personal" for cell in cells(self.graph) for path in paths(cell.tree()))

    def check_in_force(self, on: date | None) -> None:
        """Raise where the policy is not in force on a day.

        Raises
        ------
        ConfigError : another day, or none where the policy has dates.
        """
        if self.effective_from is None and self.effective_to is None:
            return
        if on is None:
            raise ConfigError(
                expected("a day, application_date or on=, for a policy with dates", "none"), file=self.file
            )
        after = self.effective_from is not None and on < self.effective_from
        if after or (self.effective_to is not None and on > self.effective_to):
            raise ConfigError(
                expected(f"a policy in force on {on}", f"one in force {self.span}"), file=self.file
            )

    @property
    def span(self) -> str:
        """Return when it is in force, in words."""
        begin = "" if self.effective_from is None else f"from {self.effective_from}"
        end = "" if self.effective_to is None else f"to {self.effective_to}"
        return " ".join(filter(None, (begin, end))) or "always"

    def decide(
        self, application: Mapping[str, Any], *, on: date | None = None, any_date: bool = False
    ) -> PolicyDecision:
        """Return the decision on one application.

        Parameters
        ----------
        application : as `loantwin schema application` says. on : the day, where the application has none.
        any_date : decide whatever the dates in force.

        Raises
        ------
        UsageError : no application. ConfigError : the policy is not in force on the day.
        ExtraError : zen-engine is not installed.
        """
        check_application(application)
        if not any_date:
            self.check_in_force(day_of(application) or on)
        given = (
            dict(application)
            if self.reads_personal
            else {key: value for key, value in application.items() if key.split(".")[0] != "personal"}
        )
        name = str(application["application_id"])
        try:
            ran = evaluate_strictly(self.graph, given)
        except GraphError as problem:
            return PolicyDecision(name, "refer", None, None, None, (failed(problem.node),), ())
        rules = tuple(f"{node}/{row}" for node, row in ran.fired)
        if ran.missing:
            return PolicyDecision(name, "refer", None, None, None, ran.missing[:1], ())
        return _decision(name, application, ran.result if isinstance(ran.result, dict) else {}, rules)

    def decide_columns(
        self, applications: pl.DataFrame, *, on: date | None = None, any_date: bool = False
    ) -> DecidedColumns:
        """Return the decisions on N applications: the same as of `decide`.

        Parameters
        ----------
        applications : (N, fields), nested ones by dotted names. any_date : decide whatever the dates in
            force.

        Raises
        ------
        UsageError : a row that is no application. ConfigError : the policy is not in force on a day of
            theirs.
        ColumnsError : a node that columns do not know; `decide` runs it one by one.
        """
        frame = checked(applications)
        if not any_date:
            self._in_force(frame, on)
        if not self.reads_personal:
            frame = frame.select(pl.exclude("^personal\\..*$"))
        ran = evaluate_columns(self.graph, frame, strict=True)
        wrong = pl.select(pl.coalesce(pl.lit(ran.failed), pl.lit(ran.missing))).to_series()
        made = _decided(frame, ran.result, wrong)
        rules = ran.fired.select(pl.all().name.prefix("rule."))
        if wrong.null_count() < len(wrong):  # rows after a missing field stand for nothing
            rules = rules.select(pl.when(wrong.is_null()).then(pl.all()))
        return DecidedColumns(made.hstack(rules), ran.near)

    def _in_force(self, frame: pl.DataFrame, on: date | None) -> None:
        if "application_date" not in frame.columns:
            self.check_in_force(on)
            return
        days = frame["application_date"].str.to_date("%Y-%m-%d")
        first, last = days.min(), days.max()
        for day in dict.fromkeys((first, last, *((on,) if days.null_count() else ()))):
            self.check_in_force(cast("date | None", day))


def open_policy(path: str | Path, *, on: date | None = None) -> GraphPolicy:
    """Return the policy in a JDM file: what analysts edit in the GoRules editor.

    Parameters
    ----------
    path : the file; its `metadata` holds name, version, effective_from and effective_to. on : a day on which
        it must be in force; None leaves that to each application's day.

    Raises
    ------
    ConfigError : no such file, no graph, a node that is refused (a function, a clock, a loop), an unknown key
        of its metadata, dates out of order, a day on which it is not in force.
    """
    graph = runnable(read_graph(path), path)
    for node in graph.nodes:
        if node.loop:
            words = f"expected nodes asked once, was a loop at {node.name}: a missing field is not told in it"
            raise ConfigError(words, file=path)
    metadata = graph.metadata
    for key in metadata:
        if key not in KEYS:
            raise ConfigError(expected("one of " + ", ".join(KEYS), key), file=path, field=f"metadata.{key}")
    first, last = (_day(metadata.get(key), key, path) for key in ("effective_from", "effective_to"))
    if first is not None and last is not None and last < first:
        raise ConfigError(expected(f"effective_to from {first} on", last), file=path, field="metadata")
    policy = GraphPolicy(
        str(metadata.get("name", Path(path).stem)),
        str(metadata.get("version", "")),
        first,
        last,
        graph,
        str(path),
    )
    if on is not None:
        policy.check_in_force(on)
    return policy


def _day(value: Any, key: str, path: str | Path) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as problem:
        raise ConfigError(
            expected("a day as YYYY-MM-DD", str(value)), file=path, field=f"metadata.{key}"
        ) from problem


def decide_frame(
    policy: GraphPolicy, applications: pl.DataFrame, *, on: date | None = None, any_date: bool = False
) -> pl.DataFrame:
    """Return the decisions on N applications: over columns, or one by one where columns do not know a node.

    Raises
    ------
    UsageError : a row that is no application. ConfigError : the policy is not in force on a day of theirs.
    """
    try:
        return policy.decide_columns(applications, on=on, any_date=any_date).frame
    except ColumnsError:
        decided = [
            policy.decide(nested(row), on=on, any_date=any_date)
            for row in checked(applications).iter_rows(named=True)
        ]
    return pl.DataFrame(
        [
            {
                "application_id": item.application_id,
                "outcome": item.outcome,
                "amount": item.amount,
                "annual_rate": item.annual_rate,
                "term_months": item.term_months,
                "reasons": list(item.reasons),
            }
            for item in decided
        ],
        schema_overrides={
            "amount": pl.Float64,
            "annual_rate": pl.Float64,
            "term_months": pl.Int64,
            "reasons": pl.List(pl.String),
        },
    )


def nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of dotted names as an application; missing fields are left out."""
    made: dict[str, Any] = {}
    for name, value in row.items():
        if value is None:
            continue
        *path, last = name.split(".")
        place = made
        for key in path:
            place = place.setdefault(key, {})
        place[last] = value
    return made


def _decision(
    name: str, asked: Mapping[str, Any], result: Mapping[str, Any], rules: tuple[str, ...]
) -> PolicyDecision:
    outcome = result.get("outcome")
    amount, rate, term = (result.get(key) for key in ("amount", "annual_rate", "term_months"))
    reasons = _reasons(result.get("reasons"))
    problem = ""
    if outcome is None:
        problem = NO_OUTCOME
    elif outcome not in OUTCOMES:
        problem = _no_outcome(str(outcome))
    elif outcome == "approve" and rate is None:
        problem = NO_RATE
    elif outcome == "approve" and amount is not None and amount > asked["amount"]:
        problem = TOO_MUCH
    if problem:
        return PolicyDecision(name, "refer", None, None, None, (problem,), rules)
    if outcome != "approve":
        return PolicyDecision(name, cast("Outcome", outcome), None, None, None, reasons, rules)
    granted = float(asked["amount"] if amount is None else amount)
    months = int(asked["term_months"] if term is None else term)
    return PolicyDecision(name, "approve", granted, float(cast("float", rate)), months, reasons, rules)


def _no_outcome(word: str) -> str:
    return f"outcome {word} is none of {', '.join(OUTCOMES)}"


def _reasons(value: Any) -> tuple[str, ...]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(str(item) for item in value if item is not None)
    return () if value is None else (str(value),)


def _decided(frame: pl.DataFrame, result: pl.DataFrame, wrong: pl.Series) -> pl.DataFrame:
    """Return decisions (N, 6) from a graph's fields, and what was wrong (N,) text."""
    made = frame.select(
        "application_id", asked=pl.col("amount").cast(pl.Float64), months=pl.col("term_months").cast(pl.Int64)
    )
    found = {
        key: result[key]
        for key in ("outcome", "amount", "annual_rate", "term_months", "reasons")
        if key in result.columns
    }
    rows = len(frame)
    outcome = _series(found.get("outcome"), pl.String, rows)
    amount = _series(found.get("amount"), pl.Float64, rows)
    rate = _series(found.get("annual_rate"), pl.Float64, rows)
    term = _series(found.get("term_months"), pl.Float64, rows)
    reasons = found.get("reasons")
    listed = reasons if reasons is not None and isinstance(reasons.dtype, pl.List) else None
    said = listed if listed is not None else _series(reasons, pl.String, rows)
    made = made.with_columns(
        wrong.alias("wrong"),
        outcome.alias("said"),
        amount.alias("granted"),
        rate.alias("rate"),
        term.alias("term"),
        said.alias("words"),
    )
    approve = pl.col("said") == "approve"
    problem = (
        pl.when(pl.col("wrong").is_not_null())
        .then(pl.col("wrong"))
        .when(pl.col("said").is_null())
        .then(pl.lit(NO_OUTCOME))
        .when(~pl.col("said").is_in(OUTCOMES))
        .then(pl.format("outcome {} is none of " + ", ".join(OUTCOMES), pl.col("said")))
        .when(approve & pl.col("rate").is_null())
        .then(pl.lit(NO_RATE))
        .when(approve & (pl.col("granted") > pl.col("asked")))
        .then(pl.lit(TOO_MUCH))
    )
    made = made.with_columns(problem.alias("problem"))
    well = pl.col("problem").is_null()
    granted = well & approve
    if listed is None:
        reason = made.select(pl.when(well).then("words").otherwise("problem")).to_series()
        reasons = reason.reshape((len(reason), 1)).arr.to_list()
        told = pl.lit(reasons.list.drop_nulls() if reason.null_count() else reasons)
    else:
        none = pl.lit([], dtype=pl.List(pl.String))
        told = pl.when(well).then(pl.col("words").fill_null(none)).otherwise(pl.concat_list("problem"))
    return made.select(
        "application_id",
        pl.when(well).then(pl.col("said")).otherwise(pl.lit("refer")).alias("outcome"),
        pl.when(granted).then(pl.coalesce("granted", "asked")).alias("amount"),
        pl.when(granted).then(pl.col("rate")).alias("annual_rate"),
        pl.when(granted).then(pl.coalesce(pl.col("term").cast(pl.Int64), "months")).alias("term_months"),
        told.alias("reasons"),
    )


def _series(value: pl.Series | None, kind: type[pl.DataType], rows: int) -> pl.Series:
    """Return a field of the result; one that the graph does not give, or of another kind, is missing."""
    if value is None or value.dtype == pl.Null:
        return pl.Series(pl.Series([None] * rows, dtype=kind))
    if value.dtype == kind:
        return value
    return value.cast(kind, strict=False)
