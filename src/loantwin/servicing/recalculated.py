"""Replay where interest follows what is really owed: what is paid early lowers it, what is late raises it.

A payment first pays what is due; what is left reduces principal on its day. Interest of the period in which
it falls is worked out piece by piece, each piece rounded: up to the day on what was owed, with principal
past due, after it on what the schedule leaves. Periods that ended unpaid before keep their interest.
Instalments are drawn up as far as payments have come, the rest at the end.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from loantwin.errors import UsageError, expected
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.amounts import halves_even, to_multiple
from loantwin.servicing.conventions import ALLOCATIONS, FEE, INTEREST, PENALTY, PRINCIPAL, Servicing
from loantwin.servicing.due_charges import add_charge
from loantwin.servicing.due_days import plan
from loantwin.servicing.facts import Accrue, AddCharge, ChargeOff, Disburse, Fact, Pay, Waive
from loantwin.servicing.fixed_schedule import Money, level, money, period_share
from loantwin.servicing.other_terms import refuse
from loantwin.servicing.replaying import effect
from loantwin.servicing.rows import Entry, Row, Work, pay, raise_owed


@dataclass(slots=True)
class Course:
    """The schedule of a replay and what it is made by; amounts in minor units, places of instalments from 0.

    due, lines : due dates, and the instalments themselves. level : the level payment. drawn : places before
    it are drawn up. gone, carry : by place, principal due before it, and what was paid ahead and is still to
    be taken off. lent : by place, what was paid out by the day its period opens.
    cuts : place -> (day, what bore interest up to it), in order. prepaid : place -> principal paid before its
    due date.
    """

    sheet: TermSheet
    terms: Money
    servicing: Servicing
    start: date
    due: list[date]
    lines: list[Row]
    lent: list[int]
    work: Work
    level: int = 0
    drawn: int = 0
    gone: list[int] = field(default_factory=list)
    carry: list[int] = field(default_factory=list)
    cuts: dict[int, list[tuple[date, int]]] = field(default_factory=dict)
    prepaid: dict[int, int] = field(default_factory=dict)

    def factor(self, start: date, end: date) -> Fraction:
        """Return the interest of a period, decimal of what bears it."""
        return self.terms.rate * period_share(self.sheet, start, end)

    def balance(self, place: int) -> int:
        """Return the scheduled principal as a period opens."""
        return self.lent[place] - self.gone[place]


def replay_recalculated(sheet: TermSheet, servicing: Servicing, facts: Sequence[Fact]) -> Work:
    """Return the account after facts that hold, in order of their days.

    Raises
    ------
    UsageError : terms, facts or days that recalculated interest does not know, naming the field.
    """
    course = _opened(sheet, servicing, facts)
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
            _draw(course, len(course.due) - 1)
            entry = effect(course.work, fact, servicing, course.terms.multiple, taken)
            if entry is not None:
                course.work.entries.append(entry)
    _draw(course, len(course.due) - 1)
    _drop_empty(course)
    return course.work


def _opened(sheet: TermSheet, servicing: Servicing, facts: Sequence[Fact]) -> Course:
    paid_out = [(fact.on, fact.amount) for fact in facts if isinstance(fact, Disburse)]
    start = paid_out[0][0]
    refuse(sheet)
    if sheet.method == "flat" or sheet.down_payment:
        raise UsageError(
            expected("declining interest and no down payment where interest is recalculated", sheet.method),
            field="method",
        )
    for fact in facts:
        if not isinstance(fact, (Disburse, Pay, AddCharge, Waive, ChargeOff, Accrue)):
            raise UsageError(
                expected("a fact that recalculated interest knows", type(fact).__name__), field="fact"
            )
    due = plan(sheet, start, ()).due
    inside = [on for on, _ in paid_out if on != start and on not in due]
    if inside:
        raise UsageError(
            expected("money paid out on due dates where interest is recalculated", inside[0]), field="on"
        )
    opens = [start, *due]
    lines = [Row(opens[k], due[k]) for k in range(len(due))]
    lent = [sum(amount for on, amount in paid_out if on <= day) for day in opens]
    empty = [0] * (len(due) + 1)
    work = Work(lines[:], [])
    course = Course(
        sheet, money(sheet), servicing, start, due, lines, lent, work, gone=empty[:], carry=empty[:]
    )
    course.level = _level(course, lent[-1], len(due))
    return course


def _level(course: Course, balance: int, count: int) -> int:
    """Return the level payment, by the interest of the first period whatever the period."""
    rate = course.factor(course.start, course.due[0])
    return to_multiple(level(Fraction(balance), rate, count), course.terms.multiple)


def _bears(course: Course, amount: int, start: date, end: date) -> int:
    factor = course.factor(start, end)
    return halves_even(amount * factor.numerator, factor.denominator)


def _interest(course: Course, place: int) -> int:
    """Return the interest of a period, each piece of it rounded."""
    row, balance = course.lines[place], course.balance(place)
    pieces = course.cuts.get(place, ())
    total, since = 0, row.start
    for day, bearing in pieces:
        total += _bears(course, bearing, since, day)
        since = day
    if since < row.due:
        total += _bears(course, balance - course.prepaid.get(place, 0), since, row.due)
    return total


def _draw(course: Course, upto: int) -> None:
    """Draw up the instalments up to a place, from the first that is not."""
    last = len(course.due) - 1
    for k in range(course.drawn, upto + 1):
        row = course.lines[k]
        interest = _interest(course, k)
        rest = course.lent[k + 1] - course.gone[k]
        principal = max(0, course.level - interest)
        took = min(course.carry[k], principal)
        principal = max(principal - took, course.prepaid.get(k, 0))
        if k == last or rest <= principal:
            principal = rest
        course.carry[k + 1] = course.carry[k] - took
        course.gone[k + 1] = course.gone[k] + principal
        raise_owed(row, PRINCIPAL, principal - row.owed[PRINCIPAL])
        raise_owed(row, INTEREST, interest - row.owed[INTEREST])
    course.drawn = max(course.drawn, upto + 1)


def _again_from(course: Course, place: int) -> None:
    """Let the instalments from a place on be drawn up anew."""
    course.drawn = min(course.drawn, place)
    course.work.first = min(course.work.first, place)


def _drop_empty(course: Course) -> None:
    """Leave out instalments at the end that nothing is left for."""
    lines = course.lines[:]
    while len(lines) > 1 and sum(lines[-1].owed) == 0:
        course.work.rows.remove(lines.pop())


def _pay(course: Course, fact: Pay) -> Entry:
    """Pay what is due, then principal ahead of its day."""
    entry = Entry(fact.number, fact.on, fact.kind, fact.amount)
    place = min(bisect_left(course.due, fact.on), len(course.due) - 1)
    _draw(course, place)
    work = course.work
    while work.first < min(place, len(work.rows)) and work.rows[work.first].rest == 0:
        work.first += 1
    _late_interest(course, place, fact.on)
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


def _late_interest(course: Course, place: int, on: date) -> None:
    """Let principal past due bear interest from the start of the period up to the day of a payment."""
    opened = course.lines[place].start
    behind = [
        row for row in course.work.rows[course.work.first :][: place + 1] if row.due <= opened and row.rest
    ]
    overdue = sum(row.unpaid(PRINCIPAL) for row in behind)
    if not overdue or on <= opened or on > course.due[place]:
        return
    _rests_allow(course, on)
    if course.servicing.compounding == "monthly":
        overdue += sum(row.unpaid(INTEREST) for row in behind)
    _cut(course, place, on, course.balance(place) + overdue - course.prepaid.get(place, 0))
    _again_from(course, place)
    _draw(course, place)


def _cut(course: Course, place: int, on: date, bearing: int) -> None:
    pieces = course.cuts.setdefault(place, [])
    if not pieces or pieces[-1][0] != on:
        pieces.append((on, bearing))


def _rests_allow(course: Course, on: date) -> None:
    if course.servicing.rests == "same-as-repayment" and on not in course.due:
        raise UsageError(
            expected("a payment on a due date where interest rests with instalments", on), field="on"
        )


def _ahead(course: Course, place: int, on: date, left: int, entry: Entry) -> int:
    """Reduce principal on the day; return what is more than all principal and the interest of its days."""
    row, before = course.lines[place], course.lines[place].owed[PRINCIPAL]
    if on == row.due:
        took = min(left, course.lent[place + 1] - course.gone[place + 1])
        raise_owed(row, PRINCIPAL, took)
        course.gone[place + 1] += took
        excess = took
    else:
        _rests_allow(course, on)
        ahead = course.prepaid.get(place, 0)
        took = min(left, course.balance(place) - ahead)
        _cut(course, place, on, course.balance(place) - ahead)
        course.prepaid[place] = ahead + took
        _again_from(course, place)
        _draw(course, place)
        excess = sum(row.owed[:2]) - course.level
    entry.parts[PRINCIPAL] += pay(row, PRINCIPAL, took, on)
    interest = pay(row, INTEREST, left - took, on)
    entry.parts[INTEREST] += interest
    if excess > 0 and row.owed[PRINCIPAL] > before:
        _rearrange(course, place, excess)
    return left - took - interest


def _charges_ahead(course: Course, left: int, entry: Entry) -> int:
    """Pay charges that are due later, once no principal is left; return what is more than all."""
    _draw(course, len(course.due) - 1)
    for row in course.work.rows:
        for part in (PENALTY, FEE):
            took = pay(row, part, left, entry.on)
            entry.parts[part] += took
            left -= took
    return left


def _rearrange(course: Course, place: int, excess: int) -> None:
    """Change the instalments after one that took more than was due, by the account's rule."""
    count = len(course.due) - place - 1
    if course.servicing.early == "reduce-instalment" and count:
        course.level = _level(course, course.balance(place + 1), count)
    elif course.servicing.early == "next":
        course.carry[place + 1] = excess
    course.drawn = place + 1
