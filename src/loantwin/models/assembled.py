"""Put what was fitted together into one model, with its diagnostics and provenance."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from loantwin.book.mapping import TapeFormat
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.rows import TransitionParameters, published_states, worsening_edges
from loantwin.macro.covariates import Covariate
from loantwin.models.conversion import Conversion
from loantwin.models.counts import PANEL_LIVE, Counts
from loantwin.models.defaults import unpaid_months
from loantwin.models.diagnostics import diagnose
from loantwin.models.fitted import FittedModel, by_label, check_model
from loantwin.models.memory import against
from loantwin.models.saturation import saturation_of
from loantwin.models.score_calibration import score_calibration
from loantwin.models.scored import ScoreBands
from loantwin.models.severity import PRIOR_CASES, Defaults, Severity
from loantwin.models.severity_reaction import PRIOR_DEVIATION, SeverityReaction, fit_reaction
from loantwin.models.sizes import SizeBands
from loantwin.models.transitions import CREDIT, Context, EdgeFit, LevelFit
from loantwin.models.uncertainty import Errors, levels_covariance


@dataclass(frozen=True)
class Fitted:
    """What a fit found: all that one model is put together from.

    covariates : of which `context` holds the values. levels : of each latent that a move was possible in.
    reach : by how much the log default rate moves with all worsening edges.
    """

    context: Context
    covariates: tuple[Covariate, ...]
    edges: tuple[EdgeFit, ...]
    levels: dict[str, LevelFit]
    severity: Severity
    defaults: Defaults
    sizes: SizeBands | None
    score: ScoreBands | None
    reach: float

    @property
    def kept(self) -> tuple[str, ...]:
        """Latents in use: a book in which no move of a kind was possible (all in default) has none of it."""
        return tuple(name for name in self.context.latents if name in self.levels)

    @property
    def default_state(self) -> str:
        states = self.context.counts.states
        return "default" if "default" in states else "charged_off"


def assembled(found: Fitted, as_of: dt.date, mapping: TapeFormat, notes: list[str]) -> FittedModel:
    """Return the model of what was fitted, checked; `notes` gains what a reader must know of its cap."""
    context, levels = found.context, found.levels
    settings = context.settings
    assert settings.beliefs is not None  # `believing` gave them
    parameters = _parameters(found)
    bent = saturation_of(
        settings.beliefs.multiple_cap.value, found.reach, worsening_edges(parameters), parameters.macro,
        context.month,
    )  # fmt: skip
    if bent.shown > 1.0:
        notes.append(
            f"history itself shows the economy multiplying defaults by {bent.shown:.1f}, beyond the cap of "
            f"{bent.cap:.3g}: what was seen stands before the cap"
        )
    rare = _rare(found)
    model = FittedModel(
        as_of=as_of,
        parameters=parameters,
        covariates=found.covariates,
        processes=tuple(levels[name].process for name in found.kept),
        covariance=levels_covariance(
            [edge.covariance for edge in found.edges],
            [edge.last for edge in found.edges],
            parameters.loading,
            np.array([levels[name].process.variance for name in found.kept]),
            [levels[name].shared for name in found.kept],
        ),
        today=context.month[-1],
        lgd=by_label(found.severity.lgd, parameters.segments, found.sizes),
        arrears_months=3 if found.default_state == "default" else unpaid_months(mapping),
        conversion_factor=mapping.number("conversion_factor", 0.0),
        assumed=tuple(edge.assumed for edge in found.edges),
        absent=tuple(
            name for name in (*PANEL_LIVE, "default") if name not in published_states(parameters.states)
        ),
        prior_only=rare,
        diagnostics=_diagnostics(found, rare, notes),
        provenance=_provenance(found, mapping),
        errors=Errors(
            context.segments.rows,
            tuple(edge.errors for edge in found.edges),
            tuple(levels[name].shared for name in found.kept),
        ),
        severity=_reaction(context, levels, found.defaults, found.severity.lgd),
        sizes=found.sizes,
        score=found.score,
        saturation=bent if parameters.factors else None,
        prior_covariance=levels_covariance(
            [edge.believed for edge in found.edges],
            [np.zeros(1 + len(context.names)) for _ in found.edges],
            parameters.loading,
            np.array([levels[name].process.long_run_variance for name in found.kept]),
            [levels[name].believed for name in found.kept],
        ),
    )
    check_model(model)
    return model


def _parameters(found: Fitted) -> TransitionParameters:
    context, edges = found.context, found.edges
    counts, states = context.counts, context.counts.states
    columns = [context.latents.index(name) for name in found.kept]
    return TransitionParameters(
        states=states,
        live=counts.live,
        origin=np.array([states.index(edge.origin) for edge in edges], dtype=np.int64),
        target=np.array([states.index(edge.target) for edge in edges], dtype=np.int64),
        age=np.array(
            [edge.age + (0.0 if edge.assumed else against(counts.memory, edge.origin)) for edge in edges]
        ),
        segment=np.array([edge.segment for edge in edges]),
        macro=np.array([edge.macro for edge in edges]),
        loading=np.array([edge.loading[columns] for edge in edges]),
        segments=context.segments.labels,
        factors=context.names,
        latents=found.kept,
        default_state=states.index(found.default_state),
        prepaid_state=states.index("prepaid"),
    )


def _rare(found: Fitted) -> tuple[str, ...]:
    """Return edges with too few events to tell, and loss given default where it is: all the prior's."""
    effective, least = found.context.counts.effective, found.context.settings.least_events
    rare = [
        f"{edge.origin} -> {edge.target}"
        for edge in found.edges
        if not edge.assumed and edge.events * effective < least
    ]
    return tuple(rare + (["loss given default"] if found.severity.prior_only else []))


def _diagnostics(found: Fitted, rare: tuple[str, ...], notes: list[str]) -> dict[str, Any]:
    context, edges, levels = found.context, found.edges, found.levels
    made = diagnose(context, edges, levels, found.severity, rare, notes)
    if found.score is None:
        return made
    return {**made, "score": score_calibration(context, edges, levels, found.score, found.default_state)}


def _provenance(found: Fitted, mapping: TapeFormat) -> dict[str, Any]:
    counts, settings = found.context.counts, found.context.settings
    assert settings.beliefs is not None
    return {
        "data_sha256": _data_hash(counts, found.defaults),
        "mapping": mapping.name,
        "assumptions": dict(mapping.assumptions),
        **({} if counts.memory is None else {"memory": dict(counts.memory.kept)}),
        "settings": {**asdict(replace(settings, beliefs=None)), "beliefs": settings.beliefs.to_dict()},
        "seed": None,
        "versions": {
            name: importlib.metadata.version(name) for name in ("loantwin", "numpy", "scipy", "polars")
        },
    }


def converted(model: FittedModel, found: Conversion | None) -> FittedModel:
    """Return the model with the conversion factor that its panel shows, and what tells it."""
    if found is None:
        return model
    told = {**model.diagnostics, "conversion_factor": found.to_dict()}
    return replace(model, conversion_factor=found.factor, diagnostics=told)


def _reaction(
    context: Context, levels: dict[str, LevelFit], defaults: Defaults, lgd: LossGivenDefault
) -> SeverityReaction | None:
    """Return how severity moves with macro and period effect on worsening; None without a credit level."""
    if CREDIT not in levels:
        return None
    conditions = context.month @ levels[CREDIT].macro + levels[CREDIT].level.smoothed
    told = None if context.carried is None else context.carried.severity
    start, spread = (None, 0.0) if told is None else (told.reaction, told.spread)
    found = fit_reaction(
        defaults,
        lgd,
        conditions,
        context.counts.first,
        (0.0, PRIOR_DEVIATION) if start is None else (start.mean, start.deviation),
        spread,
    )
    prior = context.settings.prior
    if prior is None:
        return found
    # what no lender's own defaults tell of the level of severity is a spread of every path
    share = np.hypot(prior.charged_off.deviation, prior.recovered.deviation)
    unknown = share / (prior.charged_off.value - prior.recovered.value)
    left = PRIOR_CASES / (PRIOR_CASES + len(defaults.exposure))
    return replace(found, spread=float(np.hypot(found.spread, unknown * np.sqrt(left))))


def _data_hash(counts: Counts, defaults: Defaults) -> str:
    """Return a hash of everything the fit learnt from."""
    digest = hashlib.sha256("|".join((*counts.states, *counts.segments)).encode())
    for name in counts.cells.columns:
        digest.update(np.ascontiguousarray(counts.cells[name].to_numpy()).tobytes())
    for values in asdict(defaults).values():
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
