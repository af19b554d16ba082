"""Where the header is: found, told, or missing; lines above it; very wide tables."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.book.layout import Told, find_head
from loantwin.book.tape import Tape, check, read_tape
from loantwin.errors import MappingError, TapeError

Read = Callable[..., Tape]

OWN = """
name = "own"
{file}
[columns]
loan_id = "Loan No"
product = {{ constant = "instalment" }}
originated_amount = "Amount"
annual_rate = {{ source = "Rate", unit = "percent" }}
"""
ROWS = "Loan No,Amount,Rate\nA,1000,4\nB,2000,5\n"


def own(**file: object) -> str:
    return OWN.format(file="\n".join(f"{key} = {value!r}" for key, value in file.items()))


@pytest.mark.parametrize(
    "above",
    [
        "",
        "\n\n",
        "\r\n \r\n",
        "Loans of My Bank\n",
        "Loans of My Bank,,\n\n",
        "Loans, as of 31.12.2020\nin thousand\n",
        ",X1,X2\n",
        "sep=,\n",
        '"sep=,"\n',
        "Contract,,Terms\n",
    ],
)
def test_the_header_is_found_below_what_stands_above_it(read_own: Read, above: str) -> None:
    tape = read_own(own(), above + ROWS)
    assert tape.loans["originated_amount"].to_list() == [1000.0, 2000.0]
    assert tape.rows_read == 2


def test_a_line_states_the_delimiter(read_own: Read) -> None:
    text = "sep=;\n" + ROWS.replace(",", ";").replace("1000", "1,000")
    tape = read_own(own(), text)
    assert tape.loans["originated_amount"].to_list() == [1000.0, 2000.0]
    assert any("states its delimiter, ';'" in said for said in check(tape).statements)


@pytest.mark.parametrize("mark", ["^", "~", "\x01", "\x1f", "#"])
def test_rare_marks_between_the_names_are_known_by_the_names(read_own: Read, mark: str) -> None:
    tape = read_own(own(), ROWS.replace(",", mark))
    assert tape.loans["originated_amount"].to_list() == [1000.0, 2000.0]
    assert any("the names stand between" in said for said in check(tape).statements)


def test_a_header_is_found_where_only_some_names_are_ours(tmp_path: Path) -> None:
    lines = ["Loans, 2020, all branches", "Loan No,Sum,Rate", "A,1,4"]
    told = Told(wanted=(("Loan No",), ("Amount",), ("Rate",)))
    assert find_head(lines, told, tmp_path).names == ("Loan No", "Sum", "Rate")


def test_without_wanted_names_the_header_is_as_wide_as_the_rows(tmp_path: Path) -> None:
    lines = ["Loans of My Bank", "", "No;Sum;Rate", "A;1;4", "B;2;5", "C;3;6"]
    assert find_head(lines, Told(), tmp_path).names == ("No", "Sum", "Rate")


def test_a_name_over_two_lines_is_one_name(read_own: Read) -> None:
    tape = read_own(own(), '"Loan\nNo","  Amount ",Rate\nA,1000,4\n')
    assert tape.loans["originated_amount"].to_list() == [1000.0]


def test_the_mapping_names_the_line_of_the_header(read_own: Read) -> None:
    old = "Loan No,Amount,Rate\nX,9,9\n"
    assert read_own(own(header_row=3), old + ROWS).loans["loan_id"].to_list() == ["A", "B"]
    with pytest.raises(TapeError, match=r"header_row: expected a header in line 30"):
        read_own(own(header_row=30), ROWS)


def test_a_file_without_a_header_takes_names_or_numbers(read_own: Read, cases: Path, tmp_path: Path) -> None:
    rows = ROWS.partition("\n")[2]
    named = read_own(own(header=["Loan No", "Amount", "Rate"]), rows)
    assert named.loans["originated_amount"].to_list() == [1000.0, 2000.0]
    numbered = own(header_row=0).replace('"Loan No"', '"1"').replace('"Amount"', "2").replace('"Rate"', '"3"')
    assert read_own(numbered, rows).loans.equals(named.loans)
    with pytest.raises(TapeError, match="field header: expected rows of 2 fields"):
        read_own(own(header=["Loan No", "Amount"]), rows)
    # The same performance file, once with a header typed in by hand and once as it came.
    case = cases / "F05-no-header-freddie"
    text = (case / "fre.toml").read_text(encoding="utf-8")
    names = (case / "fre_h.txt").read_text(encoding="utf-8").splitlines()[0].split("|")
    (tmp_path / "fre.toml").write_text(f"header = {names}\n" + text, encoding="utf-8")
    tape = read_tape(case / "fre.txt", tmp_path / "fre.toml")
    assert check(tape).totals["originated"] == 172_000.0
    assert tape.loans.equals(read_tape(case / "fre_h.txt", case / "fre.toml").loans)


def test_a_first_row_of_data_is_named_as_that(read_own: Read, cases: Path) -> None:
    case = cases / "F05-no-header-freddie"
    with pytest.raises(TapeError, match="the first row looks like data: `header` in the mapping names"):
        read_tape(case / "fre.txt", case / "fre.toml")
    with pytest.raises(MappingError, match="the first row looks like data"):
        read_own(own(), "17,1000,4\n18,2000,5\n")


def test_a_header_that_is_not_ours_names_the_key(read_own: Read) -> None:
    with pytest.raises(MappingError, match="`header_row` in the mapping says which row holds the names"):
        read_own(own(), "a,b,c\nA,1,2\n")


@pytest.mark.parametrize(
    ("tape", "mapping", "rows", "originated"),
    [
        ("bl.csv", "tot.toml", 1, 12_000.0),
        ("ti.csv", "tot.toml", 1, 12_000.0),
        ("lc_notes.csv", "", 5, 67_000.0),
    ],
)
def test_files_with_lines_above_their_header(
    cases: Path, tape: str, mapping: str, rows: int, originated: float
) -> None:
    case = cases / "F04-line-above-header"
    found = check(read_tape(case / tape, str(case / mapping) if mapping else "lending-club"))
    assert (found.rows_read, found.rejected, found.totals["originated"]) == (rows, 0, originated)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("header_row = -1", "header_row"),
        ("header_row = true", "header_row"),
        ('header = ["a", "a"]', "header"),
        ('delimiter = ";;"', "delimiter"),
        ('encoding = "klingon"', "encoding"),
        ("sheet = 3", "sheet"),
    ],
)
def test_what_a_mapping_tells_of_a_file_is_read_strictly(read_own: Read, line: str, key: str) -> None:
    with pytest.raises(MappingError, match=f"own.toml, field {key}: expected"):
        read_own(OWN.format(file=line), ROWS)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("ab ,;|0123456789", max_size=20), max_size=8))
def test_whatever_stands_above_a_whole_header_it_is_found(above: list[str]) -> None:
    lines = [*above, "Loan No,Amount,Rate", "A,1,2"]
    told = Told(wanted=(("Loan No",), ("Amount",), ("Rate",)))
    head = find_head(lines, told, Path("tape.csv"))
    assert (head.names, head.lines) == (("Loan No", "Amount", "Rate"), len(above) + 1)


def test_a_hundred_thousand_columns_take_no_more_than_their_share(read_own: Read) -> None:
    def seconds(width: int) -> float:
        names = ["Loan No", "Amount", "Rate", *(f"c{place}" for place in range(width))]
        row = ",".join(["A", "1000", "4", *("x" for _ in range(width))])
        start = time.process_time()
        tape = read_own(own(), ",".join(names) + "\n" + row + "\n")
        assert tape.loans["originated_amount"].to_list() == [1000.0]
        return time.process_time() - start

    seconds(10)
    assert (
        seconds(100_000) < 5.0
    )  # a second or less where it grows with the width, minutes where with its square
