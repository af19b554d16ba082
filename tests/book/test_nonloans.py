"""Rows that are no loans are named and refused, so that totals never double; loans are never taken for
them.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loantwin.book.nonloans import TOTAL_WORDS
from loantwin.book.tape import Tape, check, read_tape

Read = Callable[..., Tape]

OWN = """
name = "own"
[columns]
loan_id = "Loan"
product = { constant = "instalment" }
region = "Branch"
origination_date = { source = "Start", formats = ["%d.%m.%Y"] }
originated_amount = "Amount"
principal = "Balance"
"""
HEAD = "Loan,Branch,Start,Amount,Balance\n"
LOANS = "A,North,01.02.2020,1000,900\nB,South,01.03.2020,2000,1500\nC,South,01.03.2020,500,400\n"


def refused(tape: Tape) -> list[tuple[int, str]]:
    return tape.quarantine.select("row", "rule").rows()


@pytest.mark.parametrize(
    "word", [*TOTAL_WORDS, "TOTAL:", "Total (3 loans)", "Grand Total", "** Summe **", "Sub-Total North"]
)
def test_a_row_of_totals_in_many_languages(read_own: Read, word: str) -> None:
    tape = read_own(OWN, HEAD + LOANS + f"{word},,,3500,2800\n")
    assert refused(tape) == [(4, "totals_row")]
    assert check(tape).totals == {"originated": 3500.0, "charged_off": None, "balance": 2800.0}


@pytest.mark.parametrize("row", [",,,3500,2800", ",,,3500,", "3,,,3500,2800", ",Sum,,3500,2800"])
def test_sums_of_the_rows_above_are_totals_without_a_word(read_own: Read, row: str) -> None:
    tape = read_own(OWN, HEAD + LOANS + row + "\n")
    assert refused(tape) == [(4, "totals_row")]


def test_subtotals_and_a_total_of_all(read_own: Read) -> None:
    rows = LOANS.splitlines()
    text = "\n".join([rows[0], rows[1], "Total North,,,3000,2400", rows[2], ",,,500,400", "All,,,3500,2800"])
    tape = read_own(OWN, HEAD + text + "\n")
    assert refused(tape) == [(3, "totals_row"), (5, "totals_row"), (6, "totals_row")]
    assert check(tape).totals["originated"] == 3500.0


def test_notes_below_a_table_and_headers_that_come_again(read_own: Read) -> None:
    notes = "Source: core banking system\nprinted on 31.12.2020,,,,\n" + HEAD + "D,North,01.02.2020,1,1\n"
    tape = read_own(OWN, HEAD + LOANS + notes)
    assert refused(tape) == [(4, "note_row"), (5, "note_row"), (6, "repeated_header")]
    assert tape.loans["loan_id"].to_list() == ["A", "B", "C", "D"]


def test_totals_that_differ_from_their_rows_are_said(read_own: Read) -> None:
    tape = read_own(OWN, HEAD + LOANS + "Total,,,3500,2900\n")
    assert refused(tape) == [(4, "totals_row")]
    assert "row 4 states totals that differ from the rows above" in " ".join(check(tape).statements)
    assert "principal 2,900.00, the rows above sum to 2,800.00" in " ".join(check(tape).statements)


def test_loans_that_look_a_little_like_totals_stay(read_own: Read) -> None:
    text = (
        "Total-7,North,01.02.2020,5,4\n"  # a loan number that begins so, with a date of its own
        "D,North,01.02.2020,3505,2804\n"  # by chance the sum of all above
        "E,,,77,70\n"  # hardly known, and no sum
        "F,,,77,70\n"  # the same amounts again
        "Totalbank 1,West,,9,8\n"  # a word that only begins like one
    )
    tape = read_own(OWN, HEAD + LOANS + text)
    assert refused(tape) == []
    assert tape.loans.height == 8


def test_a_mapping_of_amounts_alone_knows_totals_by_their_word(read_own: Read) -> None:
    mapping = 'name = "own"\n[columns]\nloan_id = "L"\nproduct = { constant = "mortgage" }\n'
    mapping += 'originated_amount = "A"\n'
    tape = read_own(mapping, "L,A\n1,5\n2,6\n3,11\nTotal,22\n")
    assert refused(tape) == [(4, "totals_row")]  # loan 3 is the sum of 1 and 2 and has a number like theirs


@pytest.mark.parametrize(("tape", "mapping"), [("snap.csv", "snap2.toml"), ("tot.csv", "tot.toml")])
def test_the_cases_of_totals(cases: Path, tape: str, mapping: str) -> None:
    case = cases / "F03-totals-row-snapshot"
    found = check(read_tape(case / tape, case / mapping))
    assert (found.loans, found.rejections) == (3, {"totals_row": 1})
    assert found.totals["originated"] == 92_000.0
    assert found.totals["balance"] in (78_000.0, None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 10**7), min_size=2, max_size=30), st.integers(0, 30))
def test_a_total_anywhere_never_doubles_the_book(read_own: Read, cents: list[int], place: int) -> None:
    rows = [f"L{number},North,01.02.2020,{amount / 100:.2f},1" for number, amount in enumerate(cents)]
    above = min(max(place, 2), len(rows))
    rows.insert(above, f"Summe,,,{sum(cents[:above]) / 100:.2f},{above}")
    tape = read_own(OWN, HEAD + "\n".join(rows) + "\n")
    assert check(tape).totals["originated"] == sum(cents) / 100
    assert tape.loans.height == len(cents)
