"""When the instalments of an account fall due, with what was agreed about them later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from loantwin.errors import UsageError, expected
from loantwin.products.due_dates import business_days, moved, nominal_dates
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.facts import Reschedule


@dataclass(slots=True)
class Plan:
    """The periods of an account: due dates, and what changes from which place on (0 is the first).

    grace : places without principal. spread_from : places from which principal is spread anew.
    rates : (place, decimal a year), in order.
    """

    due: list[date]
    grace: set[int]
    spread_from: list[int]
    rates: list[tuple[int, Fraction]]


def plan(sheet: TermSheet, start: date, changes: Sequence[Reschedule]) -> Plan:
    """Return the periods of an account paid out on `start`, with changes in the order they were recorded.

    Raises
    ------
    UsageError : a change of an instalment that there is not, or to before the one that comes first.
    """
    here = sheet if start == sheet.start else replace(sheet, start=start)
    nominal = nominal_dates(here, sheet.payments or 1)
    made = Plan(list(business_days(sheet, nominal)), set(range(sheet.principal_grace)), [], [])
    for change in changes:
        if change.instalment not in made.due:
            raise UsageError(expected("the due date of an instalment", change.instalment), field="instalment")
        place = made.due.index(change.instalment)
        if change.due is not None:
            before = made.due[place - 1] if place else start
            if change.due <= before:
                raise UsageError(expected(f"a due date after {before}", change.due), field="due")
            later = tuple(moved(change.due, sheet.every, k) for k in range(len(made.due) - place))
            made.due[place:] = business_days(sheet, later)
        more = change.extra + change.principal_grace
        end = made.due[-1]
        made.due.extend(business_days(sheet, tuple(moved(end, sheet.every, k + 1) for k in range(more))))
        made.grace.update(range(place, place + change.principal_grace))
        if change.extra:
            made.spread_from.append(place)
        if change.annual_rate is not None:
            made.rates.append((place, Fraction(change.annual_rate)))
    return made
