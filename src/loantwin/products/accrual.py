"""Interest inside an instalment: what accrues day by day as what is owed changes, and what of it falls due.

Money paid out or repaid cuts the period that it falls in; each part bears interest on what is owed in it,
rounded on its own. An instalment that was planned keeps its payment: interest first, principal the rest.
Where principal was paid beyond that (in advance), no more interest falls due with it than was paid; what is
left of it falls due with the next one, and bears none itself. The last instalment is whatever is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loantwin.products.amortisation import interest
from loantwin.products.periods import Period, rate_on, share_of_year
from loantwin.products.rounding import CONTEXT
from loantwin.products.term_sheet import TermSheet


@dataclass(frozen=True)
class Change:
    """Principal owed changes on a day, minor units: more where money is paid out, less where it is repaid.

    A change on a due date that is `late` counts to the period that ends on it and not to the one that begins.
    """

    on: date
    amount: int
    late: bool = False


@dataclass(frozen=True)
class Planned:
    """An instalment as planned and as paid so far, minor units."""

    period: Period
    payment: int
    paid_principal: int = 0
    paid_interest: int = 0


@dataclass(frozen=True)
class Stretch:
    """A part of a period with one balance, minor units; `interest` of it is rounded."""

    start: date
    end: date
    factor: Decimal
    balance: int
    interest: int


@dataclass(frozen=True)
class Accrued:
    """What falls due with an instalment, minor units.

    payment : interest + principal, or as planned where more principal was paid in advance. carried : interest
    that falls due with the next one. closing : owed after it, with what changed on its due date.
    """

    stretches: tuple[Stretch, ...]
    payment: int
    interest: int
    principal: int
    carried: int
    closing: int


def stretches(
    sheet: TermSheet, period: Period, opening: int, changes: Sequence[Change]
) -> tuple[tuple[Stretch, ...], int]:
    """Return the parts of a period and what is owed at its end, before its instalment.

    opening : minor units owed as it begins, without changes of that day. changes : in order of days.
    """
    inside = [item for item in changes if _inside(item, period)]
    cuts = sorted({item.on for item in inside if item.on < period.due})
    found: list[Stretch] = []
    balance, ends = opening, [*cuts, period.due]
    start = period.start
    for end in ends:
        factor = CONTEXT.multiply(share_of_year(sheet, period, start, end), rate_on(sheet, start))
        found.append(Stretch(start, end, factor, balance, interest(balance, factor, sheet)))
        balance += sum(item.amount for item in inside if item.on == end)
        start = end
    return tuple(found), balance


def _inside(change: Change, period: Period) -> bool:
    if change.late:
        first_day = period.number == 1 and change.on == period.start
        return first_day or period.start < change.on <= period.due
    return period.start <= change.on < period.due


def accrued(sheet: TermSheet, planned: Sequence[Planned], changes: Sequence[Change]) -> tuple[Accrued, ...]:
    """Return what falls due with each instalment after all changes of what is owed.

    Parameters
    ----------
    planned : instalments in order, with what was paid of each. changes : all money paid out and all principal
    repaid, on its day.
    """
    ordered = sorted(changes, key=lambda item: item.on)
    found: list[Accrued] = []
    balance = carried = 0
    for item in planned:
        parts, balance = stretches(sheet, item.period, balance, ordered)
        all_interest = sum(part.interest for part in parts) + carried
        final = item is planned[-1]
        if final:
            due_interest, principal = max(all_interest, item.paid_interest), balance + item.paid_principal
        else:
            due_interest, principal = _recognised(item, all_interest)
        carried = all_interest - due_interest
        balance += item.paid_principal - principal
        payment = due_interest + principal if final else item.payment
        found.append(Accrued(parts, payment, due_interest, principal, carried, balance))
    return tuple(found)


def _recognised(item: Planned, all_interest: int) -> tuple[int, int]:
    """Return the interest and the principal that fall due with an instalment."""
    planned_principal = max(item.payment - all_interest, 0)
    if item.paid_principal > planned_principal:
        due_interest = item.paid_interest
    else:
        due_interest = max(min(all_interest, item.payment), item.paid_interest)
    return due_interest, max(item.payment - due_interest, item.paid_principal)
