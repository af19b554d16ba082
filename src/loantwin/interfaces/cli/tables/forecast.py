"""Tables of `loantwin forecast`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, between, count, percent, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import Cell
from loantwin.interfaces.report.labels import plain
from loantwin.verbs.forecast import withdrawn_words

SMALL = ("new", "drawn", "arrears_interest", "exited")
"""Rows of the totals that are left out where nothing moves there."""


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
    left = len(result.months) - len(rows)
    show_table(
        console,
        title,
        ("month", *(name.replace("_", " ") for name in names)),
        rows,
        more=f"The first and every third month are shown, {left} more: --json" if left else "",
    )
    _show_loans(console, result, every)
    outside = [
        (
            f"not in it: {plain(name)}",
            f"{item.count:,}",
            "–" if item.balance is None else amount(item.balance),
        )
        for name, item in result.left_out.items()
    ]
    rows = [("live loans", "–", amount(result.opening_balance)), *outside]
    show_table(console, "Opening balance", ("", "loans", "balance"), rows)
    total = [
        (
            name.replace("_", " "),
            _sized(name, item.mean),
            _between(result.withdrawn, name, item),
        )
        if item
        else (name.replace("_", " "), "–", "not told")
        for name, item in result.totals.items()
        if item is None or name not in SMALL or item.p95 > 0.0
    ]
    show_table(
        console,
        f"Over {len(result.months)} months (balance and loans: at the end)",
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


def _show_loans(console: Console, result: Any, every: int) -> None:
    """Print numbers of loans and the mix of arrears by month, where they are told."""
    if not result.months or result.months[0].loans is None:
        return
    states = tuple(result.months[0].arrears)
    names = ("loans", "defaulted_loans", "charged_off_loans", "prepaid_loans")
    rows = [
        (
            month.month,
            *(_sized(name, getattr(month, name).mean) if getattr(month, name) else "–" for name in names),
            *(percent(month.arrears[name].mean) for name in states[1:]),
        )
        for place, month in enumerate(result.months)
        if (place + 1) % every == 0 or place == 0
    ]
    late = tuple(f"{plain(name)}, % of live" for name in states[1:])
    title = "Numbers of loans (means)" + (" and arrears, % of live loans" if late else "")
    heads = ("month", "live", "defaulted", "charged off", "prepaid", *late)
    show_table(console, title, heads, rows)


def _sized(name: str, value: float) -> Cell:
    """Return money as an amount, a number of loans with one decimal where it is small."""
    if name.endswith("loans"):
        return count(value, 1 if abs(value) < 1_000 else 0)
    return amount(value)


def _between(withdrawn: Any, name: str, item: Any) -> Cell:
    """Return the 90 % interval of a figure, or that it is withdrawn."""
    told = withdrawn_words(withdrawn, name, "")
    if told:
        return told
    if name.endswith("loans"):
        return f"{_sized(name, item.p05)} to {_sized(name, item.p95)}"
    return between(item.p05, item.p95)
