"""Expressions to columns: the tree of ZEN over values, so that each row gives what zen-engine gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from loantwin.decisions.graph.functions import called
from loantwin.decisions.graph.order import Scope, as_text, compare, equal, member_of, slack_of, truncated
from loantwin.decisions.graph.syntax import (
    Binary,
    Call,
    Constant,
    Index,
    Interval,
    ListOf,
    Member,
    Name,
    ObjectOf,
    Template,
    Ternary,
    Tree,
    Unary,
)
from loantwin.decisions.graph.term import lit, when
from loantwin.decisions.graph.value import (
    NULL,
    ColumnValue,
    column,
    constant,
    either,
    flag,
    holds,
    is_null,
    list_missing,
    number,
    where,
)
from loantwin.errors import ColumnsError


def expressed(tree: Tree, scope: Scope) -> ColumnValue:
    """Return an expression over columns.

    Raises
    ------
    ColumnsError : a part that columns do not know.
    """
    return MAKERS.get(type(tree), _unknown)(tree, scope)


def _unknown(tree: Tree, _: Scope) -> ColumnValue:
    raise ColumnsError(f"expected what columns know, was {type(tree).__name__.lower()}, which they do not")


def _literal(tree: Constant, _: Scope) -> ColumnValue:
    return constant(tree.value)


def _name(tree: Name, scope: Scope) -> ColumnValue:
    if tree.name == "$":
        return scope.field
    if tree.name == "$root":
        return scope.names
    if tree.name == "$nodes":
        return scope.nodes
    if tree.name == "#":
        if scope.element is None:
            raise ColumnsError("expected # inside a function of a list, was outside")
        return scope.element
    return scope.names.fields.get(tree.name, NULL)


def _member(tree: Member, scope: Scope) -> ColumnValue:
    base = expressed(tree.base, scope)
    if base.kind == "object":
        return replace(
            base.fields.get(tree.name, NULL), fails=either(base.fails, base.fields.get(tree.name, NULL).fails)
        )
    return replace(NULL, fails=base.fails)


def _index(tree: Index, scope: Scope) -> ColumnValue:
    base, key = expressed(tree.base, scope), expressed(tree.key, scope)
    if base.kind == "object" and key.const is not None:
        return base.fields.get(str(key.const), NULL)
    if base.kind == "object" and key.kind == "text":
        made = NULL
        for name, value in base.fields.items():
            made = where(column(key) == name, value, made)
        return made
    if base.kind != "list" or key.const is None:
        raise ColumnsError("expected a list and a place, was another")
    return element(base, int(key.const))


def element(value: ColumnValue, place: int) -> ColumnValue:
    """Return an element of a list, null where it has fewer; elements that are not there are not counted."""
    if all(at is None for at, _ in value.items[: place + 1]):
        return value.items[place][1] if place < len(value.items) else NULL
    made, before = NULL, lit(0.0)
    for at, item in value.items:
        there = lit(True) if at is None else at
        made = where(there & (before == float(place)), item, made)
        before = before + there.number()
    return made


def _unary(tree: Unary, scope: Scope) -> ColumnValue:
    value = expressed(tree.operand, scope)
    if tree.sign == "not":
        wrong = lit(True) if value.kind != "flag" else is_null(value)
        expr = ~column(value) if value.kind == "flag" else lit(False)
        return flag(expr, either(value.fails, wrong), nullable=value.nullable and value.kind == "flag")
    wrong = lit(True) if value.kind != "number" else is_null(value)
    expr = -column(value) if value.kind == "number" else lit(None, "number")
    return number(expr, nullable=value.nullable, fails=either(value.fails, wrong), exact=value.exact)


def _ternary(tree: Ternary, scope: Scope) -> ColumnValue:
    condition = expressed(tree.condition, scope)
    yes, no = expressed(tree.yes, scope), expressed(tree.no, scope)
    made = where(holds(condition), yes, no)
    wrong = is_null(condition) if condition.kind == "flag" else lit(True)
    return replace(made, fails=either(made.fails, condition.fails, wrong))


def _binary(tree: Binary, scope: Scope) -> ColumnValue:
    left = expressed(tree.left, scope)
    if tree.sign in ("and", "or"):
        return _logic(tree.sign, left, expressed(tree.right, scope))
    if tree.sign in ("in", "not in"):
        made = contained(left, tree.right, scope)
        return replace(made, expr=~column(made)) if tree.sign == "not in" else made
    right = expressed(tree.right, scope)
    if tree.sign == "??":
        return _without(left, right)
    if tree.sign in ("==", "!="):
        made = equal(left, right, scope)
        return replace(made, expr=~column(made)) if tree.sign == "!=" else made
    if tree.sign in ("<", "<=", ">", ">="):
        return compare(tree.sign, left, right, scope)
    return _arithmetic(tree.sign, left, right)


def _logic(sign: str, left: ColumnValue, right: ColumnValue) -> ColumnValue:
    """`and`, `or` from left to right: the right side is asked only where the left leaves it open."""
    wrong = lit(True) if left.kind != "flag" else is_null(left)
    first = holds(left)
    second = column(right) if right.kind == "flag" else lit(None, "flag")
    open_ = first if sign == "and" else ~first
    fails = either(left.fails, wrong, None if right.fails is None else open_ & right.fails)
    if right.nullable or right.kind != "flag":
        closed = lit(sign == "or")
        return flag(when(open_, second, closed), fails, nullable=True)
    return flag(first & second if sign == "and" else first | second, fails)


def _without(left: ColumnValue, right: ColumnValue) -> ColumnValue:
    if left.kind == "null":
        return right
    if left.kind == "list":
        gone = list_missing(left)
        if gone is None:
            return left
        return where(~gone, replace(left, expr=None, nullable=False), right)
    gone = is_null(left)
    if gone is None:
        return left
    made = where(~gone, replace(left, nullable=False), right)
    return replace(made, nullable=right.nullable)


def contained(left: ColumnValue, right: Tree, scope: Scope) -> ColumnValue:
    """Return where a value lies in a range or a list."""
    if isinstance(right, Interval):
        low, high = expressed(right.low, scope), expressed(right.high, scope)
        above = compare(">=" if right.low_in else ">", left, low, scope)
        below = compare("<=" if right.high_in else "<", left, high, scope)
        return flag(
            column(above) & column(below),
            either(above.fails, below.fails),
            nullable=above.nullable or below.nullable,
        )
    held = expressed(right, scope)
    if held.kind != "list":
        return flag(lit(False), lit(True))
    return member_of(left, held, scope)


def _arithmetic(sign: str, left: ColumnValue, right: ColumnValue) -> ColumnValue:
    fails = either(left.fails, right.fails, is_null(left), is_null(right))
    nullable = left.nullable or right.nullable
    if sign == "+" and left.kind == right.kind == "text":
        return ColumnValue("text", column(left).joined(column(right)), nullable=nullable, fails=fails)
    if left.kind != "number" or right.kind != "number":
        return ColumnValue("number", lit(None, "number"), nullable=True, fails=lit(True), exact=False)
    one, two = column(left), column(right)
    if sign in ("/", "%"):
        if right.const == 0:
            return replace(NULL, fails=fails)
        risky = right.const is None
        below = when(two != 0.0, two) if risky else two
        made = one / below if sign == "/" else one - below * truncated(one / below, slack_of(one / below))
        return number(made, nullable=nullable or risky, fails=fails)
    made = {"+": lambda: one + two, "-": lambda: one - two, "*": lambda: one * two, "^": lambda: one**two}[
        sign
    ]()
    return number(made, nullable=nullable, fails=fails)


def _list(tree: ListOf, scope: Scope) -> ColumnValue:
    made = tuple(expressed(item, scope) for item in tree.items)
    return ColumnValue(
        "list", items=tuple((None, item) for item in made), fails=either(*(item.fails for item in made))
    )


def _object(tree: ObjectOf, scope: Scope) -> ColumnValue:
    made = {key: expressed(value, scope) for key, value in zip(tree.keys, tree.values, strict=True)}
    return ColumnValue("object", fields=made, fails=either(*(item.fails for item in made.values())))


def _template(tree: Template, scope: Scope) -> ColumnValue:
    made = [as_text(expressed(part, scope)) for part in tree.parts]
    if not made:
        return constant("")
    expr = column(made[0])
    for part in made[1:]:
        expr = expr.joined(column(part))
    return ColumnValue("text", expr, fails=either(*(part.fails for part in made)))


def _call(tree: Call, scope: Scope) -> ColumnValue:
    return called(tree, scope, expressed)


MAKERS: dict[type, Callable[..., ColumnValue]] = {
    Constant: _literal,
    Name: _name,
    Member: _member,
    Index: _index,
    Unary: _unary,
    Ternary: _ternary,
    Binary: _binary,
    ListOf: _list,
    ObjectOf: _object,
    Template: _template,
    Call: _call,
}
