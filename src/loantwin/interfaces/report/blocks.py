"""What a report is made of: sections of blocks (words, pictures, tables). The template knows nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from loantwin.interfaces.report.drawing import Chart, Key, Values
from loantwin.interfaces.report.palette import named

NARROW = 545
"""Width of half a page, pixels."""
PHONE = 368
"""Width of a narrow page's column, pixels."""
LETTER, GAP = 6.6, 12
"""Mean width of a letter and space between columns of a table, pixels."""


@dataclass(frozen=True)
class PageBlock:
    """One piece of a section; `kind` is text, note, heading, list, pictures, table, grid or details."""

    kind: str
    text: str = ""
    lines: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    totals: tuple[int, ...] = ()
    words: tuple[int, ...] = ()
    summary: str = ""
    blocks: tuple[PageBlock, ...] = ()

    @property
    def crowded(self) -> bool:
        """Return whether a table is wider than a narrow page."""
        return len(self.columns) > 2 and width(self) > PHONE


@dataclass(frozen=True)
class Picture:
    """One SVG with its title, unit, the keys of its colours, its figures and the sentence below it."""

    title: str
    svg: Any
    unit: str
    values: Values
    keys: tuple[Key, ...] = ()
    caption: str = ""


@dataclass(frozen=True)
class Tile:
    """One headline figure."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Section:
    """One part of the report."""

    id: str
    title: str
    lead: str
    blocks: tuple[PageBlock, ...] = field(default_factory=tuple)


def text(words: str) -> PageBlock:
    """Return a paragraph."""
    return PageBlock("text", text=words)


def note(words: str) -> PageBlock:
    """Return a paragraph that must not be missed."""
    return PageBlock("note", text=words)


def heading(words: str) -> PageBlock:
    """Return a small heading."""
    return PageBlock("heading", text=words)


def bullets(lines: Sequence[str]) -> PageBlock:
    """Return a list."""
    return PageBlock("list", lines=tuple(lines))


def pictures(*made: tuple[Chart, str]) -> PageBlock:
    """Return pictures side by side, each (chart, caption)."""
    from markupsafe import Markup

    return PageBlock(
        "pictures",
        pictures=tuple(
            Picture(
                title=chart.title,
                svg=Markup(chart.svg),  # noqa: S704  # our own SVG
                unit=chart.unit,
                values=chart.values,
                keys=tuple(replace(key, colour=named(key.colour)) for key in chart.keys),
                caption=caption,
            )
            for chart, caption in made
        ),
    )


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    totals: Sequence[int] = (),
    words: Sequence[int] = (0,),
    caption: str = "",
) -> PageBlock:
    """Return a table: `totals` rows in bold, `words` columns at the left, `caption` below."""
    return PageBlock(
        "table",
        text=caption,
        columns=tuple(columns),
        rows=tuple(tuple(str(cell) for cell in row) for row in rows),
        totals=tuple(i % max(1, len(rows)) for i in totals),
        words=tuple(words),
    )


def arranged(blocks: Sequence[PageBlock]) -> tuple[PageBlock, ...]:
    """Return the blocks, small ones in a row (narrow tables, single pictures) side by side."""
    made: list[PageBlock] = []
    for block in blocks:
        whole = replace(block, blocks=arranged(block.blocks)) if block.kind == "details" else block
        last = made[-1] if made else None
        if last is None or not _small(whole):
            made.append(whole)
        elif last.kind == "grid":
            made[-1] = replace(last, blocks=(*last.blocks, whole))
        elif _small(last):
            made[-1] = PageBlock("grid", blocks=(last, whole))
        else:
            made.append(whole)
    return tuple(made)


def beside(one: PageBlock, charts: PageBlock) -> tuple[PageBlock, ...]:
    """Return a table with pictures at its right where it is narrow, else below them."""
    return (PageBlock("grid", blocks=(one, charts)),) if _small(one) else (charts, one)


def _small(block: PageBlock) -> bool:
    if block.kind == "pictures":
        return len(block.pictures) == 1
    return block.kind == "table" and width(block) <= NARROW


def width(block: PageBlock) -> float:
    """Return about how wide a table is, pixels."""
    widths = [max(map(_letters, cells)) for cells in zip(block.columns, *block.rows, strict=True)]
    return LETTER * sum(widths) + GAP * len(widths)


def _letters(cell: str) -> int:
    """Return about how many letters wide a text is: a Chinese character takes two."""
    return sum(2 if letter >= "\u2e80" else 1 for letter in cell)


def details(summary: str, *blocks: PageBlock) -> PageBlock:
    """Return blocks that open on a click."""
    return PageBlock("details", summary=summary, blocks=tuple(blocks))


def amount(value: float | None, decimals: int = 0) -> str:
    """Return money with thousands separators; a missing figure as a dash."""
    return "–" if value is None else f"{value:,.{decimals}f}"


def percent(value: float | None, decimals: int = 2) -> str:
    """Return a decimal as a percentage; a missing figure as a dash."""
    return "–" if value is None else f"{100 * value:,.{decimals}f} %"
