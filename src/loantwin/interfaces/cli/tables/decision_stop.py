"""Tables of `decision stop`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, show_facts, show_notes
from loantwin.interfaces.cli.tables.layout import MISSING


def render(console: Console, result: Any) -> None:
    """Show what was stopped and what is stopped now."""
    facts = {
        "id": result.subject[:16],
        "by": result.by,
        "why": result.words or MISSING,
        "taken by the process that decides": "yes" if result.by_request else "no",
        "event": count(result.event),
        "stopped now": ", ".join(item[:16] for item in result.stopped) or "nothing",
    }
    verb = "decides again" if result.resumed else "is stopped"
    show_facts(console, f"{result.name} {verb}", facts)
    show_notes(console, "Notes", result.notes)
