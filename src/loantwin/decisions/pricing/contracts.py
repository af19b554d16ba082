"""What a unit of money lent comes to by contract: the part of a price that the offer tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.assumptions import RunoffAssumptions
from loantwin.engine.cells import recovery_worth
from loantwin.engine.columns import loan_columns
from loantwin.engine.runoff import build_cells
from loantwin.products.funding import FundingCurve, transfer_rates

AT_ONCE = 4_096
"""Contracts laid out in one go."""


@dataclass(frozen=True)
class Contracts:
    """K contracts of one unit of money over months t = 1..T, (K, T) unless said.

    start : balance at the month's start. interest : due in it. partial : repaid early in part. early : start
    balance where a payoff in the month is early: not in the last one. exposure : owed by who defaults in it.
    running : 1 where the contract runs at the month's start, else 0. worth : at the first day, of 1 at the
    month's end, at the transfer rate.
    transfer_rate : (K,) decimal a year, of funding by matched maturity. maturity : (K,) years, mean time of
    payments by their amount. payment : (K,) mean payment a month.
    """

    start: Floats
    interest: Floats
    partial: Floats
    early: Floats
    exposure: Floats
    running: Floats
    worth: Floats
    transfer_rate: Floats
    maturity: Floats
    payment: Floats

    def recovery_worth(self, lag: Floats) -> Floats:
        """Return what 1 recovered after a default is worth at the default, (K,)."""
        return recovery_worth(self.transfer_rate, lag)


def contracts(
    product: Integers,
    pattern: Integers,
    term: Integers,
    annual_rate: Floats,
    horizon: int,
    runoff: RunoffAssumptions,
    curve: FundingCurve,
) -> Contracts:
    """Return contracts of one unit of money each.

    Parameters
    ----------
    product, pattern : (K,) codes of `products.registry` and `products.pattern`. term : (K,) months, at most
        `horizon`. annual_rate : (K,) decimal a year, nominal monthly, fixed. runoff : what the twin's book
        assumes of partial prepayment and of arrears before a default.

    Raises
    ------
    ModelError : a code, term or rate out of range, by row.
    """
    blocks = [slice(start, start + AT_ONCE) for start in range(0, max(len(term), 1), AT_ONCE)]
    parts = [
        _some(product[one], pattern[one], term[one], annual_rate[one], horizon, runoff, curve)
        for one in blocks
    ]
    if len(parts) == 1:
        return parts[0]
    return Contracts(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Contracts.__dataclass_fields__)
    )


def _some(
    product: Integers, pattern: Integers, term: Integers, annual_rate: Floats, horizon: int,
    runoff: RunoffAssumptions, curve: FundingCurve,
) -> Contracts:  # fmt: skip
    count = len(term)
    columns = loan_columns(
        segment=np.zeros(count, dtype=np.int64), age=0, state=0, product=product, remaining_months=term,
        principal=np.ones(count), annual_rate=annual_rate, pattern=pattern, group=np.arange(count),
    )  # fmt: skip
    cells = build_cells(
        columns, horizon, partial_monthly=runoff.partial_monthly, arrears_months=runoff.arrears_months,
        conversion_factor=runoff.conversion_factor,
    )  # fmt: skip
    start, close = cells.balance[:, :-1], cells.balance[:, 1:]
    principal = np.maximum(start - close, 0.0)
    rate = transfer_rates(principal, curve)
    months = np.arange(1.0, horizon + 1.0)
    worth = np.exp(-np.log1p(rate / 12.0)[:, None] * months[None])
    paid = principal + cells.interest
    return Contracts(
        start, cells.interest, cells.partial, np.where(close > 0.0, start, 0.0), cells.exposure,
        cells.loans[:, :-1], worth, rate, (paid * months).sum(axis=1) / paid.sum(axis=1) / 12.0,
        paid.sum(axis=1) / term,
    )  # fmt: skip
