"""Tables of `policy test`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, show_facts, show_notes, show_table


def render(console: Console, result: Any) -> None:
    """Show each test, and where an answer was another."""
    facts = {
        "policy": f"{result.policy} {result.version}".strip(),
        "passed": count(result.passed),
        "failed": count(result.failed),
        "run over columns too": "yes" if result.columns else "no",
    }
    show_facts(console, "Tests of the policy", facts)
    rows = [(item.name, "passed" if item.passed else "failed") for item in result.tests]
    show_table(console, "Test by test", ("test", "result"), rows, words=2)
    for title, name in (
        ("Other answers one by one", "one_by_one"),
        ("Other answers over columns", "over_columns"),
    ):
        found = [(item.name, words) for item in result.tests for words in getattr(item, name)]
        show_table(console, title, ("test", "what differs"), found, words=2)
    if result.why_not:
        show_notes(console, "Not over columns", (result.why_not,))
