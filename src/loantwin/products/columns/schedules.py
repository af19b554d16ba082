"""Schedules of many loans to the minor unit: whole, block by block, or summed into months."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.months import anchor_day, month_of, months_of
from loantwin.products.columns.periods import Periods, periods
from loantwin.products.columns.terms import TermColumns, take

BLOCK = 65_536
"""Loans whose dates are worked out at a time."""
SLICES = 16
"""Shares of a sum at most, each with a table of its own; amounts are whole, so that they change nothing."""
TABLES = 2**28
"""Bytes that those tables take together."""


@dataclass(frozen=True)
class Schedules:
    """What N loans pay by instalment, minor units, each (N, T) int64; nothing after a loan's last payment.

    amount : (N,) what was lent. payments : (N,).
    """

    amount: Integers
    payments: Integers
    principal: Integers
    interest: Integers

    @property
    def payment(self) -> Integers:
        """Return principal and interest, (N, T)."""
        return self.principal + self.interest

    @property
    def closing(self) -> Integers:
        """Return what is owed after each instalment, (N, T)."""
        return self.amount[:, None] - np.cumsum(self.principal, axis=1)


@dataclass(frozen=True)
class MonthlyFlows:
    """Contractual flows of G groups in months t = 1..T, (t-1, t] as `loantwin.months` has them; minor units.

    group : (G,) int64, the numbers that loans name, in order. principal, interest, lent : (G, T) int64.
    balance : (G, T + 1) at the as-of date and the end of each month: balance[t] = balance[t - 1] + lent[t] -
    principal[t].
    """

    group: Integers
    principal: Integers
    interest: Integers
    lent: Integers
    balance: Integers


def schedules(terms: TermColumns) -> Schedules:
    """Return the schedule of each loan, as `products.instalments` has it to the minor unit.

    Takes 16 bytes a loan and instalment, the longest loan's number for each; `blocks` and `monthly` take no
    more than they are asked to.

    Raises
    ------
    UsageError : what `periods` refuses.
    """
    check.kind(TermColumns, terms=terms)
    count = int(terms.payments.max(initial=1))
    principal, interest = (np.empty((len(terms), count), dtype=np.int64) for _ in range(2))
    for first in range(0, len(terms), BLOCK):
        rows = slice(first, first + BLOCK)
        _fill(take(terms, rows), first, principal[rows], interest[rows])
    return Schedules(terms.amount, terms.payments, principal, interest)


def blocks(terms: TermColumns, size: int = BLOCK) -> Iterator[tuple[slice, Schedules]]:
    """Return an iterator over schedules of `size` loans at a time, with the rows they are of.

    A block stands in the place of the one before: what is to be kept of it is copied.
    """
    check.kind(TermColumns, terms=terms)
    check.count(1, size=size)
    return _blocks(terms, size)


def _blocks(terms: TermColumns, size: int) -> Iterator[tuple[slice, Schedules]]:
    count = int(terms.payments.max(initial=1))
    principal, interest = (np.empty((min(size, len(terms)), count), dtype=np.int64) for _ in range(2))
    for first in range(0, len(terms), size):
        rows = slice(first, min(first + size, len(terms)))
        part, held = take(terms, rows), rows.stop - first
        _fill(part, first, principal[:held], interest[:held])
        yield rows, Schedules(part.amount, part.payments, principal[:held], interest[:held])


def monthly(terms: TermColumns, as_of: date, months: int, group: Integers | None = None) -> MonthlyFlows:
    """Return the sums of contractual flows by group and month after a date.

    Loans pay as agreed: nobody prepays or is late. What falls due on the as-of date or before is paid. No
    schedule is held: memory is that of the dates of 65,536 loans and of at most 16 tables of sums, 24 bytes a
    group and month.

    Parameters
    ----------
    group : (N,) int64, the number of each loan's group, from 0; None is one group.

    Raises
    ------
    ArgumentError : no date, no months, groups of another length. UsageError : what `periods` refuses.
    """
    check.kind(TermColumns, terms=terms)
    check.kind(date, as_of=as_of)
    check.count(1, months=months)
    keys, code = _groups(terms, group)
    table = 24 * len(keys) * (months + 1)
    slices = int(np.clip(TABLES // table, 1, SLICES))
    sums = np.zeros((slices, len(keys), months + 1, 3), dtype=np.int64)
    for first in range(0, len(terms), BLOCK):
        rows = slice(first, first + BLOCK)
        _sum_up(take(terms, rows), first, as_of, code[rows], sums)
    flows = sums.sum(axis=0)
    principal, interest, lent = (np.ascontiguousarray(flows[:, 1:, place]) for place in range(3))
    balance = np.cumsum(flows[:, :, 2] - flows[:, :, 0], axis=1)
    return MonthlyFlows(keys, principal, interest, lent, balance)


def _groups(terms: TermColumns, group: Integers | None) -> tuple[Integers, Integers]:
    if group is None:
        return np.zeros(1, dtype=np.int64), np.zeros(len(terms), dtype=np.int64)
    check.codes(0, group=group)
    check.shaped((len(terms),), group=group)
    keys, code = np.unique(np.asarray(group, dtype=np.int64), return_inverse=True)
    return keys, code.astype(np.int64)


def _fill(terms: TermColumns, before: int, principal: Integers, interest: Integers) -> None:
    from loantwin.kernels import in_shares
    from loantwin.products.columns import kernels

    packed, years, even, _ = _packed(terms, before, dated=False)
    in_shares(kernels.fill, len(packed), packed, years, even, principal, interest)


def _sum_up(terms: TermColumns, before: int, as_of: date, group: Integers, sums: Integers) -> None:
    from loantwin.kernels import in_shares
    from loantwin.products.columns import kernels

    packed, years, even, found = _packed(terms, before, dated=True)
    anchor = anchor_day(as_of)
    now = month_of(as_of, anchor)
    due, lent = (months_of(days, anchor).astype(np.int64) - now for days in (found.due, terms.start))
    in_shares(kernels.sum_up, len(sums), packed, years, even, due, lent, group, sums)


def _packed(
    terms: TermColumns, before: int, *, dated: bool
) -> tuple[Integers, tuple[Floats, Floats], Flags, Periods]:
    """Return loans as rows (N, 16) as `kernels` lays them out, the parts of a year of each timetable (P, T),
    and where these are all the same (P,).
    """
    from loantwin.products.columns import kernels

    found = periods(terms, before=before, dated=dated)
    above, below = found.above, found.below
    even = (above == above[:, :1]).all(axis=1) & (below == below[:, :1]).all(axis=1)
    part, low = (np.empty(above.shape) for _ in range(2))
    kernels.year_parts(above, below, part, low)
    columns: tuple[Any, ...] = (
        terms.amount,
        terms.payments,
        terms.annual_rate,
        found.timetable,
        terms.amortisation,
        terms.are("method", "flat"),
        terms.rounding,
        terms.instalment_rounding,
        terms.instalment,
        terms.instalment_multiple,
        terms.last_instalment,
        terms.balloon,
        terms.principal_grace,
        terms.interest_grace,
        terms.interest_free,
        terms.carry_rounding,
    )
    packed = np.empty((len(terms), len(columns)), dtype=np.int64)
    for place, column in enumerate(columns):
        packed[:, place] = column
    return packed, (part, low), even, found
