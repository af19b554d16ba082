"""Outcomes and scores against cases worked by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from loantwin.errors import UsageError
from loantwin.performance.tracking import by_year, event_table, outcomes, score, vintage_bands, year_labels

AS_OF = date(2005, 12, 31)


def test_a_score_by_hand():
    made = score(np.array([[10.0, 0.0], [5.0, 5.0]]), np.array([[8.0, 2.0], [10.0, 0.0]]))
    # errors 2 + 2 + 5 + 5 on 20; by year 0 + 0; total 20 against 20
    assert made.accuracy == pytest.approx(1 - 14 / 20)
    assert made.by_year_accuracy == pytest.approx(1.0)
    assert made.bias == pytest.approx(0.0)
    assert score(np.ones((1, 1)), np.zeros((1, 1))).accuracy is None
    with pytest.raises(UsageError):
        score(np.ones((1, 2)), np.ones((2, 1)))


def test_events_fall_into_the_year_that_holds_their_day():
    loans = pl.DataFrame(
        {
            "loan_id": ["a", "b", "c", "d", "e"],
            "charge_off_date": [
                date(2006, 1, 1),
                date(2006, 12, 31),
                date(2007, 1, 1),
                date(2005, 12, 31),
                None,
            ],
            "charged_off": [10.0, 20.0, 30.0, 40.0, None],
        }
    )
    kind, events = event_table(loans, None)
    assert kind == "charge-offs"
    book = pl.DataFrame({"loan_id": ["a", "b", "c", "d", "e"], "weight": [1.0, 2.0, 1.0, 1.0, 1.0]})
    made = outcomes(events, kind, book, np.array([0, 1, 1, 0, 0]), 2, AS_OF, 2)
    assert made.number.tolist() == [[1.0, 2.0], [0.0, 1.0]]
    assert made.amount.tolist() == [[10.0, 40.0], [0.0, 30.0]]


def test_a_panel_counts_the_first_report_in_default_or_charged_off():
    panel = pl.DataFrame(
        [
            ("a", date(2006, 1, 31), "current", 100.0),
            ("a", date(2006, 2, 28), "default_0_3", 95.0),
            ("a", date(2006, 3, 31), "charged_off", 0.0),
            ("b", date(2006, 1, 31), "current", 50.0),
            ("c", date(2006, 1, 31), "dpd_60_89", 70.0),
            ("c", date(2006, 2, 28), "charged_off", 0.0),  # never reported in default before
            ("d", date(2006, 3, 31), "default_0_3", 30.0),  # nothing reported before
        ],
        schema=["loan_id", "report_date", "state", "principal"],
        orient="row",
    )
    kind, events = event_table(pl.DataFrame(), panel)
    assert kind == "defaults"
    # the amount is what was owed before it, as loss given default and the backtest take it
    assert events.rows() == [
        ("a", date(2006, 2, 28), 100.0),
        ("c", date(2006, 2, 28), 70.0),
        ("d", date(2006, 3, 31), 30.0),
    ]


def test_vintages_before_the_last_years_go_together():
    origination = pl.Series([date(1990, 5, 1), date(1999, 1, 1), date(2004, 1, 1), date(2005, 6, 1)])
    band, names = vintage_bands(origination, AS_OF, most=3)
    assert names == ("before 2004", "2004", "2005")
    assert band.tolist() == [0, 0, 1, 2]


def test_years_are_named_by_their_months_where_they_are_not_calendar_years():
    assert year_labels(AS_OF, 2) == ("2006", "2007")
    assert year_labels(date(2005, 6, 30), 1) == ("2005-07 to 2006-06",)
    assert by_year(np.arange(26.0)).tolist() == [66.0, 210.0]
