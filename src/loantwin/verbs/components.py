"""`components`: age, period and vintage effects on default, what macro explains, where the period goes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from loantwin import months as calendar
from loantwin.errors import UsageError, choice, expected
from loantwin.models.age_period_cohort.decomposition import (
    RULES,
    AgePeriodCohort,
    ApcSettings,
    label_of,
    sizes,
)
from loantwin.models.age_period_cohort.macro import PeriodForecast, forecast_period
from loantwin.models.age_period_cohort.model import ApcModel
from loantwin.models.diagnostics import Z90
from loantwin.outlook.age_period_cohort import apc_model, expected_defaults
from loantwin.outlook.outlook import Economy, GivenScenario, Histories, Outlook, Scenarios, read_scenarios
from loantwin.risk.facts import standing
from loantwin.twin import Twin, opened
from loantwin.types import ModelResult, Progress, silent

HORIZON = 36
STEADY = "macro at its mean"
"""Name of the economy where no scenario is given: every covariate at its mean in history."""


@dataclass(frozen=True)
class ComponentEffect:
    """An estimate with its standard error and 90 % interval, log-odds unless said."""

    value: float
    standard_error: float
    low: float
    high: float


@dataclass(frozen=True)
class AgeEffect:
    """The age effect. probability, low, high : of default a month, decimals, all else at its average."""

    age: int
    log_odds: ComponentEffect
    probability: float
    low: float
    high: float
    expected_events: float


@dataclass(frozen=True)
class PeriodEffect:
    """A month's period effect. fitted : trend and macro part by the macro fit; rest is what is left."""

    month: str
    log_odds: ComponentEffect
    trend: float
    fitted: float
    expected_events: float


@dataclass(frozen=True)
class VintageEffect:
    """The effect of loans made in one band of months; negative is better than the average vintage."""

    vintage: str
    log_odds: ComponentEffect
    expected_events: float


@dataclass(frozen=True)
class MacroFit:
    """What macro explains of the period effect.

    effects : covariate -> log-odds by one standard deviation. share_explained : of the variance about the
    trend. trend : log-odds a year beyond macro and autoregression, held at the last month in forecasts.
        half_life_months, deviation,
    noise : of what is left. level : where it stands now.
    """

    effects: Mapping[str, ComponentEffect]
    share_explained: float
    trend: ComponentEffect
    half_life_months: float
    deviation: float
    noise: float
    level: ComponentEffect


@dataclass(frozen=True)
class PeriodAhead:
    """The period effect under a scenario, log-odds: mean, 90 % interval, its last month's error in parts.

    defaults : expected number on the book within the months, first defaults or charge-offs.
    """

    months: tuple[str, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    standard_error_parts: Mapping[str, float]
    defaults: float


@dataclass(frozen=True)
class ComponentsResult(ModelResult):
    """The age-period-cohort decomposition of a lender's defaults.

    event : what counts as default. rule : how the net drift (log-odds a year) is split between period and
        vintage.
    sizes : standard deviation of each effect over expected events, log-odds. forecasts : scenario -> period
        effect ahead.
    defaults_by_rule : rule -> expected defaults on the book under the first scenario: what the convention is
        worth.
    """

    SCHEMA = "loantwin.components/1"

    as_of: dt.date
    event: str
    events: float
    effective_events: float
    loan_months: float
    rule: str
    drift: ComponentEffect
    sizes: Mapping[str, float]
    age: tuple[AgeEffect, ...]
    period: tuple[PeriodEffect, ...]
    vintage: tuple[VintageEffect, ...]
    segments: Mapping[str, ComponentEffect]
    macro: MacroFit
    forecasts: Mapping[str, PeriodAhead]
    defaults_by_rule: Mapping[str, float]
    notes: tuple[str, ...] = ()
    not_observable: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)


def components(
    twin: Twin | Path | str,
    *,
    rule: str = "vintage",
    vintage_months: int = 3,
    scenarios: Scenarios = (),
    align: str | None = None,
    history: Histories = (),
    months: int | None = None,
    progress: Progress = silent,
) -> ComponentsResult:
    """Return the age, period and vintage effects of a fitted twin's own history.

    Parameters
    ----------
    rule : vintage (no trend in the vintage effect), period (none in the period effect) or shared.
    vintage_months : months of origination that share a vintage effect.
    scenarios : FILE[#NAME] for which the period effect is carried on; none: macro at its mean.
    align : "start" re-dates them, measured against `history` where their own file has no row before
        them. months : horizon, default 36, at most what the scenarios cover.

    Raises
    ------
    ModelError : a history that cannot be taken apart: none, no default, fewer than 12 months or 2 vintages.
    UsageError : an unknown rule, a horizon of less than a month, or scenarios that end before the as-of date.
    """
    rule = choice(rule, RULES, "rule")
    if months is not None and months < 1:
        raise UsageError(expected("a horizon of at least 1 month", months), field="months")
    with opened(twin) as twin:
        outlook = Outlook(twin)
        settings = ApcSettings(rule=rule, vintage_months=vintage_months)
        economies = _economies(outlook, read_scenarios(twin, scenarios, align, history), months)
        progress(0.1, "taking defaults apart")
        made = {
            name: apc_model(outlook, replace(settings, rule=name))
            for name in (rule, *(other for other in RULES if other != rule))
        }
        progress(0.7, "carrying the period effect on")
        first = economies[0]
        by_rule = {name: expected_defaults(outlook, made[name], first) for name in RULES}
        ahead = {str(item.name): _ahead(outlook, made[rule], item) for item in economies}
        gaps = standing(
            outlook.book.loans, twin.mapping.observes, assumed=tuple(outlook.book.assumed)
        ).not_observable
        notes = (*_notes(made[rule]), *outlook.notes, *(note for item in economies for note in item.notes))
        return _result(twin.as_of, made[rule], ahead, by_rule, notes, gaps, twin.provenance())


def _economies(outlook: Outlook, given: Sequence[GivenScenario], horizon: int | None) -> list[Economy]:
    if not given:
        size = HORIZON if horizon is None else horizon
        return [Economy(STEADY, np.zeros((1, size, len(outlook.twin.model.covariates))), None)]
    longest = min(item.scenario.last for item in given) - outlook.month0
    size = min(HORIZON, longest) if horizon is None else horizon
    if size < 1:
        raise UsageError(
            expected(
                "scenarios that reach beyond the as-of date (or `align` start)", "one that ends before it"
            ),
            field="scenarios",
        )
    return [replace(outlook.given(item.scenario, size, item.notes), name=item.name) for item in given]


def _ahead(outlook: Outlook, made: ApcModel, economy: Economy) -> PeriodAhead:
    found: PeriodForecast = forecast_period(made.macro, economy.covariates[0])
    months = tuple(calendar.label(outlook.month0 + t) for t in range(1, len(found.mean) + 1))
    parts = {
        "macro effects": found.macro[-1],
        "level today and trend": found.level[-1],
        "new moves": found.innovations[-1],
    }
    return PeriodAhead(
        months,
        tuple(found.mean.tolist()),
        tuple((found.mean - Z90 * found.deviation).tolist()),
        tuple((found.mean + Z90 * found.deviation).tolist()),
        {name: float(value) for name, value in parts.items()},
        expected_defaults(outlook, made, economy),
    )


def _notes(made: ApcModel) -> tuple[str, ...]:
    found, macro = made.found, made.macro
    words = {
        "vintage": "the vintage effect has no trend, all of it is in the period effect",
        "period": "the period effect has no trend, all of it is in the vintage effect",
        "shared": "half of the trend is in the period effect, half in the vintage effect",
    }[found.rule]
    notes = [
        f"the data tell the net drift ({found.drift:+.2f} log-odds a year), not whose it is: by the rule "
        f"{found.rule}, {words}",
        f"the trend of the period effect beyond macro ({macro.trend:+.2f} a year) is held at the last "
        "month, not drawn on",
    ]
    if macro.names and macro.share_explained < 0.1:
        notes.append(
            "macro explains next to nothing of the period effect here: scenarios act by the priors of its "
            "effects"
        )
    thin = [
        label_of(found, int(month))
        for month, weight in zip(found.vintage.at, found.vintage.weight, strict=True)
        if weight < 5
    ]
    if thin:
        notes.append(
            f"{len(thin)} of {len(found.vintage.at)} vintages have fewer than 5 expected defaults and lean "
            "on their neighbours"
        )
    return tuple(notes)


def effect(value: float, deviation: float) -> ComponentEffect:
    """Return an estimate with its 90 % interval."""
    value, deviation = float(value), float(deviation)
    return ComponentEffect(value, deviation, value - Z90 * deviation, value + Z90 * deviation)


def _result(
    as_of: dt.date, made: ApcModel, ahead: Mapping[str, PeriodAhead], by_rule: Mapping[str, float],
    notes: tuple[str, ...], gaps: tuple[str, ...], provenance: Mapping[str, Any],
) -> ComponentsResult:  # fmt: skip
    found, macro = made.found, made.macro
    process = macro.process
    effects = zip(macro.names, macro.effects, macro.deviations, strict=True)
    return ComponentsResult(
        as_of=as_of,
        event=made.model.default_name,
        events=found.events,
        effective_events=found.events * found.effective,
        loan_months=found.trials,
        rule=found.rule,
        drift=effect(found.drift, found.drift_deviation),
        sizes=sizes(found),
        age=_ages(found),
        period=_periods(made),
        vintage=tuple(
            VintageEffect(label_of(found, int(month)), effect(value, deviation), float(weight))
            for month, value, deviation, weight in _rows(found, "vintage")
        ),
        segments={
            name: effect(value, deviation)
            for name, value, deviation in zip(
                made.segments, found.segments, found.segment_deviation, strict=True
            )
        },
        macro=MacroFit(
            effects={name: effect(value, deviation) for name, value, deviation in effects},
            share_explained=macro.share_explained,
            trend=effect(macro.trend, macro.trend_deviation),
            half_life_months=process.half_life,
            deviation=float(np.sqrt(process.long_run_variance)),
            noise=process.noise,
            level=effect(process.mean, float(np.sqrt(process.variance))),
        ),
        forecasts=ahead,
        defaults_by_rule=by_rule,
        notes=notes,
        not_observable=gaps,
        provenance=provenance,
    )


def _rows(found: AgePeriodCohort, name: str) -> Any:
    part = getattr(found, name)
    return zip(part.at, part.value, part.deviation, part.weight, strict=True)


def _ages(found: AgePeriodCohort) -> tuple[AgeEffect, ...]:
    made = []
    for age, value, deviation, weight in _rows(found, "age"):
        own = effect(value, deviation)
        chance, low, high = (float(expit(x)) for x in (own.value, own.low, own.high))
        made.append(AgeEffect(int(age), own, chance, low, high, float(weight)))
    return tuple(made)


def _periods(made: ApcModel) -> tuple[PeriodEffect, ...]:
    """Return the months with the line the macro fit draws: its own trend, then macro's departures from it."""
    found, macro = made.found, made.macro
    centre = float(np.average(found.period.at, weights=found.period.weight))
    trend = found.period.slope * (found.period.at - centre) / 12.0
    rows = zip(_rows(found, "period"), trend, macro.explained, strict=True)
    return tuple(
        PeriodEffect(
            calendar.label(int(month)),
            effect(value, deviation),
            float(line),
            float(line + part),
            float(weight),
        )
        for (month, value, deviation, weight), line, part in rows
    )
