"""Tables as a reader takes them: by title, a figure found where its row and its heading cross."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len

from loantwin.interfaces.cli.tables import render

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
        render.render(result, width)
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
