"""How loans move together in the copulas and in migration, and what sampling it adds to their errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.risk.loss.copula.factors import FactorModel, factor_model
from loantwin.risk.loss.copula.implied import Implied
from loantwin.verbs.loss.drawn_error import SEVERITY_SPREAD, copula_reader, reduced, relative_errors
from loantwin.verbs.loss.inputs import LossInputs
from loantwin.verbs.loss.settings import LossSettings, asset_correlation


def dependence(found: Implied, settings: LossSettings) -> tuple[Floats, Floats]:
    """Return asset correlations (S,) and correlations of factors (S, S): implied or stated."""
    rho = np.maximum(found.asset_correlation, settings.correlation_floor)
    if settings.correlation not in ("implied", "latent"):
        rho = np.full(len(rho), asset_correlation(settings.correlation))
    if settings.factor_correlation is None:
        return rho, found.correlation
    return rho, np.where(np.eye(len(rho), dtype=bool), 1.0, settings.factor_correlation)


def factors(
    inputs: LossInputs, settings: LossSettings, degrees: float | None
) -> tuple[FactorModel, tuple[str, ...]]:
    """Return the factor model of a copula, and what it rests on in words."""
    found = inputs.implied
    words = []
    rho, matrix = dependence(found, settings)
    if settings.correlation not in ("implied", "latent"):
        words.append(f"asset correlation {settings.correlation} of every sector, as stated")
    raised = int((found.asset_correlation < settings.correlation_floor).sum())
    if raised and settings.correlation in ("implied", "latent"):
        words.append(
            f"asset correlation of {raised} of {len(rho)} sectors raised to the floor "
            f"{settings.correlation_floor:g}, as stated"
        )
    if settings.factor_correlation is not None:
        words.append(
            f"correlation {settings.factor_correlation:g} between the factors of two sectors, as stated"
        )
    elif len(inputs.sectors) > 1:
        least = float(matrix.min())
        words.append(f"correlation of sector factors implied by the same paths, {least:.2f} to 1")
    if degrees is not None:
        words.append(
            f"{degrees:g} degrees of freedom: an assumption; asset correlations are those of the Gaussian "
            "copula"
        )
    if settings.lgd != "constant":
        words.append(
            "loss given default rises with the default rate of its sector (Frye and Jacobs 2012), expected "
            "loss unchanged"
        )
    model = factor_model(
        rho,
        matrix,
        sectors=inputs.sectors,
        degrees_of_freedom=degrees,
        lgd_model=settings.lgd,
        lgd_spread=SEVERITY_SPREAD,
        repair=settings.repair,
    )
    return model, (*inputs.notes, *words)


def copula_errors(inputs: LossInputs, settings: LossSettings, degrees: float | None) -> Floats:
    """Return what the sampling of the inputs adds to each figure's error, as shares of the figures, (5,)."""
    net = inputs.loans.net
    base = factors(inputs, replace(settings, repair=True), degrees)[0]

    def model_of(found: Implied) -> FactorModel:
        rho, matrix = dependence(found, settings)
        return replace(base, asset_correlation=rho, correlation=matrix)

    read = copula_reader(reduced(inputs, net), inputs.implied, model_of, settings.confidence, settings.seed)
    return relative_errors(inputs, net, settings.confidence, read)
