"""Expected loss as a function of all parameters, with its gradient: the exposure form in JAX, an extra.

The book enters through an `ExposureGrid` alone. What is differentiated is the model itself, the same array
code as `rows`, `loss` and the expected shocks of the model: log-odds, state chains, loss given default.
Float64 throughout. JAX is imported when a function is first called, and nowhere else in the program.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.exposed import ExposureGrid
from loantwin.engine.rows import TransitionParameters
from loantwin.errors import ModelError, expected
from loantwin.extras import require

Theta = dict[str, Floats]
"""Parameters by kind: level (R,), age (R, A), segment (R, G), macro (R, F), loading (R, L), latent (L,), path
(T, F), charged_off (G, A'), recovered (G, A')."""


@dataclass(frozen=True)
class MonthPart:
    """What turns macro and period effects into a month's expected multiplier, and is no parameter itself.

    fade : (T, L) what is left of today's level. fresh : (T, L) variance of what has been added to it.
    covariance : (R, 1 + F + L, 1 + F + L) error of each edge's level, macro effects and the latent levels.
    today : (F,). The multiplier is exp(mode + half the variance of the future beyond today's), as in the
        models' expected shocks. moved : (T, R) what is added to its logarithm, None for nothing. share : (T,
        R) of each edge's macro effects that acts, held fixed in derivatives; None is all of them.
    """

    fade: Floats
    fresh: Floats
    covariance: Floats
    today: Floats
    moved: Floats | None = None
    share: Floats | None = None


@dataclass(frozen=True)
class Gradient:
    """A loss, its derivative by every parameter, and the time taken, seconds; `first` holds compilation."""

    value: float
    by: Theta
    seconds: float
    first: float


def plain_part(months: int, edges: int, factors: int, latents: int) -> MonthPart:
    """Return the month part without errors or period effects: exp(path . macro + latent . loading)."""
    size = 1 + factors + latents
    none = np.zeros((months, latents))
    return MonthPart(none + 1.0, none, np.zeros((edges, size, size)), np.zeros(factors))


def theta_of(parameters: TransitionParameters, lgd: LossGivenDefault, latent: Floats, path: Floats) -> Theta:
    """Return a model's parameters as this module's functions read them; `latent` (L,), `path` (T, F)."""
    return {
        "level": np.zeros(len(parameters.origin)),
        "age": parameters.age,
        "segment": parameters.segment,
        "macro": parameters.macro,
        "loading": parameters.loading,
        "latent": np.asarray(latent, dtype=float),
        "path": np.asarray(path, dtype=float),
        "charged_off": lgd.charged_off,
        "recovered": lgd.recovered,
    }


def loss_value(parameters: TransitionParameters, grid: ExposureGrid, part: MonthPart, theta: Theta) -> float:
    """Return the expected loss of a book, currency.

    Raises
    ------
    ModelError : parameters or a month part of shapes that do not fit the model and the grid.
    """
    run = _compiled(*_form(parameters))
    with _doubles():
        return float(run.loss(theta, _fixed(parameters, grid, part, theta)))


def loss_gradient(
    parameters: TransitionParameters, grid: ExposureGrid, part: MonthPart, theta: Theta, repeat: int = 1
) -> Gradient:
    """Return the expected loss of a book and its derivative by every parameter.

    Parameters
    ----------
    repeat : evaluations after the first; the time of the fastest is given.

    Raises
    ------
    ExtraError : the extra `jax` is not installed. ModelError : shapes that do not fit.
    """
    run = _compiled(*_form(parameters))
    fixed = _fixed(parameters, grid, part, theta)
    with _doubles() as jax:
        start = time.perf_counter()
        value, by = jax.block_until_ready(run.gradient(theta, fixed))
        first = time.perf_counter() - start
        best = first
        for _ in range(repeat):
            start = time.perf_counter()
            value, by = jax.block_until_ready(run.gradient(theta, fixed))
            best = min(best, time.perf_counter() - start)
    return Gradient(float(value), {name: np.asarray(item) for name, item in by.items()}, best, first)


def expected_defaults(
    parameters: TransitionParameters, grid: ExposureGrid, part: MonthPart, theta: Theta
) -> Floats:
    """Return the expected number of first defaults by month and row of the grid, (T, X).

    Raises
    ------
    ModelError : as `loss_value`.
    """
    run = _compiled(*_form(parameters))
    with _doubles():
        return np.asarray(run.defaults(theta, _fixed(parameters, grid, part, theta)))


def defaults_misfit(
    parameters: TransitionParameters,
    grid: ExposureGrid,
    part: MonthPart,
    theta: Theta,
    target: Floats,
    weight: Floats,
) -> tuple[float, Theta]:
    """Return half the weighted squares of expected defaults (T, X) less `target`, and the gradient.

    Raises
    ------
    ModelError : as `loss_value`.
    """
    run = _compiled(*_form(parameters))
    with _doubles():
        value, by = run.misfit(theta, _fixed(parameters, grid, part, theta), target, weight)
        return float(value), {name: np.asarray(item) for name, item in by.items()}


def load_jax() -> ModuleType:
    """Return JAX; raise ExtraError where it is not installed."""
    require("jax")
    import jax

    module: ModuleType = jax
    return module


class _Doubles:
    """A context in which JAX computes in float64, whatever the program around it has set."""

    def __enter__(self) -> Any:
        # Trap: single precision. JAX computes in float32 unless told otherwise, and told for all at once.
        jax = load_jax()
        self.scope = (
            jax.enable_x64(True)
            if hasattr(jax, "enable_x64")
            else __import__("jax.experimental").experimental.enable_x64()
        )
        self.scope.__enter__()
        return jax

    def __exit__(self, *error: Any) -> None:
        self.scope.__exit__(*error)


def _doubles() -> _Doubles:
    return _Doubles()


Form = tuple[int, int, int, tuple[int, ...], tuple[int, ...]]


def _form(parameters: TransitionParameters) -> Form:
    origin, target = (
        tuple(int(item) for item in values) for values in (parameters.origin, parameters.target)
    )
    return len(parameters.states), parameters.live, parameters.default_state, origin, target


def _fixed(
    parameters: TransitionParameters, grid: ExposureGrid, part: MonthPart, theta: Theta
) -> dict[str, Any]:
    """Return what the functions read and do not differentiate; ages and segments as index arrays."""
    T, X, A, S = grid.charged.shape
    R, F, L = len(parameters.origin), len(parameters.factors), len(parameters.latents)
    shapes = {
        "path": (T, F),
        "latent": (L,),
        "age": (R, theta["age"].shape[1]),
        "segment": (R, len(parameters.segments)),
    }
    for name, shape in shapes.items():
        if theta[name].shape != shape:
            raise ModelError(expected(f"shape {shape}", theta[name].shape), field=name)
    if part.fade.shape != (T, L) or part.covariance.shape != (R, 1 + F + L, 1 + F + L):
        raise ModelError(expected(f"a month part of {T} months", part.fade.shape), field="months")
    reach = grid.first_age + 1 + np.arange(A + T - 1)
    start = np.zeros((S, parameters.live))
    start[np.arange(S), grid.states] = 1.0
    return {
        "age_at": np.minimum(reach, theta["age"].shape[1] - 1),
        "lgd_at": np.minimum(reach, theta["charged_off"].shape[1] - 1),
        "label": grid.label,
        "start": np.broadcast_to(start, (X, A, S, parameters.live)),
        "charged": grid.charged,
        "recovered": grid.recovered,
        "number": grid.number,
        "fade": part.fade,
        "fresh": part.fresh,
        "covariance": part.covariance,
        "today": part.today,
        "moved": np.zeros((T, R)) if part.moved is None else part.moved,
        "share": np.ones((T, R)) if part.share is None else part.share,
    }


@dataclass(frozen=True)
class _Compiled:
    loss: Any
    gradient: Any
    defaults: Any
    misfit: Any


@lru_cache(maxsize=16)
def _compiled(
    states: int, live: int, default: int, origin: tuple[int, ...], target: tuple[int, ...]
) -> _Compiled:
    """Return the functions of one form of model, compiled when first called on arrays of a shape."""
    jax = load_jax()
    jnp = jax.numpy
    leaving = [[edge for edge, start in enumerate(origin) if start == state] for state in range(live)]

    def month_part(theta: Any, fixed: Any) -> Any:
        """Return the log of the expected multipliers, (T, R)."""
        loading = theta["loading"]
        mode = (
            fixed["share"] * (theta["path"] @ theta["macro"].T)
            + (fixed["fade"] * theta["latent"]) @ loading.T
        )

        def variance(path: Any, fade: Any, share: Any) -> Any:
            left = fade[:, None, :] * loading[None]
            here = share[:, :, None] * path[:, None, :]
            weight = jnp.concatenate([jnp.ones((*left.shape[:2], 1)), here, left], axis=-1)
            return jnp.einsum("tri,rij,trj->tr", weight, fixed["covariance"], weight)

        all_of_it = jnp.ones((1, loading.shape[0]))
        now = variance(fixed["today"][None], jnp.ones((1, loading.shape[1])), all_of_it)
        ahead = variance(theta["path"], fixed["fade"], fixed["share"]) + fixed["fresh"] @ (loading**2).T
        return mode + 0.5 * (ahead - now) + fixed["moved"]

    def flows(theta: Any, fixed: Any, fold: Any, rest: Any) -> Any:
        """Run the chains; `fold(default, month's arrays)` makes of defaults (X, A, S) what is wanted."""
        width = fixed["label"].shape[1]
        by_age = jnp.exp(theta["level"][:, None] + theta["age"][:, fixed["age_at"]])
        by_segment = jnp.exp(theta["segment"][:, fixed["label"]])
        shock = jnp.exp(month_part(theta, fixed))

        def step(where: Any, item: Any) -> Any:
            month, multiplier, own = item
            odds = (
                multiplier[:, None, None]
                * by_segment
                * jax.lax.dynamic_slice_in_dim(by_age, month, width, 1)[:, None, :]
            )
            after: list[Any] = [None] * states
            for state in range(live):
                stays = where[..., state] / (1.0 + sum(odds[edge] for edge in leaving[state]))[..., None]
                after[state] = stays if after[state] is None else after[state] + stays
                for edge in leaving[state]:
                    end = target[edge]
                    if end < live or end == default:
                        moved = stays * odds[edge][..., None]
                        after[end] = moved if after[end] is None else after[end] + moved
            return jnp.stack(after[:live], axis=-1), fold(after[default], month, own)

        months = jnp.arange(shock.shape[0])
        return jax.lax.scan(step, fixed["start"], (months, shock, rest))[1]

    def loss(theta: Any, fixed: Any) -> Any:
        width = fixed["label"].shape[1]
        place = jnp.arange(width)

        def fold(defaulted: Any, month: Any, own: Any) -> Any:
            at = jax.lax.dynamic_slice_in_dim(fixed["lgd_at"], month, width, 0)[place]
            charged, recovered = (
                theta[name][fixed["label"], at[None, :]] for name in ("charged_off", "recovered")
            )
            lost = (defaulted * own[0]).sum(-1) * charged - (defaulted * own[1]).sum(-1) * recovered
            return lost.sum()

        return flows(theta, fixed, fold, (fixed["charged"], fixed["recovered"])).sum()

    def defaults(theta: Any, fixed: Any) -> Any:
        return flows(
            theta, fixed, lambda defaulted, _, own: (defaulted * own).sum(axis=(1, 2)), fixed["number"]
        )

    def misfit(theta: Any, fixed: Any, wanted: Any, weight: Any) -> Any:
        return 0.5 * (weight * (defaults(theta, fixed) - wanted) ** 2).sum()

    both = jax.value_and_grad
    return _Compiled(jax.jit(loss), jax.jit(both(loss)), jax.jit(defaults), jax.jit(both(misfit)))


def by_kind(gradient: Mapping[str, Floats]) -> dict[str, float]:
    """Return the largest absolute derivative of each kind: a first look."""
    return {name: float(np.abs(values).max(initial=0.0)) for name, values in gradient.items()}
