"""Tables of `loantwin model list`, and how a model of the register is told in a row."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import percent, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING

HEADS = ("name", "id", "kind", "registered", "by", "approval", "place", "expires", "may decide")


def render(console: Console, result: Any) -> None:
    """Print a row a model."""
    rows = [cells(row) for row in result.models]
    title = f"Models on {result.on}, as known at the end of {result.known}"
    show_table(console, title, HEADS, rows, words=9)
    show_notes(console, "Notes", result.notes)


def cells(row: Any) -> tuple[str, ...]:
    """Return a model in cells under `HEADS`."""
    return (
        called(row),
        row.id,
        row.kind,
        row.registered.isoformat(),
        row.by or MISSING,
        row.approval if row.approved_by is None else f"{row.approval}: {row.approved_by}",
        placed(row.place, row.share),
        MISSING if row.expires is None else row.expires.isoformat(),
        MISSING if row.kind == "transition" else row.why_not or "yes",
    )


def called(row: Any) -> str:
    """Return name and version of a model, as they are typed."""
    return f"{row.name}/{row.number}"


def placed(place: str | None, share: float | None) -> str:
    """Return a place in words: of a challenger with its share."""
    return MISSING if place is None else place if share is None else f"{place}: {percent(share, 1)}"


def facts(row: Any) -> dict[str, str]:
    """Return a model by the names of `HEADS`; its name and version stand in the title."""
    return dict(zip(HEADS[1:], cells(row)[1:], strict=True))
