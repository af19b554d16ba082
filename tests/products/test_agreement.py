"""The month grid of forecasts agrees with the exact schedule of a loan, within what rounding to cents can
do.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin import months as month_rule
from loantwin.arrays import Floats
from loantwin.products.contract import schedule, terms
from loantwin.products.instalments import instalments
from loantwin.products.pattern import DAY_COUNTS, FREQUENCIES, REPAYMENTS, pattern_codes
from loantwin.products.term_sheet import TermSheet

EVERY = {
    "monthly": "1m",
    "every_two_months": "2m",
    "quarterly": "3m",
    "half_yearly": "6m",
    "yearly": "1y",
    "fortnightly": "14d",
    "weekly": "7d",
}
MONTHS = {"1m": 1, "2m": 2, "3m": 3, "6m": 6, "1y": 12}


def exact_balances(sheet: TermSheet, as_of: dt.date, months: int) -> Floats:
    """Return the balance at the end of months 1..T of the exact schedule, currency."""
    rows = instalments(sheet)
    made = []
    for month in range(1, months + 1):
        end = month_rule.add_months(as_of, month)
        past = [row for row in rows if row.due <= end]
        made.append(past[-1].closing / 100 if past else float(sheet.amount))
    return np.array(made)


def rounding(rate: float, payments_a_year: float, months: int) -> Floats:
    """Return the most that rounding a payment and each interest to a cent moves a balance, (T,), currency."""
    each = rate / payments_a_year
    count = np.ceil(np.arange(1, months + 1) * payments_a_year / 12.0) + 1
    grown = np.expm1(count * np.log1p(each)) / each if each else count
    return np.asarray(0.01 * grown + 0.02)


@settings(max_examples=120, deadline=None)
@given(
    repayment=st.sampled_from(REPAYMENTS),
    frequency=st.sampled_from(tuple(name for name, every in EVERY.items() if every.endswith(("m", "y")))),
    day_count=st.sampled_from(DAY_COUNTS),
    payments=st.integers(1, 40),
    as_of=st.sampled_from((dt.date(2023, 12, 31), dt.date(2024, 2, 29), dt.date(2021, 6, 15))),
    rate=st.sampled_from(("0", "0.0375", "0.19")),
    amount=st.sampled_from((1_000, 123_456)),
)
def test_months_agree_with_the_exact_schedule(
    repayment: str,
    frequency: str,
    day_count: str,
    payments: int,
    as_of: dt.date,
    rate: str,
    amount: int,
) -> None:
    every = EVERY[frequency]
    months = payments * MONTHS[every]
    sheet = TermSheet(
        amount=Decimal(amount),
        annual_rate=Decimal(rate),
        payments=payments,
        start=as_of,
        every=every,
        due_day="month-end" if as_of.day > 28 else None,
        first=month_rule.add_months(as_of, MONTHS[every]),
        day_count=day_count,
        interest_period="same-as-period" if day_count == "30/360" else "daily",
        amortisation=repayment.replace("_", "-"),
    )
    places = (REPAYMENTS.index(repayment), FREQUENCIES.index(frequency), DAY_COUNTS.index(day_count))
    table = schedule(terms(0, months, amount, float(rate), pattern=pattern_codes(*places, as_of)))
    away = np.abs(table.closing[0] - exact_balances(sheet, as_of, months))
    limit = rounding(float(rate), 12.0 / MONTHS[every], months)
    if day_count == "actual/actual":
        # a month across the end of a leap year is parted at its middle: at most a day in 365 of its interest
        limit = limit + amount * float(rate) * 16 * (1 / 365 - 1 / 366) * (1 + months // 12)
    assert (away <= limit).all()
    interest = sum(row.interest for row in instalments(sheet)) / 100
    assert table.interest.sum() == pytest.approx(interest, abs=float(limit.sum()))


@pytest.mark.parametrize("frequency", ["weekly", "fortnightly"])
@pytest.mark.parametrize("repayment", REPAYMENTS)
def test_payments_by_days_agree_with_the_exact_schedule(frequency: str, repayment: str) -> None:
    as_of, months, rate, amount = dt.date(2023, 12, 31), 24, "0.21", 10_000
    step = int(EVERY[frequency][:-1])
    last = month_rule.add_months(as_of, months)
    count = -(-(last - as_of).days // step)
    # the exact loan starts whole periods before its last payment, a few days before the as-of date
    start = last - dt.timedelta(step * count)
    sheet = TermSheet(
        amount=Decimal(amount),
        annual_rate=Decimal(rate),
        payments=count,
        start=start,
        every=EVERY[frequency],
        day_count="actual/365",
        interest_period="daily",
        amortisation=repayment.replace("_", "-"),
    )
    places = (REPAYMENTS.index(repayment), FREQUENCIES.index(frequency), DAY_COUNTS.index("actual/365"))
    table = schedule(terms(0, months, amount, float(rate), pattern=pattern_codes(*places, as_of)))
    away = np.abs(table.closing[0] - exact_balances(sheet, as_of, months))
    # a payment rounded to a cent, over all payments
    assert (away <= 0.005 * count * 1.3 + 0.02).all()
