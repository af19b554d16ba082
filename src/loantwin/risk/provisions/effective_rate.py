"""The effective interest rate: it discounts the contract's flows to what was paid out (IFRS 9 B5.4.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected
from loantwin.products.internal_rates.roots import Status, internal_rate

MONTHS = 12
LEAST, MOST = -0.99, 100.0
"""Rates a month that are taken for one: -99 % to 10,000 %."""


@dataclass(frozen=True)
class EffectiveRate:
    """annual_rate : decimal a year, nominal, compounded monthly (12 x the monthly rate), NaN unless solved.

    status : `solved`; `no_root` where no rate from `LEAST` to `MOST` a month makes the flows worth 0;
        `several_roots` where more than one does (`products.internal_rates.roots` finds them all).
        iterations : steps of Brent's method.
    """

    annual_rate: float
    status: Status
    iterations: int

    @property
    def compounded(self) -> float:
        """Return the rate with yearly compounding, decimal a year."""
        return float((1 + self.annual_rate / MONTHS) ** MONTHS - 1)


def effective_rate(cash_flows: Floats) -> EffectiveRate:
    """Return the effective interest rate of monthly cash flows.

    Parameters
    ----------
    cash_flows : (T + 1,) book currency; entry t falls t months after the first disbursement; positive flows
        to the lender. Entry 0 is what was paid out, fees received deducted and transaction costs added (IFRS
        9 B5.4.2, B5.4.4); expected credit losses are left out (5.4.1).

    Raises
    ------
    RiskError : fewer than two flows, NaN or infinity, or flows of one sign only.
    """
    check.finite(cash_flows=cash_flows)
    flows = np.asarray(cash_flows, dtype=np.float64)
    if flows.ndim != 1 or len(flows) < 2:
        raise RiskError(
            expected("at least two monthly cash flows", f"shape {flows.shape}"), field="cash_flows"
        )
    if not np.isfinite(flows).all():
        raise RiskError(expected("finite cash flows", "NaN or infinity"), field="cash_flows")
    if not ((flows > 0).any() and (flows < 0).any()):
        raise RiskError(expected("flows of both signs", "flows of one sign"), field="cash_flows")
    found = internal_rate(flows, np.arange(len(flows)))
    roots = [root for root in found.roots if LEAST <= root <= MOST]
    if len(roots) != 1:
        return EffectiveRate(float("nan"), "several_roots" if roots else "no_root", found.iterations)
    return EffectiveRate(MONTHS * roots[0], "solved", found.iterations)


def credit_adjusted_rate(price: float, expected_flows: Floats) -> EffectiveRate:
    """Return the credit-adjusted effective rate of a loan bought credit-impaired (IFRS 9 A, 5.4.1(a)).

    Parameters
    ----------
    price : book currency, > 0, paid for the loan (amortised cost at initial recognition).
    expected_flows : (T,) book currency, month 1..T, estimated with the credit losses expected then taken off
        (B5.4.7): what is expected to come in, so that the losses already in the price are in the rate and no
        allowance starts with them.

    Raises
    ------
    RiskError : a price of 0 or less, and as `effective_rate`.
    """
    check.number(price=price)
    check.finite(expected_flows=expected_flows)
    check.shaped((None,), expected_flows=expected_flows)
    if not (np.isfinite(price) and price > 0.0):
        raise RiskError(expected("a price above 0", price), field="price")
    return effective_rate(np.concatenate([[-float(price)], np.asarray(expected_flows, dtype=np.float64)]))


def current_rate(stated: Floats, at_recognition: Floats, in_force: Floats) -> Floats:
    """Return the effective rate of floating loans as it is now, (N,), decimal a year.

    Movements of market rates change the effective rate of a floating loan (IFRS 9 B5.4.5); what fees and
    costs add to the contract's rate stays: the rate in force plus what the stated effective rate was above
    the contract's at recognition.

    Parameters
    ----------
    stated : (N,) effective rate at recognition. at_recognition : (N,) the contract's rate then, NaN where it
        is not known: the rate in force then stands in, without fees. in_force : (N,) the contract's rate now.

    Raises
    ------
    ArgumentError : shapes that differ, or a rate in force that is not finite.
    """
    check.finite(stated=stated, in_force=in_force)
    check.gaps(at_recognition=at_recognition)
    check.shaped(stated.shape, at_recognition=at_recognition, in_force=in_force)
    added = stated - at_recognition
    return np.asarray(in_force + np.where(np.isfinite(added), added, 0.0))
