from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loantwin import months
from loantwin.errors import UsageError

DAYS = st.dates(date(1950, 1, 1), date(2100, 12, 31))


def test_a_month_end_is_the_calendar_month():
    anchor = months.anchor_day(date(2005, 2, 28))
    assert anchor == 31
    assert months.label(months.month_of(date(2005, 3, 31), anchor)) == "2005-03"
    assert months.add_months(date(2005, 2, 28), 1) == date(2005, 3, 31)
    assert months.add_months(date(2004, 12, 31), 2) == date(2005, 2, 28)


def test_any_day_can_be_the_as_of_date():
    anchor = months.anchor_day(date(2005, 6, 15))
    assert months.label(months.month_of(date(2005, 6, 15), anchor)) == "2005-06"
    assert months.label(months.month_of(date(2005, 6, 16), anchor)) == "2005-07"


def test_age_counts_completed_months():
    # Originated 20 January, seen 15 June: 20 May is the fourth monthly anniversary.
    anchor = months.anchor_day(date(2005, 6, 15))
    assert months.month_of(date(2005, 6, 15), anchor) - months.month_of(date(2005, 1, 20), anchor) == 4


@given(st.lists(DAYS, min_size=1, max_size=20), st.integers(1, 31))
def test_arrays_agree_with_single_days(days, anchor):
    array = np.array(days, dtype="datetime64[D]")
    assert months.months_of(array, anchor).tolist() == [months.month_of(day, anchor) for day in days]


@given(DAYS)
def test_a_month_holds_its_own_end(day):
    for anchor in (1, 15, 28, 31):
        month = months.month_of(day, anchor)
        assert day <= months.end_of(month, anchor)
        assert day > months.end_of(month - 1, anchor)


@given(st.integers(12 * 1900, 12 * 2200))
def test_labels_are_read_back(month):
    assert months.parse_label(months.label(month)) == month


def test_a_missing_date_is_an_error():
    with pytest.raises(UsageError, match="expected dates without gaps"):
        months.months_of(np.array(["2005-01-01", "NaT"], dtype="datetime64[D]"))


@pytest.mark.parametrize("text", ["2005", "2005-13", "05-1-1", "x-y"])
def test_a_bad_label_names_what_was_found(text):
    with pytest.raises(UsageError, match="YYYY-MM"):
        months.parse_label(text)
