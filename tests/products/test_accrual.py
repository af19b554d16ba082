"""Interest inside an instalment: what is paid early, and what was planned all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.products.accrual import Change, Planned, accrued
from loantwin.products.instalments import instalments, lines
from loantwin.products.term_sheet import TermSheet

SHEET = TermSheet(amount=Decimal(100), annual_rate=Decimal("0.07"), payments=6, start=date(2024, 1, 1))
"""The loan of a core-banking system's test: 100.00 at 7 % in six months of 30 days over 360."""


def planned() -> list[Planned]:
    return [Planned(line.period, line.payment) for line in lines(SHEET)]


def test_without_payments_it_is_the_schedule() -> None:
    made = accrued(SHEET, planned(), [Change(SHEET.start, 10_000)])
    rows = instalments(SHEET)
    assert [(item.payment, item.interest, item.principal, item.closing) for item in made] == [
        (row.payment, row.interest, row.principal, row.closing) for row in rows
    ]


def test_principal_paid_a_fortnight_early() -> None:
    """16.77 of the second instalment's principal and 0.24 of its interest on 15 February: of 0.44 of interest
    0.20 falls due with the third. Figures of the system's own test.
    """
    loan = planned()
    loan[1] = replace(loan[1], paid_principal=1677, paid_interest=24)
    changes = [Change(SHEET.start, 10_000), Change(date(2024, 2, 15), -1677, late=True)]
    second, third, *_, last = accrued(SHEET, loan, changes)[1:]
    assert [part.interest for part in second.stretches] == [24, 20]
    assert (second.interest, second.principal, second.carried, second.closing) == (24, 1677, 20, 6680)
    assert (third.interest, third.principal, third.closing) == (59, 1642, 5038)
    assert (last.payment, last.interest, last.closing) == (1695, 10, 0)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 5), st.integers(0, 1600), st.integers(0, 180))
def test_all_principal_falls_due_whatever_is_paid_early(index: int, amount: int, days: int) -> None:
    loan = planned()
    loan[index] = replace(loan[index], paid_principal=amount)
    early = date.fromordinal(SHEET.start.toordinal() + min(days, 180))
    changes = [Change(SHEET.start, 10_000), Change(min(early, loan[index].period.due), -amount, late=True)]
    made = accrued(SHEET, loan, changes)
    assert sum(item.principal for item in made) == 10_000
    assert made[-1].closing == 0
    whole = sum(part.interest for item in made for part in item.stretches)
    assert sum(item.interest for item in made) + made[-1].carried == whole
