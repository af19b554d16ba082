"""Tapes of finished loans alone are named; tapes with open loans are not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

import loantwin as lt
from loantwin.book.mapping import load_mapping
from loantwin.book.selection import finished_only, finished_words


def loans(still_open: int) -> pl.DataFrame:
    """Return 200 loans of 36 months made in 2018, all but some paid off during 2019."""
    count = 200
    closed = [dt.date(2019, 1 + number % 12, 1) for number in range(count)]
    return pl.DataFrame(
        {
            "origination_date": [dt.date(2018, 1, 1)] * count,
            "term_months": [36] * count,
            "closed_date": pl.Series([None] * still_open + closed[still_open:], dtype=pl.Date),
            "charge_off_date": pl.Series([None] * count, dtype=pl.Date),
        }
    )


def test_a_tape_without_open_loans_is_selected_on_its_outcome() -> None:
    mapping = load_mapping("lending-club")
    assert finished_only(loans(0), mapping) == (200, dt.date(2019, 12, 1))
    assert finished_only(loans(4), mapping) == (200, dt.date(2019, 12, 1))
    assert finished_only(loans(5), mapping) is None
    assert finished_only(loans(0).head(49), mapping) is None
    # whose term had ended by then tell nothing of selection
    assert finished_only(loans(0).with_columns(term_months=pl.lit(12)), mapping) is None
    assert finished_words(loans(5), mapping) == ()


@pytest.mark.data
def test_the_tape_of_finished_loans_is_named(data: Path, tmp_path: Path) -> None:
    file = data / "lending_club/accepted_1000_finished.csv"
    words = "holds finished loans only"
    assert any(words in said for said in lt.tape_check(file, "lending-club").statements)
    lt.twin_create(tmp_path / "twin", file, "lending-club", "2016-12-31")
    assert any(words in note for note in lt.fit(tmp_path / "twin").notes)
    assert not any(words in said for said in lt.tape_check(data / "sba/sba_block.csv.gz", "sba").statements)
