"""What the past tells CECL's loss-rate methods, hand-worked."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

from loantwin.verbs.provisions.loss_history import STATES, _rolls, _vintages


def test_roll_rates_count_a_row_as_the_loans_it_stands_for() -> None:
    """100 of weight 3 pays 10 and stays; 100 of weight 1 goes to 30 days and is charged off the month
    after.
    """
    january, february, march = dt.date(2024, 1, 31), dt.date(2024, 2, 29), dt.date(2024, 3, 31)
    panel = pl.DataFrame(
        {
            "loan_id": ["a", "a", "b", "b", "b"],
            "report_date": [january, february, january, february, march],
            "state": ["current", "current", "current", "dpd_30_59", "charged_off"],
            "principal": [100.0, 90.0, 100.0, 100.0, 0.0],
        }
    )
    loans = pl.DataFrame({"loan_id": ["a", "b"], "weight": [3.0, 1.0]})
    twin = SimpleNamespace(known_panel=panel, known_loans=loans, as_of=march)
    roll, words = _rolls(cast(Any, twin), 12)
    assert roll is not None
    current, late = STATES.index("current"), STATES.index("dpd_30_59")
    assert roll[current, [current, late, -2, -1]] == pytest.approx([270 / 400, 100 / 400, 0.0, 30 / 400])
    assert roll[late, -2] == pytest.approx(1.0)
    assert words.startswith("3 loan-months since 2023-03-31")


def test_the_months_ahead_beyond_the_oldest_age_are_counted() -> None:
    """Two loans of 100: one 10 months old over 12, one 4 months old over 24; ages up to 10 are seen. Ahead
    are 2 and 20 months; of them the second's ages 5 to 10 were seen, six. A year ahead sees those six too.
    """
    loans = pl.DataFrame(
        {
            "loan_id": ["a", "b", "c"],
            "origination_date": [dt.date(2024, 3, 31), dt.date(2024, 9, 30), dt.date(2024, 3, 31)],
            "term_months": [12, 24, 6],
            "originated_amount": [100.0, 100.0, 100.0],
            "approved_amount": [None, None, None],
            "weight": [1.0, 1.0, 1.0],
            "guaranteed_share": [None, None, None],
            "closed_date": [None, None, dt.date(2024, 9, 30)],
            "charge_off_date": [None, None, dt.date(2024, 8, 31)],
            "state": ["current", "current", "charged_off"],
            "\nlost": [0.0, 0.0, 30.0],
            "\npool": ["x", "x", "x"],
        },
        schema_overrides={"approved_amount": pl.Float64, "guaranteed_share": pl.Float64},
    )
    twin = SimpleNamespace(as_of=dt.date(2025, 1, 31), mapping=SimpleNamespace(kind="outcomes"))
    found = _vintages(cast(Any, twin), loans)
    assert found.loss is not None
    assert len(found.loss) == 11
    assert found.loss[5] == pytest.approx(30.0 / 200.0), "two loans of three were seen at five months"
    assert found.beyond == pytest.approx(1.0 - 6.0 / 22.0)
    assert found.year_ahead is not None
    assert found.year_ahead.tolist() == [0.0] * 5 + [100.0] * 6
