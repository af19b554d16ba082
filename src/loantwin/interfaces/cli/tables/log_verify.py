"""Tables of `loantwin log verify`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_notes, show_table


def render(console: Console, result: Any) -> None:
    """Print what the log holds and what is wrong with it."""
    missing = f"{len(result.missing):,}"
    facts = (
        ("home", result.home),
        ("events", f"{result.events:,}"),
        ("last hash", result.head),
        ("files missing", missing),
    )
    show_table(console, "The log is sound" if result.ok else "The log is damaged", ("", ""), facts, words=2)
    show_table(
        console,
        "Events by type",
        ("type", "events"),
        [(name, f"{count:,}") for name, count in result.by_type.items()],
    )
    show_notes(console, "Problems", result.problems)
    show_notes(console, "Missing", result.missing)
    show_notes(console, "Files that no event names (left by interrupted work; harmless)", result.unreferenced)
