"""The economy an episode lives in: one of many covariate paths, and a latent effect nobody observes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.rows import TransitionParameters, shocks
from loantwin.errors import ModelError, expected


@dataclass(frozen=True, eq=False)
class StepEconomy:
    """Equally likely paths of the model's covariates, and the latent process.

    covariates : (P, T + 1, F) as the model was fitted on (standardised); row 0 is the as-of month.
    phi, sigma : (L,) the latent effect of a month is phi x last month's + sigma x standard normal.
    start, start_deviation : (L,) mean and standard deviation of the latent effect in the as-of month.
    moved : (T, R) what is added to the log-odds of months 1 to T on every path, None for nothing.
    share : (P, T, R) of each edge's macro effects that acts in months 1 to T, None for all of them.
    """

    covariates: Floats
    phi: Floats
    sigma: Floats
    start: Floats
    start_deviation: Floats
    moved: Floats | None = None
    share: Floats | None = None


def check_economy(economy: StepEconomy, parameters: TransitionParameters, months: int) -> None:
    """Raise ModelError where an economy does not fit a model and a horizon."""
    shape = economy.covariates.shape
    if len(shape) != 3 or shape[0] < 1 or shape[1] < months + 1 or shape[2] != len(parameters.factors):
        raise ModelError(
            expected(f"(P, {months + 1} or more, {len(parameters.factors)}) covariates", shape),
            field="covariates",
        )
    for name in ("covariates", "phi", "sigma", "start", "start_deviation"):
        values = getattr(economy, name)
        if not np.isfinite(values).all():
            raise ModelError(expected("finite numbers", "NaN or infinity"), field=name)
        if name != "covariates" and values.shape != (len(parameters.latents),):
            raise ModelError(expected(f"({len(parameters.latents)},)", values.shape), field=name)
    moved, edges = economy.moved, len(parameters.origin)
    if moved is not None and (moved.ndim != 2 or len(moved) < months or moved.shape[1] != edges):
        raise ModelError(expected(f"({months} or more, {edges}) numbers", moved.shape), field="moved")
    if moved is not None and not np.isfinite(moved).all():
        raise ModelError(expected("finite numbers", "NaN or infinity"), field="moved")
    share = economy.share
    if share is not None and (
        share.ndim != 3 or len(share) != shape[0] or share.shape[1] < months or share.shape[2] != edges
    ):
        raise ModelError(
            expected(f"({shape[0]}, {months} or more, {edges}) shares", share.shape), field="share"
        )
    if share is not None and not np.isfinite(share).all():
        raise ModelError(expected("finite numbers", "NaN or infinity"), field="share")
    if (
        (economy.sigma < 0.0).any()
        or (economy.start_deviation < 0.0).any()
        or (np.abs(economy.phi) >= 1.0).any()
    ):
        raise ModelError(
            expected("sigma and start_deviation of at least 0 and phi inside (-1, 1)", "another"),
            field="economy",
        )


def draw_episodes(
    economy: StepEconomy,
    parameters: TransitionParameters,
    months: int,
    books: int,
    random: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Return E episodes' covariates (E, T + 1, F) and shocks (E, T, R): luck is drawn before any action."""
    chosen = random.integers(0, len(economy.covariates), books)
    covariates = economy.covariates[chosen, : months + 1]
    normal = random.standard_normal((books, months + 1, len(parameters.latents)))
    latent = economy.start + economy.start_deviation * normal[:, 0]
    path = np.empty((books, months, len(parameters.latents)))
    for month in range(months):
        latent = economy.phi * latent + economy.sigma * normal[:, month + 1]
        path[:, month] = latent
    made = shocks(parameters, covariates[:, 1:], path)
    if economy.share is not None:
        held = economy.share[chosen, :months] - 1.0
        made = made * np.exp(held * (covariates[:, 1:] @ parameters.macro.T))
    return covariates, made if economy.moved is None else made * np.exp(economy.moved[:months])
