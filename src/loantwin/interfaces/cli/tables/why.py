"""Tables of `loantwin why`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_facts, show_notes, show_table

SHORT = 16
"""Characters of a hash that a table shows."""


def render(console: Console, result: Any) -> None:
    """Print whether the figure came out the same, both values, and what it was made of."""
    show_facts(
        console,
        f"{result.key} of {result.file}",
        {
            "same to the last bit": "yes" if result.same else "NO",
            "in the document": repr(result.recorded),
            "made anew": repr(result.derived),
            "command": " ".join(("loantwin", *result.command)),
        },
    )
    rows = [
        (
            parent.kind,
            parent.name,
            (parent.recorded or "–")[:SHORT],
            (parent.found or "–")[:SHORT],
            "yes" if parent.same else "NO",
        )
        for parent in result.parents
    ]
    show_table(console, "Made of", ("what", "name", "in the document", "now", "same"), rows, words=5)
    if result.later_events:
        show_notes(console, "Notes", [f"{result.later_events:,} later events of the log are not in it"])
