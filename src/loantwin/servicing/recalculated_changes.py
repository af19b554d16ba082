"""What changes a schedule of recalculated interest beside payments: taken back, given up, spread anew.

Principal that is owed again bears interest from its day, what is given up bears none from its day on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from datetime import date

from loantwin.errors import UsageError, expected
from loantwin.products.due_dates import business_days, moved
from loantwin.products.periods import periods
from loantwin.servicing.conventions import FEE, INTEREST, PENALTY, PRINCIPAL
from loantwin.servicing.course import Course, again_from, cut, draw, draw_all, level_payment
from loantwin.servicing.facts import Chargeback, Haircut, ReAge, ReAmortise
from loantwin.servicing.replaying import chargeback as made_owed_again
from loantwin.servicing.reshaping import take_out
from loantwin.servicing.rows import Entry, Row, give_up


def chargeback(course: Course, fact: Chargeback, taken: dict[int, list[int]]) -> Entry:
    """Make owed again what a payment had paid: with the next instalment, bearing interest until then.

    taken : number of the payment -> its parts, less what was taken back before; changed here.
    """
    draw_all(course)
    before = [row.credited[PRINCIPAL] - row.paid[PRINCIPAL] for row in course.lines]
    entry = made_owed_again(course.work, fact, course.servicing, taken)
    for place, row in enumerate(course.lines):
        more = row.credited[PRINCIPAL] - row.paid[PRINCIPAL] - before[place]
        if more > 0:
            cut(course, place, fact.on, course.bearing(place))
            course.again[place] = course.again.get(place, 0) + more
            again_from(course, place)
    return entry


def haircut(course: Course, fact: Haircut) -> Entry:
    """Give up principal from the last instalment backwards, then what is past due, the latest first."""
    entry = Entry(fact.number, fact.on, "haircut", 0)
    place = min(bisect_left(course.due, fact.on), len(course.due) - 1)
    draw(course, place)
    at_end = fact.on >= course.due[place]
    whole = course.lent[place + 1] - course.gone[place + 1] if at_end else course.balance(place)
    less = 0 if at_end else course.prepaid.get(place, 0) + course.given.get(place, 0)
    took = min(fact.amount, whole - less)
    if took and not at_end:
        cut(course, place, fact.on, course.bearing(place))
        course.given[place] = course.given.get(place, 0) + took
    for later in range(place + 1, len(course.lent)):
        course.lent[later] -= took
    again_from(course, place + 1 if at_end else place)
    left = fact.amount - took
    behind = [row for row in course.lines if row.due <= fact.on]
    for row in reversed(behind):
        left -= give_up(row, PRINCIPAL, left, fact.on)
    entry.amount = entry.parts[PRINCIPAL] = fact.amount - left
    return entry


def re_amortise(course: Course, fact: ReAmortise) -> Entry:
    """Spread principal past due over the instalments to come, by a level payment of what is then owed."""
    entry = Entry(fact.number, fact.on, "re-amortise", 0)
    place = bisect_right(course.due, fact.on)
    if place < len(course.due):
        entry.amount = entry.parts[PRINCIPAL] = _taken_up(course, place, fact.on, entry)
        if entry.amount:
            _set_level(course, place)
        again_from(course, place)
        course.work.first = 0
    return entry


def re_age(course: Course, fact: ReAge) -> Entry:
    """Put all unpaid principal on new instalments, by a level payment; interest unpaid before stays due.

    Raises
    ------
    UsageError : another period than the terms', or a first due date that is not after the day.
    """
    if fact.every != course.sheet.every:
        raise UsageError(expected(f"the terms' own {course.sheet.every}", fact.every), field="every")
    if fact.first <= fact.on:
        raise UsageError(expected(f"a day after {fact.on}", fact.first), field="first")
    entry = Entry(fact.number, fact.on, "re-age", 0)
    place = bisect_right(course.due, fact.on)
    draw(course, min(place, len(course.due) - 1))
    nominal = tuple(moved(fact.first, fact.every, k) for k in range(fact.payments))
    _new_lines(course, place, list(business_days(course.sheet, nominal)), fact.on)
    _taken_up(course, place, fact.on, entry)
    entry.amount = entry.parts[PRINCIPAL] = course.bearing(place)
    _set_level(course, place)
    again_from(course, place)
    course.work.first = 0
    return entry


def _taken_up(course: Course, place: int, on: date, entry: Entry) -> int:
    """Take principal due by a day out of its instalments and into the balance of a period; return it."""
    draw(course, place)
    bearing = course.bearing(place)
    total = take_out([row for row in course.lines if row.due <= on], entry)
    late = total if course.servicing.late_interest else 0
    cut(course, place, on, bearing + late)
    course.gone[place] -= total
    return total


def _set_level(course: Course, place: int) -> None:
    """Let the level payment from a place on be that of what is then owed."""
    owed = course.balance(place) - course.given.get(place, 0)
    course.set_levels[place] = level_payment(course, place, owed)


def _new_lines(course: Course, place: int, due: list[date], on: date) -> None:
    """Put new due dates in the place of those from a place on; what was charged there moves along.

    The first new period is the one that runs, or begins on the day where all have ended.
    """
    old = course.lines[place:]
    opens = old[0].start if old else on
    starts = [opens, *due[:-1]]
    again = replace(course.sheet, start=opens, first=due[0], due_day=None, disbursements=())
    lines = [Row(start, day) for start, day in zip(starts, due, strict=True)]
    for row in old:
        later = next((line for line in lines if line.due >= row.due), lines[-1])
        if row is old[0]:
            lines[0].ahead += row.ahead
            for part in (PRINCIPAL, INTEREST):
                _move(row, lines[0], part)
        for part in (FEE, PENALTY):
            _move(row, later, part)
        later.charges += row.charges
        course.work.rows.remove(row)
    course.lines[place:] = lines
    course.work.rows += lines
    course.made.due[place:] = due
    counted = periods(again, due=tuple(due))
    course.periods[place:] = [replace(one, number=place + one.number) for one in counted]
    course.made.grace = {k for k in course.made.grace if k < place}
    course.made.spread_from = [k for k in course.made.spread_from if k < place]
    course.extra = [(k, more) for k, more in course.extra if k < place]
    course.set_levels = {k: value for k, value in course.set_levels.items() if k < place}
    for column, less in (
        (course.gone, 0),
        (course.carry, 0),
        (course.levels, 0),
        (course.lent, course.given.get(place, 0)),
    ):
        known = column[: place + 1]
        column[:] = known + [known[-1] - less] * len(due)
    course.drawn = min(course.drawn, place)
    course.work.sort()


def _move(row: Row, to: Row, part: int) -> None:
    """Move what an instalment asks and has of one part to another one."""
    for column in ("owed", "paid", "waived", "credited"):
        getattr(to, column)[part] += getattr(row, column)[part]
    to.rest += row.unpaid(part)
