"""Lags of macro covariates chosen out of sample: by what they foretold year after year, never by hindsight.

One count a month (events against those that ages and segments alone expect) is fitted on an expanding window
with the same priors as the model; each window foretells the number of events of the following twelve months,
as a negative binomial whose spread is that of the level. The lags with the highest sum of log scores win;
covariates are tried one by one. Everything lies before the as-of date. Source: predictive log scores,
Gneiting and Raftery, J. American Statistical Association 102 (2007).

`evident_lag` is for histories that leave no doubt: one lag for all covariates, and only where its Bayes
factor against the one that was settled beforehand is strong. Source: Kass and Raftery, J. American
Statistical Association 90 (1995), section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.special import gammaln

from loantwin.arrays import Floats
from loantwin.models.additive import fit_additive
from loantwin.models.counts import EventCounts, sums
from loantwin.models.latent import LevelPrior, choose_process, level_design, process_covariance
from loantwin.models.regression import independent_prior
from loantwin.models.settings import MacroPrior

LAGS = (0, 3, 6, 12)
"""Candidates, months."""
COMMON_LAGS = (0, 1, 2, 3, 6, 12)
"""Candidates of one lag for all covariates, months."""
LEAST_MONTHS = 60
"""Months of history before the first year that is foretold."""
AGE_BAND = 12

Values = Callable[[tuple[MacroPrior, ...]], Floats | None]
"""Covariates (T, F) of some effects over the months of the counts, None where history does not hold them."""


def choose_lags(cells: EventCounts, first: int, months: int, effects: tuple[MacroPrior, ...], values: Values,
    prior: LevelPrior) -> tuple[
    tuple[MacroPrior, ...], dict[str, float]
]:  # fmt: skip
    """Return the effects with the lags that foretold best, and the log score of each set that was tried.

    Parameters
    ----------
    cells : of the credit edge, in effective numbers; months from `first` on, `months` of them.
    effects : with the lags to begin from; kept as they are where history is too short to foretell a year.
    """
    events, expected = monthly_counts(cells, first, months)
    scores: dict[str, float] = {}

    def score(candidate: tuple[MacroPrior, ...]) -> float:
        name = ", ".join(effect.name for effect in candidate)
        if name not in scores:
            covariates = values(candidate)
            scores[name] = (
                -np.inf
                if covariates is None
                else predictive_score(events, expected, covariates, candidate, prior)
            )
        return scores[name]

    best = effects
    if months < LEAST_MONTHS + 12 or not np.isfinite(score(best)):
        return effects, {}
    for place in range(len(effects)):
        tried = [(*best[:place], replace(best[place], lag=lag), *best[place + 1 :]) for lag in LAGS]
        best = max([best, *tried], key=score)
    return best, {name: value for name, value in scores.items() if np.isfinite(value)}


def evident_lag(
    cells: EventCounts,
    first: int,
    months: int,
    effects: tuple[MacroPrior, ...],
    values: Values,
    prior: LevelPrior,
    least: float,
) -> tuple[tuple[MacroPrior, ...], dict[int, float]]:
    """Return the effects with the common lag that history demands, and log Bayes factors against `effects`.

    The level's persistence, size and noise are chosen once, with the lags of `effects`, which favours those
    lags.

    Parameters
    ----------
    cells, first, months, effects, values, prior : as in `choose_lags`.
    least : log Bayes factor that another lag must exceed; below it `effects` come back as they are.
    """
    events, expected = monthly_counts(cells, first, months)
    there = np.flatnonzero(expected > 0)
    zero = np.zeros(len(there), dtype=np.int64)
    series = EventCounts(zero, zero, there, expected[there], events[there])
    belief = independent_prior(
        np.array([one.credit[0] for one in effects]), np.array([one.credit[1] for one in effects])
    )
    settled = values(effects)
    if settled is None or not effects:
        return effects, {}
    design = level_design(0, settled, belief, 0.0, 1.0)
    phi, deviation, noise = choose_process(series, design, prior, budget=40)
    level = process_covariance(months, phi, deviation, noise)
    base = fit_additive(series, design, level, "poisson").log_marginal
    found: dict[int, float] = {}
    for lag in COMMON_LAGS:
        covariates = values(tuple(replace(one, lag=lag) for one in effects))
        if covariates is not None:
            found[lag] = (
                fit_additive(series, replace(design, month=covariates), level, "poisson").log_marginal - base
            )
    best = max(found, key=lambda lag: found[lag], default=None)
    if best is None or found[best] <= least:
        return effects, found
    return tuple(replace(one, lag=best) for one in effects), found


def monthly_counts(cells: EventCounts, first: int, months: int) -> tuple[Floats, Floats]:
    """Return events by month, and those that the rates of age bands and segments alone expect, (T,) each."""
    band = cells.age // AGE_BAND
    size, groups = int(band.max()) + 1, int(cells.segment.max()) + 1
    rate = (sums(band, cells.events, size) + 0.5) / (sums(band, cells.trials, size) + 0.5 / 0.005)
    plain = cells.trials * rate[band]
    ratio = (sums(cells.segment, cells.events, groups) + 2.0) / (sums(cells.segment, plain, groups) + 2.0)
    month = cells.month - first
    return sums(month, cells.events, months), sums(month, plain * ratio[cells.segment], months)


def predictive_score(
    events: Floats, expected: Floats, covariates: Floats, effects: tuple[MacroPrior, ...], prior: LevelPrior
) -> float:
    """Return the summed log probability of each year's events, foretold from the months before it."""
    months = len(events)
    belief = independent_prior(
        np.array([one.credit[0] for one in effects]), np.array([one.credit[1] for one in effects])
    )
    phi = 0.5 ** (1.0 / prior.half_life)
    total = 0.0
    for end in range(months - 12 * ((months - LEAST_MONTHS) // 12), months, 12):
        there = np.flatnonzero(expected[:end] > 0)
        zero = np.zeros(len(there), dtype=np.int64)
        cells = EventCounts(zero, zero, there, expected[there], events[there])
        design = level_design(0, covariates[:end], belief, 0.0, 1.0)
        fit = fit_additive(
            cells, design, process_covariance(end, phi, prior.deviation, prior.noise), "poisson"
        )
        ahead = np.arange(1, 13)
        fade = phi**ahead
        # the level of the last months, less their own noise, fades; its error and what is new make the spread
        recent = fit.part("level")[-3:].mean()
        eta = fit.part("age")[0] + covariates[end : end + 12] @ fit.part("month") + fade * recent
        spread = float(np.mean(prior.deviation**2 * (1.0 - fade**2))) + prior.noise**2 / 12.0
        mean = max(float(expected[end : end + 12] @ np.exp(eta)), 1e-6)
        total += _negative_binomial(float(events[end : end + 12].sum()), mean, spread)
    return total


def _negative_binomial(count: float, mean: float, variance: float) -> float:
    """Return a count's log probability at this mean, of squared variation `variance` beyond Poisson."""
    size = 1.0 / variance
    return float(
        gammaln(count + size) - gammaln(size) - gammaln(count + 1.0)
        + size * np.log(size / (size + mean)) + count * np.log(mean / (size + mean))
    )  # fmt: skip
