"""Loans at a date, as forecasts read them, laid out as exact terms: what a tape can state, to the cent.

`products.contract.Terms` is what a tape's columns come to; its month grid is the law that forecast, stress,
provisions and loss read, in floats and on month ends. The columns made here are the same contracts on their
due dates, in whole minor units, so that `columns.schedules.monthly` sums them into the same months. The two
agree within what rounding to the minor unit, and the grid's own stated roundings, can do; a test holds every
convention of a tape to it.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from loantwin import arguments as check
from loantwin.arrays import Flags, Integers
from loantwin.months import anchor_day
from loantwin.products.columns.terms import TermColumns, term_columns
from loantwin.products.contract import Terms
from loantwin.products.dates import Dates
from loantwin.products.pattern import DAY_COUNTS, Patterns, payments_left, taken_apart
from loantwin.products.registry import product_flags


def from_terms(loans: Terms, as_of: date, minor_units: int = 100) -> TermColumns:
    """Return the contracts of N loans at a date as exact terms, one loan a row.

    A loan begins with the period that runs at the date: its principal is lent on that period's first day, and
    its first instalment bears that period's whole interest. A floating rate is the one in force. A line draws
    what it repays, so that it asks for interest and all principal at the end. Months are counted as nominal
    under 30/360 and by their days else; weeks and days by the day count.

    Parameters
    ----------
    minor_units : of one unit of the currency.

    Raises
    ------
    ArgumentError : no loans or no date. UsageError : a loan of less than one minor unit, more than 1,200
        payments to come, or what else `term_columns` refuses; row and field are named.
    """
    check.kind(Terms, loans=loans)
    check.kind(date, as_of=as_of)
    check.count(1, minor_units=minor_units)
    patterns = taken_apart(loans.pattern)
    by_months = payments_left(
        patterns, loans.remaining_months, int(loans.interest_only_months.max(initial=0))
    )
    payments = by_months[:, 0]
    start, first = _opens(patterns, loans.remaining_months, payments, as_of)
    amount, balloon = (
        np.rint(np.asarray(value) * minor_units).astype(np.int64)
        for value in (loans.principal, loans.balloon)
    )
    rests = ~product_flags()[0][loans.product] | (balloon >= amount)
    free = np.minimum(loans.interest_only_months, loans.remaining_months - 1)
    waits = payments - np.take_along_axis(by_months, free[:, None], axis=1)[:, 0]
    return term_columns(
        amount=amount,
        annual_rate=loans.annual_rate,
        payments=payments,
        start=start,
        first=first,
        every=_every(patterns),
        due_day=np.where(patterns.months > 0, anchor_day(as_of), 0),
        day_count=np.array(DAY_COUNTS)[patterns.day_count],
        interest_period=np.where(_nominal(patterns), "same-as-period", "daily"),
        amortisation=np.where(rests, "interest-only", np.where(patterns.equal, "equal-principal", "annuity")),
        balloon=np.where(rests, 0, balloon),
        principal_grace=np.where(rests, 0, waits),
    )


def _nominal(patterns: Patterns) -> Flags:
    return np.asarray((patterns.months > 0) & (patterns.day_count == DAY_COUNTS.index("30/360")))


def _every(patterns: Patterns) -> NDArray[np.str_]:
    """Return the length of periods as term sheets write it, (N,)."""
    months = np.char.add(patterns.months.astype(str), "m")
    made = np.where(patterns.months > 0, months, np.char.add(patterns.days.astype(str), "d"))
    return np.asarray(made, dtype=np.str_)


def _opens(patterns: Patterns, left: Integers, payments: Integers, as_of: date) -> tuple[Dates, Dates]:
    """Return the first day of the running period and its due date, (N,), counted back from the last one."""
    now, anchor = np.datetime64(as_of, "M").astype(np.int64), np.timedelta64(anchor_day(as_of), "D")
    a_day = np.timedelta64(1, "D")

    def ends(back: Integers) -> Dates:
        months = now + left - back * patterns.months
        begun, over = (
            month.astype("datetime64[M]").astype("datetime64[D]") for month in (months, months + 1)
        )
        return np.asarray(np.minimum(begun + anchor - a_day, over - a_day))

    by_days, last = patterns.days > 0, ends(np.zeros_like(left))
    step = patterns.days.astype("timedelta64[D]")
    begun = np.where(by_days, last - payments * step, ends(payments))
    return begun, np.where(by_days, last - (payments - 1) * step, ends(payments - 1))
