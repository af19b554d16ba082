"""Tables of `fairness-search`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, percent, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING

MOST = 12
"""Columns left out that are shown; `--json` and `--table` have all."""


def render(console: Console, result: Any) -> None:
    """Show every alternative's gain and cost, and what was left out."""
    facts = {
        "cases": f"{result.rows:,}, {result.bads:,} bad ({percent(result.bads / result.rows, 1)})",
        "group compared": f"{result.compared}, {result.group_cases:,} cases",
        "beside": f"{result.reference}, {result.reference_cases:,} cases",
        "approved by every model": percent(result.approved_share, 1),
        "judged on": f"{result.folds} folds",
        "gain shown of": ", ".join(result.found) or "none",
    }
    show_facts(console, f"Less discriminatory alternatives ({result.source})", facts)
    rows = [
        (item.name, item.model, _three(item.approval_ratio), _ends(item.approval_ratio), _signed(item.gain),
         _ends(item.gain), item.gain_told or MISSING, "yes" if item.on_frontier else "no")
        for item in result.alternatives
    ]  # fmt: skip
    heads = (
        "alternative",
        "model",
        "approval ratio",
        "95 %",
        "gain",
        "95 % of gain",
        "gain told",
        "on the frontier",
    )
    show_table(console, "Approvals of the group", heads, rows, words=2)
    cost = [
        (item.name, f"{item.auc.value:.4f}", _ends(item.auc), _signed(item.auc_change),
         _ends(item.auc_change),
         f"{item.brier:.4f}", _signed(item.brier_change), _ends(item.brier_change))
        for item in result.alternatives
    ]  # fmt: skip
    told = (
        "alternative",
        "AUC",
        "95 %",
        "change",
        "95 % of change",
        "Brier",
        "change of Brier",
        "95 % of Brier",
    )
    show_table(console, "What it costs: order and probability", told, cost)
    lost = [
        (item.name, percent(item.bad_rate.value, 2), _points(item.bad_rate),
         percent(_value(item.bad_rate_change), 2),
         _points(item.bad_rate_change))
        for item in result.alternatives
    ]  # fmt: skip
    ends = ("alternative", "bad among approved", "95 %", "change", "95 % of change")
    show_table(console, "What it costs: bad ends among the approved", ends, lost)
    left = list(result.left_out.items())
    more = f"and {len(left) - MOST} more: --json or --table" if len(left) > MOST else ""
    show_table(console, "No features", ("column", "why"), left[:MOST], words=2, more=more)
    show_notes(
        console,
        "Notes",
        (*result.notes, f"{count(len(result.features))} features are read by the present model"),
    )


def _value(item: Any) -> float | None:
    return None if item is None else item.value


def _three(item: Any) -> str:
    return MISSING if item is None or item.value is None else f"{item.value:.3f}"


def _signed(item: Any) -> str:
    return MISSING if item is None or item.value is None else f"{item.value:+.4f}"


def _ends(item: Any) -> str:
    return MISSING if item is None or item.low is None else f"{item.low:.3f} to {item.high:.3f}"


def _points(item: Any) -> str:
    return MISSING if item is None else f"{100 * item.low:.2f} % to {100 * item.high:.2f} %"
