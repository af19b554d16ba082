"""Tables of `policy check`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, show_facts, show_notes, show_table


def render(console: Console, result: Any) -> None:
    """Show what was looked through, and what was found."""
    facts = {
        "policy": f"{result.policy} {result.version}".strip(),
        "nodes": count(result.nodes),
        "rows of tables": count(result.rows),
        "tests it carries": count(result.tests),
        "runs over columns": "yes" if result.over_columns else "no",
    }
    show_facts(console, "The policy is sound" if result.ok else "The policy is not sound", facts)
    for title, blamed in (("To mend", True), ("Overlaps that order settles", False)):
        rows = [
            (item.kind, item.node, item.cell, item.words) for item in result.findings if item.blamed is blamed
        ]
        show_table(console, title, ("kind", "node", "cell", "what"), rows, words=4)
    if result.one_by_one:
        show_notes(console, "One by one only", (result.one_by_one,))
