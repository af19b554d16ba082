"""The schedule of an account whose interest is recalculated: what it is made by, and how it is drawn up.

Instalments are drawn up in order and again from a place on where something changes there. Places count from
0; amounts are minor units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from loantwin.errors import UsageError, expected
from loantwin.products.amortisation import Owed, interest, roll
from loantwin.products.level_payments import chosen_level
from loantwin.products.periods import Period, share_of_year
from loantwin.products.rounding import CONTEXT, in_minor
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.amounts import whole
from loantwin.servicing.conventions import INTEREST, PRINCIPAL, Servicing
from loantwin.servicing.due_days import Plan, plan, planned_periods, rate_at
from loantwin.servicing.facts import Disburse, Fact, Reschedule
from loantwin.servicing.fixed_schedule import Money, money
from loantwin.servicing.other_terms import as_paid_out, elsewhere
from loantwin.servicing.rows import Row, Work, raise_owed

KNOWN = ("amortisation", "balloon")
"""Terms beyond those of every account that are drawn up here, with `REPAYS` for how principal comes back."""
REPAYS = ("annuity", "balloon", "interest-only")


@dataclass(slots=True)
class Course:
    """The schedule of a replay and what it is made by.

    made : due dates, with graces, rates and places that spread anew; periods : what they count. extra :
    (place, instalments more) as agreed from a place on. lines : the instalments. drawn : places before it are
    drawn up. levels : by place, the level payment in force before it. gone, carry : by place, principal due
    before it, and what was paid ahead and is still to be taken off. lent : by place, what was paid out and
    not given up by the day its period opens.
    cuts : place -> (day, what bore interest up to it), in order. prepaid : place -> principal paid before its
    due date. again : place -> principal taken back and owed again with it. given : place -> principal given
    up within its period. set_levels : place -> the level payment from it on, by a payment in advance.
    balloons : (place, what rests until the end from it on). seen : the day up to which what is late bore
    interest.
    """

    sheet: TermSheet
    terms: Money
    servicing: Servicing
    start: date
    made: Plan
    periods: list[Period]
    extra: list[tuple[int, int]]
    lines: list[Row]
    lent: list[int]
    work: Work
    drawn: int = 0
    levels: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    carry: list[int] = field(default_factory=list)
    cuts: dict[int, list[tuple[date, int]]] = field(default_factory=dict)
    prepaid: dict[int, int] = field(default_factory=dict)
    again: dict[int, int] = field(default_factory=dict)
    given: dict[int, int] = field(default_factory=dict)
    set_levels: dict[int, int] = field(default_factory=dict)
    balloons: list[tuple[int, Fraction]] = field(default_factory=list)
    seen: date = date.min

    @property
    def due(self) -> list[date]:
        """Return the due dates."""
        return self.made.due

    def balance(self, place: int) -> int:
        """Return the scheduled principal as a period opens."""
        return self.lent[place] - self.gone[place]

    def bearing(self, place: int) -> int:
        """Return what bears interest in a period after the last thing that happened in it."""
        changed = self.again.get(place, 0) - self.prepaid.get(place, 0) - self.given.get(place, 0)
        return self.balance(place) + changed

    def balloon(self, place: int) -> Fraction:
        """Return what rests until the end, from a place on."""
        return next((amount for since, amount in reversed(self.balloons) if since <= place), Fraction(0))

    def run(self, place: int) -> list[Period]:
        """Return the periods from a place on, as agreed by then."""
        later = sum(more for since, more in self.extra if since > place)
        rate = rate_at(self.sheet, self.made, place)
        return [at_rate(period, rate) for period in self.periods[place : len(self.due) - later]]


def at_rate(period: Period, rate: Decimal) -> Period:
    """Return a period at one rate, with nothing paid out in it."""
    parts = tuple(replace(part, rate=rate, lent=0) for part in period.parts)
    return replace(period, parts=parts)


def opened(sheet: TermSheet, servicing: Servicing, facts: Sequence[Fact]) -> Course:
    """Return the course of an account as its money is paid out.

    Raises
    ------
    UsageError : terms or days that recalculated interest does not know, naming the field.
    """
    refuse(sheet)
    paid_out = [(fact.on, fact.amount) for fact in facts if isinstance(fact, Disburse)]
    start = paid_out[0][0]
    changes = [fact for fact in facts if isinstance(fact, Reschedule)]
    made = plan(sheet, start, changes)
    inside = [on for on, _ in paid_out if on != start and on not in made.due]
    if inside:
        raise UsageError(
            expected("money paid out on due dates where interest is recalculated", inside[0]), field="on"
        )
    opens = [start, *made.due]
    lines = [Row(opens[k], made.due[k]) for k in range(len(made.due))]
    lent = [sum(amount for on, amount in paid_out if on <= day) for day in opens]
    extra = list(zip(made.spread_from, (change.extra for change in changes if change.extra), strict=True))
    counted = planned_periods(replace(as_paid_out(sheet, paid_out), disbursements=()), made)
    course = Course(
        sheet, money(sheet), servicing, start, made, counted, extra, lines, lent, Work(lines[:], [])
    )
    course.gone, course.carry, course.levels = ([0] * (len(lines) + 1) for _ in range(3))
    if sheet.amortisation == "balloon" or sheet.balloon:
        course.balloons.append((0, Fraction(in_minor(sheet.balloon, sheet.minor_units))))
    level = course.levels[0] = level_payment(course, 0, lent[-1])
    if any(line.after.unpaid for line in roll(sheet, course.run(0), Owed(lent[-1]), level)):
        words = expected(
            "instalments that cover their interest where it is recalculated", f"a level of {level}"
        )
        raise UsageError(words, field="first")
    return course


def refuse(sheet: TermSheet) -> None:
    """Refuse terms that recalculated interest does not know.

    Raises
    ------
    UsageError : naming the first of them.
    """
    known = KNOWN if sheet.amortisation in REPAYS else ()
    for name in elsewhere(sheet):
        if name not in known:
            raise UsageError(expected("a fixed schedule with these terms", "one that changes"), field=name)
    if sheet.method == "flat" or sheet.down_payment:
        raise UsageError(
            expected("declining interest and no down payment where interest is recalculated", sheet.method),
            field="method",
        )
    if sheet.carry_rounding:
        raise UsageError(
            expected("no carried rounding where interest is recalculated", "true"), field="carry_rounding"
        )
    if sheet.interest_grace:
        raise UsageError(
            expected("no grace of interest where it is recalculated", sheet.interest_grace),
            field="interest_grace",
        )


def level_payment(course: Course, place: int, balance: int) -> int:
    """Return the level payment from a place on that repays a balance, as `products` chooses it."""
    rests = whole(min(course.balloon(place), Fraction(balance)))
    return chosen_level(course.sheet, course.run(place), Owed(balance), balloon=rests)


def _bears(course: Course, place: int, amount: int, start: date, end: date) -> int:
    share = share_of_year(course.sheet, course.periods[place], start, end)
    return interest(amount, CONTEXT.multiply(share, rate_at(course.sheet, course.made, place)), course.sheet)


def _interest(course: Course, place: int) -> int:
    """Return the interest of a period, each piece of it rounded."""
    row = course.lines[place]
    total, since = 0, row.start
    for day, bearing in course.cuts.get(place, ()):
        total += _bears(course, place, bearing, since, day)
        since = day
    if since < row.due:
        total += _bears(course, place, course.bearing(place), since, row.due)
    return total


def _level_at(course: Course, place: int) -> int:
    """Return the level payment of a place: set by a payment in advance, changed by terms, or as before."""
    if place in course.set_levels:
        return course.set_levels[place]
    changed = place in course.made.spread_from or any(since == place for since, _ in course.made.rates)
    return level_payment(course, place, course.balance(place)) if changed else course.levels[place]


def draw(course: Course, upto: int) -> None:
    """Draw up the instalments up to a place, from the first that is not."""
    last = len(course.due) - 1
    for k in range(course.drawn, upto + 1):
        row, again = course.lines[k], course.again.get(k, 0)
        interest = _interest(course, k)
        rest = course.lent[k + 1] - course.gone[k]
        here = course.levels[k + 1] = _level_at(course, k)
        waits = k in course.made.grace or course.sheet.amortisation == "interest-only"
        principal = 0 if waits else max(0, here - interest)
        took = min(course.carry[k], principal)
        principal = max(principal - took, course.prepaid.get(k, 0) - again)
        if k == last or rest <= principal:
            principal = rest
        course.carry[k + 1] = course.carry[k] - took
        course.gone[k + 1] = course.gone[k] + principal
        raise_owed(row, PRINCIPAL, principal + row.credited[PRINCIPAL] - row.owed[PRINCIPAL])
        raise_owed(row, INTEREST, interest + row.credited[INTEREST] - row.owed[INTEREST])
    course.drawn = max(course.drawn, upto + 1)


def draw_all(course: Course) -> None:
    """Draw up all instalments."""
    draw(course, len(course.due) - 1)


def again_from(course: Course, place: int) -> None:
    """Let the instalments from a place on be drawn up anew."""
    course.drawn = min(course.drawn, place)
    course.work.first = min(course.work.first, place)


def cut(course: Course, place: int, on: date, bearing: int) -> None:
    """Let what follows a day of a period bear interest of its own; `bearing` did up to the day."""
    pieces = course.cuts.setdefault(place, [])
    if on > course.lines[place].start and (not pieces or pieces[-1][0] != on):
        pieces.append((on, bearing))
