"""Ways out of a switch over all that can come in: what no way takes, and ways that nothing takes.

Conditions on fields against constants are exact: each field falls into atoms at its constants, and each
condition holds or not in every cell of the grid of atoms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from loantwin.arrays import Array
from loantwin.decisions.graph.boxes import Axis, Domain, Opaque, axis_of, bits, said
from loantwin.decisions.graph.parse import parse_expression
from loantwin.decisions.graph.read import Graph, Node
from loantwin.decisions.graph.syntax import Binary, Constant, Interval, ListOf, Tree, Unary, path_of
from loantwin.errors import InputError

MOST_CELLS = 1_000_000
SHOWN = 5
"""Gaps of one switch that are named; the rest are counted."""
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
Told = tuple[str, str, str]
"""Kind, place, words."""


def switch_findings(graph: Graph, node: Node, domain: Callable[[str], Domain]) -> Iterator[Told]:
    """Yield what is wrong with a switch: a gap, a way that nothing takes, one that leads nowhere.

    Parameters
    ----------
    domain : what a field may hold, by its dotted name.
    """
    led = {edge.branch for edge in graph.edges if edge.source == node.id}
    for number, branch in enumerate(node.branches, 1):
        if branch.id not in led and node.hit == "first":
            yield "gap", f"branch {number}", "it leads nowhere: nothing is decided there"
    try:
        trees = [None if not item.condition else parse_expression(item.condition) for item in node.branches]
        axes = _axes([tree for tree in trees if tree is not None], domain)
        if math.prod(len(axis.atoms) for axis in axes.values()) > MOST_CELLS:
            yield "unsupported", "", f"too large to look through: more than {MOST_CELLS:,} cells"
            return
        held = [
            np.asarray(branch.default) if tree is None else _holds(tree, axes)
            for branch, tree in zip(node.branches, trees, strict=True)
        ]
    except (Opaque, InputError):
        if not any(branch.default and not branch.condition for branch in node.branches):
            yield "unsupported", "", "a condition compares no field with constants: gaps cannot be told"
        return
    whole = _whole(axes)
    open_ = whole.copy()
    for number, mask in enumerate(held, 1):
        if not (whole & mask).any():
            yield "unreachable", f"branch {number}", "no input meets its condition"
        elif node.hit == "first" and not (open_ & mask).any():
            yield "unreachable", f"branch {number}", "branches above take all of it"
        open_ &= ~mask
    yield from _gaps(open_, list(axes.values()))


def _axes(trees: list[Tree], domain: Callable[[str], Domain]) -> dict[str, Axis]:
    """Return the axis of each field that conditions read, from the constants it is compared with."""
    found: dict[str, list[str]] = {}
    for tree in trees:
        for name, text in _leaves(tree):
            found.setdefault(name, []).append(text)
    return {name: axis_of(name, texts, domain(name)) for name, texts in found.items()}


def _leaves(tree: Tree) -> Iterator[tuple[str, str]]:
    if isinstance(tree, Unary) and tree.sign == "not":
        yield from _leaves(tree.operand)
    elif isinstance(tree, Binary) and tree.sign in ("and", "or"):
        yield from _leaves(tree.left)
        yield from _leaves(tree.right)
    elif not isinstance(tree, Constant):
        yield _leaf(tree)


def _leaf(tree: Tree) -> tuple[str, str]:
    """Return a comparison as a field and the cell that tests it; `Opaque` where it is none with constants."""
    path = path_of(tree)
    if path is not None:
        return ".".join(path), "true"
    if isinstance(tree, Binary):
        path = path_of(tree.left)
        if path is not None and (tree.sign in TURNED or tree.sign in ("in", "not in")):
            return ".".join(path), f"{tree.sign} {_written(tree.right)}"
        path = path_of(tree.right)
        if path is not None and tree.sign in TURNED:
            return ".".join(path), f"{TURNED[tree.sign]} {_written(tree.left)}"
    raise Opaque


def _written(tree: Tree) -> str:
    if isinstance(tree, Constant):
        value = tree.value
        if value is None or isinstance(value, bool):
            return {None: "null", True: "true", False: "false"}[value]
        return f'"{value}"' if isinstance(value, str) else repr(value)
    if isinstance(tree, Unary) and tree.sign == "-" and isinstance(tree.operand, Constant):
        return f"-{_written(tree.operand)}"
    if isinstance(tree, ListOf):
        return f"[{', '.join(map(_written, tree.items))}]"
    if isinstance(tree, Interval):
        ends = "[" if tree.low_in else "(", "]" if tree.high_in else ")"
        return f"{ends[0]}{_written(tree.low)}..{_written(tree.high)}{ends[1]}"
    raise Opaque


def _holds(tree: Tree, axes: Mapping[str, Axis]) -> Array:
    """Return where a condition holds, broadcast over the grid of atoms."""
    if isinstance(tree, Constant):
        return np.asarray(tree.value is True)
    if isinstance(tree, Unary) and tree.sign == "not":
        return ~_holds(tree.operand, axes)
    if isinstance(tree, Binary) and tree.sign in ("and", "or"):
        left, right = _holds(tree.left, axes), _holds(tree.right, axes)
        return left & right if tree.sign == "and" else left | right
    name, text = _leaf(tree)
    mask = bits(text, axes[name])
    if mask is None:
        raise Opaque
    return _along(mask, name, axes)


def _along(mask: int, name: str, axes: Mapping[str, Axis]) -> Array:
    axis, place = axes[name], list(axes).index(name)
    shape = [1] * len(axes)
    shape[place] = len(axis.atoms)
    return np.array([bool(mask >> at & 1) for at in range(len(axis.atoms))]).reshape(shape)


def _whole(axes: Mapping[str, Axis]) -> Array:
    """Return the cells that can occur: a switch is asked of what is there, a missing field ends before."""
    made = np.ones([len(axis.atoms) for axis in axes.values()], dtype=bool)
    for name, axis in axes.items():
        made &= _along(axis.occurring, name, axes)
    return made


def _gaps(left: Array, axes: list[Axis]) -> Iterator[Told]:
    """Yield the cells that are left, put together to boxes."""
    count = 0
    if not axes and left:
        yield "gap", "", "no way out is taken for any input"
        return
    while left.any():
        box = _box(left)
        left[np.ix_(*(np.flatnonzero(part) for part in box))] = False
        count += 1
        if count <= SHOWN:
            masks = tuple(sum(1 << int(at) for at in np.flatnonzero(part)) for part in box)
            yield "gap", "", f"no way out is taken for {said(masks, axes)}"
    if count > SHOWN:
        yield "gap", "", f"and {count - SHOWN} more gaps of this kind"


def _box(left: Array) -> list[Array]:
    """Return a box of cells that are all left, widened along each axis in turn from the first of them."""
    first = np.argwhere(left)[0]
    box = [np.arange(size) == at for size, at in zip(left.shape, first, strict=True)]
    for place, size in enumerate(left.shape):
        for at in range(size):
            tried = [*box[:place], np.arange(size) == at, *box[place + 1 :]]
            if left[np.ix_(*(np.flatnonzero(part) for part in tried))].all():
                box[place] = box[place] | tried[place]
    return box
