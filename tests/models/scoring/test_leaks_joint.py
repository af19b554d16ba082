"""Leaks that no column shows alone: amounts that tell only beside others, and parts of a suspected sum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from loantwin.models.scoring.look import look_for_leaks
from loantwin.models.scoring.sample import sample_of
from loantwin.models.scoring.table import from_frame, read_table

from .conftest import cases


def repaid(rows: int = 2000) -> pl.DataFrame:
    frame = cases(rows)
    bad = (frame["end"] == "default").to_numpy()
    random = np.random.default_rng(5)
    lent = random.integers(10, 400, rows) * 100.0
    principal = np.where(bad, lent * random.uniform(0.2, 0.9, rows), lent).round(2)
    interest = (principal * random.uniform(0.05, 0.3, rows)).round(2)
    return frame.with_columns(
        pl.Series("lent", lent),
        pl.Series("principal", principal),
        pl.Series("interest", interest),
        pl.Series("paid", principal + interest),
        pl.Series("rate", random.uniform(0.05, 0.3, rows)),
    )


def test_what_is_known_only_together_is_named_and_what_stands_beside_it_is_not() -> None:
    found = look_for_leaks(sample_of(from_frame(repaid()), "end", "paid"))
    assert {item.column for item in found.leaks} == {"principal", "interest", "paid"}
    assert (
        "with other columns it orders cases" in {item.column: item.why for item in found.leaks}["principal"]
    )
    assert {"lent", "rate", "age", "income", "home"} <= set(found.names)


def test_strong_honest_columns_are_not_named() -> None:
    frame = cases(2000)
    bad = (frame["end"] == "default").to_numpy()
    random = np.random.default_rng(6)
    strong = {f"s{place}": random.normal(size=2000) - 0.9 * bad for place in range(12)}
    found = look_for_leaks(sample_of(from_frame(frame.with_columns(**{
        name: pl.Series(values) for name, values in strong.items()
    })), "end", "paid"))  # fmt: skip
    assert found.leaks == ()


def test_with_a_time_the_judged_rows_choose_no_feature() -> None:
    frame = cases(2000)
    bad = (frame["end"] == "default").to_numpy()
    day = np.datetime64("2001-01-01") + np.arange(2000).astype("timedelta64[D]")
    late = np.where((np.arange(2000) >= 1500) & bad, 1.0, 0.0)
    table = from_frame(frame.with_columns(pl.Series("day", day), pl.Series("late", late)))
    assert look_for_leaks(sample_of(table, "end", "paid", time="day"), time="day").leaks == ()


def test_a_column_filled_only_in_rows_of_one_class_is_named() -> None:
    frame = cases(2000)
    bad = np.flatnonzero((frame["end"] == "default").to_numpy())[:30]
    settled = np.full(2000, None, dtype=object)
    settled[bad] = "yes"
    some = settled.copy()
    some[(frame["end"] == "paid").to_numpy().nonzero()[0][:1]] = "yes"
    table = from_frame(frame.with_columns(
        pl.Series("settled", settled.tolist(), dtype=pl.String), pl.Series("some", some.tolist(),
    dtype=pl.String) ))  # fmt: skip
    found = look_for_leaks(sample_of(table, "end", "paid"))
    assert [(item.column, item.why) for item in found.leaks] == [
        ("settled", "it has a value in 30 rows, all of them bad")
    ]


FILES = {
    "german": ("german_credit/german.data", "21", "1", ()),
    "australian": ("scoring/australian.csv", "class", "1", ()),
    "crx": ("scoring/crx_credit_approval.csv", "A16", "+", ()),
    "credit_data": ("scoring/credit_data_modeldata.csv", "Status", "good", ()),
    "aer": ("scoring/aer_creditcard.csv", "card", "yes", ("expenditure", "share")),
    "loanapp": ("scoring/wooldridge_loanapp.csv", "approve", "1", ("action", "reject")),
}


@pytest.mark.data
@pytest.mark.parametrize("name", FILES)
def test_real_files_have_the_leaks_they_are_known_for(data: Path, name: str) -> None:
    file, target, good, wanted = FILES[name]
    found = look_for_leaks(sample_of(read_table(data / file), target, good))
    assert tuple(sorted(item.column for item in found.leaks)) == wanted


@pytest.mark.data
def test_amounts_paid_on_finished_loans_are_named(data: Path) -> None:
    table = read_table(data / "lending_club/accepted_1000_finished.csv")
    found = {item.column for item in look_for_leaks(sample_of(table, "loan_status", "Fully Paid")).leaks}
    paid = {"total_pymnt", "total_pymnt_inv", "total_rec_prncp", "total_rec_int", "total_rec_late_fee"}
    assert found >= paid | {
        "recoveries",
        "collection_recovery_fee",
        "last_pymnt_amnt",
        "last_fico_range_high",
    }
    assert not found & {
        "loan_amnt",
        "funded_amnt",
        "int_rate",
        "installment",
        "term",
        "grade",
        "fico_range_low",
    }
