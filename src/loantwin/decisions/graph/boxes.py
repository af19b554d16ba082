"""Exact arithmetic of a table's rows: each column's axis in atoms, each row a box of atoms as bits.

An atom is a point, an open interval between two cuts, a text, a flag, or missing: no cell tells two values of
one atom apart, so that what is asked of atoms holds for every value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from loantwin.decisions.graph.functions import moment
from loantwin.decisions.graph.parse import FIELD, parse_test
from loantwin.decisions.graph.syntax import Binary, Call, Constant, Interval, ListOf, Tree, Unary, walk
from loantwin.errors import ConfigError, InputError, expected

Scalar = float | str | bool | None
Box = tuple[int, ...]
MOST_BOXES = 20_000


class Opaque(Exception):  # noqa: N818  # a signal within this file's readers, never raised to a caller of the package
    """A cell that is no test of its field against constants."""


@dataclass(frozen=True)
class Axis:
    """A column's values in atoms.

    atoms : a value that stands for each. words : what each is called. cuts : numbers apart. open_ : the bits
    that can occur (without missing); missing : the bit of missing, 0 where no cell names it.
    """

    name: str
    atoms: tuple[Scalar, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    occurring: int
    missing: int

    @property
    def whole(self) -> int:
        """Return all bits."""
        return (1 << len(self.atoms)) - 1


@dataclass(frozen=True)
class Domain:
    """What a field may hold: numbers from least to most, whole or not, or a few values."""

    least: float | None = None
    above: bool = False
    most: float | None = None
    whole: bool = False
    values: tuple[Scalar, ...] = ()


def axis_of(name: str, cells: Sequence[str], domain: Domain) -> Axis:
    """Return the axis of a column from what its cells name and what the field may hold."""
    named: list[Scalar] = list(domain.values)
    for text in cells:
        named += _constants(text)
    numbers = sorted(
        {float(item) for item in named if isinstance(item, float | int) and not isinstance(item, bool)}
    )
    if domain.least is not None and numbers:
        numbers = sorted({*numbers, domain.least})
    if domain.most is not None and numbers:
        numbers = sorted({*numbers, domain.most})
    atoms: list[Scalar] = []
    low: list[float | None] = []
    high: list[float | None] = []
    for place, value in enumerate(numbers):
        before = numbers[place - 1] if place else None
        atoms += [_between(before, value), value]
        low += [before if place else -math.inf, value]
        high += [value, value]
    if numbers:
        atoms.append(_between(numbers[-1], None))
        low.append(numbers[-1])
        high.append(math.inf)
    texts = list(dict.fromkeys(item for item in named if isinstance(item, str)))
    flags = [True, False] if any(isinstance(item, bool) for item in named) else []
    others: list[Scalar] = [*texts, *(["\0"] if texts else []), *flags]
    if not atoms and not others:
        others = ["\0"]
    atoms += others
    gone = any(item is None for item in named)
    atoms += [None] if gone else []
    low += [None] * (len(atoms) - len(low))
    high += [None] * (len(atoms) - len(high))
    missing = 1 << (len(atoms) - 1) if gone else 0
    occurring = sum(
        1 << place
        for place, atom in enumerate(atoms)
        if atom is not None and _occurs(atom, low[place], high[place], domain)
    )
    return Axis(name, tuple(atoms), tuple(low), tuple(high), occurring, missing)


def _between(low: float | None, high: float | None) -> float:
    if low is None:
        return (high or 0.0) - 1.0
    return low + 1.0 if high is None else (low + high) / 2


def _occurs(atom: Scalar, low: float | None, high: float | None, domain: Domain) -> bool:
    if domain.values:
        if low is None or high is None or low == high:
            return atom in domain.values
        return any(isinstance(item, float) and low < item < high for item in domain.values)
    if low is None or high is None:
        return True
    if low == high:
        return _allowed(low, domain)
    if domain.whole and math.isfinite(low) and math.floor(low) + 1 >= high:
        return False
    return (domain.least is None or high > domain.least) and (domain.most is None or low < domain.most)


def _allowed(value: float, domain: Domain) -> bool:
    if domain.whole and value != math.floor(value):
        return False
    if domain.least is not None and (value < domain.least or (domain.above and value == domain.least)):
        return False
    return domain.most is None or value <= domain.most


def _constants(text: str) -> list[Scalar]:
    try:
        tree = parse_test(text) if text else Constant(True)
    except InputError:
        return []
    if not text:
        return []
    found: list[Scalar] = []
    for part in walk(tree):
        if isinstance(part, Constant):
            found.append(part.value)
        elif isinstance(part, Call) and part.name == "date":
            found.append(_constant(part))
    return [item for item in found if not (isinstance(item, str) and _is_day(item, tree))]


def _is_day(word: str, tree: Tree) -> bool:
    return any(
        isinstance(part, Call) and part.name == "date" and part.arguments == (Constant(word),)
        for part in walk(tree)
    )


def bits(text: str, axis: Axis) -> int | None:
    """Return the atoms for which a cell holds, all of an empty one; None of a cell that is no plain test."""
    if not text:
        return axis.whole
    try:
        tree = parse_test(text)
        return sum(1 << place for place, atom in enumerate(axis.atoms) if _holds(tree, atom))
    except (Opaque, InputError):
        return None


def _holds(tree: Tree, value: Scalar) -> bool:
    if isinstance(tree, Unary) and tree.sign == "not":
        return not _holds(tree.operand, value)
    if not isinstance(tree, Binary):
        raise Opaque
    if tree.sign in ("and", "or"):
        left, right = _holds(tree.left, value), _holds(tree.right, value)
        return left and right if tree.sign == "and" else left or right
    if tree.left != FIELD:
        raise Opaque
    if tree.sign in ("in", "not in"):
        return _within(tree.right, value) == (tree.sign == "in")
    other = _constant(tree.right)
    if tree.sign in ("==", "!="):
        same = type(value) is type(other) and value == other
        return same == (tree.sign == "==")
    if type(value) is not float or type(other) is not float:
        return False
    return {"<": value < other, "<=": value <= other, ">": value > other, ">=": value >= other}[tree.sign]


def _within(tree: Tree, value: Scalar) -> bool:
    if isinstance(tree, ListOf):
        return any(type(value) is type(item) and value == item for item in map(_constant, tree.items))
    if not isinstance(tree, Interval):
        raise Opaque
    low, high = _constant(tree.low), _constant(tree.high)
    if not isinstance(low, float) or not isinstance(high, float) or type(value) is not float:
        if isinstance(low, float) and isinstance(high, float):
            return False
        raise Opaque
    above = value >= low if tree.low_in else value > low
    return above and (value <= high if tree.high_in else value < high)


def _constant(tree: Tree) -> Scalar:
    if isinstance(tree, Constant):
        return tree.value
    if isinstance(tree, Call) and tree.name == "date" and len(tree.arguments) == 1:
        word = tree.arguments[0]
        if isinstance(word, Constant) and isinstance(word.value, str):
            return moment(word.value)
    raise Opaque


def without(boxes: Sequence[Box], taken: Box) -> list[Box]:
    """Return what boxes leave when a box is taken out of them, in boxes that do not overlap.

    Raises
    ------
    ConfigError : more than 20,000 boxes.
    """
    left: list[Box] = []
    for box in boxes:
        if any(not mine & other for mine, other in zip(box, taken, strict=True)):
            left.append(box)
            continue
        kept = list(box)
        for place, other in enumerate(taken):
            beside = kept[place] & ~other
            if beside:
                left.append((*kept[:place], beside, *kept[place + 1 :]))
            kept[place] &= other
    if len(left) > MOST_BOXES:
        raise ConfigError(expected(f"at most {MOST_BOXES:,} boxes", len(left)))
    return left


def meets(one: Box, two: Box) -> bool:
    """Return whether two boxes have a value in common."""
    return all(mine & other for mine, other in zip(one, two, strict=True))


def inside(one: Box, two: Box) -> bool:
    """Return whether the first box lies in the second."""
    return all(not mine & ~other for mine, other in zip(one, two, strict=True))


def said(box: Box, axes: Sequence[Axis]) -> str:
    """Return a box in words, columns that are free left out."""
    parts = []
    for mask, axis in zip(box, axes, strict=True):
        if axis.occurring & ~mask:
            parts.append(f"{axis.name} {_words(mask & (axis.occurring | axis.missing), axis)}")
    return " and ".join(parts) or "any input"


def _words(mask: int, axis: Axis) -> str:
    found: list[str] = []
    place, size = 0, len(axis.atoms)
    while place < size:
        if not mask >> place & 1:
            place += 1
            continue
        end = place
        while (
            axis.low[place] is not None
            and end + 1 < size
            and mask >> (end + 1) & 1
            and axis.low[end + 1] is not None
        ):
            end += 1
        found.append(_run(axis, place, end))
        place = end + 1
    return " or ".join(found)


def _run(axis: Axis, first: int, last: int) -> str:
    low, high, atom = axis.low[first], axis.high[last], axis.atoms[first]
    if low is None or high is None:
        if atom is None:
            return "missing"
        return (
            "of any other value"
            if atom == "\0"
            else str(atom).lower()
            if isinstance(atom, bool)
            else repr(atom)
        )
    if low == high:
        return f"{low:g}"
    below = "" if high == math.inf else ("up to " if axis.low[last] == high else "below ") + f"{high:.12g}"
    above = "" if low == -math.inf else ("from " if axis.high[first] == low else "above ") + f"{low:.12g}"
    return " and ".join(filter(None, (above, below))) or "any number"
