"""Tables of `loantwin movement`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_notes, show_table
from loantwin.interfaces.report.labels import segment_words
from loantwin.interfaces.report.movement import WORDS

SEGMENTS = 12


def render(console: Console, result: Any) -> None:
    """Print the lines by stage, the moves between stages, and segments that changed most."""
    rows = [
        (
            WORDS[name],
            *(f"{line.by_stage[stage]:,.2f}" for stage in ("1", "2", "3")),
            f"{line.amount:,.2f}",
            f"{line.loans:,}",
        )
        for name, line in result.lines.items()
    ]
    title = (
        f"IFRS 9 allowance from {result.opening_date.isoformat()} to {result.closing_date.isoformat()}, "
        f"{result.currency}, net of guarantees"
    )
    show_table(console, title, ("line", "stage 1", "stage 2", "stage 3", "all", "loans"), rows)
    moves = [
        (
            f"{move.origin} to {move.target}",
            f"{move.loans:,}",
            f"{move.transferred:,.2f}",
            f"{move.remeasured:,.2f}",
        )
        for move in result.stage_moves
    ]
    show_table(
        console, "Moves between stages", ("move", "loans", "allowance taken along", "remeasured"), moves
    )
    changed = sorted(
        result.by_segment.items(), key=lambda item: -abs(item[1]["closing"] - item[1]["opening"])
    )
    rows = [
        (
            segment_words(name),
            f"{part['opening']:,.0f}",
            f"{part['closing'] - part['opening']:+,.0f}",
            f"{part['closing']:,.0f}",
            max(
                (line for line in part if line not in ("opening", "closing")),
                key=lambda line: abs(part[line]),
            ).replace("_", " "),
        )
        for name, part in changed[:SEGMENTS]
    ]
    show_table(
        console,
        "Segments that changed most",
        ("segment", "opening", "change", "closing", "largest line"),
        rows,
    )
    show_notes(
        console,
        "Charged off",
        [f"{result.charged_off:,.2f} of loans of the opening"] if result.charged_off else [],
    )
    show_notes(console, "Rules", result.rules)
    show_notes(console, "Notes", result.notes)
