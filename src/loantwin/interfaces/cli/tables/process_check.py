"""Tables of `process check`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, show_facts, show_table
from loantwin.interfaces.cli.tables.layout import MISSING


def render(console: Console, result: Any) -> None:
    """Show what was found, and the steps."""
    facts = {
        "process": result.process,
        "states": count(result.states),
        "steps": count(len(result.steps)),
        "begins in": result.start,
        "ends in": ", ".join(result.ends) or MISSING,
        "can be simulated": "yes" if result.runs else "no",
    }
    show_facts(console, "The process is sound" if result.ok else "The process is not sound", facts)
    found = [(item.kind, item.place, item.words) for item in result.findings]
    show_table(console, "To mend", ("kind", "place", "what"), found, words=3)
    steps = [
        (item.step, ", ".join(item.source), item.to, item.asks or MISSING, item.staff or MISSING)
        for item in result.steps
    ]
    show_table(console, "Steps", ("step", "out of", "into", "asks for", "staff"), steps, words=5)
