"""Tables of `policy diff`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, count, percent, show_facts, show_table
from loantwin.interfaces.cli.tables.layout import MISSING

MOST = 20
"""Applications that are shown; `--json` and `--table` have those that `--most` lists."""


def render(console: Console, result: Any) -> None:
    """Show how many answers change, from what to what, and for whom."""
    facts = {
        "before": result.before,
        "after": result.after,
        "applications": count(result.applications),
        "answered otherwise": count(result.changed),
        "share of them": percent(result.changed / result.applications, 1),
    }
    show_facts(console, "Two policies on the same applications", facts)
    rows = [
        (name, count(result.outcomes_before[name]), count(result.outcomes_after[name]))
        for name in result.outcomes_before
    ]
    show_table(console, "Outcomes", ("outcome", "before", "after"), rows)
    moves = [
        (
            item.before,
            item.after,
            count(item.applications),
            amount(item.amount_before),
            amount(item.amount_after),
        )
        for item in result.moves
    ]
    heads = ("before", "after", "applications", "granted before", "granted after")
    show_table(console, "Answered otherwise", heads, moves, words=2)
    changes = [
        (
            item.application_id,
            item.before,
            item.after,
            amount(item.amount_before),
            amount(item.amount_after),
            percent(item.annual_rate_before),
            percent(item.annual_rate_after),
            "; ".join(item.reasons) or MISSING,
        )
        for item in result.changes[:MOST]
    ]
    columns = (
        "application",
        "before",
        "after",
        "amount before",
        "amount after",
        "rate before",
        "rate after",
        "reasons after",
    )
    left = result.changed - len(changes)
    more = f"and {left:,} more: --json, --table or --most" if left > 0 else ""
    show_table(console, "For whom", columns, changes, words=3, more=more)
