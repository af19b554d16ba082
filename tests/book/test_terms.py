"""Contract terms that the schedule does not carry are named, with their share of the book."""

import datetime as dt
from pathlib import Path

import pytest

import loantwin as lt
from loantwin.book.as_of import book_at
from loantwin.book.tape import TapeCheck, read_tape
from loantwin.book.terms import patterns_of
from loantwin.errors import LoantwinError
from loantwin.products.pattern import DAY_COUNTS, taken_apart

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


def test_commercial_mortgages_count_days(data: Path) -> None:
    found = lt.tape_check(data / "cmbs_panel/loan_panel.csv.gz", "cmbs")
    assert "term_not_carried" not in found.warnings
    assert not any(text.startswith("day_count") for text in found.statements)
    tape = read_tape(data / "cmbs_panel/loan_panel.csv.gz", "cmbs")
    assert set(tape.loans["day_count"]) == {"actual/360"}
    assert set(tape.loans["payment_frequency"]) == {"monthly"}


def carried(folder: Path) -> TapeCheck:
    return checked(folder, MAPPING.replace("[checked.", "[columns."))


def test_terms_named_as_columns_are_carried(tmp_path: Path) -> None:
    found = carried(tmp_path)
    # an interest-only loan that is called an annuity is still none
    assert found.warnings["term_not_carried"] == 1
    said = [text for text in found.statements if "schedule" in text]
    assert [text.partition(";")[0] for text in said] == [
        "amortisation annuity: 1 of 5 loans, 10.0% of the balance"
    ]


def test_a_book_pays_by_its_terms(tmp_path: Path) -> None:
    carried(tmp_path)
    tape = read_tape(tmp_path / "tape.csv", str(tmp_path / "terms.toml"))
    book = book_at(tape.loans, None, tape.mapping, dt.date(2022, 12, 31))
    codes = patterns_of(book.loans, book.as_of)
    apart = taken_apart(codes)
    assert apart.equal.tolist() == [False, True, False, False, False]
    assert apart.months.tolist() == [1, 1, 3, 1, 1]
    assert [DAY_COUNTS[place] for place in apart.day_count] == [
        "30/360",
        "30/360",
        "actual/365",
        "30/360",
        "30/360",
    ]
    # quarters at 8 % on the days of a year yield a little less a month than the rate itself
    rate = book.loans["effective_annual_rate"].to_list()
    quarter = 0.08 * 365.25 / 365.0 / 4.0
    assert rate[2] == pytest.approx(12.0 * ((1.0 + quarter) ** (1.0 / 3.0) - 1.0))
    assert rate[0] == pytest.approx(0.08)


def test_a_balance_that_is_not_observed_follows_the_terms(tmp_path: Path) -> None:
    mapping = MAPPING.replace("[checked.", "[columns.").replace('[columns.principal]\nsource = "left"\n', "")
    checked(tmp_path, mapping)
    tape = read_tape(tmp_path / "tape.csv", str(tmp_path / "terms.toml"))
    book = book_at(tape.loans, None, tape.mapping, dt.date(2022, 12, 31))
    months = 11  # of January 2022, in December
    left = book.loans["principal"].to_list()
    monthly = 0.08 / 12.0
    assert left[0] == pytest.approx(1000.0 * (1 - ((1 + monthly) ** months - 1) / ((1 + monthly) ** 36 - 1)))
    assert left[1] == pytest.approx(1000.0 * (1 - months / 36.0))
    quarter = 0.08 * 365.25 / 365.0 / 4.0
    assert left[2] == pytest.approx(1000.0 * (1 - ((1 + quarter) ** 3 - 1) / ((1 + quarter) ** 12 - 1)))
    assert left[3] == 1000.0
