"""Terms: what a graph works out, as trees that Polars runs over columns and Python on one row.

A missing value is null: it makes arithmetic and comparisons null, `&` and `|` follow three values, as in SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

KINDS = {"text": pl.String, "number": pl.Float64, "flag": pl.Boolean, "place": pl.UInt32}


class Term:
    """A value for each row: an operation on other terms. given : what it needs besides, one for all rows."""

    __slots__ = ("args", "given", "op")

    def __init__(self, op: str, args: tuple[Term, ...] = (), given: Any = None) -> None:
        self.op, self.args, self.given = op, args, given

    def __add__(self, other: Any) -> Term:
        return Term("add", (self, lit(other)))

    def __radd__(self, other: Any) -> Term:
        return Term("add", (lit(other), self))

    def __sub__(self, other: Any) -> Term:
        return Term("sub", (self, lit(other)))

    def __mul__(self, other: Any) -> Term:
        return Term("mul", (self, lit(other)))

    def __rmul__(self, other: Any) -> Term:
        return Term("mul", (lit(other), self))

    def __truediv__(self, other: Any) -> Term:
        return Term("div", (self, lit(other)))

    def __pow__(self, other: Any) -> Term:
        return foreign(lambda one, two: one**two, self, lit(other))

    def __neg__(self) -> Term:
        return Term("neg", (self,))

    def __invert__(self) -> Term:
        return Term("not", (self,))

    def __and__(self, other: Term) -> Term:
        if other.op == "lit" and other.given[0] is True:
            return self
        return other if self.op == "lit" and self.given[0] is True else Term("and", (self, other))

    def __or__(self, other: Term) -> Term:
        if other.op == "lit" and other.given[0] is False:
            return self
        return other if self.op == "lit" and self.given[0] is False else Term("or", (self, other))

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Term:  # type: ignore[override]  # a term, as of every comparison
        return Term("eq", (self, lit(other)))

    def __ne__(self, other: object) -> Term:  # type: ignore[override]  # a term, as of every comparison
        return Term("ne", (self, lit(other)))

    def __lt__(self, other: Any) -> Term:
        return Term("lt", (self, lit(other)))

    def __le__(self, other: Any) -> Term:
        return Term("le", (self, lit(other)))

    def __gt__(self, other: Any) -> Term:
        return Term("gt", (self, lit(other)))

    def __ge__(self, other: Any) -> Term:
        return Term("ge", (self, lit(other)))

    def __bool__(self) -> bool:
        """Refuse: a term's truth is known by row.

        Raises
        ------
        TypeError : always.
        """
        raise TypeError("expected a flag, was a term: its truth is known by row")

    def joined(self, other: Term) -> Term:
        """Return two texts, one behind the other."""
        return Term("join", (self, other))

    def is_null(self) -> Term:
        """Return where it is missing."""
        return Term("is_null", (self,))

    def is_not_null(self) -> Term:
        """Return where it is there."""
        return Term("not", (self.is_null(),))

    def fill_null(self, other: Any) -> Term:
        """Return it, another value where it is missing."""
        return Term("fill_null", (self, lit(other)))

    def same(self, other: Term) -> Term:
        """Return where two values are equal or both missing."""
        return Term("same", (self, other))

    def is_in(self, words: Iterable[Any]) -> Term:
        """Return where it is one of some values."""
        return Term("is_in", (self,), tuple(words))

    def abs(self) -> Term:
        """Return its size."""
        return Term("abs", (self,))

    def sign(self) -> Term:
        """Return -1, 0 or 1."""
        return Term("sign", (self,))

    def floor(self) -> Term:
        """Return the whole number at or below it."""
        return Term("floor", (self,))

    def ceil(self) -> Term:
        """Return the whole number at or above it."""
        return Term("ceil", (self,))

    def number(self) -> Term:
        """Return a flag as 0 or 1."""
        return Term("number", (self,))

    def of(self, values: Iterable[Any]) -> Term:
        """Return the value at the place that it says, of a list of one kind."""
        return Term("of", (self,), tuple(values))


def lit(value: Any, kind: str = "") -> Term:
    """Return a value that is one for all rows; a term stays as it is."""
    return value if isinstance(value, Term) else Term("lit", (), (value, kind))


def col(name: str) -> Term:
    """Return a column of the frame, a field of the row."""
    return Term("col", (), name)


def when(mask: Term, yes: Term, no: Term | None = None) -> Term:
    """Return `yes` where a mask holds, `no` elsewhere and where the mask is null; None is null."""
    return Term("when", (mask, yes, lit(None) if no is None else no))


def first_there(*terms: Term) -> Term:
    """Return the first value that is there."""
    return Term("coalesce", terms)


def most(*terms: Term) -> Term:
    """Return the largest number that is there."""
    return Term("max", terms)


def least(*terms: Term) -> Term:
    """Return the smallest number that is there."""
    return Term("min", terms)


def listed(*items: tuple[Term | None, Term]) -> Term:
    """Return a list of what is there: a mask (None: always) and an element each."""
    flags = tuple(at is not None for at, _ in items)
    return Term(
        "list", tuple(part for at, item in items for part in ((item,) if at is None else (at, item))), flags
    )


def foreign(make: Callable[..., pl.Expr], *args: Term) -> Term:
    """Return what Polars alone knows how to make of other terms."""
    return Term("foreign", args, make)


def is_plain(term: Term) -> bool:
    """Return whether a term is a column or a constant."""
    return term.op in ("col", "lit")


def in_order(*terms: Term) -> list[Term]:
    """Return terms and all that they are made of, each once, parts before what is made of them."""
    made: dict[int, Term] = {}
    stack = list(reversed(terms))
    while stack:  # a table of a thousand rows makes chains too long for calls
        term = stack[-1]
        left = [part for part in term.args if id(part) not in made]
        if left:
            stack += left
            continue
        made.setdefault(id(stack.pop()), term)
    return list(made.values())


def over_columns(term: Term) -> pl.Expr:
    """Return a term for Polars."""
    known: dict[int, pl.Expr] = {}
    for part in in_order(term):
        known[id(part)] = EXPRS[part.op](part, *(known[id(item)] for item in part.args))
    return known[id(term)]


def _lit(term: Term) -> pl.Expr:
    value, kind = term.given
    if kind == "" and isinstance(value, str):
        kind = "text"
    return pl.lit(value, dtype=KINDS[kind]) if kind else pl.lit(value)


def _divided(term: Term, one: pl.Expr, two: pl.Expr) -> pl.Expr:
    # Trap: Polars multiplies a column by the inverse of a constant, and divides where it has one row.
    below = term.args[1]
    return one * pl.lit(1.0 / below.given[0]) if below.op == "lit" and below.given[0] else one / two


def _of(term: Term, place: pl.Expr) -> pl.Expr:
    kind = pl.String if all(isinstance(item, str | None) for item in term.given) else None
    return pl.lit(pl.Series(list(term.given), dtype=kind)).gather(place)


def _list(term: Term, *parts: pl.Expr) -> pl.Expr:
    if not parts:
        return pl.lit([], dtype=pl.List(pl.String))
    rest = iter(parts)
    made = pl.concat_list(
        [pl.when(next(rest)).then(next(rest)) if mask else next(rest) for mask in term.given]
    )
    return made.list.drop_nulls() if any(term.given) else made


EXPRS: dict[str, Callable[..., pl.Expr]] = {
    "lit": _lit,
    "col": lambda term: pl.col(term.given),
    "add": lambda _, one, two: one + two,
    "sub": lambda _, one, two: one - two,
    "mul": lambda _, one, two: one * two,
    "div": _divided,
    "neg": lambda _, one: -one,
    "not": lambda _, one: ~one,
    "and": lambda _, one, two: one & two,
    "or": lambda _, one, two: one | two,
    "eq": lambda _, one, two: one == two,
    "ne": lambda _, one, two: one != two,
    "lt": lambda _, one, two: one < two,
    "le": lambda _, one, two: one <= two,
    "gt": lambda _, one, two: one > two,
    "ge": lambda _, one, two: one >= two,
    "join": lambda _, one, two: one + two,
    "is_null": lambda _, one: one.is_null(),
    "fill_null": lambda _, one, two: one.fill_null(two),
    "same": lambda _, one, two: one.eq_missing(two),
    "is_in": lambda term, one: one.is_in(list(term.given)),
    "abs": lambda _, one: one.abs(),
    "sign": lambda _, one: one.sign(),
    "floor": lambda _, one: one.floor(),
    "ceil": lambda _, one: one.ceil(),
    "number": lambda _, one: one.cast(pl.Float64),
    "of": _of,
    "when": lambda _, mask, yes, no: pl.when(mask).then(yes).otherwise(no),
    "coalesce": lambda _, *parts: pl.coalesce(parts),
    "max": lambda _, *parts: pl.max_horizontal(*parts),
    "min": lambda _, *parts: pl.min_horizontal(*parts),
    "list": _list,
    "foreign": lambda term, *parts: term.given(*parts),
}
