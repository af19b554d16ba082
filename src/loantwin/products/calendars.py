"""Business days by calendar, and where a due date goes that is none: QuantLib's calendars as columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arrays import Flags, Integers
from loantwin.errors import ArgumentError, UsageError, choice, expected
from loantwin.extras import require
from loantwin.products.dates import EPOCH, Dates, date_column, one_day
from loantwin.products.term_sheet import ROLLS


@dataclass(frozen=True)
class Calendar:
    """Where a calendar comes from: QuantLib's class and market, None where it has one only.

    years : first and last year of each run of years whose holidays are listed; empty where rules give them
    for any year. Lists are needed where holidays follow the moon or are announced.
    """

    source: str
    market: str | None = None
    years: tuple[tuple[int, int], ...] = ()


ANY_YEAR = (1901, 2199)
"""The years that QuantLib knows dates of."""

CALENDARS: Mapping[str, Calendar] = {
    "argentina": Calendar("Argentina"),
    "australia": Calendar("Australia", "Settlement"),
    "australia-exchange": Calendar("Australia", "ASX"),
    "austria": Calendar("Austria", "Settlement"),
    "austria-exchange": Calendar("Austria", "Exchange"),
    "botswana": Calendar("Botswana"),
    "brazil": Calendar("Brazil", "Settlement"),
    "brazil-exchange": Calendar("Brazil", "Exchange"),
    "canada": Calendar("Canada", "Settlement"),
    "canada-exchange": Calendar("Canada", "TSX"),
    "chile": Calendar("Chile"),
    "china": Calendar("China", "IB", ((2004, 2026),)),
    "china-exchange": Calendar("China", "SSE", ((2004, 2026),)),
    "croatia": Calendar("Croatia"),
    "czech-republic": Calendar("CzechRepublic"),
    "denmark": Calendar("Denmark"),
    "finland": Calendar("Finland"),
    "france": Calendar("France", "Settlement"),
    "france-exchange": Calendar("France", "Exchange"),
    "germany": Calendar("Germany", "Settlement"),
    "germany-frankfurt-exchange": Calendar("Germany", "FrankfurtStockExchange"),
    "germany-xetra": Calendar("Germany", "Xetra"),
    "germany-eurex": Calendar("Germany", "Eurex"),
    "hong-kong": Calendar("HongKong", None, ((2004, 2026),)),
    "hungary": Calendar("Hungary"),
    "iceland": Calendar("Iceland"),
    "india": Calendar("India", None, ((2005, 2014), (2019, 2026))),
    "indonesia": Calendar("Indonesia", None, ((2005, 2026),)),
    "israel": Calendar("Israel", "Settlement", ((2000, 2050),)),
    "israel-exchange": Calendar("Israel", "TASE", ((2000, 2050),)),
    "israel-shir": Calendar("Israel", "SHIR", ((2000, 2050),)),
    "israel-telbor": Calendar("Israel", "Telbor", ((2000, 2050),)),
    "italy": Calendar("Italy", "Settlement"),
    "italy-exchange": Calendar("Italy", "Exchange"),
    "japan": Calendar("Japan"),
    "malaysia": Calendar("Malaysia", None, ((2015, 2026),)),
    "malta": Calendar("Malta"),
    "mexico": Calendar("Mexico"),
    "montenegro": Calendar("Montenegro"),
    "new-zealand": Calendar("NewZealand", "Wellington", ((1901, 2052),)),
    "new-zealand-auckland": Calendar("NewZealand", "Auckland", ((1901, 2052),)),
    "north-macedonia": Calendar("NorthMacedonia", None, ((2026, 2042),)),
    "norway": Calendar("Norway"),
    "philippines": Calendar("Philippines", None, ((2020, 2027),)),
    "poland": Calendar("Poland", "Settlement"),
    "poland-exchange": Calendar("Poland", "WSE"),
    "romania": Calendar("Romania", "Public"),
    "romania-exchange": Calendar("Romania", "BVB"),
    "russia": Calendar("Russia", "Settlement"),
    "russia-exchange": Calendar("Russia", "MOEX", ((2012, 2024),)),
    "saudi-arabia": Calendar("SaudiArabia", None, ((2004, 2029),)),
    "serbia": Calendar("Serbia"),
    "singapore": Calendar("Singapore", None, ((2004, 2010), (2012, 2014), (2019, 2026))),
    "slovakia": Calendar("Slovakia"),
    "slovenia": Calendar("Slovenia"),
    "south-africa": Calendar("SouthAfrica"),
    "south-korea": Calendar("SouthKorea", "Settlement", ((2004, 2050),)),
    "south-korea-exchange": Calendar("SouthKorea", "KRX", ((2004, 2050),)),
    "sweden": Calendar("Sweden"),
    "switzerland": Calendar("Switzerland"),
    "taiwan": Calendar("Taiwan", None, ((2002, 2026),)),
    "target": Calendar("TARGET"),
    "thailand": Calendar("Thailand", None, ((2005, 2025),)),
    "turkey": Calendar("Turkey", None, ((2004, 2034),)),
    "uk": Calendar("UnitedKingdom", "Settlement"),
    "uk-exchange": Calendar("UnitedKingdom", "Exchange"),
    "uk-metals": Calendar("UnitedKingdom", "Metals"),
    "ukraine": Calendar("Ukraine"),
    "us-federal-reserve": Calendar("UnitedStates", "FederalReserve"),
    "us-settlement": Calendar("UnitedStates", "Settlement"),
    "us-government-bond": Calendar("UnitedStates", "GovernmentBond"),
    "us-exchange": Calendar("UnitedStates", "NYSE"),
    "us-sofr": Calendar("UnitedStates", "SOFR"),
    "us-libor": Calendar("UnitedStates", "LiborImpact"),
    "us-energy": Calendar("UnitedStates", "NERC"),
    "uzbekistan": Calendar("Uzbekistan", None, ((2026, 2042),)),
    "weekends": Calendar(""),
    "every-day": Calendar(""),
}
"""Name -> where it comes from. `weekends` has no holidays beside Saturday and Sunday, `every-day` none at
all: these two need no QuantLib. The years listed are those of QuantLib 1.44, and so is Malta's weekend,
Friday and Saturday, which is not the island's.
"""


def is_business_day(dates: ArrayLike, calendar: str) -> Flags:
    """Return whether dates are business days.

    Parameters
    ----------
    dates : (...) datetime64[D], or one date.
    calendar : a key of `CALENDARS`, or several joined by `+`: then a day is one where it is one in each.

    Returns
    -------
    (...) bool.

    Raises
    ------
    UsageError : an unknown calendar. ExtraError : QuantLib is not installed. ArgumentError : what is no date,
    or one of a year that the calendar does not list.
    """
    days = date_column(dates, "dates")
    table = _around(days, calendar)
    return np.asarray(_found(table.business, table, _listed(days, table, calendar)), np.bool_)


def adjust(dates: ArrayLike, calendar: str, roll: str) -> Dates:
    """Return dates, each that is no business day moved to one.

    Parameters
    ----------
    dates, calendar : as of `is_business_day`.
    roll : one of `term_sheet.ROLLS`. `following` goes on and `preceding` back; `modified-...` turns round
    where that leaves the month; `nearest` takes the nearer, the later of two as near; `none` leaves the date.

    Returns
    -------
    (...) datetime64[D].

    Raises
    ------
    UsageError : an unknown calendar or roll. ExtraError : QuantLib is not installed. ArgumentError : what is
    no date; a date, or one it moves to, of a year that the calendar does not list.
    """
    roll = choice(roll, ROLLS, "roll")
    table = _around(days := date_column(dates, "dates"), calendar)
    if roll == "none":
        return days
    _listed(days, table, calendar)
    later, earlier = _found(table.following, table, days), _found(table.preceding, table, days)
    if roll == "nearest":
        found = np.where(later - days <= days - earlier, later, earlier)
    else:
        first, second = (later, earlier) if roll.endswith("following") else (earlier, later)
        turns = first.astype("datetime64[M]") != days.astype("datetime64[M]")
        found = np.where(turns & roll.startswith("modified"), second, first)
    return _listed(found, table, calendar)


def business_days(start: ArrayLike, end: ArrayLike, calendar: str) -> Integers:
    """Return the business days from start to end: the start counts, the end does not.

    Parameters
    ----------
    start, end : (...) datetime64[D], or one date; they broadcast. An end before its start gives a negative.
    calendar : as of `is_business_day`.

    Returns
    -------
    (...) int64, days.

    Raises
    ------
    UsageError : an unknown calendar. ExtraError : QuantLib is not installed. ArgumentError : what is no date,
    or one of a year that the calendar does not list; every year between counts.
    """
    first, last = date_column(start, "start"), date_column(end, "end")
    both = np.concatenate([first.ravel(), last.ravel()])
    table = _around(both, calendar)
    if both.size:
        _listed(np.arange(both.min(), both.max() + np.timedelta64(1, "D")), table, calendar)
    return np.asarray(_found(table.passed, table, last) - _found(table.passed, table, first), np.int64)


def holidays(calendar: str, first: date, last: date) -> Dates:
    """Return the days that are neither business days nor weekend, from `first` to `last`, both of them.

    Returns
    -------
    datetime64[D], in order.

    Raises
    ------
    UsageError : an unknown calendar. ExtraError : QuantLib is not installed. ArgumentError : what is no date,
    or one of a year that the calendar does not list.
    """
    start, end = one_day(first, "first").ordinal - EPOCH, one_day(last, "last").ordinal - EPOCH
    days = np.arange(start, end + 1).astype("datetime64[D]")
    rests = [_weekend(name) for name in _names(calendar)]
    rest = np.array([any(day in weekend for weekend in rests) for day in range(7)])
    return np.asarray(days[~is_business_day(days, calendar) & ~rest[_weekday(days)]])


@dataclass(frozen=True)
class _Table:
    """The days of some years, (D,) each: business days; those the calendar lists; the next and the last
    business day from each on, itself if it is one; how many came before. What is not listed counts as one.
    """

    first: np.datetime64
    business: Flags
    listed: Flags
    following: Dates
    preceding: Dates
    passed: Integers


def _around(days: Dates, calendar: str) -> _Table:
    """Return the table of the years of some days, and of one more at either end."""
    names = _names(calendar)
    if not days.size:
        return _table(names, 2000, 2000)
    low, high = (int(end.astype("datetime64[Y]").astype(np.int64)) + 1970 for end in (days.min(), days.max()))
    if low < ANY_YEAR[0] or high > ANY_YEAR[1]:
        outside = days.astype("datetime64[Y]").astype(np.int64) + 1970
        _refuse(days, (outside < ANY_YEAR[0]) | (outside > ANY_YEAR[1]), calendar, (ANY_YEAR,))
    return _table(names, low - 1, high + 1)


def _names(calendar: str) -> tuple[str, ...]:
    if not isinstance(calendar, str):
        raise UsageError(expected("the name of a calendar", calendar), field="calendar")
    return tuple(choice(name.strip(), CALENDARS, "calendar") for name in calendar.split("+"))


@lru_cache(maxsize=64)
def _table(names: tuple[str, ...], low: int, high: int) -> _Table:
    years = [_year(names, year) for year in range(low, high + 1)]
    business = np.concatenate([open_days for open_days, _ in years])
    listed = np.concatenate([np.full(len(open_days), known) for open_days, known in years])
    business = business | ~listed
    first = np.datetime64(f"{low:04d}-01-01", "D")
    days = np.arange(len(business))
    following = np.minimum.accumulate(np.where(business, days, len(days) - 1)[::-1])[::-1]
    preceding = np.maximum.accumulate(np.where(business, days, 0))
    passed = np.cumsum(business) - business
    return _Table(first, business, listed, first + following, first + preceding, passed)


@lru_cache(maxsize=4096)
def _year(names: tuple[str, ...], year: int) -> tuple[Flags, bool]:
    """Return which days of a year are business days in each of some calendars, and whether each lists it."""
    days = np.arange(np.datetime64(f"{year:04d}", "D"), np.datetime64(f"{year + 1:04d}", "D"))
    open_days = np.ones(len(days), np.bool_)
    for name in names:
        calendar = CALENDARS[name]
        runs = calendar.years or (ANY_YEAR,)
        if not any(first <= year <= last for first, last in runs):
            return open_days, False
        if calendar.source:
            open_days &= _quantlib_year(name, year)
        elif name == "weekends":
            open_days &= _weekday(days) < 5
    return open_days, True


def _quantlib_year(name: str, year: int) -> Flags:
    calendar, quantlib = quantlib_calendar(name), _quantlib()
    first = quantlib.Date(1, 1, year).serialNumber()
    count = quantlib.Date(31, 12, year).serialNumber() - first + 1
    return np.array([calendar.isBusinessDay(quantlib.Date(first + day)) for day in range(count)], np.bool_)


def _weekend(name: str) -> tuple[int, ...]:
    """Return the days of a calendar's weekend, Monday 0 to Sunday 6."""
    if not CALENDARS[name].source:
        return (5, 6) if name == "weekends" else ()
    calendar = quantlib_calendar(name)
    # QuantLib counts Sunday 1 to Saturday 7
    return tuple(day for day in range(7) if calendar.isWeekend((day + 1) % 7 + 1))


def quantlib_calendar(name: str) -> Any:
    """Return QuantLib's own calendar of a name that is not `weekends` or `every-day`.

    Raises
    ------
    UsageError : any other name. ExtraError : QuantLib is not installed.
    """
    calendar = CALENDARS[choice(name, [name for name, made in CALENDARS.items() if made.source], "name")]
    kind = getattr(_quantlib(), calendar.source)
    return kind() if calendar.market is None else kind(getattr(kind, calendar.market))


def _quantlib() -> Any:
    require("calendars")
    import QuantLib

    return QuantLib


def _found(values: Any, table: _Table, days: Dates) -> Any:
    return values[(days - table.first).astype(np.int64)]


def _listed(days: Dates, table: _Table, calendar: str) -> Dates:
    """Return days as they are, refusing those of years that a calendar does not list."""
    missing = ~_found(table.listed, table, days)
    if np.any(missing):
        _refuse(days, missing, calendar, [run for name in _names(calendar) for run in CALENDARS[name].years])
    return days


def _refuse(days: Dates, bad: Flags, calendar: str, runs: Iterable[tuple[int, int]]) -> None:
    place = int(np.argmax(bad.ravel()))
    years = " and ".join(f"{first} to {last}" for first, last in runs)
    raise ArgumentError(
        expected(f"a date of the years that calendar {calendar} lists, {years}", str(days.ravel()[place])),
        row=place + 1 if days.ndim else None,
        field="dates",
    )


def _weekday(days: Dates) -> Integers:
    # 1 January 1970 was a Thursday
    return (days.astype(np.int64) + 3) % 7
