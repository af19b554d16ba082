"""Tables of `decide`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import (
    amount,
    count,
    percent,
    show_facts,
    show_notes,
    show_table,
    with_values,
)
from loantwin.interfaces.cli.tables.layout import MISSING

MOST = 10
"""Reasons and decisions that are shown; `--json`, `--table` and `--out` have all."""


def render(console: Console, result: Any) -> None:
    """Show how many applications get which outcome, why, and some of them."""
    facts = {
        "policy": result.policy,
        "score": result.model or MISSING,
        **({"rules of law": ", ".join(result.profiles)} if result.profiles else {}),
        "applications": count(result.applications),
        "counter-offers": count(result.counter_offers),
    }
    if result.recorded:
        facts["recorded"] = count(result.recorded)
    if result.letters:
        facts["letters"] = count(len(result.letters))
    show_facts(console, "Applications decided", facts)
    rows = [
        (
            item.outcome,
            count(item.applications),
            percent(item.applications / result.applications, 1),
            amount(item.asked),
            amount(item.granted),
        )
        for item in result.outcomes
    ]
    show_table(console, "Outcomes", ("outcome", "applications", "share", "asked for", "granted"), rows)
    _deciders(console, result)
    _reasons(console, result)
    _decisions(console, result)
    show_notes(console, "Notes", result.notes)


def _deciders(console: Console, result: Any) -> None:
    """Show who decided, where there was more than one."""
    if len(result.deciders) < 2:
        return
    rows = [
        (item.role, item.policy, item.model or MISSING, percent(item.share, 1), count(item.applications))
        for item in result.deciders
    ]
    heads = ("role", "policy", "score", "share", "applications")
    show_table(console, "Who decided", heads, rows, words=3)


def _reasons(console: Console, result: Any) -> None:
    rows = [(item.code, item.outcome, item.text, count(item.applications)) for item in result.reasons[:MOST]]
    left = len(result.reasons) - len(rows)
    more = f"and {left:,} more: --json or --table" if left > 0 else ""
    heads = ("code", "outcome", "reason", "applications")
    show_table(console, "Most frequent reasons", heads, rows, words=3, more=more)


def _decisions(console: Console, result: Any) -> None:
    shown = result.decisions[:MOST]
    rows = [
        (
            item.application_id,
            item.outcome,
            amount(item.amount),
            percent(item.annual_rate),
            count(item.term_months),
            count(item.score, 1),
            percent(item.annual_pd),
            amount(item.expected_profit),
            amount(None if item.counter_offer is None else item.counter_offer.amount),
        )
        for item in shown
    ]
    left = result.applications - len(rows)
    more = f"and {left:,} more: --json, --table or --out" if left > 0 else ""
    heads = (
        "application",
        "outcome",
        "amount",
        "rate",
        "months",
        "score",
        "12-month PD",
        "profit",
        "counter-offer",
    )
    show_table(console, "The first of them", *with_values(heads, rows), words=2, more=more)
