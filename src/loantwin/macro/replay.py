"""History run again from today: the macro path after a month of the past, re-dated to the as-of date."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from loantwin import months
from loantwin.errors import ScenarioError, UsageError, expected
from loantwin.macro.align import Alignment, moved_to
from loantwin.macro.history import bridge, full_history, last_published
from loantwin.macro.jump_off import JumpOff
from loantwin.macro.scenario import Scenario
from loantwin.macro.source import MacroSource

LONGEST = 60
"""Months of a replay: what followed later is another story."""
SHORTEST = 12
"""A replay of fewer months says nothing of a downturn."""


def parse_start(text: str) -> int:
    """Return the first month of a replay, `YYYY` (its January) or `YYYY-MM`.

    Raises
    ------
    UsageError : another form.
    """
    whole = f"{text}-01" if re.fullmatch(r"\d{4}", text) else text
    if not re.fullmatch(r"\d{4}-\d{2}", whole):
        raise UsageError(
            expected("a year or a month to replay from, like 2008 or 2008-06", text), field="replays"
        )
    return months.parse_label(whole, field="replays")


def replay(
    sources: Sequence[MacroSource], text: str, as_of: date, today: Scenario, needed: Collection[str] = ()
) -> tuple[Scenario, Alignment]:
    """Return what history did from a month on, re-dated to start in the month after `as_of`.

    Every factor is measured against its own value in the month before the start, by the rules of `align`; one
    without a value then is dropped by name. A window after the as-of date is a hypothetical path like any
    other in a file: it is used here alone, never in a fit, and the alignment's warnings say so.

    Parameters
    ----------
    text : `YYYY` or `YYYY-MM`. today : history carried on to the as-of date.
    needed : factors that must last; the replay ends with the first of them, and at most after `LONGEST`
        months. A factor that ends earlier than the replay is dropped by name.

    Raises
    ------
    UsageError : no month. ScenarioError : the files hold no history there, or fewer than `SHORTEST` months of
        it.
    """
    first = parse_start(text)
    past = bridge(full_history(sources))
    if not past.first < first <= past.last:
        held = f"{months.label(past.first + 1)} to {months.label(past.last)}"
        raise ScenarioError(expected(f"a start within the history held, {held}", text), field="replays")
    before = dict(zip(past.factors, past.values[first - 1 - past.first], strict=True))
    ends = {factor: month for factor, month in last_published(past).items() if np.isfinite(before[factor])}
    if not ends:
        raise ScenarioError(
            expected(f"a factor with a value in {months.label(first - 1)}", "none"), field="replays"
        )
    lasting = [ends[factor] for factor in needed if factor in ends] or [max(ends.values())]
    last = min(first + LONGEST - 1, *lasting, max(ends.values()))
    if last - first + 1 < SHORTEST:
        named = [factor for factor in needed if factor in ends and ends[factor] == last]
        was = f"{max(last - first + 1, 0)}" + (
            f" ({', '.join(named)} ends in {months.label(last)})" if named else ""
        )
        raise ScenarioError(
            expected(f"{SHORTEST} months of history or more from {months.label(first)} on", was),
            field="replays",
        )
    window = past.values[first - past.first : last - past.first + 1]
    short = {factor: f"ends in {months.label(ends[factor])}" for factor in ends if ends[factor] < last}
    kept = [column for column, factor in enumerate(past.factors) if factor not in short]
    scenario = Scenario(
        f"replay {text}",
        first,
        tuple(past.factors[column] for column in kept),
        tuple(past.kinds[column] for column in kept),
        window[:, kept],
        past.source,
    )
    start = JumpOff(before, first - 1, "the history", _hindsight(text, last, as_of))
    moved, report = moved_to(scenario, start, today, as_of)
    return moved, replace(report, dropped={**report.dropped, **short})


def _hindsight(text: str, last: int, as_of: date) -> tuple[str, ...]:
    if last <= months.month_of(as_of, months.anchor_day(as_of)):
        return ()
    words = (
        f"replay {text}: hypothetical, for its window runs to {months.label(last)}, after the as-of date; "
        "nothing is fitted on it"
    )
    return (words,)
