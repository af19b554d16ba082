"""Terms that an account does not draw up itself: their instalments are the exact schedule's, and stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date

from loantwin.errors import UsageError, expected
from loantwin.products.instalments import instalments
from loantwin.products.rounding import in_minor
from loantwin.products.term_sheet import TermSheet
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
        "method",
        "instalment_multiple",
        "principal_grace",
        "interest_grace",
        "down_payment",
        "minor_units",
        "currency",
    }
)
"""Terms under which an account draws up its instalments itself, and again when something changes."""


def elsewhere(sheet: TermSheet) -> list[str]:
    """Return the terms, by field, that leave the instalments to the exact schedule."""
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


def refuse(sheet: TermSheet) -> None:
    """Refuse terms that only a fixed schedule knows.

    Raises
    ------
    UsageError : naming the first of them.
    """
    for field in elsewhere(sheet):
        raise UsageError(expected("a fixed schedule with these terms", "one that changes"), field=field)


def rows_of_terms(sheet: TermSheet, paid_out: Sequence[tuple[date, int]], changed: bool) -> list[Row]:
    """Return the instalments of the exact schedule, for the one amount and day that the terms name.

    Raises
    ------
    UsageError : money paid out otherwise than agreed, or a change of the instalments: the first term that
    does not go with it is named.
    """
    agreed = [(sheet.start, in_minor(sheet.amount, sheet.minor_units))]
    if list(paid_out) != agreed or changed:
        was = "a change" if changed else f"{len(paid_out)} disbursements or another amount or day"
        raise UsageError(
            expected("money paid out as agreed and no change of instalments", was), field=elsewhere(sheet)[0]
        )
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
