"""What makes money owed again: a payment taken back, a credit balance paid out."""

from __future__ import annotations

from datetime import date

from loantwin.servicing.conventions import PRINCIPAL
from loantwin.servicing.due_charges import after_last
from loantwin.servicing.rows import Entry, Row, Work, last_due, pay, raise_owed


def receiving_row(work: Work, on: date) -> Row:
    """Return the row that takes what is owed again: the first instalment due later, or one after the last."""
    for row in work.rows:
        if row.kind != "after" and row.due > on:
            return row
    if any(row.kind == "after" for row in work.rows) or on != last_due(work.rows):
        return after_last(work, on)
    return [row for row in work.rows if row.kind != "after"][-1]


def credit(work: Work, entry: Entry, parts: list[int] | None = None) -> None:
    """Make the entry's amount owed again, less what was paid too much before.

    parts : principal, interest, fees, penalties that the amount is of; None is principal. Named parts are
    owed whole and what was overpaid pays for them; principal alone shows in the entry without what was
    overpaid.
    """
    used = min(work.overpaid, entry.amount)
    entry.over = used
    work.overpaid -= used
    if parts is None:
        entry.parts[PRINCIPAL] = entry.amount - used
        if used == entry.amount:
            return
        split = [entry.amount, 0, 0, 0]
    else:
        entry.parts = parts[:]
        split = parts
    row = receiving_row(work, entry.on)
    if entry.kind == "chargeback":
        row.claims.append((entry.on, entry.amount))
    for part, amount in enumerate(split):
        if amount:
            row.credited[part] += amount
            raise_owed(row, part, amount)
    for part in (3, 2, 1, 0) if parts is not None else (PRINCIPAL,):
        took = pay(row, part, min(used, split[part]), entry.on)
        used -= took
        entry.repaid += took if part == PRINCIPAL else 0
    work.first = 0


def split_of(amount: int, paid: list[int], order: tuple[int, ...]) -> list[int]:
    """Return how an amount taken back divides among the parts that the payment had paid, in order."""
    parts = [0, 0, 0, 0]
    for part in order:
        parts[part] = min(amount, paid[part])
        amount -= parts[part]
    parts[PRINCIPAL] += amount
    return parts
