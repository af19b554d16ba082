"""Negative balances and bookings taken back: the loan is kept, the amount listed; senseless ones are
refused.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from loantwin.book.tape import Tape, check, read_tape

Read = Callable[..., Tape]

CARDS = """
name = "own"
currency = "EUR"
kind = "snapshot"
as_of = 2024-12-31
observes = ["balance"]
[columns]
loan_id = "No"
product = { source = "Kind", values = { C = "revolving", L = "instalment" } }
approved_amount = "Limit"
principal = "Owed"
undrawn = "Free"
"""


def test_credits_of_cards_and_loans_are_kept_at_nothing_owed(read_own: Read) -> None:
    rows = (
        "No,Kind,Limit,Owed,Free\n1,C,1000,-45.10,1045.10\n2,L,1000,-0.01,\n3,C,1000,1200,-200\n4,L,-5,10,\n"
    )
    tape = read_own(CARDS, rows)
    assert tape.loans.select("loan_id", "principal", "undrawn").rows() == [
        ("1", 0.0, 1045.10),
        ("2", 0.0, None),
        ("3", 1200.0, 0.0),  # overdrawn
    ]
    assert tape.warnings.select("row", "field", "rule", "raw").rows() == [
        (1, "principal", "credit_balance", "-45.10"),
        (2, "principal", "credit_balance", "-0.01"),
        (3, "undrawn", "credit_balance", "-200"),
    ]
    assert tape.quarantine.select("row", "field", "rule").rows() == [
        (4, "approved_amount", "negative_amount")
    ]
    found = check(tape)
    assert found.credit_balances == 45.11
    assert found.totals["balance"] == 1200.0


PANEL = """
name = "own"
kind = "panel"
observes = ["balance", "charge_offs", "recoveries"]
[columns]
loan_id = "No"
product = { constant = "instalment" }
[panel]
report_date = { source = "Month", formats = ["%Y-%m-%d"] }
principal = "Owed"
state = { source = "S", values = { P = "current", X = "charged_off" } }
charged_off = "Lost"
recovered = "Back"
"""


@pytest.mark.parametrize("owed", ["-2e13", "3e13", "1e300"])
def test_no_credit_is_beyond_any_amount(read_own: Read, owed: str) -> None:
    tape = read_own(CARDS, f"No,Kind,Limit,Owed,Free\n1,C,1000,{owed},0\n2,L,1000,5,\n")
    assert tape.quarantine.select("row", "field", "rule").rows() == [(1, "principal", "absurd_amount")]


def test_the_month_that_ends_a_loan_with_a_gain_is_kept(read_own: Read) -> None:
    rows = "No,Month,Owed,S,Lost,Back\n1,2024-01-31,100,P,0,0\n1,2024-02-29,-3,X,-12.50,-4\n"
    tape = read_own(PANEL, rows)
    assert tape.panel is not None
    assert tape.panel.select("principal", "charged_off", "recovered").rows() == [
        (100.0, 0.0, 0.0),
        (0.0, 0.0, 0.0),
    ]
    assert check(tape).warnings == {"credit_balance": 1, "negative_flow": 1}
    assert tape.loans["charge_off_date"][0] is not None
    assert check(tape).credit_balances == 3.0


def test_a_difference_below_nothing_is_a_credit_too(read_own: Read) -> None:
    mapping = CARDS.replace('principal = "Owed"', 'principal = { source = "Owed", less = "Paid" }').replace(
        'undrawn = "Free"\n', ""
    )
    tape = read_own(mapping, "No,Kind,Limit,Owed,Paid\n1,L,100,50,80\n")
    assert (tape.loans["principal"][0], tape.credit_balances) == (0.0, 30.0)


def test_the_case_of_an_overpaid_loan(cases: Path) -> None:
    case = cases / "T02-overpaid"
    tape = read_tape(case / "overpaid.csv", case / "snap.toml")
    found = check(tape)
    assert (found.loans, found.warnings, found.credit_balances) == (2, {"credit_balance": 1}, 45.10)
    assert tape.loans["principal"].to_list() == [0.0, 8000.0]
    assert tape.warnings["raw"].to_list() == ["-45,10"]


def test_reversed_bookings_of_real_loans_are_kept(data: Path, tmp_path: Path) -> None:
    text = PANEL.replace('"No"', '"assetNumber"').replace('"Month"', '"reportingPeriodEndingDate"')
    text = text.replace('"Owed"', '"reportingPeriodActualEndBalanceAmount"').replace(
        '"Lost"', '"chargedoffPrincipalAmount"'
    )
    text = text.replace('"Back"', '"recoveredAmount"').partition("state = ")
    rest = 'days_past_due = "currentDelinquencyStatus"\n' + text[2].partition("\n")[2]
    (tmp_path / "own.toml").write_text(text[0] + rest, encoding="utf-8")
    found = check(read_tape(data / "abs_auto_2017/abs_auto_2017.csv.gz", tmp_path / "own.toml"))
    assert set(found.rejections) == {"duplicate_id", "duplicate_row"}
    assert found.warnings["negative_flow"] == pytest.approx(
        5, abs=2
    )  # 3 charge-offs and 2 recoveries, some told twice
