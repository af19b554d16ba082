"""Tables of `score predict`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, percent, show_facts, show_notes, show_table


def render(console: Console, result: Any) -> None:
    """Show what was written, and what the model did not know."""
    facts = {
        "cases": count(result.rows),
        "model": result.model,
        "registry id": result.registry_id,
        "probability of bad, mean": percent(result.pd_mean),
        "least": percent(result.pd_least),
        "greatest": percent(result.pd_greatest),
        "written to": result.out,
    }
    show_facts(console, f"Cases scored ({result.source})", facts)
    names = list(dict.fromkeys([*result.unseen, *result.beyond, *result.missing]))
    rows = [
        (
            name,
            count(result.unseen.get(name, 0)),
            count(result.beyond.get(name, 0)),
            count(result.missing.get(name, 0)),
        )
        for name in names
    ]
    heads = ("column", "texts never seen", "numbers beyond", "missing")
    show_table(console, "What the model did not know, in cases", heads, rows)
    show_notes(console, "Notes", result.notes)
