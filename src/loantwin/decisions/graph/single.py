"""A decision graph run on one input by zen-engine, and what a missing input keeps it from saying."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from loantwin.decisions.graph.parse import parse_expression
from loantwin.decisions.graph.read import Graph, Node, in_order
from loantwin.decisions.graph.refusals import runnable
from loantwin.decisions.graph.syntax import path_of
from loantwin.decisions.graph.wanting import Read, cell_reads, lines, reads, said, value_reads
from loantwin.errors import GraphError, expected
from loantwin.extras import require


@dataclass(frozen=True)
class Ran:
    """What a run gave: the result, rows that fired (node, row id), what was missing, in the graph's order."""

    result: Any
    fired: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]


def evaluate(graph: Graph, context: Mapping[str, Any]) -> Any:
    """Return what a graph makes of one input, as zen-engine says it.

    Raises
    ------
    ConfigError : a graph that is refused. GraphError : a node that fails on this input.
    ExtraError : zen-engine is not installed.
    """
    return _asked(graph, context, trace=False)["result"]


def evaluate_strictly(graph: Graph, context: Mapping[str, Any]) -> Ran:
    """Return what a graph makes of one input, and what it could not tell for want of a field.

    A row of a table that might hold but for a missing field ends the matter: what stands below it, a
    catch-all row above all, is not an answer. A cell that names null or uses `??` says for itself. Loops are
    not held to this.

    Raises
    ------
    ConfigError : a graph that is refused. GraphError : a node that fails on this input.
    """
    ran = _asked(graph, context, trace=True)
    by_id = {item["id"]: item for item in ran["trace"].values()}
    trace = {item["name"]: item for item in by_id.values()}
    fired: list[tuple[str, str]] = []
    missing: list[str] = []
    for node in _ordered(graph):
        told = by_id.get(node.id)
        if told is None or node.kind not in ("table", "switch"):
            continue
        if node.table is not None:
            fired += _fired(node, told)
        if not node.loop:
            seen = told.get("input") or {}
            seen = _field(node.input_field, seen) if node.input_field else seen
            missing += _missing(node, seen if isinstance(seen, dict) else {}, trace, _first(told))
    return Ran(ran["result"], tuple(fired), tuple(dict.fromkeys(missing)))


@lru_cache(maxsize=256)
def _decision(graph: Graph) -> Any:
    """Return the graph as zen-engine keeps it, looked over once."""
    require("policy")
    import zen

    return zen.ZenEngine().create_decision(zen.ZenDecisionContent(runnable(graph).text))


@lru_cache(maxsize=256)
def _ordered(graph: Graph) -> tuple[Node, ...]:
    return in_order(graph)


def _asked(graph: Graph, context: Mapping[str, Any], *, trace: bool) -> Any:
    decision = _decision(graph)
    try:
        return decision.evaluate(dict(context), {"trace": trace})
    except RuntimeError as problem:
        raise _error(graph, str(problem)) from None


def _error(graph: Graph, words: str) -> GraphError:
    """Return the error of a run: its first line is JSON, the rest is about the engine's own code."""
    first = words.split("\n", 1)[0]
    try:
        told = json.loads(first)
    except json.JSONDecodeError:
        told = {"source": first}
    names = {node.id: node.name for node in graph.nodes}
    node = names.get(told.get("nodeId", ""), graph.name)
    return GraphError(
        expected(f"an input that node {node} can read", str(told.get("source", first))), node=node
    )


def _fired(node: Node, told: Mapping[str, Any]) -> list[tuple[str, str]]:
    assert node.table is not None  # asked of tables alone
    data = told.get("traceData")
    found = data if isinstance(data, list) else [data]
    return [
        (node.name, node.table.rules[item["index"]].id)
        for item in found
        if isinstance(item, dict) and isinstance(item.get("index"), int)
    ]


def _first(told: Mapping[str, Any]) -> int | None:
    """Return the row of a table that fired, None where none did or it is none that fires first."""
    data = told.get("traceData")
    return data.get("index") if isinstance(data, dict) else None


def _missing(
    node: Node, context: Mapping[str, Any], trace: Mapping[str, Any], fired: int | None
) -> Iterator[str]:
    """Yield the first field that a node wants where a row, or a branch, might have held but for it."""
    wanting = next((read for read in reads(node) if _found(read, context, trace) is None), None)
    if wanting is None and not any(number != fired for number in _working(node)):
        return
    for number, line in enumerate(lines(node)):
        unknown = False
        for text, column in line:
            if not text:
                continue
            if wanting and any(_found(read, context, trace) is None for read in cell_reads(text, column)):
                unknown = True
            elif not _holds(text, column, context, trace):
                break
        else:
            if unknown or not _gives(node, number, context, trace):
                yield said(node, wanting)
            if (node.table.hit if node.table is not None else node.hit) == "first":
                return


@lru_cache(maxsize=1024)
def _working(node: Node) -> tuple[int, ...]:
    """Return the rows of a table whose values are worked out by what can fail though nothing is missing."""
    rules = node.table.rules if node.table is not None else ()
    return tuple(
        number
        for number, rule in enumerate(rules)
        if any(sign in text for text in rule.values for sign in ("/", "%", "("))
        and any(value_reads(text) for text in rule.values if text)
    )


def _found(read: Read, context: Any, trace: Mapping[str, Any]) -> Any:
    column, path = read
    if path[0] == "$":
        return _at(_field(column, context), path[1:])
    if path[0] == "$nodes":
        return _at((trace.get(path[1]) or {}).get("output"), path[2:])
    return context if path[0] == "$root" else _at(context, path)


def _field(column: str, context: Any) -> Any:
    path = path_of(parse_expression(column))
    if path is not None and path[0][0] != "$":
        return _at(context, path)
    import zen

    return _safely(lambda: zen.evaluate_expression(column, context))


def _holds(text: str, column: str, context: Any, trace: Mapping[str, Any]) -> bool:
    import zen

    asked = {**context, "$nodes": {key: item.get("output") for key, item in trace.items()}}
    if column:
        asked["$"] = _field(column, context)
        return _safely(lambda: zen.evaluate_unary_expression(text, asked)) is True
    return _safely(lambda: zen.evaluate_expression(text, asked)) is True


def _gives(node: Node, number: int, context: Any, trace: Mapping[str, Any]) -> bool:
    """Return whether every value of a row can be worked out."""
    import zen

    asked = {**context, "$nodes": {key: item.get("output") for key, item in trace.items()}}
    for text in node.table.rules[number].values if node.table is not None else ():
        if text and value_reads(text):
            try:
                zen.evaluate_expression(text, asked)
            except RuntimeError:
                return False
    return True


def _safely(asked: Callable[[], Any]) -> Any:
    """Return what zen-engine says, nothing where a cell fails: a cell that fails does not hold."""
    try:
        return asked()
    except RuntimeError:
        return None


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value
