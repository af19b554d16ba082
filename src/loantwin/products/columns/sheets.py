"""Term sheets laid out as columns; what columns do not know is refused by row and field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from loantwin import arguments as check
from loantwin.errors import UsageError, expected
from loantwin.products.columns.terms import RATE_UNIT, TermColumns, term_columns
from loantwin.products.rounding import in_minor
from loantwin.products.term_sheet import CONVENTIONS, TermSheet

NOT_IN_COLUMNS = (
    "agreed",
    "step",
    "season",
    "carry_to_last",
    "equal_periods",
    "holidays",
    "down_payment",
    "disbursements",
    "floating",
    "charges",
    "total_cost_cap",
    "daily_cost_cap",
)
"""Terms of which columns take none: a loan that has one is worked out alone, by `products.instalments`."""
_MONEY = ("amount", "balloon", "instalment", "instalment_multiple")
_DEFAULTS = {item.name: item.default for item in fields(TermSheet)}


def from_sheets(sheets: Sequence[TermSheet]) -> TermColumns:
    """Return term sheets as columns, one loan a row.

    Raises
    ------
    UsageError : a term that columns do not take, a rate of more than 12 decimals, or what `term_columns`
        refuses; row and field are named.
    """
    check.each(TermSheet, sheets=sheets)
    if not sheets:
        raise UsageError(expected("at least one term sheet", "none"), field="sheets")
    for row, sheet in enumerate(sheets, 1):
        for name in NOT_IN_COLUMNS:
            if getattr(sheet, name) != _DEFAULTS[name]:
                raise UsageError(
                    expected(f"no {name}, which columns do not take", str(getattr(sheet, name))),
                    row=row,
                    field=name,
                )
        if sheet.payments is None:
            raise UsageError(expected("a number of payments", "none"), row=row, field="payments")
    whole = ("payments", "principal_grace", "interest_grace", "interest_free", "carry_rounding")
    days = [31 if sheet.due_day == "month-end" else int(sheet.due_day or 0) for sheet in sheets]
    return term_columns(
        **{
            name: np.array([_minor(sheet, name, row) for row, sheet in enumerate(sheets, 1)])
            for name in _MONEY
        },
        **{name: np.array([getattr(sheet, name) for sheet in sheets]) for name in whole},
        **{name: [getattr(sheet, name) or sheet.rounding for sheet in sheets] for name in CONVENTIONS},
        annual_rate=[_rate(sheet, row) for row, sheet in enumerate(sheets, 1)],
        start=np.array([sheet.start for sheet in sheets], dtype="datetime64[D]"),
        first=np.array([sheet.first for sheet in sheets], dtype="datetime64[D]"),
        every=[sheet.every for sheet in sheets],
        due_day=np.array(days),
        calendar=[sheet.calendar or "" for sheet in sheets],
    )


def _minor(sheet: TermSheet, name: str, row: int) -> int:
    amount = getattr(sheet, name)
    if amount is None:
        return 1 if name == "instalment_multiple" else 0
    try:
        return in_minor(amount, sheet.minor_units)
    except ValueError as error:
        raise UsageError(expected("whole minor units", str(amount)), row=row, field=name) from error


def _rate(sheet: TermSheet, row: int) -> float:
    if sheet.annual_rate * RATE_UNIT != (sheet.annual_rate * RATE_UNIT).to_integral_value():
        raise UsageError(
            expected("a rate of at most 12 decimals", str(sheet.annual_rate)), row=row, field="annual_rate"
        )
    return float(sheet.annual_rate)
