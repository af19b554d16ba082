"""Tables of `loantwin demo`."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from loantwin.interfaces.cli.tables.blocks import show_facts, show_next, show_table
from loantwin.language import said


def render(console: Console, result: Any) -> None:
    """Print what was made, how long it took and what to do next."""
    months = "" if result.loan_months is None else f", {result.loan_months:,} loan months"
    show_facts(console, f"Demo on {result.loans:,} loans{months}, as of {result.as_of}", result.figures)
    steps = [(name, f"{seconds:,.1f}") for name, seconds in result.seconds.items()]
    show_table(
        console,
        "Seconds by step",
        ("step", "seconds"),
        [*steps, ("all", f"{sum(result.seconds.values()):,.1f}")],
    )
    console.print(Text(said(f"The report is {result.report}"), style="bold"), soft_wrap=True)
    console.print()
    show_next(console, result.next_steps)
