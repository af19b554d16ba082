"""Replay where the schedule grows: what is paid out is spread over the instalments still to come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from loantwin.errors import UsageError, expected
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.allocation import allocate
from loantwin.servicing.amounts import halves_even, to_multiple
from loantwin.servicing.conventions import ALLOCATIONS, PRINCIPAL, Servicing
from loantwin.servicing.due_charges import add_charge
from loantwin.servicing.due_days import Plan, plan
from loantwin.servicing.facts import BROUGHT, AddCharge, Disburse, Fact, Reschedule
from loantwin.servicing.fixed_schedule import Money, money
from loantwin.servicing.other_terms import refuse
from loantwin.servicing.replaying import effect
from loantwin.servicing.rows import Entry, Row, Work, raise_owed


def replay_progressive(sheet: TermSheet, servicing: Servicing, facts: Sequence[Fact]) -> Work:
    """Return the account after facts that hold, in order of their days.

    A charge counts from its own day where that lies before the day it was recorded, else from the latter.

    Raises
    ------
    UsageError : terms that a schedule that grows does not know, interest among them.
    """
    refuse(sheet)
    if sheet.annual_rate:
        raise UsageError(
            expected("no interest under a progressive schedule", sheet.annual_rate), field="annual_rate"
        )
    start = next(fact.on for fact in facts if isinstance(fact, Disburse))
    changes = [fact for fact in facts if isinstance(fact, Reschedule)]
    terms = money(sheet)
    made = plan(sheet, start, changes)
    waits = {made.due[place] for place in made.grace if place < len(made.due)}
    work = Work(_empty_rows(made, start), [])
    taken: dict[int, list[int]] = {}
    for fact in sorted(facts, key=_when):
        if isinstance(fact, Disburse):
            work.entries.append(_pay_out(work, fact, servicing, terms, waits))
        elif isinstance(fact, AddCharge):
            add_charge(work, fact)
            _pay_from_credit(work, servicing)
        else:
            entry = effect(work, fact, servicing, terms.multiple, taken)
            if entry is not None:
                work.entries.append(entry)
    work.entries.sort(key=lambda entry: entry.on)
    return work


def _when(fact: Fact) -> tuple[object, ...]:
    day = min(fact.due, fact.known) if isinstance(fact, AddCharge) else fact.on
    return day, fact.known, fact.number % BROUGHT, fact.number


def _empty_rows(made: Plan, start: date) -> list[Row]:
    rows: list[Row] = []
    for due in made.due:
        rows.append(Row(rows[-1].due if rows else start, due))
    return rows


def _pay_out(work: Work, fact: Disburse, servicing: Servicing, terms: Money, waits: set[date]) -> Entry:
    """Pay money out: its down payment at once, the rest alike on the instalments due later.

    waits : due dates without principal.
    """
    entry = Entry(fact.number, fact.on, "disbursement", fact.amount)
    later = [row for row in work.rows if row.kind == "instalment" and row.due > fact.on]
    later = [row for row in later if row.due not in waits]
    down = terms.down(fact.amount)
    if not later:
        raise UsageError(expected("an instalment due after money is paid out", fact.on), field="on")
    share, left = halves_even(fact.amount - down, len(later)), fact.amount - down
    exact = Fraction(fact.amount - down, len(later))
    for row in later:
        before = row.owed[PRINCIPAL]
        after = to_multiple(before + exact, terms.multiple) if terms.multiple else before + share
        more = min(after - before, left)
        raise_owed(row, PRINCIPAL, more)
        left -= more
    raise_owed(later[-1], PRINCIPAL, left)
    if terms.share:
        work.rows.append(Row(fact.on, fact.on, down, kind="down-payment"))
    work.sort()
    if work.overpaid:
        used = min(work.overpaid, fact.amount)
        entry.over = used
        unused = allocate(work, entry, used, ALLOCATIONS[servicing.allocation], servicing.ahead)
        work.overpaid -= used - unused
        entry.parts = [0, 0, 0, 0]
    return entry


def _pay_from_credit(work: Work, servicing: Servicing) -> None:
    """Pay a new charge from what payments before it had paid too much, the oldest first."""
    rule = ALLOCATIONS[servicing.allocation]
    for entry in work.entries:
        if work.overpaid == 0:
            break
        if entry.over and entry.kind not in ("disbursement", "chargeback", "credit-balance-refund"):
            amount = min(entry.over, work.overpaid)
            unused = allocate(work, entry, amount, rule, servicing.ahead_of(entry.kind))
            entry.over -= amount - unused
            work.overpaid -= amount - unused
