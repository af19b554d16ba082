"""What is known of when loans begin and end: the rows a survival model learns from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Array, Flags, Integers
from loantwin.errors import ModelError, UsageError, expected
from loantwin.models.scoring.sample import column_of, columns_of, why_not
from loantwin.models.scoring.table import Table, take
from loantwin.months import months_of

CENSORED, EVENT, COMPETING = 0, 1, 2
"""How a span of months ends: nothing happened, the event, or another end that rules the event out."""
LEAST_EVENTS = 20
_CONDITION = re.compile(r"\s*(.+?)\s*(>=|<=|=|>|<)\s*(.*?)\s*")


@dataclass(frozen=True)
class Lives:
    """Spans of months in which loans were watched.

    table : their columns, as known at the beginning of the span. origin : (N,) month in which the loan began.
    first, last : (N,) ages in months that were watched, both included; age 0 is the month of origin. cause :
    (N,) how age `last` ended. who : (N,) number of the loan: one loan has many spans in a panel. names :
    columns that may be features. left_out : column -> why not. until : last month that was watched. unknown :
    rows left out, by reason.
    """

    table: Table
    origin: Integers
    first: Integers
    last: Integers
    cause: Integers
    who: Integers
    names: tuple[str, ...]
    left_out: dict[str, str]
    until: int
    unknown: dict[str, int]
    time: str | None = None

    @property
    def end(self) -> Integers:
        """Return the month in which each span ends, (N,)."""
        return np.asarray(self.origin + self.last)


@dataclass(frozen=True)
class Asked:
    """Which columns say when a loan began and how it ended.

    start : day of origin. event : condition such as `status=charged off` or `loss>0`; None: a loan with an
    end has the event. ended : day of the end; or months : whole months from start to end or to the last look.
    competing : condition of the other end. loan, month : of a panel, the loan's name and the day of the row.
    """

    start: str
    event: str | None = None
    ended: str | None = None
    months: str | None = None
    competing: str | None = None
    loan: str | None = None
    month: str | None = None
    exclude: Sequence[str] = ()


def meets(table: Table, condition: str, field: str) -> tuple[Flags, str]:
    """Return which rows meet a condition `COLUMN=VALUE` (or >, >=, <, <= NUMBER), and the column.

    A missing value meets none.

    Raises
    ------
    UsageError : another form, no such column, a comparison of texts, or an equality that no row meets.
    """
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise UsageError(expected("COLUMN=VALUE, or COLUMN>NUMBER", condition), field=field)
    name, sign, value = column_of(table, found[1], field), found[2], found[3]
    if sign == "=":
        rows = np.array([text is not None and str(text) == value for text in table.raw[name]])
        if not rows.any() and name in table.numbers and _is_number(value):
            rows = np.asarray(table.numbers[name] == float(value))
        if not rows.any():
            there = sorted({str(text) for text in table.raw[name] if text is not None})[:8]
            raise UsageError(expected(f"a value of {name} ({', '.join(there)})", value), field=field)
        return rows, name
    if name not in table.numbers or not _is_number(value):
        raise UsageError(expected(f"numbers to compare with {sign}", f"{name} {sign} {value}"), field=field)
    numbers = table.numbers[name]
    with np.errstate(invalid="ignore"):
        made = {">": numbers > float(value), ">=": numbers >= float(value),
                "<": numbers < float(value), "<=": numbers <= float(value)}[sign]  # fmt: skip
    return np.asarray(made), name


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text) is not None


def dates_of(table: Table, name: str, field: str) -> tuple[Array, str]:
    """Return a column of dates and its name.

    Raises
    ------
    UsageError : no such column, or one of another kind.
    """
    name = column_of(table, name, field)
    if name not in table.dates:
        raise UsageError(expected("a column of dates", f"{name}, of another kind"), field=field)
    return table.dates[name], name


def lives_of(table: Table, asked: Asked, until: int | None = None) -> Lives:
    """Return the spans of a table with one row a loan.

    A loan without an end was watched until the month `until`, by default the month of the latest end in the
    table; an end after it is not known. A loan whose end meets neither condition left the watch then.

    Raises
    ------
    UsageError : columns that are not there or of another kind, neither or both of `ended` and `months`.
    ModelError : fewer events than 20, or no feature.
    """
    if (asked.ended is None) == (asked.months is None):
        raise UsageError(expected("the day of the end or the months until it", "both or neither"),
                         field="event_date")  # fmt: skip
    day, start = dates_of(table, asked.start, "start")
    reasons = {start: "the day of origin"}
    known = ~np.isnat(day)
    unknown = {"without a day of origin": int((~known).sum())}
    table, day = take(table, np.flatnonzero(known)), day[known]
    origin = months_of(day).astype(np.int64)
    last, ended = _ends(table, asked, origin, reasons)
    cause = _causes(table, asked, ended, reasons)
    early = last < 0
    unknown["with an end before their origin"] = int(early.sum())
    limit = int((origin + last)[ended & ~early].max()) if until is None and ended.any() else until
    if limit is None:
        raise ModelError(expected("a loan that ended", "none"), field="event")
    last, cause = seen(origin, np.where(early, 0, last), cause, limit)
    keep = np.flatnonzero(~early & (last >= 0))
    unknown["begun after the last look"] = int((~early & (last < 0)).sum())
    kept = take(table, keep)
    names, left_out = features_of(kept, asked, reasons, start)
    made = Lives(kept, origin[keep], np.zeros(len(keep), np.int64), last[keep], cause[keep],
                 np.arange(len(keep)), names, left_out, limit, unknown, start)  # fmt: skip
    check_events(made)
    return made


def check_events(lives: Lives) -> None:
    """Raise ModelError where there are fewer than 20 events."""
    events = int((lives.cause == EVENT).sum())
    if events < LEAST_EVENTS:
        raise ModelError(expected(f"at least {LEAST_EVENTS} loans with the event", events), field="event")


def _ends(table: Table, asked: Asked, origin: Integers, reasons: dict[str, str]) -> tuple[Integers, Flags]:
    """Return the age at which each loan ended or was last seen, and which ones ended."""
    if asked.ended is not None:
        day, name = dates_of(table, asked.ended, "event_date")
        reasons[name] = "the day of the end"
        there = ~np.isnat(day)
        month = np.full(len(day), np.iinfo(np.int32).max // 2, dtype=np.int64)
        month[there] = months_of(day[there])
        return month - origin, there
    name = column_of(table, str(asked.months), "months")
    if name not in table.numbers:
        raise UsageError(expected("a column of numbers", f"{name}, of another kind"), field="months")
    reasons[name] = "the months until the end"
    numbers = table.numbers[name]
    if np.isnan(numbers).any():
        row = int(np.isnan(numbers).argmax())
        raise ModelError(expected("months in every row", "none"), row=row + 1, field=name)
    return np.floor(numbers).astype(np.int64), np.ones(len(numbers), bool)


def _causes(table: Table, asked: Asked, ended: Flags, reasons: dict[str, str]) -> Integers:
    cause = np.where(ended, EVENT, CENSORED)
    if asked.event is not None:
        met, name = meets(table, asked.event, "event")
        reasons[name] = "says how a loan ended"
        cause = np.where(ended & met, EVENT, CENSORED)
    elif asked.months is not None or asked.competing is not None:
        raise UsageError(expected("a condition of the event, such as COLUMN=VALUE", "none"), field="event")
    if asked.competing is not None:
        met, name = meets(table, asked.competing, "competing")
        reasons[name] = "says how a loan ended"
        cause = np.where(ended & met & (cause != EVENT), COMPETING, cause)
    return np.asarray(cause, dtype=np.int64)


def features_of(
    table: Table, asked: Asked, reasons: dict[str, str], time: str | None
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the columns that may be features, and why the others may not.

    Raises
    ------
    UsageError : a column to leave out that is not there. ModelError : no feature left.
    """
    left_out = dict(reasons)
    for name in sorted(set(columns_of(table, asked.exclude, "exclude"))):
        left_out.setdefault(name, "asked to be left out")
    for name in table.names:
        if name not in left_out and (why := why_not(table, name, time)):
            left_out[name] = why
    names = tuple(name for name in table.names if name not in left_out)
    if not names:
        raise ModelError(expected("at least one feature", "none left"))
    return names, left_out


def seen(origin: Integers, last: Integers, cause: Integers, month: int) -> tuple[Integers, Integers]:
    """Return last age and cause as a look at the end of a month shows them: what comes later is not known."""
    late = origin + last > month
    return np.where(late, month - origin, last), np.where(late, CENSORED, cause)


def as_of(lives: Lives, month: int) -> Lives:
    """Return the spans as they were known at the end of a month; loans that begin later are not there."""
    last, cause = seen(lives.origin, lives.last, lives.cause, month)
    keep = np.flatnonzero(last >= lives.first)
    made = replace(lives, last=last, cause=cause, until=month)
    return rows_of(made, keep)


def after(lives: Lives, month: int) -> Lives:
    """Return what spans show after a month: loans that ended by then are not there."""
    first = np.maximum(lives.first, month + 1 - lives.origin)
    return rows_of(replace(lives, first=first), np.flatnonzero(lives.last >= first))


def rows_of(lives: Lives, keep: Integers) -> Lives:
    """Return some of the spans, (M,) their places."""
    return replace(lives, table=take(lives.table, keep), origin=lives.origin[keep], first=lives.first[keep],
                   last=lives.last[keep], cause=lives.cause[keep], who=lives.who[keep])  # fmt: skip
