"""Tables of `loantwin twin create`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_facts, show_notes
from loantwin.interfaces.cli.tables.tape_check import assumed, read


def render(console: Console, result: Any) -> None:
    """Print what was read, where its loans stand at the as-of date, and what was assumed."""
    read(console, result)
    where = {
        name.replace("_", " "): f"{getattr(result, name):,}"
        for name in ("on_book", "not_yet_on_book", "closed_before_as_of", "undated")
    }
    show_facts(console, f"At the end of {result.as_of.isoformat()}", where)
    show_notes(
        console,
        "Assumed of the book at that date",
        [f"{name}: {words}" for name, words in result.assumed.items()],
    )
    assumed(console, result)
