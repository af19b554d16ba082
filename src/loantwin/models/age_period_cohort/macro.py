"""What macro explains of the period effect, what is left, and where the effect goes under a scenario.

    h(month) = trend + x[month - lag] . beta + v[month],   v[t] = u[t] + e[t],   u[t] = phi u[t-1] + sigma eps

beta has the priors of the fits (a ridge about stated beliefs), v is an autoregression with noise of single
months, and both are fitted in one piece with age, segments and vintages: generalised least squares in the
likelihood of counts, so that no estimated effect is taken for an observation (Bellotti and Crook 2009 put
macro into a discrete hazard in the same way, but without a level of its own).

The trend is what neither macro nor the autoregression accounts for. It is estimated, and in a forecast **held
at its value in the last month, never drawn on**: a drift of credit quality over the sample is no law. Which
part of the net drift is the period's trend depends on the rule, so that forecasts do too (Kuang, Nielsen and
Nielsen 2008: only an extrapolated one would not).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from loantwin.arrays import Floats, Integers
from loantwin.errors import ModelError, expected
from loantwin.models.additive import AdditiveFit
from loantwin.models.age_period_cohort.decomposition import (
    AgePeriodCohort,
    Process,
    components,
    layout_of,
    shared_blocks,
    slope_weights,
    split,
    tied,
)
from loantwin.models.age_period_cohort.fit import (
    BlockFit,
    CoefficientBlock,
    choose_process,
    fit_blocks,
    month_gaps,
    process_of,
    profile,
    solved,
)
from loantwin.models.counts import EventCounts, sums
from loantwin.models.latent import LatentProcess, Level, expected_level, level_of
from loantwin.models.regression import Prior
from loantwin.models.transitions import CREDIT, Segments, on_grid, rescaled


@dataclass(frozen=True)
class PeriodMacro:
    """The macro fit of a period effect over T months, and all that a forecast needs.

    whole : the decomposition of this fit, its period effect being trend + macro + rest.
    names : (F,) covariates. effects, deviations : (F,) log-odds by one standard deviation.
    month : (T, F) covariates. explained, rest : (T,) macro's part and what is left, departures from mean and
        trend.
    share_explained : 1 - variance of the rest / variance of the effect, both without trend, weighted by
        expected events; below 0 where macro points the wrong way.
    trend, trend_deviation : of the period effect beyond macro and autoregression, log-odds a year.
    held : what the effect is short of mean and trend when the trend is held at the last month.
    process, level : the autoregression. covariance : (1 + F + 1,) square, of `held`, effects and level at the
        last month.
    """

    whole: AgePeriodCohort
    names: tuple[str, ...]
    effects: Floats
    deviations: Floats
    month: Floats
    explained: Floats
    rest: Floats
    share_explained: float
    trend: float
    trend_deviation: float
    held: float
    process: LatentProcess
    level: Level
    last: Floats
    covariance: Floats


@dataclass(frozen=True)
class PeriodForecast:
    """The period effect over T months ahead. mean : (T,) log-odds, on the scale of `whole.period`.

    deviation : (T,) standard error of all that follows. macro, level, innovations : (T,) parts of it,
    standard errors of macro effects, of today's level and held trend, and of the autoregression's new moves.
    """

    mean: Floats
    deviation: Floats
    macro: Floats
    level: Floats
    innovations: Floats


def fit_period_macro(
    cells: EventCounts,
    segments: Segments,
    found: AgePeriodCohort,
    month: Floats,
    prior: Prior,
    names: tuple[str, ...],
) -> PeriodMacro:
    """Return the macro fit of a decomposition's period effect.

    Parameters
    ----------
    cells, segments : as given to `decompose`. found : what it returned.
    month : (T, F) covariates of the decomposition's months, lagged and standardised. prior : of their F
        effects.

    Raises
    ------
    ModelError : covariates of another shape.
    """
    settings = found.settings
    scaled = rescaled(on_grid(cells, settings.ages), found.effective)
    layout = layout_of(scaled, settings.vintage_months)
    if month.shape != (layout.periods, len(names)):
        raise ModelError(
            expected(f"covariates of shape ({layout.periods}, {len(names)})", month.shape), field="covariates"
        )
    spread = 1.0 / np.sqrt(np.diag(prior.precision))
    gaps = month_gaps(layout.periods)
    phi, deviation, noise = (
        choose_process(*profile(found.fit, "period"), gaps, settings.period, month, spread, prior.mean)
        if settings.choose
        else (found.processes[0].phi, found.processes[0].deviation, found.processes[0].noise)
    )
    shared = shared_blocks(scaled, segments, layout, settings, found.processes[1])
    precision = block_diag(prior.precision, np.linalg.inv(process_of(gaps, phi, deviation, noise)))
    period = CoefficientBlock(
        "period", scaled.month - layout.first, np.column_stack([month, np.eye(layout.periods)]),
        np.concatenate([prior.mean, np.zeros(layout.periods)]), precision,
    )  # fmt: skip
    blocks = [*shared, period]
    fit = fit_blocks(scaled, blocks, tied(blocks, layout, settings, ("vintage",)))
    whole = split(
        fit, scaled, layout, settings, found.support, (Process(phi, deviation, noise), found.processes[1])
    )
    F = len(names)
    at = fit.place("period").start
    additive = AdditiveFit(fit.coefficients, fit.hessian, 0.0, 0.0, (0, at, F, layout.periods), fit.rounds)
    level, last = level_of(additive, phi, deviation, noise, layout.first)
    rows = components(fit, scaled, layout, settings, found.support)
    covariance = _joint(fit, rows["held"][0], F, last, float(level.smoothed_variance[-1]))
    trend = rows["trend"] @ solved(fit.hessian, rows["trend"].T)
    weight = sums(scaled.month - layout.first, scaled.trials * fit.fitted, layout.periods)
    explained, rest = (
        departures(part, weight) for part in (month @ fit.part("period")[:F], fit.part("period")[F:])
    )
    total = float(weight @ departures(explained + rest, weight) ** 2)
    sigma = deviation * float(np.sqrt(1.0 - phi**2))
    return PeriodMacro(
        whole=whole,
        names=names,
        effects=fit.part("period")[:F],
        deviations=np.sqrt(np.maximum(np.diag(covariance)[1:-1], 0.0)),
        month=month,
        explained=explained,
        rest=rest,
        share_explained=1.0 - float(weight @ rest**2) / total if total > 0 else 0.0,
        trend=float(rows["trend"][0] @ fit.coefficients),
        trend_deviation=float(np.sqrt(max(trend[0, 0], 0.0))),
        held=float(rows["held"][0] @ fit.coefficients),
        process=LatentProcess(
            CREDIT,
            phi,
            sigma,
            noise,
            float(level.smoothed[-1]),
            float(level.smoothed_variance[-1]),
            layout.periods,
        ),
        level=level,
        last=last,
        covariance=covariance,
    )


def _joint(fit: BlockFit, first: Floats, factors: int, last: Floats, variance: float) -> Floats:
    """Return the covariance of one direction, macro effects and last month's level, (1 + F + 1) square."""
    place = fit.place("period")
    rows = np.zeros((factors + 2, len(fit.coefficients)))
    rows[0] = first
    rows[1:-1, place.start : place.start + factors] = np.eye(factors)
    rows[-1, place.start + factors : place.stop] = last
    made = rows @ solved(fit.hessian, rows.T)
    made[-1, -1] = variance  # v's share, and what v cannot tell of the level
    return np.asarray((made + made.T) / 2.0)


def departures(values: Floats, weight: Floats) -> Floats:
    """Return values (T,) less their weighted mean and straight line."""
    at = np.arange(len(values), dtype=float)
    slope = float(slope_weights(at, weight) @ values)
    centre = float(np.average(at, weights=weight))
    return np.asarray(values - np.average(values, weights=weight) - slope * (at - centre) / 12.0)


def forecast_period(found: PeriodMacro, covariates: Floats) -> PeriodForecast:
    """Return the period effect after the last month, given covariates (T, F): trend held, level fading.

    Raises
    ------
    ModelError : covariates of another number of factors.
    """
    if covariates.ndim != 2 or covariates.shape[1] != len(found.names):
        raise ModelError(
            expected(f"covariates of {len(found.names)} factors", covariates.shape), field="covariates"
        )
    T, process = len(covariates), found.process
    mean, whole = expected_level(process, T)
    fade = process.phi ** np.arange(1, T + 1)
    weight = np.column_stack([np.ones(T), covariates, fade])
    estimated = ((weight @ found.covariance) * weight).sum(axis=1)
    macro = ((covariates @ found.covariance[1:-1, 1:-1]) * covariates).sum(axis=1)
    ends = np.column_stack([np.ones(T), fade])
    level = ((ends @ found.covariance[np.ix_([0, -1], [0, -1])]) * ends).sum(axis=1)
    fresh = np.maximum(whole - fade**2 * process.variance, 0.0)
    return PeriodForecast(
        mean=found.held + covariates @ found.effects + mean,
        deviation=np.sqrt(np.maximum(estimated + fresh, 0.0)),
        macro=np.sqrt(np.maximum(macro, 0.0)),
        level=np.sqrt(np.maximum(level, 0.0)),
        innovations=np.sqrt(fresh),
    )


def book_covariance(
    found: PeriodMacro, cells: EventCounts, book: tuple[Integers, Integers, Integers, Floats]
) -> Floats:
    """Return the covariance of a book's mean log-odds, macro effects and today's level, (1 + F + 1) square.

    Parameters
    ----------
    cells : as given to `fit_period_macro`. book : segment, age, month of origination and weight of its loans,
        (B,) each.
    """
    settings, fit = found.whole.settings, found.whole.fit
    scaled = rescaled(on_grid(cells, settings.ages), found.whole.effective)
    layout = layout_of(scaled, settings.vintage_months)
    rows = components(fit, scaled, layout, settings, found.whole.support)
    segment, age, origin, weight = book
    share = weight / weight.sum()
    low, high = found.whole.support
    band = np.clip((origin - layout.first_vintage) // layout.width, 0, layout.bands - 1)
    mean = (
        share @ rows["age"][np.clip(age, low, high) - low]
        + share @ rows["segment"][segment]
        + share @ rows["vintage"][band]
    )
    return _joint(fit, mean + rows["held"][0], len(found.names), found.last, found.process.variance)
