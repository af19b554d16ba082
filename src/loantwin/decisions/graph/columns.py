"""A decision graph over columns: the same answers as zen-engine gives one by one, for a frame at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from loantwin.decisions.graph.express import expressed
from loantwin.decisions.graph.frame import as_column, as_values
from loantwin.decisions.graph.hangs import hanging
from loantwin.decisions.graph.input_schema import breaches
from loantwin.decisions.graph.order import Scope
from loantwin.decisions.graph.parse import parse_expression
from loantwin.decisions.graph.plan import Plan
from loantwin.decisions.graph.read import Edge, Graph, Node, in_order
from loantwin.decisions.graph.refusals import runnable
from loantwin.decisions.graph.syntax import path_of
from loantwin.decisions.graph.tables import branches_over, table_over
from loantwin.decisions.graph.term import lit, over_columns, when
from loantwin.decisions.graph.value import (
    NULL,
    ColumnValue,
    Expr,
    both,
    either,
    get,
    only,
    over,
    put,
)
from loantwin.decisions.graph.wanting import failed
from loantwin.errors import ColumnsError


@dataclass(frozen=True)
class Columns:
    """What a graph makes of N rows.

    result : the fields that came out, by dotted path; null is missing. missing, failed : (N,) text, where a
    field was wanting, or a node failed; null elsewhere. fired : by node (N,) the id of the row that fired.
    near : rows within 1e-9 of a cut in a number that was worked out.
    """

    result: pl.DataFrame
    missing: pl.Series
    failed: pl.Series
    fired: pl.DataFrame
    near: int


@dataclass(frozen=True)
class _Made:
    """A node's output, and where it ran (None: everywhere)."""

    value: ColumnValue
    active: Expr | None
    ways: dict[str, Expr] | None = None


def evaluate_columns(graph: Graph, frame: pl.DataFrame, *, strict: bool = False) -> Columns:
    """Return what a graph makes of every row of a frame.

    Parameters
    ----------
    frame : (N, ...) the input: a column a field, nested as structs or by dotted names.
    strict : a missing field that might have decided a row is told in `missing`; else its test is false.

    Raises
    ------
    ColumnsError : a node that columns do not know; node, place and reason are named.
    ConfigError : a graph that is refused however it is run.
    """
    values, prepared = as_values(frame)
    plan = Plan(strict)
    result = planned(graph, values, plan)
    lazy = _steps(prepared, plan)
    shown = {f"result.{name}": expr for name, expr in leaves(result)}
    fired = _fired(plan)
    wanted = [over_columns(expr).alias(name) for name, expr in shown.items()]
    wanted += [expr.alias(name) for name, expr in fired.items()]
    wanted += [
        over_columns(told(plan.missing)).alias("missing"),
        over_columns(told(plan.fails)).alias("failed"),
        over_columns(_near(plan)).alias("near"),
    ]
    made = lazy.select(pl.lit(0).alias("row"), *wanted, pl.first().is_null().alias("all")).collect()
    return Columns(
        made.select(pl.col(name).alias(name.removeprefix("result.")) for name in shown),
        made["missing"],
        made["failed"],
        made.select(pl.col(name).alias(name.removeprefix("fired.")) for name in fired),
        int(made["near"].sum()),
    )


def _steps(frame: pl.DataFrame, plan: Plan) -> pl.LazyFrame:
    lazy = frame.lazy()
    for step in plan.steps:
        lazy = lazy.with_columns(over_columns(expr).alias(name) for name, expr in step)
    return lazy


def hangs_on(
    graph: Graph, frame: pl.DataFrame, wanted: Collection[str], fields: Collection[str]
) -> pl.Series:
    """Return where results of a graph may hang on some fields, (N,); elsewhere no value of theirs moves them.

    Parameters
    ----------
    frame : as of `evaluate_columns`, held strictly. wanted : names of results; what is missing or fails is
        one of them.

    Raises
    ------
    ColumnsError : a node that columns do not know.
    """
    values, prepared = as_values(frame)
    plan = Plan(strict=True)
    found = dict(leaves(planned(graph, values, plan)))
    ends = [found[name] for name in wanted if name in found]
    mask = hanging(plan, [*ends, told(plan.missing), told(plan.fails)], fields)
    made = _steps(prepared, plan).with_columns(over_columns(mask).alias("hangs")).select("hangs")
    return made.collect().to_series()


def planned(graph: Graph, values: ColumnValue, plan: Plan) -> ColumnValue:
    """Return what a graph makes of an input, as terms; its steps and notes go into the plan.

    Raises
    ------
    ColumnsError : a node that columns do not know; node, place and reason are named.
    ConfigError : a graph that is refused however it is run.
    """
    runnable(graph)
    made: dict[str, _Made] = {}
    names = ColumnValue("object")
    for node in in_order(graph):
        try:
            ran = _node(node, graph, values, made, names, plan)
        except ColumnsError as problem:
            place = f"node {node.name}"
            raise ColumnsError(f"{place}: {problem.message}", field=problem.field) from problem
        if ran is not None:
            made[node.id] = ran
            names = replace(names, fields={**names.fields, node.name: ran.value})
    leads = {edge.source for edge in graph.edges}
    ends = [made[node.id] for node in graph.nodes if node.id in made and node.id not in leads]
    if len(ends) == 1 and ends[0].active is None:
        return ends[0].value
    return _together([only(end.active, end.value) for end in ends])


def _together(values: list[ColumnValue]) -> ColumnValue:
    """Return results of several ends as one.

    Raises
    ------
    ColumnsError : two ends that always run give one field.
    """
    if any(value.kind == "list" for value in values):
        raise ColumnsError("expected ends that give fields, was a list beside another end")
    result = ColumnValue("object")
    for value in values:
        clash = [
            key
            for key, item in value.fields.items()
            if item.present is None
            and key in result.fields
            and item.kind != "object"
            and result.fields[key] is not item
        ]
        if clash:
            raise ColumnsError(f"expected ends whose fields differ, was {clash[0]} twice")
        result = over(result, value)
    return result


def _node(
    node: Node, graph: Graph, values: ColumnValue, made: dict[str, _Made], names: ColumnValue, plan: Plan
) -> _Made | None:
    if node.kind == "input":
        for _, mask in breaches(node.schema, values) if node.schema else ():
            plan.fails.append((failed(node.name), mask))
        return _Made(values, None)
    edges = [edge for edge in graph.edges if edge.target == node.id and edge.source in made]
    if not edges:
        return None
    taken = [(_along(edge, made[edge.source]), made[edge.source].value) for edge in edges]
    active: Expr | None = None
    if all(mask is not None for mask, _ in taken):
        active = either(*(mask for mask, _ in taken))
    context = taken[0][1]
    if len(taken) > 1:
        context = ColumnValue("object")
        for along, value in reversed(taken):
            if value.kind != "object":
                raise ColumnsError("expected fields from each node that leads here, was a list")
            context = over(context, only(along, value))
        (context,) = plan.kept(context)
    if active is not None:
        active = plan.keep(active)[0]
    if node.kind == "output":
        for _, mask in breaches(node.schema, context) if node.schema else ():
            plan.fails.append((failed(node.name), mask if active is None else mask & active))
        return _Made(context, active)
    scope = Scope(context, NULL, names, near=plan.near)
    if node.kind == "switch":
        return _Made(context, active, branches_over(node, scope, active, plan))
    if node.loop:
        raise ColumnsError("expected a node asked once a row, was a loop over the elements of a list")
    return _Made(_content(node, scope, active, plan), active)


def _along(edge: Edge, made: _Made) -> Expr | None:
    if made.ways is None:
        return made.active
    return made.ways.get(edge.branch, lit(False))


def _content(node: Node, scope: Scope, active: Expr | None, plan: Plan) -> ColumnValue:
    context = scope.names
    if node.input_field:
        tree = parse_expression(node.input_field)
        path = path_of(tree)
        scope = replace(scope, names=get(context, path) if path else expressed(tree, scope))
        if scope.names.kind not in ("object", "null"):
            raise ColumnsError(f"expected an object at {node.input_field}, was a {scope.names.kind}")
    made = table_over(node, scope, active, plan) if node.table else _expressions(node, scope, active, plan)
    if node.output_path:
        made = put(node.output_path, made)
    return over(context, made) if node.pass_through and made.kind == "object" else made


def _expressions(node: Node, scope: Scope, active: Expr | None, plan: Plan) -> ColumnValue:
    made = ColumnValue("object")
    for key, text in node.expressions:
        if not key or not text.strip():
            continue
        try:
            value = expressed(parse_expression(text), replace(scope, field=made))
        except ColumnsError as problem:
            raise ColumnsError(f"{key}: {problem.message}") from problem
        (value,) = plan.kept(value)
        if value.fails is not None:
            wrong = both(active, value.fails)
            plan.fails.append((failed(node.name), wrong))  # type: ignore[arg-type]  # not None
        made = over(made, put(key, replace(value, fails=None)))
    return made


def leaves(value: ColumnValue, name: str = "") -> list[tuple[str, Expr]]:
    """Return the parts of a result by dotted path."""
    if value.kind == "object" and (value.fields or not name):
        return [
            leaf for key, item in value.fields.items() for leaf in leaves(item, f"{name}.{key}".lstrip("."))
        ]
    return [(name, as_column(value))]


def told(masks: list[tuple[str, Expr]]) -> Expr:
    """Return the first words whose mask holds, null where none does."""
    made = lit(None, "text")
    for words, mask in reversed(masks):
        made = when(mask, lit(words), made)
    return made


def _fired(plan: Plan) -> dict[str, pl.Expr]:
    found: dict[str, list[pl.Expr]] = {}
    for node, place, ids in plan.fired:
        found.setdefault(node, []).append(over_columns(place.of(ids)))
    return {
        f"fired.{node}": parts[0]
        if len(parts) == 1
        else pl.concat_str(parts, separator=",", ignore_nulls=True)
        for node, parts in found.items()
    }


def _near(plan: Plan) -> Expr:
    mask = either(*plan.near)
    return lit(0.0) if mask is None else mask.fill_null(False).number()


def plain_rows(columns: Columns) -> list[Any]:
    """Return the result row by row as plain nested values, missing fields left out."""
    return [_nested(row) for row in columns.result.iter_rows(named=True)]


def _nested(row: dict[str, Any]) -> Any:
    if set(row) == {""}:
        return row[""]
    made: dict[str, Any] = {}
    for name, value in row.items():
        place = made
        *path, last = name.split(".")
        for key in path:
            place = place.setdefault(key, {})
        if value is not None:
            place[last] = value
    return made
