"""What one fact does to an account that is replayed, the same under every kind of schedule."""

from __future__ import annotations

from loantwin.servicing.allocation import allocate
from loantwin.servicing.conventions import ALLOCATIONS, Servicing
from loantwin.servicing.credits import credit, split_of
from loantwin.servicing.facts import (
    Accrue,
    Chargeback,
    ChargeOff,
    Fact,
    Haircut,
    Pay,
    ReAge,
    ReAmortise,
    RefundCredit,
    Waive,
)
from loantwin.servicing.reshaping import haircut, re_age, re_amortise
from loantwin.servicing.rows import Entry, Work, give_up


def payment(work: Work, fact: Pay, servicing: Servicing) -> Entry:
    """Pay an account; what nothing is left to take is overpaid."""
    entry = Entry(fact.number, fact.on, fact.kind, fact.amount)
    rule = ALLOCATIONS[servicing.allocation]
    entry.over = allocate(work, entry, fact.amount, rule, servicing.ahead_of(fact.kind))
    work.overpaid += entry.over
    return entry


def waiver(work: Work, fact: Waive) -> Entry:
    """Give up what is unpaid of a charge; the line's parts are what of it was income already."""
    entry = Entry(fact.number, fact.on, "waiver", 0)
    for row in work.rows:
        for number, _, part, amount in row.charges:
            if number == fact.of:
                took = give_up(row, part, amount, fact.on)
                entry.amount += took
                entry.parts[part] = min(took, work.earned.get(row.start, [0, 0, 0])[part - 1])
    return entry


def charge_off(work: Work, fact: ChargeOff) -> Entry:
    """Take what is owed as lost; nothing owed changes."""
    entry = Entry(fact.number, fact.on, "charge-off", 0)
    for row in work.rows:
        for part in range(4):
            entry.parts[part] += row.unpaid(part)
    entry.amount = sum(entry.parts)
    work.charged_off = fact.on
    return entry


def chargeback(work: Work, fact: Chargeback, servicing: Servicing, taken: dict[int, list[int]]) -> Entry:
    """Make owed again what a payment had paid.

    taken : number of the payment -> its four parts, less what was taken back before; changed here.
    """
    entry = Entry(fact.number, fact.on, "chargeback", fact.amount)
    if not servicing.credit_order:
        credit(work, entry)
        return entry
    left = taken.setdefault(
        fact.of, next((found.parts[:] for found in work.entries if found.number == fact.of), [0, 0, 0, 0])
    )
    parts = split_of(fact.amount, left, servicing.credit_order)
    for part, amount in enumerate(parts):
        left[part] -= amount
    credit(work, entry, parts)
    return entry


def accrued(work: Work, fact: Accrue) -> Entry:
    """Recognise income; nothing owed changes."""
    entry = Entry(fact.number, fact.on, "accrual", 0)
    for start, *amounts in fact.parts:
        earned = work.earned.setdefault(start, [0, 0, 0])
        for place, amount in enumerate(amounts):
            earned[place] += amount
            entry.parts[place + 1] += amount
    entry.amount = sum(entry.parts)
    return entry


def effect(
    work: Work, fact: Fact, servicing: Servicing, multiple: int | None, taken: dict[int, list[int]]
) -> Entry | None:
    """Do what a fact does, but for money paid out and charges; return its line, None where it has none.

    multiple : minor units that an instalment is a multiple of.
    """
    if isinstance(fact, Pay):
        return payment(work, fact, servicing)
    if isinstance(fact, Chargeback):
        return chargeback(work, fact, servicing, taken)
    if isinstance(fact, RefundCredit):
        entry = Entry(fact.number, fact.on, "credit-balance-refund", fact.amount)
        credit(work, entry)
        return entry
    if isinstance(fact, Waive):
        return waiver(work, fact)
    if isinstance(fact, ChargeOff):
        return charge_off(work, fact)
    if isinstance(fact, Accrue):
        return accrued(work, fact)
    return _reshape(work, fact, multiple)


def _reshape(work: Work, fact: Fact, multiple: int | None) -> Entry | None:
    if isinstance(fact, ReAge):
        entry = Entry(fact.number, fact.on, "re-age", 0)
        re_age(work, entry, fact, multiple)
        return entry
    if isinstance(fact, ReAmortise):
        entry = Entry(fact.number, fact.on, "re-amortise", 0)
        re_amortise(work, entry, multiple)
        return entry
    if isinstance(fact, Haircut):
        entry = Entry(fact.number, fact.on, "haircut", fact.amount)
        haircut(work, entry)
        return entry
    return None
