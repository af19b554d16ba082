"""Recoveries still expected of amounts written off, which a CECL allowance includes.

    expected[i] = min(written off[i] x recovered / charged off x share of the lags still to come,
                      written off[i] - recovered so far[i])

Source: ASC 326-20-30-1 (expected recoveries of amounts previously written off are in the allowance, and not
above the amounts written off), so that an allowance may be negative. Under IFRS 9 no allowance holds them:
what is written off is derecognised (5.4.4), and a later receipt is a gain when it comes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats, Integers
from loantwin.engine.cells import LossGivenDefault, recovery_worth
from loantwin.risk.allowance import amounts, totals

POOL = "written off, recoveries expected"


@dataclass(frozen=True)
class WrittenOff:
    """N loans charged off before the as-of date whose recovery goes on; money of one loan, book currency.

    segment, age : (N,) of loss given default's tables, age at default. passed : (N,) months since default.
    charged_off, recovered : (N,) until the as-of date, >= 0. weight : (N,) case weight. annual_rate : (N,)
    effective rate that discounts, decimal a year. guaranteed : (N,) share of losses, and so of recoveries,
    that a guarantor has.
    """

    segment: Integers
    age: Integers
    passed: Integers
    charged_off: Floats
    recovered: Floats
    weight: Floats
    annual_rate: Floats
    guaranteed: Floats

    def __post_init__(self) -> None:
        check.finite(annual_rate=self.annual_rate, guaranteed=self.guaranteed)


@dataclass(frozen=True)
class ExpectedRecoveries:
    """What is expected of amounts written off. Money in the book's currency, weighted, gross of guarantors'
    part.

    loans : whose recovery goes on. written_off, recovered : so far. expected : still to come, inside the
    allowance with a minus. net : the lender's part of it.
    """

    loans: int
    written_off: float
    recovered: float
    expected: float
    net: float


def expected_recoveries(found: WrittenOff, lgd: LossGivenDefault, discounted: bool) -> ExpectedRecoveries:
    """Return recoveries still expected of loans written off, capped loan by loan by what is written off.

    Parameters
    ----------
    discounted : present values at each loan's effective rate, from the month each recovery comes.

    Raises
    ------
    RiskError : a negative or non-finite amount.
    """
    check.kind(WrittenOff, found=found)
    check.kind(LossGivenDefault, lgd=lgd)
    check.flag(discounted=discounted)
    size = (len(found.segment),)
    for name in ("charged_off", "recovered", "weight"):
        amounts(getattr(found, name), name, size)
    age = np.clip(found.age, 0, lgd.charged_off.shape[1] - 1)
    lost, back = lgd.charged_off[found.segment, age], lgd.recovered[found.segment, age]
    ratio = np.divide(back, lost, out=np.zeros(size), where=lost > 0.0)
    passed = np.minimum(found.passed, len(lgd.recovery_lag) - 1)
    to_come = np.maximum(1.0 - np.cumsum(lgd.recovery_lag)[passed], 0.0)
    cap = np.maximum(found.charged_off - found.recovered, 0.0)
    expected = np.minimum(found.charged_off * ratio * to_come, cap)
    if discounted:
        for month in np.unique(passed):
            own = passed == month
            left = lgd.recovery_lag[month + 1 :]
            if left.sum() > 0.0:
                wait = np.concatenate([[0.0], left / left.sum()])
                expected[own] *= recovery_worth(found.annual_rate[own], wait)
    figures = [found.charged_off, found.recovered, expected, expected * (1.0 - found.guaranteed)]
    sums = [figure[0] for figure in totals([figure * found.weight for figure in figures])]
    return ExpectedRecoveries(size[0], *sums)
