"""Tables of `score behaviour`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, percent, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING


def render(console: Console, result: Any) -> None:
    """Show the rows by date, the features, and what they are worth."""
    facts = {"rows": count(result.rows), "kept in": result.out}
    show_facts(console, f"Behaviour ({result.source})", facts)
    dates = [(item.at, count(item.rows), count(item.bad), count(item.good), count(item.unknown))
             for item in result.dates]  # fmt: skip
    show_table(console, "Rows by date", ("date", "rows", "bad after it", "good after it", "not known"), dates)
    rows = [(item.name, percent(item.missing, 1), _said(item.mean), _said(item.low), _said(item.high))
            for item in result.features]  # fmt: skip
    show_table(console, "Features", ("feature", "missing", "mean", "lowest", "highest"), rows)
    if result.worth is not None:
        _worth(console, result.worth)
    show_notes(console, "Notes", result.notes)


def _said(value: float | None) -> str:
    return MISSING if value is None else f"{value:,.3f}"


def _worth(console: Console, worth: Any) -> None:
    rows = [
        (name, f"{item.auc:.4f}", f"{item.auc_low:.3f} to {item.auc_high:.3f}", f"{item.brier:.5f}")
        for name, item in worth.sets.items()
    ]
    show_table(console, f"{worth.model} by set of columns", ("columns", "AUC", "95 %", "Brier"), rows)
    differences = [
        (
            item.model,
            item.against,
            f"{item.auc:+.4f}",
            f"{item.brier:+.5f}",
            f"{item.brier_low:+.5f} to {item.brier_high:+.5f}",
        )
        for item in worth.compared
    ]
    heads = ("columns", "beside", "AUC", "Brier", "95 % of Brier")
    show_table(console, "Differences (less Brier is better)", heads, differences, words=2)
