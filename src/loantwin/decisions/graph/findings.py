"""What is wrong with a policy before anybody is decided by it: gaps, overlaps, dead rows, unknown fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from loantwin.decisions.graph.boxes import (
    Axis,
    Box,
    Domain,
    Scalar,
    axis_of,
    bits,
    inside,
    meets,
    said,
    without,
)
from loantwin.decisions.graph.parse import parse_expression
from loantwin.decisions.graph.read import Graph, Node, Table, in_order
from loantwin.decisions.graph.refusals import Cell, cells, refusals
from loantwin.decisions.graph.switches import switch_findings
from loantwin.decisions.graph.syntax import Constant, paths
from loantwin.errors import ConfigError, InputError

SHOWN_GAPS = 5
"""Gaps of one table that are named; the rest are counted."""


@dataclass(frozen=True)
class Finding:
    """Something found in a policy.

    kind : gap, overlap, unreachable, unknown-field, clock or unsupported. cell : row or place in the node.
    blamed : whether it keeps the policy from being sound; an overlap that order settles is told and not
    blamed.
    """

    kind: str
    node: str
    cell: str
    words: str
    blamed: bool = True


def findings(graph: Graph, fields: Mapping[str, Domain], kinds: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return what is wrong with a graph, node by node.

    Parameters
    ----------
    fields : what each field of an input may hold. kinds : its kind, number, text or flag; a name that ends in
        `.` stands for all below it.
    """
    found = [Finding(item.kind, item.node, item.cell, item.words) for item in refusals(graph)]
    known = contexts(graph, kinds)
    produced = _produced(graph)
    found += _unknown(graph, known)
    for node in graph.nodes:
        if node.kind == "switch":
            told = switch_findings(graph, node, lambda name: _domain(name, fields, produced))
            found += [Finding(kind, node.name, place, words) for kind, place, words in told]
        if node.table is None or node.table.hit != "first":
            continue
        found += _types(node, known[node.id])
        domains = [_domain(column.field, fields, produced) for column in node.table.inputs]
        try:
            found += _rows(node, node.table, domains)
        except ConfigError as problem:
            found.append(
                Finding("unsupported", node.name, "", f"too large to look through: {problem.message}")
            )
    return tuple(dict.fromkeys(found))


def contexts(graph: Graph, kinds: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the fields that each node can read, with their kind where it is known, else empty."""
    known: dict[str, dict[str, str]] = {}
    gives: dict[str, dict[str, str]] = {}
    for node in in_order(graph):
        seen: dict[str, str] = dict(kinds) if node.kind == "input" else {}
        for edge in graph.edges:
            if edge.target == node.id:
                seen |= gives.get(edge.source, {})
        known[node.id] = seen
        if node.kind in ("input", "output", "switch"):
            gives[node.id] = seen
            continue
        at = f"{node.output_path}." if node.output_path else ""
        names = [key for key, _ in node.expressions]
        names += [column.field for column in node.table.outputs] if node.table is not None else []
        made = {f"{at}{name}": "" for name in names}
        if node.table is not None and node.table.hit == "collect" and node.output_path:
            made = {node.output_path: ""}
        gives[node.id] = {**(seen if node.pass_through else {}), **made}
    return known


def _holds(known: Mapping[str, str], path: tuple[str, ...]) -> bool:
    name = ".".join(path)
    if name in known or any(item.startswith(f"{name}.") for item in known):
        return True
    return any(
        ".".join(path[:size]) in known or f"{'.'.join(path[:size])}." in known for size in range(1, len(path))
    )


def _unknown(graph: Graph, known: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    for cell in cells(graph):
        node = cell.node
        if node.input_field and cell.place != "inputField":
            continue  # names are then those of the part read
        for path in _named(cell):
            if path[0].startswith("$") or path[0] == "#":
                continue
            if not _holds(known[node.id], path):
                words = f"{'.'.join(path)} is no field of an application and no node before gives it"
                yield Finding("unknown-field", node.name, cell.place, words)


def _named(cell: Cell) -> tuple[tuple[str, ...], ...]:
    try:
        return paths(cell.tree())
    except InputError:
        return ()


def _types(node: Node, known: Mapping[str, str]) -> Iterator[Finding]:
    assert node.table is not None  # asked of tables alone
    names = {float: "number", str: "text", bool: "flag"}
    for place, column in enumerate(node.table.inputs):
        kind = known.get(column.field, "")
        if not kind:
            continue
        for number, rule in enumerate(node.table.rules, 1):
            axis = axis_of(column.field, [rule.tests[place]], Domain())
            wrong = {names[type(atom)] for atom in axis.atoms if atom is not None and atom != "\0"} - {kind}
            if rule.tests[place] and bits(rule.tests[place], axis) is not None and wrong:
                other = " and a ".join(sorted(wrong))
                words = f"{column.field} is a {kind}, the cell {rule.tests[place]} compares it with a {other}"
                yield Finding("unsupported", node.name, f"row {number}, {column.name}", words)


def _produced(graph: Graph) -> dict[str, tuple[Scalar, ...]]:
    """Return fields that tables alone give, as constants: all values that they can take."""
    found: dict[str, list[Scalar] | None] = {}
    for node in graph.nodes:
        at = f"{node.output_path}." if node.output_path else ""
        for key, _ in node.expressions:
            found[f"{at}{key}"] = None
        for place, column in enumerate(node.table.outputs if node.table is not None else ()):
            name = f"{at}{column.field}"
            values = [_written(rule.values[place]) for rule in node.table.rules if rule.values[place]]  # type: ignore[union-attr]  # a table
            held = found.get(name, [])
            plain = held is not None and all(isinstance(value, Constant) for value in values)
            found[name] = (
                [*held, *(value.value for value in values if isinstance(value, Constant))]
                if plain and held is not None
                else None
            )
    return {name: tuple(dict.fromkeys(values)) for name, values in found.items() if values}


def _written(text: str) -> object:
    try:
        return parse_expression(text)
    except InputError:
        return None


def _domain(name: str, fields: Mapping[str, Domain], produced: Mapping[str, tuple[Scalar, ...]]) -> Domain:
    if name in produced:
        return Domain(values=tuple(value for value in produced[name] if value is not None))
    return fields.get(name, Domain())


def _rows(node: Node, table: Table, domains: list[Domain]) -> Iterator[Finding]:
    axes = [
        axis_of(
            column.field or column.name,
            [rule.tests[place] for rule in table.rules] if column.field else [],
            domain,
        )
        for place, (column, domain) in enumerate(zip(table.inputs, domains, strict=True))
    ]
    plain: list[tuple[int, Box]] = []
    opaque = False
    whole: Box = tuple(axis.occurring for axis in axes)
    for number, rule in enumerate(table.rules, 1):
        masks = [
            (bits(text, axis) if column.field else (axis.whole if not text else None))
            for text, axis, column in zip(rule.tests, axes, table.inputs, strict=True)
        ]
        exact = all(mask is not None for mask in masks)
        box = tuple(axis.whole if mask is None else mask for mask, axis in zip(masks, axes, strict=True))
        yield from _dead(node, number, box, plain, axes)
        if exact:
            yield from _crossing(node, table, number, box, plain, axes)
            plain.append((number, box))
        opaque = opaque or not exact
    yield from _gaps(node, whole, [box for _, box in plain], axes, opaque)


def _dead(
    node: Node, number: int, box: Box, before: list[tuple[int, Box]], axes: list[Axis]
) -> Iterator[Finding]:
    able = tuple(mask & (axis.occurring | axis.missing) for mask, axis in zip(box, axes, strict=True))
    for mask, axis in zip(able, axes, strict=True):
        if not mask:
            words = f"no value that {axis.name} can have meets this cell"
            yield Finding("unreachable", node.name, f"row {number}", words)
            return
    left = [able]
    for _, other in before:
        left = without(left, other)
    if not left:
        rows = ", ".join(str(row) for row, other in before if meets(able, other))
        yield Finding("unreachable", node.name, f"row {number}", f"rows above take all of it: {rows}")


def _crossing(
    node: Node, table: Table, number: int, box: Box, before: list[tuple[int, Box]], axes: list[Axis]
) -> Iterator[Finding]:
    """Yield rows above that hold where this one does, but for a row that holds for all."""
    if not any(table.rules[number - 1].tests):
        return
    able = tuple(mask & axis.occurring for mask, axis in zip(box, axes, strict=True))
    for row, other in before:
        both = tuple(mine & theirs for mine, theirs in zip(able, other, strict=True))
        if not all(both):
            continue
        where = said(both, axes)
        same = table.rules[row - 1].values == table.rules[number - 1].values
        other_able = tuple(mask & axis.occurring for mask, axis in zip(other, axes, strict=True))
        if inside(able, other_able):
            continue  # it is dead, and told so
        if same or inside(other_able, able):
            why = "both give the same" if same else f"row {row} is the narrower one and stands first"
            yield Finding(
                "overlap",
                node.name,
                f"row {number}",
                f"row {row} holds too for {where}: harmless, {why}",
                False,
            )
        else:
            words = f"row {row} holds too for {where}: it decides, because it stands first"
            yield Finding("overlap", node.name, f"row {number}", words)


def _gaps(node: Node, whole: Box, rows: list[Box], axes: list[Axis], opaque: bool) -> Iterator[Finding]:
    left = [whole]
    for box in rows:
        left = without(left, box)
    if left and opaque:
        words = "a cell is no test of its field against constants: gaps cannot be told"
        yield Finding("unsupported", node.name, "", words)
        return
    for box in left[:SHOWN_GAPS]:
        yield Finding("gap", node.name, "", f"no row holds for {said(box, axes)}")
    if len(left) > SHOWN_GAPS:
        yield Finding("gap", node.name, "", f"and {len(left) - SHOWN_GAPS} more gaps of this kind")
