"""A fit that learns from other books: its settings, its prior, and how much of what it says is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from loantwin.errors import ModelError, expected
from loantwin.macro.covariates import Covariate
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import variance_today
from loantwin.models.latent import LevelPrior
from loantwin.models.settings import FitSettings, MacroPrior
from loantwin.models.transfer.carried import Carried, carried, check_alike, check_covariates
from loantwin.models.transfer.source import Source
from loantwin.models.transitions import (
    CREDIT,
    PREPAYMENT,
    Context,
    EdgeFit,
    age_curve,
    edge_counts,
    segment_prior,
)


def pooled_settings(sources: Sequence[Source], usual: LevelPrior) -> FitSettings:
    """Return the settings of a fit that learns from sources; covariates and their lags are the first one's.

    Parameters
    ----------
    usual : prior of the credit level whose spreads stand.

    Raises
    ------
    UsageError : sources that read other covariates than the first.
    """
    check_covariates(sources)
    effects = tuple(
        MacroPrior(one.factor, one.transform, one.lag, (0.0, 0.1), (0.0, 0.1))
        for one in sources[0].covariates
    )
    return FitSettings(effects=effects, sources=tuple(sources), credit_level=usual)


def carried_for(
    settings: FitSettings,
    covariates: Sequence[Covariate],
    states: tuple[str, ...],
    live: int,
    arrears_months: int,
) -> Carried | None:
    """Return what the settings' sources say of a book; None without sources.

    Raises
    ------
    ModelError : a covariate that the macro history does not hold, or sources of another kind of model.
    """
    if not settings.sources:
        return None
    check_alike(settings.sources, states, live, arrears_months)
    held = [(one.factor, one.transform) for one in covariates]
    for effect in settings.effects:
        if (effect.factor, effect.transform) not in held:
            raise ModelError(
                expected(
                    f"a macro history with {effect.factor}, which the sources read", "none that covers it"
                ),
                field="macro",
            )
    return carried(settings.sources, covariates, settings.ages)


def shares(context: Context, edges: Sequence[EdgeFit], model: FittedModel) -> dict[str, float]:
    """Return by edge which share of today's log-odds rests on the sources, 0 to 1.

    The posterior's variance over the prior's, of the log-odds of the as-of month on today's book: the weight
    that a Gaussian posterior gives its prior. 1 where the book's own counts tell nothing.
    """
    if context.carried is None:
        return {}
    after = variance_today(model)
    found = {}
    for place, edge in enumerate(edges):
        told = context.carried.edge(edge.origin, edge.target)
        if edge.assumed or edge.errors is None or told is None:
            continue
        ends = (edge.origin, edge.target)
        basis, prior, _ = age_curve(context, edge_counts(context, *ends), ends, 0.0)
        size = basis.values.shape[1]
        age, segment = edge.errors.today[:size], edge.errors.today[size:]
        before = float(age @ np.linalg.solve(prior.precision, age))
        before += float(segment @ np.linalg.solve(segment_prior(context, ends).precision, segment))
        before += float(
            (context.month[-1] * told.macro_deviation) @ (context.month[-1] * told.macro_deviation)
        )
        for name in (CREDIT, PREPAYMENT):
            level = context.told(name)
            if level is not None and name in context.latents:
                loading = float(edge.loading[context.latents.index(name)])
                deviation = context.level_prior(name, context.settings.credit_level).deviation
                before += (loading * level.share[-1] * deviation) ** 2
        found[f"{edge.origin} -> {edge.target}"] = float(np.clip(after[place] / before, 0.0, 1.0))
    return found


def with_shares(model: FittedModel, context: Context, edges: Sequence[EdgeFit]) -> FittedModel:
    """Return the model whose record says what it learnt from and how much of each edge's level is theirs."""
    if context.carried is None:
        return model
    record = {
        "sources": [
            {"home": one.name, "as_of": one.as_of, "model_hash": one.model_hash}
            for one in context.carried.sources
        ],
        "share": shares(context, edges, model),
        "between": between(context.carried),
    }
    return replace(model, diagnostics={**model.diagnostics, "learnt_from": record})


def between(carried: Carried) -> dict[str, dict[str, float | bool]]:
    """Return by how much books are taken to differ, and whether that is assumed or estimated as well."""
    several = len(carried.sources) > 1
    made: dict[str, dict[str, float | bool]] = {
        f"{origin} -> {target}": {
            "deviation": float(np.sqrt(one.level.between)), "assumed": one.level.books < 2,
        }
        for (origin, target), one in carried.edges.items()
    }  # fmt: skip
    for name, level in carried.levels.items():
        made[f"period effect {name}, own share of variance"] = {
            "deviation": level.own, "assumed": not level.estimated,
        }  # fmt: skip
    severity = carried.severity.charged_off
    if severity is not None:
        made["share charged off"] = {"deviation": float(np.sqrt(severity.between)), "assumed": not several}
    return made
