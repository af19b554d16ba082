"""`policy test`: the tests that a policy carries, run one by one and over columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from loantwin.decisions.graph.answers import differences
from loantwin.decisions.graph.columns import evaluate_columns, plain_rows
from loantwin.decisions.graph.read import Graph, GraphTest, read_graph
from loantwin.decisions.graph.single import evaluate
from loantwin.errors import ColumnsError, ConfigError, GraphError, expected
from loantwin.types import Result


@dataclass(frozen=True)
class PolicyCase:
    """An embedded test. one_by_one, over_columns : what differs, "field: expected X, was Y", each way."""

    name: str
    passed: bool
    one_by_one: tuple[str, ...]
    over_columns: tuple[str, ...]


@dataclass(frozen=True)
class PolicyTested(Result):
    """How a policy answers its own tests.

    passed, failed : tests. columns : whether they ran over columns too; why_not : the node, where they did
    not.
    """

    SCHEMA: ClassVar[str] = "loantwin.policy_test/1"

    policy: str
    version: str
    passed: int
    failed: int
    tests: tuple[PolicyCase, ...]
    columns: bool
    why_not: str
    provenance: Mapping[str, Any] = field(default_factory=dict)


def policy_test(policy: Path | str) -> PolicyTested:
    """Run the tests embedded in a policy, each one by one and, where the graph can, over columns.

    Parameters
    ----------
    policy : a decision graph (JDM) with `tests`: a list of {`name`, `input`, `output`}.

    Raises
    ------
    ConfigError : a file that is no graph, a graph that is refused, or one without tests.
    ExtraError : zen-engine is not installed.
    """
    graph = read_graph(policy)
    if not graph.tests:
        raise ConfigError(expected("tests in the policy", "none"), file=policy, field="tests")
    told, why = [], ""
    for case in graph.tests:
        alone = tuple(_alone(graph, case))
        try:
            columns = tuple(_columns(graph, case))
        except ColumnsError as problem:
            columns, why = (), problem.message
        told.append(PolicyCase(case.name, not alone and not columns, alone, columns))
    passed = sum(item.passed for item in told)
    return PolicyTested(
        policy=str(graph.metadata.get("name", Path(policy).stem)),
        version=str(graph.metadata.get("version", "")),
        passed=passed,
        failed=len(told) - passed,
        tests=tuple(told),
        columns=not why,
        why_not=why,
        provenance={"file": str(policy)},
    )


def _alone(graph: Graph, case: GraphTest) -> list[str]:
    try:
        return list(differences(case.output, evaluate(graph, case.input)))
    except GraphError as problem:
        return [problem.message]


def _columns(graph: Graph, case: GraphTest) -> list[str]:
    frame = pl.DataFrame([dict(case.input) or {"row": 1}], infer_schema_length=None, strict=False)
    ran = evaluate_columns(graph, frame)
    if ran.failed[0] is not None:
        return [str(ran.failed[0])]
    return list(differences(case.output, plain_rows(ran)[0]))
