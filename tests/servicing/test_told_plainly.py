"""Recalculated accounts beside a plain second telling: paid early, late, over, back-dated and reversed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from random import Random

import pytest

from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.account import replay
from loantwin.servicing.conventions import Servicing
from loantwin.servicing.facts import Disburse, Pay, Reverse
from tests.servicing.told_plainly import Told

EARLY = ("reduce-instalment", "reduce-number", "next")


def month_on(day: date, months: int) -> date:
    """Return a day some months on; it is one that every month has."""
    year, month = divmod(day.month - 1 + months, 12)
    return date(day.year + year, month + 1, day.day)


@pytest.mark.parametrize("early", EARLY)
@pytest.mark.parametrize("daily", [True, False])
def test_payments_meet_what_a_second_telling_says(early: str, daily: bool) -> None:
    for seed in range(60):
        random = Random(f"{early} {daily} {seed}")
        start = date(2024, 1, random.randint(1, 28))
        lent, count = random.randint(50_000, 500_000), random.choice([3, 6, 12])
        rate = Fraction(random.choice([599, 1234, 2999]), 10_000)
        due = [month_on(start, k + 1) for k in range(count)]
        opens = [start, *due]

        def share(
            place: int, low: date, high: date, opens: list[date] = opens, daily: bool = daily
        ) -> Fraction:
            days = (high - low).days
            whole = (opens[place + 1] - opens[place]).days
            return Fraction(days, 365) if daily else Fraction(days, 12 * whole)

        gaps = [random.randint(1, 70) for _ in range(random.randint(1, 7))]
        days = [start + timedelta(days=gap) for gap in accumulate(gaps)]
        days = sorted({random.choice(due) if random.random() < 0.3 else day for day in days})
        told = Told(lent, rate, start, due, share, early)
        pays = [(day, random.choice([lent // count, lent // 3, random.randint(1, lent)])) for day in days]
        wanted = [told.pay(day, amount) for day, amount in pays]

        terms = TermSheet(
            amount=Decimal(lent) / 100,
            annual_rate=Decimal(rate.numerator) / rate.denominator,
            payments=count,
            start=start,
            rounding="half-up",
            day_count="actual/365" if daily else "30/360",
            interest_period="daily" if daily else "same-as-period",
        )
        recorded = random.sample(pays, len(pays))  # what was paid first may be told last
        never = Pay(on=start + timedelta(days=20), amount=lent // 2)
        facts = [
            Disburse(on=start, amount=lent),
            never,
            *(Pay(on=day, amount=amount) for day, amount in recorded),
            Reverse(on=date(2027, 1, 1), of=2),
        ]
        account = replay(terms, Servicing(schedule="recalculated", early=early), facts)
        found = [(line.principal, line.interest, line.overpaid) for line in account.transactions[1:]]
        assert found == wanted, (seed, pays)
        rows = [(row.due, row.owed[1], row.owed[0]) for row in account.rows]
        assert rows == told.rest(), (seed, pays)
