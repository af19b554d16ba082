"""A synthetic bank's histories played as accounts: the same balances, days past due, interest and losses."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from loantwin.errors import UsageError
from loantwin.events.accounts import account_events, accounts
from loantwin.servicing.account import Account, replay
from loantwin.servicing.arrears import days_past_due
from loantwin.servicing.facts import Disburse, Pay
from loantwin.servicing.facts_file import account_of
from loantwin.servicing.payoff import as_of
from loantwin.servicing.stated import account_lines
from loantwin.synthesis.accounts import PLAYED, SERVICING, bank_accounts
from loantwin.synthesis.generate import SyntheticBook, generate
from loantwin.synthesis.write import write

Months = list[dict[str, Any]]
SEEN = {"current", "dpd_1_29", "dpd_30_59", "dpd_60_89", "default_0_3", "cured_probation"} | {
    "prepaid",
    "matured",
    "charged_off",
}


@pytest.fixture(scope="module")
def bank() -> SyntheticBook:
    return generate(loans=500, months=48, seed=5)


@pytest.fixture(scope="module")
def played(bank: SyntheticBook) -> dict[str, Account]:
    return dict(bank_accounts(bank.loans, bank.panel))


@pytest.fixture(scope="module")
def histories(bank: SyntheticBook) -> dict[str, Months]:
    parts = bank.panel.sort("loan_id", "report_date").partition_by("loan_id", as_dict=True)
    return {key[0]: part.to_dicts() for key, part in parts.items()}


def kept(months: Months) -> Months:
    """Return the months before a charge-off."""
    return [month for month in months if month["state"] != "charged_off"]


def principal_at(account: Account, on: date) -> int:
    """Return what is lent and not repaid on a day, minor units."""
    lent = sum(fact.amount for fact in account.facts if isinstance(fact, Disburse))
    lines = [line for line in account.transactions if line.kind == "repayment" and line.on <= on]
    return lent - sum(line.principal for line in lines)


def cents(rate: float, months: int) -> float:
    """Return what rounding can do to a balance by then: two cents a month, compounded (`schedule_minor`)."""
    each = rate / 12.0
    grown = np.expm1(months * np.log1p(each)) / each if each else months
    return float(2.0 * grown + 2.0)


def test_every_kind_of_history_is_played(
    bank: SyntheticBook, played: dict[str, Account], histories: dict[str, Months]
) -> None:
    lines = bank.loans.filter(~pl.col("product").is_in(PLAYED))
    assert set(lines["product"]) == {"revolving"}
    assert len(played) == bank.loans.height - lines.height
    assert {month["state"] for loan_id in played for month in histories[loan_id]} >= SEEN
    floating = bank.loans.filter(pl.col("loan_id").is_in(list(played)) & (pl.col("rate_type") == "floating"))
    assert floating.height > 20


@pytest.mark.slow
def test_balances_are_those_of_the_history(played: dict[str, Account], histories: dict[str, Months]) -> None:
    for loan_id, account in played.items():
        months = kept(histories[loan_id])
        rate = max(month["annual_rate"] for month in months)
        for number, month in enumerate(months):
            away = principal_at(account, month["report_date"]) - round(month["principal"] * 100)
            assert abs(away) <= cents(rate, number), (loan_id, month["report_date"], away)


@pytest.mark.slow
def test_days_past_due_are_those_of_the_history(
    played: dict[str, Account], histories: dict[str, Months]
) -> None:
    late = [loan_id for loan_id in played if any(month["days_past_due"] for month in histories[loan_id])]
    assert len(late) > 40
    for loan_id in late[:40]:
        for month in kept(histories[loan_id]):
            known = as_of(played[loan_id], month["report_date"])
            assert days_past_due(known, month["report_date"]) == month["days_past_due"]


def test_interest_and_losses_are_those_of_the_history(
    played: dict[str, Account], histories: dict[str, Months]
) -> None:
    lost = 0
    for loan_id, account in played.items():
        months = histories[loan_id]
        paid = sum(line.interest for line in account.transactions if line.kind == "repayment")
        rate = max(month["annual_rate"] for month in months)
        limit = cents(rate, len(months)) * (1.0 + rate * len(months) / 12.0) + 2.0 * len(months)
        assert abs(paid - 100 * sum(month["interest"] for month in months)) <= limit, loan_id
        gone = [line for line in account.transactions if line.kind == "charge-off"]
        booked = [month for month in months if month["charged_off"]]
        assert len(gone) == len(booked)
        for line, month in zip(gone, booked, strict=True):
            whole = round(100 * (month["charged_off"] + month["prepaid"]))
            assert abs(line.principal - whole) <= cents(rate, len(months))
            back = sum(item.amount for item in account.transactions if item.kind == "recovery")
            recovered = sum(item["recovered"] for item in months)
            assert back == round(100 * month["prepaid"]) + round(100 * recovered)
            lost += 1
    assert lost > 5


def test_a_payment_more_or_less_would_be_seen(
    played: dict[str, Account], histories: dict[str, Months]
) -> None:
    loan_id = next(key for key, months in histories.items() if key in played and len(months) > 30)
    account, end = played[loan_id], kept(histories[loan_id])[-1]
    last = max(fact.number for fact in account.facts if isinstance(fact, Pay))
    fewer = replay(account.terms, SERVICING, [fact for fact in account.facts if fact.number != last])
    away = principal_at(fewer, end["report_date"]) - round(end["principal"] * 100)
    assert abs(away) > cents(0.3, 48)


def test_files_and_log_give_the_accounts_back(played: dict[str, Account]) -> None:
    for loan_id, account in list(played.items())[:25]:
        lines = list(account_lines(account))
        again = account_of(lines)
        assert [row.owed for row in again.rows] == [row.owed for row in account.rows]
        assert (again.status, again.outstanding) == (account.status, account.outstanding)
        logged = accounts(account_events(account, loan_id))[loan_id]
        assert logged.rows[-1].paid == account.rows[-1].paid
        assert logged.outstanding == account.outstanding


def test_a_bank_is_written_with_its_accounts(tmp_path) -> None:
    made = write(tmp_path / "bank", loans=30, months=24, seed=2, accounts=4)
    files = sorted((tmp_path / "bank" / "accounts").glob("*.jsonl"))
    assert len(files) == 4
    assert made.files["accounts/*.jsonl"] == sum(
        len(file.read_text(encoding="utf-8").splitlines()) for file in files
    )
    tables = [pl.read_parquet(tmp_path / "bank" / f"{name}.parquet") for name in ("loans", "panel")]
    for loan_id, account in bank_accounts(*tables, [file.stem for file in files]):
        text = (tmp_path / "bank" / "accounts" / f"{loan_id}.jsonl").read_text(encoding="utf-8")
        assert text.splitlines() == list(account_lines(account))
    with pytest.raises(UsageError, match="field accounts"):
        write(tmp_path / "other", loans=5, months=12, accounts=-1)


def test_a_line_and_an_unknown_loan_are_refused(bank: SyntheticBook) -> None:
    line = bank.loans.filter(pl.col("product") == "revolving")["loan_id"][0]
    for loan_id in (line, "none"):
        with pytest.raises(UsageError, match="field loan_id: expected a loan of the table that is no line"):
            list(bank_accounts(bank.loans, bank.panel, [loan_id]))
