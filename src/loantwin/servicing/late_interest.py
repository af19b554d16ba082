"""Interest on what is late, where interest is recalculated: by days, in every period until it is paid."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date

from loantwin.errors import UsageError, expected
from loantwin.servicing.conventions import INTEREST, PRINCIPAL
from loantwin.servicing.course import Course, again_from, cut, draw
from loantwin.servicing.rows import Row


def late_interest(course: Course, on: date) -> bool:
    """Let what is late bear interest up to a day, in each period since the last thing that happened.

    The last period runs on until all is paid. Returns whether anything was late in the period of the day.
    """
    if not course.servicing.late_interest:
        return False
    last, late = len(course.due) - 1, False
    place = min(bisect_left(course.due, on), last)
    draw(course, place)
    running = course.servicing.late_periods == "running"
    for k in range(place if running else bisect_right(course.due, course.seen), place + 1):
        row = course.lines[k]
        behind = _bears_late(course, course.lines[:k])
        late = behind > 0
        if late and row.start < on and (on <= row.due or not running):
            _until(course, k, min(on, row.due), course.bearing(k) + behind)
    if on > course.due[last] and not running:
        _until(course, last, course.due[last], course.bearing(last))
        late = (behind := _bears_late(course, course.lines)) > 0
        if late:
            _until(course, last, on, behind)
    course.seen = max(course.seen, on)
    return late


def _until(course: Course, place: int, on: date, bearing: int) -> None:
    """Let what bore interest in a period up to a day be so much, unless more was said of that day."""
    pieces = course.cuts.get(place)
    if pieces and pieces[-1][0] >= on:
        return
    cut(course, place, on, bearing)
    again_from(course, place)
    draw(course, place)


def _bears_late(course: Course, rows: Sequence[Row]) -> int:
    """Return what is unpaid of rows that were due: principal, and interest where it is compounded."""
    principal = sum(row.unpaid(PRINCIPAL) for row in rows)
    if not principal or course.servicing.compounding != "monthly":
        return principal
    return principal + sum(row.unpaid(INTEREST) for row in rows)


def rests_allow(course: Course, on: date) -> None:
    """Refuse a payment between due dates where interest rests with instalments.

    Raises
    ------
    UsageError : naming `on`.
    """
    if course.servicing.rests == "same-as-repayment" and on not in course.due:
        raise UsageError(
            expected("a payment on a due date where interest rests with instalments", on), field="on"
        )
