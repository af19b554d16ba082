"""Contract terms that the schedule does not carry are named, with their share of the book."""

from pathlib import Path

import pytest

import loantwin as lt
from loantwin.book.tape import TapeCheck
from loantwin.errors import LoantwinError

MAPPING = """
name = "terms"
words = "Terms."
currency = "EUR"
kind = "snapshot"
as_of = 2022-12-31
decimal = "."
[columns.loan_id]
source = "id"
[columns.product]
source = "product"
values = { I = "instalment", E = "interest_only" }
[columns.origination_date]
source = "start"
formats = ["%Y-%m-%d"]
[columns.term_months]
source = "term"
unit = "months"
[columns.annual_rate]
source = "rate"
unit = "percent"
[columns.originated_amount]
source = "lent"
[columns.principal]
source = "left"
[checked.amortisation]
source = "repaid"
values = { A = "annuity", L = "equal_principal", B = "bullet" }
[checked.payment_frequency]
source = "every"
values = { "1" = "monthly", "3" = "quarterly" }
[checked.day_count]
source = "days"
values = { T = "30/360", A = "actual/365" }
"""
ROWS = [
    ("1", "I", "A", "1", "T", 100),
    ("2", "I", "L", "1", "T", 300),
    ("3", "I", "A", "3", "A", 100),
    ("4", "E", "B", "1", "T", 400),
    ("5", "E", "A", "1", "T", 100),
]


def checked(folder: Path, mapping: str = MAPPING) -> TapeCheck:
    head = "id,product,repaid,every,days,left,start,term,rate,lent\n"
    rows = [",".join(map(str, (*row, "2022-01-01", 36, 8, 1000))) for row in ROWS]
    (folder / "tape.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "terms.toml").write_text(mapping, encoding="utf-8")
    return lt.tape_check(folder / "tape.csv", str(folder / "terms.toml"))


def test_each_term_is_named_with_its_share(tmp_path: Path) -> None:
    found = checked(tmp_path)
    assert found.loans == 5
    assert found.warnings["term_not_carried"] == 3  # loans 2, 3 (two terms) and 5
    said = [text for text in found.statements if "schedule" in text]
    assert [text.partition(";")[0] for text in said] == [
        "amortisation annuity: 1 of 5 loans, 10.0% of the balance",
        "amortisation equal_principal: 1 of 5 loans, 30.0% of the balance",
        "payment_frequency quarterly: 1 of 5 loans, 10.0% of the balance",
        "day_count actual/365: 1 of 5 loans, 10.0% of the balance",
    ]


def test_a_constant_says_it_of_the_whole_book_and_a_mapping_may_know_it(tmp_path: Path) -> None:
    whole = MAPPING[: MAPPING.index("[checked.day_count]")] + '[checked.day_count]\nconstant = "actual/360"\n'
    assert "day_count actual/360: 5 of 5 loans, 100.0% of the balance" in " ".join(
        checked(tmp_path, whole).statements
    )
    quiet = checked(tmp_path, whole + "[rules]\nterm_not_carried = false\n")
    assert "term_not_carried" not in quiet.warnings
    assert not [text for text in quiet.statements if "schedule" in text]


def test_a_term_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoantwinError, match="equal_principal"):
        checked(tmp_path, MAPPING.replace('L = "equal_principal"', 'L = "linear"'))


def test_commercial_mortgages_say_how_they_count_days(data: Path) -> None:
    found = lt.tape_check(data / "cmbs_panel/loan_panel.csv.gz", "cmbs")
    assert found.warnings["term_not_carried"] == 58
    assert any(text.startswith("day_count actual/360: 58 of 58 loans, 100.0%") for text in found.statements)
