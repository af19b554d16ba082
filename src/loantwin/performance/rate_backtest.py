"""Published loss rates forecast at every quarter's end, given the macro path that came, and scored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from loantwin import months
from loantwin.arrays import Floats
from loantwin.errors import InputError, ScenarioError, UsageError, expected
from loantwin.macro.covariates import Covariate, evaluate, standardise
from loantwin.macro.history import bridge, full_history, known_history, last_published, nowcast
from loantwin.macro.source import MacroSource
from loantwin.models.latent import LevelPrior
from loantwin.models.settings import FitSettings, MacroPrior
from loantwin.performance.bootstrap import block_length, ratio_interval
from loantwin.performance.rate_series import RIVALS, RateForecast, level_and_macro
from loantwin.performance.scoring import accuracy, bias, inside, interval_score, summarise


@dataclass(frozen=True)
class RateScore:
    """How one series' forecasts did, decimals a year; `_low`, `_high` : 90 % block-bootstrap interval.

    rivals : accuracy by name. rival_crps, rival_coverage90, rival_width90 : the rest. difference_* : the
    twin's accuracy less the rival's and its bootstrap interval.
    """

    accuracy: float | None
    bias: float | None
    error: float
    coverage50: float
    coverage90: float
    coverage90_low: float | None
    coverage90_high: float | None
    width90: float
    interval_score: float
    crps: float
    observations: int
    first_origin: dt.date
    last_origin: dt.date
    rivals: Mapping[str, float | None]
    rival_crps: Mapping[str, float]
    rival_coverage90: Mapping[str, float]
    rival_width90: Mapping[str, float]
    difference: Mapping[str, float | None]
    difference_low: Mapping[str, float | None]
    difference_high: Mapping[str, float | None]


@dataclass(frozen=True)
class RateOutcome:
    """One forecast of one series beside what came: the twin's and the rivals'; low, high : 5 and 95 %."""

    series: str
    origin: dt.date
    quarters: int
    actual: float
    twin: RateForecast
    rivals: Mapping[str, RateForecast]
    low: float
    high: float


def loss_rates(sources: Sequence[MacroSource]) -> dict[str, tuple[int, Floats]]:
    """Return each series' first quarter's month and values by quarter, NaN where none was published.

    Raises
    ------
    UsageError : no quarterly series whose name ends in charge_off_rate or delinquency_rate.
    """
    made: dict[str, tuple[int, Floats]] = {}
    for source in sources:
        table = source.history()
        if table is None or table.step != 3:
            continue
        for place, factor in enumerate(table.factors):
            if factor.endswith(("charge_off_rate", "delinquency_rate")):
                made[factor] = (table.first, table.values[:, place])
    if not made:
        raise UsageError(
            expected("a quarterly series of charge-off or delinquency rates", "none"), field="rates"
        )
    return made


def rates_ahead(
    name: str,
    first: int,
    values: Floats,
    sources: Sequence[MacroSource],
    start: dt.date,
    end: dt.date | None,
    wanted: Sequence[int],
) -> list[RateOutcome]:
    """Return the forecasts of one series at every quarter's end from `start` to `end` with 12 known quarters.

    Parameters
    ----------
    first : month in which the series' first quarter begins. values : (Q,) decimals a year, NaN outside it.
    wanted : quarters ahead; those whose outcome is not published yet are left out.

    Raises
    ------
    ScenarioError : a rate that is missing inside the series, or not above 0.
    """
    there = np.flatnonzero(np.isfinite(values))
    begin, stop = int(there[0]), int(there[-1])
    if not (values[begin : stop + 1] > 0).all():
        raise ScenarioError(expected("rates above 0 without gaps", "another"), field=name)
    actual = bridge(full_history(sources))
    effects, prior = effects_and_level(sources)
    found = []
    for last in range(begin, stop):
        # `last` is the last quarter published at an origin: the origin is the end of the next one
        origin = months.end_of(first + 3 * (last + 1) + 2)
        if origin < start or (end is not None and origin > end) or last + 1 - begin < 12:
            continue
        closed = [step for step in wanted if last + 1 + step <= stop]
        try:
            past, ahead = _covariates(effects, sources, actual, origin, first, begin, last, closed)
        except InputError:  # macro history does not reach as far, back or ahead
            continue
        logs = np.log(values[begin : last + 1])
        gaps = [1 + step for step in closed]
        if not gaps:
            continue
        twin = level_and_macro(logs, past, ahead, gaps, [effect.credit for effect in effects], prior)
        rivals = {rival: rule(logs, gaps) for rival, rule in RIVALS.items()}
        for place, step in enumerate(closed):
            one = twin.at(place)
            low, high = np.quantile(one.values()[:, 0], (0.05, 0.95))
            others = {rival: made.at(place) for rival, made in rivals.items()}
            found.append(
                RateOutcome(
                    name, origin, step, float(values[last + 1 + step]), one, others, float(low), float(high)
                )
            )
    return found


def effects_and_level(sources: Sequence[MacroSource]) -> tuple[tuple[MacroPrior, ...], LevelPrior]:
    """Return the covariates' effects and the level's prior; without macro files the level carries all."""
    settings = FitSettings()
    if sources:
        return settings.effects, LevelPrior()
    return (), LevelPrior().carrying([effect.credit for effect in settings.effects])


def _covariates(
    effects: Sequence[MacroPrior],
    sources: Sequence[MacroSource],
    actual: Any,
    origin: dt.date,
    first: int,
    begin: int,
    last: int,
    closed: Sequence[int],
) -> tuple[Floats, Floats]:
    """Return covariates of known quarters (n, F), as known at the origin, and ahead (H, F), as they came."""
    known = nowcast(known_history(sources, origin), origin)
    made: list[Covariate] = [
        standardise(effect.factor, effect.transform, known, effect.lag) for effect in effects
    ]
    past = evaluate(made, known, first + 3 * begin, first + 3 * last + 2)
    steps = [last + 1 + step for step in closed]
    ends = last_published(actual)
    reach = min((ends[item.factor] + item.lag for item in made), default=None)
    if steps and reach is not None and reach < first + 3 * steps[-1] + 2:
        raise ScenarioError(expected("macro history to the window's end", months.label(reach)))
    ahead = [
        evaluate(made, actual, first + 3 * step, first + 3 * step + 2, known).mean(axis=0) for step in steps
    ]
    return past.reshape(len(past) // 3, 3, len(made)).mean(axis=1), np.array(ahead).reshape(
        len(steps), len(made)
    )


def rate_score(points: Sequence[RateOutcome]) -> RateScore:
    """Return how forecasts of one series at one horizon did, beside the rivals on the same origins."""
    actual = np.array([item.actual for item in points])
    forecast = np.array([item.twin.expected[0] for item in points])
    shown = summarise(np.concatenate([item.twin.values() for item in points], axis=1), actual)
    low, quarter, _, upper, high = shown.quantiles
    block = block_length(3 * (points[0].quarters + 1), 3, len(points))
    within = inside(low, high, actual)
    between = ratio_interval(within.astype(float), np.ones(len(points)), block, seed=1)
    ours = accuracy(forecast, actual)
    rivals = {name: np.array([item.rivals[name].expected[0] for item in points]) for name in RIVALS}
    ranged = {
        name: summarise(np.concatenate([item.rivals[name].values() for item in points], axis=1), actual)
        for name in RIVALS
    }
    theirs = {name: accuracy(made, actual) for name, made in rivals.items()}
    gains = {
        name: ratio_interval(np.abs(made - actual) - np.abs(forecast - actual), actual, block, seed=1)
        for name, made in rivals.items()
    }
    return RateScore(
        accuracy=ours,
        bias=bias(forecast, actual),
        error=float(np.abs(forecast - actual).mean()),
        coverage50=float(inside(quarter, upper, actual).mean()),
        coverage90=float(within.mean()),
        coverage90_low=None if between is None else between[0],
        coverage90_high=None if between is None else between[1],
        width90=float((high - low).mean()),
        interval_score=float(interval_score(low, high, actual, 0.90).mean()),
        crps=float(shown.crps.mean()),
        observations=len(points),
        first_origin=points[0].origin,
        last_origin=points[-1].origin,
        rivals=theirs,
        rival_crps={name: float(made.crps.mean()) for name, made in ranged.items()},
        rival_coverage90={
            name: float(inside(made.quantiles[0], made.quantiles[4], actual).mean())
            for name, made in ranged.items()
        },
        rival_width90={
            name: float((made.quantiles[4] - made.quantiles[0]).mean()) for name, made in ranged.items()
        },
        difference={
            name: None if ours is None or value is None else ours - value for name, value in theirs.items()
        },
        difference_low={name: None if made is None else made[0] for name, made in gains.items()},
        difference_high={name: None if made is None else made[1] for name, made in gains.items()},
    )
