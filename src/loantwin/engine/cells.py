"""Cells: loans that share segment, starting age and starting state, with their contractual run-off added up.

The run-off is what the contracts alone would do, computed from the loans once; every mode of the engine
(expected path, conditional expectation, cell Monte Carlo, step) reads the same tables.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers


@dataclass(frozen=True)
class Cells:
    """B cells over T months. All amounts are weighted by case weight and on-book probability.

    segment, age, state : (B,) segment index, age at the as-of date (month t = 1..T reads age + t), live-state
        index.
    group : (B,) reporting group, 0 where there is one group only.
    loans : (B, T + 1) number of loans whose contract still runs at the end of month t (t = 0: the as-of
        date).
    balance : (B, T + 1) contractual principal at the end of month t, partial prepayments taken off.
    partial : (B, T) partial prepayment in month t + 1, part of the fall of `balance`.
    draws : (B, T) principal drawn in month t + 1 (revolving lines), which raises `balance`.
    interest : (B, T) contractual interest due in month t + 1 on the start balance.
    rate_sensitivity : (B, T) change of `interest` for +1.00 (decimal a year) of the index: floating start
        balance / 12.
    exposure : (B, T) exposure at default were all to default in month t + 1: start balance + unpaid
        instalments and interest + conversion factor x undrawn.
    squared : (B,) sum of squared exposures at the as-of date / sum of exposures: the size of a typical
        default.
    guaranteed : (B,) share of losses borne by guarantors, exposure weighted.
    annual_rate : (B,) balance-weighted effective rate, decimal a year, nominal monthly: discounts losses.
    index_path : (T,) index the floating rates followed, decimal a year; None where they stayed at the rate in
        force.
    """

    segment: Integers
    age: Integers
    state: Integers
    group: Integers
    loans: Floats
    balance: Floats
    partial: Floats
    draws: Floats
    interest: Floats
    rate_sensitivity: Floats
    exposure: Floats
    squared: Floats
    guaranteed: Floats
    annual_rate: Floats
    index_path: Floats | None = None


@dataclass(frozen=True)
class LossGivenDefault:
    """What follows a default, as decimals of exposure at default; G segments, A ages, W lags in months.

    charged_off, recovered : (G, A) principal charged off, and recovered after it, of defaults at that age.
        What is neither was cured or paid. Loss given default net of cures = charged_off - worth x recovered
        (`recovery_worth`).
    charge_off_lag, recovery_lag : (W,) probability that it happens w months after the month of default; each
        sums to 1.
    """

    charged_off: Floats
    recovered: Floats
    charge_off_lag: Floats
    recovery_lag: Floats


@dataclass(frozen=True)
class SeverityMoves:
    """How the loss of a default departs from the tables of `LossGivenDefault`, by month and segment.

    factor : (P, C, T) by path and kind, of defaults in months 1..T; P is 1 where all paths share it. Up to 1
        it is q, by how much less comes back: q (1 - charged off) before a charge-off and q x recovered after
        it, so that 1 - q (1 - charged off) is charged off and a net loss s becomes 1 - q (1 - s). Above 1 it
        is by how much less is lost: charged off and recovered are divided by it. So nothing loses less than
        nothing, or more than is owed. kind : (G,) the kind of each segment, 0 to C - 1.
    """

    factor: Floats
    kind: Integers

    def until(self, months: int) -> SeverityMoves:
        """Return the moves of the first months."""
        return SeverityMoves(np.ascontiguousarray(self.factor[:, :, :months]), self.kind)

    def of_segment(self, segment: int, months: int) -> tuple[Floats, Floats]:
        """Return `parted` factors of one segment, (P, months) each; past the last month the last one."""
        return parted(self.factor[:, self.kind[segment], np.minimum(np.arange(months), self.last)])

    @property
    def last(self) -> int:
        """Return the place of the last month."""
        return len(self.factor[0, 0]) - 1

    def of_paths(self, paths: int) -> Floats:
        """Return the factors of each of `paths` paths, (paths, C, T)."""
        return np.ascontiguousarray(np.broadcast_to(self.factor, (paths, *self.factor.shape[1:])))


def parted(factor: Floats) -> tuple[Floats, Floats]:
    """Return what of a default loses as the tables say, and what of it loses all, by factors of any shape."""
    return np.minimum(factor, 1.0 / np.maximum(factor, 1.0)), np.maximum(1.0 - factor, 0.0)


def recovery_worth(annual_rate: Floats, recovery_lag: Floats) -> Floats:
    """Return the value at default of 1 recovered by the lags (W,) at effective rates (...): sum lag[w] v^w.

    annual_rate : decimal a year, nominal monthly; v = 1 / (1 + rate / 12). Cash shortfalls are measured at
    present value (IFRS 9 B5.5.28, B5.5.44), so that a recovery counts less the later it comes.
    """
    # Trap: a recovery discounted with its default. It comes months after it, and each month has its factor.
    return np.asarray(np.polynomial.polynomial.polyval(1.0 / (1.0 + annual_rate / 12.0), recovery_lag))
