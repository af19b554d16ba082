"""Contractual flows summed into months: against each loan's own schedule, and in little memory."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from random import Random

import numpy as np
import pytest

from loantwin.errors import ArgumentError
from loantwin.months import anchor_day, month_of
from loantwin.products.columns import schedules as under_test
from loantwin.products.columns.schedules import monthly
from loantwin.products.columns.sheets import from_sheets
from loantwin.products.columns.terms import term_columns
from loantwin.products.instalments import instalments
from loantwin.products.term_sheet import TermSheet
from tests.products.columns.drawn import drawn

MONTHS = 30


def by_loan(sheets: list[TermSheet], as_of: dt.date, keys: list[int]) -> dict[int, np.ndarray]:
    """Return principal, interest, lent and closing balance of each group and month, (groups, MONTHS, 4)."""
    anchor, found = (
        anchor_day(as_of),
        {key: np.zeros((MONTHS, 4), dtype=np.int64) for key in sorted(set(keys))},
    )
    now = month_of(as_of, anchor)
    for sheet, key in zip(sheets, keys, strict=True):
        rows, start = instalments(sheet), month_of(sheet.start, anchor) - now
        for month in range(1, MONTHS + 1):
            into = found[key][month - 1]
            within = [row for row in rows if month_of(row.due, anchor) - now == month]
            into[0] += sum(row.principal for row in within)
            into[1] += sum(row.interest for row in within)
            into[2] += rows[0].opening if start == month else 0
            if start <= month:
                before = [row.closing for row in rows if month_of(row.due, anchor) - now <= month]
                into[3] += before[-1] if before else rows[0].opening
    return found


@pytest.mark.parametrize("as_of", [dt.date(2022, 6, 30), dt.date(2021, 2, 15), dt.date(2019, 1, 1)])
def test_sums_are_those_of_each_loan_s_schedule(as_of: dt.date, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "BLOCK", 37)
    random = Random(as_of.day)
    sheets = [drawn(random, longest=24) for _ in range(150)]
    keys = [random.choice([3, 7]) for _ in sheets]
    made, wanted = monthly(from_sheets(sheets), as_of, MONTHS, np.array(keys)), by_loan(sheets, as_of, keys)
    assert made.group.tolist() == [3, 7]
    for place, key in enumerate(made.group):
        stated = (made.principal, made.interest, made.lent, made.balance[:, 1:])
        assert np.array_equal(np.stack([part[place] for part in stated], axis=1), wanted[key])
    assert np.array_equal(np.diff(made.balance), made.lent - made.principal)


def test_a_month_ends_on_the_as_of_date_s_day() -> None:
    # due on 15 March and 15 April; a month from 15 February ends on 15 March, one from the 14th a day before
    terms = term_columns(amount=100_00, annual_rate=0.0, payments=2, start=dt.date(2024, 2, 15))
    assert monthly(terms, dt.date(2024, 2, 15), 3).principal.tolist() == [[50_00, 50_00, 0]]
    assert monthly(terms, dt.date(2024, 2, 14), 3).principal.tolist() == [[0, 50_00, 50_00]]
    assert monthly(terms, dt.date(2024, 2, 14), 3).lent.tolist() == [[100_00, 0, 0]]
    assert monthly(terms, dt.date(2024, 3, 15), 3).balance.tolist() == [[50_00, 0, 0, 0]]


def test_no_schedule_is_held() -> None:
    count, months = 200_000, 60
    start = np.datetime64("2020-01-31") + np.arange(count) % 1000
    terms = term_columns(amount=1_000_00, annual_rate=0.08, payments=months, start=start)
    as_of = dt.date(2022, 6, 30)
    monthly(term_columns(amount=1, annual_rate=0.1, payments=1, start=start[:1]), as_of, 1)
    tracemalloc.start()
    try:
        made = monthly(terms, as_of, months)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert made.balance[0, 0] > 0
    assert peak < 8 * count * months / 2, "less than half of one whole number a loan and month"


def test_keys_of_another_length_are_refused() -> None:
    terms = term_columns(amount=[1, 2], annual_rate=0.1, payments=1, start=dt.date(2024, 1, 1))
    with pytest.raises(ArgumentError, match="group"):
        monthly(terms, dt.date(2024, 1, 1), 1, np.array([1]))
