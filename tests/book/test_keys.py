"""Loan numbers: repeated with the same row or another, damaged as floating point, or made of the row."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from loantwin.book.keys import passed_through_floats
from loantwin.book.tape import Tape, check, read_tape
from loantwin.errors import MappingError

Read = Callable[..., Tape]

PANEL = """
name = "own"
kind = "panel"
[columns]
loan_id = "No"
product = { constant = "mortgage" }
[panel]
report_date = { source = "Month", formats = ["%Y-%m-%d"] }
principal = "Owed"
days_past_due = "DPD"
"""
SNAPSHOT = (
    'name = "own"\n[columns]\nloan_id = {loan}\nproduct = {{ constant = "mortgage" }}\noriginated_amount = '
    '"A"\n'
)


def test_a_loan_month_told_twice_is_told_from_one_that_differs(read_own: Read) -> None:
    rows = [
        "1,2020-01-31,9,0,x",
        "1,2020-01-31,9,0,x",
        "1,2020-01-31,8,0,x",
        "1,2020-01-31,9,0,y",
        "2,2020-01-31,9,0,x",
    ]
    tape = read_own(PANEL, "No,Month,Owed,DPD,Other\n" + "\n".join(rows) + "\n")
    assert tape.quarantine.select("row", "rule").rows() == [
        (2, "duplicate_row"),
        (3, "duplicate_id"),
        (4, "duplicate_id"),  # it differs in a column that nobody reads
    ]
    assert tape.loan_months == 2


def test_repeats_of_real_loans(data: Path, tmp_path: Path) -> None:
    """217 loan-months stand twice, of which 84 to the letter; damaged numbers are said as that."""
    text = PANEL.replace('"No"', '"assetNumber"').replace('"Month"', '"reportingPeriodEndingDate"')
    text = text.replace('"Owed"', '"reportingPeriodActualEndBalanceAmount"').replace(
        '"DPD"', '"currentDelinquencyStatus"'
    )
    loan = '{ source = "assetNumber", beside = "securitizationKey" }'  # unique only within a trust
    (tmp_path / "own.toml").write_text(text.replace('"assetNumber"', loan), encoding="utf-8")
    found = check(read_tape(data / "abs_auto_2017/abs_auto_2017.csv.gz", tmp_path / "own.toml"))
    assert (found.rejections["duplicate_row"], found.rejections["duplicate_id"]) == (84, 133)


def test_numbers_damaged_on_their_way_are_no_duplicates(data: Path, tmp_path: Path) -> None:
    tape = data / "world_omni_auto/world_omni_2020-07.csv.gz"
    mapping = SNAPSHOT.replace('"A"', '"originalLoanAmount"')
    (tmp_path / "own.toml").write_text(mapping.format(loan='"assetNumber"'), encoding="utf-8")
    found = check(read_tape(tape, tmp_path / "own.toml"))
    assert found.rejections == {"damaged_id": 5413}
    said = next(said for said in found.statements if "floating point" in said)
    assert "(column assetNumber)" in said
    assert "998989999995726080 stands 17 times" in said
    (tmp_path / "own.toml").write_text(mapping.format(loan="{ number_rows = true }"), encoding="utf-8")
    loans = read_tape(tape, tmp_path / "own.toml").loans
    assert (loans.height, loans["loan_id"][0], loans["loan_id"][-1]) == (7572, "row 1", "row 7572")


@pytest.mark.parametrize(
    ("ids", "damaged"),
    [
        (["998989999995726080", "998989999995727104"], True),
        (["1234567890123450000", "1234567890123460000"], True),  # a spreadsheet keeps fifteen digits
        (["9.98990E+17", "9.98990E+17"], True),
        (["998989999995726081", "998989999995727104"], False),  # the first is no number floating point holds
        (["1234567890123456", "1234567890123457"], False),
        (["998989999995726080", "A-1"], False),
        (["12", "13"], False),
        ([], False),
    ],
)
def test_long_numbers_that_floating_point_holds(ids: list[str], damaged: bool) -> None:
    assert passed_through_floats(pl.Series(ids, dtype=pl.String)) is damaged


def test_rows_are_numbered_only_where_no_number_is(read_own: Read) -> None:
    tape = read_own(SNAPSHOT.format(loan="{ number_rows = true }"), "A\n1\n\n3\n")
    assert tape.loans["loan_id"].to_list() == ["row 1", "row 3"]
    with pytest.raises(MappingError, match="number_rows"):
        read_own(SNAPSHOT.format(loan='{ source = "A", number_rows = true }'), "A\n1\n")
    with pytest.raises(MappingError, match="number_rows"):
        read_own(
            PANEL.replace('loan_id = "No"', "loan_id = { number_rows = true }"),
            "Month,Owed,DPD\n2020-01-31,1,0\n",
        )
