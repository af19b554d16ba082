"""Covariates that a history supports, and the lags at which they are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import ScenarioError
from loantwin.macro.covariates import Covariate, evaluate, standardise
from loantwin.macro.scenario import Scenario
from loantwin.models.counts import Counts, EventCounts, edge_cells
from loantwin.models.lags import choose_lags, evident_lag
from loantwin.models.settings import FitSettings, MacroPrior
from loantwin.models.transitions import rescaled


def covariates_of(
    settings: FitSettings, history: Scenario, counts: Counts, notes: list[str]
) -> tuple[tuple[Covariate, ...], Floats]:
    """Return the covariates that history supports over all months of the counts, and their values (T, F)."""
    chosen: list[Covariate] = []
    columns: list[Floats] = []
    for effect in settings.effects:
        try:
            covariate = standardise(effect.factor, effect.transform, history, effect.lag)
            columns.append(evaluate((covariate,), history, counts.first, counts.last)[:, 0])
        except ScenarioError as error:
            notes.append(f"covariate {effect.name} is left out: {error.message}")
            continue
        chosen.append(covariate)
    return tuple(chosen), np.column_stack(columns) if columns else np.zeros(
        (counts.last - counts.first + 1, 0)
    )


def carrying(settings: FitSettings, names: Sequence[str]) -> FitSettings:
    """Return settings whose levels also carry the effects of covariates that history does not hold."""
    lost = [effect for effect in settings.effects if effect.name not in names]
    # a product's prior states the whole cycle itself (`start.settled`)
    credit = [] if settings.prior is not None else [effect.credit for effect in lost]
    return replace(
        settings,
        credit_level=settings.credit_level.carrying(credit),
        prepayment_level=settings.prepayment_level.carrying([effect.prepayment for effect in lost]),
    )


def with_lags(settings: FitSettings, history: Scenario, counts: Counts, notes: list[str]) -> FitSettings:
    """Return settings whose effects have the lags that foretold the edge out of the first state best."""
    cells, held, values = _to_lag(settings, history, counts)
    effects, scores = choose_lags(
        cells, counts.first, counts.last - counts.first + 1, held, values, settings.credit_level
    )
    best = ", ".join(effect.name for effect in effects)
    told = (
        f"lags chosen out of sample among {len(scores)} sets, log score {scores[best]:.2f}: {best}"
        if scores
        else ""
    )
    notes.append(told or "history is too short to choose lags out of sample: those of the settings are kept")
    left = tuple(effect for effect in settings.effects if effect not in held)
    return replace(settings, effects=(*effects, *left))


def with_evident_lag(
    settings: FitSettings, history: Scenario, counts: Counts, notes: list[str]
) -> FitSettings:
    """Return settings whose effects have another common lag, where history speaks for it strongly."""
    cells, held, values = _to_lag(settings, history, counts)
    months_ = counts.last - counts.first + 1
    effects, found = evident_lag(
        cells, counts.first, months_, held, values, settings.credit_level, settings.lag_evidence
    )
    if effects == held:
        return settings
    lag = effects[0].lag
    notes.append(
        f"covariates lag by {lag} months instead of {held[0].lag}: history's log Bayes factor for it is "
        f"{found[lag]:.1f}"
    )
    left = tuple(effect for effect in settings.effects if effect not in held)
    return replace(settings, effects=(*effects, *left))


def _to_lag(
    settings: FitSettings, history: Scenario, counts: Counts
) -> tuple[EventCounts, tuple[MacroPrior, ...], Callable[[tuple[MacroPrior, ...]], Floats | None]]:
    """Return the first state's edge counts, effects history covers, and how covariates follow from them."""
    worse = counts.states[1]  # the next state, or the charge-off itself where the source shows nothing before
    cells = rescaled(edge_cells(counts, counts.states[0], worse), counts.effective)

    def values(effects: tuple[MacroPrior, ...]) -> Floats | None:
        lost: list[str] = []
        _, month = covariates_of(replace(settings, effects=effects), history, counts, lost)
        return None if lost else month

    return cells, tuple(effect for effect in settings.effects if values((effect,)) is not None), values
