"""Tables of `evidence`."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, count, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING


def render(console: Console, result: Any) -> None:
    """Show whether a decision is derived again as it was, and what it rests on."""
    facts = {
        "application": result.application_id,
        "decided": f"{result.decided:%Y-%m-%d %H:%M:%S} UTC",
        "policy": f"{result.policy}, {result.policy_hash[:16]}",
        "score": MISSING if result.model is None else f"{result.model}, {(result.model_hash or '')[:16]}",
        "derived again to the bit": "yes" if result.same else "no",
        "personal fields": result.persons,
    }
    show_facts(console, f"Decision {result.decision_id}", facts)
    _answer(console, result)
    rows = [(item.field, _words(item.recorded), _words(item.derived)) for item in result.differences]
    if rows:
        show_table(console, "What differs", ("field", "recorded", "derived again"), rows, words=3)
    changed = [(item.name, item.recorded or MISSING, item.now or MISSING) for item in result.versions]
    if changed:
        show_table(console, "Other versions now", ("package", "recorded", "now"), changed, words=3)
    others = [
        (number, answer.get("outcome", MISSING), amount(answer.get("amount")))
        for number, answer in result.shadows.items()
    ]
    if others:
        heads = ("decider", "outcome", "amount")
        show_table(console, "What shadows would have answered", heads, others, words=2)
    _loan(console, result.loan)
    show_notes(console, "Notes", result.notes)


def _answer(console: Console, result: Any) -> None:
    rows = [
        (name, _words(result.recorded.get(name)), _words(result.derived.get(name)))
        for name in result.recorded
        if result.recorded.get(name) not in (None, [], ())
    ]
    show_table(console, "The answer", ("field", "recorded", "derived again"), rows, words=3)


def _loan(console: Console, loan: Any) -> None:
    """Show what became of the application."""
    if loan is None:
        return
    facts = {
        "loan": loan.loan_id,
        "state": loan.state or MISSING,
        "days past due": count(loan.days_past_due),
        "months since": count(loan.months),
        "default": MISSING if loan.default_date is None else loan.default_date.isoformat(),
        "realised loss": amount(loan.realised_loss),
    }
    show_facts(console, "What became of it", facts)


def _words(value: Any) -> str:
    """Return a field of an answer as text, numbers to their last bit."""
    if value is None:
        return MISSING
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "; ".join(f"{item['code']}: {item['text']}" for item in value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return value if isinstance(value, str) else json.dumps(value)
