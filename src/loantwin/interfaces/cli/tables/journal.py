"""Tables of `loantwin journal`."""

from __future__ import annotations

import re
from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import Cell


def render(console: Console, result: Any) -> None:
    """Print the postings entry by entry, each account over the period, and what they tie to."""
    rows: list[tuple[Cell, ...]] = [
        (
            posting.entry if place == 0 or result.postings[place - 1].entry != posting.entry else "",
            _account(posting.account),
            _side(posting.debit),
            _side(posting.credit),
        )
        for place, posting in enumerate(result.postings)
    ]
    rows.append(("total", "", amount(result.total_debit, 2), amount(result.total_credit, 2)))
    title = (
        f"Postings from {result.opening_date.isoformat()} to {result.closing_date.isoformat()}, "
        f"{result.currency}"
    )
    show_table(console, title, ("entry", "account", "debit", "credit"), rows, words=2)
    accounts = [
        (
            _account(name),
            amount(account.opening, 2),
            amount(account.debit, 2),
            amount(account.credit, 2),
            amount(account.closing, 2),
        )
        for name, account in result.accounts.items()
    ]
    head = ("account", "opening", "debit", "credit", "closing")
    show_table(console, "Accounts, credit balances below 0", head, accounts)
    show_facts(
        console,
        "Ties to",
        {
            "closing allowance": amount(result.allowance, 2),
            "closing gross carrying amount": amount(result.gross_carrying_amount, 2),
            "charge to profit": amount(result.charge, 2),
        },
    )
    show_notes(console, "Rules", result.rules)
    show_notes(console, "Notes", result.notes)


def _account(name: str) -> str:
    """Return an account in words: loans_1 -> loans, stage 1."""
    return re.sub(r"_([123])$", r", stage \1", name).replace("_", " ")


def _side(value: float) -> Cell:
    return amount(value, 2) if value else ""
