"""Tables of `decision list`."""

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

MOST = 20
"""Decisions that are shown, the latest ones; `--json` and `--table` have all."""


def render(console: Console, result: Any) -> None:
    """Show how many decisions there are, predicted default beside realised, and the latest of them."""
    facts = {
        "decisions": count(len(result.decisions)),
        "in the log": count(result.all),
        **{name: count(number) for name, number in result.outcomes.items()},
        "became loans": count(result.became),
        "stopped": ", ".join(item[:16] for item in result.stopped) or "nothing",
    }
    show_facts(console, "Recorded decisions", facts)
    told = result.realised
    realised = {
        "loans whose year is over": count(told.loans),
        "defaults": count(told.defaults),
        "predicted": percent(told.predicted),
        "realised": percent(told.realised),
        "95 % from": percent(told.low),
        "to": percent(told.high),
        "verdict": told.verdict,
    }
    show_facts(console, "Default within 12 months", realised)
    rows = [_row(item) for item in result.decisions[-MOST:]]
    left = len(result.decisions) - len(rows)
    more = f"and {left:,} before them: --json or --table" if left > 0 else ""
    heads = (
        "decision",
        "application",
        "day",
        "outcome",
        "amount",
        "12-month PD",
        "loan",
        "past due",
        "default",
    )
    if rows:
        show_table(console, "The latest of them", *with_values(heads, rows), words=4, more=more)
    show_notes(console, "Notes", result.notes)


def _row(item: Any) -> tuple[Any, ...]:
    loan = item.loan
    return (
        item.decision_id,
        item.application_id,
        item.day.isoformat(),
        item.outcome,
        amount(item.amount),
        percent(item.annual_pd),
        MISSING if loan is None else loan.state or loan.loan_id,
        count(None if loan is None else loan.days_past_due),
        MISSING if loan is None or loan.default_date is None else loan.default_date.isoformat(),
    )
