"""The words and the tree of ZEN, the language of cells and expressions in a decision graph.

Source: what zen-engine 2.1.3 answers; `tests/decisions/test_graph_syntax.py` holds the tree to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Union

from loantwin.errors import ConfigError, expected

WORD = re.compile(
    r"""\s+
    |(?P<number>\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)
    |(?P<text>"[^"]*"|'[^']*')
    |(?P<template>`[^`]*`)
    |(?P<name>[$#]?[A-Za-z_][A-Za-z0-9_]*|[$#])
    |(?P<sign>\.\.|==|!=|<=|>=|\?\?|[-+*/%^<>!?:.,()\[\]{}])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """One word: its kind (number, text, template, name, sign) and itself."""

    kind: str
    word: str


@dataclass(frozen=True)
class Constant:
    """A number (float), text, flag or null."""

    value: float | str | bool | None


@dataclass(frozen=True)
class Template:
    """Texts and expressions put together: `${a} of ${b}`."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Name:
    """A field of the context, or one of `$` (the cell's field, or results so far), `#`, `$root`, `$nodes`."""

    name: str


@dataclass(frozen=True)
class Member:
    """A field of an object."""

    base: Tree
    name: str


@dataclass(frozen=True)
class Index:
    """An element of a list, or a field of an object by a text."""

    base: Tree
    key: Tree


@dataclass(frozen=True)
class Unary:
    """`-x`, `+x` or `not x`."""

    sign: str
    operand: Tree


@dataclass(frozen=True)
class Binary:
    """Two operands and what stands between them."""

    sign: str
    left: Tree
    right: Tree


@dataclass(frozen=True)
class Ternary:
    """`condition ? yes : no`."""

    condition: Tree
    yes: Tree
    no: Tree


@dataclass(frozen=True)
class Call:
    """A function and its arguments; those that read `#` are asked for each element."""

    name: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True)
class Method:
    """A call on a value, as `d(x).add("1d")`: only zen-engine runs it."""

    base: Tree
    name: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True)
class ListOf:
    """A list."""

    items: tuple[Tree, ...]


@dataclass(frozen=True)
class ObjectOf:
    """An object: keys as texts, or as expressions in brackets."""

    keys: tuple[str, ...]
    values: tuple[Tree, ...]


@dataclass(frozen=True)
class Interval:
    """`[low..high)`: which ends belong to it."""

    low: Tree
    high: Tree
    low_in: bool
    high_in: bool


Tree = Union[  # noqa: UP007  # the names are defined above and below each other
    Constant,
    Template,
    Name,
    Member,
    Index,
    Unary,
    Binary,
    Ternary,
    Call,
    Method,
    ListOf,
    ObjectOf,
    Interval,
]


def tokens(text: str) -> list[Token]:
    """Return the words of an expression.

    Raises
    ------
    ConfigError : a sign that the language does not have.
    """
    found, at = [], 0
    while at < len(text):
        match = WORD.match(text, at)
        if match is None:
            raise ConfigError(expected("an expression", text) + f": what is {text[at:][:12]!r}?")
        at = match.end()
        if match.lastgroup:
            found.append(Token(match.lastgroup, match.group()))
    return found


def walk(tree: Tree) -> Iterator[Tree]:
    """Yield a tree's every part, itself first."""
    yield tree
    for item in fields(tree):
        value = getattr(tree, item.name)
        for part in value if isinstance(value, tuple) else (value,):
            if not isinstance(part, str | float | bool | None):
                yield from walk(part)


def path_of(tree: Tree) -> tuple[str, ...] | None:
    """Return `a.b.c` as its names, None for anything else."""
    if isinstance(tree, Name):
        return (tree.name,)
    if isinstance(tree, Member):
        base = path_of(tree.base)
        return None if base is None else (*base, tree.name)
    return None


def paths(tree: Tree) -> tuple[tuple[str, ...], ...]:
    """Return the fields that an expression reads, the longest path of each, each once; `#` is left out."""
    found: dict[tuple[str, ...], None] = {}
    _paths(tree, found)
    return tuple(path for path in found if path[0] != "#")


def _paths(tree: Tree, found: dict[tuple[str, ...], None]) -> None:
    path = path_of(tree)
    if path is not None:
        found[path] = None
        return
    for item in fields(tree):
        value = getattr(tree, item.name)
        for part in value if isinstance(value, tuple) else (value,):
            if not isinstance(part, str | float | bool | None):
                _paths(part, found)


def names_null(tree: Tree) -> bool:
    """Return whether an expression says what happens to a missing value: it names null, or uses `??`."""
    return any(
        (isinstance(part, Constant) and part.value is None)
        or (isinstance(part, Binary) and part.sign == "??")
        or (isinstance(part, Call) and part.name == "type")
        for part in walk(tree)
    )
