"""Functions of lists over columns: an element may be there in some rows and not in others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from loantwin.decisions.graph.order import Scope
from loantwin.decisions.graph.syntax import Tree
from loantwin.decisions.graph.term import least, lit, most, when
from loantwin.decisions.graph.value import (
    ColumnValue,
    Expr,
    both,
    column,
    constant,
    either,
    flag,
    holds,
    is_null,
    list_missing,
    number,
)
from loantwin.errors import ColumnsError

Compile = Callable[[Tree, Scope], ColumnValue]
FAILED = lit(True)


def needs(value: ColumnValue, kind: str) -> Expr | None:
    """Return where an argument makes a function fail: another kind, or missing."""
    return FAILED if value.kind != kind else either(value.fails, is_null(value))


def length(value: ColumnValue) -> ColumnValue:
    """Return how many elements a list has."""
    if value.kind != "list":
        return number(lit(None, "number"), nullable=True, fails=FAILED)
    return _sum_of([_there(at) for at, _ in value.items], either(value.fails, list_missing(value)))


def _there(at: Expr | None) -> Expr:
    return lit(1.0) if at is None else at.number()


def _sum_of(parts: list[Expr], fails: Expr | None, *, exact: bool = True) -> ColumnValue:
    made = lit(0.0)
    for part in parts:
        made = made + part
    return number(made, nullable=False, fails=fails, exact=exact)


def _sum(value: ColumnValue) -> ColumnValue:
    fails = _wrong_elements(value)
    parts = [
        column(item) if at is None else when(at, column(item), lit(0.0))
        for at, item in value.items
        if item.kind == "number"
    ]
    return _sum_of(parts, fails, exact=False)


def _wrong_elements(value: ColumnValue) -> Expr | None:
    """Return where a list is none, or one of its elements is no number."""
    if value.kind != "list":
        return FAILED
    fails = either(value.fails, list_missing(value))
    for at, item in value.items:
        wrong = needs(item, "number")
        fails = either(fails, None if wrong is None else both(at, wrong))
    return fails


def _extreme(make: Callable[..., Expr]) -> Callable[[ColumnValue], ColumnValue]:
    def made(value: ColumnValue) -> ColumnValue:
        kinds = {item.kind for _, item in value.items}
        if value.kind != "list" or kinds - {"number", "null"} or "number" not in kinds:
            return number(lit(None, "number"), nullable=True, fails=FAILED)
        there = [(at, item) for at, item in value.items if item.kind == "number"]
        parts = [column(item) if at is None else when(at, column(item)) for at, item in there]
        expr = make(*parts)
        sure = all(at is None for at, _ in there)
        empty = None if sure else expr.is_null()
        return number(
            expr,
            nullable=not sure,
            fails=either(_wrong_elements(value), empty),
            exact=all(item.exact for _, item in there),
        )

    return made


def _average(value: ColumnValue) -> ColumnValue:
    total, count = _sum(value), length(value)
    below = when(column(count) > 0.0, column(count))
    return number(column(total) / below, nullable=True, fails=either(total.fails, column(count) == 0.0))


def _flatten(value: ColumnValue) -> ColumnValue:
    items: list[tuple[Expr | None, ColumnValue]] = []
    fails = value.fails
    for at, item in value.items:
        if item.kind != "list":
            items.append((at, item))
            continue
        fails = either(fails, item.fails)
        items += [(both(at, inner), element) for inner, element in item.items]
    return ColumnValue("list", value.expr, nullable=value.nullable, fails=fails, items=tuple(items))


def _values(value: ColumnValue) -> ColumnValue:
    if value.kind != "object":
        return ColumnValue("list", FAILED, nullable=True, fails=FAILED)
    return ColumnValue(
        "list", items=tuple((_present(item), item) for item in value.fields.values()), fails=value.fails
    )


def _keys(value: ColumnValue) -> ColumnValue:
    if value.kind != "object":
        return ColumnValue("list", FAILED, nullable=True, fails=FAILED)
    return ColumnValue(
        "list",
        items=tuple((_present(item), constant(key)) for key, item in value.fields.items()),
        fails=value.fails,
    )


def _present(value: ColumnValue) -> Expr | None:
    """Return where a field is there; an object is there where any of its fields is."""
    if value.kind != "object":
        return value.present
    parts = [_present(item) for item in value.fields.values()]
    return None if not parts or any(part is None for part in parts) else either(*parts)


def _each(
    value: ColumnValue, test: Tree, scope: Scope, expressed: Compile
) -> list[tuple[Expr | None, ColumnValue]]:
    if value.kind not in ("list", "null"):
        raise ColumnsError(f"expected a list to ask each element of, was a {value.kind}")
    return [(at, expressed(test, replace(scope, element=item))) for at, item in value.items]


def _map(value: ColumnValue, test: Tree, scope: Scope, expressed: Compile) -> ColumnValue:
    made = tuple(_each(value, test, scope, expressed))
    fails = either(
        value.fails,
        list_missing(value),
        *(None if item.fails is None else both(at, item.fails) for at, item in made),
    )
    return ColumnValue("list", fails=fails, items=made)


def _filter(value: ColumnValue, test: Tree, scope: Scope, expressed: Compile) -> ColumnValue:
    asked = _each(value, test, scope, expressed)
    fails = either(
        value.fails,
        list_missing(value),
        *(both(at, wrong) for at, item in asked if (wrong := _no_flag(item)) is not None),
    )
    items = tuple(
        (both(at, holds(held)), item) for (at, item), (_, held) in zip(value.items, asked, strict=True)
    )
    return ColumnValue("list", fails=fails, items=items)


def _no_flag(value: ColumnValue) -> Expr | None:
    return needs(value, "flag")


def _counted(value: ColumnValue, test: Tree, scope: Scope, expressed: Compile) -> ColumnValue:
    return length(_filter(value, test, scope, expressed))


def _some(value: ColumnValue, test: Tree, scope: Scope, expressed: Compile) -> ColumnValue:
    return _until(value, test, scope, expressed, stop=True)


def _all(value: ColumnValue, test: Tree, scope: Scope, expressed: Compile) -> ColumnValue:
    return _until(value, test, scope, expressed, stop=False)


def _none(value: ColumnValue, test: Tree, scope: Scope, expressed: Compile) -> ColumnValue:
    made = _some(value, test, scope, expressed)
    return replace(made, expr=~column(made))


def _until(value: ColumnValue, test: Tree, scope: Scope, expressed: Compile, *, stop: bool) -> ColumnValue:
    """Return whether an element is found that settles it; elements after it are not asked."""
    settled: Expr = lit(False)
    fails = either(value.fails, list_missing(value))
    for at, item in _each(value, test, scope, expressed):
        wrong = _no_flag(item)
        if wrong is not None:
            fails = either(fails, both(~settled, at, wrong))
        here = holds(item) if stop else ~holds(item)
        settled = settled | (here if at is None else at & here)
    return flag(settled if stop else ~settled, fails)


EACH: dict[str, Callable[..., ColumnValue]] = {
    "some": _some,
    "all": _all,
    "none": _none,
    "count": _counted,
    "filter": _filter,
    "map": _map,
    "flatMap": lambda *asked: _flatten(_map(*asked)),
}
LISTS: dict[str, Callable[..., ColumnValue]] = {
    "sum": _sum,
    "max": _extreme(most),
    "min": _extreme(least),
    "avg": _average,
    "flatten": _flatten,
    "values": _values,
    "keys": _keys,
}
