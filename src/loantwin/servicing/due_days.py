"""When the instalments of an account fall due, with what was agreed about them later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from loantwin.errors import UsageError, expected
from loantwin.products.due_dates import business_days, first_date, moved, nominal_dates
from loantwin.products.periods import Period, periods
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
    rates: list[tuple[int, Decimal]]


def plan(sheet: TermSheet, start: date, changes: Sequence[Reschedule]) -> Plan:
    """Return the periods of an account paid out on `start`, with changes in the order of their days.

    Raises
    ------
    UsageError : a change of an instalment that there is not, or to before the one that comes first.
    """
    here = sheet if start == sheet.start else replace(sheet, start=start)
    nominal = nominal_dates(here, sheet.payments or 1)
    made = Plan(list(business_days(sheet, nominal)), set(range(sheet.principal_grace)), [], [])
    counted_from, (day, anchor) = 0, first_date(here)
    for change in changes:
        if change.instalment not in made.due:
            raise UsageError(expected("the due date of an instalment", change.instalment), field="instalment")
        place = made.due.index(change.instalment)
        more = len(made.due) + change.extra + change.principal_grace
        if change.due is not None:
            before = made.due[place - 1] if place else start
            if change.due <= before:
                raise UsageError(expected(f"a due date after {before}", change.due), field="due")
            counted_from, day, anchor = place, change.due, change.due.day
        kept = place if change.due is not None else len(made.due)
        later = [moved(day, sheet.every, k - counted_from, anchor) for k in range(kept, more)]
        made.due[kept:] = business_days(sheet, tuple(later))
        made.grace.update(range(place, place + change.principal_grace))
        if change.extra:
            made.spread_from.append(place)
        if change.annual_rate is not None:
            made.rates.append((place, Decimal(change.annual_rate)))
    return made


def rate_at(sheet: TermSheet, made: Plan, place: int) -> Decimal:
    """Return the rate a year of a period: the terms', or the one last agreed."""
    rate = sheet.annual_rate
    for since, changed in made.rates:
        if since <= place:
            rate = changed
    return rate


def planned_periods(sheet: TermSheet, made: Plan) -> list[Period]:
    """Return the periods of terms as they were agreed since: due dates, rates, instalments without principal.

    sheet : the terms for the money that was paid out, from its first day.
    """
    found = periods(sheet, due=tuple(made.due))
    return [
        replace(
            period,
            interest_only=place in made.grace,
            parts=tuple(replace(part, rate=rate_at(sheet, made, place)) for part in period.parts),
        )
        for place, period in enumerate(found)
    ]
