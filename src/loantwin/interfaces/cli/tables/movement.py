"""Tables of `loantwin movement`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, count, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import Cell
from loantwin.interfaces.report.labels import segment_words
from loantwin.interfaces.report.movement import BRIDGE, LOSSES, WORDS

SEGMENTS = 12
STAGES = ("1", "2", "3")


def render(console: Console, result: Any) -> None:
    """Print the tables of IFRS 7.35H and 35I, the bridge to profit, every line, moves, and segments."""
    title = (
        f"IFRS 9 allowance from {result.opening_date.isoformat()} to {result.closing_date.isoformat()}, "
        f"{result.currency}, net of guarantees (IFRS 7.35H)"
    )
    head = ("line", "stage 1", "stage 2", "stage 3", "all", "loans")
    show_table(console, title, head, _by_stage(result.table))
    show_table(console, "From the table to profit", ("", "amount"), _bridged(result.profit))
    gross = "Gross carrying amounts, before guarantees (IFRS 7.35I)"
    show_table(console, gross, head, _by_stage(result.gross_carrying))
    rows = [
        (LOSSES[name], amount(item.gross, 2), amount(item.net, 2), item.horizon)
        for name, item in result.losses.figures.items()
    ]
    words = "The several losses of the period (what each leaves out: --json, the page)"
    show_table(console, words, ("figure", "before guarantees", "net", "horizon"), rows)
    show_table(console, "Every line", head, _by_stage(result.lines))
    moves = [
        (
            f"{move.origin} to {move.target}",
            count(move.loans),
            amount(move.transferred, 2),
            amount(move.remeasured, 2),
        )
        for move in result.stage_moves
    ]
    show_table(
        console, "Moves between stages", ("move", "loans", "allowance taken along", "remeasured"), moves
    )
    changed = sorted(
        result.by_segment.items(), key=lambda item: -abs(item[1]["closing"] - item[1]["opening"])
    )
    segments = [
        (
            segment_words(name),
            amount(part["opening"]),
            amount(part["closing"] - part["opening"], sign="+"),
            amount(part["closing"]),
            WORDS[
                max(
                    (line for line in part if line not in ("opening", "closing")),
                    key=lambda line: abs(part[line]),
                )
            ],
        )
        for name, part in changed[:SEGMENTS]
    ]
    show_table(
        console,
        "Segments that changed most",
        ("segment", "opening", "change", "closing", "largest line"),
        segments,
        more=f"{len(changed) - SEGMENTS} more segments: --json" if len(changed) > SEGMENTS else "",
    )
    show_notes(console, "Rules", result.rules)
    show_notes(console, "Notes", result.notes)


def _by_stage(lines: Mapping[str, Any]) -> list[tuple[Cell, ...]]:
    return [
        (
            WORDS[name],
            *(amount(line.by_stage[stage], 2) for stage in STAGES),
            amount(line.amount, 2),
            count(line.loans),
        )
        for name, line in lines.items()
    ]


def _bridged(profit: Any) -> list[tuple[str, Cell]]:
    """Return rows of the bridge to profit; recoveries with the sign they have in it."""
    rows: list[tuple[str, Cell]] = []
    for name, words in BRIDGE.items():
        value = getattr(profit, name)
        if name == "recoveries" and value is not None:
            value = -value
        rows.append((words, "not told" if value is None else amount(value, 2)))
    return rows
