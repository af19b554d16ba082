"""Workbooks and Parquet: sheets, cells of every kind, columns of every type."""

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from loantwin.book.tape import Tape, check, read_tape
from loantwin.errors import TapeError

xlsxwriter = pytest.importorskip("xlsxwriter", reason="the extra 'excel' writes the workbooks")

Read = Callable[..., Tape]

OWN = """
name = "own"
{file}
[columns]
loan_id = "Loan"
product = {{ constant = "instalment" }}
origination_date = {{ source = "Start", formats = ["%d.%m.%Y"] }}
originated_amount = "Amount"
annual_rate = {{ source = "Rate", unit = "percent" }}
"""
NAMES = ["Loan", "Start", "Amount", "Rate"]


def workbook(sheets: dict[str, list[list[Any]]], top: int = 0, left: int = 0) -> bytes:
    """Return a workbook; dates as dates, texts that begin with = as formulas without a value."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for place, row in enumerate(rows):
            for column, cell in enumerate(row):
                where = (top + place, left + column)
                if isinstance(cell, dt.date):
                    sheet.write_datetime(*where, dt.datetime(cell.year, cell.month, cell.day), day)
                elif isinstance(cell, str) and cell.startswith("="):
                    sheet.write_formula(*where, cell, None, "")
                elif cell is not None:
                    sheet.write(*where, cell)
    book.close()
    return made.getvalue()


def own(file: str = "") -> str:
    return OWN.format(file=file)


ROW = ["A", dt.date(2020, 2, 1), 1000.5, 4]


def test_a_table_may_begin_anywhere_in_its_sheet(read_own: Read) -> None:
    for top, left in ((0, 0), (3, 0), (0, 2), (5, 3)):
        tape = read_own(own(), workbook({"S": [NAMES, ROW]}, top, left), "t.xlsx")
        assert tape.loans.select("loan_id", "origination_date", "originated_amount").rows() == [
            ("A", dt.date(2020, 2, 1), 1000.5)
        ]


def test_texts_and_dates_stand_in_one_column(read_own: Read) -> None:
    rows = [NAMES, ROW, ["B", "15.06.2019", 2, 4], ["C", 43831, 3, 4]]
    tape = read_own(own(), workbook({"S": rows}), "t.xlsx")
    assert tape.loans["origination_date"].to_list() == [dt.date(2020, 2, 1), dt.date(2019, 6, 15)]
    assert tape.quarantine.select("loan_id", "rule").rows() == [
        ("C", "unparsable_date")
    ]  # a number is no date


def test_cells_in_error_and_flags_are_refused_as_their_texts(read_own: Read) -> None:
    rows = [NAMES, ROW, ["B", *ROW[1:2], True, 4], ["C", *ROW[1:2], "=1/0", 4], ["D", *ROW[1:2], 2, "n/a"]]
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet()
    for place, row in enumerate([NAMES, ["A", "01.02.2020", 1, 4], ["B", "01.02.2020", 2, 4]]):
        sheet.write_row(place, 1, row)
    sheet.write_formula(2, 3, "=1/0", None, "#DIV/0!")
    book.close()
    tape = read_own(own(), made.getvalue(), "t.xlsx")
    assert tape.quarantine.select("loan_id", "field", "rule", "raw").rows() == [
        ("B", "originated_amount", "unparsable_number", "B|01.02.2020|#DIV/0!|4")
    ]
    assert any("#DIV/0! 1" in said for said in check(tape).statements)
    tape = read_own(own(), workbook({"S": rows}), "t.xlsx")
    assert tape.quarantine.select("loan_id", "rule").rows() == [
        ("B", "unparsable_number"),
        ("C", "unparsable_number"),
        ("D", "unparsable_number"),
    ]
    assert any("1 formulas have no value, the first in C4" in said for said in check(tape).statements)


def test_the_sheet_with_the_columns_is_read(read_own: Read) -> None:
    other = [["Read me"], ["Loans of My Bank"]]
    tape = read_own(own(), workbook({"Info": other, "Loans": [NAMES, ROW]}), "t.xlsx")
    assert tape.loans["loan_id"].to_list() == ["A"]
    assert "sheet 'Loans' of Info, Loans" in check(tape).statements


def test_of_several_fitting_sheets_the_mapping_names_one(read_own: Read) -> None:
    book = workbook({"2019": [NAMES, ROW], "2020": [NAMES, ["B", *ROW[1:]]]})
    with pytest.raises(
        TapeError, match="field sheet: expected `sheet` in the mapping to name one of the sheets 2019, 2020"
    ):
        read_own(own(), book, "t.xlsx")
    assert read_own(own('sheet = "2020"'), book, "t.xlsx").loans["loan_id"].to_list() == ["B"]
    with pytest.raises(TapeError, match="expected one of the sheets 2019, 2020, was '2021'"):
        read_own(own('sheet = "2021"'), book, "t.xlsx")


def test_a_sheet_without_names(read_own: Read) -> None:
    tape = read_own(own(f"header = {NAMES}"), workbook({"S": [ROW, ["B", *ROW[1:]]]}), "t.xlsx")
    assert tape.loans["loan_id"].to_list() == ["A", "B"]
    tape = read_own(own("header_row = 2"), workbook({"S": [["x"], NAMES, ROW]}), "t.xlsx")
    assert tape.loans["loan_id"].to_list() == ["A"]


def test_empty_rows_of_a_sheet_are_no_rows(read_own: Read) -> None:
    rows = [NAMES, ROW, [None] * 4, ["B", ROW[1], "x", 4], [None] * 4]
    tape = read_own(own(), workbook({"S": rows}), "t.xlsx")
    assert (tape.rows_read, tape.quarantine["row"].to_list()) == (2, [3])


@pytest.mark.parametrize("tape", ["xl_title.xlsx", "xl_merged.xlsx"])
def test_title_and_merged_rows(cases: Path, tape: str) -> None:
    case = cases / "F06-excel-title-merged"
    found = check(read_tape(case / tape, case / "xl.toml"))
    assert (found.loans, found.rejected) == (3, 0)
    assert (found.totals["originated"], found.totals["balance"]) == (92_000.0, 78_000.0)


def test_mixed_dates_and_a_missing_balance(cases: Path) -> None:
    case = cases / "F07-excel-mixed-dates"
    tape = read_tape(case / "xl_mixed.xlsx", case / "xl.toml")
    assert tape.loans["origination_date"].to_list() == [dt.date(2019, 2, 28), dt.date(2019, 6, 15)]
    assert tape.quarantine.select("loan_id", "field", "rule").rows() == [
        ("A-3", "principal", "missing_value")
    ]
    assert check(tape).totals["balance"] == 28_000.0


@pytest.mark.parametrize(("tape", "refused"), [("err.xlsx", 20), ("formula0.xlsx", 20), ("bool.xlsx", 5)])
def test_amounts_that_are_errors_flags_or_never_calculated(cases: Path, tape: str, refused: int) -> None:
    case = cases / "H05-excel-errors"
    found = check(read_tape(case / tape, case / "outcomes.toml"))
    assert found.rejections == {"unparsable_number": refused}
    assert found.accepted_rows == 40 - refused


PARQUET = 'name = "own"\n[columns]\nloan_id = "loan_id"\nproduct = { constant = "mortgage" }\n'


@pytest.mark.parametrize("kind", ["list", "time", "duration", "binary"])
def test_parquet_columns_of_other_types(cases: Path, tmp_path: Path, kind: str) -> None:
    tape = cases / f"H07-parquet-types/{kind}.parquet"
    (tmp_path / "own.toml").write_text(PARQUET, encoding="utf-8")
    assert read_tape(tape, tmp_path / "own.toml").loans["loan_id"].to_list() == ["A"]
    (tmp_path / "own.toml").write_text(PARQUET + 'originated_amount = "x"\n', encoding="utf-8")
    with pytest.raises(
        TapeError, match=rf"{kind}\.parquet: expected a column of texts, numbers or dates, was .x of type"
    ):
        read_tape(tape, tmp_path / "own.toml")


def test_parquet_columns_of_every_plain_type(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "loan_id": pl.Series(["a", "b"], dtype=pl.Categorical),
            "amount": pl.Series(["1000.25", "2000"]).cast(pl.Decimal(12, 2)),
            "start": pl.Series([dt.datetime(2020, 1, 31, 12, 30), None], dtype=pl.Datetime("us", "UTC")),
            "term": pl.Series([36, 48], dtype=pl.UInt8),
            "line": [True, False],
            "nothing": [None, None],
            "bag": [{"x": 1}, {"x": 2}],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    (tmp_path / "own.toml").write_text(
        'name = "own"\n[columns]\nloan_id = "loan_id"\noriginated_amount = "amount"\nterm_months = "term"\n'
        'origination_date = { source = "start", formats = ["%d.%m.%Y"] }\nscore = "nothing"\n'
        'product = { source = "line", values = { true = "revolving", false = "mortgage" } }\n',
        encoding="utf-8",
    )
    loans = read_tape(tmp_path / "t.parquet", tmp_path / "own.toml").loans
    names = ("loan_id", "originated_amount", "term_months", "origination_date", "product", "score")
    assert loans.select(names).rows() == [
        ("a", 1000.25, 36, dt.date(2020, 1, 31), "revolving", None),
        ("b", 2000.0, 48, None, "mortgage", None),
    ]


@pytest.mark.parametrize("at", [0, 77, 199], ids=["first", "inside", "last"])
@pytest.mark.parametrize("text", ["15.06.2019", "2019-06-15"], ids=["as the mapping has it", "iso"])
def test_one_text_among_dates_spoils_no_column(read_own: Read, at: int, text: str) -> None:
    days = [dt.date(2020, 1, 1) + dt.timedelta(place) for place in range(200)]
    rows: list[list[Any]] = [[f"L{place}", day, 5, 4] for place, day in enumerate(days)]
    rows[at][1] = text
    tape = read_own(own(), workbook({"S": [NAMES, *rows]}), "t.xlsx")
    days[at] = dt.date(2019, 6, 15)
    assert tape.loans["origination_date"].to_list() == days
    rows[at][1] = "soon"
    tape = read_own(own(), workbook({"S": [NAMES, *rows]}), "t.xlsx")
    assert tape.quarantine.select("row", "rule").rows() == [(at + 1, "unparsable_date")]
    assert tape.loans["origination_date"].to_list() == [*days[:at], *days[at + 1 :]]


WHO = own("segment_by = []") + 'borrower_id = "Who"\nregion = "Region"\n'


def test_formulas_without_a_value_are_refused_wherever_they_are_read(read_own: Read) -> None:
    """As a program writes them that calculates nothing: the formula's own words are no name of a borrower."""
    good = ["ann", "north"]
    rows = [
        [*NAMES, "Who", "Region", "Unread"],
        ["A", *ROW[1:], *good, "=Z1"],
        ["=A9", *ROW[1:], *good],
        ["C", "=TODAY()", *ROW[2:], *good],
        ["D", ROW[1], "=1+1", ROW[3], *good],
        ["E", *ROW[1:], "=X1", "=Y1"],
        ["F", *ROW[1:], *good],
    ]
    for top, left in ((0, 0), (3, 2)):
        tape = read_own(WHO, workbook({"S": rows}, top, left), "t.xlsx")
        assert tape.loans["loan_id"].to_list() == ["A", "F"]
        assert tape.quarantine.select("row", "field", "rule").rows() == [
            (2, "loan_id", "formula_without_value"),
            (3, "origination_date", "unparsable_date"),
            (4, "originated_amount", "unparsable_number"),
            (5, "borrower_id", "formula_without_value"),
            (5, "region", "formula_without_value"),
        ]
        assert any("formulas have no value" in said for said in check(tape).statements)


def test_formulas_with_values_and_texts_that_look_like_formulas_are_read(read_own: Read) -> None:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet("S")
    sheet.write_row(0, 0, [*NAMES, "Who", "Region"])
    for row in (1, 2):
        sheet.write_formula(row, 0, f'="L"&{row}', None, f"L{row}")
        sheet.write_string(row, 1, "01.02.2020")
        sheet.write_formula(row, 2, "=500+500", None, 1000)
        sheet.write_number(row, 3, 4)
        sheet.write_string(row, 4, "=no formula")
    book.close()
    # Programs that calculate nothing ask to be calculated when opened: a value of 0 is then none.
    loans = read_own(WHO, made.getvalue(), "t.xlsx").loans
    assert loans.select("loan_id", "originated_amount", "borrower_id").rows() == [
        ("L1", 1000.0, "=no formula"),
        ("L2", 1000.0, "=no formula"),
    ]
