"""The functions of ZEN over columns; one that is not here is refused by name, with its node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from loantwin.decisions.graph.lists import EACH, FAILED, LISTS, Compile, length, needs
from loantwin.decisions.graph.order import Scope, as_text, member_of, slack_of, truncated
from loantwin.decisions.graph.syntax import Call
from loantwin.decisions.graph.term import foreign, lit
from loantwin.decisions.graph.value import (
    ColumnValue,
    Expr,
    column,
    constant,
    either,
    flag,
    is_null,
    list_missing,
    number,
    where,
)
from loantwin.errors import ColumnsError

DAYS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S")


def called(tree: Call, scope: Scope, expressed: Compile) -> ColumnValue:
    """Return a call over columns.

    Raises
    ------
    ColumnsError : a function that columns do not know.
    """
    if tree.name in EACH and len(tree.arguments) == 2:
        return EACH[tree.name](expressed(tree.arguments[0], scope), tree.arguments[1], scope, expressed)
    if tree.name in ("contains",) and len(tree.arguments) == 2:
        held, value = (expressed(item, scope) for item in tree.arguments)
        return _contains(held, value, scope)
    makers = {**TEXTS, **NUMBERS, **DATES, **LISTS, "len": _len, "type": _type}
    if tree.name not in makers:
        raise ColumnsError(f"expected a function that columns know, was {tree.name}")
    return makers[tree.name](*(expressed(item, scope) for item in tree.arguments))


def _text(make: Callable[[pl.Expr], pl.Expr]) -> Callable[[ColumnValue], ColumnValue]:
    def made(value: ColumnValue) -> ColumnValue:
        if value.kind != "text":
            return ColumnValue("text", lit(None, "text"), nullable=True, fails=FAILED)
        if isinstance(value.const, str):
            expr = lit(pl.select(make(pl.lit(value.const))).item(), "text")
        else:
            expr = foreign(make, column(value))
        return ColumnValue("text", expr, nullable=value.nullable, fails=needs(value, "text"))

    return made


def _part(make: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Callable[[ColumnValue, ColumnValue], ColumnValue]:
    def made(value: ColumnValue, part: ColumnValue) -> ColumnValue:
        fails = either(needs(value, "text"), needs(part, "text"))
        if value.kind != "text" or part.kind != "text":
            return flag(lit(False), FAILED)
        return flag(
            foreign(make, column(value), column(part)), fails, nullable=value.nullable or part.nullable
        )

    return made


def _contains(held: ColumnValue, value: ColumnValue, scope: Scope) -> ColumnValue:
    if held.kind == "list":
        made = member_of(value, held, scope)
        return replace(made, fails=either(made.fails, list_missing(held)))
    return _part(lambda text, part: text.str.contains(part, literal=True))(held, value)


def _split(value: ColumnValue, sign: ColumnValue) -> ColumnValue:
    """Return the parts of a text that is one for all, else the first eight."""
    if value.kind != "text" or not isinstance(sign.const, str) or not sign.const:
        raise ColumnsError("expected a text and a sign to split it by, was another")
    mark = sign.const
    items = tuple(
        (
            None if place == 0 else _nth(column(value), mark, place).is_not_null(),
            ColumnValue("text", _nth(column(value), mark, place), nullable=place > 0 or value.nullable),
        )
        for place in range(8)
    )
    return ColumnValue("list", items=items, fails=needs(value, "text"))


def _nth(text: Expr, mark: str, place: int) -> Expr:
    """Return a part of a text, null where it has fewer."""
    return foreign(lambda whole: whole.str.split(mark).list.get(place, null_on_oob=True), text)


def _rounded(make: Callable[[Expr, Expr], Expr]) -> Callable[..., ColumnValue]:
    """Return a function of a number and digits; a number as it came in has the slack of digits alone."""

    def made(value: ColumnValue, digits: ColumnValue | None = None) -> ColumnValue:
        if value.kind != "number" or (digits is not None and digits.const is None):
            return number(lit(None, "number"), nullable=True, fails=FAILED)
        scale = 1.0 if digits is None else 10.0 ** int(digits.const)
        scaled = column(value) * scale if scale != 1.0 else column(value)
        slack = slack_of(scaled, exact=value.exact)
        expr = make(scaled, lit(0.0) if value.exact and scale == 1.0 else slack)
        expr = expr / scale if scale != 1.0 else expr
        return number(expr, nullable=value.nullable, fails=needs(value, "number"), exact=scale == 1.0)

    return made


def _half_up(expr: Expr, slack: Expr) -> Expr:
    """Return whole numbers, halves away from 0."""
    return expr.sign() * (expr.abs() + 0.5 + slack).floor()


def _abs(value: ColumnValue) -> ColumnValue:
    if value.kind != "number":
        return number(lit(None, "number"), nullable=True, fails=FAILED)
    return number(
        column(value).abs(), nullable=value.nullable, fails=needs(value, "number"), exact=value.exact
    )


def _number(value: ColumnValue) -> ColumnValue:
    if value.kind == "number":
        return replace(value, fails=needs(value, "number"))
    if value.kind == "flag":
        return number(column(value).number(), nullable=value.nullable, fails=needs(value, "flag"), exact=True)
    if value.kind != "text":
        return number(lit(None, "number"), nullable=True, fails=FAILED)
    made = foreign(lambda text: text.str.strip_chars().cast(pl.Float64, strict=False), column(value))
    return number(made, nullable=True, fails=either(value.fails, made.is_null()), exact=True)


def _type(value: ColumnValue) -> ColumnValue:
    names = {
        "number": "number",
        "text": "string",
        "flag": "bool",
        "list": "array",
        "object": "object",
        "null": "null",
    }
    gone = is_null(value)
    made = constant(names[value.kind])
    return made if gone is None or value.kind == "null" else where(gone, constant("null"), made)


def _len(value: ColumnValue) -> ColumnValue:
    """Return the bytes of a text, as zen-engine counts them, or the elements of a list."""
    if value.kind != "text":
        return length(value)
    made = foreign(lambda text: text.str.len_bytes().cast(pl.Float64), column(value))
    return number(made, nullable=value.nullable, fails=needs(value, "text"), exact=True)


def _date(value: ColumnValue) -> ColumnValue:
    """Return seconds since 1970 of a day or moment in UTC; a number is one already."""
    if value.kind == "number":
        return replace(value, fails=needs(value, "number"))
    if value.kind != "text":
        return number(lit(None, "number"), nullable=True, fails=FAILED)
    if isinstance(value.const, str):
        return constant(moment(value.const))
    made = foreign(_seconds, column(value))
    return number(made, nullable=True, fails=either(value.fails, made.is_null()), exact=True)


def _seconds(text: pl.Expr) -> pl.Expr:
    forms = (text.str.strptime(pl.Datetime("ms"), form, strict=False) for form in DAYS)
    return pl.coalesce(forms).dt.epoch("s").cast(pl.Float64)


def moment(text: str) -> float:
    """Return seconds since 1970 of a written day or moment.

    Raises
    ------
    ColumnsError : a text that is neither.
    """
    try:
        made = datetime.fromisoformat(text)
    except ValueError as problem:
        raise ColumnsError(f"expected a day as YYYY-MM-DD, was {text!r}") from problem
    return (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp()


def _calendar(make: Callable[[pl.Expr], pl.Expr]) -> Callable[[ColumnValue], ColumnValue]:
    def made(value: ColumnValue) -> ColumnValue:
        seconds = _date(value)
        part = foreign(lambda given: make(_moment(given)).cast(pl.Float64), column(seconds))
        return number(part, nullable=seconds.nullable, fails=seconds.fails, exact=True)

    return made


def _moment(seconds: pl.Expr) -> pl.Expr:
    return pl.from_epoch((seconds * 1000).cast(pl.Int64), time_unit="ms")


def _duration(value: ColumnValue) -> ColumnValue:
    units = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
    text = value.const if isinstance(value.const, str) else ""
    if not text[:-1].isdigit() or text[-1:] not in units:
        raise ColumnsError("expected a written duration such as '30d', was another")
    return constant(float(text[:-1]) * units[text[-1]])


TEXTS: dict[str, Callable[..., ColumnValue]] = {
    "string": as_text,
    "lower": _text(lambda text: text.str.to_lowercase()),
    "upper": _text(lambda text: text.str.to_uppercase()),
    "trim": _text(lambda text: text.str.strip_chars()),
    "startsWith": _part(lambda text, part: text.str.starts_with(part)),
    "endsWith": _part(lambda text, part: text.str.ends_with(part)),
    "split": _split,
}
NUMBERS: dict[str, Callable[..., ColumnValue]] = {
    "round": _rounded(_half_up),
    "floor": _rounded(lambda expr, slack: (expr + slack).floor()),
    "ceil": _rounded(lambda expr, slack: (expr - slack).ceil()),
    "trunc": _rounded(truncated),
    "abs": _abs,
    "number": _number,
}
DATES: dict[str, Callable[..., ColumnValue]] = {
    "date": _date,
    "duration": _duration,
    "year": _calendar(lambda moment: moment.dt.year()),
    "monthOfYear": _calendar(lambda moment: moment.dt.month()),
    "dayOfMonth": _calendar(lambda moment: moment.dt.day()),
    "dayOfWeek": _calendar(lambda moment: moment.dt.weekday()),
    "dayOfYear": _calendar(lambda moment: moment.dt.ordinal_day()),
    "weekOfYear": _calendar(lambda moment: moment.dt.week()),
}
