"""From a model to the month multipliers the engine reads: expected ones, and draws that own every uncertainty.

For edge r in month t the multiplier is exp(d_r + x_t . (beta_r + b_r) + loading_r . v_t): d and b are errors of estimation,
v the latent levels, which start from an uncertain level and take new innovations every month. All of it is Gaussian on
the scale of log-odds, so the expected multiplier is exp(mode + half the variance). Half the variance of today's log-odds is
taken off throughout: counts estimate today's rate without bias, not its logarithm; what is added is only the variance
by which the future may move away from today.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loantwin.engine.rows import shocks
from loantwin.errors import ModelError, expected
from loantwin.models.fitted import FittedModel
from loantwin.models.latent import expected_level, simulate_level

Floats = NDArray[np.float64]


def mean_shocks(model: FittedModel, covariates: Floats) -> Floats:
    """Return the expected multipliers of the edges' odds, (T, R) or (K, T, R), given macro covariates (T, F) or (K, T, F).

    The latent levels decay from where they stand at the as-of month; see the module for the half variances.
    """
    _check(model, covariates)
    T, L = covariates.shape[-2], len(model.processes)
    mean, fresh = np.zeros((T, L)), np.zeros((T, L))
    fade = np.ones((T, L))
    for place, process in enumerate(model.processes):
        mean[:, place], whole = expected_level(process, T)
        fade[:, place] = process.phi ** np.arange(1, T + 1)
        fresh[:, place] = whole - fade[:, place] ** 2 * process.variance
    plain = shocks(model.parameters, covariates, np.broadcast_to(mean, (*covariates.shape[:-1], L)))
    loading = model.parameters.loading
    spread = _variance(model, covariates, fade) + fresh @ (loading**2).T - _variance_today(model)
    return np.asarray(plain * np.exp(0.5 * spread))


def draw_shocks(
    model: FittedModel, covariates: Floats, seed: int, *, paths: int | None = None, parameters: bool = True, latent: bool = True
) -> Floats:
    """Return drawn multipliers of the edges' odds, (P, T, R).

    Parameters
    ----------
    covariates : (P, T, F) macro covariates of each path, or (T, F) for all `paths`.
    seed : of the draws; the same seed gives the same draws.
    parameters : draw the errors of estimation, the latent level at the as-of month among them; without, their
        contribution to the mean is kept.
    latent : draw the innovations of the latent levels; without, their contribution to the mean is kept.
    """
    _check(model, covariates)
    if covariates.ndim == 2:
        if paths is None:
            raise ModelError(expected("a number of paths with one macro path", "none"), field="paths")
        covariates = np.broadcast_to(covariates, (paths, *covariates.shape))
    P, T, F = covariates.shape
    R, L = len(model.parameters.origin), len(model.processes)
    random = np.random.Generator(np.random.Philox(key=seed))
    drawn = random.standard_normal((P, len(model.covariance))) @ _root(model.covariance).T
    path, fade, fresh = np.zeros((P, T, L)), np.ones((T, L)), np.zeros((T, L))
    for place, process in enumerate(model.processes):
        fade[:, place] = process.phi ** np.arange(1, T + 1)
        start = process.mean + drawn[:, R + R * F + place] * parameters
        if latent:
            path[:, :, place] = simulate_level(process, start, T, random)
        else:
            path[:, :, place] = start[:, None] * fade[:, place]
            fresh[:, place] = expected_level(process, T)[1] - fade[:, place] ** 2 * process.variance
    loading = model.parameters.loading
    exponent = 0.5 * (fresh @ (loading**2).T - _variance_today(model))[None]
    if parameters:
        slope = drawn[:, R : R + R * F].reshape(P, R, F)
        exponent = exponent + drawn[:, None, :R] + np.einsum("ptf,prf->ptr", covariates, slope)
    else:
        exponent = exponent + 0.5 * _variance(model, covariates, fade)
    return np.asarray(shocks(model.parameters, covariates, path) * np.exp(exponent))


def _variance(model: FittedModel, covariates: Floats, fade: Floats) -> Floats:
    """Return the variance (..., T, R) that errors of estimation give the log-odds; `fade` (T, L) is what is left of the levels."""
    R, F, L = len(model.parameters.origin), len(model.parameters.factors), len(model.processes)
    made = np.zeros((*covariates.shape[:-1], R))
    for edge in range(R):
        index = np.array([edge, *range(R + edge * F, R + (edge + 1) * F), *range(R + R * F, R + R * F + L)])
        own = model.covariance[np.ix_(index, index)]
        left = np.broadcast_to(fade * model.parameters.loading[edge], (*covariates.shape[:-1], L))
        weight = np.concatenate([np.ones((*covariates.shape[:-1], 1)), covariates, left], axis=-1)
        made[..., edge] = ((weight @ own) * weight).sum(axis=-1)
    return made


def _variance_today(model: FittedModel) -> Floats:
    """Return the variance (R,) of today's log-odds on today's book."""
    return np.asarray(_variance(model, model.today[None, :], np.ones((1, len(model.processes))))[0])


def _root(covariance: Floats) -> Floats:
    """Return a square root of a covariance that may be singular (assumed edges have no error)."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _check(model: FittedModel, covariates: Floats) -> None:
    width = len(model.parameters.factors)
    if covariates.ndim not in (2, 3) or covariates.shape[-1] != width:
        raise ModelError(expected(f"covariates of {width} factors", covariates.shape), field="covariates")
    if not np.isfinite(covariates).all():
        raise ModelError(expected("finite covariates", "NaN or infinity"), field="covariates")
