"""The past as it was known: published values by month, the gap to the as-of date, the join with a future."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.errors import ScenarioError, expected
from loantwin.macro.factors import MEAN_REVERTING_INDICES, TRENDING_INDICES
from loantwin.macro.scenario import Scenario
from loantwin.macro.source import ACTUAL, MacroSource, NativeTable

UNSEEN = "no macro file"
"""Source of a history without factors: of the economy only what the lender's own loans show is known."""

STALE_MONTHS = 24
"""A history is not carried on over more months than these, and its publication lag, up to the as-of date."""


@dataclass(frozen=True)
class _Series:
    """One factor in one file, by month. `end` is its last published month."""

    factor: str
    kind: str
    step: int
    first: int
    values: Floats
    end: int
    path: str


def known_history(
    sources: Sequence[MacroSource], as_of: date, monthly_lag: int = 1, quarterly_lag: int = 3
) -> Scenario:
    """Return the history published by a date, by month: a scenario named Actual.

    A period is published `monthly_lag` (monthly series) or `quarterly_lag` months after it ended. Files are
    cut first and made monthly then, so that no later value touches an earlier month. Values are the latest
    revision in the files given.

    Returns
    -------
    Scenario : from the first month of the longest series to the last published one; NaN before a series
        starts, where a value was never published, and from each factor's own end on (`nowcast` fills that
        gap). Where two files hold a factor, monthly wins over quarterly, then the one that reaches further,
        then the file given first; the others fill its missing months, except for an index, whose base may
        differ. `source` says which file was used. Without any file it has no factors, (T, 0), up to the date.

    Raises
    ------
    ScenarioError : files of which none holds a history, nothing was published by the date, or all of it ends
        `STALE_MONTHS` months and more before.
    """
    if not sources:
        return _without_factors(months.month_of(as_of) + 1)
    # Trap: months made before the cut. Interpolation would carry the next quarter into this one.
    lags = {1: monthly_lag, 3: quarterly_lag}
    made = _joined(
        sources, lambda table: table.published(as_of, lags[table.step]), f"published by {as_of.isoformat()}"
    )
    oldest = months.month_of(as_of) - STALE_MONTHS - max(lags.values())
    if made.last < oldest:
        raise ScenarioError(
            expected(
                f"a history that reaches {months.label(oldest)} or later, for a book of {as_of}",
                months.label(made.last),
            ),
            file=", ".join(source.path for source in sources),
        )
    return made


def full_history(sources: Sequence[MacroSource]) -> Scenario:
    """Return all history in the files by month, whatever the date: for reports and backtests.

    Without any file it has no factors and no months.

    Raises
    ------
    ScenarioError : files of which none holds a history, or nothing in it was ever published.
    """
    return _joined(sources, lambda table: table, "all of it") if sources else _without_factors(0)


def last_published(history: Scenario) -> dict[str, int]:
    """Return each factor's last month with a value; a factor without any is left out."""
    found = {}
    for column, factor in enumerate(history.factors):
        finite = np.flatnonzero(np.isfinite(history.values[:, column]))
        if finite.size:
            found[factor] = history.first + int(finite[-1])
    return found


def nowcast(history: Scenario, as_of: date) -> Scenario:
    """Return the history with every factor carried on to the month of `as_of`, by persistence.

    Rates, yields and indices keep their last published value; house prices, commercial property prices and
    the levels of GDP and loans keep growing at the mean of their last 12 published months; growth and
    inflation take the mean of their last 12 published months. Holes inside a series are bridged (`bridge`).
    `source` lists what was filled. For simulation the generator draws these months instead.
    """
    history = bridge(history)
    last = months.month_of(as_of, months.anchor_day(as_of))
    length = max(last, history.last) - history.first + 1
    values = np.full((length, len(history.factors)), np.nan)
    values[: len(history.values)] = history.values
    filled: list[tuple[str, str]] = []
    for column, (factor, kind) in enumerate(zip(history.factors, history.kinds, strict=True)):
        finite = np.flatnonzero(np.isfinite(values[:, column]))
        if not finite.size:
            continue
        tail = np.arange(finite[-1] + 1, max(finite[-1], last - history.first) + 1)
        values[tail, column] = _carried(values[: finite[-1] + 1, column], factor, kind, len(tail))
        if len(tail):
            filled.append((factor, f"{months.label(history.first + int(tail[0]))} to {months.label(last)}"))
    note = f"; filled by persistence: {_grouped(filled)}" if filled else ""
    return replace(history, values=values, source=history.source + note)


def bridge(history: Scenario) -> Scenario:
    """Return the history with months never published inside a series (unemployment in October 2025) filled.

    They take the value of the month before; `source` lists them. What lies before a series' start or after
    its last published month stays missing.
    """
    values = history.values.copy()
    filled: list[tuple[str, str]] = []
    for column, factor in enumerate(history.factors):
        finite = np.flatnonzero(np.isfinite(values[:, column]))
        if not finite.size:
            continue
        for place in range(int(finite[0]), int(finite[-1])):
            if not np.isfinite(values[place, column]):
                values[place, column] = values[place - 1, column]
                filled.append((factor, months.label(history.first + place)))
    note = f"; never published, as the month before: {_grouped(filled)}" if filled else ""
    return replace(history, values=values, source=history.source + note)


def join(history: Scenario, path: Scenario) -> Scenario:
    """Return the history up to its last month, followed by the scenario, which wins from its first month.

    Raises
    ------
    ScenarioError : a month without a value between the end of a factor's history and the scenario's first
        month (`nowcast` fills it).
    """
    first, last = min(history.first, path.first), max(path.last, history.last)
    factors = tuple(dict.fromkeys((*history.factors, *path.factors)))
    kinds = dict(zip(path.factors, path.kinds, strict=True)) | dict(
        zip(history.factors, history.kinds, strict=True)
    )
    values = np.full((last - first + 1, len(factors)), np.nan)
    ends = last_published(history)
    for column, factor in enumerate(factors):
        if factor in history.factors:
            start = history.first - first
            values[start : start + len(history.values), column] = history.values[
                :, history.factors.index(factor)
            ]
        if factor not in path.factors:
            continue
        start = path.first - first
        values[start:, column] = np.nan
        values[start : start + len(path.values), column] = path.values[:, path.factors.index(factor)]
        if factor in ends and ends[factor] + 1 < path.first:
            raise ScenarioError(
                expected(
                    f"a value up to {path.name}'s first month", f"none in {months.label(ends[factor] + 1)}"
                ),
                file=path.source or None,
                field=factor,
            )
    source = "; then ".join(text for text in (history.source, path.source) if text)
    return Scenario(path.name, first, factors, tuple(kinds[factor] for factor in factors), values, source)


def _without_factors(length: int) -> Scenario:
    return Scenario(ACTUAL, 0, (), (), np.zeros((length, 0)), UNSEEN)


def _joined(sources: Sequence[MacroSource], cut: Callable[[NativeTable], NativeTable], what: str) -> Scenario:
    tables = [(table, source.path) for source in sources if (table := source.history()) is not None]
    if not tables:
        held = ", ".join(name for source in sources for name in source.scenarios) or "no file"
        raise ScenarioError(expected("a history, a scenario named Actual, in the macro files", held))
    series = [one for table, path in tables for one in _series(cut(table), path)]
    if not series:
        raise ScenarioError(expected(f"some history {what}", "none"), file=tables[0][1])
    first, last = min(one.first for one in series), max(one.end for one in series)
    by_factor: dict[str, list[_Series]] = {}
    for one in series:
        by_factor.setdefault(one.factor, []).append(one)
    values = np.full((last - first + 1, len(by_factor)), np.nan)
    words: list[tuple[str, str]] = []
    for column, (factor, found) in enumerate(by_factor.items()):
        ordered = sorted(found, key=lambda one: (one.step, -one.end))
        # Trap: an index of two bases. Two files may count from another year: an index is never spliced.
        used = ordered[:1] if ordered[0].kind == "index" else ordered
        for one in reversed(used):
            _lay(values[:, column], one, first)
        words.append((factor, " then ".join(dict.fromkeys(Path(one.path).name for one in used))))
    kinds = tuple(found[0].kind for found in by_factor.values())
    return Scenario(
        ACTUAL, first, tuple(by_factor), kinds, values, f"latest revision, {what}: {_grouped(words)}"
    )


def _grouped(pairs: Sequence[tuple[str, str]]) -> str:
    """Write (factor, where) pairs as 'where (factor, factor), ...'."""
    where: dict[str, list[str]] = {}
    for factor, place in pairs:
        where.setdefault(place, []).append(factor)
    return ", ".join(f"{place} ({', '.join(factors)})" for place, factors in where.items())


def _series(table: NativeTable, path: str) -> list[_Series]:
    if not len(table.values):
        return []
    scenario = table.monthly(path)
    ends = last_published(scenario)
    return [
        _Series(factor, kind, table.step, table.first, scenario.values[:, column], ends[factor], path)
        for column, (factor, kind) in enumerate(zip(table.factors, table.kinds, strict=True))
        if factor in ends
    ]


def _lay(column: Floats, one: _Series, first: int) -> None:
    start = one.first - first
    stop = one.end - first + 1
    window = column[start:stop]
    own = one.values[: stop - start]
    window[np.isfinite(own)] = own[np.isfinite(own)]


def _carried(known: Floats, factor: str, kind: str, length: int) -> Floats:
    year = known[-12:]
    year = year[np.isfinite(year)]
    if kind == "growth":
        return np.full(length, year.mean())
    if factor in TRENDING_INDICES and factor not in MEAN_REVERTING_INDICES and len(known) > 1:
        before = known[-13:]
        before = before[np.isfinite(before)]
        step = np.log(before[-1] / before[0]) / max(len(before) - 1, 1)
        return np.asarray(known[-1] * np.exp(step * np.arange(1, length + 1)))
    return np.full(length, known[-1])
