"""A policy that is a decision graph: opened, in force on a day, deciding one application or a frame of them.

What a graph's fields mean: `outcome` (approve, decline or refer), `amount`, `annual_rate`, `term_months`, and
`reasons`, a text or a list of texts. An approval without amount or term grants what was asked for; one
without a rate, and whatever the graph cannot say, is referred with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import polars as pl

from loantwin.decisions.application_file import check_application, checked, day_of
from loantwin.decisions.counter_grid import TWENTIETHS, CounterGrid, read_grid
from loantwin.decisions.graph.columns import evaluate_columns
from loantwin.decisions.graph.read import Graph, read_graph
from loantwin.decisions.graph.refusals import cells, runnable
from loantwin.decisions.graph.single import evaluate_strictly
from loantwin.decisions.graph.syntax import paths
from loantwin.decisions.graph.wanting import failed
from loantwin.decisions.graph_decision import decided_columns, decision_of, referred
from loantwin.decisions.policy_decision import OUTCOMES as OUTCOMES
from loantwin.decisions.policy_decision import PolicyDecision
from loantwin.errors import ColumnsError, ConfigError, GraphError, expected

KEYS = ("name", "version", "kind", "effective_from", "effective_to", "description", "counter_offer")
"""What a policy's `metadata` may hold."""


@dataclass(frozen=True)
class DecidedColumns:
    """What a policy says of N applications.

    frame : application_id, outcome, amount, annual_rate, term_months, pattern, reasons, codes, reasons_zh
    (lists), problem (text; null where the policy could say) and, for each table, `rule.NODE`: the row that
    fired. near : how many lie within 1e-9 of a cut in a number worked out.
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
    counter: CounterGrid = TWENTIETHS

    @cached_property
    def hash(self) -> str:
        """Return sha256 of what it decides by: nodes, edges and metadata."""
        text = json.dumps([self.graph.text, self.graph.metadata], sort_keys=True)
        return sha256(text.encode()).hexdigest()

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
            return referred(name, failed(problem.node))
        rules = tuple(f"{node}/{row}" for node, row in ran.fired)
        if ran.missing:
            return referred(name, ran.missing[0])
        return decision_of(name, application, ran.result if isinstance(ran.result, dict) else {}, rules)

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
        frame = self.read(frame)
        ran = evaluate_columns(self.graph, frame, strict=True)
        wrong = pl.select(pl.coalesce(pl.lit(ran.failed), pl.lit(ran.missing))).to_series()
        made = decided_columns(frame, ran.result, wrong)
        rules = ran.fired.select(pl.all().name.prefix("rule."))
        if wrong.null_count() < len(wrong):  # rows after a missing field stand for nothing
            rules = rules.select(pl.when(wrong.is_null()).then(pl.all()))
        return DecidedColumns(made.hstack(rules), ran.near)

    def read(self, applications: pl.DataFrame) -> pl.DataFrame:
        """Return what rules may read of applications: nothing personal unless a rule names it."""
        return applications if self.reads_personal else applications.select(pl.exclude("^personal\\..*$"))

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
    policy = policy_of(read_graph(path), path)
    if on is not None:
        policy.check_in_force(on)
    return policy


def policy_of(graph: Graph, path: str | Path) -> GraphPolicy:
    """Return a graph as a policy; errors name the file `path`.

    Raises
    ------
    ConfigError : as of `open_policy`.
    """
    runnable(graph, path)
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
    return GraphPolicy(
        str(metadata.get("name", Path(path).stem)),
        str(metadata.get("version", "")),
        first,
        last,
        graph,
        str(path),
        read_grid(metadata.get("counter_offer"), path),
    )


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
