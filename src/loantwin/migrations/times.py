"""When a rating was given: dates in the usual forms, day numbers, or numbers of years and parts of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from loantwin import arguments as check
from loantwin.arrays import Floats
from loantwin.book.mapping_parts import COUNTED
from loantwin.errors import RiskError, expected

FORMS = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%Y%m%d",
)
"""Forms of dates; the one that reads most rows reads the file, of equals the first."""

PERIODS = {"year": 1.0, "quarter": 4.0, "month": 12.0, "day": 365.25}
"""What 1 may be where time is a number, and how many make a year."""

ZERO = 2000
"""The year at whose beginning times that count from 0 begin."""

LONGEST = 100.0
"""Years, beyond which a number that counts from 0 is none of years."""

_MOST = 1_000.0


def read_times(
    cells: Sequence[str], period: str | None, file: Path, field: str
) -> tuple[list[dt.date], tuple[str, ...]]:
    """Return a day for each cell, and what was assumed.

    Numbers are told by their size: 20011231 is a date, 200112 a month, 2001.5 a year, from 20,000 on a day
    number of
    Excel, beyond that seconds or milliseconds since 1970; smaller ones count years from 0.

    Parameters
    ----------
    period : what 1 is where time is a number, one of `PERIODS`.

    Raises
    ------
    RiskError : a cell that is no time, or numbers whose unit cannot be told.
    """
    check.words(cells=cells)
    check.word(**check.given(period=period))
    check.kind(Path, file=file)
    check.word(field=field)
    texts = pl.Series("text", [cell.removesuffix(" 00:00:00") for cell in cells])
    numbers = texts.cast(pl.Float64, strict=False)
    if numbers.null_count() == 0 and numbers.is_finite().all():
        return _from_numbers(numbers.to_numpy(), period, file, field)
    made = [texts.str.to_date(form, strict=False) for form in FORMS]
    best = max(made, key=lambda days: len(days) - days.null_count())
    if best.null_count():
        row = int(np.argmax(best.is_null().to_numpy()))
        raise RiskError(
            expected("a date like 2001-12-31 or 31-12-2001, as in most rows", cells[row]),
            file=file, row=row + 1, field=field,
        )  # fmt: skip
    either = [made[FORMS.index(form)].null_count() == 0 for form in ("%d/%m/%Y", "%m/%d/%Y")]
    return best.to_list(), ("dates were read as day/month/year",) if all(either) else ()


def _from_numbers(
    times: Floats, period: str | None, file: Path, field: str
) -> tuple[list[dt.date], tuple[str, ...]]:
    low, high = float(times.min()), float(times.max())
    whole = bool((times == np.floor(times)).all())
    if period is not None:
        years = times / PERIODS[period]
        if years.min() < 0 or years.max() > _MOST:
            raise RiskError(
                expected(f"times from 0 up to {_MOST:g} years", f"{years.min():g} to {years.max():g} years"),
                file=file,
                field=field,
            )
        return _counted(years, f"1 is a {period}")
    if whole and low >= 19_000_101 and high <= 21_001_231:
        days = pl.Series(times.astype(np.int64)).cast(pl.String).str.to_date("%Y%m%d", strict=False)
        if days.null_count() == 0:
            return days.to_list(), ()
    if whole and low >= 190_001 and high <= 210_012 and ((times % 100 >= 1) & (times % 100 <= 12)).all():
        months = times.astype(np.int64)
        ends = [
            dt.date(month // 100 + month % 100 // 12, month % 100 % 12 + 1, 1) for month in months.tolist()
        ]
        return [day - dt.timedelta(days=1) for day in ends], ("months stand for their last day",)
    if low >= 1900 and high < 2101:
        return [_day(year) for year in times.tolist()], ("times are years and parts of them",)
    form = _day_number(low, high)
    if form is not None:
        zero, a_day = COUNTED[form]
        return [zero + dt.timedelta(days=int(time // a_day)) for time in times.tolist()], (
            f"times are {form}",
        )
    if low < 0 or high > LONGEST:
        raise RiskError(
            expected(
                "dates, or `period` to say what 1 is: " + ", ".join(PERIODS), f"times {low:g} to {high:g}"
            ),
            file=file,
            field=field,
        )
    return _counted(times, "1 is a year (`period` says otherwise)")


def _day_number(low: float, high: float) -> str | None:
    if low >= 20_000 and high <= 80_000:
        return "excel-days"
    if low >= 1e8 and high < 1e10:
        return "epoch-seconds"
    return "epoch-milliseconds" if low >= 1e11 and high < 1e13 else None


def _counted(years: Floats, unit: str) -> tuple[list[dt.date], tuple[str, ...]]:
    days = [_day(ZERO + year) for year in years.tolist()]
    return days, (f"time is a number, of which {unit}: 0 is shown as {ZERO}-01-01",)


def _day(year: float) -> dt.date:
    """Return the day of a year with its parts; whole months give the first of a month."""
    months = round(12 * year)
    if abs(12 * year - months) < 1e-6:
        return dt.date(months // 12, months % 12 + 1, 1)
    first = dt.date(int(year), 1, 1)
    length = (dt.date(int(year) + 1, 1, 1) - first).days
    return first + dt.timedelta(days=int((year - int(year)) * length))
