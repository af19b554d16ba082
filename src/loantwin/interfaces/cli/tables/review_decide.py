"""Tables of `review decide`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, count, show_facts, show_notes
from loantwin.interfaces.cli.tables.layout import MISSING


def render(console: Console, result: Any) -> None:
    """Show what was decided, and what is left to do."""
    facts = {
        "outcome": result.outcome,
        "step": result.step,
        "state": result.state,
        "ended": "yes" if result.final else "no",
        "by": result.by,
        "reason": result.reason,
        "amount": amount(result.amount),
        "proposed": result.proposed or MISSING,
        "overridden": MISSING if result.overridden is None else "yes" if result.overridden else "no",
        "hours since it was opened": count(result.hours, 1),
    }
    show_facts(console, f"Case {result.case} decided", facts)
    show_notes(console, "Notes", result.notes)
