"""Covariates that move with the month: the economy as it was published, and the book's own last year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.errors import ScenarioError, expected
from loantwin.macro.source import MacroSource, NativeTable
from loantwin.models.survival.curves import YEAR, at_risk_by_month, empirical
from loantwin.models.survival.lives import EVENT, Lives
from loantwin.months import label

FACTOR = "unemployment_rate"
LEVEL, CHANGE, OWN = "unemployment rate", "unemployment rate, change in a year", "the book's own last year"
MONTHLY_LAG, QUARTERLY_LAG = 1, 3
"""Months after its end in which a period is published."""
BELIEF = 5.0
"""Events as expected that the book's own rate is mixed with."""


@dataclass(frozen=True)
class Calendar:
    """Covariates by month. first : number of the first month. values : (T, C), the last row holds for ever.

    names : (C,). A month before the first reads the first row.
    """

    first: int
    names: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]

    def at(self, month: Integers) -> Floats:
        """Return the covariates of months of any shape, (..., C)."""
        table = np.array(self.values, dtype=float).reshape(len(self.values), len(self.names))
        return np.asarray(table[np.clip(month - self.first, 0, len(self.values) - 1)])


def economy(sources: Sequence[MacroSource], first: int, last: int) -> Floats:
    """Return the published unemployment rate by month and its change in a year, (T, 2), in points of percent.

    Of each month the last period that was published by its end: a month or a quarter is known one or three
    months after it ended. Nothing is interpolated; after the last period published its value stands still.

    Raises
    ------
    ScenarioError : no history with the factor, or one that begins too late.
    """
    table = next((t for s in sources if (t := s.history()) is not None and FACTOR in t.factors), None)
    if table is None:
        words = expected(f"a macro history with {FACTOR}", "none")
        raise ScenarioError(words, file=sources[0].path if sources else None)
    now, before = _published(table, first, last), _published(table, first - YEAR, last - YEAR)
    return np.column_stack([now, now - before])


def _published(table: NativeTable, first: int, last: int) -> Floats:
    values = 100 * table.values[:, table.factors.index(FACTOR)]
    there = np.isfinite(values)
    known = table.months[there] + (QUARTERLY_LAG if table.step == 3 else MONTHLY_LAG)
    place = np.searchsorted(known, np.arange(first, last + 1), side="right") - 1
    if place.min() < 0:
        words = expected(f"{FACTOR} published by {label(first)}", f"from {label(int(known[0]))} on")
        raise ScenarioError(words, field=FACTOR)
    return np.asarray(values[there][place])


def own_year(lives: Lives, first: int, last: int) -> Floats:
    """Return by month how the year that ended twelve months before went, (T,): log of events over expected.

    Expected are those of the curve by age alone. A forecast of one or two years knows no later year of its
    months either, so that a fit learns what a year tells of that which follows it. The last row, that of
    `lives.until`, is the year that ended then: what a forecast made there holds still.
    """
    curve = empirical(lives).event
    at_risk = at_risk_by_month(lives, first, lives.until)
    wanted = (at_risk * curve[None, : at_risk.shape[1]]).sum(axis=1)
    ends = lives.end[lives.cause == EVENT] - first
    came = np.bincount(ends, minlength=len(wanted)).astype(float)
    sums = [np.concatenate([np.zeros(YEAR), np.cumsum(part)]) for part in (came, wanted)]
    years = [part[YEAR:] - part[:-YEAR] for part in sums]
    log = np.log((years[0] + BELIEF) / (years[1] + BELIEF))
    month = np.arange(first, last + 1)
    place = np.where(month <= lives.until, month - YEAR, lives.until) - first
    return np.where(place >= 0, log[np.clip(place, 0, len(log) - 1)], 0.0)


def calendar_of(lives: Lives, sources: Sequence[MacroSource], own: bool = True) -> Calendar:
    """Return the covariates of the months that spans cover, and of the month to come.

    The row of a month holds what was published by the end of the month before.
    """
    first, last = int(lives.origin.min()), lives.until + 1
    names: list[str] = []
    parts: list[Floats] = []
    if sources:
        parts.append(economy(sources, first - 1, lives.until))
        names += [LEVEL, CHANGE]
    if own:
        parts.append(own_year(lives, first, last)[:, None])
        names.append(OWN)
    values = np.hstack(parts) if parts else np.zeros((last - first + 1, 0))
    return Calendar(first, tuple(names), tuple(map(tuple, values.tolist())))


def newer(calendar: Calendar, sources: Sequence[MacroSource], known: int) -> Calendar:
    """Return the covariates with the economy as published later; the book's own year stands still."""
    last = calendar.first + len(calendar.values) - 1
    if known < last or not sources or LEVEL not in calendar.names:
        return calendar
    values = calendar.at(np.arange(calendar.first, known + 2))
    places = [calendar.names.index(LEVEL), calendar.names.index(CHANGE)]
    values[last + 1 - calendar.first :, places] = economy(sources, last, known)
    return Calendar(calendar.first, calendar.names, tuple(map(tuple, values.tolist())))
