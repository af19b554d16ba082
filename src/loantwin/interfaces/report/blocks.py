"""What a report is made of: sections of blocks (words, pictures, tables). The template knows nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from loantwin.interfaces.report.charts import Chart, Key

NARROW = 545
"""Width of half a page, pixels."""
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


@dataclass(frozen=True)
class Picture:
    """One SVG with its title, the keys of its colours and the sentence below it."""

    title: str
    svg: Any
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

    shown = (Picture(chart.title, Markup(chart.svg), chart.keys, caption) for chart, caption in made)  # noqa: S704  # our own SVG
    return PageBlock("pictures", pictures=tuple(shown))


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
    if block.kind != "table":
        return False
    widths = [max(map(len, cells)) for cells in zip(block.columns, *block.rows, strict=True)]
    return LETTER * sum(widths) + GAP * len(widths) <= NARROW


def details(summary: str, *blocks: PageBlock) -> PageBlock:
    """Return blocks that open on a click."""
    return PageBlock("details", summary=summary, blocks=tuple(blocks))


def amount(value: float | None, decimals: int = 0) -> str:
    """Return money with thousands separators; a missing figure as a dash."""
    return "–" if value is None else f"{value:,.{decimals}f}"


def percent(value: float | None, decimals: int = 2) -> str:
    """Return a decimal as a percentage; a missing figure as a dash."""
    return "–" if value is None else f"{100 * value:,.{decimals}f} %"
