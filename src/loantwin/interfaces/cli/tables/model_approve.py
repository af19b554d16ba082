"""Tables of `loantwin model approve`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_facts, show_notes
from loantwin.interfaces.cli.tables.layout import MISSING
from loantwin.interfaces.cli.tables.model_list import called, facts


def render(console: Console, result: Any) -> None:
    """Print the model and what was said of it."""
    told = facts(result.model) | {"role": result.role, "words": result.words or MISSING}
    title = "Approved" if result.approved else "Refused"
    show_facts(console, f"{title}: {called(result.model)}", told)
    show_notes(console, "Notes", result.notes)
