"""The functions of finance that spreadsheets have, over columns, with their signs: received is positive.

Names, arguments and signs are those of Excel and its kin: money received is positive, money paid negative, so
that a loan received (pv > 0) is paid with negative amounts. `when` is 0 for payments at the end of a period
and 1 at its start. Every argument is a number or an array; they broadcast. Formulas are general knowledge (no
source opened), held to the published examples of Excel's documentation and of numpy-financial.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from loantwin import arguments as check
from loantwin.arrays import Array, Floats
from loantwin.errors import ArgumentError, RiskError, expected
from loantwin.products.dates import date_column, is_leap, parted
from loantwin.products.day_counts import days_counted
from loantwin.products.internal_rates.roots import internal_rate


def pmt(rate: ArrayLike, nper: ArrayLike, pv: ArrayLike, fv: ArrayLike = 0.0, when: ArrayLike = 0) -> Floats:
    """Return the level payment a period that takes `pv` to `-fv` in `nper` periods.

    rate : decimal a period, above -1. nper : periods, not 0.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    growth, annuity = _annuity(rate, nper, when)
    return np.asarray(-(_numbers(pv=pv) * growth + _numbers(fv=fv)) / annuity)


def pv(rate: ArrayLike, nper: ArrayLike, pmt: ArrayLike, fv: ArrayLike = 0.0, when: ArrayLike = 0) -> Floats:
    """Return what payments of `pmt` a period and `fv` at the end are worth today, with a minus.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    growth, annuity = _annuity(rate, nper, when)
    return np.asarray(-(_numbers(pmt=pmt) * annuity + _numbers(fv=fv)) / growth)


def fv(rate: ArrayLike, nper: ArrayLike, pmt: ArrayLike, pv: ArrayLike = 0.0, when: ArrayLike = 0) -> Floats:
    """Return what `pv` and payments of `pmt` a period have grown to at the end, with a minus.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    growth, annuity = _annuity(rate, nper, when)
    return np.asarray(-(_numbers(pv=pv) * growth + _numbers(pmt=pmt) * annuity))


def nper(rate: ArrayLike, pmt: ArrayLike, pv: ArrayLike, fv: ArrayLike = 0.0, when: ArrayLike = 0) -> Floats:
    """Return the periods, with a fraction, in which `pmt` takes `pv` to `-fv`; NaN where it never does.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    i, paid = _rate(rate), _numbers(pmt=pmt)
    start, end, at = _numbers(pv=pv), _numbers(fv=fv), _when(when)
    i, paid, start, end, at = np.broadcast_arrays(i, paid, start, end, at)
    level = paid * (1 + i * at)
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = (level - end * i) / (level + start * i)
        found = np.where(i == 0, -(start + end) / paid, np.log(grown) / np.log1p(i))
    return np.where(np.isfinite(found), found, np.nan)


def ipmt(
    rate: ArrayLike, per: ArrayLike, nper: ArrayLike, pv: ArrayLike, fv: ArrayLike = 0.0, when: ArrayLike = 0
) -> Floats:
    """Return the interest in the payment of period `per`, counted from 1; NaN beyond the periods.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    i, at = _rate(rate), _when(when)
    number, periods = _numbers(per=per), _numbers(nper=nper)
    level = pmt(i, periods, pv, fv, at)
    grown = np.expm1((number - 1) * np.log1p(i))
    with np.errstate(divide="ignore", invalid="ignore"):
        paid = np.where(i == 0, number - 1, grown / i)
    owed = _numbers(pv=pv) * (1 + grown) + level * (1 + i * at) * paid
    interest = np.where(at == 1, np.where(number == 1, 0.0, -owed * i / (1 + i)), -owed * i)
    return np.where((number >= 1) & (number <= periods), interest, np.nan)


def ppmt(
    rate: ArrayLike, per: ArrayLike, nper: ArrayLike, pv: ArrayLike, fv: ArrayLike = 0.0, when: ArrayLike = 0
) -> Floats:
    """Return the principal in the payment of period `per`, counted from 1; NaN beyond the periods.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    return np.asarray(pmt(rate, nper, pv, fv, when) - ipmt(rate, per, nper, pv, fv, when))


def cumipmt(rate: float, nper: float, pv: float, start: int, end: int, when: int = 0) -> float:
    """Return the interest paid in periods `start` to `end`, both of them.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    return float(ipmt(rate, _periods(start, end, nper), nper, pv, 0.0, when).sum())


def cumprinc(rate: float, nper: float, pv: float, start: int, end: int, when: int = 0) -> float:
    """Return the principal paid in periods `start` to `end`, both of them.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    return float(ppmt(rate, _periods(start, end, nper), nper, pv, 0.0, when).sum())


def ispmt(rate: ArrayLike, per: ArrayLike, nper: ArrayLike, pv: ArrayLike) -> Floats:
    """Return the interest of period `per`, counted from 0, where principal is paid in equal parts.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    return np.asarray(-_numbers(pv=pv) * _rate(rate) * (1 - _numbers(per=per) / _numbers(nper=nper)))


def rate(
    nper: ArrayLike,
    pmt: ArrayLike,
    pv: ArrayLike,
    fv: ArrayLike = 0.0,
    when: ArrayLike = 0,
    guess: float = 0.1,
) -> Floats:
    """Return the rate a period; of several the nearest to `guess`, NaN where there is none.

    nper : whole periods, one or more.

    Raises
    ------
    ArgumentError : what is no number, or periods that are not whole.
    """
    check.number(guess=guess)
    arrays = [_numbers(nper=nper), _numbers(pmt=pmt), _numbers(pv=pv), _numbers(fv=fv), _when(when)]
    columns = np.broadcast_arrays(*arrays)
    if (columns[0] < 1).any() or (columns[0] != np.floor(columns[0])).any():
        raise ArgumentError(expected("whole periods, one or more", str(np.min(columns[0]))), field="nper")
    found = [
        _one_rate([float(value) for value in row], guess) for row in zip(*map(np.ravel, columns), strict=True)
    ]
    return np.array(found).reshape(columns[0].shape)


def _one_rate(arguments: list[float], guess: float) -> float:
    nper, pmt, pv, fv, when = arguments
    flows = np.zeros(int(nper) + 1)
    flows[0] += pv
    flows[-1] += fv
    first = 0 if when == 1 else 1
    flows[first : first + int(nper)] += pmt
    return irr(flows, guess)


def npv(rate: ArrayLike, flows: ArrayLike, *, first: int = 1) -> Floats:
    """Return what flows, one a period, are worth today; Excel has the first fall after one period (`first`).

    rate : (...) decimal a period. flows : (..., T).

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    check.count(0, first=first)
    i, amounts = _rate(rate), _numbers(flows=flows)
    times = np.arange(first, first + amounts.shape[-1])
    return np.asarray((amounts * np.exp(-np.log1p(i)[..., None] * times)).sum(axis=-1))


def irr(flows: ArrayLike, guess: float = 0.1) -> float:
    """Return the rate a period at which flows are worth nothing; of several the nearest to `guess`.

    `products.internal_rates.roots.internal_rate` tells all of them. NaN where there is none.

    flows : (T,) one a period, the first today.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    amounts = _numbers(flows=flows)
    check.shaped((None,), flows=amounts)
    return _nearest(amounts, np.arange(amounts.size, dtype=np.float64), guess)


def xnpv(rate: float, flows: ArrayLike, dates: ArrayLike) -> float:
    """Return what dated flows are worth on the first date, years being days over 365.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    amounts, years = _dated(flows, dates)
    return float((amounts * np.exp(-np.log1p(_rate(rate)) * years)).sum())


def xirr(flows: ArrayLike, dates: ArrayLike, guess: float = 0.1) -> float:
    """Return the rate a year at which dated flows are worth nothing, years being days over 365; as `irr`.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    return _nearest(*_dated(flows, dates), guess)


def mirr(flows: ArrayLike, finance_rate: float, reinvest_rate: float) -> float:
    """Return the rate at which outflows, discounted at one rate, grow to inflows, put out at another.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    amounts = _numbers(flows=flows)
    check.shaped((None,), flows=amounts)
    check.number(-1 + 1e-12, finance_rate=finance_rate, reinvest_rate=reinvest_rate)
    if not ((amounts > 0).any() and (amounts < 0).any()):
        return float("nan")
    steps = len(amounts) - 1
    grown = npv(reinvest_rate, np.maximum(amounts, 0.0), first=0) * (1 + reinvest_rate) ** steps
    spent = -npv(finance_rate, np.minimum(amounts, 0.0), first=0)
    return float((grown / spent) ** (1 / steps) - 1)


def effect(nominal: ArrayLike, npery: ArrayLike) -> Floats:
    """Return the rate compounded yearly of a nominal one of `npery` periods a year.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    periods = np.floor(_numbers(npery=npery))
    return np.asarray(np.expm1(periods * np.log1p(_numbers(nominal=nominal) / periods)))


def nominal(effective: ArrayLike, npery: ArrayLike) -> Floats:
    """Return the nominal rate of `npery` periods a year of one compounded yearly.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    periods = np.floor(_numbers(npery=npery))
    return np.asarray(periods * np.expm1(np.log1p(_numbers(effective=effective)) / periods))


def rri(nper: ArrayLike, pv: ArrayLike, fv: ArrayLike) -> Floats:
    """Return the rate a period that grows `pv` to `fv`.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    return np.asarray((_numbers(fv=fv) / _numbers(pv=pv)) ** (1 / _numbers(nper=nper)) - 1)


def pduration(rate: ArrayLike, pv: ArrayLike, fv: ArrayLike) -> Floats:
    """Return the periods in which `pv` grows to `fv`.

    Raises
    ------
    ArgumentError : what is no number, or out of its range.
    """
    return np.asarray(np.log(_numbers(fv=fv) / _numbers(pv=pv)) / np.log1p(_rate(rate)))


BASES = {0: "30/360-us", 2: "actual/360", 3: "actual/365", 4: "30e/360"}
"""Excel's basis -> our day count; 1 is its own actual/actual."""


def yearfrac(start: ArrayLike | date, end: ArrayLike | date, basis: int = 0) -> Floats:
    """Return the part of a year between dates as Excel has it, never negative.

    basis : 0 to 4. 1 divides days by 365 or 366, and over more than a year by the mean length of its years.

    Raises
    ------
    ArgumentError : what is no date, or another basis.
    """
    first, last = np.broadcast_arrays(_dates(start, "start"), _dates(end, "end"))
    low, high = np.minimum(first, last), np.maximum(first, last)
    check.count(0, 4, basis=basis)
    if basis == 1:
        return _over_mean_year(low, high)
    return np.asarray(days_counted(BASES[basis], low, high) / (365 if basis == 3 else 360))


def _over_mean_year(low: Array, high: Array) -> Floats:
    start, end = parted(low), parted(high)
    after = (end.month, end.day), (start.month, start.day)
    later = (after[0][0] > after[1][0]) | ((after[0][0] == after[1][0]) & (after[0][1] > after[1][1]))
    within = (start.year == end.year) | ((end.year == start.year + 1) & ~later)
    # 29 February counts where it lies between the two, or is the end
    early = is_leap(start.year) & ((start.month < 2) | ((start.month == 2) & (start.day <= 29)))
    late = is_leap(end.year) & ((end.month > 2) | ((end.month == 2) & (end.day == 29)))
    leap = np.where(start.year == end.year, is_leap(start.year), early | late)
    years = end.year - start.year + 1
    whole = (high.astype("datetime64[Y]") + np.timedelta64(1, "Y")).astype("datetime64[D]") - low.astype(
        "datetime64[Y]"
    )
    length = np.where(within, 365.0 + leap, whole.astype(np.int64) / years)
    return np.asarray((end.ordinal - start.ordinal) / length)


def _annuity(rate: ArrayLike, nper: ArrayLike, when: ArrayLike) -> tuple[Floats, Floats]:
    """Return what one unit grows to, and what one a period does."""
    i, periods, at = np.broadcast_arrays(_rate(rate), _numbers(nper=nper), _when(when))
    more = np.expm1(periods * np.log1p(i))
    with np.errstate(divide="ignore", invalid="ignore"):
        annuity = np.where(i == 0, periods, more * (1 + i * at) / i)
    return 1 + more, annuity


def _numbers(**values: ArrayLike) -> Floats:
    ((name, value),) = values.items()
    found = check.numbers(value, name)
    check.finite(**{name: found})
    return found


def _rate(rate: ArrayLike) -> Floats:
    found = _numbers(rate=rate)
    if (found <= -1).any():
        raise ArgumentError(expected("a rate above -1", str(found.min())), field="rate")
    return found


def _when(when: ArrayLike) -> Floats:
    found = _numbers(when=when)
    if not ((found == 0) | (found == 1)).all():
        raise ArgumentError(
            expected("0 for the end of periods or 1 for their start", str(found)), field="when"
        )
    return found


def _periods(start: int, end: int, nper: float) -> Floats:
    _numbers(nper=nper)
    check.count(1, start=start)
    check.count(start, nper, end=end)
    return np.arange(start, end + 1, dtype=np.float64)


def _dated(flows: ArrayLike, dates: ArrayLike) -> tuple[Floats, Floats]:
    """Return flows, and the years to each from the first one's date."""
    amounts, days = _numbers(flows=flows), np.atleast_1d(date_column(dates, "dates"))
    check.shaped(days.shape, flows=amounts)
    return amounts, np.asarray((days - days[:1]).astype(np.int64) / 365)


def _dates(days: Any, field: str) -> Array:
    return date_column(days, field)


def _nearest(flows: Floats, times: Floats, guess: float) -> float:
    check.number(guess=guess)
    try:
        roots = internal_rate(flows, times).roots
    except RiskError:
        return float("nan")
    return min(roots, key=lambda root: abs(root - guess), default=float("nan"))
