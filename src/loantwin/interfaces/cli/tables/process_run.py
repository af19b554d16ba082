"""Tables of `process run`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, show_facts, show_notes, show_table

STATES = ("state", "cases", "limit, hours", "overdue", "median hours", "longest hours")
STEPS = ("step", "taken", "people", "median hours before it")


def render(console: Console, result: Any) -> None:
    """Show in which states cases are, and which steps were taken."""
    facts = {
        "on": result.on,
        "steps recorded now": count(result.recorded),
        "steps in all": count(result.steps_taken),
        "cases": count(result.cases),
        "of which ended": count(result.ended),
    }
    show_facts(console, f"Process {result.process}", facts)
    states = [
        (item.state, count(item.cases), count(item.within_hours, 1), count(item.overdue),
         count(item.median_hours, 1), count(item.longest_hours, 1))
        for item in result.states
    ]  # fmt: skip
    show_table(console, "Cases by state", STATES, states)
    steps = [
        (item.step, count(item.taken), count(item.people), count(item.median_hours, 1))
        for item in result.steps
    ]
    show_table(console, "Steps taken", STEPS, steps)
    show_notes(console, "Notes", result.notes)
