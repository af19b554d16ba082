"""Tables of `survival train`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, percent, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING

MOST = 12
"""Features and left-out columns that are shown; `--json` and `--table` have all."""


def render(console: Console, result: Any) -> None:
    """Show what was watched, how good the probabilities were beside the rivals', and what moves them."""
    facts = {
        "loans": f"{result.loans:,}, {result.events:,} with the event",
        "event": result.event,
        **({"other end": f"{result.competing} ({result.others:,} loans)"} if result.competing else {}),
        "watched until": result.until,
        "kept in": result.out,
        "registry id": result.registry_id,
    }
    facts |= {f"left out, {why}": count(number) for why, number in result.unknown.items()}
    show_facts(console, f"Survival ({result.source})", facts)
    leaks = [(item.column, item.why) for item in result.leaks]
    show_table(console, "Suspected to know the outcome", ("column", "why"), leaks, words=2)
    _judged(console, result)
    _compared(console, result)
    _calibration(console, result)
    _features(console, result)
    left = list(result.left_out.items())
    show_table(console, "No features", ("column", "why"), left[:MOST], words=2, more=_more(len(left)))
    show_notes(console, "Notes", result.notes)


def _more(there: int) -> str:
    return f"and {there - MOST} more: --json or --table" if there > MOST else ""


def _judged(console: Console, result: Any) -> None:
    rows = [
        (
            item.as_of,
            item.group,
            str(item.horizon),
            item.model,
            count(item.loans),
            percent(item.figures.predicted),
            percent(item.figures.observed),
            f"{item.figures.brier:.5f}",
            f"{item.figures.brier_low:.5f} to {item.figures.brier_high:.5f}",
            MISSING if item.figures.auc is None else f"{item.figures.auc:.3f}",
        )
        for item in result.judged
    ]
    heads = (
        "as of",
        "loans are",
        "months",
        "model",
        "loans",
        "predicted",
        "observed",
        "Brier",
        "95 %",
        "AUC",
    )
    show_table(console, "Probability of the event, judged by what came", heads, rows, words=4)


def _compared(console: Console, result: Any) -> None:
    rows = [
        (
            item.group,
            str(item.horizon),
            item.model,
            item.against,
            f"{item.brier:+.6f}",
            f"{item.brier_low:+.6f} to {item.brier_high:+.6f}",
            item.shown,
        )
        for item in result.compared
    ]
    heads = ("loans are", "months", "model", "beside", "Brier", "95 % of Brier", "is")
    show_table(console, "Differences (less Brier is better)", heads, rows, words=4)


def _calibration(console: Console, result: Any) -> None:
    told = [item for item in result.judged if item.model == "hazard" and item.figures.deciles]
    if not told:
        return
    last = told[-1]
    rows = [
        (
            str(item.number),
            count(item.cases),
            percent(item.predicted),
            percent(item.observed),
            f"{percent(item.low, 1)} to {percent(item.high, 1)}",
        )
        for item in last.figures.deciles
    ]
    heads = ("tenth by risk", "loans", "predicted", "observed", "95 %")
    title = f"Calibration within {last.horizon} months, {last.group} loans"
    show_table(console, title, heads, rows)


def _features(console: Console, result: Any) -> None:
    rows = [(item.name, item.kind, f"{item.spread:.3f}") for item in result.features]
    heads = ("feature", "kind", "spread of log hazard")
    title = "Features, the most telling first"
    show_table(console, title, heads, rows[:MOST], words=2, more=_more(len(rows)))
    effects = [(item.name, f"{item.factor:.3f}") for item in result.effects]
    show_table(
        console, "What moves with the month", ("covariate", "hazard's factor a unit"), effects, words=1
    )
