"""Frames as values of expressions, and values as columns of a frame."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

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
        value = _value(pl.col(name), kind, name, prepared)
        made = over(made, put(name, value) if "." in name else ColumnValue("object", fields={name: value}))
    return made, prepared


def _whole(kind: pl.DataType) -> bool:
    return kind.is_numeric() and kind != pl.Float64


def _value(expr: Expr, kind: pl.DataType, name: str, frame: pl.DataFrame) -> ColumnValue:
    if kind == pl.Null:
        return NULL
    if isinstance(kind, pl.Struct):
        fields = {
            item.name: _value(expr.struct.field(item.name), item.dtype, f"{name}.{item.name}", frame)  # type: ignore[arg-type]  # a type
            for item in kind.fields
        }
        return ColumnValue("object", fields=fields)
    if isinstance(kind, pl.List):
        return _list(expr, kind, name, frame)
    nullable = bool(frame.select(expr.is_null().any()).item())
    if kind.is_numeric():
        made = expr if kind == pl.Float64 else expr.cast(pl.Float64)
        if frame.select(made.is_finite().not_().any()).item():
            raise UsageError(expected("finite numbers", "NaN or infinity"), field=name)
        return ColumnValue("number", made, nullable=nullable)
    if kind == pl.Boolean:
        return ColumnValue("flag", expr, nullable=nullable)
    if kind in (pl.String, pl.Categorical) or isinstance(kind, pl.Enum):
        return ColumnValue("text", expr if kind == pl.String else expr.cast(pl.String), nullable=nullable)
    raise ColumnsError(expected("numbers, texts, flags, days, lists or structs", str(kind)), field=name)


def _list(expr: Expr, kind: pl.List, name: str, frame: pl.DataFrame) -> ColumnValue:
    longest = frame.select(expr.list.len().max()).item() or 0
    if longest > MOST:
        raise ColumnsError(expected(f"lists of at most {MOST}", longest), field=name)
    shortest = frame.select(expr.list.len().min()).item() or 0
    missing = bool(frame.select(expr.is_null().any()).item())
    items = []
    for place in range(longest):
        there = None if place < shortest and not missing else (expr.list.len() > place).fill_null(False)
        item = _value(expr.list.get(place, null_on_oob=True), kind.inner, f"{name}[{place}]", frame)  # type: ignore[arg-type]  # a type
        if there is not None:
            item = _sure(item, expr, place, frame)
        items.append((there, item))
    return ColumnValue("list", expr.is_null() if missing else None, nullable=missing, items=tuple(items))


def _sure(item: ColumnValue, expr: Expr, place: int, frame: pl.DataFrame) -> ColumnValue:
    """Return an element that is missing only where the list is too short for it."""
    if item.expr is None:
        return replace(
            item, fields={key: _sure(part, expr, place, frame) for key, part in item.fields.items()}
        )
    wanting = frame.select(((expr.list.len() > place).fill_null(False) & column(item).is_null()).any()).item()
    return replace(item, nullable=bool(wanting))


def as_column(value: ColumnValue) -> Expr:
    """Return a value as one column: objects as structs, lists of what is there.

    Raises
    ------
    ColumnsError : a list of several kinds, or of elements that may be missing where they are chosen.
    """
    if value.kind == "null":
        return pl.lit(None)
    if value.kind == "object":
        if not value.fields:
            return pl.lit(None)
        return pl.struct(as_column(item).alias(key) for key, item in value.fields.items())
    if value.kind != "list":
        return column(value)
    if not value.items:
        return pl.lit([], dtype=pl.List(pl.String))
    kinds = {item.kind for _, item in value.items}
    if len(kinds) > 1:
        raise ColumnsError(expected("a list of one kind", " and ".join(sorted(kinds))))
    chosen = any(at is not None for at, _ in value.items)
    if chosen and any(item.nullable for at, item in value.items):
        raise ColumnsError(expected("chosen elements that are all there", "some that may be missing"))
    parts = [as_column(item) if at is None else pl.when(at).then(as_column(item)) for at, item in value.items]
    made = pl.concat_list(parts)
    made = made.list.drop_nulls() if chosen else made
    return made if value.expr is None else pl.when(~value.expr).then(made)
