"""Tables of `loantwin model reproduce`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING
from loantwin.interfaces.cli.tables.model_list import called


def render(console: Console, result: Any) -> None:
    """Print what differs from then, and then whether the score is the same."""
    rows = [(item.what, _short(item.registered), _short(item.now)) for item in result.differences]
    show_table(console, "Not as it was", ("what", "registered", "now"), rows, words=3)
    told = {
        "id": result.id,
        "kind": result.kind,
        "trained on": result.data_file,
        "sha256": result.data_hash[:16],
        "score of then": result.recorded[:16],
        "score of now": result.derived[:16],
    }
    if result.differs_at is not None:
        told["differs first at"] = result.differs_at
    title = "Trained again, the same to the bit" if result.same else "Trained again, not the same"
    show_facts(console, f"{title}: {called(result)}", told)
    show_notes(console, "Notes", result.notes)


def _short(value: str | None) -> str:
    return MISSING if value is None else value[:16]
