"""Terms made into one Python function of a row: the same numbers as Polars makes of columns, to the bit.

What this does not know, or would say otherwise, is refused: `Unsure` on a row, ColumnsError of a term.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from loantwin.decisions.graph.term import Term, in_order
from loantwin.errors import ColumnsError

Row = Mapping[str, Any]
"""Dotted name -> number (float), text or flag; None and no entry are missing."""


class Unsure(Exception):  # noqa: N818  # a signal to ask columns instead, never raised to a caller of the package
    """A row of which only columns can say: a number beyond float64 on the way."""


def unsure() -> NoReturn:
    """Signal `Unsure`."""
    raise Unsure


SIGNS = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "div": "{} / {}", "neg": "-{}", "not": "not {}",
    "eq": "{} == {}", "ne": "{} != {}", "lt": "{} < {}", "le": "{} <= {}", "gt": "{} > {}", "ge": "{} >= {}",
    "join": "{} + {}", "abs": "abs({})", "sign": "sign({})", "floor": "float(floor({}))",
    "ceil": "float(ceil({}))", "number": "float({})",
}  # fmt: skip
"""Operations that a missing value makes missing."""
CHECKED = ("add", "sub", "mul", "div")
"""Those that may leave the numbers."""
FUNCTIONS: dict[str, Any] = {"Unsure": Unsure, "floor": math.floor, "ceil": math.ceil}


def of_row(
    steps: Sequence[Sequence[tuple[str, Term]]], wanted: Sequence[Term]
) -> Callable[[Row], tuple[Any, ...]]:
    """Return a function of a row that gives the wanted terms, null as None.

    Parameters
    ----------
    steps : names of terms, each step reading columns of the row and names of those before.

    Raises
    ------
    ColumnsError : a term that only columns know. Of the function Unsure: ask columns.
    """
    code = _Code()
    for step in steps:
        for name, term in step:
            code.names[name] = code.add(term)
    given = ", ".join(code.add(term) for term in wanted)
    body = "".join(f"    {line}\n" for line in code.lines)
    source = f"def run(row):\n    get = row.get\n{body}    return ({given},)\n"
    space = {**FUNCTIONS, "sign": _sign, **code.constants}
    exec(compile(source, "<policy>", "exec"), space)  # noqa: S102  # names and numbers made here; texts are bound
    run: Callable[[Row], tuple[Any, ...]] = space["run"]
    return run


def _sign(value: float) -> float:
    return 1.0 if value > 0.0 else -1.0 if value < 0.0 else value


class _Code:
    """Lines of a function, a variable a term; equal terms are one. sure : variables that are never None."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, str] = {}
        self.constants: dict[str, Any] = {}
        self.sure: set[str] = set()
        self._kept: list[Term] = []
        self._made: dict[int, str] = {}
        self._equal: dict[str, str] = {}

    def add(self, term: Term) -> str:
        """Return the variable, or the written constant, of a term."""
        for part in in_order(term):
            if id(part) not in self._made:
                self._kept.append(part)  # or its id would come again
                self._made[id(part)] = self._one(part, [self._made[id(item)] for item in part.args])
        return self._made[id(term)]

    def _one(self, term: Term, args: list[str]) -> str:
        if term.op == "lit":
            return self._constant(term.given[0])
        if term.op == "col" and term.given in self.names:
            return self.names[term.given]
        text, sure = self._text(term, args)
        if text in self._equal:
            return self._equal[text]
        name = self._equal[text] = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        if term.op in CHECKED:
            there = "" if sure else f"{name} is not None and "
            self.lines.append(f"if {there}{name} - {name} != 0.0: raise Unsure")
        if sure:
            self.sure.add(name)
        return name

    def _constant(self, value: Any) -> str:
        plain = (
            value is None
            or isinstance(value, bool | int)
            or (isinstance(value, float) and math.isfinite(value))
        )
        name = repr(value) if plain else self._bound(value)
        if name.startswith("-"):
            name = f"({name})"
        if value is not None:
            self.sure.add(name)
        return name

    def _bound(self, value: Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def _text(self, term: Term, args: list[str]) -> tuple[str, bool]:
        """Return a term as Python and whether it is never None."""
        sure = [item in self.sure for item in args]
        if term.op == "div" and term.args[1].op == "lit" and term.args[1].given[0]:
            return self._of_known("mul", [args[0], repr(1.0 / term.args[1].given[0])], [sure[0], True])
        if term.op in SIGNS:
            return self._of_known(term.op, args, sure)
        make = MAKERS.get(term.op)
        if make is None:
            raise ColumnsError(f"expected what a row knows, was {term.op}")
        return make(self, term, args, sure)

    def _of_known(self, op: str, args: list[str], sure: list[bool]) -> tuple[str, bool]:
        text = SIGNS[op].format(*args)
        if "None" in args:
            return "None", False
        gone = " or ".join(f"{item} is None" for item, known in zip(args, sure, strict=True) if not known)
        return (f"None if {gone} else {text}", False) if gone else (text, True)

    def _col(self, term: Term, _: list[str], __: list[bool]) -> tuple[str, bool]:
        return f"get({self._bound(term.given)})", False

    def _and(self, term: Term, args: list[str], sure: list[bool]) -> tuple[str, bool]:
        """Three values: what settles it does so whatever the other is."""
        word, ends = ("and", "False") if term.op == "and" else ("or", "True")
        if all(sure):
            return f"{args[0]} {word} {args[1]}", True
        settled = " or ".join(f"{item} is {ends}" for item in args)
        gone = " or ".join(f"{item} is None" for item in args)
        return f"{ends} if {settled} else None if {gone} else not {ends}", False

    def _is_null(self, _: Term, args: list[str], sure: list[bool]) -> tuple[str, bool]:
        return ("False" if sure[0] else f"{args[0]} is None"), True

    def _fill_null(self, _: Term, args: list[str], sure: list[bool]) -> tuple[str, bool]:
        return (args[0], True) if sure[0] else (f"{args[1]} if {args[0]} is None else {args[0]}", sure[1])

    def _same(self, _: Term, args: list[str], __: list[bool]) -> tuple[str, bool]:
        return f"{args[0]} == {args[1]}", True

    def _is_in(self, term: Term, args: list[str], sure: list[bool]) -> tuple[str, bool]:
        if len({type(item) for item in term.given}) > 1:
            raise ColumnsError("expected choices of one kind, was several")
        text = f"{args[0]} in {self._bound(frozenset(term.given))}"
        return (text, True) if sure[0] else (f"None if {args[0]} is None else {text}", False)

    def _of(self, term: Term, args: list[str], sure: list[bool]) -> tuple[str, bool]:
        text = f"{self._bound(term.given)}[{args[0]}]"
        return (
            (text, None not in term.given) if sure[0] else (f"None if {args[0]} is None else {text}", False)
        )

    def _when(self, _: Term, args: list[str], sure: list[bool]) -> tuple[str, bool]:
        return f"{args[1]} if {args[0]} else {args[2]}", sure[1] and sure[2]

    def _coalesce(self, _: Term, args: list[str], sure: list[bool]) -> tuple[str, bool]:
        text = args[-1]
        for item in reversed(args[:-1]):
            text = f"{item} if {item} is not None else {text}"
        return text, any(sure)

    def _extreme(self, term: Term, args: list[str], sure: list[bool]) -> tuple[str, bool]:
        listed = f"[v for v in ({', '.join(args)},) if v is not None]"
        return f"{term.op}({listed}, default=None)", any(sure)

    def _list(self, term: Term, args: list[str], _: list[bool]) -> tuple[str, bool]:
        rest = iter(args)
        pairs = "".join(f"({next(rest) if mask else True}, {next(rest)}), " for mask in term.given)
        return f"[v for m, v in ({pairs}) if m and v is not None]", True


MAKERS: dict[str, Callable[..., tuple[str, bool]]] = {
    "col": _Code._col, "and": _Code._and, "or": _Code._and, "is_null": _Code._is_null,
    "fill_null": _Code._fill_null, "same": _Code._same, "is_in": _Code._is_in, "of": _Code._of,
    "when": _Code._when, "coalesce": _Code._coalesce, "max": _Code._extreme, "min": _Code._extreme,
    "list": _Code._list,
}  # fmt: skip
