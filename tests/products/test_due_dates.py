"""Due dates: three rules of another lender's tests, months that are shorter, business days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from loantwin.errors import UsageError
from loantwin.products.due_dates import due_dates, moved
from loantwin.products.instalments import instalments
from loantwin.products.term_sheet import TermSheet


def days(**given: Any) -> tuple[date, ...]:
    plain = {"amount": Decimal(1), "annual_rate": Decimal(0), "payments": 12, "start": date(2022, 9, 17)}
    return due_dates(TermSheet(**{**plain, **given}))


@pytest.mark.parametrize(
    ("due_day", "first", "second", "last"),
    [
        (None, date(2022, 10, 17), date(2022, 11, 17), date(2023, 9, 17)),
        (1, date(2022, 11, 1), date(2022, 12, 1), date(2023, 10, 1)),
        ("month-end", date(2022, 10, 31), date(2022, 11, 30), date(2023, 9, 30)),
    ],
)
def test_the_rules_of_frappe(due_day: int | str | None, first: date, second: date, last: date) -> None:
    """Same day as the first, the first of the month after, the month's end: frappe/lending's own tests."""
    made = days(first=date(2022, 10, 17), due_day=due_day)
    assert (made[0], made[1], made[11]) == (first, second, last)


def test_a_short_month_ends_early_and_the_next_does_not() -> None:
    made = days(start=date(2023, 12, 31), payments=4)
    assert made == (date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30))
    assert days(start=date(2024, 2, 29), payments=2, every="1y") == (date(2025, 2, 28), date(2026, 2, 28))


@pytest.mark.parametrize(
    ("every", "second"),
    [("14d", date(2022, 10, 15)), ("2w", date(2022, 10, 15)), ("3m", date(2023, 3, 17))],
)
def test_other_frequencies(every: str, second: date) -> None:
    assert days(every=every)[1] == second


def test_business_days() -> None:
    """17 September 2022 is a Saturday, 17 December 2022 too; 30 April 2023 is a Sunday."""
    weekends = {"calendar": "weekends", "payments": 8}
    assert days(**weekends, roll="following")[2] == date(2022, 12, 19)
    assert days(**weekends, roll="preceding")[2] == date(2022, 12, 16)
    assert days(**weekends, roll="modified-following", due_day="month-end")[6] == date(2023, 4, 28)
    with pytest.raises(UsageError, match="field roll: expected instalments on different business days"):
        days(**weekends, roll="following", every="1d")


def test_dates_end_somewhere() -> None:
    with pytest.raises(UsageError, match="field payments: expected due dates before 9000"):
        days(payments=9000, every="1y")
    with pytest.raises(UsageError, match="field every: expected dates until 9999-12-31"):
        days(payments=2, every="9999y")
    with pytest.raises(UsageError, match="field every: expected dates until 9999-12-31"):
        days(payments=2, start=date(9999, 12, 1))


def test_a_first_date_moved_to_before_the_start_is_refused_by_its_rule() -> None:
    sheet = TermSheet(
        amount=Decimal(1000),
        annual_rate=Decimal("0.1"),
        payments=3,
        start=date(2024, 2, 3),
        first=date(2024, 2, 4),  # a Sunday
        roll="preceding",
        calendar="weekends",
    )
    words = (
        "field roll: expected a due date from 2024-02-03 on, the start, was '2024-02-02, moved to a business"
    )
    with pytest.raises(UsageError, match=words):
        instalments(sheet)
    on_the_start = replace(sheet, roll="none", calendar=None, first=date(2024, 2, 3))
    assert instalments(on_the_start)[0].interest == 0


def test_a_date_that_no_calendar_has_is_named() -> None:
    with pytest.raises(UsageError, match="field every: expected dates from 0001-01-01 on"):
        moved(date(1, 1, 1), "1m", -1)
