"""How far an account is behind: days past due, what is past due, and what pauses take off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from loantwin.servicing.account import Account
from loantwin.servicing.facts import Fact, Pause, Resume
from loantwin.servicing.rows import Row


@dataclass(frozen=True)
class Arrears:
    """Arrears on a day; amounts in minor units.

    past_due_days : since the due date of the oldest instalment that is unpaid. days : the same less the days
    of grace and of pauses, not below 0. since : the day from which `days` would count without pauses; None
    where nothing is past due. amount : unpaid of all instalments that were due before the day.
    """

    past_due_days: int
    days: int
    since: date | None
    amount: int


def pauses(facts: Iterable[Fact]) -> list[tuple[date, date]]:
    """Return pauses as (first day, last day), in order of the facts: a resumption ends the one it is in."""
    made: list[tuple[date, date]] = []
    for fact in facts:
        if isinstance(fact, Pause):
            made.append((fact.on, fact.until))
        elif isinstance(fact, Resume):
            for place in range(len(made) - 1, -1, -1):
                if made[place][0] <= fact.on <= made[place][1]:
                    made[place] = (made[place][0], fact.on)
                    break
    return made


def paused(facts: Iterable[Fact], on: date) -> bool:
    """Return whether a day lies in a pause, first and last day included."""
    return any(start <= on <= end for start, end in pauses(facts))


def pause_days(facts: Iterable[Fact], on: date) -> int:
    """Return the days of pauses gone by on a day, each day once; a pause counts from its first day to its
    last.
    """
    days, counted = 0, date.min
    for start, end in sorted(pauses(facts)):
        days += max(0, (min(end, on) - max(start, counted)).days)
        counted = max(counted, end)
    return days


def late_since(row: Row) -> date:
    """Return the day from which an unpaid instalment is late: its due date.

    What a payment had paid that was taken back is late from the day it was, until as much is paid.
    """
    taken, paid = 0, sum(row.paid)
    for on, amount in row.claims:
        taken += amount
        if paid < taken:
            return min(on, row.due)
    return row.due


def past_due(rows: Sequence[Row], on: date) -> list[Row]:
    """Return the instalments late before a day and not paid, the one that is late longest first."""
    behind = [row for row in rows if row.rest > 0 and late_since(row) < on]
    return sorted(behind, key=late_since)


def late_amount(row: Row, on: date) -> int:
    """Return what of an unpaid instalment is late on a day: all once due, before that what was taken back."""
    if row.due < on:
        return row.rest
    taken = sum(amount for day, amount in row.claims if day < on)
    return max(0, min(row.rest, taken - sum(row.paid)))


def days_past_due(account: Account, on: date) -> int:
    """Return the days since the due date of the oldest unpaid instalment; 0 where none is past due."""
    behind = past_due(account.rows, on)
    return (on - late_since(behind[0])).days if behind else 0


def arrears(account: Account, on: date) -> Arrears:
    """Return how far an account is behind on a day."""
    behind = past_due(account.rows, on)
    if not behind:
        return Arrears(0, 0, None, 0)
    first = late_since(behind[0])
    days = (on - first).days
    grace = account.servicing.grace_days
    counted = max(0, days - grace - pause_days(account.holding, on))
    return Arrears(days, counted, first + timedelta(days=grace), sum(late_amount(row, on) for row in behind))


def instalment_days(account: Account, row: Row, on: date) -> int:
    """Return the days one instalment is past due, less all days of pauses gone by; not below 0."""
    if row.rest <= 0 or late_since(row) >= on:
        return 0
    return max(0, (on - late_since(row)).days - pause_days(account.holding, on))
