"""The JSON Schema of an input node over columns: where a row breaks it, as zen-engine would say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from loantwin.decisions.graph.term import Term, lit
from loantwin.decisions.graph.value import NULL, ColumnValue, Expr, column, either, is_null
from loantwin.errors import ColumnsError

KINDS = {
    "string": "text",
    "number": "number",
    "integer": "number",
    "boolean": "flag",
    "object": "object",
    "array": "list",
}
TOLD = ("description", "title", "$schema", "examples", "default", "$id")
LEAST = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}


def breaches(schema: Mapping[str, Any], value: ColumnValue, name: str = "") -> Iterator[tuple[str, Expr]]:
    """Yield what is wrong with an input and where, (N,) masks; a missing field is wrong where it is required.

    Raises
    ------
    ColumnsError : a keyword of JSON Schema that columns do not know.
    """
    for key in schema:
        if key not in ("type", "enum", "properties", "required", "items", *TOLD, *LEAST):
            raise ColumnsError(f"expected a schema that columns know, was {key} at {name or 'the input'}")
    yield from _kind(schema, value, name)
    if value.kind == "object":
        there = (
            either(*(present for item in value.fields.values() for present in _there(item))) if name else None
        )
        for key in schema.get("required", ()):
            gone = (
                is_null(value.fields.get(key, NULL)) if value.fields.get(key, NULL).kind != "object" else None
            )
            if gone is not None:
                yield f"{name}.{key} is missing".lstrip("."), gone if there is None else gone & there
        for key, part in schema.get("properties", {}).items():
            yield from breaches(part, value.fields.get(key, NULL), f"{name}.{key}".lstrip("."))
    elif value.kind == "list" and schema.get("items"):
        for at, item in value.items:
            for words, mask in breaches(schema["items"], item, f"{name}[]"):
                yield words, mask if at is None else mask & at


def _there(value: ColumnValue) -> Iterator[Expr]:
    if value.kind == "object":
        for item in value.fields.values():
            yield from _there(item)
    elif value.kind == "list":
        yield lit(True) if value.expr is None else ~value.expr
    elif value.kind != "null":
        yield column(value).is_not_null()


def _kind(schema: Mapping[str, Any], value: ColumnValue, name: str) -> Iterator[tuple[str, Expr]]:
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    if value.kind == "null":
        return
    if value.kind == "object":
        if kinds and "object" not in kinds:
            yield f"{name} is no {' or '.join(kinds)}", lit(True)
        return
    if kinds and value.kind not in {KINDS.get(kind, kind) for kind in kinds}:
        yield f"{name} is no {' or '.join(kinds)}", ~(is_null(value) if value.nullable else lit(False))  # type: ignore[operator]  # a mask
        return
    if value.kind == "list":
        return
    expr = column(value)
    if "integer" in kinds and "number" not in kinds:
        yield f"{name} is no integer", (expr != expr.floor()).fill_null(False)
    if "enum" in schema:
        words = [item for item in schema["enum"] if item is not None]
        yield f"{name} is none of its choices", ~expr.is_in(words).fill_null(True)
    for key, method in LEAST.items():
        if key in schema and value.kind == "number":
            yield f"{name} is out of range", ~Term(method, (expr, lit(float(schema[key])))).fill_null(True)
