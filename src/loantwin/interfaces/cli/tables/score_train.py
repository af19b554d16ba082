"""Tables of `score train`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, percent, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING
from loantwin.interfaces.cli.tables.score_parts import show_parts

MOST = 12
"""Features and left-out columns that are shown; `--json` and `--table` have all."""


def render(console: Console, result: Any) -> None:
    """Show what was learnt from, what may leak, how good each model is, and where they lie."""
    facts = {
        "cases": f"{result.rows:,}, {result.bads:,} bad ({percent(result.bads / result.rows, 1)})",
        "good": f"{result.target} = {result.good}",
        "bad": ", ".join(result.bad_values[:MOST]) + _more(len(result.bad_values)),
        "judged on": result.judged_on,
        "champion (least log loss)": result.champion,
        "kept in": result.out,
        "registry id": result.registry_id,
    }
    if result.unknown:
        facts["without a target, left out"] = count(result.unknown)
    show_facts(console, f"Scores ({result.source})", facts)
    leaks = [(item.column, item.why) for item in result.leaks]
    show_table(console, "Suspected to know the outcome", ("column", "why"), leaks, words=2)
    _figures(console, result)
    _compared(console, result)
    _calibration(console, result)
    show_parts(console, result)
    _features(console, result)
    _points(console, result)
    left = [(name, why) for name, why in result.left_out.items() if name != result.target]
    show_table(console, "No features", ("column", "why"), left[:MOST], words=2, more=_more(len(left)))
    show_notes(console, "Notes", result.notes)


def _more(there: int) -> str:
    return f"and {there - MOST} more: --json or --table" if there > MOST else ""


def _figures(console: Console, result: Any) -> None:
    rows = [
        (
            name,
            f"{item.auc:.4f}",
            f"{item.auc_low:.3f} to {item.auc_high:.3f}",
            MISSING if item.auc_spread is None else f"{item.auc_spread:.3f}",
            f"{item.gini:.3f}",
            f"{item.ks:.3f}",
            f"{item.brier:.4f}",
            f"{item.calibration_slope:.2f}",
            *(() if item.stability is None else (f"{item.stability:.3f}",)),
        )
        for name, item in result.models.items()
    ]
    heads = ("model", "AUC", "95 %", "± folds", "Gini", "KS", "Brier", "slope")
    later = next(iter(result.models.values())).stability is not None
    show_table(console, "On rows not trained on", (*heads, "PSI") if later else heads, rows)


def _compared(console: Console, result: Any) -> None:
    rows = [
        (
            item.model,
            item.against,
            f"{item.auc:+.4f}",
            f"{item.brier:+.5f}",
            f"{item.brier_low:+.5f} to {item.brier_high:+.5f}",
            f"{item.log_loss:+.5f}",
            f"{item.log_loss_low:+.5f} to {item.log_loss_high:+.5f}",
        )
        for item in result.compared
    ]
    heads = ("model", "beside", "AUC", "Brier", "95 % of Brier", "log loss", "95 % of log loss")
    show_table(console, "Differences (less Brier and log loss are better)", heads, rows, words=2)


def _calibration(console: Console, result: Any) -> None:
    rows = [
        (
            str(item.number),
            count(item.cases),
            percent(item.predicted),
            percent(item.observed),
            f"{percent(item.low, 1)} to {percent(item.high, 1)}",
        )
        for item in result.models[result.champion].deciles
    ]
    heads = ("tenth by risk", "cases", "predicted bad", "observed bad", "95 %")
    show_table(console, f"Calibration of {result.champion}", heads, rows)


def _features(console: Console, result: Any) -> None:
    later = any(item.stability is not None for item in result.features)
    rows = [
        (
            item.name,
            item.kind,
            percent(item.missing, 1),
            MISSING if item.kind != "category" else str(item.levels),
            f"{item.information:.3f}",
            *(((MISSING if item.stability is None else f"{item.stability:.3f}"),) if later else ()),
        )
        for item in result.features
    ]
    heads = ("feature", "kind", "missing", "levels", "information value")
    title = "Features, the most telling first"
    show_table(console, title, (*heads, "CSI") if later else heads, rows[:MOST], more=_more(len(rows)))


def _points(console: Console, result: Any) -> None:
    rows, before = [], ""
    for item in result.points:
        name = "" if item.column == before else item.column
        before = item.column
        rows.append(
            (name, item.bin, f"{round(item.points)}", count(item.rows or None), percent(item.bad_rate, 1))
        )
    heads = ("column", "bin", "points", "cases", "bad")
    title = "Scorecard: 600 points are odds of 50 to 1, 20 more double them"
    show_table(console, title, heads, rows[:25], words=2, more=_more_points(len(rows)))


def _more_points(there: int) -> str:
    return f"and {there - 25} more: --json or --table" if there > 25 else ""
