"""Tables of `loantwin model approve`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_facts, show_notes
from loantwin.interfaces.cli.tables.layout import MISSING
from loantwin.interfaces.cli.tables.model_list import facts


def render(console: Console, result: Any) -> None:
    """Print the model and what was said of it."""
    told = facts(result.model) | {"role": result.role, "words": result.words or MISSING}
    show_facts(console, "Approved" if result.approved else "Refused", told)
    show_notes(console, "Notes", result.notes)
