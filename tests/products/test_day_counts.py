"""Day counts against QuantLib on random dates, by hand, and the column against the exact pair."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import ArgumentError, UsageError
from loantwin.products import term_sheet
from loantwin.products.day_counts import DAY_COUNTS, days_counted, year_fraction, year_fraction_exact

DATES = st.one_of(
    st.dates(date(1950, 1, 1), date(2099, 12, 31)),
    # ends of months, where conventions part
    st.builds(
        lambda year, month: date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1),
        st.integers(1950, 2098),
        st.integers(0, 11),
    ),
)
NAMES = sorted(set(DAY_COUNTS) - {"business/252"})
"""That of business days stands with the calendars."""


def _quantlib(name):
    ql = pytest.importorskip("QuantLib")
    thirty, actual = ql.Thirty360, ql.ActualActual
    counters = {
        "30/360": lambda: thirty(thirty.BondBasis),
        "30/360-us": lambda: thirty(thirty.USA),
        "30/360-isda": lambda: thirty(thirty.ISDA),
        "30/360-italian": lambda: thirty(thirty.Italian),
        "30e/360": lambda: thirty(thirty.European),
        "30/365": ql.Thirty365,
        "actual/360": ql.Actual360,
        "actual/364": ql.Actual364,
        "actual/365": ql.Actual365Fixed,
        "actual/365-no-leap": lambda: ql.Actual365Fixed(ql.Actual365Fixed.NoLeap),
        "actual/365.25": ql.Actual36525,
        "actual/366": ql.Actual366,
        "actual/actual": lambda: actual(actual.ISDA),
        "actual/actual-isma": lambda: actual(actual.ISMA),
        "actual/actual-afb": lambda: actual(actual.AFB),
    }
    return ql, counters[name]()


def test_every_day_count_of_a_term_sheet_is_known() -> None:
    assert set(term_sheet.DAY_COUNTS) <= set(DAY_COUNTS)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=200)
@given(start=DATES, end=DATES)
def test_as_quantlib(name, start, end) -> None:
    ql, counter = _quantlib(name)
    first, last = ql.Date.from_date(start), ql.Date.from_date(end)
    found = year_fraction_exact(name, start, end)
    assert float(found) == pytest.approx(counter.yearFraction(first, last), abs=1e-11)
    assert days_counted(name, start, end) == counter.dayCount(first, last)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30)
@given(pairs=st.lists(st.tuples(DATES, DATES), min_size=1, max_size=20))
def test_a_column_is_its_pairs(name, pairs) -> None:
    starts, ends = (np.array(side, dtype="datetime64[D]") for side in zip(*pairs, strict=True))
    exact = [float(year_fraction_exact(name, start, end)) for start, end in pairs]
    np.testing.assert_allclose(year_fraction(name, starts, ends), exact, rtol=1e-13, atol=1e-13)


@settings(max_examples=300)
@given(
    start=DATES,
    back=st.integers(0, 300),
    length=st.integers(0, 900),
    months=st.sampled_from([1, 3, 6, 12]),
)
def test_regular_periods_as_quantlib(start, back, length, months) -> None:
    """QuantLib clips a day at each short month on the way back; days to the 28th are free of that."""
    ql, counter = _quantlib("actual/actual-isma")
    low = (start + timedelta(days=back)).replace(day=min((start + timedelta(days=back)).day, 28))
    after = ql.Date.from_date(low) + ql.Period(months, ql.Months)
    end = start + timedelta(days=length)
    high = date(after.year(), after.month(), after.dayOfMonth())
    if start >= high or (end > high and start < low):
        return
    wanted = counter.yearFraction(*(ql.Date.from_date(day) for day in (start, end, low, high)))
    found = year_fraction_exact("actual/actual-isma", start, end, period_start=low, period_end=high)
    assert float(found) == pytest.approx(wanted, abs=1e-11)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        # 31 January 2023 to 29 February 2024, a leap year, worked by hand
        ("30/360", Fraction(360 + 30 + 29 - 30, 360)),
        ("30/360-isda", Fraction(360 + 30 + 30 - 30, 360)),
        ("30e/360", Fraction(389, 360)),
        ("actual/360", Fraction(394, 360)),
        ("actual/364", Fraction(394, 364)),
        ("actual/365.25", Fraction(394 * 4, 1461)),
        ("actual/365-no-leap", Fraction(393, 365)),
        ("actual/actual", Fraction(335, 365) + Fraction(59, 366)),
        # back from 29 February 2024: 28 February 2023, and 28 days before it
        ("actual/actual-afb", 1 + Fraction(28, 365)),
    ],
)
def test_by_hand(name, wanted) -> None:
    assert year_fraction_exact(name, date(2023, 1, 31), date(2024, 2, 29)) == wanted


def test_a_loan_that_ends_in_february_ends_on_its_day() -> None:
    ends = date(2023, 2, 28)
    assert year_fraction_exact("30/360-isda", date(2023, 1, 28), ends) == Fraction(32, 360)
    assert year_fraction_exact("30/360-isda", date(2023, 1, 28), ends, termination=ends) == Fraction(30, 360)


@pytest.mark.parametrize(
    "name", ["actual/actual", "actual/actual-isma", "actual/actual-afb", "actual/365-no-leap"]
)
@given(start=DATES, end=DATES)
@settings(max_examples=50)
def test_backwards_is_the_negative(name, start, end) -> None:
    assert year_fraction_exact(name, start, end) == -year_fraction_exact(name, end, start)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name.startswith("actual/3") or name == "actual/actual"]
)
@given(first=DATES, middle=DATES, last=DATES)
@settings(max_examples=50)
def test_parts_add_up(name, first, middle, last) -> None:
    parts = year_fraction_exact(name, first, middle) + year_fraction_exact(name, middle, last)
    assert parts == year_fraction_exact(name, first, last)


def test_one_date_serves_a_column() -> None:
    ends = np.array(["2024-02-01", "2024-03-01"], dtype="datetime64[D]")
    np.testing.assert_array_equal(days_counted("actual/360", "2024-01-01", ends), [31, 60])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: year_fraction("30/361", "2024-01-01", "2024-02-01"), "field day_count: expected one of"),
        (lambda: year_fraction_exact("actual/366.5", date(2024, 1, 1), date(2024, 1, 2)), "field day_count"),
        (lambda: year_fraction("30/360", ["2024-01-01", None], "2024-02-01"), "field start"),
        (
            lambda: year_fraction("30/360", np.array(["2024-01-01", "NaT"], "datetime64[D]"), "2024-02-01"),
            "row 2, field start: expected a date, was 'a missing one'",
        ),
        (lambda: year_fraction("30/360", "2024-01-01", 3.5), "field end: expected dates"),
        (lambda: year_fraction("30/360", "2024-13-01", "2024-02-01"), "field start: expected dates"),
        (
            lambda: year_fraction_exact("30/360", "2024-01-01", date(2024, 1, 2)),
            "field start: expected a date",
        ),
        (
            lambda: year_fraction_exact(
                "actual/actual-isma",
                date(2024, 1, 1),
                date(2024, 1, 2),
                period_start=date(2024, 1, 5),
                period_end=date(2024, 1, 4),
            ),
            "field period_end: expected an end after the start",
        ),
    ],
)
def test_what_is_no_date_is_named(call, words) -> None:
    with pytest.raises((ArgumentError, UsageError), match=words):
        call()
