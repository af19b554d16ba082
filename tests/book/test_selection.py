"""Tapes of finished loans alone are named; tapes with open loans are not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

import loantwin as lt
from loantwin.book.mapping import load_mapping
from loantwin.book.selection import LEAST_ENDED, NOT_ENDED, Selected, ended_by, finished_only, finished_words


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
    found = Selected(dt.date(2019, 12, 1), 200, 0, 0)
    assert finished_only(loans(0), mapping) == found
    assert finished_only(loans(4), mapping) == found
    assert finished_only(loans(5), mapping) is None
    assert finished_only(loans(0).head(49), mapping) is None
    # whose term had ended by then tell nothing of selection
    assert finished_only(loans(0).with_columns(term_months=pl.lit(12)), mapping) is None
    assert finished_words(loans(5), mapping) == ()


def with_ended(count: int) -> pl.DataFrame:
    """Return the finished loans beside some of 12 months, all ended at their term in January 2019."""
    ended = loans(0).head(1).with_columns(term_months=pl.lit(12), closed_date=dt.date(2019, 1, 1))
    return pl.concat([loans(0), *[ended.cast(loans(0).schema)] * count])


def test_loans_whose_term_has_ended_are_kept() -> None:
    mapping = load_mapping("lending-club")
    some = with_ended(LEAST_ENDED)
    found = finished_only(some, mapping)
    assert found is not None
    assert (found.running, found.ended, found.left_out) == (200, LEAST_ENDED, 200)
    assert found.kept_until == dt.date(2019, 12, 1)
    assert ended_by(some, found.kept_until)["term_months"].unique().to_list() == [12]
    assert f"keep the {LEAST_ENDED} loans" in finished_words(some, mapping)[1]
    # a loan without a term is of neither kind, and out with those whose term runs on
    odd = pl.concat(
        [some, some.head(1).with_columns(term_months=pl.lit(None, pl.Int32))], how="vertical_relaxed"
    )
    assert finished_only(odd, mapping) == Selected(found.end, 200, LEAST_ENDED, 1)


def test_too_few_ended_loans_leave_all_in_with_a_word() -> None:
    mapping = load_mapping("lending-club")
    found = finished_only(with_ended(LEAST_ENDED - 1), mapping)
    assert found is not None
    assert found.kept_until is None
    assert found.left_out == 0
    assert "keep all loans" in finished_words(with_ended(LEAST_ENDED - 1), mapping)[1]


def test_a_charge_off_dated_by_an_assumption_is_not_the_tapes_end() -> None:
    """Five loans charged off in 2020 by the rule of their last payment: payoffs are told until 2019-12."""
    mapping = load_mapping("lending-club")
    late = loans(0).head(5).with_columns(charge_off_date=dt.date(2020, 5, 1), closed_date=dt.date(2020, 5, 1))
    found = finished_only(pl.concat([loans(0), late]), mapping)
    assert found is not None
    assert found.end == dt.date(2019, 12, 1)


@pytest.mark.data
def test_the_tape_of_finished_loans_is_named(data: Path, tmp_path: Path) -> None:
    file = data / "lending_club/accepted_1000_finished.csv"
    words = "holds finished loans only"
    assert any(words in said for said in lt.tape_check(file, "lending-club").statements)
    lt.twin_create(tmp_path / "twin", file, "lending-club", "2016-12-31")
    assert any(words in note for note in lt.fit(tmp_path / "twin").notes)
    assert not any(words in said for said in lt.tape_check(data / "sba/sba_block.csv.gz", "sba").statements)


@pytest.mark.data
def test_fit_and_backtest_keep_the_same_ended_loans_at_every_date(data: Path, tmp_path: Path) -> None:
    file = data / "lending_club/accepted_1000_finished.csv"
    lt.twin_create(tmp_path / "twin", file, "lending-club", "2016-12-31")
    fitted = lt.fit(tmp_path / "twin")
    # counted from the file itself: issued in a month, for 36 or 60, the last payoff in March 2019
    raw = pl.read_csv(file, infer_schema=False)
    start = raw["issue_d"].str.to_date("%b-%Y")
    due = start.dt.offset_by(raw["term"].str.extract(r"(\d+)") + "mo")
    running = int((due > dt.date(2019, 3, 31)).sum())
    assert fitted.left_out == {NOT_ENDED: running}
    with lt.open(tmp_path / "twin") as twin:
        loans = [
            set(twin.at(day).of_ended_vintages().tables.loans["loan_id"])
            for day in (dt.date(2015, 12, 31), dt.date(2016, 12, 31))
        ]
        assert loans[0] == loans[1]
        assert len(loans[0]) == 1000 - running
        kept = twin.of_ended_vintages()
        assert kept.of_ended_vintages() is kept
        assert twin.book.loans.height == 501  # the book is the lender's, ended or not
    made = lt.backtest(tmp_path / "twin", "2016-12-31", horizons=[12], paths=50)
    assert made.left_out == fitted.left_out
    assert made.origins[0].loans < 501
    assert lt.forecast(tmp_path / "twin", months=12, paths=50).opening_balance > 0
