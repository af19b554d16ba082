"""Replay over a schedule known whole: all money paid out and all charges first, then what was paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loantwin.errors import UsageError, expected
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.conventions import Servicing
from loantwin.servicing.due_charges import add_charge
from loantwin.servicing.due_days import plan
from loantwin.servicing.facts import AddCharge, ChargeOff, Disburse, Fact, Reschedule
from loantwin.servicing.fixed_schedule import fixed_rows, money
from loantwin.servicing.other_terms import elsewhere, followed, not_half_even, rows_of_terms
from loantwin.servicing.replaying import effect
from loantwin.servicing.rows import Entry, Row, Work


def replay_fixed(sheet: TermSheet, servicing: Servicing, facts: Sequence[Fact]) -> Work:
    """Return the account after facts that hold, in order of their days.

    Raises
    ------
    UsageError : money paid out otherwise than agreed, or instalments agreed anew, under terms that cannot be
    drawn up again: the first of them is named.
    """
    keep = servicing.charge_off_keeps_multiple or not any(isinstance(fact, ChargeOff) for fact in facts)
    used = sheet if keep else replace(sheet, instalment_multiple=None)
    work = Work(_rows(used, facts), [])
    for fact in facts:
        if isinstance(fact, AddCharge):
            add_charge(work, fact)
    multiple = money(used).multiple
    taken: dict[int, list[int]] = {}
    for fact in facts:
        if isinstance(fact, Disburse):
            work.entries.append(Entry(fact.number, fact.on, "disbursement", fact.amount))
        elif not isinstance(fact, AddCharge):
            entry = effect(work, fact, servicing, multiple, taken)
            if entry is not None:
                work.entries.append(entry)
    return work


def _rows(sheet: TermSheet, facts: Sequence[Fact]) -> list[Row]:
    """Return the instalments: the exact schedule's, worked out again only where a fact changes them."""
    paid_out = [(fact.on, fact.amount) for fact in facts if isinstance(fact, Disburse)]
    changes = [fact for fact in facts if isinstance(fact, Reschedule)]
    found = followed(sheet, paid_out)
    if found is not None and not changes:
        return rows_of_terms(found)
    others = not_half_even(sheet) if sheet.method == "flat" and len(paid_out) > 1 else []
    for field in [*elsewhere(sheet), *others]:
        raise UsageError(expected("no change of instalments under these terms", "a change"), field=field)
    return fixed_rows(sheet, plan(sheet, paid_out[0][0], changes), paid_out)
