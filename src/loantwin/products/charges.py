"""What is asked beside interest: charges by the day on which they fall due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from loantwin.products.amortisation import payment_rounding
from loantwin.products.periods import disbursements
from loantwin.products.rounding import CONTEXT, in_minor, round_minor
from loantwin.products.term_sheet import Charge, TermSheet


def charges_by_day(sheet: TermSheet, due: Sequence[date]) -> dict[date, int]:
    """Return charges by day, minor units: those of a disbursement on its day, others on due dates.

    Those that are financed are principal and not among them.

    due : due dates of the instalments. A share is of each sum paid out where it is due with a disbursement,
    of the whole amount elsewhere.
    """
    found: dict[date, int] = {}
    for charge in sheet.charges:
        if charge.financed:
            continue
        for day, principal in _days(sheet, charge, due):
            found[day] = found.get(day, 0) + _amount(sheet, charge, principal)
    return found


def _days(sheet: TermSheet, charge: Charge, due: Sequence[date]) -> list[tuple[date, Decimal]]:
    """Return when a charge falls due and the currency that a share is of."""
    if charge.due == "disbursement":
        paid_out = disbursements(sheet)
        each = charge.amount is None
        return [(item.on, item.amount) for item in (paid_out if each else paid_out[:1])]
    if charge.due == "instalment":
        return [(day, sheet.amount) for day in due]
    assert isinstance(charge.due, date)
    return [(next(day for day in due if day >= charge.due), sheet.amount)]


def _amount(sheet: TermSheet, charge: Charge, principal: Decimal) -> int:
    if charge.amount is not None:
        return in_minor(charge.amount, sheet.minor_units)
    assert charge.share is not None
    minor = CONTEXT.multiply(principal * sheet.minor_units, charge.share)
    return round_minor(minor, payment_rounding(sheet))
