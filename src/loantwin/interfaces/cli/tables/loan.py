"""Tables of `loantwin loan`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from rich.console import Console

from loantwin.book.schema import LOANS
from loantwin.interfaces.cli.tables.blocks import show_notes, show_table

MONTHS = 24
"""Months of history a table shows, the last ones; JSON has all."""


def render(console: Console, result: Any) -> None:
    """Print what is known of the loan, what was recorded of it, and its last months."""
    meaning = {column.name: column.meaning for column in LOANS}
    known = [(name, _text(value), meaning.get(name, "")) for name, value in result.loan.items()]
    title = f"Loan {result.loan['loan_id']} as known at the end of {result.known}, {result.currency}"
    show_table(console, title, ("", "", ""), [row for row in known if row[1]], words=3)
    facts = [
        (
            str(event.sequence),
            event.happened.isoformat(),
            event.recorded.isoformat(" ", "seconds"),
            event.type,
            ", ".join(f"{name} {_text(value)}" for name, value in event.data.items()),
        )
        for event in result.events
    ]
    show_table(console, "Recorded of it", ("event", "happened", "recorded", "what", ""), facts, words=5)
    _history(console, result)
    missing = [name for name, text, _ in known if not text]
    show_notes(console, "Not known", [", ".join(missing)] if missing else [])


def _history(console: Console, result: Any) -> None:
    if not result.history:
        return
    shown = result.history[-MONTHS:]
    names = [name for name in shown[0] if any(row[name] is not None for row in shown)]
    title = f"By month, the last {len(shown)} of {len(result.history)}, {result.currency}"
    rows = [[_text(row[name]) for name in names] for row in shown]
    left = len(result.history) - len(shown)
    more = f"{left} earlier months: --json" if left else ""
    show_table(console, title, [name.replace("_", " ") for name in names], rows, more=more)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:,.6f}".rstrip("0").rstrip(".")
    return str(value)
