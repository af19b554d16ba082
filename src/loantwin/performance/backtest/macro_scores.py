"""What a backtest tells under one view of the economy: scores, the rows behind them, verdicts in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.performance.backtest.observed import WHOLE, Observed
from loantwin.performance.backtest.parts import ApartRow
from loantwin.performance.backtest.scores import (
    BacktestScore,
    Pooled,
    RivalScore,
    ScoringPlan,
    in_order,
    pooled,
    scored,
)
from loantwin.performance.outcomes import MONEY, Key
from loantwin.performance.scoring import accuracy, inside


@dataclass(frozen=True)
class OriginRow:
    """A figure of the whole book at one origin, beside what came; accuracy, coverage90 are over its bands."""

    origin: dt.date
    figure: str
    measure: str
    horizon: int
    prior_only: bool
    actual: float
    forecast: float
    p05: float
    p25: float
    p50: float
    p75: float
    p95: float
    accuracy: float | None
    coverage90: float | None
    rivals: Mapping[str, float]


@dataclass(frozen=True)
class BandRow:
    """A figure summed over all scored origins, by years between the loans' approval and the origin."""

    years: str
    figure: str
    measure: str
    horizon: int
    observations: int
    actual: float
    forecast: float
    accuracy: float | None
    coverage90: float
    rivals: Mapping[str, float | None]


@dataclass(frozen=True)
class ObservationRow:
    """One observation as it was scored: anybody can add the scores up again."""

    origin: dt.date
    band: str
    figure: str
    measure: str
    horizon: int
    prior_only: bool
    actual: float
    forecast: float
    p05: float
    p25: float
    p50: float
    p75: float
    p95: float
    crps: float
    rivals: Mapping[str, float]


@dataclass(frozen=True)
class MacroScores:
    """Scores under one view of the economy, figure -> horizon in months -> score.

    figures : by origin and band, each in its main measure (loans where they can be counted, else money).
        amounts : the same in money. total, amounts_total : for the whole book, one observation an origin.
        pooled, pooled_amounts : coverage over all horizons. by_origin, by_band, observations : what they are
        made of. verdicts : where the twin beats and loses. behind : where it surely lies behind the best
        rival, in words with the interval. mean_difference : of its accuracy and the best rival's, over
        figures and horizons, in their main measure and in money. apart : losses as numbers, exposure per
        case, severity and money, by origin, then summed.
    """

    figures: Mapping[str, Mapping[str, BacktestScore]]
    total: Mapping[str, Mapping[str, BacktestScore]]
    amounts: Mapping[str, Mapping[str, BacktestScore]]
    amounts_total: Mapping[str, Mapping[str, BacktestScore]]
    pooled: Mapping[str, Pooled | None]
    pooled_amounts: Mapping[str, Pooled | None]
    by_origin: tuple[OriginRow, ...]
    by_band: tuple[BandRow, ...]
    observations: tuple[ObservationRow, ...]
    verdicts: tuple[str, ...]
    behind: tuple[str, ...] = ()
    mean_difference: float | None = None
    apart: tuple[ApartRow, ...] = ()


MARGIN = 0.01
"""The twin is surely behind where the block-bootstrap interval of the difference lies below minus this."""


def macro_scores(
    found: Sequence[Observed], plan: ScoringPlan, keys: Sequence[Key], horizons: Sequence[int]
) -> MacroScores:
    """Return every score and the rows behind them, under one view of the economy."""
    ordered = in_order(keys)
    main = list(
        {key[0]: key for key in reversed(keys)}.values()
    )  # the first measure of a figure is its main one
    main = [key for key in ordered if key in main]
    money = [key for key in ordered if key[1] == MONEY]

    def table(some: Sequence[Key], whole: bool) -> dict[str, dict[str, BacktestScore]]:
        return {key[0]: scores for key, scores in scored(found, plan, some, horizons, whole).items()}

    figures, total = table(main, False), table(main, True)
    amounts = table(money, False)
    best = _against_best({**{(name, ""): scores for name, scores in figures.items()},
                          **{(name, " in money"): scores for name, scores in amounts.items()
                             if (name, MONEY) not in main}})  # fmt: skip
    gaps = [rival.difference for _, rival in best if rival.difference is not None]
    return MacroScores(
        figures=figures,
        total=total,
        amounts=amounts,
        amounts_total=table(money, True),
        pooled={key[0]: pooled(found, plan, key) for key in main},
        pooled_amounts={key[0]: pooled(found, plan, key) for key in money},
        by_origin=tuple(_by_origin(found)),
        by_band=tuple(_by_band(found)),
        observations=tuple(_row(item) for item in found if item.band != WHOLE),
        verdicts=tuple(_verdicts(figures)),
        behind=tuple(_behind(best)),
        mean_difference=float(np.mean(gaps)) if gaps else None,
    )


def _against_best(
    figures: Mapping[tuple[str, str], Mapping[str, BacktestScore]],
) -> list[tuple[str, RivalScore]]:
    """Return the best rival of each figure and horizon, means that hold the twin left out, with its place."""
    made = []
    for (figure, measure), by_horizon in figures.items():
        for horizon, score in by_horizon.items():
            rivals = {
                name: item
                for name, item in score.rival_scores.items()
                if item.difference is not None and not item.holds_twin
            }
            if rivals:
                name = min(rivals, key=lambda one: rivals[one].difference or 0.0)
                where = f"{figure.replace('_', '-')}{measure}, {horizon} months, {name}"
                made.append((where, rivals[name]))
    return made


def _behind(best: Sequence[tuple[str, RivalScore]]) -> list[str]:
    return [
        f"{where}: {rival.difference:+.2f} ({rival.difference_low:+.2f} to {rival.difference_high:+.2f})"
        for where, rival in best
        if rival.difference_high is not None and rival.difference_high < -MARGIN
    ]


def _by_origin(found: Sequence[Observed]) -> list[OriginRow]:
    bands: dict[tuple[dt.date, str, str, int], list[Observed]] = {}
    for item in found:
        if item.band != WHOLE:
            bands.setdefault((item.origin, item.figure, item.measure, item.horizon), []).append(item)
    made = []
    for item in found:
        if item.band != WHOLE:
            continue
        mine = bands.get((item.origin, item.figure, item.measure, item.horizon), [])
        made.append(
            OriginRow(
                item.origin, item.figure, item.measure, item.horizon, item.prior_only, item.actual,
                item.forecast, *item.quantiles, _accuracy(mine), _coverage(mine), dict(item.rivals),
            )
        )  # fmt: skip
    return made


def _by_band(found: Sequence[Observed]) -> list[BandRow]:
    groups: dict[tuple[str, str, int, int], list[Observed]] = {}
    for item in found:
        if item.years is not None and not item.prior_only:
            groups.setdefault((item.figure, item.measure, item.horizon, item.years), []).append(item)
    most = max((key[3] for key in groups), default=0)
    made = []
    for (figure, measure, horizon, years), mine in sorted(groups.items()):
        names = [name for name in mine[0].rivals if all(name in item.rivals for item in mine)]
        actual = np.array([item.actual for item in mine])
        made.append(
            BandRow(
                years=f"{years} or more" if years == most else str(years),
                figure=figure,
                measure=measure,
                horizon=horizon,
                observations=len(mine),
                actual=float(actual.sum()),
                forecast=float(sum(item.forecast for item in mine)),
                accuracy=_accuracy(mine),
                coverage90=_coverage(mine) or 0.0,
                rivals={
                    name: accuracy(np.array([item.rivals[name] for item in mine]), actual) for name in names
                },
            )
        )
    return made


def _accuracy(mine: Sequence[Observed]) -> float | None:
    return (
        accuracy(np.array([item.forecast for item in mine]), np.array([item.actual for item in mine]))
        if mine
        else None
    )


def _coverage(mine: Sequence[Observed]) -> float | None:
    if not mine:
        return None
    low, high = (np.array([item.quantiles[place] for item in mine]) for place in (0, 4))
    return float(inside(low, high, np.array([item.actual for item in mine])).mean())


def _row(item: Observed) -> ObservationRow:
    return ObservationRow(
        item.origin, item.band, item.figure, item.measure, item.horizon, item.prior_only, item.actual,
        item.forecast, *item.quantiles, item.crps, dict(item.rivals),
    )  # fmt: skip


def _verdicts(figures: Mapping[str, Mapping[str, BacktestScore]]) -> list[str]:
    """Return a sentence a figure and horizon: the rivals the twin beats, those it loses to, by how much."""
    made = []
    for figure, by_horizon in figures.items():
        for horizon, score in by_horizon.items():
            where = f"{figure.replace('_', '-')}, {horizon} months"
            if not score.observations:
                made.append(f"{where}: no closed window of an origin that knew enough.")
                continue
            rivals = [item.verdict for item in score.rival_scores.values() if not item.holds_twin]
            means = [item.verdict for item in score.rival_scores.values() if item.holds_twin]
            beside = f"; beside the means: {'; '.join(means)}" if means else ""
            made.append(f"{where}: {'; '.join(rivals)}{beside}.")
    return made
