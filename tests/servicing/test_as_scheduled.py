"""An account that knows of nothing but the money agreed on asks for what `schedule` says, cent by cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import UsageError
from loantwin.products.instalments import instalments
from loantwin.products.periods import disbursements
from loantwin.products.rounding import in_minor
from loantwin.products.term_sheet import Charge, Disbursement, FloatingRate, TermSheet
from loantwin.servicing.account import Account, apply, replay
from loantwin.servicing.conventions import Servicing
from loantwin.servicing.facts import (
    AddCharge,
    ChargeOff,
    Disburse,
    Fact,
    Haircut,
    Pay,
    ReAge,
    Reschedule,
    Resume,
    Reverse,
)
from loantwin.servicing.other_terms import HALF_EVEN
from tests.products.columns.drawn import drawn

EIGHT = TermSheet(amount=Decimal(5000), annual_rate=Decimal("0.18"), payments=8, start=date(2024, 1, 31))
LONG = TermSheet(
    amount=Decimal(100_000),
    annual_rate=Decimal("0.05"),
    payments=360,
    start=date(2026, 1, 31),
    day_count="actual/365",
    interest_period="daily",
)


def opened(sheet: TermSheet, schedule: str = "fixed") -> Account:
    """Return the account after the disbursements that its terms agree on, and nothing else."""
    facts = [
        Disburse(on=item.on, amount=in_minor(item.amount, sheet.minor_units)) for item in disbursements(sheet)
    ]
    return replay(sheet, Servicing(schedule=schedule), facts)


def asked(account: Account) -> list[tuple[date, int, int, int]]:
    return [(row.due, row.owed[0], row.owed[1], row.owed[2]) for row in account.rows]


def scheduled(sheet: TermSheet) -> list[tuple[date, int, int, int]]:
    return [(row.due, row.principal, row.interest, row.fees) for row in instalments(sheet)]


@pytest.mark.parametrize("schedule", ["fixed", "recalculated"])
@pytest.mark.parametrize(
    ("sheet", "first", "last"),
    [
        (replace(EIGHT, first=date(2024, 2, 10)), 2_419, None),
        (replace(EIGHT, first=date(2024, 3, 15)), 11_129, None),
        (replace(EIGHT, day_count="30/365"), 7_397, None),
        (LONG, 38_356, 53_459),
    ],
)
def test_first_periods_and_days_of_a_year(
    sheet: TermSheet, first: int, last: int | None, schedule: str
) -> None:
    """By hand: 5,000.00 at 18 % is 75.00 a month. Ten days of the month from 10 January to 10 February are
    10/31 of it, 24.19; the 15 days before 15 February are 15/31 of a month, 36.29, with the month 111.29. 30
    days of 365 are 73.97. 28 days of 100,000.00 at 5 % are 383.56.
    """
    rows = opened(sheet, schedule).rows
    assert rows[0].owed[1] == first
    if last is not None:
        assert sum(rows[-1].owed) == last


def test_flat_interest_of_a_long_first_period() -> None:
    sheet = replace(EIGHT, first=date(2024, 3, 15), method="flat")
    assert sum(row.owed[1] for row in opened(sheet).rows) == 11_129 + 7 * 7_500


def test_interest_that_waits_falls_due_with_the_first_payment_after() -> None:
    sheet = replace(EIGHT, interest_grace=2)
    assert [row.owed[1] for row in opened(sheet).rows][:3] == [0, 0, scheduled(sheet)[2][2]]


CENTS = replace(
    EIGHT,
    amount=Decimal(1250),
    annual_rate=Decimal("0.15"),
    method="flat",
    payments=4,
    first=date(2024, 2, 29),
)
DAYS = replace(LONG, payments=24)
RISING = FloatingRate(index=((date(2024, 1, 1), Decimal("0.03")), (date(2024, 4, 1), Decimal("0.05"))))
ODD = {
    "actual/360": replace(DAYS, day_count="actual/360"),
    "afb": replace(DAYS, day_count="actual/actual-afb"),
    "us": replace(DAYS, day_count="30/360-us"),
    "fortnights": replace(DAYS, day_count="actual/364", every="2w", interest_period="same-as-period"),
    "rolled": replace(DAYS, roll="following", calendar="weekends"),
    "flat days": replace(DAYS, method="flat"),
    "flat cents": CENTS,
    "cents last": replace(CENTS, carry_rounding=True, carry_to_last=True),
    "as the first": replace(DAYS, equal_periods=True),
    "step": replace(EIGHT, amortisation="step", step=Decimal("0.1")),
    "floating": replace(EIGHT, floating=RISING, annual_rate=Decimal("0.03")),
    "charges": replace(
        EIGHT,
        charges=(
            Charge(name="file", amount=Decimal(50)),
            Charge(name="post", amount=Decimal(2), due="instalment"),
        ),
    ),
    "cap": replace(EIGHT, total_cost_cap=Decimal("0.02")),
    "down": replace(EIGHT, down_payment=Decimal("0.25"), instalment_multiple=Decimal(10)),
    "two": replace(
        EIGHT,
        disbursements=(
            Disbursement(on=date(2024, 1, 31), amount=Decimal(2000)),
            Disbursement(on=date(2024, 3, 10), amount=Decimal(3000)),
        ),
    ),
}


def test_flat_cents_go_to_the_last_instalment() -> None:
    """1,250.00 at 15 % is 62.50 in four months; three times 15.62 leave 15.64."""
    sheet = replace(CENTS, start=date(2024, 1, 29), carry_rounding=True, carry_to_last=True)
    assert [row.interest for row in instalments(sheet)] == [1_562, 1_562, 1_562, 1_564]


TWO = TermSheet(
    amount=Decimal(1000),
    annual_rate=Decimal("0.12"),
    payments=4,
    start=date(2024, 1, 1),
    disbursements=(
        Disbursement(on=date(2024, 1, 1), amount=Decimal(400)),
        Disbursement(on=date(2024, 1, 16), amount=Decimal(600)),
    ),
)


def test_money_paid_out_in_parts_as_agreed() -> None:
    """400.00 for 15 of 31 days of 1 % and 1,000.00 for 16: 1.94 + 5.16 = 7.10; before the second is paid out
    the month asks 4.00; all of it on the first day is not what was agreed.
    """
    first = replay(TWO, Servicing(), [Disburse(on=TWO.start, amount=40_000)])
    assert first.rows[0].owed[1] == 400
    both = apply(first, Disburse(on=date(2024, 1, 16), amount=60_000))
    assert asked(both) == scheduled(TWO)
    assert both.rows[0].owed[1] == 710
    with pytest.raises(UsageError, match="money paid out as agreed"):
        _ = replay(TWO, Servicing(), [Disburse(on=TWO.start, amount=100_000)]).rows


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ([Disburse(on=date(2024, 2, 10), amount=900_000)], "amount"),
        ([Haircut(on=date(2024, 2, 10), amount=500_001)], "amount"),
        ([Pay(on=date(2024, 2, 10), amount=5, kind="recovery")], "kind"),
        ([ChargeOff(on=date(2024, 3, 1)), ChargeOff(on=date(2024, 3, 2))], "on"),
        ([Resume(on=date(2024, 3, 1))], "on"),
        ([Pay(on=date(2024, 3, 1), amount=5), Reverse(on=date(2024, 2, 10), of=2)], "on"),
        ([ReAge(on=date(2024, 3, 1), first=date(2024, 3, 1), every="1m", payments=2)], "first"),
        ([AddCharge(on=date(2024, 3, 1), due=date(2024, 1, 30), amount=5)], "due"),
    ],
)
def test_a_fact_that_cannot_be_is_refused(facts: list[Fact], field: str) -> None:
    account = opened(EIGHT)
    *before, last = facts
    for fact in before:
        account = apply(account, fact)
    with pytest.raises(UsageError) as told:
        apply(account, last)
    assert told.value.field == field


def test_keys_of_recalculated_interest_are_not_for_others() -> None:
    with pytest.raises(UsageError, match="field early: expected none, as schedule is fixed"):
        Servicing(early="next")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"floating": RISING}, "annual_rate"),
        ({"floating": FloatingRate(index=((date(2024, 4, 1), Decimal("0.05")),))}, "floating.index"),
        ({"instalment_multiple": Decimal(10_000)}, "instalment_multiple"),
        ({"calendar": "weekends"}, "calendar"),
        ({"amount": Decimal(9 * 10**16), "annual_rate": Decimal(1)}, "amount"),
        ({"carry_to_last": True}, "carry_to_last"),
    ],
)
def test_terms_that_cannot_be_are_refused(given: dict[str, Any], field: str) -> None:
    with pytest.raises(UsageError) as told:
        instalments(replace(EIGHT, **given))
    assert told.value.field == field


@pytest.mark.parametrize("name", ODD)
def test_conventions_that_no_random_terms_hold(name: str) -> None:
    assert asked(opened(ODD[name])) == scheduled(ODD[name])


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32))
def test_every_convention_under_a_fixed_schedule(seed: int) -> None:
    sheet = drawn(Random(seed), longest=24)
    try:
        rows = scheduled(sheet)
    except UsageError:
        return
    assert asked(opened(sheet)) == rows


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["recalculated", "progressive"]))
def test_every_convention_that_a_changing_schedule_takes(seed: int, schedule: str) -> None:
    """Terms that it does not take are refused, none of them changed in silence."""
    sheet = drawn(Random(seed), longest=24)
    plain = replace(sheet, instalment=None, interest_free=0)
    if schedule == "progressive":
        plain = replace(plain, annual_rate=Decimal(0))
    try:
        rows = scheduled(plain)
    except UsageError:
        return
    try:
        found = asked(opened(plain, schedule))
    except UsageError as error:
        refused = error.field
    else:
        refused = None
    if refused is not None:
        assert schedule == "progressive" or refused not in HALF_EVEN
        assert refused in {
            "amortisation",
            "balloon",
            "method",
            "interest_grace",
            "first",
            "carry_rounding",
            *HALF_EVEN,
        }
        return
    rows = rows[: len(found)] if not any(sum(row[1:]) for row in rows[len(found) :]) else rows
    assert found == rows


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 11))
def test_what_comes_before_a_change_is_as_scheduled(seed: int, place: int) -> None:
    sheet = replace(
        drawn(Random(seed), longest=12),
        instalment=None, interest_free=0, amortisation="annuity", balloon=Decimal(0),
    )  # fmt: skip
    try:
        rows = scheduled(sheet)
    except UsageError:
        return
    place = min(place, len(rows) - 1)
    change = Reschedule(on=sheet.start, instalment=rows[place][0], annual_rate=sheet.annual_rate / 2)
    assert asked(apply(opened(sheet), change))[:place] == rows[:place]
