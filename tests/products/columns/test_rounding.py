"""Amounts at a half and at a whole: where floats cannot tell, pairs of them decide as decimals would."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from loantwin.products.columns.pairs import kernels
from loantwin.products.columns.schedules import schedules
from loantwin.products.columns.terms import term_columns
from loantwin.products.rounding import round_minor
from loantwin.products.term_sheet import ROUNDINGS

START = dt.date(2024, 1, 15)


def first_interest(amount: int, rate: float, rounding: str, **more: object) -> int:
    """Return the interest of the first of two months, minor units."""
    terms = term_columns(amount=amount, annual_rate=rate, payments=2, start=START, rounding=rounding, **more)
    return int(schedules(terms).interest[0, 0])


@pytest.mark.parametrize(
    ("amount", "rate", "exact", "rounded"),
    [
        # a twelfth of 6 % is half a per cent: 0.5, 1.5, 2.5 cents; half-even, half-up, half-down, up, down
        (100, 0.06, "0.5", (0, 1, 0, 1, 0)),
        (300, 0.06, "1.5", (2, 2, 1, 2, 1)),
        (500, 0.06, "2.5", (2, 3, 2, 3, 2)),
        # a twelfth of 7 % has no end, its product with 600 has
        (600, 0.07, "3.5", (4, 4, 3, 4, 3)),
        (6_000_000_600, 0.07, "35000003.5", (35_000_004, 35_000_004, 35_000_003, 35_000_004, 35_000_003)),
        # whole: up and down leave it
        (1_200, 0.07, "7", (7, 7, 7, 7, 7)),
        (6_000_001_200, 0.07, "35000007", (35_000_007,) * 5),
        # 0.3 billionths of a cent over a half count as nothing, 3 millionths do not
        (300, 0.060000000012, "1.5000000003", (2, 2, 1, 2, 1)),
        (300, 0.06000012, "1.500003", (2, 2, 2, 2, 1)),
        (300, 0.05999988, "1.499997", (1, 1, 1, 2, 1)),
        # below nothing a rate rounds as above it
        (300, -0.06, "-1.5", (-2, -2, -1, -2, -1)),
    ],
)
def test_ties_of_interest(amount: int, rate: float, exact: str, rounded: tuple[int, ...]) -> None:
    assert float(exact) == pytest.approx(amount * rate / 12, rel=1e-9)
    assert tuple(first_interest(amount, rate, rounding) for rounding in ROUNDINGS) == rounded


def test_a_tie_by_days() -> None:
    # 7.3 % over 31 days of 365 is 0.62 %: of 2.50 it is 1.55 cents, of 250.00 it is 155, of 25.00 it is 15.5
    days = {"day_count": "actual/365", "interest_period": "daily"}
    assert [first_interest(2_500, 0.073, rounding, **days) for rounding in ROUNDINGS] == [16, 16, 15, 16, 15]


def test_ties_of_a_level_payment_without_interest() -> None:
    # 1.00 in 8 payments is 12.5 cents each
    level = [
        schedules(
            term_columns(amount=100, annual_rate=0.0, payments=8, start=START, rounding=rounding)
        ).payment[0, 0]
        for rounding in ROUNDINGS
    ]
    assert level == [12, 13, 12, 13, 12]


@pytest.mark.parametrize("mode", range(5), ids=ROUNDINGS)
def test_products_near_a_half_or_a_whole_are_rounded_as_decimals_are(mode: int) -> None:
    random = Random(mode)
    offsets = ["0", "1e-12", "4.9e-8", "5.1e-8", "1e-6", "0.2"]
    for _ in range(4_000):
        amount = random.randint(1, 10 ** random.randint(1, 13))
        wanted = Fraction(random.randint(0, amount)) + random.choice([0, Fraction(1, 2)])
        wanted += random.choice([1, -1]) * Fraction(random.choice(offsets))
        factor = abs(wanted) / amount
        high = float(factor)
        low = float(factor - Fraction(high))
        value = abs(wanted)
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        assert kernels.rounded(float(amount), high, low, mode) == round_minor(exact, ROUNDINGS[mode]), (
            amount,
            value,
        )


def test_pairs_hold_thirty_digits() -> None:
    random = Random(7)
    for _ in range(2_000):
        one, other, third = (Fraction(random.randint(1, 10**25), random.randint(1, 10**12)) for _ in range(3))
        pair, by, plus = ((float(x), float(x - Fraction(float(x)))) for x in (one, other, third))
        for made, exact in (
            (kernels.times(*pair, *by), one * other),
            (kernels.plus(*pair, *plus), one + third),
            (kernels.over(*pair, *by), one / other),
        ):
            assert abs((Fraction(made[0]) + Fraction(made[1])) / exact - 1) < Fraction(1, 10**30)
