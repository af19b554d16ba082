"""Losses taken apart on a backtest's page: numbers, exposure per case, severity and money side by side."""

from __future__ import annotations

from collections.abc import Sequence

from loantwin.interfaces.report.backtest.figures import VIEWS, share
from loantwin.interfaces.report.blocks import PageBlock, Section, amount, details, heading, percent, table
from loantwin.performance.backtest.parts import PARTS, SEVERITY, WORDS, ApartRow
from loantwin.verbs.backtest.backtest import Backtest

LEAD = (
    "Money lost is cases x exposure per case x what was lost of the exposure: errors that cancel in money "
    "show here. Exposure follows one formula on both sides."
)


def apart_section(result: Backtest) -> tuple[Section, ...]:
    """Return the section of losses taken apart, none where no case is counted."""
    blocks: list[PageBlock] = []
    for name, words in VIEWS:
        rows: Sequence[ApartRow] = getattr(result, name).apart
        if rows:
            summed = _summed(rows)
            scored = (summed,) if summed.rows else ()  # none where every origin is prior only
            blocks += [heading(words[0].upper() + words[1:]), *scored, _each(rows)]
    if not blocks:
        return ()
    return (Section("apart", "Cases, exposure, severity and money apart", LEAD, tuple(blocks)),)


def _summed(rows: Sequence[ApartRow]) -> PageBlock:
    """Return forecast beside what came, summed over the origins scored: one row a horizon and part."""
    made = [
        (
            f"{row.horizon}",
            WORDS[name],
            _shown(name, part.forecast),
            _shown(name, part.came),
            share(part.ratio),
        )
        for row in rows
        if row.origin is None
        for name in PARTS
        if (part := getattr(row, name)).forecast is not None
    ]
    return table(("months", "", "forecast", "came", "forecast / came"), made, words=(0, 1))


def _each(rows: Sequence[ApartRow]) -> PageBlock:
    made = [
        (
            f"{row.origin}" + (", prior only" if row.prior_only else ""),
            f"{row.horizon}",
            WORDS[name],
            _shown(name, part.forecast),
            "–" if part.low is None else f"{_shown(name, part.low)} to {_shown(name, part.high)}",
            _shown(name, part.came),
            share(part.ratio),
        )
        for row in rows
        if row.origin is not None
        for name in PARTS
        if (part := getattr(row, name)).forecast is not None
    ]
    columns = ("origin", "months", "", "forecast", "90 % interval", "came", "forecast / came")
    caption = "Intervals of exposure per case and of severity are those of their expected values."
    return details("Every origin and horizon", table(columns, made, words=(0, 2), caption=caption))


def _shown(name: str, value: float | None) -> str:
    return percent(value, 0) if name == SEVERITY else amount(value)
