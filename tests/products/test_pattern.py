"""Patterns of payment against hand-worked figures, the calendar, and exact recursions by date."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin import months as month_rule
from loantwin.errors import UsageError
from loantwin.products.contract import Schedule, repaid_share, schedule, schedule_minor, terms
from loantwin.products.pattern import (
    DAY_COUNTS,
    DAYS_BETWEEN,
    FREQUENCIES,
    HIGHEST,
    MONTHS_BETWEEN,
    REPAYMENTS,
    days_until,
    month_factors,
    monthly_equivalent,
    pattern_codes,
    phase_of,
    taken_apart,
)

YEAR_END = dt.date(2023, 12, 31)


def code(repayment: str, frequency: str, day_count: str, as_of: dt.date = YEAR_END) -> int:
    places = (REPAYMENTS.index(repayment), FREQUENCIES.index(frequency), DAY_COUNTS.index(day_count))
    return int(pattern_codes(*places, as_of))


def run(pattern: int, months: int, rate: float, amount: float, **other: object) -> Schedule:
    return schedule(terms(0, months, amount, rate, pattern=pattern, **other))  # type: ignore[arg-type]


def test_equal_principal_by_hand() -> None:
    table = run(code("equal_principal", "monthly", "30/360"), 12, 0.12, 120_000.0)
    assert table.closing[0, 5] == pytest.approx(60_000.0)
    # 1 % of 120, 110, ..., 10 thousand
    assert table.interest.sum() == pytest.approx(7_800.0)


def test_quarterly_level_payments_by_hand() -> None:
    table = run(code("annuity", "quarterly", "30/360"), 60, 0.08, 100_000.0)
    # 20 payments of 6,115.67 at 2 % a quarter
    assert table.interest.sum() == pytest.approx(22_313.44, abs=0.005)
    assert table.closing[0, :3] == pytest.approx([100_000.0, 100_000.0, 95_884.33], abs=0.005)


def test_a_month_of_31_days_by_hand() -> None:
    table = run(code("annuity", "monthly", "actual/365"), 12, 0.001, 100_000.0)
    assert table.interest[0, 0] == pytest.approx(8.49, abs=0.005)
    # a rate that stays has one level payment, whatever the month's days
    assert np.ptp(table.interest + table.scheduled) == pytest.approx(0.0, abs=1e-8)
    other = run(code("annuity", "monthly", "actual/360"), 1, 0.36, 1_000.0)
    assert other.interest[0, 0] == pytest.approx(31.0)


def test_days_of_leap_years_by_hand() -> None:
    # 2024 has 366 days: January 31/366, of 2025 31/365
    patterns = taken_apart(np.array([code("annuity", "monthly", "actual/actual")]))
    factors = month_factors(patterns, 13)[0]
    assert factors[:2] == pytest.approx([31 / 366, 29 / 366])
    assert factors[12] == pytest.approx(31 / 365)


def test_the_days_of_months_are_the_calendar_s() -> None:
    for as_of in (dt.date(2023, 12, 31), dt.date(2024, 1, 15), dt.date(2024, 2, 29), dt.date(2021, 3, 28)):
        ends = [month_rule.add_months(as_of, step) for step in range(120)]
        known = [(end - as_of).days for end in ends]
        made = days_until(np.array([phase_of(as_of)]), np.arange(120))
        assert made.tolist() == known, as_of


@settings(max_examples=40, deadline=None)
@given(
    repayment=st.sampled_from(REPAYMENTS),
    frequency=st.sampled_from(FREQUENCIES),
    day_count=st.sampled_from(DAY_COUNTS),
    left=st.integers(1, 90),
    free=st.integers(0, 20),
    rate=st.sampled_from((0.0, 0.03, 0.2)),
    balloon=st.sampled_from((0.0, 0.3)),
)
def test_a_fixed_rate_pays_level_to_the_last_payment(
    repayment: str, frequency: str, day_count: str, left: int, free: int, rate: float, balloon: float
) -> None:
    pattern = code(repayment, frequency, day_count)
    table = run(pattern, left, rate, 1_000.0, balloon=1_000.0 * balloon, interest_only_months=free)
    assert table.closing[0, -1] == 0.0
    assert table.scheduled.sum() == pytest.approx(1_000.0)
    assert (table.scheduled >= -1e-9).all()
    every = MONTHS_BETWEEN[FREQUENCIES.index(frequency)]
    paid = np.flatnonzero(table.scheduled[0] > 1e-9) + 1
    if every:
        # payments are counted back from the last one
        assert ((left - paid) % every == 0).all()
    steady = table.scheduled[0, min(free, left - 1) : -1]
    if every and repayment == "equal_principal":
        assert np.ptp(steady[steady > 0]) == pytest.approx(0.0, abs=1e-6) if (steady > 0).any() else True


def test_a_year_of_weeks_by_date() -> None:
    """Every payment on its day, one by one, 1 + r x 7 / 365 between them."""
    as_of, left, rate = dt.date(2023, 12, 31), 24, 0.3
    table = run(code("annuity", "weekly", "actual/365"), left, rate, 1_000.0)
    last = (month_rule.add_months(as_of, left) - as_of).days
    days = np.arange(last % 7 or 7, last + 1, 7)
    ends = [(month_rule.add_months(as_of, t) - as_of).days for t in range(left + 1)]
    grown = 1.0 + rate * 7 / 365
    count = len(days)
    level = 1_000.0 * (grown - 1.0) / (1.0 - grown**-count)
    balance = 1_000.0 * grown ** np.arange(count + 1) - level * (grown ** np.arange(count + 1) - 1) / (
        grown - 1
    )
    at_month_ends = [balance[(days <= end).sum()] for end in ends[1:]]
    assert table.closing[0] == pytest.approx(at_month_ends, abs=1e-8)


@pytest.mark.parametrize("frequency", FREQUENCIES)
@pytest.mark.parametrize("repayment", REPAYMENTS)
def test_what_is_repaid_after_some_months_is_the_schedule_s(repayment: str, frequency: str) -> None:
    pattern, rate, months = code(repayment, frequency, "30/360"), 0.09, 60
    table = run(pattern, months, rate, 1.0)
    made = repaid_share(pattern, rate / 12.0, np.arange(1.0, 60.0), float(months))
    by_days = DAYS_BETWEEN[FREQUENCIES.index(frequency)]
    assert 1.0 - table.closing[0, :-1] == pytest.approx(made, abs=0.02 if by_days else 1e-12)


def test_what_a_rate_yields_a_month() -> None:
    quarter = code("annuity", "quarterly", "30/360")
    pattern = np.array([0, quarter, code("annuity", "monthly", "actual/360")])
    made = monthly_equivalent(pattern, np.array([0.08, 0.08, 0.08]))
    assert made == pytest.approx([0.08, 12.0 * (1.02 ** (1 / 3) - 1.0), 0.08 * 365.25 / 360.0])


def test_what_is_no_pattern_is_refused() -> None:
    with pytest.raises(UsageError, match=f"at most {HIGHEST - 1}"):
        terms(0, 12, 100.0, 0.1, pattern=HIGHEST)
    with pytest.raises(UsageError, match="frequency"):
        pattern_codes(0, 8, 0, YEAR_END)
    with pytest.raises(UsageError, match="another pattern"):
        schedule_minor(terms(0, 12, 100.0, 0.1, pattern=code("annuity", "weekly", "30/360")))
