"""`policy check`: what is wrong with a policy before anybody is decided by it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from loantwin.decisions.application_file import FIELDS, application_schema
from loantwin.decisions.graph.columns import evaluate_columns
from loantwin.decisions.graph.domains import domains_of
from loantwin.decisions.graph.findings import findings
from loantwin.decisions.graph.read import Graph, read_graph
from loantwin.decisions.graph.refusals import refusals
from loantwin.errors import ColumnsError, ConfigError, expected
from loantwin.types import Result

SAMPLE = {"text": pl.String, "date": pl.String, "number": pl.Float64, "integer": pl.Int64, "flag": pl.Boolean}


@dataclass(frozen=True)
class PolicyFinding:
    """Something found in a policy.

    kind : gap, overlap, unreachable, unknown-field, clock or unsupported. cell : where in the node, empty for
    the node itself. blamed : whether it keeps the policy from being ok.
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


def policy_check(policy: Path | str, *, schema: Path | str | None = None) -> PolicyChecked:
    """Look through a policy: gaps, overlaps, dead rows, unknown fields, the clock, what cannot be run.

    Parameters
    ----------
    policy : a decision graph (JDM), as the GoRules editor writes it. schema : a JSON Schema of its input;
        None takes that of an application, `loantwin schema application`.

    Raises
    ------
    ConfigError : a file that is no graph, or no JSON Schema.
    """
    graph = read_graph(policy)
    given = application_schema() if schema is None else _schema(Path(schema))
    found = findings(graph, *domains_of(given))
    told = tuple(PolicyFinding(item.kind, item.node, item.cell, item.words, item.blamed) for item in found)
    why = "" if refusals(graph) else _one_by_one(graph, schema is None)
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
