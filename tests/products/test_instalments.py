"""Schedules of one loan: published ones, what holds of all of them, and terms that are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.errors import UsageError
from loantwin.products.instalments import instalments, level_payment
from loantwin.products.rounding import round_minor
from loantwin.products.term_sheet import AgreedPayment, Charge, Disbursement, FloatingRate, TermSheet

START = date(2024, 1, 1)


def terms(**given: Any) -> TermSheet:
    plain = {"amount": Decimal(1200), "annual_rate": Decimal("0.12"), "payments": 6, "start": START}
    return TermSheet(**{**plain, **given})


def following(rate: Decimal, **given: Any) -> FloatingRate:
    """Return a floating rate of 12 % that goes to another one in March."""
    return FloatingRate(index=((START, Decimal("0.12")), (date(2024, 3, 1), rate)), **given)


def test_a_rate_looked_up_each_day_that_stays_is_a_fixed_one() -> None:
    """Thirty years of months, 10,958 look-ups: the rate never moves, so that nothing else does."""
    stays = tuple((START + timedelta(days=k), Decimal("0.05")) for k in range(0, 10_000, 7))
    fixed = terms(annual_rate=Decimal("0.05"), payments=360, day_count="actual/365", interest_period="daily")
    moving = replace(fixed, floating=FloatingRate(index=stays, reset="1d"))
    assert instalments(moving) == instalments(fixed)


def test_a_rate_is_looked_up_on_its_days_alone() -> None:
    """From 31 January each second month: 31 March, 31 May. That of 30 March counts from the 31st, that of
    1 April from 31 May. 1,000.00 at 12 %, then 24 %, over days/365: 31 March to 30 April is 30 days of 24 %.
    """
    index = (
        (date(2024, 1, 31), Decimal("0.12")),
        (date(2024, 3, 30), Decimal("0.24")),
        (date(2024, 4, 1), Decimal("0.06")),
    )
    sheet = terms(
        amount=Decimal(1000), start=date(2024, 1, 31), amortisation="interest-only", payments=5,
        day_count="actual/365", interest_period="daily", floating=FloatingRate(index=index, reset="2m"),
    )  # fmt: skip
    # 29, 31 days at 12 %: 9.53, 10.19; 30, 31 at 24 %: 19.73, 20.38; 30 at 6 %: 4.93
    assert [row.interest for row in instalments(sheet)] == [953, 1019, 1973, 2038, 493]


def test_a_loan_of_another_systems_tests() -> None:
    """280,000 at 8.4 % in 20 payments rounded up to whole units: frappe/lending's own test."""
    sheet = terms(
        amount=Decimal(280_000),
        annual_rate=Decimal("0.084"),
        payments=20,
        minor_units=1,
        rounding="half-up",
        instalment_rounding="up",
    )
    rows = instalments(sheet)
    assert {row.payment for row in rows[:-1]} == {15_052}
    assert (rows[17].principal, rows[17].interest, rows[17].closing) == (14_740, 312, 29_785)
    assert sum(row.payment for row in rows) == 301_034


def test_an_agreed_payment_says_how_many() -> None:
    sheet = terms(
        amount=Decimal(280_000),
        annual_rate=Decimal("0.084"),
        payments=None,
        instalment=Decimal(14_000),
        rounding="half-up",
    )
    assert len(instalments(sheet)) == 22
    with pytest.raises(UsageError, match=r"field instalment: expected a payment that repays the loan"):
        instalments(replace(sheet, instalment=Decimal(1000)))


def test_the_number_of_payments_counts_all_that_is_lent() -> None:
    sheet = terms(
        payments=None,
        instalment=Decimal(300),
        disbursements=(
            Disbursement(on=START, amount=Decimal(200)),
            Disbursement(on=date(2024, 3, 15), amount=Decimal(1000)),
        ),
    )
    rows = instalments(sheet)
    assert rows[-1].closing == 0
    assert sum(row.principal for row in rows) == 120_000


def test_a_level_payment_is_that_of_the_textbook() -> None:
    """1,000 over 12 months at 1 % a month: 88.85 (Kellison, chapter 3: 1 / a_12 at 1 % is 0.0888488)."""
    assert level_payment(100_000, [Decimal("0.01")] * 12, terms()) == 8885


AMOUNTS = st.integers(100, 10_000_000).map(lambda minor: Decimal(minor) / 100)
RATES = st.integers(0, 6000).map(lambda points: Decimal(points) / 10_000)
KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"amortisation": "equal-principal"},
    {"amortisation": "interest-only"},
    {"amortisation": "bullet"},
    {"amortisation": "step", "step": Decimal("0.05"), "step_every": 3},
    {"amortisation": "seasonal", "season": tuple(map(Decimal, (1, 0, 1, 2, 1, 1, 0, 1, 1, 3, 1, 1)))},
    {"method": "flat"},
    {"method": "interest-first", "day_count": "actual/365", "interest_period": "daily"},
    {"principal_grace": 1, "interest_grace": 2},
    {"holidays": (2,), "interest_free": 1},
    {"carry_rounding": True, "rounding": "down"},
    {"down_payment": Decimal("0.2"), "charges": (Charge(name="fee", share=Decimal("0.01")),)},
    {"charges": (Charge(name="fee", amount=Decimal(20), financed=True),)},
    {"total_cost_cap": Decimal("0.3"), "daily_cost_cap": Decimal("0.002")},
    {
        "annual_rate": Decimal("0.02"),
        "floating": FloatingRate(
            index=((START, Decimal("0.02")), (date(2024, 3, 10), Decimal("0.11"))), cap=Decimal("0.1")
        ),
    },
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(KINDS),
    AMOUNTS,
    RATES,
    st.integers(3, 40),
    st.sampled_from(["1m", "3m", "2w", "10d", "1y"]),
    st.sampled_from(["half-even", "half-up", "half-down", "up", "down"]),
    st.sampled_from(["rest", "at-most-level", "nearest-level", "equalised"]),
)
def test_what_is_lent_comes_back_and_no_balance_is_below_nothing(
    kind: dict[str, Any], amount: Decimal, rate: Decimal, count: int, every: str, rounding: str, last: str
) -> None:
    level = kind.get("amortisation", "annuity") in ("annuity", "step", "seasonal")
    plain = {"amount": amount, "annual_rate": rate, "payments": count, "every": every, "rounding": rounding}
    sheet = terms(**{**plain, "last_instalment": last if level else "rest", **kind})
    rows = instalments(sheet)
    financed = sum(int(item.amount * 100) for item in sheet.charges if item.financed and item.amount)
    assert sum(row.principal for row in rows) == int(amount * 100) + financed
    assert rows[-1].closing == 0
    before = rows[0].opening
    for row in rows:
        assert row.opening == before
        assert row.closing == row.opening + row.disbursed - row.principal
        assert row.payment == row.principal + row.interest + row.fees
        assert min(row.principal, row.interest, row.closing) >= 0
        before = row.closing
    assert [row.due for row in rows] == sorted({row.due for row in rows})


@settings(max_examples=60, deadline=None)
@given(AMOUNTS, RATES, st.integers(2, 60))
def test_the_last_instalment_is_as_its_rule_says(amount: Decimal, rate: Decimal, count: int) -> None:
    for rule, holds in (
        ("at-most-level", lambda last, level: last <= level),
        ("at-least-level", lambda last, level: last >= level),
    ):
        rows = instalments(terms(amount=amount, annual_rate=rate, payments=count, last_instalment=rule))
        assert holds(rows[-1].payment, rows[0].payment), rule


@settings(max_examples=60, deadline=None)
@given(AMOUNTS, RATES, st.integers(2, 24))
def test_principal_that_comes_back_sooner_costs_less(amount: Decimal, rate: Decimal, count: int) -> None:
    interest = [
        sum(
            row.interest
            for row in instalments(terms(amount=amount, annual_rate=rate, payments=count, **kind))
        )
        for kind in ({"amortisation": "equal-principal"}, {}, {"amortisation": "interest-only"})
    ]
    slack = count  # half a minor unit of rounding an instalment in each of the two
    assert interest[0] <= interest[1] + slack
    assert interest[1] <= interest[2] + slack


def test_interest_of_split_periods_adds_up_to_the_whole() -> None:
    """A sum paid out in two parts on one day's eve bears what a single one does, but for roundings."""
    days = [date(2024, 1, 1) + timedelta(days=add) for add in (0, 1)]
    split = terms(disbursements=tuple(Disbursement(on=day, amount=Decimal(600)) for day in days))
    one, two = instalments(terms())[0], instalments(split)[0]
    # 600.00 for one of 31 days less, at 1 % a month
    assert one.interest - two.interest == pytest.approx(600 / 31, abs=1)


def test_what_rounding_takes_is_carried_where_the_terms_say_so() -> None:
    """2.50 at a seventh of a per cent a month: 0.357 cents each, none of which rounds to a cent alone."""
    sheet = terms(
        amount=Decimal("2.50"), annual_rate=Decimal("0.0171428571"), payments=12, amortisation="interest-only"
    )
    dropped = sum(row.interest for row in instalments(sheet))
    carried = sum(row.interest for row in instalments(replace(sheet, carry_rounding=True)))
    assert (dropped, carried) == (0, 4)  # 12 x 0.357 = 4.29


def test_irregular_payments_are_paid_as_agreed() -> None:
    sheet = terms(
        payments=None,
        day_count="actual/365",
        interest_period="daily",
        agreed=(
            AgreedPayment(due=date(2024, 1, 11), amount=Decimal(500)),
            AgreedPayment(due=date(2024, 3, 1), amount=Decimal(300)),
            AgreedPayment(due=date(2024, 6, 1), amount=Decimal(1)),
        ),
    )
    rows = instalments(sheet)
    assert [row.payment for row in rows[:2]] == [50_000, 30_000]
    # ten days of 12 % on 1,200.00 over 365
    assert rows[0].interest == round(1200_00 * 0.12 * 10 / 365)
    assert rows[-1].closing == 0
    left = instalments(replace(sheet, last_instalment="as-agreed"))
    assert left[-1].payment == 100
    assert left[-1].closing > 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"amount": Decimal(10) ** 19}, "amount"),
        ({"annual_rate": Decimal("NaN")}, "annual_rate"),
        ({"payments": 0}, "payments"),
        ({"payments": None}, "payments"),
        ({"every": "1 month"}, "every"),
        ({"every": "0d"}, "every"),
        ({"day_count": "31/360"}, "day_count"),
        ({"method": "Flat rate"}, "method"),
        ({"first": date(2023, 12, 31)}, "first"),
        ({"due_day": 32}, "due_day"),
        ({"due_day": 3, "every": "2w"}, "due_day"),
        ({"roll": "following"}, "calendar"),
        ({"balloon": Decimal(1200)}, "balloon"),
        ({"amortisation": "balloon"}, "balloon"),
        ({"amortisation": "bullet", "balloon": Decimal(1)}, "balloon"),
        ({"amortisation": "seasonal", "season": (Decimal(1),)}, "season"),
        ({"step": Decimal("0.1")}, "step"),
        ({"amortisation": "equal-principal", "instalment": Decimal(10)}, "instalment"),
        ({"last_instalment": "as-agreed"}, "last_instalment"),
        ({"amortisation": "bullet", "last_instalment": "equalised"}, "last_instalment"),
        ({"principal_grace": 6}, "principal_grace"),
        ({"holidays": (6,)}, "holidays"),
        ({"disbursements": (Disbursement(on=START, amount=Decimal(1)),)}, "amount"),
        ({"charges": (Charge(name="a"),)}, "charges.a"),
        ({"charges": (Charge(name="a", amount=Decimal(1), due="sometimes"),)}, "charges.a"),
        ({"charges": (Charge(name="a", amount=Decimal(1), due=date(2030, 1, 1)),)}, "charges.a"),
        ({"charges": (Charge(name="a", amount=Decimal(1), due=date(2023, 12, 31)),)}, "charges.a"),
        ({"floating": FloatingRate(index=())}, "floating.index"),
        ({"floating": following(Decimal("1e9"))}, "floating.index[2].rate"),
        ({"floating": following(Decimal(-5))}, "floating.index[2].rate"),
        ({"floating": following(Decimal("NaN"))}, "floating.index[2].rate"),
        ({"floating": following(Decimal(0), cap=Decimal(200))}, "floating.cap"),
        ({"method": "flat", "floating": FloatingRate(index=((START, Decimal(0)),))}, "floating"),
        ({"method": "interest-first", "principal_grace": 1}, "principal_grace"),
        ({"payments": 12_000, "every": "1y"}, "payments"),
    ],
)
def test_terms_that_do_not_fit_together_are_refused_by_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(UsageError) as refused:
        instalments(terms(**given))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("rounding", "made"),
    [
        ("half-even", [2, 2, 4, -2]),
        ("half-up", [2, 3, 4, -3]),
        ("half-down", [1, 2, 3, -2]),
        ("up", [2, 3, 4, -3]),
        ("down", [1, 2, 3, -2]),
    ],
)
def test_roundings_of_halves(rounding: str, made: list[int]) -> None:
    assert [round_minor(Decimal(text), rounding) for text in ("1.5", "2.5", "3.5", "-2.5")] == made


def test_what_digits_cannot_hold_is_not_rounded_up() -> None:
    assert round_minor(Decimal("17.0000000000000000001"), "up") == 17
    assert round_minor(Decimal("17.001"), "up") == 18
    assert round_minor(Decimal("16.9999999999999999999"), "down") == 17
    assert round_minor(Decimal(1234), "half-even", 500) == 1000
