"""Replay where interest follows what is really owed: what is paid early lowers it, what is late raises it.

A payment first pays what is due; what is left reduces principal on its day. Interest of the period in which
it falls is worked out piece by piece, each piece rounded: up to the day on what was owed, with principal
past due, after it on what the schedule leaves. What is past due bears in every period that has ended since,
and in the last one until it is paid. Instalments are drawn up as far as payments have come, the rest at the
end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.conventions import ALLOCATIONS, FEE, INTEREST, PENALTY, PRINCIPAL, Servicing
from loantwin.servicing.course import (
    Course,
    again_from,
    cut,
    draw,
    draw_all,
    level_payment,
    opened,
)
from loantwin.servicing.due_charges import add_charge
from loantwin.servicing.facts import (
    AddCharge,
    Chargeback,
    ChargeOff,
    Disburse,
    Fact,
    Haircut,
    Look,
    Pay,
    ReAge,
    ReAmortise,
)
from loantwin.servicing.late_interest import late_interest, rests_allow
from loantwin.servicing.recalculated_changes import chargeback, haircut, re_age, re_amortise
from loantwin.servicing.replaying import effect
from loantwin.servicing.rows import Entry, Work, pay, raise_owed

LATE = (Chargeback, ChargeOff, Haircut, Look, ReAge, ReAmortise)
"""Facts, beside payments, before which what is late bears interest up to their day."""


def replay_recalculated(sheet: TermSheet, servicing: Servicing, facts: Sequence[Fact]) -> Work:
    """Return the account after facts that hold, in order of their days.

    Raises
    ------
    UsageError : terms, facts or days that recalculated interest does not know, naming the field.
    """
    course = opened(sheet, servicing, facts)
    for fact in facts:
        if isinstance(fact, AddCharge):
            add_charge(course.work, fact)
    taken: dict[int, list[int]] = {}
    for fact in facts:
        if not isinstance(fact, AddCharge):
            entry = _done(course, fact, taken)
            if entry is not None:
                course.work.entries.append(entry)
    draw_all(course)
    _drop_empty(course)
    return course.work


def _done(course: Course, fact: Fact, taken: dict[int, list[int]]) -> Entry | None:
    """Do what a fact does; return its line, None where it has none."""
    if isinstance(fact, Disburse):
        return Entry(fact.number, fact.on, "disbursement", fact.amount)
    if isinstance(fact, Pay):
        return _pay(course, fact)
    if isinstance(fact, LATE):
        late_interest(course, fact.on)
    if isinstance(fact, Chargeback):
        return chargeback(course, fact, taken)
    if isinstance(fact, Haircut):
        return haircut(course, fact)
    if isinstance(fact, ReAmortise):
        return re_amortise(course, fact)
    if isinstance(fact, ReAge):
        return re_age(course, fact)
    draw_all(course)
    return effect(course.work, fact, course.servicing, course.terms.multiple, taken)


def _drop_empty(course: Course) -> None:
    """Leave out instalments at the end that nothing is left for."""
    lines = course.lines[:]
    while len(lines) > 1 and sum(lines[-1].owed) == 0:
        course.work.rows.remove(lines.pop())


def _pay(course: Course, fact: Pay) -> Entry:
    """Pay what is due, then principal ahead of its day."""
    entry = Entry(fact.number, fact.on, fact.kind, fact.amount)
    place = min(bisect_left(course.due, fact.on), len(course.due) - 1)
    draw(course, place)
    work = course.work
    while work.first < min(place, len(work.rows)) and work.rows[work.first].rest == 0:
        work.first += 1
    if late_interest(course, fact.on) and fact.on <= course.due[-1]:
        rests_allow(course, fact.on)
    left = fact.amount
    for row in work.rows[work.first :]:
        if row.due > fact.on or left == 0:
            break
        for part in ALLOCATIONS[course.servicing.allocation].parts("due"):
            took = pay(row, part, left, fact.on)
            entry.parts[part] += took
            left -= took
    if left and fact.on <= course.due[-1]:
        left = _ahead(course, place, fact.on, left, entry)
    if left:
        left = _charges_ahead(course, left, entry)
    entry.over = left
    work.overpaid += left
    return entry


def _ahead(course: Course, place: int, on: date, left: int, entry: Entry) -> int:
    """Reduce principal on the day; return what is more than all principal and the interest of its days."""
    row, before = course.lines[place], course.lines[place].owed[PRINCIPAL]
    if on == row.due:
        rest = course.lent[place + 1] - course.gone[place + 1]
        took = min(left, rest)
        raise_owed(row, PRINCIPAL, took)
        course.gone[place + 1] += took
        excess = took
    else:
        rests_allow(course, on)
        rest = course.bearing(place)
        took = min(left, rest)
        cut(course, place, on, rest)
        course.prepaid[place] = course.prepaid.get(place, 0) + took
        again_from(course, place)
        draw(course, place)
        excess = sum(row.owed[:2]) - sum(row.credited[:2]) - course.levels[place + 1]
    entry.parts[PRINCIPAL] += pay(row, PRINCIPAL, took, on)
    interest = pay(row, INTEREST, left - took, on)
    entry.parts[INTEREST] += interest
    if excess > 0 and row.owed[PRINCIPAL] > before:
        _rearrange(course, place, excess, Fraction(rest - took, rest))
    return left - took - interest


def _charges_ahead(course: Course, left: int, entry: Entry) -> int:
    """Pay charges that are due later, once no principal is left; return what is more than all."""
    draw_all(course)
    for row in course.work.rows:
        for part in (PENALTY, FEE):
            took = pay(row, part, left, entry.on)
            entry.parts[part] += took
            left -= took
    return left


def _rearrange(course: Course, place: int, excess: int, kept: Fraction) -> None:
    """Change the instalments after one that took more than was due, by the account's rule.

    kept : the part of the principal that is left, which is left of a balloon too.
    """
    count = len(course.due) - place - 1
    if course.servicing.early == "reduce-instalment" and count:
        if course.balloons:
            course.balloons.append((place + 1, course.balloon(place) * kept))
        course.set_levels[place + 1] = level_payment(course, place + 1, course.balance(place + 1))
    elif course.servicing.early == "next":
        course.carry[place + 1] += excess
    course.drawn = place + 1
