"""Replay where interest follows what is really owed: what is paid early lowers it, what is late raises it.

A payment first pays what is due; what is left reduces principal on its day. Interest of the period in which it
falls is worked out piece by piece, each piece rounded: up to the day on what was owed, with principal past due,
after it on what the schedule leaves. Periods that ended unpaid before keep their interest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from loantwin.errors import UsageError, expected
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.amounts import to_multiple, whole
from loantwin.servicing.conventions import ALLOCATIONS, INTEREST, PRINCIPAL, Servicing
from loantwin.servicing.due_charges import add_charge
from loantwin.servicing.due_days import plan
from loantwin.servicing.facts import Accrue, AddCharge, ChargeOff, Disburse, Fact, Pay, Waive
from loantwin.servicing.fixed_schedule import Money, level, money, period_share
from loantwin.servicing.replaying import effect
from loantwin.servicing.rows import Entry, Row, Work, pay, raise_owed


@dataclass(slots=True)
class Course:
    """The schedule of a replay and what it is made by; amounts in minor units.

    due : due dates. level : the level payment. carry : paid ahead and not yet taken off instalments to come.
    cuts : place of the instalment -> (day, what bore interest up to it), in order. prepaid : place -> principal
    paid before its due date.
    """

    sheet: TermSheet
    terms: Money
    servicing: Servicing
    start: date
    due: list[date]
    paid_out: list[tuple[date, int]]
    work: Work
    level: int = 0
    carry: int = 0
    cuts: dict[int, list[tuple[date, int]]] = field(default_factory=dict)
    prepaid: dict[int, int] = field(default_factory=dict)

    def opens(self, place: int) -> date:
        """Return the first day of a period."""
        return self.due[place - 1] if place else self.start

    def factor(self, start: date, end: date) -> Fraction:
        """Return the interest of a period, decimal of what bears it."""
        return self.terms.rate * period_share(self.sheet, start, end, self.start)

    def lent(self, day: date) -> int:
        """Return what was paid out by a day."""
        return sum(amount for on, amount in self.paid_out if on <= day)


def replay_recalculated(sheet: TermSheet, servicing: Servicing, facts: Sequence[Fact]) -> Work:
    """Return the account after facts that hold, in order of their days."""
    paid_out = [(fact.on, fact.amount) for fact in facts if isinstance(fact, Disburse)]
    start = paid_out[0][0]
    _check(sheet, servicing, facts, start)
    course = Course(sheet, money(sheet), servicing, start, plan(sheet, start, ()).due, paid_out, Work([], []))
    inside = [on for on, _ in paid_out if on != start and on not in course.due]
    if inside:
        raise UsageError(expected("money paid out on due dates where interest is recalculated", inside[0]), field="on")
    total = sum(amount for _, amount in paid_out)
    course.level = _level(course, Fraction(total), len(course.due))
    _project(course, 0)
    for fact in facts:
        if isinstance(fact, AddCharge):
            add_charge(course.work, fact)
    taken: dict[int, list[int]] = {}
    for fact in facts:
        if isinstance(fact, Disburse):
            course.work.entries.append(Entry(fact.number, fact.on, "disbursement", fact.amount))
        elif isinstance(fact, Pay):
            course.work.entries.append(_pay(course, fact))
        elif not isinstance(fact, AddCharge):
            entry = effect(course.work, fact, servicing, course.terms.multiple, taken)
            if entry is not None:
                course.work.entries.append(entry)
    return course.work


def _check(sheet: TermSheet, servicing: Servicing, facts: Sequence[Fact], start: date) -> None:
    if sheet.method == "flat" or sheet.down_payment:
        raise UsageError(expected("declining interest and no down payment where it is recalculated", "flat"), field="method")
    for fact in facts:
        if not isinstance(fact, (Disburse, Pay, AddCharge, Waive, ChargeOff, Accrue)):
            kind = type(fact).__name__
            raise UsageError(expected("a fact that recalculated interest knows", kind), field="fact")


def _level(course: Course, balance: Fraction, count: int) -> int:
    """Return the level payment, by the interest of the first period whatever the period."""
    rate = course.factor(course.start, course.due[0])
    return to_multiple(level(balance, rate, count), course.terms.multiple)


def _interest(course: Course, place: int, balance: int) -> int:
    """Return the interest of a period that opens with `balance`, each piece of it rounded."""
    opened, closed = course.opens(place), course.due[place]
    pieces = course.cuts.get(place, [])
    if not pieces:
        return whole(balance * course.factor(opened, closed))
    total, since = 0, opened
    for day, bearing in pieces:
        total += whole(bearing * course.factor(since, day))
        since = day
    if since < closed:
        total += whole((balance - course.prepaid.get(place, 0)) * course.factor(since, closed))
    return total


def _project(course: Course, place: int) -> None:
    """Draw up the instalments from a place on; those before stay, and what they were paid stays everywhere."""
    rows = course.work.rows
    normal = [row for row in rows if row.kind == "instalment"]
    gone = sum(row.owed[PRINCIPAL] for row in normal[:place])
    left, carry = course.carry, course.carry
    last = len(course.due) - 1
    for k in range(place, len(course.due)):
        here = course.lent(course.opens(k)) - gone
        interest = _interest(course, k, here)
        rest = course.lent(course.due[k]) - gone
        principal = max(0, course.level - interest)
        took = min(left, principal)
        principal, left = principal - took, left - took
        principal = max(principal, course.prepaid.get(k, 0))
        if k == last or rest <= principal:
            principal = rest
        gone += principal
        if k < len(normal):
            raise_owed(normal[k], PRINCIPAL, principal - normal[k].owed[PRINCIPAL])
            raise_owed(normal[k], INTEREST, interest - normal[k].owed[INTEREST])
        else:
            rows.append(Row(course.opens(k), course.due[k], principal, interest))
    course.carry = carry
    _drop_empty(course)
    course.work.sort()


def _drop_empty(course: Course) -> None:
    """Leave out instalments at the end that nothing is left for."""
    normal = [row for row in course.work.rows if row.kind == "instalment"]
    while len(normal) > 1 and sum(normal[-1].owed) == 0 and len(course.due) == len(normal):
        course.work.rows.remove(normal.pop())
        course.due.pop()


def _pay(course: Course, fact: Pay) -> Entry:
    """Pay what is due, then principal ahead of its day."""
    entry = Entry(fact.number, fact.on, fact.kind, fact.amount)
    place = next((k for k, due in enumerate(course.due) if due >= fact.on), len(course.due) - 1)
    _late_interest(course, place, fact.on)
    left = fact.amount
    rule = ALLOCATIONS[course.servicing.allocation]
    for row in course.work.rows:
        if row.due <= fact.on and row.rest:
            for part in rule.parts("due"):
                took = pay(row, part, left, fact.on)
                entry.parts[part] += took
                left -= took
    if left:
        left = _ahead(course, place, fact.on, left, entry)
    entry.over = left
    course.work.overpaid += left
    return entry


def _normal(course: Course) -> list[Row]:
    return [row for row in course.work.rows if row.kind == "instalment"]


def _late_interest(course: Course, place: int, on: date) -> None:
    """Let principal past due bear interest from the start of the period up to the day it is paid or looked at."""
    rows = _normal(course)
    opened = course.opens(place)
    behind = [row for row in rows if row.due <= opened and row.rest]
    overdue = sum(row.unpaid(PRINCIPAL) for row in behind)
    if not overdue or on <= opened or on > course.due[place]:
        return
    _rests_allow(course, on)
    if course.servicing.compounding == "monthly":
        overdue += sum(row.unpaid(INTEREST) for row in behind)
    balance = course.lent(opened) - sum(row.owed[PRINCIPAL] for row in rows[:place])
    bearing = balance + overdue - course.prepaid.get(place, 0)
    course.cuts.setdefault(place, []).append((on, bearing))
    _project(course, place)


def _rests_allow(course: Course, on: date) -> None:
    if course.servicing.rests == "same-as-repayment" and on not in course.due:
        raise UsageError(expected("a payment on a due date where interest rests with instalments", on), field="on")


def _ahead(course: Course, place: int, on: date, left: int, entry: Entry) -> int:
    """Reduce principal on the day; return what is more than all principal."""
    rows = _normal(course)
    opened = course.opens(place)
    balance = course.lent(on) - sum(row.owed[PRINCIPAL] for row in rows[:place])
    exact = on == course.due[place]
    room = balance - (rows[place].owed[PRINCIPAL] if exact else course.prepaid.get(place, 0))
    if left >= room:
        raise UsageError(expected("less than pays the account off early where interest is recalculated", left), field="amount")
    before = rows[place].owed[PRINCIPAL]
    if not exact:
        _rests_allow(course, on)
        pieces = course.cuts.setdefault(place, [])
        if not pieces or pieces[-1][0] != on:
            pieces.append((on, course.lent(opened) - sum(row.owed[PRINCIPAL] for row in rows[:place]) - course.prepaid.get(place, 0)))
        course.prepaid[place] = course.prepaid.get(place, 0) + left
        _project(course, place)
        excess = rows[place].owed[PRINCIPAL] + rows[place].owed[INTEREST] - course.level
    else:
        raise_owed(rows[place], PRINCIPAL, left)
        excess = left
    entry.parts[PRINCIPAL] += pay(rows[place], PRINCIPAL, left, on)
    if excess > 0 and rows[place].owed[PRINCIPAL] > before:
        _rearrange(course, place, excess)
    return 0


def _rearrange(course: Course, place: int, excess: int) -> None:
    """Change the instalments after one that took more than was due, by the account's rule."""
    rows = _normal(course)
    balance = course.lent(course.due[place]) - sum(row.owed[PRINCIPAL] for row in rows[: place + 1])
    count = len(course.due) - place - 1
    if course.servicing.early == "reduce-instalment" and count:
        course.level = _level(course, Fraction(balance), count)
    elif course.servicing.early == "next":
        course.carry = excess
    _project(course, place + 1)
