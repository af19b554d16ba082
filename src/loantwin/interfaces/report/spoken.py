"""A page in the language spoken: every text looked up, figures and the reader's own words as they are."""

from __future__ import annotations

import html
import re
from dataclasses import replace

from loantwin.interfaces.report.blocks import PageBlock, Picture, Section, Tile
from loantwin.interfaces.report.labels import wrapped
from loantwin.language import said, said_under

OWN_FACTS = ("Lender", "Tape")
"""Facts of a page whose values are the reader's own words."""
UNTOLD = "not told"
"""What stands for one that nobody gave."""
TEXT = re.compile(r"(<text[^>]*>)([^<]+)(?=</text>)|(aria-label=\")([^\"]+)(?=\")")
"""What is written in a picture, and what it says to a screen reader."""


def said_facts(facts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return what a page is of, the lender's name and its tape's as they are."""
    own = {name for name, value in facts if name in OWN_FACTS and value != UNTOLD}
    return tuple((said(name), value if name in own else said(value)) for name, value in facts)


def said_tile(tile: Tile) -> Tile:
    """Return a headline figure said."""
    return replace(tile, name=said(tile.name), value=said(tile.value), note=said(tile.note))


def said_section(section: Section) -> Section:
    """Return a part of a page, every text in it said."""
    blocks = tuple(map(_block, section.blocks))
    return replace(section, title=said(section.title), lead=said(section.lead), blocks=blocks)


def _block(block: PageBlock) -> PageBlock:
    return replace(
        block,
        text=said(block.text),
        lines=tuple(map(said, block.lines)),
        pictures=tuple(map(_picture, block.pictures)),
        columns=tuple(map(said, block.columns)),
        rows=_rows(block.columns, block.rows),
        summary=said(block.summary),
        blocks=tuple(map(_block, block.blocks)),
    )


def _rows(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Return a table's cells said, but for those under a heading of the reader's own words."""
    return tuple(
        tuple(said_under(head, cell) for head, cell in zip(columns, row, strict=True)) for row in rows
    )


def _picture(picture: Picture) -> Picture:
    values = replace(
        picture.values,
        columns=tuple(map(said, picture.values.columns)),
        rows=_rows(picture.values.columns, picture.values.rows),
    )
    return replace(
        picture,
        title=said(picture.title),
        svg=type(picture.svg)(_drawn(picture)),
        unit=said(picture.unit),
        values=values,
        keys=tuple(replace(key, name=said(key.name)) for key in picture.keys),
        caption=said(picture.caption),
    )


def _own(picture: Picture) -> frozenset[str]:
    """Return the lines of a picture's rows that are named in the reader's own words."""
    head, rows = picture.values.columns[0], picture.values.rows
    names = {row[0] for row in rows if said_under(head, row[0]) == row[0]}
    return frozenset(line for name in names for line in wrapped(name).split("\n"))


def _drawn(picture: Picture) -> str:
    """Return a picture with its words said but for the reader's own; the page's font shows them."""
    own, label = _own(picture), f"{said(picture.title)}, {said(picture.unit)}"

    def one(found: re.Match[str]) -> str:
        if found[3]:
            return found[3] + html.escape(label)
        told = html.unescape(found[2])
        return found[1] + html.escape(told if told in own else said(told), quote=False)

    return TEXT.sub(one, str(picture.svg))
