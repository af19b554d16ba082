"""Accounts of one loan: the lives of an outside core-banking system's tests, and a long one of many facts."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from loantwin.months import add_months
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.account import replay
from loantwin.servicing.conventions import Servicing
from loantwin.servicing.facts import AddCharge, Disburse, Fact, Pay
from tests.suites import lives

DATA = Path(os.environ.get("LOANTWIN_TEST_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))
START, PAYMENTS, LATE = date(2024, 1, 15), 360, 10
"""Every tenth instalment is paid a few days late, with a charge."""


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    rows = []
    file = DATA / "fineract/loan_lives.jsonl.gz"
    if file.is_file():
        seconds = _median(lambda: lives.run(file))
        count = lives.run(file).cases
        rows.append(
            {
                "work": "lives of loans replayed from their facts, read and compared table by table",
                "reach": "> 500 a second",
                "measured": count / seconds,
                "unit": "lives a second",
                "detail": f"{count} visible lives of the suite `lives`; one thread",
            }
        )
    made = facts()
    for schedule in ("fixed", "recalculated"):
        rows.append(
            {
                "work": f"one account of {PAYMENTS} instalments and {len(made)} facts, {schedule} schedule",
                "reach": "< 20 ms",
                "measured": 1_000.0 * _median(lambda schedule=schedule: _outstanding(schedule, made), 21),
                "unit": "ms",
                "detail": "all facts applied, transactions and instalments read; one thread",
            }
        )
    return rows


def facts() -> tuple[Fact, ...]:
    """Return a loan paid out, its payments, and a charge where one was late."""
    level = 107_461  # of 100,000.00 at 12.5 %: near its level payment
    made: list[Fact] = [Disburse(on=START, amount=10_000_000)]
    for number in range(1, PAYMENTS + 1):
        due = add_months(START, number)
        if number % LATE == 0:
            late = due + timedelta(5)
            made.append(AddCharge(on=late, due=late, amount=1_500, kind="penalty", name="late"))
            made.append(Pay(on=late + timedelta(1), amount=level + 1_500))
        else:
            made.append(Pay(on=due, amount=level))
    return tuple(made)


def _outstanding(schedule: str, made: tuple[Fact, ...]) -> int:
    terms = TermSheet(
        amount=Decimal(100_000),
        annual_rate=Decimal("0.125"),
        payments=PAYMENTS,
        start=START,
        day_count="actual/365",
        interest_period="daily",
    )
    account = replay(terms, Servicing(schedule=schedule), made)
    return account.outstanding + len(account.transactions) + len(account.rows)


def _median(work: Callable[[], Any], rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)
