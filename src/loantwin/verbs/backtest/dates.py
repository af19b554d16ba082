"""Origins and horizons of a backtest: dates as stated or by a step, and which windows have closed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from loantwin import months
from loantwin.errors import UsageError, expected
from loantwin.macro.history import full_history, last_published
from loantwin.outlook.outlook import Outlook
from loantwin.performance.outcomes import tape_end
from loantwin.twin import Twin

STEP = re.compile(r"every=(\d+)M")
HORIZONS = (3, 6, 12, 24)
LONGEST_HORIZON = 120


@dataclass(frozen=True)
class Reach:
    """What tape and macro files can tell. first, last : its first origination and last dated fact."""

    first: dt.date
    last: dt.date


def reach_of(twin: Twin) -> Reach:
    """Return the dates between which origins must lie.

    Raises
    ------
    UsageError : a snapshot, or a tape without dated outcomes: there is nothing to compare a forecast with.
    """
    if twin.mapping.kind == "snapshot":
        was = f"a snapshot of {twin.mapping.as_of}"
        raise UsageError(
            expected("a tape with a history", was)
            + ": it can only be run forward (`loantwin forecast`); backtest the twin its model was taken "
            "from",
            file=twin.home.folder,
            field="tape",
        )
    first = twin.tables.loans["origination_date"].min()
    panel = twin.tables.panel
    if panel is not None and panel.height:
        first = panel["report_date"].min()
    if not isinstance(first, dt.date):
        raise UsageError(
            expected("a tape with origination dates", "none"), file=twin.home.folder, field="origination_date"
        )
    return Reach(first, tape_end(twin.tables.loans, panel, twin.mapping))


def origins_of(
    texts: dt.date | str | Sequence[str | dt.date],
    twin: Twin,
    start: dt.date | None,
    end: dt.date | None,
    shortest: int,
) -> tuple[dt.date, ...]:
    """Return the origins asked for, in the order of time.

    Parameters
    ----------
    texts : dates YYYY-MM-DD (comma separated text or a list), or "every=12M": steps from the twin's own date,
        both ways.
    start, end : first and last date of `every=`; default the first year-like step with a history behind it,
        and the last whose
        shortest window has closed. shortest : months of the shortest horizon.

    Raises
    ------
    UsageError : a text that is neither, a date outside the tape, or no origin at all.
    """
    reach = reach_of(twin)
    listed = [texts] if isinstance(texts, str | dt.date) else list(texts)
    parts = [
        part.strip()
        for text in listed
        for part in (text.split(",") if isinstance(text, str) else [text.isoformat()])
    ]
    if not any(parts):
        raise UsageError(
            expected("dates YYYY-MM-DD separated by commas, or every=12M", "nothing"), field="origin"
        )
    if any(part.startswith("every") for part in parts):
        if len(parts) > 1:
            raise UsageError(expected("every=12M alone, or dates", ",".join(parts)), field="origin")
        return _stepped(parts[0], twin, reach, start, end, shortest)
    if start is not None or end is not None:
        raise UsageError(
            expected("`start` and `end` with `origin` every=12M", "dates"), field="start" if start else "end"
        )
    found = sorted({_date(part) for part in parts})
    for day in found:
        if not reach.first < day < reach.last:
            raise UsageError(
                expected(f"an origin inside the tape, after {reach.first} and before {reach.last}", day),
                field="origin",
            )
    return tuple(found)


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            expected("dates YYYY-MM-DD separated by commas, or every=12M", text), field="origin"
        ) from error


def _stepped(
    text: str, twin: Twin, reach: Reach, start: dt.date | None, end: dt.date | None, shortest: int
) -> tuple[dt.date, ...]:
    matched = STEP.fullmatch(text)
    if matched is None or int(matched[1]) < 1:
        raise UsageError(expected("every=NM, N months of at least 1 (every=12M)", text), field="origin")
    step = int(matched[1])
    if start is not None and end is not None and start > end:
        raise UsageError(expected(f"a date from {start} on", end), field="end")
    low = max(start or reach.first, reach.first)
    high = min(end or reach.last, reach.last)
    anchor = months.anchor_day(twin.as_of)
    home = months.month_of(twin.as_of, anchor)
    last_start = months.month_of(reach.last, anchor) - (shortest if end is None else 0)
    made = []
    begin = months.month_of(low, anchor)
    for month in range(begin + (home - begin) % step, months.month_of(high, anchor) + 1, step):
        day = months.end_of(month, anchor)
        if low <= day <= high and reach.first < day < reach.last and month <= last_start:
            made.append(day)
    if not made:
        raise UsageError(
            expected(f"an origin every {step} months inside the tape, from {low} to {high}", "none")
            + "; unless `start` is stated the first is the day on which 100 outcomes were known",
            field="origin",
        )
    return tuple(made)


def horizons_of(horizons: Sequence[int] | str | None) -> tuple[int, ...]:
    """Return the horizons in months, rising.

    Raises
    ------
    UsageError : one that is no whole number from 1 to 120.
    """
    if horizons is None:
        return HORIZONS
    given = [part.strip() for part in horizons.split(",")] if isinstance(horizons, str) else list(horizons)
    made = set()
    for item in given:
        text = str(item)
        if not text.lstrip("+").isdigit() or not 1 <= int(text) <= LONGEST_HORIZON:
            raise UsageError(
                expected(f"whole months from 1 to {LONGEST_HORIZON}, like 3,6,12,24", text),
                field="horizons",
            )
        made.add(int(text))
    if not made:
        raise UsageError(expected("at least one horizon", "none"), field="horizons")
    return tuple(sorted(made))


def closed_months(outlook: Outlook) -> tuple[int, int]:
    """Return how many months after the origin the tape tells, and how many of them the macro files tell too.

    A covariate that is read with a lag needs its factor that much less far; the index of floating rates needs
    it in full.
    """
    twin = outlook.twin
    panel = twin.tables.panel
    last = tape_end(twin.tables.loans, panel, twin.mapping)
    if panel is not None and panel.height:
        tape = months.month_of(last) - months.month_of(twin.as_of)
    else:
        # a month counts once it has passed in full
        tape = months.month_of(last + dt.timedelta(days=1), outlook.anchor) - 1 - outlook.month0
    actual = full_history(twin.macro_sources)
    published = last_published(actual)
    ends = [published[item.factor] + item.lag for item in twin.model.covariates if item.factor in published]
    if outlook.index_factor is not None and outlook.index_factor in published:
        ends.append(published[outlook.index_factor])
    macro = min(ends, default=10**9) - outlook.month0
    return max(tape, 0), max(min(tape, macro), 0)
