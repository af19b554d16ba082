"""Which field of a result each heading of its tables tells: found by figures that are all distinct.

`headings.toml` pins what was found and read over by a person; `python -m tests.interfaces.headings` writes it
anew after a table has changed. Its difference is what to look at: a heading that tells another field.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from loantwin.interfaces.cli.tables import blocks
from loantwin.interfaces.cli.tables.layout import Laid, clean, laid_out
from loantwin.types import Result

from .filled import KEYS
from .results import filled, kinds
from .tables import Table, printed, tables

FILE = Path(__file__).with_name("headings.toml")
PIECE = re.compile(r"(?<![\w.])[-+]?\d(?:[\d,]*\d)?(?:\.\d+)?(?:e[-+]\d+)?(?: %)?")
DIGITS = re.compile(r"\d[\d,.]*")
LONG = re.compile(r"\d{3,}|\d[\d,.]*[.,]\d+")
"""Figures of a heading that a sample gives; short ones are stages, months, tenths."""
MANY = "*"
"""What stands in a field's path for a place in a list, a month, or a name of the reader's own."""
WORD = re.compile(r"[a-z]{3,5}")
"""The first letters of a word: `defaulted` and `default` begin alike."""
FEW = 2
"""Digits of a whole number that tell no figure from another."""
COMPUTED = {"How often an economy comes that costs as much / 90 % interval"}
"""Where a table works figures out itself: that one looks like a field is chance."""
ENOUGH = 4
"""Digits by which a figure is hardly another by chance: rows are held by these."""
NEAR = 1e-3
"""Part of the next figure's distance within which a figure is the one that is shown."""
MOST_PIECES = 3
"""Figures of a cell that are looked up: longer ones are sentences."""

Path_ = tuple[str, ...]


@dataclass(frozen=True)
class Leaf:
    """A figure or text of a result: its field's path with `MANY` in it, and what stands there in truth."""

    pattern: str
    bound: tuple[str, ...]
    value: Any

    @property
    def row(self) -> tuple[str, tuple[str, ...]]:
        """Return what one row may tell of: the path up to its last `MANY`, and what stands for each."""
        return self.pattern.rpartition(MANY)[0], self.bound


@dataclass(frozen=True)
class Shown:
    """One figure or text of a table, and the leaves that it may be; sure : it has digits enough to tell."""

    at: str
    row: tuple[str, int]
    leaves: tuple[Leaf, ...]
    sure: bool = True


def leaves(value: Any, path: Path_ = (), bound: Path_ = ()) -> Iterator[Leaf]:
    """Yield the figures and texts of a result; keys of mappings are texts too."""
    if is_dataclass(value) and not isinstance(value, type):
        for item in fields(value):
            if item.name != "provenance":
                yield from leaves(getattr(value, item.name), (*path, item.name), bound)
    elif isinstance(value, Mapping):
        stages = {*map(str, value)} == {"1", "2", "3"}
        for key, item in value.items():
            name = str(key)
            free = name in KEYS or (name.isdigit() and not stages)
            inner = ((*path, MANY), (*bound, name)) if free else ((*path, name), bound)
            yield Leaf(".".join((*inner[0], "name")), inner[1], name)
            yield from leaves(item, *inner)
    elif isinstance(value, tuple | list):
        for place, item in enumerate(value):
            yield from leaves(item, (*path, MANY), (*bound, str(place)))
    elif value is not None and not isinstance(value, bool):
        yield Leaf(".".join(path), bound, value)


def tells(piece: str, value: Any) -> bool:
    """Return whether a piece of a cell is a figure, to the last digit it shows."""
    if not isinstance(value, int | float):
        return False
    text = piece.replace(",", "").removesuffix(" %")
    digits, _, power = text.partition("e")
    size = 10.0 ** int(power or 0) * (0.01 if piece.endswith("%") else 1.0)
    decimals = len(digits.partition(".")[2])
    if len(digits) <= FEW and not decimals and not piece.endswith("%"):
        return False  # a number of a row, a month: no figure is known by one or two digits
    return abs(float(digits) * size - value) <= 0.500001 * 10.0**-decimals * size


def shown(result: Result) -> Iterator[Shown]:
    """Yield what the tables of a result show, cell by cell, with what each may be."""
    known = tuple(leaves(result))
    texts: dict[str, list[Leaf]] = {}
    for leaf in known:
        texts.setdefault(str(leaf.value), []).append(leaf)
    text, headed = _printed(result)
    for number, table in enumerate(table for table in tables(text) if table.title in headed):
        for at, row, cell in _cells(table, number, headed[table.title]):
            if cell in texts and not PIECE.fullmatch(cell):
                yield Shown(at, row, tuple(texts[cell]))
                continue
            pieces = [] if at in COMPUTED else PIECE.findall(cell)
            for place, piece in enumerate(pieces if len(pieces) <= MOST_PIECES else ()):
                found = _nearest(piece, [leaf for leaf in known if tells(piece, leaf.value)])
                sure = sum(map(str.isdigit, piece)) >= ENOUGH
                yield Shown(f"{at} {place + 1}" if len(pieces) > 1 else at, row, found, sure)


def _nearest(piece: str, found: Sequence[Leaf]) -> tuple[Leaf, ...]:
    """Return what a figure may be; where one is nearer by far than the others, that one."""
    size = 0.01 if piece.endswith("%") else 1.0
    shown = size * float(piece.replace(",", "").removesuffix(" %"))
    far = sorted(found, key=lambda leaf: abs(leaf.value - shown))
    if len(far) > 1 and abs(far[0].value - shown) < NEAR * abs(far[1].value - shown):
        return (far[0],)
    return tuple(far)


def _printed(result: Result) -> tuple[str, dict[str, bool]]:
    """Return what is printed of a result, and by title whether each of its tables has headings."""
    headed: dict[str, bool] = {}
    last: list[bool] = []
    shown_title = blocks.show_title

    def recorded(columns: Any, rows: Any, words: int, width: int) -> Laid:
        last.append(any(columns))
        return laid_out(columns, rows, words, width)

    def titled(console: Any, title: str) -> None:
        headed.update({clean(title).strip(): heads for heads in last})
        last.clear()
        shown_title(console, title)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "laid_out", recorded)
        patch.setattr(blocks, "show_title", titled)
        return printed(result), headed


def _cells(table: Table, number: int, headed: bool) -> Iterator[tuple[str, tuple[str, int], str]]:
    """Yield where each cell of a table stands, its row, and the cell; of facts the name is the heading."""
    heads = table.cells[0]
    title = DIGITS.sub("#", table.title)
    for place, row in enumerate(table.cells):
        if not headed:
            yield f"{title} / {LONG.sub('#', row[0])}", (title, 1000 * number + place), row[1]
        elif place:
            for head, cell in zip(heads, row, strict=True):
                yield f"{title} / {LONG.sub('#', head)}", (title, 1000 * number + place), cell


def found(result: Result) -> dict[str, list[str]]:
    """Return by heading the fewest fields that explain its cells; a cell that is computed names none."""
    cells: dict[str, list[Shown]] = {}
    for item in shown(result):
        cells.setdefault(item.at, []).append(item)
    return {at: fields_ for at, many in cells.items() if (fields_ := sorted(_explained(many)))}


def _explained(many: Sequence[Shown]) -> set[str]:
    """Return the fewest fields that explain some cells; of several that might, the one that says so."""
    told = [item for item in many if item.leaves]
    made = {item.leaves[0].pattern for item in told if len({leaf.pattern for leaf in item.leaves}) == 1}
    often = Counter(pattern for item in told for pattern in {leaf.pattern for leaf in item.leaves})
    for item in told:
        if not made & {leaf.pattern for leaf in item.leaves}:
            words = set(WORD.findall(item.at.lower()))
            best = max(
                item.leaves,
                key=lambda leaf, words=words: (  # type: ignore[misc]
                    len(words & set(WORD.findall(leaf.pattern))), often[leaf.pattern], leaf.pattern
                ),
            )  # fmt: skip
            made.add(best.pattern)
    return made


def pinned() -> dict[str, dict[str, list[str]]]:
    """Return by kind of result and heading the fields that it tells."""
    made: dict[str, dict[str, list[str]]] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return made


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written() -> str:
    """Return the file of what every heading tells."""
    lines = ["# By kind of result, title and heading: the fields of the result that the column tells."]
    for kind in kinds():
        lines += ["", f"[{kind.__name__}]"]
        for at, paths in found(filled(kind)).items():
            lines.append(f"{_quoted(at)} = [{', '.join(map(_quoted, paths))}]")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
