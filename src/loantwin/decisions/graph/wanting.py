"""What a node must be told before it can say anything: the same list one by one and over columns."""

from __future__ import annotations

from functools import lru_cache

from loantwin.decisions.graph.parse import parse_expression, parse_test
from loantwin.decisions.graph.read import Node
from loantwin.decisions.graph.syntax import Tree, names_null, path_of, paths

Read = tuple[str, tuple[str, ...]]
"""The column's field (empty: the context itself) and the path that a cell reads below it."""


@lru_cache(maxsize=1024)
def reads(node: Node) -> tuple[Read, ...]:
    """Return what a node's cells need and do not say what happens without, in the order of the table."""
    found: dict[Read, None] = {}
    for line in lines(node):
        for text, column in line:
            found |= dict.fromkeys(cell_reads(text, column) if text else ())
    for rule in node.table.rules if node.table is not None else ():
        for text in filter(None, rule.values):
            if not names_null(parse_expression(text)):
                found |= dict.fromkeys(value_reads(text))
    return tuple(found)


def lines(node: Node) -> list[list[tuple[str, str]]]:
    """Return rows of a table, or branches of a switch that can be taken: (text, column's field) a cell."""
    if node.table is None:
        return [[(item.condition, "")] for item in node.branches if item.condition or item.default]
    fields = [column.field for column in node.table.inputs]
    return [list(zip(rule.tests, fields, strict=True)) for rule in node.table.rules]


@lru_cache(maxsize=4096)
def cell_reads(text: str, column: str) -> tuple[Read, ...]:
    """Return what a cell needs to be told, nothing of one that says what happens without it."""
    tree = cell_tree(text, column)
    if names_null(tree):
        return ()
    return tuple((column if path[0] == "$" else "", path) for path in paths(tree))


@lru_cache(maxsize=4096)
def value_reads(text: str) -> tuple[Read, ...]:
    """Return what a value of a row works with, nothing of a constant or of a field given as it is."""
    tree = parse_expression(text)
    return () if path_of(tree) is not None else tuple(("", path) for path in paths(tree))


def cell_tree(text: str, column: str) -> Tree:
    """Return the tree of a cell: a test of the column's field, or a condition where it has none."""
    return parse_test(text) if column else parse_expression(text)


def said(node: Node, read: Read | None) -> str:
    """Return the words about a field that a node wants; None: a value of its own that cannot be given."""
    if read is None:
        return f"{node.name}: a value cannot be worked out"
    column, path = read
    return f"{node.name}: {'.'.join((column, *path[1:]) if column else path)} is missing"


def failed(name: str) -> str:
    """Return the words about a node that fails on an input."""
    return f"{name}: cannot be worked out"
