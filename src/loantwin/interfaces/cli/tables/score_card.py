"""Tables of `score card`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, percent, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING


def render(console: Console, result: Any) -> None:
    """Show what the score is, how good each model is, what is suspected, what others said and was assumed."""
    bads = "" if result.bads is None else f", {result.bads:,} bad ({percent(result.bads / result.rows, 1)})"
    facts = {
        "for": result.purpose or "not told",
        "cases": f"{result.rows:,}{bads}",
        "good": f"{result.target} = {result.good}",
        "judged on": result.judged_on,
        "champion (least log loss)": result.champion,
        "registry id": result.registry_id,
    }
    show_facts(console, f"Model card ({result.source})", facts)
    rows = [
        (
            name,
            f"{item.auc:.4f}",
            f"{item.auc_low:.3f} to {item.auc_high:.3f}",
            f"{item.ks:.3f}",
            f"{item.brier:.4f}",
            f"{item.brier_low:.3f} to {item.brier_high:.3f}",
            f"{item.calibration_slope:.2f}",
        )
        for name, item in result.models.items()
    ]
    heads = ("model", "AUC", "95 %", "KS", "Brier", "95 % of Brier", "slope")
    show_table(console, "On rows not trained on", heads, rows)
    leaks = [(item.column, item.why) for item in result.leaks]
    show_table(console, "Suspected to know the outcome", ("column", "why"), leaks, words=2)
    _other(console, result)
    said = [
        (item.model, item.role, item.by, item.day, "approved" if item.approved else "refused")
        for item in result.approvals
    ]
    show_table(console, "Approvals", ("name", "role", "author", "day", "said"), said, words=5)
    show_notes(console, "Assumed", result.assumed)
    show_notes(console, "Not recorded", result.not_recorded)


def _other(console: Console, result: Any) -> None:
    item = result.other_cases
    if item is None:
        return
    facts = {"cases": count(item.rows), "probability of bad, mean": percent(item.pd_mean)}
    if item.bads is not None:
        facts["bad"] = count(item.bads)
    if item.auc is not None:
        facts["AUC"] = f"{item.auc:.4f} ({item.auc_low:.3f} to {item.auc_high:.3f})"
        facts["Brier"] = f"{item.brier:.4f} ({item.brier_low:.3f} to {item.brier_high:.3f})"
    if item.same:
        facts["the file of the training"] = "yes: figures are too good"
    show_facts(console, f"On other cases ({item.source})", facts)
    rows = [
        (
            name,
            count(item.unseen.get(name, 0)),
            count(item.beyond.get(name, 0)),
            count(item.missing.get(name, 0)) or MISSING,
        )
        for name in dict.fromkeys([*item.unseen, *item.beyond, *item.missing])
    ]
    heads = ("column", "texts never seen", "numbers beyond", "missing")
    show_table(console, "What the champion did not know, in cases", heads, rows)
