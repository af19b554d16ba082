"""An account of daily interest: by hand, by laws that hold for any facts, and refusals."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import UsageError
from loantwin.servicing.daily_account import DailyEntry, daily_entries
from loantwin.servicing.daily_terms import LARGEST, DailyTerms, DatedCharge, DatedPayment, Due, Fact

START = date(2024, 1, 1)
TERMS = DailyTerms(start=START, last=START + timedelta(100), principal=100_000, daily_rate=Decimal("0.001"))


def day(number: int) -> date:
    return START + timedelta(number)


def pay(number: int, amount: int, outcome: str = "paid") -> DatedPayment:
    return DatedPayment(on=day(number), amount=amount, outcome=outcome)


def test_interest_is_paid_before_principal_by_hand() -> None:
    made = daily_entries(TERMS, (pay(10, 30_000), pay(30, 50_000)), day(30))
    # 10 days x 100 a day, then 20 days on 71,000
    assert [entry.to_interest for entry in made] == [0, 1_000, 1_420]
    assert [entry.principal for entry in made] == [100_000, 71_000, 22_420]
    assert [entry.settlement for entry in made] == [100_000, 71_000, 22_420]


def test_settling_costs_principal_and_the_days_interest_cut_to_the_penny() -> None:
    terms = replace(TERMS, daily_rate=Decimal("0.0001234567"))
    made = daily_entries(terms, (), day(7), settle_on=day(7))
    # 7 x 12.34567 = 86.41969: 86
    assert (made[-1].paid, made[-1].to_interest, made[-1].principal) == (100_086, 86, 0)
    assert made[-1].status == "closed"


def test_who_settles_within_the_grace_days_bears_no_interest() -> None:
    terms = replace(TERMS, grace_days=3)
    assert daily_entries(terms, (), day(3), settle_on=day(3))[-1].paid == 100_000
    assert daily_entries(terms, (), day(4), settle_on=day(4))[-1].paid == 100_400


def test_a_charge_is_met_first_and_a_late_one_is_booked_once_missed() -> None:
    terms = replace(TERMS, late_charge=1_500, timeout_days=3)
    due = Due(on=day(10), amount=20_000)
    assert daily_entries(terms, (due,), day(13), presume=False)[1].charged == 0
    late = daily_entries(terms, (due, pay(20, 20_000)), day(20))
    assert late[1].charged == 1_500
    assert (late[2].to_charges, late[2].to_interest, late[2].to_principal) == (1_500, 2_000, 16_500)
    failed = (due, pay(10, 20_000, "failed"), DatedCharge(on=day(10), amount=700))
    assert daily_entries(replace(terms, late_charge=0), failed, day(20))[1].charges == 700


def test_a_fee_is_repaid_in_proportion_and_given_back_by_days() -> None:
    terms = replace(TERMS, fee=50_000, rebate=True, daily_rate=Decimal(0))
    made = daily_entries(terms, (pay(25, 30_000),), day(25))
    assert (made[1].to_fee, made[1].to_principal) == (10_000, 20_000)
    # three quarters of the term are to come
    assert made[1].rebate_if_settled == 37_500
    assert made[1].settlement == 80_000 + 40_000 - 37_500


def test_flat_interest_is_paid_first_and_given_back_to_who_settles_early() -> None:
    terms = replace(TERMS, flat_interest=9_000)
    made = daily_entries(terms, (pay(10, 5_000),), day(20), settle_on=day(20))
    assert (made[1].to_interest, made[1].interest, made[1].principal) == (5_000, 4_000, 100_000)
    # 20 days bear 2,000, of which 5,000 was paid: 3,000 comes off the principal
    assert made[-1].paid == 97_000
    assert made[-1].principal == 0


def test_interest_stops_at_its_cap_and_what_the_lender_owes_bears_its_own_rate() -> None:
    capped = replace(TERMS, interest_cap=Decimal(2_500))
    assert daily_entries(capped, (), day(100))[-1].interest == 2_500
    owed = replace(TERMS, credit_rate=Decimal("0.0002"))
    made = daily_entries(owed, (pay(10, 151_000),), day(20))
    # 50,000 for 10 days
    assert (made[1].principal, made[2].interest) == (-50_000, Decimal("-100.0000"))
    assert made[2].settlement == -50_100
    assert made[1].status == "refund due"


def test_what_was_paid_ahead_is_not_asked_for_again() -> None:
    dues = tuple(Due(on=day(number), amount=10_000) for number in (10, 20, 30))
    made = daily_entries(TERMS, (*dues, pay(5, 13_000)), day(15), presume=False)
    assert {entry.on: entry.due for entry in made if entry.due} == {day(20): 7_000, day(30): 10_000}
    small = daily_entries(replace(TERMS, least_due=8_000), (*dues, pay(5, 13_000)), day(15), presume=False)
    assert {entry.on: entry.due for entry in small if entry.due} == {day(30): 10_000}


AMOUNTS = st.integers(1, 60_000)
FACTS = st.lists(
    st.one_of(
        st.builds(pay, st.integers(0, 120), AMOUNTS, st.sampled_from(("paid", "failed", "written-off"))),
        st.builds(lambda n, a: Due(on=day(n), amount=a), st.integers(1, 120), AMOUNTS),
        st.builds(lambda n, a: DatedCharge(on=day(n), amount=a), st.integers(1, 120), st.integers(0, 900)),
    ),
    max_size=12,
)
KINDS = st.sampled_from(
    (
        TERMS,
        replace(TERMS, fee=40_000, rebate=True),
        replace(TERMS, flat_interest=6_000, interest_cap=Decimal(100_000)),
        replace(TERMS, credit_rate=Decimal("0.0003"), late_charge=1_000),
    )
)


def closing(entries: tuple[DailyEntry, ...]) -> list[object]:
    return [(entry.on, entry.principal, entry.interest, entry.fee, entry.charges) for entry in entries]


@settings(max_examples=150, deadline=None)
@given(terms=KINDS, facts=FACTS, order=st.randoms())
def test_money_is_conserved_and_the_order_of_facts_says_nothing(
    terms: DailyTerms, facts: list[Fact], order: object
) -> None:
    made = daily_entries(terms, tuple(facts), day(120), presume=False)
    for entry in made:
        parts = entry.to_charges + entry.to_interest + entry.to_fee + entry.to_principal
        assert parts == entry.paid
    came = sum(fact.amount for fact in facts if isinstance(fact, DatedPayment) and fact.outcome != "failed")
    assert sum(entry.paid for entry in made) == came
    lent = sum(entry.to_principal for entry in made)
    assert made[-1].principal == terms.principal - lent
    assert made[-1].fee == terms.fee - sum(entry.to_fee + entry.rebate for entry in made)
    assert made[-1].charges == sum(entry.charged - entry.to_charges for entry in made)
    shuffled = list(facts)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert daily_entries(terms, tuple(shuffled), day(120), presume=False) == made


@settings(max_examples=80, deadline=None)
@given(terms=KINDS, amount=st.integers(2, 90_000), cut=st.integers(1, 89_999), number=st.integers(1, 90))
def test_splitting_a_payment_on_one_day_changes_nothing(
    terms: DailyTerms, amount: int, cut: int, number: int
) -> None:
    cut = min(cut, amount - 1)
    whole = daily_entries(terms, (pay(number, amount),), day(100))
    parts = daily_entries(terms, (pay(number, cut), pay(number, amount - cut)), day(100))
    assert closing(whole) == closing(parts)


@settings(max_examples=80, deadline=None)
@given(terms=KINDS, facts=FACTS, number=st.integers(4, 100))
def test_who_pays_what_settling_costs_owes_nothing(terms: DailyTerms, facts: list[Fact], number: int) -> None:
    before = tuple(fact for fact in facts if fact.on < day(number))
    made = daily_entries(terms, before, day(number), settle_on=day(number), presume=False)
    last = made[-1]
    assert (last.principal, last.fee, last.charges) == (0, 0, 0)
    assert last.interest == 0


def test_bad_facts_are_refused_by_number_and_field() -> None:
    for facts, field in (
        ((pay(1, 5), pay(-1, 5)), "on"),
        ((pay(1, 5), pay(2, 0)), "amount"),
        ((pay(1, 5), pay(2, LARGEST + 1)), "amount"),
        ((pay(1, 5), pay(2, 5, "lost")), "outcome"),
        ((pay(1, 5), Due(on=day(3), amount=-1)), "amount"),
    ):
        with pytest.raises(UsageError) as caught:
            daily_entries(TERMS, facts, day(5))
        assert (caught.value.row, caught.value.field) == (2, field)
    with pytest.raises(UsageError, match="settle_on"):
        daily_entries(TERMS, (), day(5), settle_on=day(6))
    with pytest.raises(UsageError, match="principal"):
        replace(TERMS, principal=0)
    with pytest.raises(UsageError, match="fee"):
        replace(TERMS, rebate=True)


def test_the_page_s_example_gives_its_table() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "daily-account.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0], names)
    lines = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| 2024")]
    made = [
        (item.on, item.due, item.paid, item.charged, item.to_charges, item.to_interest, item.to_principal,
         item.principal, item.settlement)
        for item in names["entries"]  # type: ignore[attr-defined]
    ]  # fmt: skip
    assert [list(map(str, row)) for row in made] == lines
