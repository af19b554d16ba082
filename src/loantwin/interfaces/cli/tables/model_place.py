"""Tables of `loantwin model place`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import percent, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.model_list import called, facts


def render(console: Console, result: Any) -> None:
    """Print the model as it stands from that day on, and who decides then."""
    told = facts(result.model) | {"given": result.place, "from": result.start.isoformat()}
    show_facts(console, f"Placed by {result.by}: {called(result.model)}", told)
    name = result.model.name
    rows = [
        (f"{name}/{item.number}", item.id, item.place, percent(item.share, 1)) for item in result.contenders
    ]
    title = f"Who decides for {name} from {result.start}"
    show_table(console, title, ("name", "id", "place", "share of cases"), rows, words=3)
    show_notes(console, "Notes", result.notes)
