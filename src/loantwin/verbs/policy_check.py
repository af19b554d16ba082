"""`policy check`: what is wrong with a policy before anybody is decided by it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from loantwin import months
from loantwin.decisions.application_file import FIELDS, application_schema
from loantwin.decisions.graph.columns import evaluate_columns
from loantwin.decisions.graph.domains import domains_of
from loantwin.decisions.graph.findings import findings
from loantwin.decisions.graph.read import Graph, read_graph
from loantwin.decisions.graph.refusals import refusals
from loantwin.decisions.kinds import INPUTS, kind_of
from loantwin.decisions.profiles import read_against, rules_of
from loantwin.errors import ColumnsError, ConfigError, expected
from loantwin.types import Result

SAMPLE = {"text": pl.String, "date": pl.String, "number": pl.Float64, "integer": pl.Int64, "flag": pl.Boolean}


@dataclass(frozen=True)
class PolicyFinding:
    """Something found in a policy.

    kind : gap, overlap, unreachable, unknown-field, clock, unsupported; with a profile protected or
    exclusion. cell : where in the node, empty for the node itself. blamed : whether it keeps the policy from
    being ok.
    """

    kind: str
    node: str
    cell: str
    words: str
    blamed: bool


@dataclass(frozen=True)
class PolicyChecked(Result):
    """What a look through a policy found.

    ok : nothing found is blamed. nodes, rows : of the graph, rows those of its tables. tests : embedded ones.
    over_columns : whether it runs over columns; one_by_one : why not, empty where it does.
    """

    SCHEMA: ClassVar[str] = "loantwin.policy_check/1"

    policy: str
    version: str
    ok: bool
    findings: tuple[PolicyFinding, ...]
    nodes: int
    rows: int
    tests: int
    over_columns: bool
    one_by_one: str
    provenance: Mapping[str, Any] = field(default_factory=dict)


def policy_check(
    policy: Path | str, *, schema: Path | str | None = None, profile: Sequence[str] = ()
) -> PolicyChecked:
    """Look through a policy: gaps, overlaps, dead rows, unknown fields, the clock, what cannot be run.

    Parameters
    ----------
    policy : a decision graph (JDM), as the GoRules editor writes it. schema : a JSON Schema of its input;
        None takes that of the kind that its metadata states,
        an application or a case of arrears. profile : us, eu, cn: what their rules forbid to read is told.

    Raises
    ------
    ConfigError : a file that is no graph, or no JSON Schema. UsageError : an unknown profile.
    """
    graph = read_graph(policy)
    kind = kind_of(graph.metadata, policy)
    given = INPUTS[kind]() if schema is None else _schema(Path(schema))
    found = findings(graph, *domains_of(given))
    told = tuple(PolicyFinding(item.kind, item.node, item.cell, item.words, item.blamed) for item in found)
    told += _forbidden(graph, profile)
    application = schema is None and INPUTS[kind] is application_schema
    why = "" if refusals(graph) else _one_by_one(graph, application)
    return PolicyChecked(
        policy=str(graph.metadata.get("name", Path(policy).stem)),
        version=str(graph.metadata.get("version", "")),
        ok=not any(item.blamed for item in told),
        findings=told,
        nodes=len(graph.nodes),
        rows=sum(len(node.table.rules) for node in graph.nodes if node.table is not None),
        tests=len(graph.tests),
        over_columns=not why and not refusals(graph),
        one_by_one=why or ("it is refused" if refusals(graph) else ""),
        provenance={"file": str(policy)},
    )


def _forbidden(graph: Graph, profile: Sequence[str]) -> tuple[PolicyFinding, ...]:
    """Return what a policy reads though a rule of law forbids it, on the first day that it is in force."""
    day = graph.metadata.get("effective_from")
    rules = rules_of(profile, None if day is None else months.day(str(day), "effective_from"))
    return tuple(
        PolicyFinding(
            rule.kind, node, place,
            f"{name} is read, which {rule.article} forbids to {rule.binds} (source: {rule.source})", True,
        )
        for rule, node, place, name in read_against(graph, rules)
    )  # fmt: skip


def _schema(file: Path) -> Mapping[str, Any]:
    try:
        made = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as problem:
        raise ConfigError(expected("a JSON Schema", str(problem)), file=file, field="schema") from problem
    if not isinstance(made, dict) or not isinstance(made.get("properties"), dict):
        raise ConfigError(expected("a JSON Schema of an object", "another"), file=file, field="schema")
    return made


def _one_by_one(graph: Graph, application: bool) -> str:
    """Return the node for which columns do not run a graph, and why; asked of a frame without rows."""
    frame = pl.DataFrame(
        schema={item.name: SAMPLE[item.kind] for item in FIELDS} if application else {"row": pl.Int64}
    )
    try:
        evaluate_columns(graph, frame)
    except ColumnsError as problem:
        return problem.message
    return ""
