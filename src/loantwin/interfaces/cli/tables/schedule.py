"""Tables of `loantwin schedule`: what a customer is told of a loan."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import amount, percent, show_facts, show_notes, show_table
from loantwin.interfaces.cli.tables.layout import MISSING

NAMES = {"us": "US", "eu": "EU", "uk": "UK", "china": "China", "effective": "effective rate"}
RULES = {
    "us": "Regulation Z, appendix J",
    "eu": "directive 2008/48/EC",
    "uk": "FCA, MCOB 10.3",
    "china": "costs over principal in use",
    "effective": "IFRS 9",
}
"""The rule of a rate in few words: its name, rate and compounding stand beside it."""
COMPOUNDED = {"effective": "compounded yearly"}


def render(console: Console, result: Any) -> None:
    """Print what falls due on which day, what it costs in all, and the yearly rates of that."""
    units = result.terms.get("minor_units", 100)
    decimals = len(str(units)) - 1
    fees = any(row.fees for row in result.instalments)
    rows = [
        (
            str(row.number) if row.number else "at once",
            row.due.isoformat(),
            amount(row.payment, decimals),
            amount(row.interest, decimals),
            amount(row.principal, decimals),
            *((amount(row.fees, decimals),) if fees else ()),
            amount(row.closing, decimals),
        )
        for row in result.instalments
    ]
    fee_column = ("fees",) if fees else ()
    heads = ("no.", "due", "payment", "interest", "principal", *fee_column, "balance after")
    show_table(console, "What falls due", heads, rows, words=2)
    totals = result.totals
    facts = {
        "you receive": amount(totals.disbursed, decimals),
        "you pay in all": amount(totals.payment, decimals),
        "of it interest": amount(totals.interest, decimals),
        "of it fees": amount(totals.fees, decimals),
        "the loan costs": amount(totals.cost, decimals),
    }
    if totals.left:
        facts["left unpaid"] = amount(totals.left, decimals)
    show_facts(console, "In all", facts)
    _rates(console, result)
    rate = result.terms.get("annual_rate", 0.0)
    words = (
        "Interest follows an index."
        if "floating" in result.terms
        else f"Interest: {percent(rate)} a year, nominal."
    )
    show_notes(
        console, "Notes", (words, "Money is rounded to the smallest unit of the currency on each day.")
    )


def _rates(console: Console, result: Any) -> None:
    rows = []
    for name, item in result.rates.items():
        shown = MISSING if item.shown is None else f"{item.shown} %"
        rows.append(
            (
                NAMES.get(name, name),
                shown,
                COMPOUNDED.get(item.compounding, item.compounding),
                RULES.get(name, item.rule),
            )
        )
    show_table(console, "Cost a year, as laws have it shown", ("", "rate", "compounding", "rule"), rows)
