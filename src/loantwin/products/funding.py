"""What money costs by tenor, and what a loan's own funding costs: matched maturity, strip by strip.

A loan of principal flows P_s, due at the end of months s, is funded on its first day by one strip for each
of them: P_s borrowed for s months at the curve's rate r_s, interest paid monthly. All strips together ask for

    sum over s of P_s x s x r_s / 12

and stand, month by month, at the loan's balance. The transfer rate is the one rate on that balance that comes
to the same sum: sum P_s s r_s / sum P_s s. It is fixed on the first day, whatever rates do later. From
general knowledge, no source opened: assumed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.errors import ConfigError, expected

FIELD = "funding.curve"
LONGEST = 1200
"""Longest tenor in months."""
HIGHEST = 1.0
"""Rates of this and more a year are taken for percent."""
POINT = re.compile(r"(\d+)\s*([my])\s*[: =]?\s*([0-9.]+)", re.IGNORECASE)


@dataclass(frozen=True)
class FundingCurve:
    """Rates by tenor. months : (K,) rising. rates : (K,) decimals a year, paid monthly, before `spread`.

    spread : of the lender over the curve, decimal a year. stated : False where one rate stands for all
    tenors for want of a curve. Between tenors rates lie on a straight line; before the first and after the
    last they stay.
    """

    months: tuple[int, ...]
    rates: tuple[float, ...]
    spread: float = 0.0
    stated: bool = True

    @property
    def words(self) -> str:
        """Return what was used, in words."""
        if not self.stated:
            return f"one rate for all tenors, {self.rates[0]:.2%} a year: no curve is stated in {FIELD}"
        points = ", ".join(
            f"{tenor} months {rate:.2%}" for tenor, rate in zip(self.months, self.rates, strict=True)
        )
        return f"by matched maturity from {points}; {self.spread:.2%} above it"


def flat_curve(annual_rate: float) -> FundingCurve:
    """Return one rate, decimal a year, for all tenors: what stands where no curve is stated."""
    check.number(0.0, HIGHEST, annual_rate=annual_rate)
    return FundingCurve((1,), (float(annual_rate),), stated=False)


def read_curve(text: str, spread: float = 0.0) -> FundingCurve:
    """Return the curve that a setting states, as "3m 0.031, 1y 0.034, 5y 0.039".

    Parameters
    ----------
    text : tenors in months (m) or years (y), each with its rate, decimal a year. spread : above it.

    Raises
    ------
    ConfigError : another form, tenors that do not rise, a rate of 1 or more.
    """
    check.word(text=text)
    check.number(0.0, HIGHEST, spread=spread)
    points: list[tuple[int, float]] = []
    for part in text.split(","):
        found = POINT.fullmatch(part.strip())
        if found is None or found[3].count(".") > 1:
            wanted = 'tenors with their rates, such as "3m 0.031, 1y 0.034, 5y 0.039"'
            raise ConfigError(expected(wanted, text), field=FIELD)
        months = int(found[1]) * (12 if found[2].lower() == "y" else 1)
        points.append((months, float(found[3])))
    for months, rate in points:
        if not 1 <= months <= LONGEST:
            raise ConfigError(expected(f"a tenor of 1 to {LONGEST} months", months), field=FIELD)
        if not rate < HIGHEST:
            raise ConfigError(expected("a rate below 1: 3 % a year is 0.03", rate), field=FIELD)
    for (before, _), (after, _) in pairwise(points):
        if after <= before:
            raise ConfigError(
                expected("tenors that rise", f"{after} months after {before} months"), field=FIELD
            )
    return FundingCurve(tuple(months for months, _ in points), tuple(rate for _, rate in points), spread)


def curve_of(text: str, spread: float, annual_rate: float) -> FundingCurve:
    """Return the curve of the settings: the stated one, else one rate for all tenors.

    Parameters
    ----------
    text, spread : `funding.curve` and `funding.spread`. annual_rate : `economics.funding_annual_rate`, read
        where the text is empty; nothing is added to it.

    Raises
    ------
    ConfigError : as of `read_curve`.
    """
    check.word(text=text)
    check.number(0.0, HIGHEST, spread=spread, annual_rate=annual_rate)
    return read_curve(text, spread) if text.strip() else flat_curve(annual_rate)


def rates_at(curve: FundingCurve, months: ArrayLike) -> Floats:
    """Return what money for `months` costs, any shape, decimals a year, the spread in it."""
    check.kind(FundingCurve, curve=curve)
    tenor = check.numbers(months, "months")
    check.within(0.0, LONGEST, months=tenor)
    return np.asarray(np.interp(tenor, curve.months, curve.rates) + curve.spread)


def transfer_rates(principal: Floats, curve: FundingCurve) -> Floats:
    """Return each loan's transfer rate, (N,) decimals a year on its balance; NaN where nothing is repaid.

    Parameters
    ----------
    principal : (N, T) repaid at the end of months 1..T after the first day, currency, >= 0.
    """
    check.kind(FundingCurve, curve=curve)
    check.shaped((None, None), principal=principal)
    check.within(0.0, principal=principal)
    check.money(principal=principal)
    months = np.arange(1.0, principal.shape[1] + 1.0)
    # sums of rows, no product of matrices: that would give a loan other last bits beside other loans
    standing = (principal * months).sum(axis=1)
    paid = (principal * (months * rates_at(curve, months))).sum(axis=1)
    none = np.full(len(principal), np.nan)
    return np.asarray(np.divide(paid, standing, out=none, where=standing > 0.0))


def strip_interest(principal: Floats, curve: FundingCurve) -> Floats:
    """Return the interest that the strips ask for by month, (N, T) currency; arguments as `transfer_rates`.

    Its sum over months is that of the transfer rate / 12 on the balance; it lies later, because the long
    strips stand last.
    """
    check.kind(FundingCurve, curve=curve)
    check.shaped((None, None), principal=principal)
    check.within(0.0, principal=principal)
    check.money(principal=principal)
    months = np.arange(1.0, principal.shape[1] + 1.0)
    dues = principal * rates_at(curve, months) / 12.0
    return np.asarray(np.cumsum(dues[:, ::-1], axis=1)[:, ::-1])
