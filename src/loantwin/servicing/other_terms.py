"""Instalments that the terms name: the exact schedule's, while money is paid out as agreed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

from loantwin.errors import UsageError, expected
from loantwin.products.instalments import instalments
from loantwin.products.periods import disbursements
from loantwin.products.rounding import in_minor
from loantwin.products.term_sheet import Disbursement, TermSheet
from loantwin.servicing.conventions import FEE
from loantwin.servicing.rows import Row

OWN: frozenset[str] = frozenset(
    {
        "amount",
        "annual_rate",
        "payments",
        "start",
        "every",
        "first",
        "due_day",
        "roll",
        "calendar",
        "day_count",
        "interest_period",
        "odd_period",
        "method",
        "instalment_multiple",
        "equal_periods",
        "rounding",
        "instalment_rounding",
        "last_instalment",
        "carry_rounding",
        "carry_to_last",
        "principal_grace",
        "interest_grace",
        "down_payment",
        "minor_units",
        "currency",
    }
)
"""Terms under which an account draws up its instalments again when something changes."""


def elsewhere(sheet: TermSheet) -> list[str]:
    """Return the terms, by field, under which instalments cannot be drawn up again."""
    found = [
        item.name
        for item in fields(sheet)
        if item.name not in OWN and getattr(sheet, item.name) != item.default
    ]
    if sheet.method not in ("declining", "flat"):
        found.append("method")
    if sheet.payments is None:
        found.append("payments")
    return found


HALF_EVEN: tuple[str, ...] = ("rounding", "instalment_rounding", "last_instalment")
"""Terms that an account cannot follow where it shares out principal itself, halves to even."""


def refuse(sheet: TermSheet) -> None:
    """Refuse terms that only a schedule drawn up by level payments knows.

    Raises
    ------
    UsageError : naming the first of them.
    """
    for field in [*elsewhere(sheet), *not_half_even(sheet)]:
        raise UsageError(expected("a fixed schedule with these terms", "one that changes"), field=field)


def not_half_even(sheet: TermSheet) -> list[str]:
    """Return the terms of `HALF_EVEN` that a sheet states."""
    return [
        item.name
        for item in fields(sheet)
        if item.name in HALF_EVEN and getattr(sheet, item.name) not in (item.default, "half-even")
    ]


def agreed(sheet: TermSheet) -> list[tuple[date, int]]:
    """Return what is to be paid out and when: (day, minor units), in order."""
    return [(item.on, in_minor(item.amount, sheet.minor_units)) for item in disbursements(sheet)]


def as_paid_out(sheet: TermSheet, paid_out: Sequence[tuple[date, int]]) -> TermSheet:
    """Return the terms for the money that was paid out, in place of what was agreed.

    Raises
    ------
    UsageError : a day after the agreed first due date.
    """
    start = paid_out[0][0]
    if sheet.first is not None and start > sheet.first:
        raise UsageError(
            expected(f"money paid out until {sheet.first}, the first due date", start), field="on"
        )
    out = tuple(Disbursement(on=on, amount=Decimal(amount) / sheet.minor_units) for on, amount in paid_out)
    total = sum((item.amount for item in out), Decimal(0))
    return replace(sheet, start=start, amount=total, disbursements=out if len(out) > 1 else ())


def followed(sheet: TermSheet, paid_out: Sequence[tuple[date, int]]) -> TermSheet | None:
    """Return terms whose schedule is that of the account: money came as agreed so far, or all at once.

    None where it was paid out otherwise.

    Raises
    ------
    UsageError : money paid out otherwise than agreed under terms that cannot be drawn up again, naming the
    first of them.
    """
    plan, out = agreed(sheet), list(paid_out)
    if out == plan:
        return sheet
    if out == plan[: len(out)]:
        part = sheet.disbursements[: len(out)]
        return replace(sheet, amount=sum((item.amount for item in part), Decimal(0)), disbursements=part)
    if others := elsewhere(sheet):
        was = f"{len(out)} disbursements or another amount or day"
        raise UsageError(expected("money paid out as agreed", was), field=others[0])
    return as_paid_out(sheet, out) if len(out) == 1 else None


def rows_of_terms(sheet: TermSheet) -> list[Row]:
    """Return the instalments of the exact schedule of terms, charges that they name among the fees."""
    rows: list[Row] = []
    start = sheet.start
    for item in instalments(sheet):
        row = Row(
            start, item.due, item.principal, item.interest, "instalment" if item.number else "down-payment"
        )
        row.owed[FEE] += item.fees
        row.rest += item.fees
        rows.append(row)
        start = item.due if item.number else start
        if row.rest == 0:
            row.met = sheet.start
    return rows
