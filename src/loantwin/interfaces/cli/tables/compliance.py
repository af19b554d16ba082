"""Tables of `compliance`."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_notes, show_table

ALWAYS = 1900
"""Year from which rules hold that no text brought into force."""
WORDS = {True: "passed", False: "BREACHED", None: "–"}


def render(console: Console, result: Any) -> None:
    """Show the rules that apply, the breaches by name, and what does not apply."""
    score = "–" if result.score is None else f"{result.score:.2f}"
    title = (
        f"Rules in force on {result.day.isoformat()}: {result.passed} of {result.applicable} passed, score "
        f"{score}"
    )
    articles = Counter(item.article for item in result.rules if item.passed is not None)
    rows = [
        (
            item.article if articles[item.article] == 1 else f"{item.article} ({item.id})",
            WORDS[item.passed],
            f"{item.looked_at:,}",
            item.first.isoformat() if item.first.year > ALWAYS else "always",
        )
        for item in result.rules
        if item.passed is not None
    ]
    show_table(console, title, ("rule", "test", "looked at", "in force from"), rows, words=2)
    for item in result.rules:
        if item.passed is False:
            more = item.breach_count - len(item.breaches)
            lines = [*item.breaches, *([f"and {more:,} more"] if more else [])]
            show_notes(console, f"Breached: {item.article}: {item.words}", lines)
    show_notes(
        console,
        "Not applicable",
        [f"{item.article}: {item.why}" for item in result.rules if item.passed is None],
    )
    show_notes(console, "Notes", result.notes)
