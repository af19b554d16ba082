"""Rates compounded yearly: consumer credit in the European Union and the United Kingdom, and IFRS 9."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from fractions import Fraction

from loantwin.errors import choice
from loantwin.products.day_counts import year_fraction_exact
from loantwin.products.internal_rates.roots import InternalRate, internal_rate
from loantwin.products.legal_rates.legal_rate import Flow, LegalRate, as_percent, parted_flows
from loantwin.products.legal_rates.unit_periods import full_months

DIRECTIVES = ("2008/48/EC", "2023/2225", "98/7/EC")
"""2008/48/EC annex I, remarks (c) and (d), as at https://legislation.gov.uk/eudr/2008/48/annexes (opened in
part in November 2026); 98/7/EC as proposed in COM(1996) 79; that 2023/2225 has the same equation is assumed.
"""

TIMES: dict[str, tuple[Callable[[date, date], Fraction], str]] = {
    "days": (
        lambda start, day: year_fraction_exact("actual/actual", start, day),
        "days over 365, 366 of leap years",
    ),
    "days/365": (lambda start, day: Fraction((day - start).days, 365), "days over 365"),
    "days/365.25": (lambda start, day: Fraction((day - start).days * 4, 1461), "days over 365.25"),
    "periods": (lambda start, day: _periods(start, day), "twelve equal months, 52 weeks, and days over"),
}
"""How the time from the first drawdown becomes years."""


def eu_apr(flows: Sequence[Flow], *, directive: str = "2008/48/EC", time: str = "days") -> LegalRate:
    """Return the annual percentage rate of charge of consumer credit in the European Union.

    Parameters
    ----------
    flows : (date, amount), positive to the lender: drawdowns, repayments and charges.
    directive : one of `DIRECTIVES`; the equation is one, the name is shown.
    time : a key of `TIMES`. `periods` counts whole months or weeks as such, which the directives allow.

    Returns
    -------
    LegalRate : effective; shown with one decimal, a second of 5 or more raises it.

    Raises
    ------
    UsageError : an unknown directive or time. RiskError : flows that are none, or of one sign.
    """
    directive = choice(directive, DIRECTIVES, "directive")
    found, counted = _solved(flows, time)
    rate = found.rate
    return LegalRate(
        rate, as_percent(rate, 1), f"EU directive {directive}", "effective", counted, found.status
    )


def uk_apr(flows: Sequence[Flow], *, time: str = "days/365") -> LegalRate:
    """Return the APR of credit in the United Kingdom, of several rates the least above nothing.

    MCOB 10.3 as at https://www.handbook.fca.org.uk/handbook/MCOB/10/3.html (opened in part in November 2026):
    the positive rate nearest to zero, else the negative one nearest to zero. One decimal, halves up, and days
    over 365 agree with 168 of 168 published schedules.

    Parameters, Raises
    ------------------
    As of `eu_apr`.

    Returns
    -------
    LegalRate : effective; shown with one decimal.
    """
    found, counted = _solved(flows, time)
    rate, status = found.rate, found.status
    if found.roots:
        positive = [root for root in found.roots if root >= 0]
        rate, status = (min(positive) if positive else max(found.roots)), "solved"
    return LegalRate(rate, as_percent(rate, 1), "UK FCA, MCOB 10.3", "effective", counted, status)


def effective_annual_rate(flows: Sequence[Flow], *, time: str = "days/365") -> LegalRate:
    """Return the effective interest rate of dated flows, compounded yearly (IFRS 9 B5.4.1).

    Flows are the contract's, fees that are part of the yield and transaction costs in them, expected credit
    losses not (IFRS 9 5.4.1). `risk.provisions.effective_rate` solves the same equation over months.

    Parameters, Raises
    ------------------
    As of `eu_apr`.

    Returns
    -------
    LegalRate : effective; shown with four decimals.
    """
    found, counted = _solved(flows, time)
    return LegalRate(
        found.rate,
        as_percent(found.rate, 4),
        "IFRS 9 effective interest rate",
        "effective",
        counted,
        found.status,
    )


def _solved(flows: Sequence[Flow], time: str) -> tuple[InternalRate, str]:
    days, amounts = parted_flows(flows)
    years, words = TIMES[choice(time, TIMES, "time")]
    found = internal_rate(amounts, [float(years(days[0], day)) for day in days])
    if any(math.isinf(root) for root in found.roots):
        return InternalRate(math.nan, "no_root", (), found.iterations), words
    return found, words


def _periods(start: date, day: date) -> Fraction:
    """Return whole months over 12, else whole weeks over 52, else whole months and days over 365 or 366.

    Months are counted back from the later date; the days left are over those of the year that ends where they
    end. (Directive 2014/17/EU annex I, assumed for the others.)
    """
    months, rest = full_months(start, day)
    if rest == 0:
        return Fraction(months, 12)
    days = (day - start).days
    if days % 7 == 0:
        return Fraction(days, 7 * 52)
    return Fraction(months, 12) + Fraction(rest, _year_before(start + timedelta(days=rest)))


def _year_before(day: date) -> int:
    """Return the days of the year that ends with a day."""
    if (day.month, day.day) == (2, 29):
        return 366
    return (day - day.replace(year=day.year - 1)).days
