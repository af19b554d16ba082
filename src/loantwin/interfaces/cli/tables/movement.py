"""Tables of `loantwin movement`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_notes, show_table
from loantwin.interfaces.report.labels import segment_words
from loantwin.interfaces.report.movement import bridged, by_stage, losses_rows

SEGMENTS = 12


def render(console: Console, result: Any) -> None:
    """Print the tables of IFRS 7.35H and 35I, the bridge to profit, every line, moves, and segments."""
    title = (
        f"IFRS 9 allowance from {result.opening_date.isoformat()} to {result.closing_date.isoformat()}, "
        f"{result.currency}, net of guarantees (IFRS 7.35H)"
    )
    head = ("line", "stage 1", "stage 2", "stage 3", "all", "loans")
    show_table(console, title, head, by_stage(result.table))
    show_table(console, "From the table to profit", ("", result.currency), bridged(result))
    gross = "Gross carrying amounts, before guarantees (IFRS 7.35I)"
    show_table(console, gross, head, by_stage(result.gross_carrying))
    rows = [row[:4] for row in losses_rows(result)]
    words = "The several losses of the period (what each leaves out: --json, the page)"
    show_table(console, words, ("figure", "before guarantees", "net", "horizon"), rows)
    show_table(console, "Every line", head, by_stage(result.lines))
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
    show_notes(console, "Rules", result.rules)
    show_notes(console, "Notes", result.notes)
