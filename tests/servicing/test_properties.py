"""What holds of every account, whatever its facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from loantwin.servicing.account import Account, apply, replay
from loantwin.servicing.facts import Chargeback, Pay, RefundCredit, Reverse
from tests.servicing.accounts import START, STYLES, accounts, picture

EXAMPLES = settings(max_examples=60, deadline=None)
ONE_RULE = [
    style for style in STYLES if style[0].ahead != "re-amortise" and style[0].schedule != "recalculated"
]
"""Styles without a rule per payment, such as recalculated interest and equal shares are."""


def paid(account: Account) -> int:
    return sum(sum(row.paid) for row in account.rows)


@EXAMPLES
@given(accounts())
def test_cash_in_is_what_it_paid_for(account):
    for line in account.transactions:
        if line.kind == "repayment":
            parts = line.principal + line.interest + line.fees + line.penalties
            assert line.amount == parts + line.overpaid
    came = sum(fact.amount for fact in account.holding if isinstance(fact, Pay))
    assert came == paid(account) + account.overpaid


@EXAMPLES
@given(accounts())
def test_nothing_is_below_zero_and_nobody_owes_and_is_owed(account):
    for row in account.rows:
        assert all(row.unpaid(part) >= 0 for part in range(4))
        assert row.rest == sum(row.unpaid(part) for part in range(4))
        assert (row.met is None) == (row.rest > 0)
    assert account.overpaid >= 0
    assert account.overpaid == 0 or account.outstanding == 0


@EXAMPLES
@given(accounts(), st.randoms(use_true_random=False))
def test_the_order_of_recording_changes_nothing(account, chance):
    first, *rest = account.facts
    chance.shuffle(rest)
    again = replay(account.terms, account.servicing, [first, *rest])
    assert picture(again) == picture(account)


@EXAMPLES
@given(accounts(), st.integers(1, 200), st.integers(1, 100_000))
def test_dated_back_equals_in_time(account, day, amount):
    on = START + timedelta(days=day)
    assume(all(fact.on != on for fact in account.facts))
    late = apply(account, Pay(on=on, amount=amount))
    in_time = sorted([*account.facts, Pay(on=on, amount=amount)], key=lambda fact: fact.on)
    assert picture(
        replay(account.terms, account.servicing, [replace(fact, number=0) for fact in in_time])
    ) == picture(late)


@EXAMPLES
@given(accounts(), st.data())
def test_what_is_reversed_never_was(account, data):
    payments = [fact for fact in account.facts if isinstance(fact, Pay)]
    assume(payments)
    gone = data.draw(st.sampled_from(payments))
    later = apply(account, Reverse(on=START + timedelta(days=300), of=gone.number))
    never = replay(account.terms, account.servicing, [fact for fact in account.facts if fact is not gone])
    assert picture(later) == picture(never)
    (line,) = later.reversed_transactions
    assert (line.number, line.amount, line.reversed) == (gone.number, gone.amount, True)


@EXAMPLES
@given(accounts(ONE_RULE), st.data())
def test_splitting_a_payment_on_a_day_changes_nothing_without_a_rule_per_payment(account, data):
    payments = [fact for fact in account.facts if isinstance(fact, Pay) and fact.amount > 1]
    assume(payments)
    whole = data.draw(st.sampled_from(payments))
    part = data.draw(st.integers(1, whole.amount - 1))
    facts = []
    for fact in account.facts:
        halves = (
            (replace(fact, amount=part), replace(fact, amount=whole.amount - part))
            if fact is whole
            else (fact,)
        )
        facts += [replace(half, number=0) for half in halves]
    again = replay(account.terms, account.servicing, facts)
    rows, _, *rest = picture(account)
    split_rows, _, *split_rest = picture(again)
    assert (split_rows, split_rest) == (rows, rest)


@EXAMPLES
@given(accounts([style for style in STYLES if style[0].schedule != "recalculated"]), st.data())
def test_money_is_conserved_over_chargebacks_and_refunds(account, data):
    payments = [fact for fact in account.facts if isinstance(fact, Pay)]
    assume(payments)
    taken = data.draw(st.sampled_from(payments))
    on = START + timedelta(days=data.draw(st.integers(221, 260)))
    before = account.outstanding - account.overpaid
    back = apply(account, Chargeback(on=on, amount=data.draw(st.integers(1, taken.amount)), of=taken.number))
    assert back.outstanding - back.overpaid == before + back.facts[-1].amount
    if back.overpaid:
        refunded = apply(back, RefundCredit(on=on + timedelta(days=1), amount=back.overpaid))
        assert refunded.overpaid == 0
        assert refunded.outstanding == 0
