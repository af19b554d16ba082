"""Facts of accounts as events of the log, applied by the code that replays any account."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings

from loantwin.clock import FixedClock
from loantwin.errors import LogError
from loantwin.events.accounts import account_events, accounts
from loantwin.events.event import Event, check_events
from loantwin.events.log import Log
from loantwin.events.log_file import create_log
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.account import Account, replay
from loantwin.servicing.conventions import Servicing
from loantwin.servicing.facts import Disburse, Pay, Reschedule, Reverse
from tests.servicing.accounts import accounts as drawn
from tests.servicing.accounts import picture

START = date(2024, 1, 1)


def an_account() -> Account:
    sheet = TermSheet(
        amount=Decimal(1000),
        annual_rate=Decimal("0.0995"),
        payments=4,
        start=START,
        method="flat",
        down_payment=Decimal("0.25"),
    )
    servicing = Servicing(
        down_payment_auto=True,
        credit_order=(3, 0),
        ahead_by_kind=(("goodwill-credit", "last"),),
        grace_days=3,
    )
    facts = [
        Disburse(on=START, amount=100_000),
        Pay(on=date(2024, 2, 1), amount=5_000),
        Reschedule(on=date(2024, 2, 2), instalment=date(2024, 3, 1), annual_rate=Decimal("0.0425")),
        Reverse(on=date(2024, 2, 3), of=2),
        Pay(on=date(2024, 2, 5), amount=7_000, kind="goodwill-credit", recorded=date(2024, 2, 9)),
    ]
    return replay(sheet, servicing, facts)


def test_an_account_goes_through_the_log(tmp_path: Path) -> None:
    account = an_account()
    events = account_events(account, "L1")
    check_events(events)
    create_log(tmp_path / "log.sqlite")
    log = Log(tmp_path / "log.sqlite", FixedClock(datetime(2026, 1, 31, 12, tzinfo=UTC)))
    log.append(events)
    (again,) = accounts(log.read()).values()
    log.close()
    assert (again.terms, again.servicing, again.facts) == (account.terms, account.servicing, account.facts)
    assert picture(again) == picture(account)


@settings(max_examples=30, deadline=None)
@given(drawn())
def test_any_account_is_the_same_out_of_its_events(account: Account) -> None:
    assert picture(accounts(account_events(account, "L"))["L"]) == picture(account)


def test_what_the_log_cannot_hold_is_refused_by_loan_and_field() -> None:
    opened, paid_out, paid, *_ = account_events(an_account(), "L1")
    with pytest.raises(LogError, match="loan L1: expected a fact of an account that was opened"):
        accounts([paid])
    with pytest.raises(LogError, match="expected one opening"):
        accounts([opened, opened])
    nothing = Event(paid.type, paid.happened, {**paid.data, "data": {"amount": 0}})
    with pytest.raises(LogError, match="loan L1, field amount: expected an amount above 0"):
        accounts([opened, paid_out, nothing])
    with pytest.raises(LogError, match="row 7, loan L1, field on"):
        accounts([opened, replace_sequence(paid, 7)])


def replace_sequence(event: Event, sequence: int) -> Event:
    return event._replace(sequence=sequence)


def test_accounts_are_kept_apart() -> None:
    one = an_account()
    other = replace(one, facts=one.facts[:1])
    mixed = [*account_events(one, "A"), *account_events(other, "B")]
    assert {name: len(found.transactions) for name, found in accounts(mixed).items()} == {"A": 3, "B": 2}
