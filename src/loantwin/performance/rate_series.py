"""The twin's period effect on its own: a level plus macro, fitted to a quarterly series of loss rates.

The logarithm of a quarter's rate is baseline + macro . beta + level + noise of the quarter; the level is the
AR(1) of `models.latent`, with the same priors of persistence and sizes and the same priors of the macro
effects. All of it is Gaussian, so that fit and forecast are exact given persistence and sizes; those are
averaged over a grid about the values that maximise the marginal likelihood times their prior, by their
posterior probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtri

from loantwin.arrays import Floats
from loantwin.errors import ModelError, expected
from loantwin.models.latent import LevelPrior

BASELINE_SPREAD = 3.0
"""Prior standard deviation of the logarithm of the rate's level."""
LEAST_QUARTERS = 12
"""Fewer known quarters teach nothing of persistence."""
GRID = (-0.8, -0.4, 0.0, 0.4, 0.8)
"""Steps from the best logarithms of half-life and size at which the posterior is looked at."""
POINTS = 1_000
"""Equally likely values by which a predictive distribution is held."""


@dataclass(frozen=True)
class RateForecast:
    """A rate's forecast, K lognormals: mean, deviation (K, H) of the log; weight (K,), sums to 1."""

    mean: Floats
    deviation: Floats
    weight: Floats

    @property
    def expected(self) -> Floats:
        """Return the mean of the rate, (H,)."""
        return np.asarray(self.weight @ np.exp(self.mean + 0.5 * self.deviation**2))

    def values(self, points: int = POINTS) -> Floats:
        """Return equally likely rates, (P, H): of each part of the mixture as many as its weight is worth."""
        ends = np.round(points * np.cumsum(self.weight)).astype(np.int64)
        made = []
        for part, count in enumerate(np.diff(ends, prepend=0)):
            z = ndtri((np.arange(count) + 0.5) / max(count, 1))
            made.append(np.exp(self.mean[part][None] + z[:, None] * self.deviation[part][None]))
        return np.asarray(np.concatenate(made))

    def at(self, place: int) -> RateForecast:
        """Return the forecast of one of the quarters."""
        return RateForecast(
            self.mean[:, place : place + 1], self.deviation[:, place : place + 1], self.weight
        )


def lognormal(mean: Floats, deviation: Floats) -> RateForecast:
    """Return a forecast that is one lognormal: mean and standard deviation of the logarithm, (H,)."""
    return RateForecast(np.asarray(mean)[None], np.asarray(deviation)[None], np.ones(1))


def level_and_macro(
    logs: Floats,
    past: Floats,
    ahead: Floats,
    gaps: Sequence[int],
    effects: Sequence[tuple[float, float]],
    prior: LevelPrior,
) -> RateForecast:
    """Return the forecast of the twin's model.

    Parameters
    ----------
    logs : (n,) logarithms of the known quarters' rates, one after another. past : (n, F) covariates of those
        quarters.
    ahead : (H, F) covariates of the quarters asked for. gaps : quarters from the last known one to each of
        them.
    effects : prior (mean, standard deviation) of each covariate's effect. prior : of the level, months.

    Raises
    ------
    ModelError : fewer than 12 known quarters.
    """
    n = len(logs)
    if n < LEAST_QUARTERS:
        raise ModelError(expected(f"at least {LEAST_QUARTERS} known quarters", n), field="rates")
    quarter = np.concatenate([np.arange(n), n - 1 + np.asarray(gaps)])
    table = np.concatenate([past, ahead])
    beta = np.array([mean for mean, _ in effects])
    spread = np.diag([deviation**2 for _, deviation in effects])
    fixed = (
        BASELINE_SPREAD**2 + table @ spread @ table.T
        if len(effects)
        else np.full((len(table),) * 2, BASELINE_SPREAD**2)
    )
    centre = float((logs - past @ beta).mean())
    middle = table @ beta + centre
    rest = logs - middle[:n]
    means, deviations, weights = [], [], []
    for weight, half_life, deviation, noise in _borne(rest, fixed[:n, :n], quarter[:n], prior):
        whole = fixed + _level(quarter, half_life, deviation, noise)
        share = cho_solve(cho_factor(whole[:n, :n]), whole[:n, n:])
        variance = np.diag(whole)[n:] - np.einsum("nh,nh->h", whole[:n, n:], share)
        means.append(middle[n:] + share.T @ rest)
        deviations.append(np.sqrt(np.maximum(variance, 1e-12)))
        weights.append(weight)
    return RateForecast(np.array(means), np.array(deviations), np.array(weights))


def _level(quarter: Floats, half_life: float, deviation: float, noise: float) -> Floats:
    gap = 3.0 * np.abs(quarter[:, None] - quarter[None, :])
    return np.asarray(deviation**2 * 0.5 ** (gap / half_life) + (noise**2 + 1e-8) * np.eye(len(quarter)))


def _borne(
    rest: Floats, fixed: Floats, quarter: Floats, prior: LevelPrior
) -> list[tuple[float, float, float, float]]:
    """Return (weight, half-life in months, deviation, noise) of the processes that history bears."""
    from scipy.optimize import minimize

    # a month's noise is averaged over the three of a quarter
    middle = np.log([prior.half_life, prior.deviation, prior.noise / np.sqrt(3.0)])
    spread = np.array([prior.half_life_spread, prior.deviation_spread, prior.noise_spread])

    def cost(point: Floats) -> float:
        half_life, deviation, noise = np.exp(point)
        lower, _ = factor = cho_factor(fixed + _level(quarter, half_life, deviation, noise))
        fit = 0.5 * rest @ cho_solve(factor, rest) + np.log(np.diag(lower)).sum()
        return float(fit + 0.5 * (((point - middle) / spread) ** 2).sum())

    simplex = middle + np.concatenate([np.zeros((1, 3)), 0.5 * np.eye(3)])
    options = {"maxfev": 90, "initial_simplex": simplex, "xatol": 0.02, "fatol": 0.02}
    best = minimize(cost, middle, method="Nelder-Mead", options=options).x
    around = [best + np.array([a, b, 0.0]) for a in GRID for b in GRID]
    costs = np.array([cost(point) for point in around])
    weight = np.exp(costs.min() - costs)
    return [(share, *np.exp(point)) for share, point in zip(weight / weight.sum(), around, strict=True)]


# --- rivals
# -----------------------------------------------------------------------------------------------------------


def random_walk(logs: Floats, gaps: Sequence[int]) -> RateForecast:
    """Return the last known rate, its error that of the same step in the past."""
    return _held(logs, gaps, 1)


def last_years_mean(logs: Floats, gaps: Sequence[int]) -> RateForecast:
    """Return the mean log of the last four known quarters, its error that of the rule in the past."""
    return _held(logs, gaps, 4)


def _held(logs: Floats, gaps: Sequence[int], span: int) -> RateForecast:
    carried = np.convolve(
        logs, np.ones(span) / span, mode="valid"
    )  # carried[i] is known at quarter i + span - 1
    deviation = []
    for gap in gaps:
        past = logs[span - 1 + gap :] - carried[: len(logs) - span + 1 - gap]
        deviation.append(float(np.sqrt((past**2).mean())) if len(past) >= 4 else float(logs.std()))
    return lognormal(np.full(len(deviation), carried[-1]), np.maximum(np.array(deviation), 1e-6))


def autoregression(logs: Floats, gaps: Sequence[int]) -> RateForecast:
    """Return the forecast of a first-order autoregression of the log: least squares, normal steps."""
    before, after = logs[:-1], logs[1:]
    shift = before - before.mean()
    slope = float(np.clip((shift @ (after - after.mean())) / max(float(shift @ shift), 1e-12), 0.0, 0.999))
    constant = float(after.mean() - slope * before.mean())
    sigma = float(np.sqrt(((after - constant - slope * before) ** 2).sum() / max(len(after) - 2, 1)))
    gap = np.asarray(gaps, dtype=float)
    long_run = constant / (1.0 - slope)
    mean = long_run + slope**gap * (logs[-1] - long_run)
    return lognormal(mean, np.maximum(sigma * np.sqrt((1.0 - slope ** (2.0 * gap)) / (1.0 - slope**2)), 1e-6))


RIVALS = {"random walk": random_walk, "last year's mean": last_years_mean, "AR(1)": autoregression}
