"""The schedule of one loan: what falls due on each day, to the minor unit.

Exact and readable rather than fast: amounts are whole minor units, rates and factors have 19 significant
digits. A level payment is worked out anew when money is paid out after the first instalment and when a
floating rate has moved, over the instalments left and from what is known on that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from loantwin import arguments as check
from loantwin.errors import UsageError, expected
from loantwin.products.amortisation import Line, Owed, interest, payment_rounding, roll
from loantwin.products.charges import charges_by_day
from loantwin.products.interest_first import interest_first
from loantwin.products.level_payments import chosen_level, exact_level, level_payment
from loantwin.products.periods import (
    Period,
    as_known,
    disbursements,
    down_payments,
    lent_by_day,
    multiple_of,
    periods,
    principal,
)
from loantwin.products.rounding import in_minor, round_minor
from loantwin.products.term_rules import MOST, check_terms
from loantwin.products.term_sheet import Instalment, TermSheet

__all__ = ["chosen_level", "exact_level", "instalments", "interest", "level_payment", "lines", "round_minor"]

MOST_PAYMENTS = 12_000
"""Instalments at most: a thousand years of months."""


def instalments(sheet: TermSheet) -> tuple[Instalment, ...]:
    """Return the schedule of a loan in order of days.

    Rows numbered 0 are down payments and charges at a disbursement.

    Raises
    ------
    UsageError : terms that are unknown or contradict each other, naming the field; an agreed payment that
    never repays the loan.
    """
    check_terms(sheet)
    paid = lines(sheet)
    _refuse_nothing(sheet, paid)
    rows = _rows(sheet, paid)
    total = sum(row.payment for row in rows)
    if total > MOST:
        raise UsageError(expected("payments within int64 minor units in all", total), field="amount")
    return rows


def _refuse_nothing(sheet: TermSheet, paid: Sequence[Line]) -> None:
    """Refuse a multiple so large that the level payment comes to nothing."""
    if sheet.instalment_multiple is None or sheet.instalment is not None or sheet.method == "interest-first":
        return
    run = as_known([line.period for line in paid])
    base = principal(sheet) if sheet.method == "flat" else None
    exact = exact_level(sheet, run, Owed(), base=base, balloon=in_minor(sheet.balloon, sheet.minor_units))
    rounded = 1 if exact is None else round_minor(exact, payment_rounding(sheet), multiple_of(sheet))
    if exact is not None and exact > 0 and not rounded:
        wanted = f"at most the level payment, {exact / sheet.minor_units:.2f}"
        raise UsageError(expected(wanted, sheet.instalment_multiple), field="instalment_multiple")


def lines(sheet: TermSheet, run: Sequence[Period] | None = None) -> list[Line]:
    """Return what each instalment pays without charges; terms are not checked.

    run : periods in place of those of the terms.

    Raises
    ------
    UsageError : an agreed payment that never repays the loan.
    """
    check.kind(TermSheet, sheet=sheet)
    check.each(Period, **check.given(run=run))
    if sheet.payments is None and not sheet.agreed:
        sheet = replace(sheet, payments=_number(sheet))
    run = run or periods(sheet)
    if sheet.method == "interest-first":
        return interest_first(sheet, run)
    base = principal(sheet) if sheet.method == "flat" else None
    balloon = in_minor(sheet.balloon, sheet.minor_units)
    owed, level, rate, found = Owed(), 0, None, list[Line]()
    for place, period in enumerate(run):
        moved = period.parts[0].rate != rate and sheet.amortisation != "equal-principal"
        if place == 0 or period.lent or moved:
            level = chosen_level(sheet, as_known(run[place:]), owed, base=base, balloon=balloon)
            rate = period.parts[0].rate
        payment = in_minor(sheet.agreed[place].amount, sheet.minor_units) if sheet.agreed else level
        found += roll(sheet, [period], owed, payment, base=base, last=len(run))
        owed = found[-1].after
    return found


def _number(sheet: TermSheet) -> int:
    """Return how many agreed payments repay a loan."""
    assert sheet.instalment is not None
    payment = in_minor(sheet.instalment, sheet.minor_units)
    base = principal(sheet) if sheet.method == "flat" else None
    for count in (60, 600, MOST_PAYMENTS):
        run = periods(sheet, count)
        for line in roll(replace(sheet, last_instalment="as-agreed"), run, Owed(), payment, base=base):
            after = line.after
            if after.balance + after.unpaid + after.deferred <= 0 and not _lent_after(run, line.period):
                return line.period.number
    raise UsageError(
        expected(
            "a payment that repays the loan", f"{sheet.instalment}, with principal left after {count} of them"
        ),
        field="instalment",
    )


def _lent_after(run: Sequence[Period], period: Period) -> bool:
    return any(later.lent for later in run[period.number :])


def _rows(sheet: TermSheet, paid: Sequence[Line]) -> tuple[Instalment, ...]:
    """Return the rows of a schedule: instalments, and days of disbursement on which something falls due."""
    due = [line.period.due for line in paid]
    fees, down = charges_by_day(sheet, due), down_payments(sheet)
    lent = {day: net + down.get(day, 0) for day, net in lent_by_day(sheet).items()}
    rows: list[Instalment] = []
    before, balance = sheet.start, 0
    for day, line in _steps(sheet, paid, {*down, *fees}):
        opening = balance + sum(lent.pop(item) for item in sorted(lent) if item <= before)
        out = sum(lent.pop(item) for item in sorted(lent) if item < day or (item == day and line is None))
        repaid = down.get(day, 0) if line is None else line.principal
        balance = opening + out - repaid
        row = Instalment(
            number=0 if line is None else line.period.number,
            due=day,
            days=(day - before).days,
            opening=opening,
            disbursed=out,
            principal=repaid,
            interest=0 if line is None else line.interest,
            fees=fees.pop(day, 0),
            closing=balance,
        )
        rows.append(row)
        before = day
    return tuple(rows)


def _steps(sheet: TermSheet, paid: Sequence[Line], asked: set[date]) -> list[tuple[date, Line | None]]:
    """Return the days on which something falls due, in order: an instalment, or None for a disbursement's
    day.

    asked : days of down payments and charges. On one day the instalment comes first, but on the first day.
    """
    due = {line.period.due for line in paid}
    down = down_payments(sheet)
    days_out = sorted({item.on for item in disbursements(sheet)} & asked)
    extra = [day for day in days_out if day in down or day not in due]
    steps: list[tuple[date, Line | None]] = [
        *((line.period.due, line) for line in paid),
        *((day, None) for day in extra),
    ]
    return sorted(steps, key=lambda step: (step[0], (step[1] is None) == (step[0] > sheet.start)))
