"""Tables of `fairness`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import count, percent, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING

MOST_MONTHS = 36
"""Rows of months that are shown; `--json` and `--table` have all."""


def render(console: Console, result: Any) -> None:
    """Show approvals by group, beside the reference, at equal risk and columns, ends and months."""
    facts = {
        "cases": f"{result.cases:,}, {result.approved:,} approved",
        "approved": f"{result.outcome} = {result.favourable}",
        "declined": f"{result.outcome} = {result.unfavourable}",
        "groups": result.group,
        "beside": result.reference,
        "levels of approval": result.levels,
    }
    facts |= {f"left out: {name}": count(rows) for name, rows in result.left_out.items()}
    show_facts(console, f"Fairness ({result.source})", facts)
    _approvals(console, "Approvals by group", result.groups)
    _beside(console, f"Approvals beside {result.reference}", result.groups)
    if result.refused:
        show_notes(console, f"Not shown: {', '.join(result.refused)}", tuple(result.refused.values()))
    _approvals(console, "Equal opportunity: approvals among cases that ended well", result.good_cases)
    _beside(console, f"Ended well, beside {result.reference}", result.good_cases)
    _ends(console, result)
    _equal(console, result)
    _months(console, result)
    _thin(console, result)
    show_notes(console, "Notes", result.notes)


def ratio(item: Any) -> str:
    """Return a ratio; a missing one as a dash."""
    return MISSING if item is None or item.value is None else f"{item.value:.3f}"


def ratio_ends(item: Any) -> str:
    """Return the ends of a ratio's interval; an end without bound as a dash."""
    if item is None or (item.low is None and item.high is None):
        return MISSING
    low, high = (MISSING if end is None else f"{end:.3f}" for end in (item.low, item.high))
    return f"{low} to {high}"


def part(item: Any) -> str:
    """Return a share; a missing one as a dash."""
    return percent(None if item is None else item.value, 1)


def part_ends(item: Any) -> str:
    """Return the ends of a share's interval."""
    return MISSING if item is None else f"{100 * item.low:.1f} % to {100 * item.high:.1f} %"


def points(item: Any) -> str:
    """Return a difference of shares in percentage points; a missing one as a dash."""
    return MISSING if item is None else f"{100 * item.value:+.1f}"


def point_ends(item: Any) -> str:
    """Return the ends of a difference's interval in percentage points."""
    return MISSING if item is None else f"{100 * item.low:+.1f} to {100 * item.high:+.1f}"


def _approvals(console: Console, title: str, groups: Any) -> None:
    rows = [
        (item.group, count(item.cases), count(item.approved), part(item.approval), part_ends(item.approval))
        for item in groups
    ]
    show_table(console, title, ("group", "cases", "approved", "share", "95 %"), rows)


def _beside(console: Console, title: str, groups: Any) -> None:
    shown = [item for item in groups if item.odds_ratio is not None]
    odds = [(item.group, ratio(item.odds_ratio), ratio_ends(item.odds_ratio)) for item in shown]
    show_table(console, f"{title}: odds", ("group", "odds ratio", "95 %"), odds)
    rows = [
        (item.group, ratio(item.approval_ratio), ratio_ends(item.approval_ratio),
         ratio_ends(item.approval_ratio_log),
         points(item.approval_difference), point_ends(item.approval_difference))
        for item in shown if item.approval_ratio is not None
    ]  # fmt: skip
    heads = ("group", "ratio", "95 %", "95 % by logarithm", "difference, points", "95 % of points")
    show_table(console, f"{title}: shares", heads, rows)


def _ends(console: Console, result: Any) -> None:
    scored = any(item.predicted is not None for item in result.ends)
    rows = [
        (
            item.group, count(item.cases), count(item.bads), part(item.observed), part_ends(item.observed),
            *((percent(item.predicted, 1), ratio(item.auc), ratio_ends(item.auc)) if scored else ()),
        )
        for item in result.ends
    ]  # fmt: skip
    heads = ("group", "cases", "bad", "observed bad", "95 %", "predicted bad", "AUC", "95 % of AUC")
    show_table(console, "How cases ended", heads if scored else heads[:5], rows)
    bands = [
        (item.group, str(item.band), count(item.cases), percent(item.predicted, 1), part(item.observed),
         part_ends(item.observed))
        for item in result.calibration
    ]  # fmt: skip
    told = ("group", "band", "cases", "predicted bad", "observed bad", "95 %")
    show_table(console, "Calibration by band of risk, 1 the safest", told, bands, words=2)


def _equal(console: Console, result: Any) -> None:
    rows = [
        (item.group, count(item.cases), count(item.bands), ratio(item.odds_ratio),
         ratio_ends(item.odds_ratio),
         ratio(item.approval_ratio), ratio_ends(item.approval_ratio))
        for item in result.at_equal_risk if item.odds_ratio is not None
    ]  # fmt: skip
    heads = ("group", "cases", "bands", "odds ratio", "95 %", "ratio", "95 % of ratio")
    show_table(console, "At equal risk, by bands of the score", heads, rows)
    adjusted = [
        (item.group, count(item.cases), ratio(item.odds_ratio), ratio_ends(item.odds_ratio))
        for item in result.at_equal_columns if item.odds_ratio is not None
    ]  # fmt: skip
    title = f"At equal {', '.join(result.given)}"
    show_table(console, title, ("group", "cases", "odds ratio", "95 %"), adjusted)


def _months(console: Console, result: Any) -> None:
    rows = [
        (item.month, item.group, count(item.cases), count(item.approved), ratio(item.odds_ratio),
         ratio_ends(item.odds_ratio), ratio(item.approval_ratio), ratio_ends(item.approval_ratio))
        for item in result.months
    ]  # fmt: skip
    heads = ("month", "group", "cases", "approved", "odds ratio", "95 %", "ratio", "95 % of ratio")
    more = f"and {len(rows) - MOST_MONTHS} more: --json or --table" if len(rows) > MOST_MONTHS else ""
    show_table(console, "By month", heads, rows[-MOST_MONTHS:], words=2, more=more)


def _thin(console: Console, result: Any) -> None:
    parts = (
        ("approvals", result.groups),
        ("ended well", result.good_cases),
        ("ends", result.ends),
        ("equal risk", result.at_equal_risk),
        ("equal columns", result.at_equal_columns),
    )
    rows = [(item.group, name, item.not_shown) for name, items in parts for item in items if item.not_shown]
    show_table(console, "Figures not shown", ("group", "figure", "why"), rows, words=3)
    thin = sum(item.not_shown is not None for item in result.months)
    if thin:
        show_notes(console, "By month", (f"{thin} of {len(result.months)} rows are not shown",))
