"""Tables of `score explain`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import percent, show_facts, show_line, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING
from loantwin.language import spoken

MOST = 20
"""Features that are shown; `--json` and `--table` have all."""


def render(console: Console, result: Any) -> None:
    """Show the score, its reasons, what each feature adds, and what would have changed it."""
    facts = {
        "case": f"row {result.row:,}" if result.id is None else result.id,
        "model": result.model,
        "registry id": result.registry_id,
        "probability of bad": percent(result.pd),
    }
    if result.points is not None:
        facts["points"] = f"{result.points:.0f}"
    if result.cut is not None:
        facts["cut-off"] = percent(result.cut)
        facts["declined"] = "yes" if result.declined else "no"
    show_facts(console, f"Score of one case ({result.source})", facts)
    reasons = [
        (item.code, getattr(item, spoken()), f"{item.log_odds:+.3f}", ", ".join(item.columns))
        for item in result.reasons
    ]
    heads = ("code", "reason", "log-odds", "of columns")
    show_table(console, "What raises the risk most", heads, reasons, words=2)
    _contributions(console, result)
    _changed(console, result)
    for words, names in (
        ("Texts that training never showed", result.unseen),
        ("Numbers outside the range of training", result.beyond),
    ):
        if names:
            show_line(console, f"{words}: {', '.join(names)}")
    show_notes(console, "Notes", result.notes)


def _contributions(console: Console, result: Any) -> None:
    of_points = result.points is not None
    rows = [
        (
            item.column,
            item.value,
            f"{item.log_odds:+.3f}",
            f"{item.odds:.2f}",
            *((f"{round(item.points, 1) + 0.0:.1f}",) if of_points else ()),
        )
        for item in result.contributions
    ]
    shown = rows[:MOST]
    base = f"{result.base_points:.1f}" if of_points else ""
    shown.append(
        ("the average case", "", f"{result.base_log_odds:+.3f}", "", *((base,) if of_points else ()))
    )
    whole = f"{result.points:.1f}" if of_points else ""
    shown.append(("the case", "", f"{result.log_odds:+.3f}", "", *((whole,) if of_points else ())))
    heads = ("column", "value", "log-odds", "odds times")
    more = f"and {len(rows) - MOST} more: --json or --table" if len(rows) > MOST else ""
    title = "What each feature adds, against the average case of training"
    show_table(console, title, (*heads, "points") if of_points else heads, shown, words=2, more=more)


def _changed(console: Console, result: Any) -> None:
    if result.cut is None or not result.declined:
        return
    rows = []
    for number, way in enumerate(result.changed, 1):
        for place, item in enumerate(way.changes):
            first = (str(number), percent(way.pd)) if place == 0 else ("", "")
            rows.append((first[0], item.column, item.was or MISSING, item.becomes, first[1]))
    heads = ("way", "column", "was", "becomes", "probability of bad then")
    show_table(console, "What would have changed it, within policy", heads, rows, words=4)
    if result.changed_said:
        show_line(console, f"What would have changed it: {result.changed_said}")
