"""Frames as values of expressions, and values as columns of a frame."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from loantwin.decisions.graph.term import Term, col, foreign, listed, lit, over_columns, when
from loantwin.decisions.graph.value import NULL, ColumnValue, Expr, column, over, put
from loantwin.errors import ColumnsError, UsageError, expected

MOST = 32
"""Elements of a list that columns take: each is worked out on its own."""


def as_values(frame: pl.DataFrame) -> tuple[ColumnValue, pl.DataFrame]:
    """Return a frame's columns as an object, and the frame with numbers as float64 and days as text.

    Raises
    ------
    ColumnsError : a column of a kind that no expression reads, or a list longer than 32.
    UsageError : NaN or infinity, which are no numbers of an application.
    """
    prepared = frame.with_columns(
        *(pl.col(name).dt.strftime("%Y-%m-%d") for name, kind in frame.schema.items() if kind == pl.Date),
        *(pl.col(name).cast(pl.Float64) for name, kind in frame.schema.items() if _whole(kind)),
    )
    made = ColumnValue("object")
    for name, kind in prepared.schema.items():
        value = _value(pl.col(name), kind, name, prepared, col(name))
        made = over(made, put(name, value) if "." in name else ColumnValue("object", fields={name: value}))
    return made, prepared


def _whole(kind: pl.DataType) -> bool:
    return kind.is_numeric() and kind != pl.Float64


def _value(expr: pl.Expr, kind: pl.DataType, name: str, frame: pl.DataFrame, root: Term) -> ColumnValue:
    if kind == pl.Null:
        return NULL
    if isinstance(kind, pl.Struct):
        fields = {
            item.name: _value(expr.struct.field(item.name), item.dtype, f"{name}.{item.name}", frame, root)  # type: ignore[arg-type]  # a type
            for item in kind.fields
        }
        return ColumnValue("object", fields=fields)
    if isinstance(kind, pl.List):
        return _list(expr, kind, name, frame, root)
    nullable = bool(frame.select(expr.is_null().any()).item())
    if kind.is_numeric():
        made = expr if kind == pl.Float64 else expr.cast(pl.Float64)
        if frame.select(made.is_finite().not_().any()).item():
            raise UsageError(expected("finite numbers", "NaN or infinity"), field=name)
        return ColumnValue("number", _part(made, root), nullable=nullable)
    if kind == pl.Boolean:
        return ColumnValue("flag", _part(expr, root), nullable=nullable)
    if kind in (pl.String, pl.Categorical) or isinstance(kind, pl.Enum):
        made = expr if kind == pl.String else expr.cast(pl.String)
        return ColumnValue("text", _part(made, root), nullable=nullable)
    raise ColumnsError(expected("numbers, texts, flags, days, lists or structs", str(kind)), field=name)


def _part(expr: pl.Expr, root: Term) -> Term:
    """Return a column, or a part of one, as a term."""
    return root if expr.meta.is_column() else foreign(lambda _: expr, root)


def _list(expr: pl.Expr, kind: pl.List, name: str, frame: pl.DataFrame, root: Term) -> ColumnValue:
    longest = frame.select(expr.list.len().max()).item() or 0
    if longest > MOST:
        raise ColumnsError(expected(f"lists of at most {MOST}", longest), field=name)
    shortest = frame.select(expr.list.len().min()).item() or 0
    missing = bool(frame.select(expr.is_null().any()).item())
    items = []
    for place in range(longest):
        there = None if place < shortest and not missing else (expr.list.len() > place).fill_null(False)
        part = expr.list.get(place, null_on_oob=True)
        item = _value(part, kind.inner, f"{name}[{place}]", frame, root)  # type: ignore[arg-type]  # a type
        if there is not None:
            item = _sure(item, there, frame)
        items.append((None if there is None else _part(there, root), item))
    gone = _part(expr.is_null(), root) if missing else None
    return ColumnValue("list", gone, nullable=missing, items=tuple(items))


def _sure(item: ColumnValue, there: pl.Expr, frame: pl.DataFrame) -> ColumnValue:
    """Return an element that is missing only where the list is too short for it."""
    if item.expr is None:
        fields = {key: _sure(part, there, frame) for key, part in item.fields.items()}
        return replace(item, fields=fields)
    wanting = frame.select((there & over_columns(column(item)).is_null()).any()).item()
    return replace(item, nullable=bool(wanting))


def as_column(value: ColumnValue) -> Expr:
    """Return a value as one column: objects as structs, lists of what is there.

    Raises
    ------
    ColumnsError : a list of several kinds, or of elements that may be missing where they are chosen.
    """
    if value.kind == "null":
        return lit(None)
    if value.kind == "object":
        if not value.fields:
            return lit(None)
        names = tuple(value.fields)
        parts = [as_column(item) for item in value.fields.values()]
        return foreign(
            lambda *made: pl.struct(part.alias(key) for key, part in zip(names, made, strict=True)), *parts
        )
    if value.kind != "list":
        return column(value)
    kinds = {item.kind for _, item in value.items}
    if len(kinds) > 1:
        raise ColumnsError(expected("a list of one kind", " and ".join(sorted(kinds))))
    chosen = any(at is not None for at, _ in value.items)
    if chosen and any(item.nullable for at, item in value.items):
        raise ColumnsError(expected("chosen elements that are all there", "some that may be missing"))
    made = listed(*((at, as_column(item)) for at, item in value.items))
    return made if value.expr is None or not value.items else when(~value.expr, made)
