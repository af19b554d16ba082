"""Expected loss's derivative by every parameter, what errors of estimation are worth, and calibration.

The standard error of a loss is the delta method's: gradient x covariance of the coefficients x gradient
(Oehlert 1992), with the joint errors the fit stored. It holds errors of estimation alone, at the macro path
given: no new moves of the period effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.exposed import ExposureGrid
from loantwin.engine.gradients import (
    Gradient,
    MonthPart,
    Theta,
    defaults_misfit,
    expected_defaults,
    loss_gradient,
    theta_of,
)
from loantwin.engine.rows import TransitionParameters
from loantwin.errors import ModelError, expected
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import macro_share
from loantwin.models.latent import expected_level
from loantwin.models.relevel import log_factors
from loantwin.models.spline import basis_values

CALIBRATED = ("level", "segment", "macro")
"""Kinds of parameters that `calibrate` may move."""


@dataclass(frozen=True)
class ErrorOfLoss:
    """Standard error of an expected loss, currency. transitions : of the coefficients of all edges.
    severity : of loss given
    default. whole : of both, taken as independent."""

    whole: float
    transitions: float
    severity: float


@dataclass(frozen=True)
class Calibration:
    """Parameters moved so that expected defaults meet a target. moved : kind -> change, in parameter arrays.

    before, after : weighted root mean square of expected less wanted defaults. rounds : evaluations.
    """

    parameters: TransitionParameters
    moved: Mapping[str, Floats]
    before: float
    after: float
    rounds: int


def month_part(model: FittedModel, months: int, path: Floats) -> MonthPart:
    """Return what `forecasting.mean_shocks` adds to the parameters, over T months of covariates (T, F)."""
    R, F, L = len(model.parameters.origin), len(model.parameters.factors), len(model.processes)
    fade, fresh = np.ones((months, L)), np.zeros((months, L))
    for place, process in enumerate(model.processes):
        whole = expected_level(process, months)[1]
        fade[:, place] = process.phi ** np.arange(1, months + 1)
        fresh[:, place] = whole - fade[:, place] ** 2 * process.variance
    own = np.empty((R, 1 + F + L, 1 + F + L))
    for edge in range(R):
        index = np.array([edge, *range(R + edge * F, R + (edge + 1) * F), *range(R + R * F, R + R * F + L)])
        own[edge] = model.covariance[np.ix_(index, index)]
    moved = log_factors(model.relevel, model.parameters, months)
    return MonthPart(fade, fresh, own, model.today, moved, macro_share(model, path))


def model_theta(model: FittedModel, path: Floats) -> Theta:
    """Return a model's parameters under a path of covariates (T, F)."""
    level = np.array([process.mean for process in model.processes])
    return theta_of(model.parameters, model.lgd, level, path)


def model_gradient(model: FittedModel, grid: ExposureGrid, path: Floats, repeat: int = 1) -> Gradient:
    """Return the expected loss of a book on a path of covariates (T, F), and its derivatives."""
    return loss_gradient(
        model.parameters, grid, month_part(model, grid.months, path), model_theta(model, path), repeat
    )


def error_of_loss(model: FittedModel, by: Theta) -> ErrorOfLoss:
    """Return the standard error that errors of estimation give a loss with these derivatives.

    A model without joint errors (of another kind than the fit's) falls back to the errors on today's book.
    """
    severity = severity_error(model, by)
    variance = _variance_of_book(model, by) if model.errors is None else _variance_of_coefficients(model, by)
    transitions = float(np.sqrt(max(variance, 0.0)))
    return ErrorOfLoss(float(np.hypot(transitions, severity)), transitions, severity)


def severity_error(model: FittedModel, by: Theta) -> float:
    """Return the standard error from loss given default: the book's, in proportion by segment and age."""
    record = model.diagnostics.get("severity", {})
    total = 0.0
    for name in ("charged_off", "recovered"):
        known = record.get(name)
        if known and abs(known["value"]) > 0:
            total += (
                float((by[name] * getattr(model.lgd, name)).sum()) * known["standard_error"] / known["value"]
            ) ** 2
    return float(np.sqrt(total))


def coefficient_gradient(model: FittedModel, edge: int, by: Theta) -> Floats:
    """Return the derivative by an edge's coefficients (n,), in the order of `uncertainty.EdgeErrors`."""
    assert model.errors is not None  # callers asked
    error = model.errors.edges[edge]
    if error is None:
        return np.zeros(0)
    ages = basis_values(error.knots, by["age"].shape[1])
    loading = model.parameters.loading[edge]
    place = int(np.argmax(np.abs(loading))) if loading.any() else 0
    alone = loading.any() and model.errors.shared[place] is None
    return np.concatenate(
        [
            by["age"][edge] @ ages,
            by["segment"][edge] @ model.errors.segment,
            by["macro"][edge],
            [by["loading"][edge, place] if len(loading) else 0.0, by["latent"][place] if alone else 0.0],
        ]
    )


def _variance_of_coefficients(model: FittedModel, by: Theta) -> float:
    """Return the variance of all edges' own errors, and of those that edges share by a common level."""
    assert model.errors is not None  # the caller asked
    total = 0.0
    for edge, error in enumerate(model.errors.edges):
        if error is not None:
            own = coefficient_gradient(model, edge, by)
            total += float(own @ error.covariance @ own)
    loading = model.parameters.loading
    for place, shared in enumerate(model.errors.shared):
        if shared is not None:
            reach = np.concatenate(
                [[loading[:, place] @ by["level"]], loading[:, place] @ by["macro"], [by["latent"][place]]]
            )
            total += float(reach @ shared @ reach)
    return total


def _variance_of_book(model: FittedModel, by: Theta) -> float:
    whole = np.concatenate([by["level"], by["macro"].ravel(), by["latent"]])
    return float(whole @ model.covariance @ whole)


# --- calibration
# --------------------------------------------------------------------------------------------------------


def calibrate(
    model: FittedModel,
    grid: ExposureGrid,
    path: Floats,
    target: Floats,
    *,
    kinds: Sequence[str] = ("level",),
    spread: Mapping[str, float] | None = None,
    weight: Floats | None = None,
    edges: Sequence[int] | None = None,
) -> Calibration:
    """Return parameters, moved as little as need be, whose expected defaults by month and row meet a target.

    Minimises half the weighted squares of expected less wanted defaults plus half the squares of the moves by
    their `spread`, by L-BFGS on the exact gradient. A user's own table of defaults, or what was observed, may
    be the target.

    Parameters
    ----------
    path : (T, F) covariates. target : (T, X) first defaults by month and row of the grid, NaN where nothing
        is stated.
    kinds : level (one shift an edge), segment, macro. spread : prior standard deviation of a move by kind,
        log-odds, default 0.5.
    weight : (T, X) inverse variances; None takes that of a Poisson count, 1 / max(target, 1).
    edges : edges that may move; None those into default.

    Raises
    ------
    ModelError : a target of another shape or below 0, an unknown kind. ExtraError : the extra `jax` is not
        installed.
    """
    from scipy.optimize import minimize

    unknown = [kind for kind in kinds if kind not in CALIBRATED]
    if unknown or not kinds:
        raise ModelError(
            expected("kinds of " + ", ".join(CALIBRATED), unknown[0] if unknown else "none"), field="kinds"
        )
    shape = (grid.months, len(grid.label))
    stated = np.isfinite(target)
    if target.shape != shape or not stated.any() or (target[stated] < 0).any():
        raise ModelError(expected(f"a target of shape {shape}, at least 0", target.shape), field="target")
    wanted = np.where(stated, target, 0.0)
    scale = np.where(stated, 1.0 / np.maximum(wanted, 1.0) if weight is None else weight, 0.0)
    part, start = month_part(model, grid.months, path), model_theta(model, path)
    own = model.parameters
    free = (
        np.flatnonzero(own.target == own.default_state)
        if edges is None
        else np.asarray(edges, dtype=np.int64)
    )
    sizes = {kind: start[kind][free].size for kind in kinds}
    deviation = np.concatenate([np.full(sizes[kind], (spread or {}).get(kind, 0.5)) for kind in kinds])

    def theta_at(move: Floats) -> Theta:
        made, at = dict(start), 0
        for kind in kinds:
            shifted = start[kind].copy()
            shifted[free] += move[at : at + sizes[kind]].reshape(shifted[free].shape)
            made[kind], at = shifted, at + sizes[kind]
        return made

    def cost(move: Floats) -> tuple[float, Floats]:
        value, by = defaults_misfit(own, grid, part, theta_at(move), wanted, scale)
        slope = np.concatenate([by[kind][free].ravel() for kind in kinds])
        return value + 0.5 * float(((move / deviation) ** 2).sum()), slope + move / deviation**2

    best = minimize(
        cost,
        np.zeros(len(deviation)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-8},
    )
    theta = theta_at(best.x)

    def miss(at: Theta) -> float:
        error = expected_defaults(own, grid, part, at) - wanted
        return float(np.sqrt((scale * error**2).sum() / scale.sum()))

    moved = {kind: theta[kind] - start[kind] for kind in kinds}
    parameters = replace(
        own,
        age=own.age + (theta["level"] - start["level"])[:, None],
        segment=theta["segment"],
        macro=theta["macro"],
    )
    return Calibration(parameters, moved, miss(start), miss(theta), int(best.nfev))
