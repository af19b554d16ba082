"""Holiday lists of calendars: tables of QuantLib's own tests.

Columns: test, calendar (QuantLib's class and market, or nothing where the name of the test says it), holiday.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import numpy as np

from loantwin.errors import ArgumentError
from loantwin.products.calendars import CALENDARS, holidays, is_business_day, quantlib_calendar
from tests.suites.verdict import Verdict, verdict

COUNTRIES = {"US": "UnitedStates", "UK": "UnitedKingdom", "UnitedStates": "UnitedStates"}
"""Beginnings of the names of tests that are no class of QuantLib."""


def run(path: Path) -> Verdict:
    """Return how many days of a file our calendars give."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    outcomes = (
        outcome
        for (test, calendar), days in groupby(rows, key=lambda row: (row["test"], row["calendar"]))
        for outcome in _list(test, calendar, [row["holiday"] for row in days])
    )
    return verdict("holidays", outcomes)


def our_name(test: str, calendar: str) -> str | None:
    """Return the name of our calendar that is QuantLib's `Class(Class::Market)`, or of its class alone."""
    said = re.fullmatch(r"(\w+)\((?:\w+::(?:Market::)?(\w+))?\)", calendar.strip())
    kind, market = said.groups() if said else _from_test(test)
    names = {name: ours for name, ours in CALENDARS.items() if ours.source == kind}
    for name, ours in names.items():
        if (market and ours.market == market) or len(names) == 1:
            return name
    return None if market else _by_default(kind, names)


def _from_test(test: str) -> tuple[str, str | None]:
    """Return class and market that the name of a test begins with: testUSFederalReserveJuneteenth."""
    word = test.removeprefix("test")
    for begins, kind in COUNTRIES.items():
        if word.startswith(begins):
            word = kind + word.removeprefix(begins)
            break
    for ours in sorted(CALENDARS.values(), key=lambda ours: -len(ours.market or "")):
        if word.startswith(ours.source + (ours.market or "")) and ours.source:
            return ours.source, ours.market
    return word, None


def _by_default(kind: str, names: dict[str, object]) -> str | None:
    """Return our name of the market that QuantLib takes where none is said."""
    if not names:
        return None
    import QuantLib

    wanted = getattr(QuantLib, kind)().name()
    return next((name for name in names if quantlib_calendar(name).name() == wanted), None)


def _list(test: str, calendar: str, days: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the outcome of each day of a list.

    A day is equal where it is a holiday and none of ours that is no weekend follows it before the next listed
    day: a list with several days of a year has all of them, with or without weekends. A list of nothing but
    Saturdays and Sundays has those that are worked.
    """
    name = our_name(test, calendar)
    for day in days:
        case = f"{test} {calendar} {day}"
        if name is None:
            yield case, f"calendar {calendar or test}"
            continue
        try:
            yield case, "equal" if _agrees(name, day, days) else "different"
        except ArgumentError:
            yield case, f"calendar {name} does not list {day[:4]}"


def _agrees(name: str, day: str, days: list[str]) -> bool:
    column = np.array(days, dtype="datetime64[D]")
    found = np.datetime64(day, "D")
    if ((column.astype(np.int64) + 3) % 7 >= 5).all():
        return bool(is_business_day(found, name))
    if is_business_day(found, name):
        return False
    year = np.sort(column[column.astype("datetime64[Y]") == found.astype("datetime64[Y]")])
    if len(year) == 1:
        return True
    place = int(np.searchsorted(year, found))
    first = found if place else found.astype("datetime64[Y]").astype("datetime64[D]")
    last = year[place + 1] if place + 1 < len(year) else found.astype("datetime64[Y]") + 1
    ours = holidays(name, first.item(), last.astype("datetime64[D]").item() - timedelta(days=1))
    return set(ours.tolist()) <= {found.item()}
