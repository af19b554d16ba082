"""Unpaid principal spread anew: over new instalments, or over those still to come."""

from __future__ import annotations

from fractions import Fraction

from loantwin.products.due_dates import moved
from loantwin.servicing.amounts import to_multiple
from loantwin.servicing.conventions import PRINCIPAL
from loantwin.servicing.facts import ReAge
from loantwin.servicing.rows import Entry, Row, Work, raise_owed


def take_out(rows: list[Row], entry: Entry) -> int:
    """Take unpaid principal out of instalments; return it."""
    total = 0
    for row in rows:
        unpaid = row.unpaid(PRINCIPAL)
        if unpaid > 0:
            raise_owed(row, PRINCIPAL, -unpaid)
            total += unpaid
            if row.rest == 0:
                row.met = entry.on
    return total


def re_age(work: Work, entry: Entry, fact: ReAge, multiple: int | None) -> None:
    """Spread all unpaid principal over new instalments, equal but for the last."""
    total = take_out(work.rows, entry)
    entry.amount = entry.parts[PRINCIPAL] = total
    share = to_multiple(Fraction(total, fact.payments), multiple)
    start = max(row.due for row in work.rows)
    for place in range(fact.payments):
        due = moved(fact.first, fact.every, place)
        principal = share if place < fact.payments - 1 else total - share * (fact.payments - 1)
        work.rows.append(Row(start, due, principal))
        start = due
    work.sort()


def re_amortise(work: Work, entry: Entry, multiple: int | None) -> None:
    """Spread principal due by the day over the instalments due later, equal but for the last."""
    later = [row for row in work.rows if row.kind == "instalment" and row.due > entry.on]
    if not later:
        return
    total = take_out([row for row in work.rows if row.due <= entry.on], entry)
    entry.amount = entry.parts[PRINCIPAL] = total
    share = to_multiple(Fraction(total, len(later)), multiple)
    for row in later[:-1]:
        raise_owed(row, PRINCIPAL, share)
    raise_owed(later[-1], PRINCIPAL, total - share * (len(later) - 1))
    work.first = 0


def haircut(work: Work, entry: Entry) -> None:
    """Give up principal from the last instalment backwards; what is not owed is not given up."""
    left = entry.amount
    for row in reversed(work.rows):
        took = min(left, row.unpaid(PRINCIPAL))
        if took > 0:
            raise_owed(row, PRINCIPAL, -took)
            left -= took
            if row.rest == 0:
                row.met = entry.on
    entry.amount -= left
    entry.parts[PRINCIPAL] = entry.amount
