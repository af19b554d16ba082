"""Tables of `loantwin journal`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_facts, show_notes, show_table


def render(console: Console, result: Any) -> None:
    """Print the postings entry by entry, each account over the period, and what they tie to."""
    rows = [
        (
            posting.entry if place == 0 or result.postings[place - 1].entry != posting.entry else "",
            posting.account.replace("_", " "),
            _side(posting.debit),
            _side(posting.credit),
        )
        for place, posting in enumerate(result.postings)
    ]
    rows.append(("total", "", f"{result.total_debit:,.2f}", f"{result.total_credit:,.2f}"))
    title = (
        f"Postings from {result.opening_date.isoformat()} to {result.closing_date.isoformat()}, "
        f"{result.currency}"
    )
    show_table(console, title, ("entry", "account", "debit", "credit"), rows, words=2)
    accounts = [
        (
            name.replace("_", " "),
            f"{account.opening:,.2f}",
            f"{account.debit:,.2f}",
            f"{account.credit:,.2f}",
            f"{account.closing:,.2f}",
        )
        for name, account in result.accounts.items()
    ]
    head = ("account", "opening", "debit", "credit", "closing")
    show_table(console, "Accounts, credit balances below 0", head, accounts)
    show_facts(
        console,
        "Ties to",
        {
            "closing allowance": f"{result.allowance:,.2f}",
            "closing gross carrying amount": f"{result.gross_carrying_amount:,.2f}",
            "charge to profit": f"{result.charge:,.2f}",
        },
    )
    show_notes(console, "Rules", result.rules)
    show_notes(console, "Notes", result.notes)


def _side(amount: float) -> str:
    return f"{amount:,.2f}" if amount else ""
