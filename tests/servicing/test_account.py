"""Accounts worked by hand, and facts that cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from loantwin.errors import UsageError
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.account import Account, apply, replay
from loantwin.servicing.arrears import arrears, days_past_due
from loantwin.servicing.conventions import Servicing
from loantwin.servicing.fact_checks import LARGEST
from loantwin.servicing.facts import (
    AddCharge,
    Chargeback,
    ChargeOff,
    Disburse,
    Haircut,
    Pause,
    Pay,
    ReAge,
    ReAmortise,
    RefundCredit,
    Reschedule,
    Resume,
    Reverse,
    Sell,
    Waive,
)
from loantwin.servicing.payoff import interest_saved, payoff, statement

START = date(2024, 1, 1)
PLAIN = TermSheet(amount=Decimal(1000), annual_rate=Decimal(0), payments=4, start=START, method="flat")
YEAR = TermSheet(
    amount=Decimal(1200),
    annual_rate=Decimal("0.12"),
    payments=12,
    start=START,
    day_count="actual/365",
    interest_period="daily",
)
OUT = Disburse(on=START, amount=100_000)


def day(month: int, number: int) -> date:
    return date(2024, month, number)


def rests(account: Account) -> list[int]:
    return [row.rest for row in account.rows]


def test_one_instalment_is_paid_whole_before_the_next() -> None:
    account = replay(PLAIN, Servicing(), [OUT, Pay(on=day(2, 1), amount=30_000)])
    assert rests(account) == [0, 20_000, 25_000, 25_000]
    assert [row.ahead for row in account.rows] == [0, 5_000, 0, 0]
    assert account.rows[0].met == day(2, 1)


@pytest.mark.parametrize(
    ("ahead", "left"),
    [
        ("next", [0, 0, 15_000, 25_000]),
        ("last", [0, 25_000, 15_000, 0]),
        ("re-amortise", [0, 13_333, 13_333, 13_334]),
    ],
)
def test_what_is_paid_ahead_goes_where_the_rule_says(ahead: str, left: list[int]) -> None:
    """250.00 are due; of the other 350.00 each rule makes its own use."""
    servicing = Servicing(schedule="progressive", allocation="horizontal", ahead=ahead)
    assert rests(replay(PLAIN, servicing, [OUT, Pay(on=day(2, 1), amount=60_000)])) == left


@pytest.mark.parametrize(("way", "charges"), [("horizontal", [0, 2_000]), ("vertical", [0, 0])])
def test_past_due_by_instalment_or_by_part(way: str, charges: list[int]) -> None:
    """300.00 on instalments of 250.00 with a penalty of 20.00 each: across, the first is paid whole; down,
    both penalties come first.
    """
    facts = [
        OUT,
        AddCharge(on=day(1, 20), due=day(1, 20), amount=2_000, kind="penalty"),
        AddCharge(on=day(2, 20), due=day(2, 20), amount=2_000, kind="penalty"),
    ]
    servicing = Servicing(schedule="progressive", allocation=way)
    account = replay(PLAIN, servicing, [*facts, Pay(on=day(3, 5), amount=27_000)])
    assert [row.unpaid(3) for row in account.rows][:2] == charges
    assert account.transactions[-1].penalties == 4_000 - charges[1]


def test_a_chargeback_and_its_order() -> None:
    charge = AddCharge(on=day(1, 5), due=day(1, 20), amount=500, kind="penalty")
    facts = [OUT, charge, Pay(on=day(2, 1), amount=25_500), Chargeback(on=day(2, 10), amount=10_000, of=3)]
    plain = replay(PLAIN, Servicing(), facts)
    assert plain.transactions[-1].principal == 10_000
    ordered = replay(
        PLAIN, Servicing(schedule="progressive", allocation="horizontal", credit_order=(3, 2, 1, 0)), facts
    )
    assert (ordered.transactions[-1].penalties, ordered.transactions[-1].principal) == (500, 9_500)
    assert ordered.rows[1].owed == [34_500, 0, 0, 500]
    assert days_past_due(plain, day(2, 15)) == 5  # late since the chargeback


def test_overpaid_refunded_and_the_payment_reversed() -> None:
    account = replay(
        PLAIN, Servicing(), [OUT, Pay(on=day(1, 10), amount=50_000), Pay(on=day(1, 20), amount=70_000)]
    )
    assert (account.status, account.overpaid) == ("overpaid", 20_000)
    account = apply(account, RefundCredit(on=day(1, 25), amount=20_000))
    assert account.status == "closed"
    account = apply(account, Reverse(on=day(1, 26), of=2))
    assert (account.status, account.outstanding) == ("active", 50_000)
    with pytest.raises(UsageError, match="at most the 0 minor units overpaid"):
        apply(account, RefundCredit(on=day(1, 27), amount=1))


def test_principal_spread_anew() -> None:
    servicing = Servicing(schedule="progressive", allocation="horizontal")
    account = replay(PLAIN, servicing, [OUT, ReAmortise(on=day(3, 10))])
    assert rests(account) == [0, 0, 50_000, 50_000]
    aged = replay(PLAIN, servicing, [OUT, ReAge(on=day(6, 1), first=day(6, 10), every="1m", payments=3)])
    assert rests(aged) == [0, 0, 0, 0, 33_333, 33_333, 33_334]
    assert aged.rows[-1].due == day(8, 10)


def test_a_holiday_more_instalments_and_another_rate() -> None:
    holiday = Reschedule(on=START, instalment=day(3, 1), principal_grace=1)
    assert rests(replay(PLAIN, Servicing(), [OUT, holiday])) == [25_000, 0, 25_000, 25_000, 25_000]
    longer = Reschedule(on=START, instalment=day(3, 1), extra=2)
    assert rests(replay(PLAIN, Servicing(), [OUT, longer])) == [25_000, *[15_000] * 5]
    flat = TermSheet(
        amount=Decimal(1000), annual_rate=Decimal("0.12"), payments=2, start=START, method="flat"
    )
    cut = Reschedule(on=START, instalment=day(3, 1), annual_rate=Decimal("0.06"))
    assert [row.owed[1] for row in replay(flat, Servicing(), [OUT, cut]).rows] == [1_000, 500]
    later = Reschedule(on=START, instalment=day(3, 1), due=day(3, 20))
    assert [row.due for row in replay(PLAIN, Servicing(), [OUT, later]).rows][1:3] == [day(3, 20), day(4, 20)]


def test_given_up_taken_as_lost_and_sold() -> None:
    charge = AddCharge(on=day(1, 5), due=day(1, 20), amount=900)
    account = replay(
        PLAIN, Servicing(), [OUT, charge, Waive(on=day(1, 21), of=2), Haircut(on=day(2, 1), amount=30_000)]
    )
    assert rests(account) == [25_000, 25_000, 20_000, 0]
    lost = apply(account, ChargeOff(on=day(5, 1)))
    assert (lost.charged_off, lost.transactions[-1].amount, lost.outstanding) == (day(5, 1), 70_000, 70_000)
    recovered = apply(lost, Pay(on=day(6, 1), amount=10_000, kind="recovery"))
    assert recovered.outstanding == 60_000


def test_pauses_take_days_off() -> None:
    account = replay(PLAIN, Servicing(grace_days=3), [OUT, Pause(on=day(2, 10), until=day(2, 25))])
    now = arrears(account, day(3, 1))
    assert (now.past_due_days, now.days, now.since, now.amount) == (29, 11, day(2, 4), 25_000)
    ended = apply(account, Resume(on=day(2, 15)))
    assert arrears(ended, day(3, 1)).days == 29 - 3 - 5


def test_paying_early_saves_interest_where_it_is_recalculated() -> None:
    """1,200.00 at 12 % by days: half of it paid on 11 January leaves 600.00 to bear interest for 21 days."""
    servicing = Servicing(schedule="recalculated")
    account = replay(YEAR, servicing, [Disburse(on=START, amount=120_000)])
    paid = apply(account, Pay(on=day(1, 11), amount=60_000))
    assert paid.rows[0].owed[1] == round(120_000 * 0.12 * 10 / 365) + round(60_000 * 0.12 * 21 / 365)
    assert interest_saved(account, 60_000, day(1, 11)) > 0
    assert interest_saved(replay(YEAR, Servicing(), account.facts), 60_000, day(1, 11)) == 0
    due = payoff(account, day(1, 11))
    assert (due.principal, due.interest) == (120_000, round(120_000 * 0.12 * 10 / 365))
    closed = apply(account, Pay(on=day(1, 11), amount=due.total))
    assert (closed.status, closed.overpaid) == ("closed", 0)


def test_late_principal_bears_interest_where_it_is_recalculated() -> None:
    account = replay(YEAR, Servicing(schedule="recalculated"), [Disburse(on=START, amount=120_000)])
    first = account.rows[0]
    late = apply(account, Pay(on=day(2, 6), amount=first.rest))
    more = round(120_000 * 0.12 * 5 / 365) + round((120_000 - first.owed[0]) * 0.12 * 24 / 365)
    assert late.rows[1].owed[1] == more


def test_a_statement_ties() -> None:
    facts = [OUT, Pay(on=day(2, 1), amount=25_000), Pay(on=day(3, 5), amount=10_000)]
    told = statement(replay(PLAIN, Servicing(), facts), day(2, 15), day(3, 31))
    assert (told.opening, told.closing) == (75_000, 65_000)
    assert told.due == ((day(3, 1), 25_000, 15_000),)
    assert (told.past_due, told.next_due, told.next_amount) == (15_000, day(4, 1), 25_000)


@pytest.mark.parametrize(
    ("fact", "field", "words"),
    [
        (Pay(on=day(2, 1), amount=0), "amount", "an amount above 0"),
        (Pay(on=day(2, 1), amount=LARGEST + 1), "amount", "at most"),
        (Pay(on=START - timedelta(days=1), amount=5), "on", "on or after money was paid out"),
        (Reverse(on=day(2, 1), of=9), "of", "the number of a fact that holds"),
        (Waive(on=day(2, 1), of=1), "of", "the number of a charge"),
        (Chargeback(on=day(2, 1), amount=5, of=1), "of", "the number of a payment"),
        (Pay(on=day(2, 1), amount=5, number=1), "number", "a number that no fact has"),
        (Disburse(on=day(2, 1), amount=LARGEST), "amount", "minor units in all"),
        (ReAge(on=day(2, 1), first=day(3, 1), every="1m", payments=0), "payments", "1 to 12,000"),
        (ReAge(on=day(2, 1), first=day(3, 1), every="1q", payments=2), "every", "such as 1m"),
        (Reschedule(on=START, instalment=day(2, 1), extra=-3), "extra", "0 to 12,000"),
        (Reschedule(on=START, instalment=day(2, 1), principal_grace=-1), "principal_grace", "0 to 12,000"),
        (Reschedule(on=START, instalment=day(2, 1), annual_rate=Decimal(-5)), "annual_rate", "from -0.5 to"),
        (Pause(on=day(2, 1), until=day(1, 1)), "until", "a day from 2024-02-01 on"),
        (Sell(on=day(2, 1), to="another", price=-5), "price", "a price of 0"),
    ],
)
def test_what_cannot_be_is_refused_and_the_account_stays(fact: Pay, field: str, words: str) -> None:
    account = replay(PLAIN, Servicing(), [OUT])
    with pytest.raises(UsageError, match=words) as told:
        apply(account, fact)
    assert told.value.field == field
    assert account.facts == (Disburse(on=START, amount=100_000, number=1),)


def test_more_taken_back_than_was_paid_or_before_it_was_is_refused() -> None:
    account = replay(PLAIN, Servicing(), [OUT, Pay(on=day(2, 1), amount=10_000)])
    with pytest.raises(UsageError, match="field on: expected a day from 2024-02-01, the payment's, on"):
        apply(account, Chargeback(on=day(1, 20), of=2, amount=5))
    account = apply(account, Chargeback(on=day(2, 5), of=2, amount=6_000))
    with pytest.raises(UsageError, match="at most the 4000 minor units paid and not taken back"):
        apply(account, Chargeback(on=day(2, 6), of=2, amount=6_000))
    again = apply(account, Reverse(on=day(2, 6), of=3))
    assert apply(again, Chargeback(on=day(2, 6), of=2, amount=10_000)).outstanding == 100_000


def test_an_instalment_is_not_moved_before_the_one_that_comes_first() -> None:
    moved = Reschedule(on=START, instalment=day(3, 1), due=day(1, 16))
    with pytest.raises(UsageError, match="field due: expected a due date after 2024-02-01, was 2024-01-16"):
        _ = replay(PLAIN, Servicing(), [OUT, moved]).outstanding
    with pytest.raises(UsageError, match="field grace_days"):
        Servicing(grace_days=-1)


def test_a_fact_before_money_and_a_convention_that_is_not() -> None:
    with pytest.raises(UsageError, match=r"row 1, field on: .*nothing paid out yet"):
        replay(PLAIN, Servicing(), [Pay(on=day(2, 1), amount=5)])
    with pytest.raises(UsageError, match="field ahead: expected one of next, last, re-amortise"):
        Servicing(ahead="first")


def test_terms_drawn_up_elsewhere_keep_their_schedule() -> None:
    balloon = TermSheet(
        amount=Decimal(1000),
        annual_rate=Decimal("0.12"),
        payments=3,
        start=START,
        amortisation="balloon",
        balloon=Decimal(400),
    )
    account = replay(balloon, Servicing(), [OUT])
    assert sum(row.owed[0] for row in account.rows) == 100_000
    with pytest.raises(UsageError, match="field amortisation"):
        _ = replay(balloon, Servicing(), [Disburse(on=START, amount=90_000)]).outstanding
    step = replace(balloon, amortisation="step", balloon=Decimal(0), step=Decimal("0.1"))
    with pytest.raises(UsageError, match="field amortisation"):
        _ = replay(step, Servicing(schedule="recalculated"), [OUT]).outstanding


def test_an_automatic_down_payment_is_less_what_was_overpaid() -> None:
    sheet = TermSheet(
        amount=Decimal(2000),
        annual_rate=Decimal(0),
        payments=3,
        start=START,
        method="flat",
        down_payment=Decimal("0.25"),
    )
    servicing = Servicing(schedule="progressive", allocation="horizontal", down_payment_auto=True)
    account = replay(sheet, servicing, [OUT, Pay(on=day(1, 10), amount=85_000)])
    assert [line.kind for line in account.transactions] == ["disbursement", "down-payment", "repayment"]
    assert account.overpaid == 10_000
    account = apply(account, Disburse(on=day(1, 20), amount=100_000))
    assert account.transactions[-1].amount == 15_000
    assert account.overpaid == 0


def test_money_paid_out_within_a_period_bears_interest_for_its_days() -> None:
    """1,200.00 at 1 % a month and 600.00 more on 16 January, 16 of 31 days before the first instalment."""
    sheet = TermSheet(amount=Decimal(1800), annual_rate=Decimal("0.12"), payments=6, start=START)
    account = replay(
        sheet, Servicing(), [Disburse(on=START, amount=120_000), Disburse(on=day(1, 16), amount=60_000)]
    )
    assert account.rows[0].owed[1] == 1_200 + round(600 * 16 / 31)
    assert sum(row.owed[0] for row in account.rows) == 180_000


def test_a_rate_cut_works_the_level_payment_out_anew() -> None:
    """1,200.00 over four months at 1 %: 307.54; cut to nothing from the third, what is left is halved."""
    sheet = TermSheet(amount=Decimal(1200), annual_rate=Decimal("0.12"), payments=4, start=START)
    cut = Reschedule(on=START, instalment=day(4, 1), annual_rate=Decimal(0))
    rows = replay(sheet, Servicing(), [Disburse(on=START, amount=120_000), cut]).rows
    assert [row.rest for row in rows[:2]] == [30_754, 30_754]
    left = 120_000 - sum(row.owed[0] for row in rows[:2])
    assert [row.rest for row in rows[2:]] == [left // 2, left - left // 2]


def test_an_extension_spreads_what_is_left_over_more_instalments() -> None:
    sheet = TermSheet(amount=Decimal(1200), annual_rate=Decimal("0.12"), payments=4, start=START)
    longer = Reschedule(on=START, instalment=day(4, 1), extra=2)
    rows = replay(sheet, Servicing(), [Disburse(on=START, amount=120_000), longer]).rows
    left = 120_000 - sum(row.owed[0] for row in rows[:2])
    level = left * 0.01 / (1 - 1.01**-4)
    assert len(rows) == 6
    assert [row.rest for row in rows[2:5]] == [round(level)] * 3


def test_shares_that_round_up_never_pay_more_than_came() -> None:
    """3 cents among 5 instalments are 0.6 each: three get one, two get none."""
    sheet = TermSheet(amount=Decimal(1000), annual_rate=Decimal(0), payments=5, start=START, method="flat")
    servicing = Servicing(schedule="progressive", allocation="horizontal", ahead="re-amortise")
    account = replay(sheet, servicing, [OUT, Pay(on=day(1, 20), amount=3)])
    assert [row.paid[0] for row in account.rows] == [1, 1, 1, 0, 0]


def test_what_is_more_than_principal_pays_charges_due_later_where_interest_is_recalculated() -> None:
    charge = AddCharge(on=day(1, 2), due=day(6, 1), amount=500)
    account = replay(YEAR, Servicing(schedule="recalculated"), [Disburse(on=START, amount=120_000), charge])
    due = payoff(account, day(1, 11))
    assert (due.principal, due.fees) == (120_000, 500)
    assert apply(account, Pay(on=day(1, 11), amount=due.total)).status == "closed"
