"""Exact schedules: a million loans of 60 instalments to the cent, held whole, block by block and summed into
months; beside a loop over months in NumPy's floats and the readable schedule of one loan in decimals.
"""

from __future__ import annotations

import datetime as dt
import resource
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from loantwin.kernels import use_threads
from loantwin.products.columns.schedules import Schedules, blocks, monthly, schedules
from loantwin.products.columns.terms import TermColumns, take, term_columns
from loantwin.products.instalments import instalments
from loantwin.products.term_sheet import TermSheet

COUNT, PAYMENTS, ROUNDS, ALONE, GROUPS = 1_000_000, 60, 5, 1_000, 200
AS_OF = dt.date(2022, 6, 30)
WORK = f"{COUNT:,} schedules of {PAYMENTS} instalments, annuity and equal principal, to the cent"


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    use_threads()
    loans, by_days = book(daily=False), book(daily=True)
    group = np.arange(COUNT) % GROUPS
    rows = [
        _row(f"{WORK}: block by block", "< 3 s", lambda: _last(loans), "a twelfth of the rate a month"),
        _row(
            f"{WORK}: days of actual/365, block by block",
            "",
            lambda: _last(by_days),
            "1,800 days of disbursement",
        ),
        _row(
            f"{WORK}: summed into months",
            "< 3 s",
            lambda: monthly(loans, AS_OF, PAYMENTS, group),
            f"{GROUPS} groups",
        ),
    ]
    rows[-1]["detail"] += f"; peak memory of the process up to here {_peak():.2f} GB"
    rows.append(_row(f"{WORK}: held whole", "< 3 s", lambda: schedules(loans), "two tables of int64"))
    rows[-1]["detail"] += f"; peak memory {_peak():.2f} GB"
    return [*rows, *_rivals(loans)]


def book(*, daily: bool, seed: int = 1) -> TermColumns:
    """Return loans of 1,000 to 500,000 at 2 to 20 % in whole hundredths of a per cent, half of each
    amortisation, paid out over five years.
    """
    draw = np.random.Generator(np.random.Philox(key=seed))
    return term_columns(
        amount=draw.integers(1_000_00, 500_000_00, COUNT),
        annual_rate=draw.integers(200, 2_000, COUNT) / 10_000,
        payments=PAYMENTS,
        start=np.datetime64("2020-01-01") + draw.integers(0, 1_800, COUNT),
        amortisation=np.array(["annuity", "equal-principal"])[draw.integers(0, 2, COUNT)],
        day_count="actual/365",
        interest_period="daily" if daily else "same-as-period",
        rounding="half-up",
    )


def _last(terms: TermColumns) -> int:
    """Make all blocks, and read of each what a caller would: its last balance."""
    return sum(int(part.principal[-1].sum()) for _, part in blocks(terms))


def _rivals(loans: TermColumns) -> list[dict[str, Any]]:
    some = take(loans, slice(0, 100_000))
    seconds, made = _timed(lambda: floats(some), 3)
    exact = schedules(some)
    wrong = int((np.rint(100 * made[1]).astype(np.int64) != exact.interest).any(axis=1).sum())
    share = COUNT / len(some)
    rows = [
        {
            "work": f"{WORK}: a loop over months in NumPy's floats, rounded to two decimals",
            "reach": "",
            "measured": seconds * share,
            "unit": "s",
            "detail": f"from {len(some):,} loans; one thread; {wrong / len(some):.1%} of them have "
            "another cent in some month",
        }
    ]
    few = take(loans, slice(0, ALONE))
    sheets = [sheet(few, row) for row in range(ALONE)]
    seconds, alone = _timed(lambda: [instalments(item) for item in sheets], 1)
    rows.append(
        {
            "work": f"{WORK}: one at a time in decimals (`products.instalments`)",
            "reach": "",
            "measured": seconds * COUNT / ALONE,
            "unit": "s",
            "detail": f"from {ALONE:,} loans; one thread; {_differing(exact, alone)} of them differ from "
            "the columns",
        }
    )
    return rows


def floats(terms: TermColumns) -> tuple[np.ndarray, np.ndarray]:
    """Return principal and interest, currency, as a spreadsheet or a quick loop has them."""
    amount, rate = terms.amount / 100, terms.annual_rate / 1e12 / 12
    level = np.round(amount * rate / (1 - (1 + rate) ** -PAYMENTS), 2)
    even, equal = np.round(amount / PAYMENTS, 2), terms.are("amortisation", "equal-principal")
    table = np.empty((2, len(amount), PAYMENTS))
    balance = amount.copy()
    for month in range(PAYMENTS):
        interest = np.round(balance * rate, 2)
        repaid = np.where(equal, even, level - interest) if month < PAYMENTS - 1 else balance
        table[0, :, month], table[1, :, month] = repaid, interest
        balance = np.round(balance - repaid, 2)
    return table[0], table[1]


def sheet(terms: TermColumns, row: int) -> TermSheet:
    """Return the term sheet of one loan."""
    return TermSheet(
        amount=Decimal(int(terms.amount[row])) / 100,
        annual_rate=Decimal(int(terms.annual_rate[row])) / 10**12,
        payments=PAYMENTS,
        start=terms.start[row].astype(object),
        amortisation="equal-principal" if terms.are("amortisation", "equal-principal")[row] else "annuity",
        rounding="half-up",
    )


def _differing(exact: Schedules, alone: list[Any]) -> int:
    return sum(
        [line.interest for line in rows] != exact.interest[place].tolist() for place, rows in enumerate(alone)
    )


def _timed(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        made = work()
        times.append(time.perf_counter() - began)
    return statistics.median(times), made


def _row(work: str, reach: str, done: Callable[[], Any], detail: str) -> dict[str, Any]:
    done()
    times, used = [], time.process_time()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        done()
        times.append(time.perf_counter() - began)
    used = (time.process_time() - used) / ROUNDS
    return {
        "work": work,
        "reach": reach,
        "measured": statistics.median(times),
        "unit": "s",
        "detail": f"best {min(times):.2f} s, {used:.2f} s of processor; {detail}",
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
