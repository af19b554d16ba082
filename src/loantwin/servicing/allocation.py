"""What a payment pays for, by the account's rule."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date

from loantwin.servicing.conventions import FEE, PENALTY, Allocation
from loantwin.servicing.due_charges import due_charges
from loantwin.servicing.rows import Entry, Row, Work, pay


def allocate(work: Work, entry: Entry, amount: int, rule: Allocation, ahead: str) -> int:
    """Pay `amount` minor units on the entry's day; return what nothing was left to take.

    rule, ahead : the order, and which instalment a payment in advance goes to.
    """
    while work.first < len(work.rows) and work.rows[work.first].rest == 0:
        work.first += 1
    if rule.direction == "by-instalment":
        return _by_instalment(work, entry, amount, rule)
    if rule.direction == "horizontal":
        return _horizontally(work, entry, amount, rule, ahead)
    return _vertically(work, entry, amount, rule, ahead)


def _take(row: Row, entry: Entry, part: int, amount: int) -> int:
    took = pay(row, part, amount, entry.on)
    entry.parts[part] += took
    return took


def _by_instalment(work: Work, entry: Entry, amount: int, rule: Allocation) -> int:
    """Pay one instalment whole before the next, in order of due dates."""
    for row in work.rows[work.first :]:
        if amount == 0:
            break
        if row.rest == 0:
            continue
        advance = entry.on < row.due
        if advance and rule.due_charges_first:
            for part in (PENALTY, FEE):
                amount -= _take(row, entry, part, min(amount, due_charges(row, part, entry.on)))
        for part in rule.parts("in advance" if advance else "due"):
            amount -= _take(row, entry, part, amount)
    return amount


def _chosen(work: Work, on: date, time: str, ahead: str, part: int | None = None) -> list[Row]:
    """Return the unpaid instalments that a time means: the oldest past due, the first due today, those ahead.

    part : only instalments of which this part is unpaid.
    """
    rows = work.rows
    today = bisect_left(rows, on, lo=work.first, key=_due)
    if time == "past due":
        return _first_unpaid(rows, range(work.first, today), part)
    later = bisect_right(rows, on, lo=today, key=_due)
    if time == "due":
        return _first_unpaid(rows, range(today, later), part)
    if ahead == "next":
        return _first_unpaid(rows, range(later, len(rows)), part)
    if ahead == "last":
        return _first_unpaid(rows, range(len(rows) - 1, later - 1, -1), part)
    return [row for row in rows[later:] if row.rest > 0 and (part is None or row.unpaid(part) > 0)]


def _due(row: Row) -> date:
    return row.due


def _first_unpaid(rows: list[Row], places: range, part: int | None) -> list[Row]:
    for place in places:
        row = rows[place]
        if row.rest > 0 and (part is None or row.unpaid(part) > 0):
            return [row]
    return []


def _share(rows: list[Row], entry: Entry, part: int, amount: int) -> int:
    """Pay one part of instalments, an equal share of the amount to each; return what was taken in all."""
    if not rows or amount == 0:
        return 0
    even, given, taken = _even(amount, len(rows)), 0, 0
    for place, row in enumerate(rows):
        left = amount - given  # shares rounded up may use it up before the last
        share = left if place == len(rows) - 1 else min(even, left)
        given += share
        taken += _take(row, entry, part, share)
    return taken


def _even(amount: int, among: int) -> int:
    whole, rest = divmod(amount, among)
    return whole + (2 * rest > among or (2 * rest == among and whole % 2 == 1))


def _horizontally(work: Work, entry: Entry, amount: int, rule: Allocation, ahead: str) -> int:
    """Pay all parts of one instalment before the next, time by time: past due, due, in advance."""
    for time in ("past due", "due", "in advance"):
        parts = rule.parts(time)
        while amount > 0:
            rows = _chosen(work, entry.on, time, ahead)
            if not rows:
                break
            before = amount
            for part in parts:
                amount -= _share(rows, entry, part, amount)
            if amount == before:
                break
    return amount


def _vertically(work: Work, entry: Entry, amount: int, rule: Allocation, ahead: str) -> int:
    """Pay one part of all instalments before the next part, in the rule's order."""
    for time, part in rule.order:
        while amount > 0:
            rows = _chosen(work, entry.on, time, ahead, part)
            if not rows:
                break
            amount -= _share(rows, entry, part, amount)
    return amount
