"""Hostile files: one clear error that names file, row and field, or a quarantined row; never a silent
change.
"""

import gzip
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from loantwin.book.quarantine import COLUMNS
from loantwin.book.tape import _sum, check, read_tape
from loantwin.errors import MappingError, TapeError

Row = Callable[..., dict[str, str]]
File = Callable[..., Path]
Text = Callable[..., str]


def written(folder: Path, content: bytes, name: str = "tape.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b"\r\n\r\n"])
def test_empty_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TapeError, match=r"tape\.csv.*expected .*, was"):
        read_tape(written(tmp_path, content), "sba")


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n\n"])
def test_header_only(tmp_path: Path, text_of: Text, ending: str) -> None:
    with pytest.raises(TapeError, match="expected at least one row below the header, was 'no row'"):
        read_tape(written(tmp_path, (text_of().strip() + ending).encode()), "sba")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match=r"nothing\.csv"):
        read_tape(tmp_path / "nothing.csv", "sba")


def test_rows_of_another_delimiter_than_the_header(tmp_path: Path, paid: Row, text_of: Text) -> None:
    header, *rows = text_of(paid(), paid(), delimiter=";").splitlines()
    text = "\n".join([header.replace(";", ","), *rows])
    with pytest.raises(TapeError, match="row 1: expected rows of 27 fields like the header"):
        read_tape(written(tmp_path, text.encode()), "sba")


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_give_the_same_book(
    tmp_path: Path, paid: Row, charged_off: Row, text_of: Text, delimiter: str
) -> None:
    rows = (paid(), charged_off())
    other = read_tape(written(tmp_path, text_of(*rows, delimiter=delimiter).encode(), "other.csv"), "sba")
    assert other.loans.equals(read_tape(written(tmp_path, text_of(*rows).encode()), "sba").loans)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_give_the_same_book(tmp_path: Path, paid: Row, text_of: Text, encoding: str) -> None:
    text = text_of(paid(Name="CAFÉ MÜLLER"), paid())
    tape = read_tape(written(tmp_path, text.encode(encoding)), "sba")
    assert tape.loans.equals(read_tape(written(tmp_path, text.encode(), "plain.csv"), "sba").loans)
    assert tape.source.encoding == encoding
    assert bool(tape.source.statements) == (encoding == "cp1252")  # a guess is stated


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00\xd8a", b"\xff\xfea", b"a,b\n1,\x00\n", b"\xef\xbb\xbfa,b\n\xff,1\n"]
)
def test_wrong_encoding_refuses_the_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TapeError, match=r"tape\.csv"):
        read_tape(written(tmp_path, content), "sba")


def test_gzip_by_content_not_by_name(tmp_path: Path, paid: Row, text_of: Text) -> None:
    text = text_of(paid()).encode()
    tape = read_tape(written(tmp_path, gzip.compress(text)), "sba")
    assert tape.loans.equals(read_tape(written(tmp_path, text, "plain.csv"), "sba").loans)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.95])
def test_truncated_gzip(tmp_path: Path, paid: Row, text_of: Text, kept: float) -> None:
    packed = gzip.compress(text_of(*[paid()] * 50).encode())
    with pytest.raises(TapeError, match="complete gzip"):
        read_tape(written(tmp_path, packed[: int(kept * len(packed))]), "sba")


def test_damaged_gzip(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="complete gzip"):
        read_tape(written(tmp_path, b"\x1f\x8bnonsense"), "sba")


@pytest.mark.parametrize("content", [b"PAR1nonsense", b"PK\x03\x04nonsense"])
def test_damaged_parquet_and_excel(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TapeError, match=r"expected a readable (parquet|excel) file"):
        read_tape(written(tmp_path, content), "sba")


def test_a_column_missing_from_the_tape(tmp_path: Path, paid: Row, text_of: Text) -> None:
    text = text_of(paid()).replace("GrAppv", "Approved")
    with pytest.raises(
        MappingError, match=r"field approved_amount: expected a column GrAppv or gr_appv in .*tape\.csv"
    ):
        read_tape(written(tmp_path, text.encode()), "sba")


def test_a_header_that_repeats_a_column(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="each column once in the header"):
        read_tape(written(tmp_path, b"a,b,a\n1,2,3\n"), "sba")


def test_no_row_survives(tape_file: File, paid: Row) -> None:
    with pytest.raises(
        TapeError, match="expected at least one usable row, was 'every row refused: unparsable_number 2'"
    ):
        read_tape(tape_file(paid(GrAppv="many"), paid(GrAppv="more")), "sba")


REFUSED = [
    ({"GrAppv": "many"}, "approved_amount", "unparsable_number"),
    ({"GrAppv": "1,23"}, "approved_amount", "unparsable_number"),
    ({"GrAppv": "60.000,00"}, "approved_amount", "unparsable_number"),
    ({"GrAppv": "1e400"}, "approved_amount", "not_finite"),
    ({"GrAppv": "inf"}, "approved_amount", "not_finite"),
    ({"GrAppv": "NaN"}, "approved_amount", "not_finite"),
    ({"GrAppv": "-60000"}, "approved_amount", "negative_amount"),
    ({"GrAppv": "$-1.00 "}, "approved_amount", "negative_amount"),
    ({"GrAppv": "1e14"}, "approved_amount", "absurd_amount"),
    ({"Term": "-3"}, "stated_term", "negative_amount"),
    ({"ApprovalDate": "30-Feb-97"}, "approval_date", "unparsable_date"),
    ({"ApprovalDate": "soon"}, "approval_date", "unparsable_date"),
    ({"ApprovalDate": "2/28/97000"}, "approval_date", "unparsable_date"),
    ({"ApprovalDate": "2/28/1097"}, "approval_date", "impossible_date"),
    ({"ApprovalDate": "2/28/2197"}, "approval_date", "impossible_date"),
    ({"MIS_Status": "LOST"}, "status", "code_outside_map"),
    ({"RevLineCr": "?"}, "product", "code_outside_map"),
]


@pytest.mark.parametrize(("cells", "field", "rule"), REFUSED)
def test_refused_rows_are_quarantined(
    tape_file: File, paid: Row, cells: dict[str, str], field: str, rule: str
) -> None:
    path = tape_file(paid(), paid(**cells), paid())
    tape = read_tape(path, "sba")
    found = check(tape)
    assert (found.rows_read, found.accepted_rows, found.rejected) == (3, 2, 1)
    assert tape.quarantine.schema == pl.Schema(COLUMNS)
    reasons = tape.quarantine.filter(pl.col("field") == field).row(0, named=True)
    raw = path.read_text(encoding="utf-8").splitlines()[2]
    assert reasons == {"row": 2, "loan_id": "1000000002", "field": field, "rule": rule, "raw": raw}
    assert found.totals["originated"] == 120000.0


def test_one_row_with_several_reasons_counts_once(tape_file: File, paid: Row) -> None:
    found = check(read_tape(tape_file(paid(), paid(GrAppv="x", ApprovalDate="y", MIS_Status="z")), "sba"))
    assert (found.rejected, found.rejections) == (
        1,
        {"code_outside_map": 1, "unparsable_date": 1, "unparsable_number": 1},
    )


def test_duplicate_and_missing_ids(tape_file: File, paid: Row) -> None:
    rows = [paid(LoanNr_ChkDgt=number) for number in ("7", "8", "7", "", "7", " ")]
    tape = read_tape(tape_file(*rows, number=False), "sba")
    assert tape.loans["loan_id"].to_list() == ["7", "8"]
    assert tape.quarantine.select("row", "rule").rows() == [
        (3, "duplicate_id"),
        (4, "missing_id"),
        (5, "duplicate_id"),
        (6, "missing_id"),
    ]


def test_short_and_long_rows(tmp_path: Path, paid: Row, text_of: Text) -> None:
    header, first, second, third = text_of(paid(), paid(), paid()).splitlines()
    text = "\n".join([header, first, ",".join(second.split(",")[:20]), third + ",more"])
    tape = read_tape(written(tmp_path, text.encode()), "sba")
    assert tape.loans.height == 1
    rules = dict(tape.quarantine.filter(pl.col("field").is_null()).select("row", "rule").iter_rows())
    assert rules == {2: "too_few_fields", 3: "too_many_fields"}


def test_blank_lines_are_no_rows(tmp_path: Path, paid: Row, text_of: Text) -> None:
    header, first, second = text_of(paid(), paid()).splitlines()
    tape = read_tape(
        written(tmp_path, "\n".join([header, "", first, ",,,,", second, "", ",,,,"]).encode()), "sba"
    )
    assert (tape.rows_read, tape.rejected) == (2, 0)


def test_raw_text_survives_line_breaks_inside_quotes(tmp_path: Path, paid: Row, text_of: Text) -> None:
    text = text_of(paid(Name='TWO\nLINES "INC"'), paid(GrAppv="x"), paid())
    tape = read_tape(written(tmp_path, text.encode()), "sba")
    assert tape.rows_read == 3
    assert tape.quarantine.row(0, named=True)["row"] == 2
    assert tape.quarantine.row(0, named=True)["raw"].startswith("1000000002,A FIRM")


def test_stray_quotes_do_not_swallow_rows(tmp_path: Path, paid: Row, text_of: Text) -> None:
    header, first, second, third = text_of(paid(), paid(), paid()).splitlines()
    text = "\n".join(
        [header, first, second.replace("A FIRM", '"A" FIRM'), third.replace("A FIRM", '5" PIPE')]
    )
    tape = read_tape(written(tmp_path, text.encode()), "sba")
    assert (tape.rows_read, tape.loans.height) == (3, 3)


def test_an_unclosed_quote_swallows_no_row(tmp_path: Path, paid: Row, text_of: Text) -> None:
    header, first, second, third = text_of(paid(), paid(), paid()).splitlines()
    text = "\n".join([header, first, second.replace("A FIRM", '"A FIRM'), third])
    tape = read_tape(written(tmp_path, text.encode()), "sba")
    assert tape.rows_read == 3
    assert tape.loans["loan_id"].to_list() == ["1000000001", "1000000002", "1000000003"]
    assert tape.loans["approved_amount"].to_list() == [60000.0] * 3


def test_a_line_cut_short_beside_stray_quotes_is_refused(tmp_path: Path, paid: Row, text_of: Text) -> None:
    header, first, second, third = text_of(paid(), paid(), paid()).splitlines()
    text = "\n".join([header, first, second.replace("A FIRM", '"A FIRM'), third[:60]])
    tape = read_tape(written(tmp_path, text.encode()), "sba")
    assert (3, "too_few_fields") in tape.quarantine.select("row", "rule").rows()
    assert tape.loans.height == 2


def test_old_macintosh_line_ends(tmp_path: Path, paid: Row, text_of: Text) -> None:
    text = text_of(paid(), paid()).replace("\n", "\r")
    assert read_tape(written(tmp_path, text.encode()), "sba").loans.height == 2


def test_the_file_is_left_as_it_was(tape_file: File, paid: Row) -> None:
    path = tape_file(paid(), paid(GrAppv="x"))
    before = path.read_bytes()
    read_tape(path, "sba")
    assert path.read_bytes() == before
    assert [item.name for item in path.parent.iterdir()] == ["tape.csv"]


OWN = """
name = "own"
[columns.loan_id]
source = "No"
[columns.product]
constant = "instalment"
[columns.term_months]
source = "Term"
[columns.annual_rate]
source = "Rate"
unit = "percent"
[columns.weight]
source = "Weight"
"""


@pytest.mark.parametrize(
    ("cells", "field", "rule"),
    [
        ("4e9,5,1", "term_months", "absurd_count"),
        ("1201,5,1", "term_months", "absurd_count"),
        ("36.5,5,1", "term_months", "not_a_whole_number"),
        ("36,5000,1", "annual_rate", "absurd_rate"),
        ("36,5,-1", "weight", "negative_amount"),
    ],
)
def test_what_no_contract_can_hold_is_quarantined(tmp_path: Path, cells: str, field: str, rule: str) -> None:
    mapping = written(tmp_path, OWN.encode(), "own.toml")
    text = f"No,Term,Rate,Weight\n1,36,-0.5,1\n2,{cells}\n"
    tape = read_tape(written(tmp_path, text.encode()), mapping)
    assert tape.loans["loan_id"].to_list() == ["1"]  # a rate a little below zero occurs
    assert tape.quarantine.select("row", "field", "rule").rows() == [(2, field, rule)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a" * 200_000 + b",b\n1,2\n", "expected a header line of column names"),
        (b"a,b\n" + b"1" * 200_000 + b",2\n", "row 1: expected rows of fields"),
        ("a,b\n1,2\n".encode("utf-32"), "UTF-32"),
    ],
)
def test_a_file_of_endless_fields_or_strange_letters_is_refused(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(TapeError, match=words):
        read_tape(written(tmp_path, content), "sba")


def test_a_carriage_return_inside_a_line_ends_no_row_and_no_program(
    tmp_path: Path, paid: Row, text_of: Text
) -> None:
    header, first, second, third = text_of(paid(), paid(), paid()).splitlines()
    tape = read_tape(written(tmp_path, f"{header}\n{first}\r\n{second}\r{third}\n".encode()), "sba")
    assert tape.loans.height == 1
    assert (2, "too_many_fields") in tape.quarantine.select("row", "rule").rows()


def test_a_total_of_amounts_beyond_whole_cents_is_added_as_floats() -> None:
    values = pl.DataFrame({"amount": [1e300, 1.0, None]})
    assert _sum(values, "amount") == 1e300
    assert _sum(pl.DataFrame({"amount": [0.1, 0.2]}), "amount") == 0.3
