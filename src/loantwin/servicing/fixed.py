"""Replay over a schedule known whole: all money paid out and all charges first, then what was paid."""

from __future__ import annotations

from collections.abc import Sequence

from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.conventions import Servicing
from loantwin.servicing.due_charges import add_charge
from loantwin.servicing.due_days import plan
from loantwin.servicing.facts import AddCharge, ChargeOff, Disburse, Fact, Reschedule
from loantwin.servicing.fixed_schedule import fixed_rows, money
from loantwin.servicing.other_terms import elsewhere, rows_of_terms
from loantwin.servicing.replaying import effect
from loantwin.servicing.rows import Entry, Work


def replay_fixed(sheet: TermSheet, servicing: Servicing, facts: Sequence[Fact]) -> Work:
    """Return the account after facts that hold, in order of their days."""
    paid_out = [(fact.on, fact.amount) for fact in facts if isinstance(fact, Disburse)]
    changes = sorted((fact for fact in facts if isinstance(fact, Reschedule)), key=lambda fact: fact.number)
    keep = servicing.charge_off_keeps_multiple or not any(isinstance(fact, ChargeOff) for fact in facts)
    if elsewhere(sheet):
        rows = rows_of_terms(sheet, paid_out, bool(changes))
    else:
        rows = fixed_rows(sheet, plan(sheet, paid_out[0][0], changes), paid_out, keep)
    work = Work(rows, [])
    for fact in facts:
        if isinstance(fact, AddCharge):
            add_charge(work, fact)
    multiple = money(sheet, keep).multiple
    taken: dict[int, list[int]] = {}
    for fact in facts:
        if isinstance(fact, Disburse):
            work.entries.append(Entry(fact.number, fact.on, "disbursement", fact.amount))
        elif not isinstance(fact, AddCharge):
            entry = effect(work, fact, servicing, multiple, taken)
            if entry is not None:
                work.entries.append(entry)
    return work
