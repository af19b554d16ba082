"""How values compare: equality, order, membership, the slack of worked-out numbers, values as text.

Numbers are decimals in zen-engine, here float64: a number as it came in or is written compares without slack;
one that was worked out is equal to a cut within 1e-9 and 1e-14 of the cut, and counted as near it.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as made_by

from loantwin.decisions.graph.term import lit, when
from loantwin.decisions.graph.value import (
    ColumnValue,
    Expr,
    column,
    constant,
    either,
    flag,
    is_null,
    list_missing,
)
from loantwin.errors import ColumnsError

NEAR = 1e-9
"""How near a number that was worked out counts as on a cut, in the number's unit."""
NEAR_SHARE = 1e-14
"""The same as a share of the cut: float64 tells no more of sums of large numbers."""


@dataclass(frozen=True)
class Scope:
    """What names mean in an expression. near : masks of rows near a cut, collected."""

    names: ColumnValue
    field: ColumnValue
    nodes: ColumnValue
    element: ColumnValue | None = None
    near: list[Expr] = made_by(default_factory=list)


def equal(left: ColumnValue, right: ColumnValue, scope: Scope) -> ColumnValue:
    """Return where two values are equal: null equals null alone, other kinds never.

    Raises
    ------
    ColumnsError : an object beside null, of which columns do not tell whether it is there.
    """
    fails = either(left.fails, right.fails)
    if "null" in (left.kind, right.kind):
        other = right if left.kind == "null" else left
        if other.kind == "object":
            raise ColumnsError("expected a number, text or flag beside null, was an object")
        gone = list_missing(other) if other.kind == "list" else is_null(other)
        return flag(lit(False) if gone is None else gone, fails)
    if left.kind in ("list", "object") or right.kind in ("list", "object"):
        return flag(lit(False), fails)
    if left.kind != right.kind:
        return flag(_absent_both(left, right), fails)
    if left.kind == "number" and not (left.exact and right.exact):
        apart = (column(left) - column(right)).abs() <= _slack(left, right, scope)
        return flag(apart.fill_null(False) | _absent_both(left, right), fails)
    if left.nullable and right.nullable:
        return flag(column(left).same(column(right)), fails)
    made = column(left) == column(right)
    return flag(made.fill_null(False) if left.nullable or right.nullable else made, fails)


def _absent_both(left: ColumnValue, right: ColumnValue) -> Expr:
    if left.nullable and right.nullable:
        return column(left).is_null() & column(right).is_null()
    return lit(False)


def _slack(left: ColumnValue, right: ColumnValue, scope: Scope) -> Expr:
    """Return how near counts as equal, and note the rows that are."""
    cut = right if right.const is not None else left
    size = lit(abs(float(cut.const))) if cut.const is not None else column(cut).abs()
    slack = NEAR + NEAR_SHARE * size
    scope.near.append(((column(left) - column(right)).abs() <= slack).fill_null(False))
    return slack


def compare(sign: str, left: ColumnValue, right: ColumnValue, scope: Scope) -> ColumnValue:
    """Return where one number stands in an order to another; null and other kinds fail."""
    fails = either(left.fails, right.fails, is_null(left), is_null(right))
    if left.kind != "number" or right.kind != "number":
        return flag(lit(False), lit(True))
    nullable = left.nullable or right.nullable
    one, two = column(left), column(right)
    if left.exact and right.exact:
        made = {"<": one < two, "<=": one <= two, ">": one > two, ">=": one >= two}[sign]
        return flag(made, fails, nullable=nullable)
    apart, slack = one - two, _slack(left, right, scope)
    made = {"<": apart < -slack, "<=": apart <= slack, ">": apart > slack, ">=": apart >= -slack}[sign]
    return flag(made, fails, nullable=nullable)


def member_of(left: ColumnValue, held: ColumnValue, scope: Scope) -> ColumnValue:
    """Return where a value is an element of a list."""
    fails = either(left.fails, held.fails, list_missing(held))
    words = [item.const for at, item in held.items if at is None and item.kind == left.kind]
    if left.kind in ("text", "number") and left.exact and len(words) == len(held.items) and None not in words:
        made = column(left).is_in(words)
        return flag(made.fill_null(False) if left.nullable else made, fails)
    parts = []
    for at, item in held.items:
        same = equal(left, item, scope)
        parts.append(column(same) if at is None else column(same) & at)
    return flag(either(*parts) if parts else lit(False), fails)  # type: ignore[arg-type]  # not empty


def slack_of(expr: Expr, *, exact: bool = False) -> Expr:
    """Return how far below a whole number still counts as it: what float64 may lose, more if worked out."""
    share = expr.abs() * NEAR_SHARE
    return share if exact else share + NEAR


def truncated(expr: Expr, slack: Expr) -> Expr:
    """Return a number cut towards 0."""
    return expr.sign() * (expr.abs() + slack).floor()


def as_text(value: ColumnValue) -> ColumnValue:
    """Return a value as text: a missing one is `null`.

    Raises
    ------
    ColumnsError : a number, whose text follows the digits it was written with, a list or an object.
    """
    if value.kind == "null":
        return constant("null")
    if value.kind == "flag":
        expr = when(column(value), lit("true"), lit("false"))
        expr = when(column(value).is_null(), lit("null"), expr) if value.nullable else expr
        return ColumnValue("text", expr, fails=value.fails)
    if value.kind == "text":
        return ColumnValue(
            "text", column(value).fill_null("null") if value.nullable else column(value), fails=value.fails
        )
    raise ColumnsError(
        f"expected a text to put together, was a {value.kind}: its digits are known one by one only"
    )
