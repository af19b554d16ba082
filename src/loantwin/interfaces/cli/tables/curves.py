"""Tables of `curves`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, percent, show_facts, show_notes, show_table

AGES = (3, 6, 12, 18, 24, 36, 48, 60, 84, 120, 180)
PERIODS = 16
"""Periods a table shows, the last ones; JSON has all."""


def render(console: Console, result: Any) -> None:
    """Show roll rates or vintage curves."""
    if hasattr(result, "vintages"):
        _vintages(console, result)
    else:
        _rolls(console, result)
    show_facts(console, "History", {name: f"{value:,}" for name, value in result.facts.items() if value})
    show_notes(console, "Notes", getattr(result, "notes", ()))
    show_notes(console, "Rules", result.rules)


def _rolls(console: Console, result: Any) -> None:
    for words, matrix in (("last 12 months", result.recent), ("all months", result.all_months)):
        title = f"Roll rates a month, % of the number of loans, {words} ({matrix.first} to {matrix.last})"
        rows = [
            (name, f"{matrix.at_risk[name]:,.0f}", *map(_share, row.values()))
            for name, row in matrix.rates.items()
        ]
        show_table(console, title, ("from", "loan months", *result.states), rows)
    matrix = result.all_months
    rows = [(name, *(_share(cell, "amount") for cell in row.values())) for name, row in matrix.rates.items()]
    show_table(console, "Roll rates a month, % of balance, all months", ("from", *result.states), rows)
    moves = [(name, *_worst(name, row)) for name, row in matrix.rates.items()]
    rows = [
        (f"{name} to {target}", percent(cell.number), _between(cell))
        for name, target, cell in moves
        if cell.number is not None
    ]
    show_table(console, "One bucket on", ("move", "% of loans a month", "90 % interval"), rows)
    rows = [(name, percent(value, 3)) for name, value in result.to_loss.items()]
    show_table(console, "Chance to roll straight to charge-off", ("from", "% of loans"), rows)
    shown = result.by_period[-PERIODS:]
    rows = [(item.period, *(percent(value) for value in item.forward.values())) for item in shown]
    left = len(result.by_period) - len(shown)
    show_table(
        console,
        f"One bucket on, by {result.by}, % of loans a month",
        (result.by, *(shown[0].forward if shown else ())),
        rows,
        more=f"{left} earlier periods: --json" if left else "",
    )


def _worst(origin: str, row: Mapping[str, Any]) -> tuple[str, Any]:
    targets = list(row)
    target = targets[targets.index(origin) + 1]
    return target, row[target]


def _share(cell: Any, name: str = "number") -> str:
    value = getattr(cell, name)
    return "–" if value is None else "·" if value == 0 else f"{100 * value:.2f}"


def _between(cell: Any) -> str:
    return "–" if cell.low is None else f"{percent(cell.low)} to {percent(cell.high)}"


def _vintages(console: Console, result: Any) -> None:
    longest = max(
        (point.age for item in result.vintages for point in item.points if point.number is not None),
        default=0,
    )
    ages = [age for age in AGES if age <= longest]
    event = "defaulted" if result.event == "default" else "charged off"
    for part, words in (("number", "loans"), ("amount", "the money lent")):
        rows = [
            (
                item.name,
                f"{item.loans:,.0f}",
                amount(item.originated),
                f"{item.events:,.0f}",
                *(_cell(item, age, part) for age in ages),
            )
            for item in result.vintages
        ]
        title = f"Cumulative {event}, % of {words}, by age in months (* partial, · not lived yet)"
        show_table(console, title, ("vintage", "loans", "lent", "events", *(str(age) for age in ages)), rows)
    same = [age for age in (12, 24, 36) if age in ages]
    rows = [(item.name, *(_interval(item, age) for age in same)) for item in result.vintages]
    show_table(
        console,
        f"90 % intervals of the share of loans {event}",
        ("vintage", *(f"{age} months" for age in same)),
        rows,
    )
    carried = [item for item in result.vintages if item.ultimate is not None and result.ultimate_age]
    rows = [(item.name, percent(item.ultimate)) for item in carried]
    title = f"Carried on to {result.ultimate_age} months from older vintages (chain ladder; no economy in it)"
    show_table(console, title, ("vintage", f"% of loans {event}"), rows)


def _cell(item: Any, age: int, part: str) -> str:
    point = item.points[age]
    value = getattr(point, part)
    return "·" if value is None else f"{100 * value:.2f}" + ("*" if point.status == "partial" else "")


def _interval(item: Any, age: int) -> str:
    point = item.points[age]
    return "·" if point.low is None else f"{percent(point.low)} to {percent(point.high)}"
