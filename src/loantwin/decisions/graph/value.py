"""What an expression over columns is: a column with its kind, where it may be missing, where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from loantwin.decisions.graph.term import Term, lit, when
from loantwin.errors import ColumnsError

Expr = Term


@dataclass(frozen=True, eq=False)
class ColumnValue:
    """A value for each of N rows.

    kind : number, text, flag, null, list or object.
    expr : (N,) of the kind; missing is null. None of null, object, and a list made of `items`.
    nullable : whether it may be null. fails : (N,) where zen-engine would fail, None where it never does.
    const : the value where it is one for all rows. exact : a number as it came in or is written, so that it
    compares without slack. present : (N,) where the field is there at all, None where it always is.
    items : of a list: (where it is there, or None for always; the element). fields : of an object.
    """

    kind: str
    expr: Expr | None = None
    nullable: bool = False
    fails: Expr | None = None
    const: Any = None
    exact: bool = True
    present: Expr | None = None
    items: tuple[tuple[Expr | None, ColumnValue], ...] = ()
    fields: Mapping[str, ColumnValue] = field(default_factory=dict)


NULL = ColumnValue("null", nullable=True)


def constant(value: float | str | bool | None) -> ColumnValue:
    """Return a value that is one for all rows."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return ColumnValue("flag", lit(value), const=value)
    if isinstance(value, str):
        return ColumnValue("text", lit(value, "text"), const=value)
    return ColumnValue("number", lit(float(value)), const=float(value))


def number(expr: Expr, *, nullable: bool, fails: Expr | None, exact: bool = False) -> ColumnValue:
    """Return a number that was worked out."""
    return ColumnValue("number", expr, nullable=nullable, fails=fails, exact=exact)


def flag(expr: Expr, fails: Expr | None = None, *, nullable: bool = False) -> ColumnValue:
    """Return a truth."""
    return ColumnValue("flag", expr, nullable=nullable, fails=fails)


def column(value: ColumnValue) -> Expr:
    """Return the column of a scalar; of null a column of nulls."""
    return lit(None) if value.expr is None else value.expr


def is_null(value: ColumnValue) -> Expr | None:
    """Return where a value is missing, None where it never is."""
    if value.kind in ("null", "list"):
        return list_missing(value)
    return column(value).is_null() if value.nullable and value.expr is not None else None


def either(*masks: Expr | None) -> Expr | None:
    """Return where any of the masks holds, None where none ever does."""
    found = [mask for mask in masks if mask is not None]
    if not found:
        return None
    made = found[0]
    for mask in found[1:]:
        made = made | mask
    return made


def both(*masks: Expr | None) -> Expr | None:
    """Return where all of the masks hold; None holds everywhere."""
    found = [mask for mask in masks if mask is not None]
    if not found:
        return None
    made = found[0]
    for mask in found[1:]:
        made = made & mask
    return made


def holds(value: ColumnValue) -> Expr:
    """Return where a condition is true and does not fail, (N,) flags without null."""
    if value.kind != "flag" or value.expr is None:
        return lit(False)
    made = value.expr.fill_null(False) if value.nullable else value.expr
    return made if value.fails is None else made & ~value.fails


def where(mask: Expr, yes: ColumnValue, no: ColumnValue, what: str = "a value") -> ColumnValue:
    """Return `yes` where the mask holds and `no` elsewhere.

    Raises
    ------
    ColumnsError : two kinds in one column.
    """
    fails = either(
        None if yes.fails is None else mask & yes.fails, None if no.fails is None else ~mask & no.fails
    )
    if yes is no:
        return yes
    if yes.kind == no.kind == "null":
        return replace(NULL, fails=fails)
    kinds = {yes.kind, no.kind} - {"null"}
    if len(kinds) > 1:
        raise ColumnsError(f"expected one kind of {what}, was {' or '.join(sorted(kinds))}")
    kind = kinds.pop()
    if kind == "object":
        keys = {**yes.fields, **no.fields}
        made = {key: where(mask, yes.fields.get(key, NULL), no.fields.get(key, NULL), what) for key in keys}
        return ColumnValue("object", fields=made, fails=fails)
    if kind == "list":
        return _lists(mask, yes, no, fails)
    expr = when(mask, column(yes), column(no))
    return ColumnValue(
        kind, expr, nullable=yes.nullable or no.nullable, fails=fails, exact=yes.exact and no.exact
    )


def _lists(mask: Expr, yes: ColumnValue, no: ColumnValue, fails: Expr | None) -> ColumnValue:
    items = [(mask if at is None else mask & at, item) for at, item in yes.items]
    items += [(~mask if at is None else ~mask & at, item) for at, item in no.items]
    missing = either(
        None if (gone := list_missing(yes)) is None else mask & gone,
        None if (gone := list_missing(no)) is None else ~mask & gone,
    )
    return ColumnValue("list", missing, nullable=missing is not None, fails=fails, items=tuple(items))


def list_missing(value: ColumnValue) -> Expr | None:
    """Return where a list is missing: the `expr` of a list is that mask; None where it never is."""
    return lit(True) if value.kind == "null" else value.expr


def over(base: ColumnValue, top: ColumnValue) -> ColumnValue:
    """Return two contexts put together: fields of `top` win where they are there.

    Raises
    ------
    ColumnsError : a field that is an object in some rows and none in others.
    """
    if base.kind != "object" or top.kind != "object":
        if top.present is None:
            return top
        if base.kind == "object" or top.kind == "object":
            raise ColumnsError("expected a field that is an object or none, was now this and now that")
        made = where(top.present, top, base)
        return replace(made, present=None if base.present is None else base.present | top.present)
    fields = dict(base.fields)
    for key, value in top.fields.items():
        held = fields.get(key)
        fields[key] = value if held is None or held is value else over(held, value)
    return ColumnValue("object", fields=fields)


def only(mask: Expr | None, value: ColumnValue) -> ColumnValue:
    """Return a value as it is where the mask holds, and not there elsewhere."""
    if mask is None or value.kind == "null":
        return value if mask is None else replace(value, present=both(value.present, mask))
    if value.kind == "object":
        return ColumnValue("object", fields={key: only(mask, item) for key, item in value.fields.items()})
    made = where(mask, value, NULL)
    return replace(made, present=both(value.present, mask), exact=value.exact)


def put(path: str, value: ColumnValue) -> ColumnValue:
    """Return an object that holds a value under a dotted path."""
    made = value
    for key in reversed(path.split(".")):
        made = ColumnValue("object", fields={key: made})
    return made


def get(value: ColumnValue, path: tuple[str, ...]) -> ColumnValue:
    """Return what an object holds under a path, null where it holds nothing."""
    for key in path:
        value = value.fields.get(key, NULL) if value.kind == "object" else NULL
    return value
