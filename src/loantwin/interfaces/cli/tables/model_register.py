"""Tables of `loantwin model register`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_facts, show_notes
from loantwin.interfaces.cli.tables.model_list import called, facts


def render(console: Console, result: Any) -> None:
    """Print the model and what it was trained on."""
    told = facts(result.model) | {"trained on": result.data_file, "sha256": result.data_hash[:16]}
    title = "Registered" if result.new else "In the register before"
    show_facts(console, f"{title}: {called(result.model)}", told)
    show_notes(console, "Notes", result.notes)
