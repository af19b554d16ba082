"""Fit the models a twin runs on."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl

from loantwin.arrays import Floats
from loantwin.book.mapping import TapeFormat
from loantwin.book.payoff import payoff_observed
from loantwin.book.segments import segment_labels
from loantwin.engine.rows import published_states
from loantwin.errors import ModelError, expected
from loantwin.macro.covariates import Covariate
from loantwin.macro.scenario import Scenario
from loantwin.models.assembled import Fitted, assembled, converted
from loantwin.models.balances import fit_balances
from loantwin.models.chosen_covariates import carrying, covariates_of, with_evident_lag, with_lags
from loantwin.models.conversion import fit_conversion
from loantwin.models.counts import Counts, memory_words, outcome_counts, panel_counts
from loantwin.models.defaults import no_defaults, outcome_defaults, panel_defaults, unpaid_months
from loantwin.models.fitted import FittedModel
from loantwin.models.latent import usual_scale
from loantwin.models.learnt_from import carried_for, with_shares
from loantwin.models.pooling import fit_panel_edges, never_left
from loantwin.models.priors.beliefs import beliefs_for, product_beliefs
from loantwin.models.scored import ScoreBands, full_labels, score_bands, score_words
from loantwin.models.secured import with_class, without_severity
from loantwin.models.settings import LEVELS, FitSettings, effects_believed
from loantwin.models.severity import Defaults, Severity, fit_severity, severity_by_size
from loantwin.models.sizes import SizeBands, known_events, size_bands
from loantwin.models.start import beliefs_of, live_states, settled, standing_counts
from loantwin.models.tape_beliefs import (
    above_exposure,
    believed_severity,
    first_vintage,
    payoff_hazard,
    payoff_stated,
    survival_of,
    told_severity,
)
from loantwin.models.transitions import (
    CREDIT,
    PREPAYMENT,
    Context,
    EdgeFit,
    LevelFit,
    assumed_edge,
    fit_level_edge,
    segment_design,
)


def fit_model(
    loans: pl.DataFrame,
    panel: pl.DataFrame | None,
    mapping: TapeFormat,
    as_of: dt.date,
    history: Scenario,
    *,
    settings: FitSettings | None = None,
    score: ScoreBands | None = None,
) -> FittedModel:
    """Return the model a lender's history teaches, as known at `as_of`.

    Parameters
    ----------
    loans, panel : the tables after `known_at(..., as_of)`; `panel` None or empty for a table with one row a
        loan.
    mapping : what the source's columns mean, observes and assumes.
    history : macro history as known then, carried to the as-of month (`macro.history.nowcast`).
    score : names the score whose log-odds the loans hold (`schema.SCORE_COLUMN`); its bands are made anew of
        the loans that are known. None: the model has no term of a score, whatever the loans hold.

    Raises
    ------
    ModelError : a snapshot without history, no usable loan, or too few loans with a score.
    """
    settings = believing(settings or FitSettings(credit_level=LEVELS[mapping.lending]), mapping, loans)
    panel = panel if panel is not None and panel.height else None
    standing = panel is None and mapping.kind == "snapshot"
    notes: list[str] = []
    sizes = None
    if not standing:
        sizes, words = size_bands(loans, mapping, known_events(loans, panel), settings.size_bands)
        notes += [words] if words else []
    score = None if score is None else score_bands(loans, score)
    labels = full_labels(segment_labels(loans, mapping), loans, sizes, score)
    counts = _counted(loans, panel, labels, mapping, as_of, settings, notes)
    notes += [] if score is None else [score_words(score)]
    notes += [] if counts.memory is None else [memory_words(counts)]
    reach = reach_in(settings, counts)
    settings = _lagged(settings, history, counts, reach, notes)
    # one word for a whole economy that is not known is the reader's, not one by covariate
    covariates, month = covariates_of(settings, history, counts, notes if history.factors else [])
    context = _context(settings, covariates, month, counts, mapping, score, panel is not None or standing)
    by_state = panel is not None or standing
    edges, levels = fit_panel_edges(context) if by_state else _outcome_edges(context, mapping)
    defaults, lost = _defaults(loans, panel, labels, as_of, mapping, history, counts)
    if lost:
        notes.append(
            f"{lost} defaults without an exposure to set them against are left out of loss given default"
        )
    severity, defaults, sizes = _severity(context, defaults, mapping, by_state, sizes, score, notes)
    if severity.charged_off > 1.0 or severity.used[0] > 1.0:
        notes.append(above_exposure(severity, mapping, panel is not None))
    notes += [
        f"no loan was seen to leave {state}: what it moves to, and how soon, is the prior's"
        for state in never_left(counts)
    ]
    fitted = Fitted(context, covariates, tuple(edges), levels, severity, defaults, sizes, score, reach)
    made = assembled(fitted, as_of, mapping, notes)
    if panel is None:
        return with_shares(made, context, edges)
    if "conversion_factor" not in mapping.assumptions:
        made = converted(made, fit_conversion(panel, loans))
    return with_shares(replace(made, balances=fit_balances(panel, loans)), context, edges)


def _lagged(
    settings: FitSettings, history: Scenario, counts: Counts, reach: float, notes: list[str]
) -> FitSettings:
    """Return settings that fit these counts and history, with the lags of their effects."""
    by_unit = any(effect.unit for effect in settings.effects)
    settings = settled(settings, covariates_of(settings, history, counts, [])[0], reach)
    if settings.choose_lags:
        return with_lags(settings, history, counts, notes)
    if by_unit and settings.prior is None and not settings.sources and np.isfinite(settings.lag_evidence):
        return with_evident_lag(settings, history, counts, notes)
    return settings


def _context(
    settings: FitSettings, covariates: tuple[Covariate, ...], month: Floats, counts: Counts,
    mapping: TapeFormat, score: ScoreBands | None, by_state: bool,
) -> Context:  # fmt: skip
    """Return what all edges are fitted in: counts, covariates, segments, beliefs and what sources tell."""
    names = tuple(covariate.name for covariate in covariates)
    beliefs = beliefs_of(settings, counts.states, counts.live)
    arrears = 3 if "default" in counts.states else unpaid_months(mapping)
    told = carried_for(settings, covariates, counts.states, counts.live, arrears)
    # sources state the whole of a period effect themselves
    settings = settings if told is not None else carrying(settings, names)
    if beliefs is not None:
        beliefs = beliefs.centred(settings.credit_level.deviation * usual_scale(settings.tails))
    latents: tuple[str, ...] = (CREDIT, PREPAYMENT) if by_state or payoff_observed(mapping) else (CREDIT,)
    segments = segment_design(counts.segments, settings, counts, score)
    return Context(counts, month, names, segments, settings, latents, beliefs, told)


def _defaults(
    loans: pl.DataFrame, panel: pl.DataFrame | None, labels: pl.Series, as_of: dt.date,
    mapping: TapeFormat, history: Scenario, counts: Counts,
) -> tuple[Defaults, int]:  # fmt: skip
    """Return the defaults that severity is learnt from, and how many have no exposure."""
    if panel is not None:
        return panel_defaults(panel, loans, labels, as_of, counts.segments)
    if mapping.kind == "snapshot":
        return no_defaults(), 0
    return outcome_defaults(loans, labels, as_of, mapping, history, counts.segments, first_vintage(mapping))


def _severity(
    context: Context, defaults: Defaults, mapping: TapeFormat, by_state: bool,
    sizes: SizeBands | None, score: ScoreBands | None, notes: list[str],
) -> tuple[Severity, Defaults, SizeBands | None]:  # fmt: skip
    """Return loss given default, the defaults as it reads them, and the size bands with theirs."""
    settings, segments, told = context.settings, context.segments, context.carried
    believed = believed_severity(mapping, by_state, settings.prior)
    if told is not None:
        believed = told_severity(believed, told.severity, mapping, by_state)
        notes += told.words
    band = segments.band[defaults.segment]
    if sizes is not None or score is not None:  # of severity a score tells nothing
        defaults = replace(defaults, segment=segments.base[defaults.segment])
    severity = fit_severity(defaults, len(segments.known) + 1, settings.ages, believed)
    if sizes is not None:
        sizes = severity_by_size(sizes, defaults, band, severity, believed)
    return severity, defaults, sizes


def believing(settings: FitSettings, mapping: TapeFormat, loans: pl.DataFrame) -> FitSettings:
    """Return settings with beliefs of the economy's effect: a prior's product's or the tape's class's.

    Effects that were stated otherwise stay; the class then gives the cap alone.
    """
    if settings.beliefs is not None:
        return settings
    if settings.prior is not None:
        named = with_class(mapping, settings.prior.name)
        return replace(settings, beliefs=without_severity(product_beliefs(settings.prior), loans, named))
    beliefs = without_severity(beliefs_for(mapping.product_class, mapping.lending), loans, mapping)
    usual = settings.effects == effects_believed(beliefs_for())
    return replace(
        settings, beliefs=beliefs, effects=effects_believed(beliefs) if usual else settings.effects
    )


def reach_in(settings: FitSettings, counts: Counts) -> float:
    """Return by how much the log default rate moves with all worsening edges of the counts' live states."""
    assert settings.beliefs is not None  # `believing` gave them
    return settings.beliefs.reach(published_states(counts.states[: counts.live]))


def _counted(
    loans: pl.DataFrame,
    panel: pl.DataFrame | None,
    labels: pl.Series,
    mapping: TapeFormat,
    as_of: dt.date,
    settings: FitSettings,
    notes: list[str],
) -> Counts:
    """Return the moves of a panel, an outcome table, or (with a product's prior) of a book without any."""
    told = "days_past_due" in mapping.columns
    if panel is not None:
        live = _source_states(settings)
        live = live if settings.prior is None else live_states(panel["state"], told)
        # a product's prior speaks of published states, other books of those they were split into
        memory = settings.memory and settings.prior is None
        split = settings.sources[0].split if settings.sources else None
        return panel_counts(
            panel, loans, labels, as_of, live, memory=(split or False) if settings.sources else memory
        )
    if mapping.kind != "snapshot":
        return _outcomes(loans, labels, mapping, as_of, settings, notes)
    if settings.sources:
        return standing_counts(loans, labels, as_of, _source_states(settings))
    if settings.prior is None:
        raise ModelError(
            expected("a history to learn from", "a snapshot at one date")
            + "; start from a product's prior model: fit --prior PRODUCT, learn from other twins: "
            "fit --learn-from DIR, or take over another one's model: fit --model-from DIR",
            field="tape",
        )
    return standing_counts(loans, labels, as_of, live_states(loans["state"], told))


def _source_states(settings: FitSettings) -> tuple[str, ...]:
    """Return the live states of the first source, which a book that learns from it is counted by."""
    return settings.sources[0].states[: settings.sources[0].live] if settings.sources else ()


def _outcomes(
    loans: pl.DataFrame,
    labels: pl.Series,
    mapping: TapeFormat,
    as_of: dt.date,
    settings: FitSettings,
    notes: list[str],
) -> Counts:
    start = first_vintage(mapping)
    if start is not None:
        notes.append(
            f"vintages before {start.isoformat()} are left out of the fit by the mapping's rule "
            "fit_from_vintage"
        )
    # Trap: weights that look ahead. Those that depend on the outcome are no lender's before it.
    if mapping.weight.look_ahead:
        notes.append("case weights depend on the outcome: a look-ahead that a lender would not have")
    return outcome_counts(
        loans, labels, as_of, survival=survival_of(mapping, settings), fit_from_vintage=start,
        payoff_observed=payoff_observed(mapping),
    )  # fmt: skip


def _outcome_edges(context: Context, mapping: TapeFormat) -> tuple[list[EdgeFit], dict[str, LevelFit]]:
    settings = context.settings
    credit, level = fit_level_edge(context, "current", "charged_off", CREDIT, settings.credit_level)
    levels = {CREDIT: level}
    if payoff_observed(mapping):
        payoff, levels[PREPAYMENT] = fit_level_edge(
            context, "current", "prepaid", PREPAYMENT, settings.prepayment_level
        )
    else:
        whose = "mapping" if payoff_stated(mapping, settings) else "product's prior"
        words = f"payoff is not observed: monthly probability assumed by the {whose}"
        before = np.maximum(np.arange(settings.ages) - 1, 0)
        hazard = np.maximum(payoff_hazard(mapping, settings)[before], 1e-12)
        payoff = assumed_edge(context, "current", "prepaid", hazard, words)
    return [credit, payoff], levels
