"""Recalculated interest, worked by hand: payments taken back, principal given up, instalments agreed anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import UsageError
from loantwin.products.instalments import instalments
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.account import Account, apply
from loantwin.servicing.account import replay as replayed
from loantwin.servicing.arrears import days_past_due
from loantwin.servicing.conventions import Servicing
from loantwin.servicing.facts import (
    Chargeback,
    ChargeOff,
    Disburse,
    Fact,
    Haircut,
    Pay,
    ReAge,
    ReAmortise,
    RefundCredit,
    Reschedule,
)
from loantwin.servicing.payoff import payoff

START = date(2024, 1, 1)
MONTHLY = TermSheet(amount=Decimal(1200), annual_rate=Decimal("0.12"), payments=4, start=START)
DAILY = replace(MONTHLY, day_count="actual/365", interest_period="daily")
OUT = Disburse(on=START, amount=120_000)


def day(month: int, number: int = 1) -> date:
    return date(2024, month, number)


def replay(sheet: TermSheet, *facts: Fact, **servicing: object) -> Account:
    return replayed(sheet, Servicing(schedule="recalculated", **servicing), [OUT, *facts])


def principal(account: Account) -> list[int]:
    return [row.owed[0] for row in account.rows]


def interest(account: Account) -> list[int]:
    return [row.owed[1] for row in account.rows]


def test_a_payment_taken_back_bears_interest_until_it_is_due_again() -> None:
    """100.00 taken back on 11 February: 19 of the 29 days until it is due again bear on it too."""
    paid = replay(DAILY, Pay(on=day(2), amount=30_800))
    back = apply(paid, Chargeback(on=day(2, 11), amount=10_000, of=2))
    assert back.rows[1].owed[0] == paid.rows[1].owed[0] + 10_000 - (interest(back)[1] - interest(paid)[1])
    before = 120_000 - paid.rows[0].owed[0]
    assert interest(paid)[1] == round(before * 0.12 * 29 / 365)
    assert interest(back)[1] == round(before * 0.12 * 10 / 365) + round((before + 10_000) * 0.12 * 19 / 365)
    assert days_past_due(back, day(2, 16)) == 5
    assert sum(principal(back)) == 130_000
    due = payoff(back, day(2, 20))
    assert due.principal == 120_000 - 30_800 + paid.rows[0].owed[1] + 10_000
    closed = apply(back, Pay(on=day(2, 20), amount=due.total))
    assert (closed.outstanding, closed.overpaid) == (0, 0)


def test_what_was_overpaid_goes_back() -> None:
    over = replay(MONTHLY, Pay(on=day(1, 2), amount=150_000))
    assert over.status == "overpaid"
    assert apply(over, RefundCredit(on=day(1, 3), amount=over.overpaid)).status == "closed"


def test_principal_given_up_bears_nothing_from_its_day() -> None:
    """600.00 of 1,200.00 given up on 11 January: 10 days of all, 21 of half; the last instalments go."""
    account = replay(DAILY, Haircut(on=day(1, 11), amount=60_000))
    assert interest(account)[0] == round(120_000 * 0.12 * 10 / 365) + round(60_000 * 0.12 * 21 / 365)
    assert sum(principal(account)) == 60_000
    assert len(account.rows) == 2
    assert account.transactions[-1].principal == 60_000
    with pytest.raises(UsageError, match="at most the 120000 minor units of principal owed"):
        replay(DAILY, Haircut(on=day(6), amount=500_000))
    late = replay(DAILY, Haircut(on=day(6), amount=120_000))
    assert late.transactions[-1].amount == 120_000
    assert [row.unpaid(0) for row in late.rows] == [0] * 4


def test_principal_past_due_is_spread_over_the_instalments_to_come() -> None:
    """Nothing was paid by 1 March: at 1 % a month 1,200.00 over the two to come are 609.01 each."""
    account = replay(MONTHLY, ReAmortise(on=day(3)), late_interest=False)
    assert principal(account)[:2] == [0, 0]
    assert interest(account)[:2] == [1_200, interest(replay(MONTHLY))[1]]
    assert [sum(row.owed) for row in account.rows[2:]] == [60_901, 60_902]
    assert account.transactions[-1].principal == sum(principal(replay(MONTHLY))[:2])


def test_a_re_aged_account_bears_interest_on_its_new_instalments() -> None:
    """1,200.00 unpaid on 1 June: three of 408.03 at 1 % from 1 July; interest asked before stays due."""
    fact = ReAge(on=day(6), first=day(7), every="1m", payments=3)
    account = replay(MONTHLY, fact, late_interest=False)
    assert principal(account)[:4] == [0] * 4
    assert interest(account)[:4] == interest(replay(MONTHLY))
    assert [row.due for row in account.rows[4:]] == [day(7), day(8), day(9)]
    assert [sum(row.owed) for row in account.rows[4:]] == [40_803, 40_803, 40_802]
    assert sum(principal(account)) == 120_000
    # with interest on what is late the month that ran before bears its own
    more = replay(MONTHLY, fact)
    assert interest(more)[4] >= interest(account)[4]


def test_a_re_aged_account_keeps_what_was_paid() -> None:
    paid = (Pay(on=day(2), amount=30_754), Pay(on=day(2, 11), amount=5_000))
    account = replay(MONTHLY, *paid, ReAge(on=day(2, 15), first=day(4), every="1m", payments=2))
    came = sum(sum(row.paid) for row in account.rows)
    assert came == 35_754
    assert sum(principal(account)) == 120_000
    assert [row.due for row in account.rows] == [day(2), day(4), day(5)]
    assert account.transactions[-1].principal == 120_000 - 29_554 - 5_000


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        (Reschedule(on=START, instalment=day(4), annual_rate=Decimal(0)), 4),
        (Reschedule(on=START, instalment=day(4), extra=2), 6),
        (Reschedule(on=START, instalment=day(3), principal_grace=1), 5),
        (Reschedule(on=START, instalment=day(3), due=day(3, 20)), 4),
    ],
)
def test_instalments_agreed_anew_are_those_of_a_fixed_schedule_while_all_is_paid_on_time(
    change: Reschedule, rows: int
) -> None:
    fixed, own = replayed(MONTHLY, Servicing(), [OUT, change]), replay(MONTHLY, change)
    assert len(own.rows) == rows
    assert [row.due for row in own.rows] == [row.due for row in fixed.rows]
    assert principal(own) == principal(fixed)
    assert interest(own) == interest(fixed)


def test_more_instalments_do_not_count_before_they_are_agreed() -> None:
    longer = Reschedule(on=day(3), instalment=day(4), extra=2)
    early = Pay(on=day(2), amount=60_000)
    assert principal(replay(MONTHLY, early, longer))[1] == principal(replay(MONTHLY, early))[1]


def test_what_is_late_bears_interest_by_days_until_it_is_paid() -> None:
    """1,000.00 at 12 % over 365 days, nothing paid: 60 days are 19.73, 61 days 20.05, 121 days 39.78, 183
    days 60.16, each within a minor unit a period that is rounded.
    """
    account = replayed(
        replace(DAILY, amount=Decimal(1000)),
        Servicing(schedule="recalculated"),
        [Disburse(on=START, amount=100_000)],
    )
    for on, days in ((day(3), 60), (day(3, 2), 61), (day(5), 121), (day(7, 2), 183)):
        due = payoff(account, on)
        assert due.principal == 100_000
        assert abs(due.interest - 100_000 * 0.12 * days / 365) <= 2.5


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 150), st.integers(1, 60_000)), max_size=4, unique_by=lambda one: one[0]
    ),
    st.sampled_from([MONTHLY, DAILY]),
    st.sampled_from(["none", "monthly"]),
)
def test_what_pays_off_never_falls_while_nothing_happens(paid, sheet, compounding) -> None:
    facts = [Pay(on=START + timedelta(days=since), amount=amount) for since, amount in sorted(paid)]
    account = replay(sheet, *facts, compounding=compounding)
    before = 0
    for since in range(0, 200, 3):
        on = START + timedelta(days=since)
        due = payoff(account, on)
        if any(on - timedelta(days=3) < fact.on <= on for fact in facts):
            before = 0
        assert due.total >= before
        before = due.total


def test_a_balloon_is_drawn_up_and_shrinks_with_what_is_paid_early() -> None:
    sheet = replace(MONTHLY, amortisation="balloon", balloon=Decimal(600))
    plain = replay(sheet)
    assert principal(plain) == [line.principal for line in instalments(sheet)]
    assert interest(plain) == [line.interest for line in instalments(sheet)]
    # half of what is left after the first instalment is paid too: half the balloon, half the payments
    left = 120_000 - principal(plain)[0]
    half = apply(plain, Pay(on=day(2), amount=sum(plain.rows[0].owed) + left // 2))
    assert principal(half)[1:] == pytest.approx([amount / 2 for amount in principal(plain)[1:]], abs=2)


def test_interest_only_until_the_end() -> None:
    sheet = replace(MONTHLY, amortisation="interest-only")
    account = replay(sheet, Pay(on=day(2), amount=41_200))
    assert principal(account) == [40_000, 0, 0, 80_000]
    assert interest(account) == [1_200, 800, 800, 800]


def test_principal_grace_asks_interest_alone() -> None:
    sheet = replace(MONTHLY, principal_grace=2)
    assert principal(replay(sheet)) == [line.principal for line in instalments(sheet)]


def test_late_principal_may_bear_nothing_more() -> None:
    late = Pay(on=day(2, 15), amount=replay(DAILY).rows[0].rest)
    assert interest(replay(DAILY, late, late_interest=False)) == interest(replay(DAILY))
    assert interest(replay(DAILY, late))[1] > interest(replay(DAILY))[1]


def test_a_charge_off_takes_all_principal_owed() -> None:
    account = replay(MONTHLY, Pay(on=day(2), amount=30_754), ChargeOff(on=day(6)))
    assert account.transactions[-1].principal == 120_000 - 29_554


@pytest.mark.parametrize(
    ("fact", "field"),
    [
        (ReAge(on=day(3), first=day(4), every="2w", payments=3), "every"),
        (ReAge(on=day(3), first=day(2), every="1m", payments=3), "first"),
    ],
)
def test_what_cannot_be_is_refused_by_field(fact: ReAge, field: str) -> None:
    with pytest.raises(UsageError) as told:
        _ = replay(MONTHLY, fact).outstanding
    assert told.value.field == field


def test_grace_of_interest_is_refused() -> None:
    with pytest.raises(UsageError, match="field interest_grace"):
        _ = replay(replace(MONTHLY, interest_grace=1)).outstanding


@st.composite
def lives(draw: st.DrawFn) -> Account:
    """Draw an account with payments, some taken back, principal given up and instalments agreed anew."""
    sheet = replace(draw(st.sampled_from((MONTHLY, DAILY))), payments=draw(st.integers(1, 6)))
    late = draw(st.booleans())
    account = replay(sheet, late_interest=late, early=draw(st.sampled_from(("reduce-instalment", "next"))))
    on = START
    for _ in range(draw(st.integers(1, 7))):
        on += timedelta(days=draw(st.integers(1, 40)))
        pays = [fact for fact in account.holding if isinstance(fact, Pay)]
        kind = draw(st.sampled_from(("pay", "pay", "back", "cut", "age", "spread")))
        if kind == "pay":
            fact: Fact = Pay(on=on, amount=draw(st.integers(1, 70_000)))
        elif kind == "back" and pays:
            named = draw(st.sampled_from(pays))
            gone = sum(
                f.amount for f in account.holding if isinstance(f, Chargeback) and f.of == named.number
            )
            if gone >= named.amount:
                continue
            amount = draw(st.integers(1, named.amount - gone))
            fact = Chargeback(on=on, amount=amount, of=named.number)
        elif kind == "cut":
            owed = sum(row.unpaid(0) for row in account.rows)
            if not owed:
                continue
            fact = Haircut(on=on, amount=draw(st.integers(1, min(owed, 30_000))))
        elif kind == "age":
            count = draw(st.integers(1, 4))
            fact = ReAge(on=on, first=on + timedelta(days=20), every="1m", payments=count)
        else:
            fact = ReAmortise(on=on)
        account = apply(account, fact)
    return account


@settings(max_examples=150, deadline=None)
@given(lives())
def test_money_is_conserved_whatever_happens(account: Account) -> None:
    came = sum(fact.amount for fact in account.holding if isinstance(fact, Pay))
    given_up = sum(line.principal for line in account.transactions if line.kind == "haircut")
    waived = sum(row.waived[0] for row in account.rows)
    again = sum(row.credited[0] for row in account.rows)
    for row in account.rows:
        for part in range(4):
            assert 0 <= row.paid[part] + row.waived[part] <= row.owed[part]
        assert row.rest == sum(row.unpaid(part) for part in range(4))
    assert sum(row.owed[0] for row in account.rows) == 120_000 + again - given_up + waived
    back = sum(fact.amount for fact in account.holding if isinstance(fact, Chargeback))
    paid = sum(sum(row.paid) - sum(row.credited) for row in account.rows)
    assert came - back == paid + account.overpaid
    late = replayed(account.terms, account.servicing, reversed_order(account))
    assert [row.owed for row in late.rows] == [row.owed for row in account.rows]


def reversed_order(account: Account) -> list[Fact]:
    """Return the facts recorded in another order: money first, then the latest days before earlier ones."""
    first, *others = account.facts
    backs = [fact for fact in others if isinstance(fact, Chargeback)]
    return [first, *(fact for fact in reversed(others) if fact not in backs), *backs]
