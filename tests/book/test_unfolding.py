"""Files of a few kilobytes that would fill any memory, and headers of a hundred thousand columns."""

import gzip
import io
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from loantwin.book.tape import Tape, read_tape
from loantwin.book.unfolding import ods_block, xlsb_block, xlsx_block
from loantwin.errors import InputError, TapeError

xlsxwriter = pytest.importorskip("xlsxwriter", reason="the extra 'excel' writes the workbooks")

Read = Callable[..., Tape]

OWN = """
name = "own"
[columns]
loan_id = "No"
product = { constant = "mortgage" }
originated_amount = "Amount"
"""
WIDE = 100_000
SECONDS = 10
"""Reading by the square of the columns takes minutes where this is the limit."""


def workbook(cells: dict[tuple[int, int], object]) -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet("Loans")
    for place, value in cells.items():
        sheet.write(*place, value)
    book.close()
    return made.getvalue()


TABLE: dict[tuple[int, int], object] = {(0, 0): "No", (0, 1): "Amount", (1, 0): "A", (1, 1): 5}


def rewritten(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(item.filename, change(item.filename, old.read(item)))
    return made.getvalue()


def understated(content: bytes, name: bytes) -> bytes:
    """Return an archive whose directory states 100 bytes for a member that unpacks to more."""
    raw = bytearray(content)
    place = raw.index(b"PK\x01\x02")
    while raw[place + 46 : place + 46 + len(name)] != name:
        place = raw.index(b"PK\x01\x02", place + 1)
    raw[place + 24 : place + 28] = struct.pack("<I", 100)
    return bytes(raw)


def test_one_stray_cell_at_the_end_of_a_sheet_is_refused(read_own: Read) -> None:
    # Laid out as a block, 5 kB are 17 thousand million cells: the reader's process would be ended.
    content = workbook({**TABLE, (1_048_575, 16_383): "x"})
    assert len(content) < 10_000
    with pytest.raises(
        TapeError, match=r"tape\.xlsx: expected at most 50,000,000 cells .*17,179,869,184"
    ) as was:
        read_own(OWN, content, "tape.xlsx")
    assert "save the table as CSV" in str(was.value)


def test_a_stray_cell_in_the_last_row_of_a_narrow_table_is_read(read_own: Read) -> None:
    tape = read_own(OWN, workbook({**TABLE, (200_000, 1): 7}), "tape.xlsx")
    assert tape.loans["originated_amount"].to_list() == [5.0]


def test_one_text_named_by_a_million_cells_is_refused(read_own: Read) -> None:
    row = '<row r="{0}"><c r="A{0}" t="s"><v>0</v></c><c r="B{0}"><v>1</v></c></row>'
    rows = "".join(row.format(number) for number in range(3, 150_003))

    def change(name: str, part: bytes) -> bytes:
        if name == "xl/sharedStrings.xml":
            return part.replace(b"<t>No</t>", b"<t>" + b"x" * 32_000 + b"</t>")
        return part.replace(b"</sheetData>", rows.encode() + b"</sheetData>")

    content = rewritten(workbook(TABLE), change)
    assert len(content) < 2_000_000
    with pytest.raises(TapeError, match=r"at most 4,294,967,296 bytes of text in a workbook's cells"):
        read_own(OWN, content, "tape.xlsx")


def test_a_workbook_that_unpacks_beyond_all_measure_is_refused(read_own: Read) -> None:
    def change(name: str, part: bytes) -> bytes:
        return (
            part.replace(b"</sheetData>", b"</sheetData>" + b" " * (300 << 20)) if "sheet1" in name else part
        )

    content = rewritten(workbook(TABLE), change)
    with pytest.raises(TapeError, match=r"tape\.xlsx: expected at most 268,435,456 bytes once unpacked"):
        read_own(OWN, content, "tape.xlsx")


def test_an_archive_that_states_less_than_it_holds_is_refused(read_own: Read) -> None:
    content = understated(workbook({**TABLE, (1, 2): "x" * 500}), b"xl/sharedStrings.xml")
    with pytest.raises(TapeError, match=r"bytes in xl/sharedStrings\.xml of a stated 100"):
        read_own(OWN, content, "tape.xlsx")


@pytest.mark.parametrize("form", ["gzip", "zip", "zip understated"])
def test_hundreds_of_megabytes_of_one_line_are_refused(read_own: Read, form: str) -> None:
    line = b"A,1\n" * (1 << 18)
    made = io.BytesIO()
    if form == "gzip":
        with gzip.GzipFile(fileobj=made, mode="wb") as file:
            for _ in range(300):
                file.write(line)
        content = made.getvalue()
    else:
        with (
            zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("tape.csv", "w") as member,
        ):
            for _ in range(300):
                member.write(line)
        content = made.getvalue() if form == "zip" else understated(made.getvalue(), b"tape.csv")
    words = r"tape\.zip: expected at most 268,435,456 bytes once unpacked, of [\d,]+ packed.*; if that"
    with pytest.raises(TapeError, match=words):
        read_own(OWN, content, "tape.zip")


def test_an_archive_of_too_many_files_is_refused_before_its_directory_is_read(read_own: Read) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(10_001):
            archive.writestr(str(number), b"")
    with pytest.raises(TapeError, match=r"at most 10,000 files in an archive, was '10,001'; unpack it"):
        read_own(OWN, made.getvalue(), "tape.zip")


def test_a_parquet_file_of_more_values_than_it_can_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tape.parquet"
    pl.DataFrame({"No": pl.repeat(1, 260_000_000, dtype=pl.Int8, eager=True)}).write_parquet(path)
    assert path.stat().st_size < 1_000_000
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    with pytest.raises(TapeError, match=r"tape\.parquet: expected at most 250,000,000 values in a file of"):
        read_tape(path, tmp_path / "own.toml")


def sheet(xml: str) -> tuple[int, int]:
    block, _ = xlsx_block(iter([xml.encode()]))
    return block.cells, block.written


@pytest.mark.parametrize(
    ("xml", "cells"),
    [
        ('<row r="2"><c r="B2"><v>1</v></c></row>', 4),
        ('<row r="2"><c s="1" r="AA2"/></row>', 54),
        ("<row r='2'><c\tr='ab3'/></row>", 84),
        ('<row r = "2"><c r = "C9"/></row>', 27),
        ('<x:row r="5"><x:c r="D5"/></x:row>', 20),
    ],
)
def test_a_block_is_told_from_the_places_of_its_cells(xml: str, cells: int) -> None:
    assert sheet(xml) == (cells, 1)


def test_cells_without_places_follow_each_other() -> None:
    wide, tall = "<c><v>1</v></c>" * 3_000, "<row><c><v>1</v></c></row>" * 3_000
    cells, _ = sheet(f"<row>{wide}</row>{tall}")
    assert cells >= 9_000_000  # 3,001 rows of 3,000


def record(kind: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
    return (bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])) + length + content


def row_of(number: int, *columns: int) -> bytes:
    cells = b"".join(record(5, struct.pack("<II", column, 0) + bytes(8)) for column in columns)
    return record(0, struct.pack("<I", number) + bytes(21)) + cells


def test_the_records_of_a_binary_sheet_tell_its_block() -> None:
    start = record(129, b"") + record(148, bytes(16)) + record(427, bytes(200))
    block = xlsb_block(start + row_of(0, 0, 1) + row_of(1, 0, 1) + record(146, b"") + record(130, b""))
    assert (block.cells, block.written) == (4, 4)
    assert xlsb_block(start + row_of(0, 0) + row_of(1_048_575, 16_383)).cells == 1_048_576 * 16_384
    assert xlsb_block(start + row_of(3, 2)[:-7]).cells == 12  # cut short: the reader names it


def test_a_binary_workbook_with_a_stray_cell_is_refused(read_own: Read) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.bin", b"")
        archive.writestr("xl/worksheets/sheet1.bin", row_of(0, 0) + row_of(1_048_575, 16_383))
    with pytest.raises(
        TapeError, match=r"17,179,869,184 in xl/worksheets/sheet1\.bin, of which 2 are filled"
    ):
        read_own(OWN, made.getvalue(), "tape.xlsb")


def ods(*rows: str) -> bytes:
    return ("<table:table>" + "".join(rows) + "</table:table>").encode()


FULL = '<table:table-cell office:value="1"/>'


def test_repeats_behind_the_last_value_are_no_part_of_a_sheet() -> None:
    """As LibreOffice writes: each row and the sheet end in empty repeats up to the edge."""
    row = (
        f'<table:table-row>{FULL}<table:table-cell table:number-columns-repeated="16383"/></table:table-row>'
    )
    rest = (
        '<table:table-row table:number-rows-repeated="1048574">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    assert ods_block(ods(row, row, rest)).cells < 50
    trap = (
        '<table:table-row table:number-rows-repeated="1048574">'
        '<table:table-cell office:value="1" table:number-columns-repeated="16384"/></table:table-row>'
    )
    assert ods_block(ods(trap)).cells > 1_048_574 * 16_384
    before = (
        '<table:table-row><table:table-cell table:number-columns-repeated="16383"/>'
        + FULL
        + "</table:table-row>"
    )
    assert ods_block(ods(row, before)).cells > 16_384


def wide_csv(delimiter: str = ",") -> bytes:
    names = ["No", "Amount", *(f"column number {place}" for place in range(WIDE - 2))]
    row = ["5"] * (WIDE - 1)
    return "\n".join(delimiter.join(line) for line in (names, ["A", *row], ["B", *row])).encode()


def wide_parquet() -> bytes:
    made = io.BytesIO()
    columns = {"No": ["A", "B"], "Amount": [5, 5], **{f"column number {n}": [1, 2] for n in range(WIDE - 2)}}
    pl.DataFrame(columns).write_parquet(made)
    return made.getvalue()


FORMS = {
    "comma": (wide_csv, "t.csv"),
    "semicolon": (lambda: wide_csv(";"), "t.csv"),
    "parquet": (wide_parquet, "t.parquet"),
    "excel": (
        lambda: workbook(
            {**TABLE, **{(row, column): f"c{column}" for row in (0, 1) for column in range(2, 16_384)}}
        ),
        "t.xlsx",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_a_hundred_thousand_columns_are_read_in_time_that_grows_as_they_do(read_own: Read, form: str) -> None:
    make, name = FORMS[form]
    content = make()
    began = time.process_time()
    assert read_own(OWN, content, name).loans["originated_amount"].to_list()[0] == 5.0
    with pytest.raises(InputError, match=r"did you mean|`header_row`"):  # a near name is looked for in all
        read_own(OWN.replace('"Amount"', '"colunm number 77777"'), content, name)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("header", ["a", ""], ids=["one name", "no names"])
def test_a_header_of_one_name_or_none_is_refused_at_once(read_own: Read, header: str) -> None:
    began = time.process_time()
    with pytest.raises(InputError):
        read_own(OWN, (",".join([header] * WIDE) + "\n" + ",".join(["1"] * WIDE)).encode())
    assert time.process_time() - began < SECONDS


def test_more_columns_than_any_table_has_are_refused(read_own: Read) -> None:
    names = ",".join(["No", "Amount", *map(str, range(250_000))])
    with pytest.raises(TapeError, match=r"tape\.csv: expected at most 250,000 columns, was '250,002'"):
        read_own(OWN, f"{names}\n{names}\n".encode())
