"""The SBA tapes: figures published beside the data, the same book from every form."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from loantwin.book.as_of import book_at
from loantwin.book.book import check_book
from loantwin.book.tape import Tape, check, read_tape

pytestmark = pytest.mark.data

FORMS = ("original", "doublequoted", "semicolon")


@pytest.fixture(scope="module")
def forms(data: Path) -> dict[str, Tape]:
    return {form: read_tape(data / "sba_raw" / f"SBAnational_{form}_head.csv", "sba") for form in FORMS}


@pytest.fixture(scope="module")
def block(data: Path) -> Tape:
    return read_tape(data / "sba" / "sba_block.csv.gz", "sba")


@pytest.mark.parametrize("form", FORMS)
def test_control_totals(forms: dict[str, Tape], form: str) -> None:
    found = check(forms[form])
    assert (found.rows_read, found.accepted_rows, found.rejected, found.loans) == (4323, 4323, 0, 4323)
    assert found.totals == {"originated": 582_523_914.0, "charged_off": 44_666_536.0, "balance": 0.0}
    assert found.loan_months is None


@pytest.mark.parametrize("form", FORMS)
def test_contradictions_counted_beside_the_data(forms: dict[str, Tape], form: str) -> None:
    found = check(forms[form])
    assert found.loan_count_by_status == {"paid": 3594, "charged_off": 715, "unknown": 14}
    counted = {
        "status_missing": 14,
        "originated_before_approval": 3,
        "charge_off_date_with_status_paid": 30,
        "charged_off_without_date": 1,
        "charged_off_above_originated": 10,
        "originated_above_approved": 897,
    }
    assert {name: found.warnings[name] for name in counted} == counted
    # RevLineCr 0: 850, T: 176, NewExist 0: 32, counted per row: no row is counted twice for one rule
    assert found.warnings["unusable_code"] == pytest.approx(850 + 176 + 32, abs=32)


@pytest.mark.parametrize("form", FORMS[1:])
def test_every_form_gives_the_same_book(forms: dict[str, Tape], form: str) -> None:
    assert forms[form].loans.equals(forms["original"].loans)
    assert check(forms[form]).warnings == check(forms["original"]).warnings


def test_forms_are_recognised(forms: dict[str, Tape]) -> None:
    assert [forms[form].source.form for form in FORMS] == ["csv", "double-quoted", "csv"]
    assert [forms[form].source.delimiter for form in FORMS] == [",", ",", ";"]


def test_the_block_holds_the_raw_loans(forms: dict[str, Tape], block: Tape) -> None:
    raw = forms["original"].loans
    same = block.loans.filter(pl.col("loan_id").is_in(raw["loan_id"].implode()))
    assert same.height == raw.height
    assert same.sort("loan_id").equals(raw.sort("loan_id"))


def test_block(block: Tape) -> None:
    found = check(block)
    assert (found.rows_read, found.rejected) == (16105, 0)
    assert found.loan_count_by_status["unknown"] == 77
    assert found.totals["balance"] is None  # the file has no BalanceGross


def test_balanced_sample_is_weighted_back(data: Path) -> None:
    tape = read_tape(data / "sba" / "sba_balanced.csv.gz", "sba")
    found = check(tape)
    assert found.rows_read == 19533
    weights = dict(tape.loans.group_by("status").agg(pl.col("weight").first()).iter_rows())
    assert weights == {"charged_off": 10.50, "paid": 49.31}
    assert any("look-ahead" in text for text in found.statements)
    assert found.assumptions["weight_paid"].value == 49.31
    # default share of the complete file: 157,558 of 897,167 loans with a status
    charged_off = tape.loans.filter(pl.col("status") == "charged_off")["weight"].sum()
    assert charged_off / tape.loans["weight"].sum() == pytest.approx(157_558 / (157_558 + 739_609), abs=0.01)


@pytest.mark.parametrize("as_of", [dt.date(2005, 12, 31), dt.date(2007, 12, 31)])
def test_book_at_accounts_for_every_loan(block: Tape, as_of: dt.date) -> None:
    book = book_at(block.loans, block.panel, block.mapping, as_of)
    check_book(book)
    assert sum(book.counts.values()) == 16105
    assert book.counts["undated"] == 24 + 5  # no disbursement date, or one before approval
    assert book.loans["origination_date"].max() <= as_of  # type: ignore[operator]
    assert not book.loans["charge_off_date"].is_not_null().any()
    assert book.loans["principal"].is_between(0, book.loans["approved_amount"] + 0.01).all()


def test_usable_charge_offs_of_the_block_in_2005(block: Tape) -> None:
    usable = block.loans.filter(
        (pl.col("charge_off_date") <= dt.date(2005, 12, 31))
        & (pl.col("charged_off") > 0)
        & (pl.col("origination_date").dt.year() >= 1990)
    )
    assert usable.height == pytest.approx(280, rel=0.05)


def test_term_enters_nothing(block: Tape) -> None:
    assert set(block.loans["term_months"].unique()) <= {84, 120, 240}
    assert "term" not in " ".join(name for name in block.loans.columns if name.startswith("attribute_"))


def test_two_digit_years_are_rolled_back(block: Tape) -> None:
    assert block.loans["approval_date"].min() >= dt.date(1960, 1, 1)  # type: ignore[operator]
    assert block.loans["approval_date"].max() <= dt.date(2014, 12, 31)  # type: ignore[operator]
