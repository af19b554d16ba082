"""Tables of `loantwin forecast`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, show_notes, show_table
from loantwin.interfaces.report.labels import plain


def render(console: Console, result: Any) -> None:
    """Print the months ahead and their totals."""
    names = ("balance", "scheduled_principal", "prepaid", "interest", "defaulted", "charged_off", "recovered")
    economy = result.scenario or ("paths of the generator" if result.economy else "the period effect alone")
    every = 1 if len(result.months) <= 13 else 3
    rows = [
        (month.month, *(amount(getattr(month, name).mean) if getattr(month, name) else "–" for name in names))
        for place, month in enumerate(result.months)
        if (place + 1) % every == 0 or place == 0
    ]
    title = (
        f"Forecast from {result.as_of.isoformat()}, {result.currency}, economy: {economy}, {result.paths:,} "
        "paths (means)"
    )
    show_table(console, title, ("month", *(name.replace("_", " ") for name in names)), rows)
    outside = [
        (
            f"not in it: {plain(name)}",
            f"{item.count:,}",
            "–" if item.balance is None else amount(item.balance),
        )
        for name, item in result.left_out.items()
    ]
    rows = [("live loans", "", amount(result.opening_balance)), *outside]
    show_table(console, "Opening balance", ("", "number", result.currency), rows)
    total = [
        (
            name.replace("_", " "),
            amount(item.mean),
            result.withdrawn.get(name) or f"{amount(item.p05)} to {amount(item.p95)}",
        )
        if item
        else (name.replace("_", " "), "–", "the source cannot tell")
        for name, item in result.totals.items()
    ]
    show_table(
        console,
        f"Over {len(result.months)} months (balance: at the end)",
        ("figure", "mean", "90 % interval"),
        total,
    )
    if result.assumed:
        show_notes(
            console,
            "Assumed, not observed by the source",
            [", ".join(name.replace("_", " ") for name in result.assumed)],
        )
    show_notes(console, "Notes", [*result.notes, "the intervals hold: " + ", ".join(result.interval_sources)])
