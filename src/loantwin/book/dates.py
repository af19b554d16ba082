"""Dates as people write them: by format, as day numbers, as seconds since 1970, in quarters, as numbers
of periods.
"""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import polars as pl

from loantwin.book.mapping import ColumnSource, TapeFormat
from loantwin.book.mapping_parts import COUNTED

TYPED = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f")
"""How dates of typed files arrive, whatever the mapping says."""

_PARTS = {"%Y": r"(?P<year>\d{4})", "%y": r"(?P<year>\d{2})", "%q": r"(?P<quarter>[1-4])"}
_UNITS = {"d": "d", "w": "w", "m": "mo", "q": "q", "y": "y"}
_MOST = 4_000_000
"""Days, beyond which a number is no day."""


def read_dates(text: pl.Series, spec: ColumnSource, mapping: TapeFormat, typed: bool) -> pl.Series:
    """Return the dates of texts, null where none of the column's formats reads one; each is tried in order.

    Years of two digits are held before the pivot; a month, quarter or year stands for its first or last day.
    """
    if spec.zero is not None and spec.every is not None:
        return _counted(text, spec.zero, spec.every)
    parsed = pl.Series(text.name, [None], dtype=pl.Date).new_from_index(0, len(text))
    for form in (*spec.formats, *(TYPED if typed else ())):
        left = np.flatnonzero((parsed.is_null() & text.is_not_null()).to_numpy())
        if not len(left):
            break
        parsed = parsed.scatter(left, _dated(text.gather(left), form, spec, mapping))
    return parsed


def quarter_pattern(form: str) -> str:
    """Return the regular expression of a format with a quarter or of years, for instance %Y-Q%q."""
    parts = re.split(r"(%[Yyq])", form)
    return "^" + "".join(_PARTS.get(part) or re.escape(part) for part in parts) + "$"


def _dated(text: pl.Series, form: str, spec: ColumnSource, mapping: TapeFormat) -> pl.Series:
    if form in COUNTED:
        return _days(text, *COUNTED[form])
    if "%q" in form or "%" not in form.replace("%Y", ""):
        read = _periods(text, form, spec)
    # A format without a day of the month names the month: its first or last day stands for it.
    elif "%d" not in form and "%j" not in form:
        read = ("01 " + text).str.to_date(f"%d {form}", strict=False)
        read = read.dt.month_end() if spec.day == "last" else read
    else:
        read = text.str.to_date(form, strict=False)
    if "%y" in form:
        # Trap: years of two digits. 31-May-68 is read as 2068.
        late = (read > mapping.pivot).fill_null(False)
        return read.dt.offset_by("-100y").zip_with(late, read)
    return read.set((read.dt.year() < 1000).fill_null(False), None)


def _periods(text: pl.Series, form: str, spec: ColumnSource) -> pl.Series:
    """Return the first or last day of the quarters, or the years, that texts name."""
    quarterly = "%q" in form
    found = pl.DataFrame([text.alias("text")]).select(
        pl.col("text").str.extract_groups(quarter_pattern(form)).alias("found")
    )
    year = pl.col("found").struct.field("year").cast(pl.Int32, strict=False)
    month = pl.col("found").struct.field("quarter").cast(pl.Int32) * 3 - 2 if quarterly else pl.lit(1)
    first = pl.date(pl.when(year < 100).then(year + 2000).otherwise(year), month, 1)
    last = first.dt.offset_by("2mo" if quarterly else "11mo").dt.month_end()
    return found.select((last if spec.day == "last" else first).alias("day"))["day"]


def _days(text: pl.Series, zero: dt.date, a_day: int) -> pl.Series:
    """Return the days of numbers since day 0; parts of a day are left off."""
    days = (text.cast(pl.Float64, strict=False).alias("days") / a_day).floor()
    number = pl.when((pl.col("days") > 0) & (pl.col("days") < _MOST)).then(pl.col("days")).cast(pl.Int32)
    day = pl.lit(zero) + pl.duration(days=number)
    return pl.DataFrame([days]).select(day.cast(pl.Date).alias("day"))["day"]


def _counted(text: pl.Series, zero: dt.date, every: str) -> pl.Series:
    """Return the day a number of periods after day 0; the last day of a month stays one."""
    number = pl.col("number")
    count, unit = int(every[:-1]), _UNITS[every[-1]]
    whole = ((number == number.floor()) & (number.abs() * count < _MOST)).fill_null(False)
    steps = pl.when(whole).then(number * count).otherwise(0.0).cast(pl.Int64)
    day = pl.lit(zero).dt.offset_by(pl.format("{}" + unit, steps))
    if (zero + dt.timedelta(days=1)).day == 1 and unit in ("mo", "q", "y"):
        day = day.dt.month_end()
    numbers = pl.DataFrame([text.cast(pl.Float64, strict=False).alias("number")])
    return numbers.select(pl.when(whole).then(day).alias("day"))["day"]
