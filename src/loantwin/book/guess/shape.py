"""The shape of a tape: one row a loan with its end or at a date, one row a loan and month, or one column a
month.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin.book.guess.looking import Look
from loantwin.book.guess.match import Match, Shares
from loantwin.book.guess.names import NOTHING, fields_of, meanings
from loantwin.book.guess.values import MOST_OF, Values
from loantwin.book.sniff import RawTape, read_columns

MONTHLY = frozenset({"principal", "state", "days_past_due", "annual_rate", "undrawn", "past_due"})
"""Fields that a tape may give in one column a month."""

LEAST_MONTHS = 3
_DATED = re.compile(r"^(.*?)[\s_\-.]*((?:19|20)\d\d)[\s_\-./]?(0[1-9]|1[0-2])$")
_NAMED = re.compile(
    r"^(.*?)[\s_\-.]*(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\s_\-.']*((?:19|20)?\d\d)$",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"^(.*?\D)[\s_\-.]?(\d{1,3})$")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DATE = re.compile(
    r"(?<!\d)(?:(\d{1,2})[./-](\d{1,2})[./-]((?:19|20)\d\d)|((?:19|20)\d\d)[./_-]?(0[1-9]|1[0-2])(?:[./_-]?([0-3]\d))?)(?!\d)"
)


@dataclass(frozen=True)
class Series:
    """Columns of one stem, a month each. months : their month ends, where the names tell them."""

    stem: str
    columns: tuple[str, ...]
    months: tuple[dt.date, ...]


@dataclass(frozen=True)
class Shape:
    """The kind of a tape. loans : different loan numbers, None where they were not counted. report_every :
    months.
    """

    kind: str
    loans: int | None = None
    report_every: int = 1
    said: tuple[str, ...] = ()
    sure: bool = True


def series_of(names: tuple[str, ...]) -> dict[str, Series]:
    """Return the stems of columns that stand for months, each with its columns in order of the file."""
    stems: dict[str, list[tuple[str, dt.date | None]]] = {}
    for name in names:
        found = _DATED.match(name)
        if found is not None:
            stems.setdefault(found[1], []).append((name, _month_end(int(found[2]), int(found[3]))))
            continue
        found = _NAMED.match(name)
        if found is not None and found[1]:
            year = int(found[3]) + (2000 if int(found[3]) < 100 else 0)
            stems.setdefault(found[1], []).append(
                (name, _month_end(year, _MONTHS.index(found[2][:3].lower()) + 1))
            )
            continue
        found = _COUNTED.match(name)
        if found is not None:
            stems.setdefault(found[1], []).append((name, None))
    made = {}
    for stem, items in stems.items():
        if len(items) < LEAST_MONTHS or "period" in stem.lower():
            continue
        likely = {
            item: share for item, share in fields_of(stem).items() if item in MONTHLY or item == NOTHING
        }
        best = max(likely, key=lambda item: likely[item], default=NOTHING)
        paid = meanings(stem) == ("payment",)  # PAY_0, PAY_2: how each month was paid, if the values are such
        if not paid and (best == NOTHING or likely[best] < 0.25):
            continue
        months = tuple(month for _, month in items if month is not None)
        made[stem] = Series(
            stem, tuple(name for name, _ in items), months if len(months) == len(items) else ()
        )
    return made


def shape_of(look: Look, table: Shares, found: Mapping[str, Match]) -> Shape:
    """Return the kind of a tape from its loan numbers, its dates and what it tells of ends."""
    date = found.get("observation_date")
    ends = [
        found[name]
        for name in ("charge_off_date", "charged_off", "closed_date", "recovered")
        if name in found
    ]
    if "loan_id" not in found or look.raw is None or not look.frame.height:
        snapshot = date is not None or "principal" in found or not ends
        return Shape("snapshot" if snapshot else "outcomes")
    keys = _whole(look, [found["loan_id"].column, *([date.column] if date else [])])
    ids = keys[found["loan_id"].column].drop_nulls()
    loans = ids.n_unique()
    several = date is not None and keys[date.column].n_unique() > 1
    repeated = loans < 0.98 * len(ids) and len(ids) - loans > 1
    if repeated and date is not None and not several:
        said = f"{len(ids):,} rows of one date hold {loans:,} loan numbers: tape check says which are refused"
        return Shape(_kind(table, found, bool(ends)), loans, 1, (said,), sure=False)
    if repeated:
        if several and date is not None:
            return Shape("panel", loans, _months_apart(look, table, keys, found["loan_id"].column, date))
        said = (
            f"{len(ids):,} rows hold {loans:,} loan numbers and no date tells the rows of a loan apart: "
            "instalments or repayments are put together by month first (docs/formats.md, Shapes)"
        )
        return Shape("outcomes", loans, 1, (said,), sure=False)
    return Shape(_kind(table, found, bool(ends)), loans)


def _kind(table: Shares, found: Mapping[str, Match], ends: bool) -> str:
    if "principal" not in found:
        return "outcomes" if ends or "state" in found else "snapshot"
    owed = table.columns[found["principal"].column].numbers(table.marks[found["principal"].column])
    live = float((owed[np.isfinite(owed)] > 0).mean()) if np.isfinite(owed).any() else 0.0
    return "outcomes" if ends and live < 0.1 else "snapshot"


def _whole(look: Look, names: list[str]) -> pl.DataFrame:
    """Return columns of all rows; of those looked at where stray quotes make reading slow."""
    if look.raw is None or _slow(look.raw):
        return look.frame.select(list(dict.fromkeys(names)))
    frame, _ = read_columns(look.raw, list(dict.fromkeys(names)))
    return frame.select(list(dict.fromkeys(names)))


def _slow(raw: RawTape | None) -> bool:
    """Return whether stray quotes make reading all of a text slow."""
    return raw is not None and raw.table is None and raw.body.count(b'"') % 2 == 1


def _months_apart(look: Look, table: Shares, keys: pl.DataFrame, loan: str, date: Match) -> int:
    """Return the months between reports of a loan, 1 where they cannot be told.

    Of all rows: pieces of a file sorted by date leave out whole months of every loan.
    """
    values = table.columns[date.column]
    if values.dates.share < MOST_OF or (_slow(look.raw) and look.frame.height < 0.9 * look.rows):
        return 1
    texts = keys[date.column].str.strip_chars().alias("text")
    different = texts.drop_nulls().unique()
    different = different.filter(~different.is_in(["", *values.missing]))
    days = Values(date.column, different, values.typed, values.missing).days()
    known = pl.DataFrame({"text": different, "day": days})
    frame = pl.DataFrame([keys[loan].alias("loan"), texts]).join(known, on="text", maintain_order="left")
    frame = frame.filter(pl.col("day").is_finite())
    gaps = frame.sort("loan", "day").select(pl.col("day").diff().over("loan")).to_series().drop_nulls()
    gaps = gaps.filter(gaps > 0)
    if len(gaps) < 2:
        return 1
    apart = round(float(gaps.median()) / 30.44)  # type: ignore[arg-type]  # of numbers
    return apart if apart in (3, 6, 12) else 1


def date_within(text: str) -> dt.date | None:
    """Return the day, or the end of the month, that a title or a file's name states; None where it states
    none.
    """
    found = _DATE.search(text)
    if found is None:
        return None
    try:
        if found[3]:
            day, month = int(found[1]), int(found[2])
            return dt.date(int(found[3]), month, day) if month <= 12 else dt.date(int(found[3]), day, month)
        if found[6]:
            return dt.date(int(found[4]), int(found[5]), int(found[6]))
    except ValueError:
        return None
    return _month_end(int(found[4]), int(found[5]))


def latest_past(table: Shares, found: Mapping[str, Match]) -> dt.date | None:
    """Return the end of the month of the latest date of columns that speak of the past, None without one."""
    latest = []
    for item in ("origination_date", "default_date", "charge_off_date", "closed_date", "approval_date"):
        if item in found:
            days = table.columns[found[item].column].days()
            if np.isfinite(days).any():
                latest.append(float(np.nanmax(days)))
    if not latest:
        return None
    day = dt.date(1970, 1, 1) + dt.timedelta(days=int(max(latest)))
    return _month_end(day.year, day.month)


def stated_day(values: Values) -> dt.date | None:
    """Return the one date that all rows state, None where there are several or none."""
    days = values.days()
    held = np.unique(days[np.isfinite(days)])
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(held[0])) if len(held) == 1 else None


def _month_end(year: int, month: int) -> dt.date:
    return dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
