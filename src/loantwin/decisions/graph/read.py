"""Reading a decision graph as the GoRules editor writes it (JDM): nodes, edges, embedded tests, metadata.

Source: the files of gorules/zen test-data at commit 6c0fbabb and what zen-engine 2.1.3 answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loantwin.errors import ConfigError, expected

KINDS = {
    "inputNode": "input",
    "outputNode": "output",
    "decisionTableNode": "table",
    "expressionNode": "expression",
    "switchNode": "switch",
}
"""Type of a node in a file -> its kind here; any other type is refused by name where the graph is run."""


@dataclass(frozen=True)
class Column:
    """A column of a table: its id, the name people read, and the field (of an input: an expression)."""

    id: str
    name: str
    field: str


@dataclass(frozen=True)
class Rule:
    """A row of a table: its id, tests in the order of the inputs, values in that of the outputs."""

    id: str
    tests: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A decision table. hit : first or collect."""

    hit: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Branch:
    """A way out of a switch: its id, its condition; an empty one holds where it is the default."""

    id: str
    condition: str
    default: bool


@dataclass(frozen=True, eq=False)
class Node:
    """A node and its content.

    kind : a value of `KINDS`, or the file's own type. table, expressions (key, text), branches : of its kind.
    pass_through : what came in goes out with what is made. input_field : the part read. output_path : where
    what is made is put. loop : asked for each element of the part read. hit : of a switch.
    schema : of what comes in, or out.
    """

    id: str
    name: str
    kind: str
    table: Table | None = None
    expressions: tuple[tuple[str, str], ...] = ()
    branches: tuple[Branch, ...] = ()
    hit: str = "first"
    pass_through: bool = False
    input_field: str = ""
    output_path: str = ""
    loop: bool = False
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Edge:
    """From a node to a node; `branch` is the way out of a switch, empty of other nodes."""

    source: str
    target: str
    branch: str


@dataclass(frozen=True)
class GraphTest:
    """An embedded test: what goes in, what must come out."""

    name: str
    input: Mapping[str, Any]
    output: Any


@dataclass(frozen=True, eq=False)
class Graph:
    """A decision graph. text : its JSON as zen-engine takes it; metadata : name, version, dates in force."""

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    tests: tuple[GraphTest, ...]
    metadata: Mapping[str, Any]
    text: str

    def node(self, id_: str) -> Node:
        """Return the node of an id that an edge names."""
        return next(node for node in self.nodes if node.id == id_)


def read_graph(path: str | Path) -> Graph:
    """Return the graph in a JDM file.

    Raises
    ------
    ConfigError : no such file, no JSON, or no graph; file and field are named.
    """
    file = Path(path)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as problem:
        raise ConfigError(expected("a decision graph (JSON)", str(problem)), file=file) from problem
    return parse_graph(document, file.name, file)


def parse_graph(document: Any, name: str = "graph", file: object = None) -> Graph:
    """Return the graph in a parsed JDM document; `file` is named in errors.

    Raises
    ------
    ConfigError : a part that is missing or none of its kind, an id used twice, an edge to no node, a circle.
    """
    if not isinstance(document, dict):
        raise ConfigError(expected("an object with nodes and edges", type(document).__name__), file=file)
    nodes = tuple(_node(item, place, file) for place, item in enumerate(_list(document, "nodes", file)))
    ids = [node.id for node in nodes]
    if len(set(ids)) != len(ids):
        raise ConfigError(expected("nodes whose ids differ", "an id twice"), file=file, field="nodes")
    edges = tuple(_edge(item, place, ids, file) for place, item in enumerate(_list(document, "edges", file)))
    if sum(node.kind == "input" for node in nodes) != 1:
        raise ConfigError(expected("one input node", "another number"), file=file, field="nodes")
    metadata = document.get("metadata", {})
    if not isinstance(metadata, dict):
        raise ConfigError(expected("an object", str(metadata)), file=file, field="metadata")
    tests = tuple(
        GraphTest(str(item.get("name", f"test {place + 1}")), item["input"], item["output"])
        for place, item in enumerate(document.get("tests", ()))
        if isinstance(item, dict) and "input" in item and "output" in item
    )
    if len(tests) != len(document.get("tests", ())):
        raise ConfigError(expected("tests with input and output", "another"), file=file, field="tests")
    run = json.dumps({"nodes": document["nodes"], "edges": document["edges"]})
    graph = Graph(name, nodes, edges, tests, metadata, run)
    in_order(graph, file)
    return graph


def in_order(graph: Graph, file: object = None) -> tuple[Node, ...]:
    """Return the nodes, each after those that lead to it, else in the file's order.

    Raises
    ------
    ConfigError : nodes that lead in a circle.
    """
    done: list[Node] = []
    left = list(graph.nodes)
    while left:
        waiting = {node.id for node in left}
        ready = [
            node
            for node in left
            if not any(edge.target == node.id and edge.source in waiting for edge in graph.edges)
        ]
        if not ready:
            names = ", ".join(node.name for node in left)
            raise ConfigError(expected("nodes that lead on", f"a circle among {names}"), file=file)
        done += ready
        left = [node for node in left if node not in ready]
    return tuple(done)


def _node(item: Any, place: int, file: object) -> Node:
    where = f"nodes[{place}]"
    if not isinstance(item, dict) or not all(
        isinstance(item.get(key), str) for key in ("id", "name", "type")
    ):
        raise ConfigError(expected("a node with id, name and type", "another"), file=file, field=where)
    kind = KINDS.get(item["type"], item["type"])
    content: Any = item.get("content")
    found: dict[str, Any] = {"id": item["id"], "name": item["name"], "kind": kind}
    if kind in ("table", "expression", "switch") and not isinstance(content, dict):
        raise ConfigError(expected("content", str(content)), file=file, field=f"{where}.content")
    if kind in ("table", "expression"):
        found |= {
            "pass_through": bool(content.get("passThrough")),
            "input_field": content.get("inputField") or "",
            "output_path": content.get("outputPath") or "",
            "loop": content.get("executionMode") == "loop",
        }
    if kind == "table":
        found["table"] = _table(content, where, file)
    elif kind == "expression":
        found["expressions"] = tuple(
            (_word(line, "key", where, file), _word(line, "value", where, file))
            for line in _list(content, "expressions", file, where)
        )
    elif kind == "switch":
        found["hit"] = str(content.get("hitPolicy", "first"))
        found["branches"] = tuple(
            Branch(
                _word(line, "id", where, file),
                str(line.get("condition") or "").strip(),
                bool(line.get("isDefault")),
            )
            for line in _list(content, "statements", file, where)
        )
    elif kind in ("input", "output") and isinstance(content, dict):
        found["schema"] = _schema(content.get("schema"), where, file)
    return Node(**found)


def _schema(text: Any, where: str, file: object) -> Mapping[str, Any]:
    if not isinstance(text, str) or not text.strip():
        return {}
    try:
        made = json.loads(text)
    except json.JSONDecodeError as problem:
        raise ConfigError(
            expected("a JSON Schema", str(problem)), file=file, field=f"{where}.schema"
        ) from problem
    return made if isinstance(made, dict) else {}


def _table(content: Mapping[str, Any], where: str, file: object) -> Table:
    hit = content.get("hitPolicy")
    if hit not in ("first", "collect"):
        raise ConfigError(
            expected("hitPolicy first or collect", str(hit)), file=file, field=f"{where}.hitPolicy"
        )
    inputs = tuple(_column(line, where, file) for line in _list(content, "inputs", file, where))
    outputs = tuple(_column(line, where, file) for line in _list(content, "outputs", file, where))
    rules = tuple(
        Rule(
            str(line.get("_id", place + 1)),
            tuple(str(line.get(column.id) or "").strip() for column in inputs),
            tuple(str(line.get(column.id) or "").strip() for column in outputs),
        )
        for place, line in enumerate(_list(content, "rules", file, where))
    )
    return Table(hit, inputs, outputs, rules)


def _column(line: Mapping[str, Any], where: str, file: object) -> Column:
    id_ = _word(line, "id", where, file)
    return Column(id_, str(line.get("name") or id_), str(line.get("field") or "").strip())


def _edge(item: Any, place: int, ids: list[str], file: object) -> Edge:
    where = f"edges[{place}]"
    if not isinstance(item, dict) or item.get("sourceId") not in ids or item.get("targetId") not in ids:
        raise ConfigError(expected("an edge from a node to a node", "another"), file=file, field=where)
    return Edge(item["sourceId"], item["targetId"], str(item.get("sourceHandle") or ""))


def _list(document: Mapping[str, Any], name: str, file: object, where: str = "") -> list[Any]:
    value = document.get(name)
    if not isinstance(value, list) or (where and not all(isinstance(item, dict) for item in value)):
        raise ConfigError(
            expected("a list", type(value).__name__), file=file, field=f"{where}.{name}".strip(".")
        )
    return value


def _word(line: Mapping[str, Any], name: str, where: str, file: object) -> str:
    value = line.get(name)
    if not isinstance(value, str):
        raise ConfigError(expected("a text", str(value)), file=file, field=f"{where}.{name}")
    return value
