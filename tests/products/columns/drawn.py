"""Term sheets at random: every combination of the conventions that columns know."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from random import Random
from typing import Any

from loantwin.products.term_sheet import (
    DAY_COUNTS,
    INTEREST_PERIODS,
    ODD_PERIODS,
    ROLLS,
    ROUNDINGS,
    TermSheet,
)

CENT = Decimal("0.01")
# round figures bring ties of interest at a half cent, month ends and leap days bring odd dates
AMOUNTS = ("100", "1000", "1234.56", "99999.99", "250000", "10", "0.01", "5000", "37350.50")
RATES = (
    "0",
    "0.01",
    "0.05",
    "0.06",
    "0.07",
    "0.12",
    "0.18",
    "0.24",
    "0.0995",
    "0.36",
    "1.2",
    "0.123456",
    "-0.005",
)
DAYS = (
    dt.date(2024, 1, 31),
    dt.date(2023, 8, 31),
    dt.date(2024, 2, 29),
    dt.date(2023, 2, 28),
    dt.date(2024, 1, 30),
)


def drawn(random: Random, longest: int = 60) -> TermSheet:
    """Return a term sheet that `products.term_rules` accepts and columns take."""
    every = random.choice(["1m", "1m", "1m", "3m", "6m", "1y", "1w", "2w", "14d", "30d"])
    count = min(random.choice([1, 2, 3, 6, 12, 24, longest]), 24 if every in ("6m", "1y") else longest)
    amount = Decimal(random.choice(AMOUNTS))
    if random.random() < 0.5:
        amount = Decimal(random.randint(1, 10 ** random.randint(4, 9))) * CENT
    rate = Decimal(random.choice(RATES))
    if random.random() < 0.3:
        rate = Decimal(random.randint(0, 10**6)) / 10**6
    how = random.choice(["annuity", "annuity", "equal-principal", "interest-only", "balloon", "bullet"])
    if amount < 1:
        how = "annuity"
    return TermSheet(
        amount=amount,
        annual_rate=rate,
        payments=count,
        every=every,
        day_count=random.choice(DAY_COUNTS),
        interest_period=random.choice(INTEREST_PERIODS),
        odd_period=random.choice(ODD_PERIODS),
        method=random.choice(["declining", "declining", "flat"]),
        amortisation=how,
        rounding=random.choice(ROUNDINGS),
        instalment_rounding=random.choice([None, *ROUNDINGS]),
        carry_rounding=random.random() < 0.2,
        principal_grace=random.choice([0, 0, 0, min(random.randint(1, 5), count - 1)]),
        interest_grace=random.choice([0, 0, 0, min(random.randint(1, 3), count - 1)]),
        interest_free=random.choice([0, 0, 0, random.randint(1, 5)]),
        **_dates(random, every),
        **_payments(random, how, amount, count),
    )


def _dates(random: Random, every: str) -> dict[str, Any]:
    start = dt.date(2019, 1, 1) + dt.timedelta(random.randint(0, 2500))
    if random.random() < 0.2:
        start = random.choice(DAYS)
    # two weekly instalments would fall on one business day only where a whole week is closed
    rolled = random.random() < 0.5
    roll = random.choice(ROLLS) if rolled else "none"
    return {
        "start": start,
        "first": None if random.random() < 0.6 else start + dt.timedelta(random.randint(5, 100)),
        "due_day": None
        if every[-1] in "dw"
        else random.choice([None, None, 1, 15, 28, 29, 30, 31, "month-end"]),
        "roll": roll,
        "calendar": None if roll == "none" else "weekends",
    }


def _payments(random: Random, how: str, amount: Decimal, count: int) -> dict[str, Any]:
    if how not in ("annuity", "balloon"):
        share = random.choice([0, 0, random.randint(1, 99)]) if how == "equal-principal" else 0
        return {"balloon": (amount * share / 100).quantize(CENT)}
    balloon = (amount * random.randint(2, 98) / 100).quantize(CENT) if how == "balloon" else Decimal(0)
    agreed = None
    if random.random() < 0.15:
        agreed = (amount / count * random.choice([Decimal("0.5"), Decimal("1.1")])).quantize(CENT) + CENT
    rules = ["rest", "rest", "at-most-level", "at-least-level", "nearest-level", "equalised"]
    multiple = random.choice([None, None, Decimal(1), Decimal("0.05"), Decimal(10)])
    if multiple is not None and (amount - balloon) / count <= multiple:
        multiple = None  # instalments of nothing are refused
    return {
        "balloon": balloon,
        "instalment": agreed,
        "instalment_multiple": multiple,
        "last_instalment": random.choice(rules if agreed is None else [*rules, "as-agreed"]),
    }
