"""A table in memory is a tape: read as the file of the same rows is."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

import loantwin as lt
from loantwin.errors import TapeError


@pytest.fixture(scope="module")
def raw(lender):
    return pl.read_csv(lender / "tape.csv", separator=";", infer_schema=False)


def test_a_polars_table_of_texts_reads_as_the_file_does(lender, raw):
    mapping = str(lender / "mapping.toml")
    wanted, found = lt.tape_check(lender / "tape.csv", mapping), lt.tape_check(raw, mapping)
    assert (found.rows_read, found.loans, found.rejected) == (wanted.rows_read, wanted.loans, 0)
    assert found.totals == wanted.totals
    assert found.loan_count_by_status == wanted.loan_count_by_status


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_typed_columns_are_taken_as_they_are_and_missing_ones_stay_missing(oracle, tmp_path, library):
    rows = {
        "id": ["A", "B", "C"],
        "lent": [1000.0, 2000.5, 300.0],
        "rate": [0.05, None, 0.08],
        "opened": [date(2020, 1, 31), date(2020, 2, 29), date(2021, 5, 1)],
        "months": [12, 24, 36],
    }
    table = oracle(library).DataFrame(rows)
    mapping = tmp_path / "mine.toml"
    mapping.write_text(
        'name = "mine"\nkind = "snapshot"\ncurrency = "EUR"\nas_of = 2021-12-31\nobserves = ["balance"]\n'
        '[columns.loan_id]\nsource = "id"\n[columns.principal]\nsource = "lent"\n'
        '[columns.annual_rate]\nsource = "rate"\n[columns.origination_date]\nsource = "opened"\n'
        'formats = ["%Y-%m-%d"]\n'
        '[columns.term_months]\nsource = "months"\n[columns.product]\nconstant = "instalment"\n'
    )
    found = lt.tape_check(table, mapping)
    assert (found.rows_read, found.rejected) == (3, 0)
    assert found.totals["balance"] == pytest.approx(3300.5)
    made = lt.twin_create(tmp_path / "twin", table, mapping, "2021-12-31")
    assert made.as_of == date(2021, 12, 31)
    with lt.open(tmp_path / "twin") as twin:
        loans = twin.known_loans.sort("loan_id")
        assert loans["annual_rate"].to_list() == [0.05, None, 0.08]
        assert loans["origination_date"].to_list() == rows["opened"]
        assert twin.provenance()["source"] == "DataFrame.parquet"


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(TapeError, match="expected a file, or a Polars or pandas DataFrame, was 'list'"):
        lt.tape_check([1, 2], "sba")
