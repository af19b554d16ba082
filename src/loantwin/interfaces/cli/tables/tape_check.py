"""Tables of `loantwin tape check`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import Cell


def render(console: Console, result: Any) -> None:
    """Print what is in a tape and what is wrong with it."""
    read(console, result)
    assumed(console, result)


def read(console: Console, result: Any) -> None:
    """Print what was read of a tape: rows, totals, statuses, and rows by rule."""
    facts: dict[str, Cell] = {
        "rows read": f"{result.rows_read:,}",
        "accepted": f"{result.accepted_rows:,}",
        "rejected": f"{result.rejected:,}",
        "loans": f"{result.loans:,}",
    }
    if result.loan_months is not None:
        facts["loan months"] = f"{result.loan_months:,}"
    facts |= {name.replace("_", " "): amount(value) for name, value in result.totals.items()}
    if result.credit_balances:
        facts["owed to borrowers"] = amount(result.credit_balances, 2)
    show_facts(console, f"Tape, format {result.format}", facts)
    show_table(
        console,
        "Loans by status",
        ("status", "loans"),
        [(name or "(none)", f"{count:,}") for name, count in result.loan_count_by_status.items()],
    )
    show_table(
        console,
        "Rejected, by rule",
        ("rule", "for example", "rows"),
        [
            (name, _first(result.examples.get(name)), f"{count:,}")
            for name, count in result.rejections.items()
        ],
        words=2,
    )
    show_table(
        console,
        "Kept with a warning, by rule",
        ("rule", "rows"),
        [(name, f"{count:,}") for name, count in result.warnings.items()],
    )


def _first(example: Any) -> str:
    """Return the first row that a rule refused, in words."""
    if example is None:
        return ""
    where = f"row {example.row}" + ("" if example.field is None else f", {example.field}")
    return f"{where}: {example.value!r}" + (f" ({example.hint})" if example.hint else "")


def assumed(console: Console, result: Any) -> None:
    """Print what the tape does not tell and the format assumes, and what a reader must know."""
    rows = [(name, str(item.value), item.unit, item.words) for name, item in result.assumptions.items()]
    show_table(
        console,
        "Assumed, because the tape does not tell (--assume NAME=VALUE overrides)",
        ("name", "value", "unit", "meaning"),
        rows,
        words=4,
    )
    show_notes(console, "Read this", result.statements)
