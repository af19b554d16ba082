"""Tables of `loantwin report`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_facts, show_next, show_notes


def render(console: Console, result: Any) -> None:
    """Print where the page is, its headline figures, and the parts that it lacks."""
    show_facts(console, f"Report written to {result.path} ({result.size / 1e6:.1f} MB)", result.figures)
    show_notes(console, "Left out: the source cannot fill them", result.left_out)
    show_next(console, [f"open {result.path} in a browser; it needs no network"])
