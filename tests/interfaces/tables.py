"""Tables as a reader takes them: by title, a figure found where its row and its heading cross."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from rich.cells import cell_len

from loantwin.interfaces.cli.tables import blocks, layout, render
from loantwin.interfaces.cli.tables.layout import Laid, Money, laid_out

NUMBER = re.compile(r"[<>]?[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?")
TABLES = render.render
WIDE = 600
"""Columns in which every table stands whole and on single lines."""
SIZES = {"thousands": 1e3, "millions": 1e6, "billions": 1e9}


@dataclass(frozen=True)
class Table:
    """A table that was read: its title, what its money is counted in, and its cells, headings first."""

    title: str
    unit: str
    cells: tuple[tuple[str, ...], ...]

    def row(self, name: str) -> dict[str, str]:
        """Return a row's cells by heading; of facts the value stands under an empty heading."""
        found = [row for row in self.cells[1:] if row[0] == name] or [
            row for row in self.cells if row[0] == name
        ]
        assert found, f"no row {name} in {self.title}: {[row[0] for row in self.cells]}"
        return dict(zip(self.cells[0], found[0], strict=True))

    def fact(self, name: str) -> str:
        """Return the value beside a name in a table without headings."""
        found = [row[1] for row in self.cells if row[0] == name]
        assert len(found) == 1, f"{name} {len(found)} times in {self.title}: {self.cells}"
        return found[0]


def printed(result: Any, width: int = WIDE) -> str:
    """Return what the command line prints of a result at a width."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        TABLES(result, width)
    return out.getvalue()


def tables(text: str) -> list[Table]:
    """Return the tables in a text, notes left out."""
    return list(_tables(text))


def _tables(text: str) -> Iterator[Table]:
    for block in re.split(r"\n\s*\n", text):
        title, *lines = block.strip("\n").split("\n")
        lines = [line for line in lines if "--json" not in line]  # what is left out, said below the rows
        unit = lines.pop(0) if lines and lines[0].startswith("money in ") else ""
        if lines and not lines[0].startswith("  - "):
            yield Table(title, unit, tuple(_cells(lines)))


def _cells(lines: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of lines: columns part where two blanks or more stand in every line."""
    width = max(map(cell_len, lines))
    blank = [all(line.ljust(width)[place] == " " for line in lines) for place in range(width)]
    ends, start = [], 0
    for found in re.finditer("11+", "".join("1" if one else "0" for one in blank)):
        if found.start():
            ends.append((start, found.start()))
        start = found.end()
    ends.append((start, width))
    for line in lines:
        yield tuple(line.ljust(width)[a:b].strip() for a, b in ends)


def number(cell: str) -> float:
    """Return the figure of a cell: a percentage as a decimal, money without its currency."""
    found = re.fullmatch(r"([-+]?[\d,]*\.?\d+(?:e[-+]\d+)?)( %)?(?: [A-Z]{3})?(?: \*)?", cell)
    assert found, f"no figure: {cell!r}"
    value = float(found[1].replace(",", ""))
    return value / 100.0 if found[2] else value


def find(found: list[Table], start: str) -> Table:
    """Return the one table whose title begins so."""
    chosen = [table for table in found if table.title.startswith(start)]
    assert len(chosen) == 1, f"{start!r} {len(chosen)} times in {[table.title for table in found]}"
    return chosen[0]


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def readable(columns: Sequence[str], rows: Sequence[Sequence[Any]], laid: Laid, width: int) -> None:
    """Hold a laid-out table to what went into it."""
    lines = [line for part in laid.parts for line in part.lines]
    assert max(map(cell_len, lines)) <= width, lines
    shown = [NUMBER.findall(line) for line in lines]
    told = {token for tokens in shown for token in tokens}
    size = SIZES.get(laid.unit, 1.0)
    for row in rows:
        for cell in row:
            if not isinstance(cell, Money):
                continue
            for value, text in zip(cell.values, re.split(" to | 至 ", str(cell)), strict=True):
                if size == 1.0:
                    assert text in told, f"{text} cropped or lost: {lines}"
                else:
                    assert any(_tells(token, value / size) for token in told), f"{text} lost: {lines}"
    pieces = {piece for line in lines for piece in line.split()}
    for row in rows:
        for name in row[:1]:
            if isinstance(name, str) and name:
                torn = [bare(part) for part in re.split(r"(?<=[|/_,>-])| ", layout.clean(name)) if part]
                assert all(any(part in piece for piece in pieces) for part in torn if len(part) < 15), name


def _tells(token: str, value: float) -> bool:
    """Return whether a rounded figure stands for a value: within half of its last digit."""
    decimals = len(token.partition(".")[2])
    number = float(token.strip("<>").replace(",", ""))
    if token[0] in "<>":
        return abs(value) <= abs(number)
    return abs(number - value) <= 0.5000001 * 10.0**-decimals


def held_to_width(result: Any, width: int) -> None:
    """Print a result and hold every table to what went into it: no digit cropped, no name of a row lost."""
    seen = []

    def recorded(columns: Any, rows: Any, words: int, wide: int) -> Laid:
        made = laid_out(columns, rows, words, wide)
        assert wide == width
        seen.append((columns, rows, made))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "laid_out", recorded)
        text = printed(result, width)
    for columns, rows, made in seen:
        readable(columns, rows, made, width)
    steps = re.split(r"\n(?:Next|下一步)\n", text)[
        0
    ]  # commands and where a page is stay on one line, to be copied
    lines = [line for line in steps.splitlines() if not line.startswith(("The report is ", "报告位于 "))]
    assert max(map(cell_len, lines)) <= width, lines
