"""Calendars against QuantLib, the rules of rolling, and what is refused."""

from __future__ import annotations

import sys
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import ArgumentError, ExtraError, UsageError
from loantwin.products import calendars
from loantwin.products.calendars import CALENDARS, adjust, business_days, holidays, is_business_day
from loantwin.products.day_counts import year_fraction

ql = pytest.importorskip("QuantLib")
DATES = st.dates(date(2000, 1, 1), date(2060, 12, 31))
FOREIGN = sorted(name for name, calendar in CALENDARS.items() if calendar.source)
ROLLS = {
    "following": ql.Following,
    "modified-following": ql.ModifiedFollowing,
    "preceding": ql.Preceding,
    "modified-preceding": ql.ModifiedPreceding,
    "nearest": ql.Nearest,
}


def _years(name: str) -> tuple[int, int]:
    return (CALENDARS[name].years or ((2000, 2060),))[-1]


@pytest.mark.parametrize("name", FOREIGN)
def test_every_calendar_is_quantlibs(name: str) -> None:
    """Two years of each, by QuantLib's own list."""
    first, last = _years(name)
    start, end = date(first, 1, 1), date(min(first + 1, last), 12, 31)
    theirs = calendars.quantlib_calendar(name).holidayList(ql.Date.from_date(start), ql.Date.from_date(end))
    assert holidays(name, start, end).tolist() == [day.to_date() for day in theirs]


@pytest.mark.parametrize("roll", ROLLS)
@settings(max_examples=100)
@given(day=DATES, name=st.sampled_from(["target", "us-federal-reserve", "uk", "japan", "brazil"]))
def test_rolls_as_quantlib(roll, day, name) -> None:
    wanted = calendars.quantlib_calendar(name).adjust(ql.Date.from_date(day), ROLLS[roll]).to_date()
    assert adjust(day, name, roll).item() == wanted


def test_rolls_by_hand() -> None:
    """Saturday 31 May 2025 and Sunday 1 June 2025."""
    days = np.array(["2025-05-31", "2025-06-01", "2025-06-02"], dtype="datetime64[D]")
    found = {roll: adjust(days, "weekends", roll).astype(str).tolist() for roll in ("none", *ROLLS)}
    assert found == {
        "none": ["2025-05-31", "2025-06-01", "2025-06-02"],
        "following": ["2025-06-02", "2025-06-02", "2025-06-02"],
        "modified-following": ["2025-05-30", "2025-06-02", "2025-06-02"],
        "preceding": ["2025-05-30", "2025-05-30", "2025-06-02"],
        "modified-preceding": ["2025-05-30", "2025-06-02", "2025-06-02"],
        "nearest": ["2025-05-30", "2025-06-02", "2025-06-02"],
    }


@settings(max_examples=100)
@given(start=DATES, length=st.integers(0, 2000))
def test_business_days_as_quantlib(start, length) -> None:
    end = start + timedelta(days=length)
    first, last = ql.Date.from_date(start), ql.Date.from_date(end)
    wanted = calendars.quantlib_calendar("brazil").businessDaysBetween(first, last)
    assert business_days(start, end, "brazil") == wanted
    assert business_days(end, start, "brazil") == -wanted
    assert year_fraction("business/252", start, end, calendar="brazil") == pytest.approx(wanted / 252)


def test_business_over_252_as_published() -> None:
    """QuantLib's own test of Business252: 2002-02-04 to 2003-05-16, and 2006-05-15 back to 2006-03-17."""
    found = year_fraction(
        "business/252", ["2002-02-04", "2006-05-15"], ["2003-05-16", "2006-03-17"], calendar="brazil"
    )
    np.testing.assert_allclose(found, [1.2738095238095, -0.1507936507937], atol=1e-12)


@settings(max_examples=50)
@given(day=DATES)
def test_joined_calendars_are_open_where_each_is(day) -> None:
    both = is_business_day(day, "target") & is_business_day(day, "us-federal-reserve")
    assert is_business_day(day, "target+us-federal-reserve") == both


def test_china_works_on_some_sundays() -> None:
    assert is_business_day(date(2014, 1, 26), "china")
    assert not is_business_day(date(2014, 1, 26), "china-exchange")


def test_a_column_keeps_its_shape() -> None:
    days = np.array([["2025-12-25", "2025-12-24"]], dtype="datetime64[D]")
    assert is_business_day(days, "uk").tolist() == [[False, True]]
    assert adjust(days, "uk", "following").astype(str).tolist() == [["2025-12-29", "2025-12-24"]]
    assert adjust(np.array([], "datetime64[D]"), "uk", "following").shape == (0,)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: adjust("2025-01-01", "atlantis", "following"), "field calendar: expected one of argentina"),
        (lambda: adjust("2025-01-01", "uk", "folowing"), "did you mean following"),
        (
            lambda: is_business_day("2025-01-01", None),
            "field calendar: expected the name of a calendar, was None",
        ),
        (
            lambda: is_business_day("2027-05-04", "china"),
            "calendar china lists, 2004 to 2026, was '2027-05-04'",
        ),
        (lambda: is_business_day(["2026-05-04", "2027-05-04"], "china"), "row 2, field dates"),
        # the day itself is listed, the one it moves to is not
        (lambda: adjust("2025-12-31", "thailand", "following"), "calendar thailand lists, 2005 to 2025"),
        (lambda: business_days("2010-01-01", "2020-01-01", "india"), "was '2015-01-01'"),
        (lambda: is_business_day("1850-01-01", "uk"), "1901 to 2199, was '1850-01-01'"),
        (lambda: is_business_day("9999-12-31", "weekends"), "1901 to 2199"),
        (
            lambda: year_fraction("business/252", "2025-01-01", "2025-02-01"),
            "field calendar: expected a calendar",
        ),
    ],
)
def test_what_cannot_be_told_is_refused(call, words) -> None:
    with pytest.raises((ArgumentError, UsageError), match=words):
        call()


def test_a_listed_business_day_stays_though_the_next_year_is_unlisted() -> None:
    assert str(adjust("2026-12-31", "china", "following")) == "2026-12-31"


def test_without_quantlib_weekends_still_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "QuantLib", None)
    calendars._table.cache_clear()
    calendars._year.cache_clear()
    assert not is_business_day("2025-06-01", "weekends")
    assert is_business_day("2025-06-01", "every-day")
    with pytest.raises(
        ExtraError,
        match=r"expected the extra calendars, was not installed; pip install 'loantwin\[calendars\]'",
    ):
        is_business_day("2025-06-01", "uk")
