"""Tables of `review assign`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_facts, show_table
from loantwin.interfaces.cli.tables.review_list import QUEUE, row


def render(console: Console, result: Any) -> None:
    """Show the case as it stands, and who gave it."""
    show_facts(console, f"Case {result.review.case} assigned", {"step": result.step, "by": result.by})
    show_table(console, "The case now (UTC)", QUEUE, [row(result.review)])
