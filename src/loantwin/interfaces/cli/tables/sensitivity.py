"""The tables of `sensitivity`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, between, show_facts, show_notes, show_table
from loantwin.interfaces.report.labels import covariate_words

SHOWN = 25
"""Parameters in the table; the JSON has all."""


def render(console: Console, result: Any) -> None:
    """Print the loss with its interval, the parameters and macro factors that matter, by scenario."""
    words = "before guarantees" if result.gross else "net of guarantees"
    title = (
        f"{result.measure.replace('-', ' ').capitalize()} of {result.loans:,} live loans as of "
        f"{result.as_of.isoformat()}"
    )
    rows = [
        (name, amount(item.value), amount(item.standard_error), between(item.low, item.high),
         amount(item.transitions), amount(item.severity))
        for name, item in result.scenarios.items()
    ]  # fmt: skip
    columns = (
        "scenario",
        "expected loss",
        "standard error",
        "90 % interval",
        "error by transitions",
        "error by loss given default",
    )
    show_table(console, f"{title}, {result.currency}, {words} (errors of estimation alone)", columns, rows)
    for name, item in result.scenarios.items():
        _macro(console, name, item)
        _parameters(console, name, item)
    show_facts(console, "Seconds", {words: f"{value:.4f}" for words, value in result.seconds.items()})
    show_notes(console, "Not observable in this source", result.not_observable)
    show_notes(console, "Notes", result.notes)


def _macro(console: Console, name: str, item: Any) -> None:
    rows = [
        (
            covariate_words(factor),
            amount(found.by_deviation),
            f"{100 * found.by_deviation / item.value:+.1f} %",
            amount(found.by_unit / 100.0),
        )
        for factor, found in item.macro.items()
    ]
    columns = (
        "covariate, moved in every month",
        "by one deviation",
        "% of the loss",
        "by 0.01 of the factor",
    )
    show_table(console, f"{name}: macro", columns, rows)


def _parameters(console: Console, name: str, item: Any) -> None:
    rows = [
        (
            row.kind,
            row.name,
            "–" if row.value is None else f"{row.value:.3f}",
            amount(row.derivative),
            "–" if row.standard_error is None else f"{row.standard_error:.3f}",
            amount(row.by_standard_error),
        )
        for row in item.parameters[:SHOWN]
    ]
    columns = (
        "parameter",
        "of",
        "value",
        "loss moves by one unit",
        "standard error",
        "loss moves by one standard error",
    )
    show_table(
        console,
        f"{name}: the {len(rows)} of {len(item.parameters)} parameters whose errors weigh most",
        columns,
        rows,
        words=2,
        more=f"{left} more: --json" if (left := len(item.parameters) - len(rows)) else "",
    )
