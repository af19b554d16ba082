"""The other built-in formats on real data, against figures published beside it or counted by hand."""

import datetime as dt
import json
from pathlib import Path

import jsonschema
import polars as pl
import pytest

from loantwin.book.as_of import book_at
from loantwin.book.book import check_book, check_table
from loantwin.book.schema import LOANS, PANEL
from loantwin.book.tape import Tape, TapeCheck, check, read_tape

pytestmark = pytest.mark.data

FILES = {
    "sba": ("sba/sba_block.csv.gz", dt.date(2005, 12, 31)),
    "lending-club": ("lending_club/accepted_1000_finished.csv", dt.date(2016, 12, 31)),
    "lending-snapshot": ("lending_snapshot/loans_full_schema.csv", dt.date(2018, 6, 30)),
    "cmbs": ("cmbs_panel/loan_panel.csv.gz", dt.date(2022, 12, 31)),
}


@pytest.fixture(scope="module")
def tapes(data: Path) -> dict[str, Tape]:
    return {name: read_tape(data / FILES[name][0], name) for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_every_format_conforms(tapes: dict[str, Tape], name: str) -> None:
    tape = tapes[name]
    check_table(tape.loans, LOANS)
    if tape.panel is not None:
        check_table(tape.panel, PANEL)
    found = check(tape)
    assert found.rows_read == found.accepted_rows + found.rejected
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    jsonschema.validate(document, TapeCheck.json_schema())
    book = book_at(tape.loans, tape.panel, tape.mapping, FILES[name][1])
    check_book(book)
    assert sum(book.counts.values()) == found.loans
    assert book.loans["principal"].null_count() == 0
    assert book.loans["annual_rate"].null_count() == 0


def test_lending_club(tapes: dict[str, Tape], data: Path) -> None:
    found, loans = check(tapes["lending-club"]), tapes["lending-club"].loans
    assert (found.loans, found.rejected, found.loan_months) == (1000, 0, None)
    assert found.loan_count_by_status == {"paid": 792, "charged_off": 208}
    raw = pl.read_csv(data / FILES["lending-club"][0], infer_schema_length=None)
    lost = raw.filter(pl.col("loan_status") == "Charged Off")
    assert found.totals["charged_off"] == pytest.approx(
        (lost["funded_amnt"] - lost["total_rec_prncp"]).sum(), abs=0.05
    )
    assert loans["recovered"].sum() == pytest.approx(
        (raw["recoveries"] - raw["collection_recovery_fee"]).sum(), rel=1e-12
    )
    assert loans["annual_rate"].max() < 0.32  # type: ignore[operator]  # percent became decimals
    assert set(loans["term_months"].unique()) == {36, 60}


def test_lending_club_dates_by_hand(tapes: dict[str, Tape]) -> None:
    # The first row: issued Mar-2017, paid in full, last payment Jul-2018.
    first = tapes["lending-club"].loans.row(0, named=True)
    assert (first["origination_date"], first["closed_date"]) == (dt.date(2017, 3, 1), dt.date(2018, 7, 31))
    assert first["charge_off_date"] is None
    lost = tapes["lending-club"].loans.filter(pl.col("status") == "charged_off")
    months = (lost["closed_date"].dt.year() - lost["charge_off_date"].dt.year()) * 12 + (
        lost["closed_date"].dt.month().cast(pl.Int32) - lost["charge_off_date"].dt.month().cast(pl.Int32)
    )
    assert set(months) == {12}  # recoveries count as known a year after the charge-off
    assert (lost["charge_off_date"] == lost["charge_off_date"].dt.month_end()).all()


def test_snapshot(tapes: dict[str, Tape]) -> None:
    found = check(tapes["lending-snapshot"])
    assert found.loans == 10_000
    assert found.totals["balance"] == pytest.approx(144_589_166, abs=1)
    tape = tapes["lending-snapshot"]
    book = book_at(tape.loans, tape.panel, tape.mapping, dt.date(2018, 6, 30))
    assert dict(book.loans["state"].value_counts().iter_rows()) == {
        "current": 9375,
        "dpd_1_29": 67 + 38,
        "dpd_60_89": 66,
    }
    assert book.counts["closed_before_as_of"] == 447 + 7
    assert book.loans["principal"].sum() == pytest.approx(144_589_166, abs=1)
    assert tape.loans["annual_rate"].mean() == pytest.approx(0.1243, abs=5e-5)
    assert (book.loans["on_book_probability"] == 1.0).all()


def test_cmbs(tapes: dict[str, Tape], data: Path) -> None:
    tape, found = tapes["cmbs"], check(tapes["cmbs"])
    assert (found.rows_read, found.rejected, found.loans) == (6090, 0, 58)
    assert found.loan_months == 6090 - found.warnings["after_end"]
    assert found.warnings["after_end"] == 211  # rows whose payment status is empty: the loan had left
    assert tape.loans["default_date"].is_not_null().sum() == 8  # entries to 90 days and more
    raw = pl.read_csv(data / FILES["cmbs"][0], infer_schema_length=None)
    losses = raw.group_by("loanID").agg(pl.col("realizedLossToTrustAmount").max())[
        "realizedLossToTrustAmount"
    ]
    assert found.totals["charged_off"] == pytest.approx(losses.sum(), abs=0.05)
    assert found.loan_count_by_status["prepaid"] == 4
    assert found.loan_count_by_status["charged_off"] == 5


def test_cmbs_panel_ends_with_the_loan(tapes: dict[str, Tape]) -> None:
    panel = tapes["cmbs"].panel
    assert panel is not None
    # Loan 5: paid off with yield maintenance in August 2021, reported on 2021-08-11.
    loan = panel.filter(pl.col("loan_id") == "0001706060-5")
    assert loan.row(-1, named=True)["report_date"] == dt.date(2021, 8, 11)
    assert loan["state"].to_list()[-2:] == ["current", "prepaid"]
    assert loan["prepaid"][-1] == 34_000_000.0
    closed = panel.with_columns(
        pl.col("state").is_in(["prepaid", "charged_off", "matured", "settled"]).alias("end")
    )
    assert (closed.group_by("loan_id").agg(pl.col("end").sum())["end"] <= 1).all()


def test_balloon_share_is_what_is_left_at_maturity(tapes: dict[str, Tape]) -> None:
    # Loan 2: 45.6 million at 4.65 %, 120 months on a 360-month schedule. Balance of a level payment after 120
    # months:
    rate = 0.0465 / 12
    payment = rate / (1 - (1 + rate) ** -360)
    left = payment * (1 - (1 + rate) ** -240) / rate
    loan = tapes["cmbs"].loans.filter(pl.col("loan_id") == "0001706060-2").row(0, named=True)
    assert (loan["product"], loan["originated_amount"]) == ("balloon", 45_600_000.0)
    assert loan["balloon_share"] == pytest.approx(left, rel=1e-12)
    # and the trust's own payment, interest on 30 days a month, is the level payment of that schedule
    assert 45_600_000 * payment == pytest.approx(235_130.38, abs=0.01)


def test_the_contract_gives_the_reported_balance(tapes: dict[str, Tape]) -> None:
    """Level payments of an amortising loan follow the trust's reported balance within actual-day interest."""
    tape = tapes["cmbs"]
    loans = tape.loans.filter(pl.col("loan_id") == "0001706060-2")
    as_of = dt.date(2022, 12, 31)
    seen = book_at(loans, tape.panel, tape.mapping, as_of).loans["principal"][0]
    alone = book_at(loans, None, tape.mapping, as_of).loans["principal"][0]
    assert alone == pytest.approx(seen, rel=0.01)
