"""Schedules in columns against hand-worked and published ones; blocks, threads and order change nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from random import Random

import numpy as np
import pytest

from loantwin.errors import ArgumentError, UsageError
from loantwin.kernels import use_threads
from loantwin.products.columns.periods import periods
from loantwin.products.columns.schedules import blocks, schedules
from loantwin.products.columns.sheets import from_sheets
from loantwin.products.columns.terms import TermColumns, take, term_columns
from tests.products.columns.drawn import drawn

START = dt.date(2024, 1, 31)


@pytest.fixture(scope="module")
def book() -> TermColumns:
    random = Random(5)
    return from_sheets([drawn(random, longest=24) for _ in range(500)])


@pytest.fixture
def threads() -> Iterator[None]:
    yield
    use_threads()


def test_level_payments_that_every_lender_prints() -> None:
    made = schedules(
        term_columns(
            amount=[100_000_00, 200_000_00, 100_000_00, 20_000_00],
            annual_rate=[0.06, 0.065, 0.08, 0.05],
            payments=[360, 360, 180, 60],
            start=START,
        )
    )
    assert made.payment[:, 0].tolist() == [599_55, 1264_14, 955_65, 377_42]
    assert made.closing[0, 59] == pytest.approx(93_054_36, abs=30), "published, its payment not rounded"
    assert [made.closing[row, count - 1] for row, count in enumerate(made.payments)] == [0, 0, 0, 0]


def test_equal_principal_by_hand() -> None:
    # 1,000.00 in three parts: 333.33 twice and the rest; 1 % a month on 1000.00, 666.67, 333.34
    made = schedules(
        term_columns(
            amount=1_000_00, annual_rate=0.12, payments=3, start=START, amortisation="equal-principal"
        )
    )
    assert made.principal[0].tolist() == [333_33, 333_33, 333_34]
    assert made.interest[0].tolist() == [10_00, 6_67, 3_33]


def test_balloon_interest_only_bullet_and_flat_by_hand() -> None:
    made = schedules(
        term_columns(
            amount=10_000_00,
            annual_rate=0.12,
            payments=2,
            start=START,
            amortisation=["balloon", "interest-only", "bullet", "annuity"],
            balloon=[4_000_00, 0, 0, 0],
            method=["declining"] * 3 + ["flat"],
        )
    )
    # 6,000 amortises at 1 %: 6000 / 2.01 = 2985.07; with 100 of interest 3085.07
    assert made.payment[0].tolist() == [3085_07, 3085_08 + 4_000_00]
    assert made.principal[1:3].tolist() == [[0, 10_000_00]] * 2
    assert made.interest[1:3].tolist() == [[100_00, 100_00], [0, 200_00]]
    assert made.payment[3].tolist() == [5_100_00, 5_100_00]
    assert made.interest[3].tolist() == [100_00, 100_00]


def test_due_dates_keep_to_the_month_s_end_and_move_to_business_days() -> None:
    terms = term_columns(
        amount=100, annual_rate=0.1, payments=4, start=START, roll=["none", "following"], calendar="weekends"
    )
    made = periods(terms)
    days = made.due[made.timetable].astype(str).tolist()
    assert days[0] == ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]
    assert days[1] == ["2024-02-29", "2024-04-01", "2024-04-30", "2024-05-31"]


def test_blocks_threads_and_order_change_nothing(book: TermColumns, threads: None) -> None:
    whole = schedules(book)
    for rows, part in blocks(book, 64):
        assert np.array_equal(part.principal, whole.principal[rows])
        assert np.array_equal(part.closing, whole.closing[rows])
    turned = np.arange(len(book))[::-1].copy()
    assert np.array_equal(schedules(take(book, turned)).interest, whole.interest[turned])
    use_threads(1)
    assert np.array_equal(schedules(book).interest, whole.interest)


def test_what_is_lent_is_repaid_and_no_balance_lies_below_nothing(book: TermColumns) -> None:
    made = schedules(book)
    agreed = book.are("last_instalment", "as-agreed")
    assert np.array_equal(made.principal.sum(axis=1)[~agreed], made.amount[~agreed])
    assert made.closing.min() >= 0
    assert made.principal.min() >= 0


@pytest.mark.parametrize(
    ("change", "row", "words"),
    [
        ({"amount": [100, 0]}, 2, "row 2, field amount: expected 1 to"),
        ({"payments": [1, 1201]}, 2, "field payments: expected 1 to 1200, was '1201'"),
        ({"annual_rate": [0.1, 101.0]}, 2, "field annual_rate"),
        ({"amortisation": ["annuity", "seasonal"]}, 2, "field amortisation: expected one of annuity"),
        (
            {"method": "interest-first"},
            1,
            "field method: expected one of declining, flat, as columns know no",
        ),
        ({"amortisation": "balloon"}, 1, "field balloon: expected an amount"),
        ({"balloon": [0, 20_000]}, 2, "field balloon: expected less than the amount"),
        ({"rounding": ["half-even", "nearest"]}, 2, "field rounding: expected one of half-even"),
        ({"every": ["1m", "monthly"]}, 2, "field every: expected a period like 1m"),
        ({"every": "2w", "due_day": 5}, 1, "field due_day: expected no day of the month"),
        ({"first": ["2024-02-29", "2024-01-31"]}, 2, "field first: expected a due date after the start"),
        ({"roll": "following"}, 1, "field roll: expected none without a calendar"),
        ({"last_instalment": "as-agreed"}, 1, "field last_instalment: expected an agreed instalment"),
        ({"principal_grace": [0, 12]}, 2, "field principal_grace: expected fewer instalments"),
        (
            {"amortisation": "bullet", "last_instalment": "equalised"},
            1,
            "field last_instalment: expected rest",
        ),
        ({"amount": 2**53 - 1}, 1, "field amount: expected interest and amount"),
        ({"every": "1y", "payments": 300}, 1, "field payments: expected due dates until 2199"),
        ({"every": "1y", "payments": 170, "annual_rate": 50.0}, 1, "field annual_rate: expected a debt"),
    ],
)
def test_terms_are_refused_by_row_and_field(change: dict[str, object], row: int, words: str) -> None:
    good = {"amount": 10_000, "annual_rate": 0.1, "payments": 12, "start": START}
    schedules(term_columns(**good))
    with pytest.raises((UsageError, ArgumentError)) as refused:
        term_columns(**(good | change))
    assert words in str(refused.value)
    assert refused.value.row in (row, None if row == 1 else row)


def test_two_instalments_on_one_business_day_are_refused_by_row() -> None:
    terms = term_columns(
        amount=10_000,
        annual_rate=0.1,
        payments=10,
        start=START,
        every=["1m", "1d"],
        roll="following",
        calendar="weekends",
    )
    with pytest.raises(
        UsageError, match="row 2, field roll: expected instalments on different business days"
    ):
        schedules(terms)
