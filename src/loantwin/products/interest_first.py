"""Interest set at the start and paid before principal (add-on, interest first).

The balance of interest at the start is what principal bears under the payments that it makes itself: payments
follow from principal and interest together, principal from the payments, interest from principal. The figure
is found by going round from simple interest on what was lent until it is what is borne, or less than a minor
unit more. As interest is paid first, principal stays longer, and more is borne than under the same rate on
what is owed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from loantwin.products.amortisation import Line, Owed, allowed, part_factors, payment_rounding
from loantwin.products.periods import Period, multiple_of
from loantwin.products.rounding import CONTEXT, in_minor, round_minor
from loantwin.products.term_sheet import TermSheet

ROUNDS = 101
"""Times round at most, after the first from simple interest. Where whole payments make it go to and fro
between two figures for ever, what is reached then is taken.
"""


def interest_first(sheet: TermSheet, run: Sequence[Period]) -> list[Line]:
    """Return what each instalment pays, minor units, the last one what is left."""
    lent = sum(period.lent for period in run)
    factors = [sum(part_factors(sheet, period), Decimal(0)) for period in run]
    simple = CONTEXT.multiply(Decimal(lent), sum(factors, Decimal(0)))
    borne = Decimal(round_minor(_capped(sheet, simple), sheet.rounding))
    payments, _, borne = _round(sheet, factors, lent, borne)
    for _ in range(ROUNDS):
        set_at_start = borne
        payments, left, borne = _round(sheet, factors, lent, set_at_start)
        if _settled(sheet, set_at_start - borne, left, len(run)):
            break
    return _lines(sheet, run, payments, round_minor(set_at_start, sheet.rounding))


def _round(
    sheet: TermSheet, factors: Sequence[Decimal], lent: int, interest: Decimal
) -> tuple[list[int], int, Decimal]:
    """Return payments for interest set at the start, what they leave of principal, and what it bears by
    then.
    """
    payments = _payments(sheet, len(factors), lent, interest)
    return payments, *_under(sheet, factors, lent, payments, round_minor(interest, sheet.rounding))


def _capped(sheet: TermSheet, interest: Decimal) -> Decimal:
    return min(interest, Decimal(allowed(sheet, 0)))


def _payments(sheet: TermSheet, count: int, lent: int, borne: Decimal) -> list[int]:
    """Return the payments that repay principal and interest in equal parts, or the agreed ones."""
    if sheet.instalment is not None:
        return [in_minor(sheet.instalment, sheet.minor_units)] * count
    level = CONTEXT.divide(lent + borne, Decimal(count))
    return [round_minor(level, payment_rounding(sheet), multiple_of(sheet))] * count


def _under(
    sheet: TermSheet, factors: Sequence[Decimal], lent: int, payments: Sequence[int], interest: int
) -> tuple[int, Decimal]:
    """Return the principal left after all payments, and the interest that principal bears under them."""
    balance, borne = lent, Decimal(0)
    for factor, payment in zip(factors, payments, strict=True):
        fresh = CONTEXT.multiply(Decimal(balance), factor)
        borne = _capped(sheet, CONTEXT.add(borne, fresh))
        paid = min(payment, interest)
        interest, balance = interest - paid, balance - (payment - paid)
    return balance, max(borne, Decimal(0))


def _settled(sheet: TermSheet, above: Decimal, left: int, count: int) -> bool:
    """Return whether interest set at the start is what is borne, and principal left as the last instalment
    may be.

    above : minor units that were set beyond what is borne. left : principal after all payments, minor units.
    """
    if sheet.last_instalment == "as-agreed":
        return not above
    low, high = {"at-most-level": (-count, 0), "at-least-level": (0, count)}.get(
        sheet.last_instalment, (-count, count)
    )
    return 0 <= above < 1 and low <= left <= high


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
