"""The annual percentage rate of Regulation Z: the rate a unit-period times the unit-periods of a year.

12 CFR 1026 appendix J, the actuarial method, as at http://www.fdic.gov/regulations/laws/rules/6500-3550.html
(opened in part in November 2026); held to the examples of its paragraph (c).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import RiskError, expected
from loantwin.products.internal_rates.discounted import discounted_rate
from loantwin.products.internal_rates.roots import Status
from loantwin.products.legal_rates.legal_rate import Flow, LegalRate, as_percent, parted_flows
from loantwin.products.legal_rates.unit_periods import UnitPeriod, unit_period, unit_periods_between

RULE = "US Regulation Z, appendix J, actuarial method"
REGULAR, IRREGULAR = 0.00125, 0.0025
"""How far a rate shown may lie from the exact one, 12 CFR 1026.22(a)(2) and (3): an eighth of a percentage
point, a quarter for loans with several advances, or irregular periods or payments (assumed, not opened).
"""


def us_apr(flows: Sequence[Flow], *, unit: UnitPeriod | None = None) -> LegalRate:
    """Return the annual percentage rate of closed-end credit in the United States.

    Parameters
    ----------
    flows : (date, amount), positive to the lender; advances are the amount financed, prepaid finance charges
    taken off. The term begins with the first. unit : the unit-period; None finds it in the dates.

    Returns
    -------
    LegalRate : nominal; shown with two decimals.

    Raises
    ------
    RiskError : flows that are none, of one sign, or on one day.
    """
    days, amounts = parted_flows(flows)
    advances = [day for day, amount in zip(days, amounts, strict=True) if amount < 0]
    payments = [day for day, amount in zip(days, amounts, strict=True) if amount > 0]
    if days[0] == days[-1]:
        raise RiskError(expected("flows on two days or more", f"all on {days[0]}"), field="flows")
    unit = unit or unit_period(advances, payments)
    return _apr(amounts, days, unit)


def _apr(amounts: Floats, days: list[date], unit: UnitPeriod) -> LegalRate:
    counted = [unit_periods_between(days[0], day, unit) for day in days]
    return us_apr_of_unit_periods(
        amounts,
        [full for full, _ in counted],
        [float(part) for _, part in counted],
        unit.per_year,
        unit.words,
    )


def us_apr_of_unit_periods(
    flows: ArrayLike,
    full: ArrayLike,
    fraction: ArrayLike,
    per_year: Fraction | float,
    words: str = "as stated",
) -> LegalRate:
    """Return the annual percentage rate of flows that fall so many unit-periods after the term begins.

    Parameters
    ----------
    flows : (T,) currency, positive to the lender.
    full, fraction : (T,) whole unit-periods and the part of one, in [0, 1).
    per_year : unit-periods of a year. words : what the unit-period is called.

    Raises
    ------
    RiskError : flows of one sign. ArgumentError : what is no number, or lies outside its range.
    """
    amounts, when = check.numbers(flows, "flows"), check.numbers(full, "full")
    part = check.numbers(fraction, "fraction")
    check.finite(flows=amounts)
    check.within(0.0, full=when)
    check.within(0.0, 1.0, fraction=part)
    check.shaped(amounts.shape, full=when, fraction=part)
    check.number(1e-9, per_year=float(per_year))
    if not ((amounts > 0).any() and (amounts < 0).any()):
        raise RiskError(expected("flows of both signs, paid out and paid in", "one sign"), field="flows")
    rate, status = _rate(amounts, when, part)
    annual = rate * float(per_year)
    return LegalRate(annual, as_percent(annual, 2), RULE, "nominal", f"unit-period {words}", status)


def _rate(amounts: Floats, full: Floats, part: Floats) -> tuple[float, Status]:
    """Return the rate a unit-period of the general equation (b)(8), and whether it is the only one."""
    order = np.lexsort((part, full))
    amounts, full, part = amounts[order], full[order], part[order]

    def discounts(rate: float) -> Floats:
        return np.asarray(np.exp(-full * math.log1p(rate)) / (1 + part * rate))

    return discounted_rate(amounts, discounts)


def within_us_tolerance(shown: float, exact: float, *, irregular: bool) -> bool:
    """Return whether a rate shown is near enough to the exact one, both decimals a year."""
    return abs(shown - exact) <= (IRREGULAR if irregular else REGULAR) + 1e-12
