"""Histories that turn back on themselves: what never was leaves no trace, and nothing comes from nowhere.

Amounts by hand, from 1,200.00 at 12 % over six months: 1 % a month, instalments of 207.06.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import loantwin as lt
from loantwin.errors import UsageError
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.account import Account, apply, replay
from loantwin.servicing.arrears import arrears
from loantwin.servicing.conventions import Servicing
from loantwin.servicing.facts import (
    AddCharge,
    Chargeback,
    Disburse,
    Fact,
    Pause,
    Pay,
    RefundCredit,
    Reschedule,
    Reverse,
    Waive,
)
from loantwin.servicing.payoff import interest_saved

START = date(2024, 1, 15)
TERMS = TermSheet(amount=Decimal(1200), annual_rate=Decimal("0.12"), payments=6, start=START)
PAID_OUT = Disburse(on=START, amount=120_000)


def account(*facts: Fact, terms: TermSheet = TERMS, **servicing: Any) -> Account:
    return replay(terms, Servicing(**servicing), (PAID_OUT, *facts))


def test_a_pause_that_never_was_takes_no_days_off() -> None:
    """15 February to 14 March are 28 days; 20 February to 10 March are 19 of them."""
    pause = Pause(on=date(2024, 2, 20), until=date(2024, 3, 10))
    paused = account(pause)
    assert arrears(paused, date(2024, 3, 14)).days == 28 - 19
    assert arrears(apply(paused, Reverse(on=date(2024, 3, 11), of=2)), date(2024, 3, 14)).days == 28


def test_a_day_in_two_pauses_counts_once() -> None:
    first = Pause(on=date(2024, 2, 20), until=date(2024, 3, 10))
    within = Pause(on=date(2024, 2, 25), until=date(2024, 3, 1))
    beyond = Pause(on=date(2024, 3, 5), until=date(2024, 3, 12))
    assert arrears(account(first, within), date(2024, 3, 14)).days == 28 - 19
    assert arrears(account(first, within, beyond), date(2024, 3, 14)).days == 28 - 21
    assert arrears(account(beyond, first), date(2024, 3, 14)).days == 28 - 21


@pytest.mark.parametrize("schedule", ["fixed", "recalculated"])
def test_changes_agreed_count_by_their_days_whatever_was_recorded_first(schedule: str) -> None:
    """The later agreement, 6 % from March on, holds for April too: 0.5 % of 806.95 is 4.03."""
    april = Reschedule(on=date(2024, 2, 1), instalment=date(2024, 4, 15), annual_rate=Decimal("0.24"))
    march = Reschedule(on=date(2024, 3, 1), instalment=date(2024, 3, 15), annual_rate=Decimal("0.06"))
    one, other = (account(*facts, schedule=schedule) for facts in ((april, march), (march, april)))
    assert [row.owed for row in one.rows] == [row.owed for row in other.rows]
    assert [tuple(row.owed[:2]) for row in one.rows[:3]] == [(19_506, 1_200), (19_899, 502), (19_998, 403)]


def test_a_payment_taken_back_is_reversed_after_the_chargeback() -> None:
    """Otherwise 1,300.00 would be owed of 1,200.00 that were lent."""
    taken = account(
        Pay(on=date(2024, 2, 15), amount=20_706), Chargeback(on=date(2024, 2, 20), amount=10_000, of=2)
    )
    with pytest.raises(UsageError, match="reverse fact 3 first") as told:
        apply(taken, Reverse(on=date(2024, 3, 1), of=2))
    assert told.value.field == "of"
    undone = apply(apply(taken, Reverse(on=date(2024, 3, 1), of=3)), Reverse(on=date(2024, 3, 1), of=2))
    assert undone.outstanding == account().outstanding == 124_235


def test_credit_is_refunded_once_it_is_there() -> None:
    """1,300.00 on 15 February pay 1,242.35 off; the other 57.65 were not there on the first."""
    paid = account(Pay(on=date(2024, 2, 15), amount=130_000))
    with pytest.raises(UsageError, match="at most the 0 minor units overpaid on 2024-02-01"):
        apply(paid, RefundCredit(on=date(2024, 2, 1), amount=5_765))
    assert apply(paid, RefundCredit(on=date(2024, 2, 15), amount=5_765)).overpaid == 0


def test_a_charge_is_waived_once() -> None:
    waived = account(
        AddCharge(on=date(2024, 2, 15), due=date(2024, 2, 15), amount=500), Waive(on=date(2024, 2, 15), of=2)
    )
    with pytest.raises(UsageError, match="a charge not waived before"):
        apply(waived, Waive(on=date(2024, 2, 16), of=2))


def test_what_is_taken_as_down_payment_is_what_is_asked(tmp_path: Path) -> None:
    """A quarter of 1,200.10 is 300.025: 300.03 where halves go up, asked and taken."""
    lines = [
        {
            "fact": "terms", "amount": 1200.10, "annual_rate": 0.12, "payments": 6, "start": "2024-01-15",
            "down_payment": 0.25, "rounding": "half-up", "servicing": {"down_payment_auto": True},
        },
        {"fact": "disburse", "on": "2024-01-15", "amount": 1200.10},
    ]  # fmt: skip
    path = tmp_path / "facts.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    first = lt.account_replay(path).instalments[0]
    assert (first.kind, first.total, first.paid, first.outstanding) == ("down payment", 300.03, 300.03, 0)


def test_a_fee_at_disbursement_is_no_down_payment(tmp_path: Path) -> None:
    lines = [
        {
            "fact": "terms", "amount": 1200, "annual_rate": 0.12, "payments": 6, "start": "2024-01-15",
            "charges": [{"name": "arrangement", "share": 0.02}],
        },
        {"fact": "disburse", "on": "2024-01-15", "amount": 1200},
    ]  # fmt: skip
    path = tmp_path / "facts.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    first = lt.account_replay(path).instalments[0]
    assert (first.kind, first.total) == ("charges at disbursement", 24)


def test_interest_saved_leaves_out_what_was_late_before() -> None:
    """On time: 300.00 on 1 March. 1,004.94 bears 1 % x 15/29, 704.94 the rest: 5.20 + 3.40 for 10.05; then
    704.94 over four, 17.71 of interest for 20.30: 4.04 saved.

    Late: on 1 March the first instalment's 195.06 has borne its share of March, paid or not: 6.21 + 4.85 of
    11.06, with the payment 6.21 + 4.40; a cent of later interest beside.
    """
    day = date(2024, 3, 1)
    on_time = account(Pay(on=date(2024, 2, 15), amount=20_706), schedule="recalculated")
    assert interest_saved(on_time, 30_000, day) == 404
    assert interest_saved(account(schedule="recalculated"), 30_000, day) == 46
    assert interest_saved(account(), 30_000, day) == 0


def test_what_is_paid_ahead_twice_counts_twice() -> None:
    """Under `next`, 500.00 beyond the instalment of 15 February: 504.94 of 1,004.94 are left, 5.05 a month.

    March and April ask principal of 207.06 - 5.05 = 202.01, which is there; of May's 95.98 are: 106.03 asked.
    """
    twice = account(
        Pay(on=date(2024, 2, 15), amount=50_706),
        Pay(on=date(2024, 2, 15), amount=20_000),
        schedule="recalculated",
        early="next",
    )
    once = account(Pay(on=date(2024, 2, 15), amount=70_706), schedule="recalculated", early="next")
    asked = [tuple(row.owed[:2]) for row in twice.rows]
    assert asked == [tuple(row.owed[:2]) for row in once.rows]
    assert asked[1:4] == [(0, 505), (0, 505), (10_603, 505)]


@pytest.mark.parametrize(
    ("rounding", "cents"), [("half-even", 1_562), ("half-up", 1_563), ("down", 1_562), ("up", 1_563)]
)
def test_recalculated_interest_is_rounded_as_the_terms_say(rounding: str, cents: int) -> None:
    """1,250.00 at 15 % a year: a month's interest is 15.625."""
    terms = TermSheet(
        amount=Decimal(1250), annual_rate=Decimal("0.15"), payments=6, start=START, rounding=rounding
    )
    made = replay(terms, Servicing(schedule="recalculated"), [Disburse(on=START, amount=125_000)])
    assert made.rows[0].owed[1] == cents
