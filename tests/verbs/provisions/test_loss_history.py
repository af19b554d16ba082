"""What the past tells CECL's loss-rate methods, hand-worked."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

from loantwin.verbs.provisions.loss_history import STATES, _rolls


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
