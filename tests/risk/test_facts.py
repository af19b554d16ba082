"""What a book tells of each loan's standing, and what it says it cannot tell."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from loantwin.book.book import conform
from loantwin.book.schema import LOANS, STATES
from loantwin.risk.facts import LOWEST_DAYS, standing

EVERYTHING = ("defaults", "charge_offs", "balance", "prepayment", "interest", "recoveries", "delinquency")


def loans(**columns: list[object]) -> pl.DataFrame:
    size = len(next(iter(columns.values())))
    base = {
        "loan_id": [str(i) for i in range(size)],
        "product": ["instalment"] * size,
        "weight": [1.0] * size,
    }
    return conform(pl.DataFrame({**base, **columns}), LOANS)


def test_days_as_recorded_then_from_the_state() -> None:
    frame = loans(
        state=["current", "dpd_30_59", "default_6_9", "dpd_1_29"], days_past_due=[0, None, None, 12]
    )
    found = standing(frame, EVERYTHING)
    assert found.days_past_due.tolist() == [0.0, 31.0, 271.0, 12.0]
    assert found.defaulted.tolist() == [False, False, True, False]
    assert any(gap.startswith("days_past_due: missing for some") for gap in found.not_observable)


def test_a_source_without_arrears_knows_no_days_not_zero() -> None:
    found = standing(loans(state=["current", "current"]), ("defaults", "charge_offs"))
    assert np.isnan(found.days_past_due).all()
    assert not found.delinquency
    names = {gap.split(":")[0] for gap in found.not_observable}
    assert {
        "days_past_due",
        "balance",
        "interest",
        "prepayment",
        "recoveries",
        "forbearance",
        "watch_list",
    } <= names


def test_forborne_and_watched() -> None:
    frame = loans(
        state=["forborne_performing", "forborne_non_performing", "cured_probation", "current"],
        attribute_watch=["", "YES", None, "1"],
    )
    found = standing(frame, EVERYTHING)
    assert found.forborne.tolist() == [True, True, True, False]
    assert found.defaulted.tolist() == [False, True, False, False]
    assert found.watch.tolist() == [False, True, False, True]
    assert math.isnan(found.days_past_due[0])
    assert not {"forbearance", "watch_list"} & {gap.split(":")[0] for gap in found.not_observable}


def test_an_empty_book_stands_nowhere() -> None:
    found = standing(loans(state=[]), EVERYTHING)
    assert len(found.days_past_due) == len(found.defaulted) == len(found.forborne) == len(found.watch) == 0


@pytest.mark.parametrize("state", [name for name in STATES if name.startswith(("current", "dpd", "default"))])
def test_every_state_of_arrears_has_its_days(state: str) -> None:
    assert state in LOWEST_DAYS
