"""Tables of `loantwin account replay`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING, Cell


def render(console: Console, result: Any) -> None:
    """Print how the account stands, its instalments, and its transactions."""
    decimals = len(str(result.minor_units)) - 1
    _standing(console, result, decimals)
    rows = [
        (
            str(item.number),
            item.due.isoformat(),
            amount(item.total, decimals),
            amount(item.paid, decimals),
            amount(item.late, decimals),
            amount(item.in_advance, decimals),
            amount(item.outstanding, decimals),
            item.met.isoformat() if item.met else MISSING,
        )
        for item in result.instalments
    ]
    heads = ("no.", "due", "asked", "paid", "late", "in advance", "unpaid", "met on")
    show_table(console, "Instalments", heads, rows, words=2)
    _transactions(console, result, decimals)
    if result.charges:
        charges = [
            (
                item.name,
                item.kind,
                item.due.isoformat(),
                amount(item.amount, decimals),
                amount(item.outstanding, decimals),
            )
            for item in result.charges
        ]
        show_table(console, "Charges", ("charge", "kind", "due", "amount", "unpaid"), charges, words=3)
    notes = ["Of a day, facts count in the order of the file; a fact dated back counts from its day."]
    if any(line.reversed for line in result.transactions):
        notes.append("Lines that were reversed show what they had paid for.")
    show_notes(console, "Notes", notes)


def _standing(console: Console, result: Any, decimals: int) -> None:
    facts: dict[str, Cell] = {
        "status": result.status,
        "owed in all": amount(result.outstanding, decimals),
        "past due": amount(result.past_due, decimals),
        "days past due": str(result.days_past_due),
    }
    if result.days_in_arrears != result.days_past_due:
        facts["days in arrears"] = str(result.days_in_arrears)
    if result.overpaid:
        facts["overpaid"] = amount(result.overpaid, decimals)
    if result.charged_off_on:
        facts["charged off on"] = result.charged_off_on.isoformat()
    if result.payoff is not None:
        facts["pays it off that day"] = amount(result.payoff.total, decimals)
    if result.interest_saved is not None:
        facts["interest saved"] = amount(result.interest_saved, decimals)
    show_facts(console, f"The account on {result.on.isoformat()}", facts)
    if result.statement is not None:
        told = result.statement
        rows: dict[str, Cell] = {
            "principal before": amount(told.opening, decimals),
            "paid in": amount(told.paid, decimals),
            "fell due": amount(told.due, decimals),
            "late now": amount(told.past_due, decimals),
            "principal now": amount(told.closing, decimals),
            "next due": told.next_due.isoformat() if told.next_due else MISSING,
        }
        show_facts(console, f"Statement from {told.start.isoformat()} to {told.end.isoformat()}", rows)


def _transactions(console: Console, result: Any, decimals: int) -> None:
    rows = [
        (
            line.on.isoformat(),
            line.kind.replace("-", " ") + (" (reversed)" if line.reversed else ""),
            amount(line.amount, decimals),
            amount(line.principal, decimals),
            amount(line.interest, decimals),
            amount(line.fees + line.penalties, decimals),
            amount(line.balance, decimals),
        )
        for line in result.transactions
    ]
    heads = ("on", "what", "amount", "principal", "interest", "charges", "balance")
    show_table(console, "Transactions", heads, rows, words=2)
