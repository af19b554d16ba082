"""Pages as a reader takes them: by heading, a figure found where its row and its column cross."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from loantwin.interfaces.report.blocks import Section
from loantwin.interfaces.report.page import Page, rendered

HEADINGS = {"h2": 0, "h3": 1, "summary": 1}
VOID = {"meta", "br", "path", "use", "i"}


@dataclass
class Table:
    """A table that was read: the headings it stands under, its own caption, and its cells, headings first.

    unseen : it stands beside a picture for who cannot see it, and its caption is the picture's.
    """

    under: tuple[str, str]
    unseen: bool
    caption: str = ""
    cells: list[list[str]] = field(default_factory=list)

    def cell(self, row: str, column: str) -> str:
        """Return the figure where a row and a column cross; both must be there once."""
        heads = [place for place, name in enumerate(self.cells[0]) if name == column]
        rows = [cells for cells in self.cells[1:] if cells[0] == row]
        assert len(heads) == 1, f"{column}: {self.cells[0]}"
        assert len(rows) == 1, f"{row}: {[cells[0] for cells in self.cells[1:]]}"
        return rows[0][heads[0]]

    def column(self, name: str) -> dict[str, str]:
        """Return a column by its rows' names."""
        return {row: self.cell(row, name) for row in (cells[0] for cells in self.cells[1:])}


class Reader(HTMLParser):
    """Reads a page: `tables`, `facts`, `tiles`, `summary`, and what else there is by class."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[Table] = []
        self.by_class: dict[str, list[str]] = {}
        self.tiles: dict[str, list[str]] = {"span": [], "b": [], "small": []}
        self._under = ["", ""]
        self._open: list[tuple[str, str, list[str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        self._open.append((tag, dict(attrs).get("class") or "", []))
        if tag == "table":
            unseen = any(name == "unseen" for _, name, _ in self._open)
            self.tables.append(Table((self._under[0], self._under[1]), unseen))
        if tag == "tr":
            self.tables[-1].cells.append([])

    def handle_data(self, data: str) -> None:
        for _, _, words in self._open:
            words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if not any(name == tag for name, _, _ in self._open):
            return
        while True:
            name, kind, words = self._open.pop()
            said = re.sub(r"\s+", " ", "".join(words)).strip()
            if name in self.tiles and any(inner == "tile" for _, inner, _ in self._open):
                self.tiles[name].append(said)
            if kind:
                self.by_class.setdefault(kind.split()[0], []).append(said)
            if name == tag:
                break
        if tag in HEADINGS:
            self._under = [said, ""] if tag == "h2" else [self._under[0], said]
        elif tag in ("td", "th"):
            self.tables[-1].cells[-1].append(said)
        elif tag == "caption" or (tag == "p" and kind == "caption"):
            self.tables[-1].caption = said
        elif tag in ("dt", "dd"):
            self.by_class.setdefault(tag, []).append(said)

    @property
    def facts(self) -> dict[str, str]:
        """Return what the header says the page is of."""
        return dict(zip(self.by_class["dt"], self.by_class["dd"], strict=True))

    def table(self, *heads: str, under: str = "") -> Table:
        """Return the one table to be seen whose first columns are these, under a heading if told."""
        found = [
            table
            for table in self.tables
            if not table.unseen
            and table.cells
            and tuple(table.cells[0][: len(heads)]) == heads
            and (not under or under in table.under)
        ]
        assert len(found) == 1, f"{heads} {len(found)} times: {[(t.under, t.cells[0]) for t in self.tables]}"
        return found[0]

    def chart(self, title: str, under: str = "") -> Table:
        """Return the figures of the one picture of a title, under a heading if told."""
        found = [
            table
            for table in self.tables
            if table.unseen and table.caption.startswith(f"{title},") and (not under or under in table.under)
        ]
        told = [table.caption for table in self.tables if table.unseen]
        assert len(found) == 1, f"{title} {len(found)} times: {told}"
        return found[0]


def read(html: str) -> Reader:
    """Return a page as a reader takes it."""
    return Reader(html)


def alone(section: Section | Any) -> Reader:
    """Return one part of a page, read by itself."""
    assert isinstance(section, Section), section
    return read(rendered(Page("page", "", "", (), (), (section,), "")))
