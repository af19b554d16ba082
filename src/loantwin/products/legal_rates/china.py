"""The yearly rate that lenders in China show: all costs over the principal in use, compound or simple.

The People's Bank's announcement 3 of 2021 asks for it and lets lenders choose, a simple rate to be named as
such (assumed, not opened). The rule on showing the all-in cost of personal loans, in force from 1 August
2026, is known from reports of 15 March 2026 alone (https://www.cnsonews.com.cn/news/202249.html): its method
was not read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import RiskError, UsageError, choice, expected
from loantwin.products.internal_rates.discounted import discounted_rate
from loantwin.products.internal_rates.roots import Status, internal_rate
from loantwin.products.legal_rates.legal_rate import Compounding, Flow, LegalRate, as_percent, parted_flows

METHODS = ("compound", "simple")


def china_rate(
    flows: Sequence[Flow], *, method: str = "compound", principal: Sequence[Flow] | None = None
) -> LegalRate:
    """Return the yearly rate of all costs over the principal in use.

    Parameters
    ----------
    flows : (date, amount), positive to the lender: what the borrower got, and all that is paid: principal,
    interest, fees, whoever takes them.
    method : `compound` is the rate a year at which the flows are worth nothing. `simple` is the costs over
    the sum of principal times the years it was in use.
    principal : (date, amount) of the parts of payments that repay principal, for `simple`; None pays interest
    at the rate itself first and principal with what is left.

    Returns
    -------
    LegalRate : effective or simple, and labelled so; shown with two decimals (assumed). Years are days over
    365.

    Raises
    ------
    UsageError : an unknown method, or principal for `compound`. RiskError : flows that are none or of one
    sign; principal that does not repay what was paid out.
    """
    method = choice(method, METHODS, "method")
    days, amounts = parted_flows(flows)
    years = np.array([(day - days[0]).days / 365 for day in days])
    if method == "compound":
        if principal is not None:
            raise UsageError(expected("principal with method simple alone", "compound"), field="principal")
        found = internal_rate(amounts, years)
        return _shown(found.rate, "effective", found.status)
    if principal is not None:
        return _shown(_over_principal(days, amounts, principal), "simple", "solved")
    rate, status = _simple(amounts, years)
    return _shown(rate, "simple", status)


def _shown(rate: float, compounding: Compounding, status: Status) -> LegalRate:
    solved = math.isfinite(rate)
    words = "compound" if compounding == "effective" else "simple"
    return LegalRate(
        rate if solved else math.nan,
        as_percent(rate, 2),
        f"China, costs over principal in use, {words}",
        compounding,
        "days over 365",
        status if solved or status != "solved" else "no_root",
    )


def _simple(amounts: Floats, years: Floats) -> tuple[float, Status]:
    """Return the rate at which principal in use, charged interest from flow to flow, ends at nothing.

    Costs are then the rate times the sum of principal times years, whatever the steps.
    """
    steps = np.diff(years, prepend=0.0)

    def discounts(rate: float) -> Floats:
        return np.asarray(np.exp(-np.cumsum(np.log1p(np.maximum(rate * steps, -1 + 1e-12)))))

    return discounted_rate(amounts, discounts)


def _over_principal(days: list[date], amounts: Floats, principal: Sequence[Flow]) -> float:
    """Return costs over principal in use where what repays principal is known."""
    moves = sorted(
        [(day, -amount) for day, amount in zip(days, amounts, strict=True) if amount < 0]
        + [(day, -float(amount)) for day, amount in principal],
        key=lambda move: move[0],
    )
    balance = used = 0.0
    last = moves[0][0]
    for day, amount in moves:
        used += balance * (day - last).days / 365
        balance, last = balance + amount, day
    lent = float(-amounts[amounts < 0].sum())
    if abs(balance) > 1e-9 * lent or not used > 0:
        raise RiskError(
            expected(f"principal that repays {lent:g} after it was paid out", f"{balance:g} left"),
            field="principal",
        )
    return float(amounts.sum()) / used
