"""`backtest-rates`: the period effect on published loss rates quarters ahead, given the macro that came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loantwin.errors import UsageError, expected
from loantwin.macro.read import read_macro
from loantwin.months import day
from loantwin.performance.rate_backtest import (
    RateOutcome,
    RateScore,
    effects_and_level,
    loss_rates,
    rate_score,
    rates_ahead,
)
from loantwin.types import Progress, Result, silent

MOST_QUARTERS = 12


@dataclass(frozen=True)
class RatePoint:
    """One forecast beside what came; decimals a year."""

    series: str
    origin: dt.date
    quarters: int
    actual: float
    forecast: float
    p05: float
    p95: float
    rivals: Mapping[str, float]


@dataclass(frozen=True)
class RateBacktest(Result):
    """Forecasts of published loss rates, given the macro that came. series : name -> quarters -> score."""

    SCHEMA = "loantwin.backtest-rates/1"

    series: Mapping[str, Mapping[str, RateScore]]
    points: tuple[RatePoint, ...]
    covariates: tuple[str, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def backtest_rates(
    rates: Sequence[Path | str],
    macro: Sequence[Path | str] = (),
    *,
    start: dt.date | str = dt.date(2005, 1, 1),
    end: dt.date | str | None = None,
    quarters: Sequence[int] | str = (4,),
    progress: Progress = silent,
) -> RateBacktest:
    """Forecast loss rates at each quarter's end from what was published then, given the macro that came.

    Parameters
    ----------
    rates : files of public series whose names end in charge_off_rate or delinquency_rate. macro : files with
        a history; without any the period effect alone carries the economy.
    start, end : first and last origin. quarters : horizons, after the origin; a rate is published a quarter
        late, so that the step from the last known rate is one longer.

    Raises
    ------
    UsageError : no such series, horizons that are not positive, or no origin whose window has closed.
    """
    wanted = _wanted(quarters)
    first_origin = day(start, "start")
    last_origin = None if end is None else day(end, "end")
    sources = [read_macro(path) for path in macro]
    tables = loss_rates([read_macro(path) for path in rates])
    found: list[RateOutcome] = []
    for number, (name, (first, values)) in enumerate(tables.items()):
        progress(number / len(tables), name)
        found += rates_ahead(name, first, values, sources, first_origin, last_origin, wanted)
    if not found:
        raise UsageError(
            expected("an origin with 12 known quarters and a window that has closed", "none")
            + "; macro history must reach from two years before the first rate to the window's end",
            field="start",
        )
    return RateBacktest(
        series={
            name: {
                str(step): rate_score(
                    [item for item in found if item.series == name and item.quarters == step]
                )
                for step in wanted
                if any(item.series == name and item.quarters == step for item in found)
            }
            for name in tables
            if any(item.series == name for item in found)
        },
        points=tuple(
            RatePoint(
                item.series,
                item.origin,
                item.quarters,
                item.actual,
                float(item.twin.expected[0]),
                item.low,
                item.high,
                {name: float(made.expected[0]) for name, made in item.rivals.items()},
            )
            for item in found
        ),
        covariates=tuple(effect.name for effect in effects_and_level(sources)[0]),
        notes=(
            "Rates and macro series are latest-revised; a quarter's rate counts as published a quarter "
            "after its end.",
            "The priors of macro effects and of the level were formed with sight of these very series: no "
            "untouched test.",
            *(() if sources else ("No macro file: the period effect alone carries the economy.",)),
            "The noise of single quarters is taken as known once chosen; seasonal swings are not modelled.",
        ),
        provenance={
            "rates": [Path(path).name for path in rates],
            "macro": [Path(path).name for path in macro],
        },
    )


def _wanted(quarters: Sequence[int] | str) -> list[int]:
    given = (
        [part.strip() for part in quarters.split(",")]
        if isinstance(quarters, str)
        else [str(item) for item in quarters]
    )
    wrong = [text for text in given if not text.isdigit() or not 1 <= int(text) <= MOST_QUARTERS]
    if wrong or not given:
        raise UsageError(
            expected(f"whole quarters from 1 to {MOST_QUARTERS}, like 1,4", wrong[0] if wrong else "none"),
            field="quarters",
        )
    return sorted({int(text) for text in given})
