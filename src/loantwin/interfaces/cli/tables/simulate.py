"""Tables of `loantwin simulate`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_notes, show_table


def render(console: Console, result: Any) -> None:
    """Print what was written, and from what balances scatter."""
    economy = result.scenario or "one path of the generator"
    rows = [
        ("file", result.file),
        *((("mapping", result.mapping),) if result.mapping else ()),
        ("from", result.as_of.isoformat()),
        ("months", f"{result.months:,}"),
        ("economy", economy),
        ("period effects", result.period),
        ("seed", f"{result.seed}"),
        ("paths", f"{result.paths:,}"),
        ("loans", f"{result.loans:,}"),
        ("rows (loan-months)", f"{result.loan_months:,}"),
        *((f"moves of balances, {kind}s", f"{count:,}") for kind, count in result.balances.items()),
    ]
    show_table(console, f"Simulated histories, {result.currency}", ("", ""), rows)
    show_notes(console, "Notes", list(result.notes))
