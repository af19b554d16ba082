"""Interest set at the start and paid before principal (add-on, interest first).

The balance of interest at the start is what principal bears under the payments that it makes itself: payments
follow from principal and interest together, principal from the payments, interest from principal. The figure is
found by going round from simple interest on what was lent until it moves by less than a minor unit. As interest
is paid first, principal stays longer, and more is borne than under the same rate on what is owed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from loantwin.products.amortisation import Line, Owed, allowed, part_factors, payment_rounding
from loantwin.products.level_payments import multiple_of
from loantwin.products.periods import Period
from loantwin.products.rounding import CONTEXT, in_minor, round_minor
from loantwin.products.term_sheet import TermSheet

ROUNDS = 100
"""Times round at most; what is reached then is taken."""


def interest_first(sheet: TermSheet, run: Sequence[Period]) -> list[Line]:
    """Return what each instalment pays, minor units, the last one what is left."""
    lent = sum(period.lent for period in run)
    first = CONTEXT.multiply(Decimal(lent), sum((_factor(sheet, period) for period in run), Decimal(0)))
    borne = Decimal(round_minor(_capped(sheet, first), sheet.rounding))
    payments: list[int] = []
    for _ in range(ROUNDS):
        payments = _payments(sheet, run, lent, borne)
        left, made = _under(sheet, run, lent, payments, round_minor(borne, sheet.rounding))
        if not round_minor(borne - made, sheet.rounding) and _fits(sheet, left, len(run)):
            break
        borne = made
    return _lines(sheet, run, payments, round_minor(borne, sheet.rounding))


def _factor(sheet: TermSheet, period: Period) -> Decimal:
    return sum(part_factors(sheet, period), Decimal(0))


def _capped(sheet: TermSheet, interest: Decimal) -> Decimal:
    return min(interest, Decimal(allowed(sheet, 0)))


def _payments(sheet: TermSheet, run: Sequence[Period], lent: int, borne: Decimal) -> list[int]:
    """Return the payments that repay principal and interest in equal parts, or the agreed ones."""
    if sheet.instalment is not None:
        return [in_minor(sheet.instalment, sheet.minor_units)] * len(run)
    level = CONTEXT.divide(lent + borne, Decimal(len(run)))
    return [round_minor(level, payment_rounding(sheet), multiple_of(sheet))] * len(run)


def _under(
    sheet: TermSheet, run: Sequence[Period], lent: int, payments: Sequence[int], interest: int
) -> tuple[int, Decimal]:
    """Return the principal left after all payments, and the interest that principal bears under them."""
    balance, borne = lent, Decimal(0)
    for period, payment in zip(run, payments, strict=True):
        fresh = CONTEXT.multiply(Decimal(balance), _factor(sheet, period))
        borne = _capped(sheet, CONTEXT.add(borne, fresh))
        paid = min(payment, interest)
        interest, balance = interest - paid, balance - (payment - paid)
    return balance, max(borne, Decimal(0))


def _fits(sheet: TermSheet, left: int, count: int) -> bool:
    """Return whether what is left of principal is as near to nothing as the rule on the last instalment asks."""
    if sheet.instalment is not None:
        return True
    low, high = {"at-most-level": (-count, 0), "at-least-level": (0, count)}.get(
        sheet.last_instalment, (-count, count)
    )
    return low <= left <= high


def _lines(sheet: TermSheet, run: Sequence[Period], payments: Sequence[int], interest: int) -> list[Line]:
    owed, lines = Owed(unpaid=interest), []
    for period, payment in zip(run, payments, strict=True):
        balance = owed.balance + period.lent
        if period is run[-1] and sheet.last_instalment != "as-agreed":
            payment = balance + owed.unpaid
        paid = min(payment, owed.unpaid)
        principal = min(payment - paid, balance)
        owed = replace(owed, balance=balance - principal, unpaid=owed.unpaid - paid, cost=owed.cost + paid)
        lines.append(Line(period, paid, principal, owed))
    return lines
