"""Tables of `review list`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, count, percent, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING, Cell

QUEUE = ("case", "state", "has it", "amount", "proposed", "opened at", "due at", "hours left")
SHOWN = 50
"""Cases that the table shows; the document has all."""
OVERRIDES = ("decided by", "decided", "overridden", "share", "95 % from", "to")


def row(item: Any) -> tuple[Cell, ...]:
    """Return a case as a row of the queue."""
    return (
        item.case, item.state, item.assignee or MISSING, amount(item.amount), item.proposed or MISSING,
        moment(item.opened), MISSING if item.due is None else moment(item.due), count(item.hours_left, 1),
    )  # fmt: skip


def moment(text: str) -> str:
    """Return a moment as day and hour, UTC."""
    return text[:16].replace("T", " ")


def render(console: Console, result: Any) -> None:
    """Show the queue, those due first, and overrides."""
    facts = {
        "on": result.on,
        "open": count(result.open),
        "overdue": count(result.overdue),
        "decided cases": count(result.decided),
        "median hours to the end": count(result.median_hours, 1),
        "stays with a limit": count(result.stays),
        "of which late": count(result.late),
    }
    show_facts(console, "Reviews", facts)
    rows = [row(item) for item in result.reviews[:SHOWN]]
    left = len(result.reviews) - SHOWN
    more = f"{left:,} more: --json" if left > 0 else ""
    show_table(console, "The queue, those due first (UTC)", QUEUE, rows, more=more)
    overrides = [
        (item.by, count(item.decided), count(item.overridden), percent(item.share, 1), percent(item.low, 1),
         percent(item.high, 1))
        for item in result.overrides
    ]  # fmt: skip
    show_table(console, "Decided otherwise than the policy proposed", OVERRIDES, overrides)
    show_notes(console, "Notes", result.notes)
