"""Fit the models a twin runs on, and turn its loans into what the engine reads."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.book.book import Book
from loantwin.book.mapping import TapeFormat
from loantwin.book.payoff import assumed_payoff_hazard, payoff_observed
from loantwin.book.schema import CLOSED_STATES, DEFAULT_STATES, PRODUCTS, STATES
from loantwin.book.segments import segment_labels
from loantwin.book.terms import patterns_of, rests
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import LoanColumns, balloon_amount
from loantwin.engine.columns import loan_columns as checked_columns
from loantwin.engine.rows import (
    VINTAGE,
    TransitionParameters,
    published_state,
    published_states,
    worsening_edges,
)
from loantwin.errors import ModelError, ScenarioError, expected
from loantwin.macro.covariates import Covariate, evaluate, standardise
from loantwin.macro.scenario import Scenario
from loantwin.models.balances import fit_balances
from loantwin.models.conversion import Conversion, fit_conversion
from loantwin.models.counts import (
    LIKE_CURRENT,
    PANEL_LIVE,
    Counts,
    EventCounts,
    classes_today,
    edge_cells,
    memory_words,
    outcome_counts,
    panel_counts,
    segment_codes,
)
from loantwin.models.defaults import no_defaults, outcome_defaults, panel_defaults, unpaid_months
from loantwin.models.diagnostics import diagnose
from loantwin.models.fitted import FittedModel, by_label, check_model
from loantwin.models.forecasting import draw_shocks, mean_shocks
from loantwin.models.lags import choose_lags, evident_lag
from loantwin.models.latent import usual_scale
from loantwin.models.learnt_from import carried_for, with_shares
from loantwin.models.memory import against, split_codes
from loantwin.models.pooling import fit_panel_edges, never_left
from loantwin.models.priors.beliefs import beliefs_for, product_beliefs
from loantwin.models.priors.curves import prepayment_hazard
from loantwin.models.priors.table import ProductPrior
from loantwin.models.saturation import saturation_of
from loantwin.models.score_calibration import score_calibration
from loantwin.models.scored import ScoreBands, full_labels, score_bands, score_words
from loantwin.models.secured import with_class, without_severity
from loantwin.models.settings import LEVELS, FitSettings, MacroPrior, effects_believed
from loantwin.models.severity import (
    PRIOR_CASES,
    Believed,
    Defaults,
    Severity,
    fit_severity,
    severity_by_size,
)
from loantwin.models.severity_reaction import PRIOR_DEVIATION, SeverityReaction, fit_reaction
from loantwin.models.sizes import SizeBands, known_events, size_bands
from loantwin.models.start import beliefs_of, live_states, settled, standing_counts
from loantwin.models.transfer.carried import CarriedSeverity
from loantwin.models.transitions import (
    CREDIT,
    POOLED,
    PREPAYMENT,
    Context,
    EdgeFit,
    LevelFit,
    assumed_edge,
    fit_level_edge,
    rescaled,
    segment_design,
)
from loantwin.models.uncertainty import Directions, Errors, levels_covariance
from loantwin.models.uncertainty import exposure_of as directions_of

__all__ = ["FittedModel", "draw_shocks", "exposure_of", "fit_model", "loan_columns", "mean_shocks"]


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
    from_panel = panel is not None and panel.height > 0
    standing = not from_panel and mapping.kind == "snapshot"
    notes: list[str] = []
    sizes = None
    if not standing:
        events = known_events(loans, panel if from_panel else None)
        sizes, words = size_bands(loans, mapping, events, settings.size_bands)
        notes += [words] if words else []
    score = None if score is None else score_bands(loans, score)
    labels = full_labels(segment_labels(loans, mapping), loans, sizes, score)
    counts = _counted(loans, panel if from_panel else None, labels, mapping, as_of, settings, notes)
    notes += [] if score is None else [score_words(score)]
    notes += [] if counts.memory is None else [memory_words(counts)]
    by_unit = any(effect.unit for effect in settings.effects)
    reach = reach_in(settings, counts)
    settings = settled(settings, _covariates(settings, history, counts, [])[0], reach)
    if settings.choose_lags:
        settings = _with_lags(settings, history, counts, notes)
    elif by_unit and settings.prior is None and not settings.sources and np.isfinite(settings.lag_evidence):
        settings = _with_evident_lag(settings, history, counts, notes)
    # one word for a whole economy that is not known is the reader's, not one by covariate
    covariates, month = _covariates(settings, history, counts, notes if history.factors else [])
    names = tuple(covariate.name for covariate in covariates)
    beliefs = beliefs_of(settings, counts.states, counts.live)
    arrears = 3 if "default" in counts.states else unpaid_months(mapping)
    told = carried_for(settings, covariates, counts.states, counts.live, arrears)
    # sources state the whole of a period effect themselves
    settings = settings if told is not None else _carrying(settings, names)
    if beliefs is not None:
        beliefs = beliefs.centred(settings.credit_level.deviation * usual_scale(settings.tails))
    by_state = from_panel or standing
    latents: tuple[str, ...] = (CREDIT, PREPAYMENT) if by_state or payoff_observed(mapping) else (CREDIT,)
    segments = segment_design(counts.segments, settings, counts, score)
    context = Context(counts, month, names, segments, settings, latents, beliefs, told)
    edges, levels = fit_panel_edges(context) if by_state else _outcome_edges(context, mapping)
    latents = tuple(name for name in latents if name in levels)
    if standing:
        defaults, lost = no_defaults(), 0
    elif from_panel and panel is not None:
        defaults, lost = panel_defaults(panel, loans, labels, as_of, counts.segments)
    else:
        defaults, lost = outcome_defaults(
            loans, labels, as_of, mapping, history, counts.segments, first_vintage(mapping)
        )
    if lost:
        notes.append(
            f"{lost} defaults without an exposure to set them against are left out of loss given default"
        )
    believed = _believed(mapping, by_state, settings.prior)
    if told is not None:
        believed = _told_severity(believed, told.severity, mapping, by_state)
        notes += told.words
    band = segments.band[defaults.segment]
    if sizes is not None or score is not None:  # of severity a score tells nothing
        defaults = replace(defaults, segment=segments.base[defaults.segment])
    severity = fit_severity(defaults, len(segments.known) + 1, settings.ages, believed)
    if sizes is not None:
        sizes = severity_by_size(sizes, defaults, band, severity, believed)
    if severity.charged_off > 1.0 or severity.used[0] > 1.0:
        notes.append(_above_exposure(severity, mapping, from_panel))
    notes += [
        f"no loan was seen to leave {state}: what it moves to, and how soon, is the prior's"
        for state in never_left(counts)
    ]
    prior_only = _prior_only(edges, counts, severity, settings)
    moves = fit_balances(panel, loans) if from_panel and panel is not None else None
    made = _assembled(
        context,
        covariates,
        edges,
        levels,
        severity,
        defaults,
        as_of,
        mapping,
        prior_only,
        notes,
        sizes,
        score,
        reach,
    )
    if "conversion_factor" not in mapping.assumptions and from_panel and panel is not None:
        made = _converted(made, fit_conversion(panel, loans))
    return with_shares(replace(made, balances=moves), context, edges)


def _converted(model: FittedModel, found: Conversion | None) -> FittedModel:
    """Return the model with the conversion factor that its panel shows, and what tells it."""
    if found is None:
        return model
    told = {**model.diagnostics, "conversion_factor": found.to_dict()}
    return replace(model, conversion_factor=found.factor, diagnostics=told)


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


def _above_exposure(severity: Severity, mapping: TapeFormat, from_panel: bool) -> str:
    """Return in words that more was lost than was exposed, and what most often is behind it."""
    words = f"loss given default is {severity.charged_off:.1%} of exposure: "
    words += "more was charged off than the exposure holds; "
    if from_panel:
        return words + "the last reports before default hold less principal, or interest and fees are in it"
    return words + (
        "charge-off dates that come months after the last payment put the exposure too low: the assumption "
        f"unpaid_months_at_default, now {unpaid_months(mapping)}, counts the instalments that were not paid"
    )


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


def survival_of(mapping: TapeFormat, settings: FitSettings) -> Floats | None:
    """Return the share of loans assumed not yet paid off by age, (A,); None where payoff is observed."""
    if payoff_observed(mapping):
        return None
    # Trap: payoff assumed a month early. A month that ends at age a starts at age a - 1, with those left.
    before = np.maximum(np.arange(settings.ages) - 1, 0)
    left = np.cumprod(1.0 - _payoff_hazard(mapping, settings))
    return np.asarray(np.concatenate([[1.0], left])[before])


def first_vintage(mapping: TapeFormat) -> dt.date | None:
    """Return the day before which loans originated are left out of fits by the mapping, None for all."""
    early = mapping.assumptions.get("fit_from_vintage")
    return dt.date(int(float(early)), 1, 1) if early is not None else None


def _outcome_edges(context: Context, mapping: TapeFormat) -> tuple[list[EdgeFit], dict[str, LevelFit]]:
    settings = context.settings
    credit, level = fit_level_edge(context, "current", "charged_off", CREDIT, settings.credit_level)
    levels = {CREDIT: level}
    if payoff_observed(mapping):
        payoff, levels[PREPAYMENT] = fit_level_edge(
            context, "current", "prepaid", PREPAYMENT, settings.prepayment_level
        )
    else:
        whose = "mapping" if _payoff_stated(mapping, settings) else "product's prior"
        words = f"payoff is not observed: monthly probability assumed by the {whose}"
        before = np.maximum(np.arange(settings.ages) - 1, 0)
        hazard = np.maximum(_payoff_hazard(mapping, settings)[before], 1e-12)
        payoff = assumed_edge(context, "current", "prepaid", hazard, words)
    return [credit, payoff], levels


def _payoff_stated(mapping: TapeFormat, settings: FitSettings) -> bool:
    return settings.prior is None or "payoff_monthly_rate" in mapping.assumptions


def _payoff_hazard(mapping: TapeFormat, settings: FitSettings) -> Floats:
    """Return the monthly probability of payoff (A,) where it is not observed: mapping's or prior's."""
    if settings.prior is None or _payoff_stated(mapping, settings):
        return assumed_payoff_hazard(mapping, np.arange(settings.ages))
    return prepayment_hazard(settings.prior, settings.ages)


def _covariates(
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


def _carrying(settings: FitSettings, names: Sequence[str]) -> FitSettings:
    """Return settings whose levels also carry the effects of covariates that history does not hold."""
    lost = [effect for effect in settings.effects if effect.name not in names]
    # a product's prior states the whole cycle itself (`start.settled`)
    credit = [] if settings.prior is not None else [effect.credit for effect in lost]
    return replace(
        settings,
        credit_level=settings.credit_level.carrying(credit),
        prepayment_level=settings.prepayment_level.carrying([effect.prepayment for effect in lost]),
    )


def _with_lags(settings: FitSettings, history: Scenario, counts: Counts, notes: list[str]) -> FitSettings:
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


def _with_evident_lag(
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
        _, month = _covariates(replace(settings, effects=effects), history, counts, lost)
        return None if lost else month

    return cells, tuple(effect for effect in settings.effects if values((effect,)) is not None), values


def _believed(mapping: TapeFormat, by_state: bool, prior: ProductPrior | None = None) -> Believed:
    """Return what is assumed of loss given default: the mapping's words, else the prior's."""
    charged_off, recovered, deviation = 0.45, 0.0, (0.0, 0.0)
    charge_off_lag, recovery_lag = _spread(1, 12), _spread(1, 24)
    if prior is not None:
        deviation = (prior.charged_off.deviation, prior.recovered.deviation)
        charged_off, recovered = prior.charged_off.value, prior.recovered.value
        charge_off_lag, recovery_lag = (
            _spread(int(lag.low), int(lag.high)) for lag in (prior.charge_off_lag, prior.recovery_lag)
        )
    if "recovery_lag_months" in mapping.assumptions:
        recovery_lag = _spread(1, 2 * int(mapping.number("recovery_lag_months")))
    observed = "recoveries" in mapping.observes
    return Believed(
        charged_off=mapping.number("loss_given_default", charged_off),
        recovered=mapping.number("recovery_rate", recovered),
        charge_off_lag=charge_off_lag if by_state else (1.0,),
        recovery_lag=recovery_lag,
        charge_off_is_default=not by_state,
        charge_off_observed=not by_state or _sees_charge_offs(mapping),
        recovery_observed=observed,
        exposure_assumed="" if by_state else "the balance the contract alone would leave at the charge-off",
        deviation=deviation,
    )


def _told_severity(
    believed: Believed, told: CarriedSeverity, mapping: TapeFormat, by_state: bool
) -> Believed:
    """Return what is assumed of loss given default where sources tell; the mapping's own words come first."""
    made = believed
    if told.charged_off is not None and "loss_given_default" not in mapping.assumptions:
        made = replace(made, charged_off=min(max(told.charged_off.mean, 0.0), 1.0), cases=told.cases)
    if told.recovered is not None and "recovery_rate" not in mapping.assumptions:
        made = replace(made, recovered=min(max(told.recovered.mean, 0.0), made.charged_off))
    deviation = tuple(
        one.deviation if one is not None else other
        for one, other in zip((told.charged_off, told.recovered), believed.deviation, strict=True)
    )
    return replace(
        made,
        deviation=(deviation[0], deviation[1]),
        charge_off_lag=tuple(told.charge_off_lag) if by_state else made.charge_off_lag,
        recovery_lag=made.recovery_lag if told.recovered is None else tuple(told.recovery_lag),
    )


def _sees_charge_offs(mapping: TapeFormat) -> bool:
    """Return whether a tape by state tells what is charged off: it says so, or has an amount for it."""
    return "charge_offs" in mapping.observes or "charged_off" in {**mapping.columns, **mapping.panel}


def _spread(first: int, last: int) -> tuple[float, ...]:
    """Return equal probabilities of the months `first` to `last` after an event; all at once for none."""
    size = last - first + 1
    return (*[0.0] * first, *[1.0 / size] * size) if last > 0 else (1.0,)


def _prior_only(
    edges: Sequence[EdgeFit], counts: Counts, severity: Severity, settings: FitSettings
) -> tuple[str, ...]:
    rare = [
        f"{edge.origin} -> {edge.target}"
        for edge in edges
        if not edge.assumed and edge.events * counts.effective < settings.least_events
    ]
    return tuple(rare + (["loss given default"] if severity.prior_only else []))


def _assembled(
    context: Context, covariates: tuple[Covariate, ...], edges: Sequence[EdgeFit], levels: dict[str,
        LevelFit], severity: Severity,
    defaults: Defaults, as_of: dt.date, mapping: TapeFormat, prior_only: tuple[str, ...], notes: list[str],
    sizes: SizeBands | None, score: ScoreBands | None, reach: float,
) -> FittedModel:  # fmt: skip
    counts, settings = context.counts, context.settings
    assert settings.beliefs is not None  # `believing` gave them
    states = counts.states
    default = "default" if "default" in states else "charged_off"
    # a book that no move of a kind was possible in (all in default) has no level of it
    kept = [name for name in context.latents if name in levels]
    columns = [context.latents.index(name) for name in kept]
    parameters = TransitionParameters(
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
        latents=tuple(kept),
        default_state=states.index(default),
        prepaid_state=states.index("prepaid"),
    )
    bent = saturation_of(
        settings.beliefs.multiple_cap.value, reach, worsening_edges(parameters), parameters.macro,
        context.month,
    )  # fmt: skip
    if bent.shown > 1.0:
        notes.append(
            f"history itself shows the economy multiplying defaults by {bent.shown:.1f}, beyond the cap of "
            f"{bent.cap:.3g}: what was seen stands before the cap"
        )
    model = FittedModel(
        as_of=as_of,
        parameters=parameters,
        covariates=covariates,
        processes=tuple(levels[name].process for name in kept),
        covariance=levels_covariance(
            [edge.covariance for edge in edges],
            [edge.last for edge in edges],
            parameters.loading,
            np.array([levels[name].process.variance for name in kept]),
            [levels[name].shared for name in kept],
        ),
        today=context.month[-1],
        lgd=by_label(severity.lgd, parameters.segments, sizes),
        arrears_months=3 if default == "default" else unpaid_months(mapping),
        conversion_factor=mapping.number("conversion_factor", 0.0),
        assumed=tuple(edge.assumed for edge in edges),
        absent=tuple(name for name in (*PANEL_LIVE, "default") if name not in published_states(states)),
        prior_only=prior_only,
        diagnostics={
            **diagnose(context, edges, levels, severity, prior_only, notes),
            **({} if score is None else {"score": score_calibration(context, edges, levels, score, default)}),
        },
        provenance={
            "data_sha256": _data_hash(counts, defaults),
            "mapping": mapping.name,
            "assumptions": dict(mapping.assumptions),
            **({} if counts.memory is None else {"memory": dict(counts.memory.kept)}),
            "settings": {**asdict(replace(settings, beliefs=None)), "beliefs": settings.beliefs.to_dict()},
            "seed": None,
            "versions": {
                name: importlib.metadata.version(name) for name in ("loantwin", "numpy", "scipy", "polars")
            },
        },
        errors=Errors(
            context.segments.rows,
            tuple(edge.errors for edge in edges),
            tuple(levels[name].shared for name in kept),
        ),
        severity=_reaction(context, levels, defaults, severity.lgd),
        sizes=sizes,
        score=score,
        saturation=bent if parameters.factors else None,
        prior_covariance=levels_covariance(
            [edge.believed for edge in edges],
            [np.zeros(1 + len(context.names)) for _ in edges],
            parameters.loading,
            np.array([levels[name].process.long_run_variance for name in kept]),
            [levels[name].believed for name in kept],
        ),
    )
    check_model(model)
    return model


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


# --- from a book to the engine
# ------------------------------------------------------------------------------------------


def loan_columns(
    book: Book, model: FittedModel, mapping: TapeFormat, panel: pl.DataFrame | None = None
) -> LoanColumns:
    """Return the book's live loans as the engine's columns, coded as `model` knows them.

    panel : the history as known at the book's date, which tells what loans did before, where the model asks.
        A loan it does not show is read as one that was up to date before.

    A segment the model has never seen reads the pooled effect, with a warning that names it. Loans in
    default, and loans whose contract has ended, are not live: the caller finds them by `live_loans`. Missing
    terms raise, they are never guessed.

    Raises
    ------
    ModelError : a term that is missing, naming the first loan and the field.
    """
    loans = live_loans(book, model)
    labels = segment_labels(loans, mapping)
    known, _ = segment_codes(labels, model.parameters.segments)
    unknown = known < 0
    if unknown.any():
        names = ", ".join(sorted(set(labels.filter(pl.Series(unknown)).to_list()))[:5])
        warnings.warn(
            f"expected segments the model was fitted on, was {names}: {int(unknown.sum())} loans read the "
            "pooled effect",
            UserWarning,
            stacklevel=2,
        )
    codes = _codes(loans, labels.set(pl.Series(unknown), POOLED), book.as_of, model)
    anchor = months.anchor_day(book.as_of)
    now = months.month_of(book.as_of, anchor)
    start = months.months_of(_filled(loans, "origination_date").to_numpy(), anchor).astype(np.int64)
    term = _filled(loans, "term_months").to_numpy().astype(np.int64)
    principal = _filled(loans, "principal").to_numpy()
    rate = _filled(loans, "annual_rate").to_numpy()
    originated = loans["originated_amount"].fill_null(pl.Series(principal)).to_numpy()
    floating = (loans["rate_type"] == "floating").fill_null(False) & loans["rate_spread"].is_not_null()
    interest_only = loans["interest_only_months"].fill_null(0).to_numpy().astype(np.int64)
    return checked_columns(
        segment=codes,
        age=now - start,
        state=_state_codes(loans, model, panel, book.as_of),
        product=loans["product"]
        .replace_strict({name: place for place, name in enumerate(PRODUCTS)})
        .to_numpy()
        .astype(np.int64),
        remaining_months=start + term - now,
        principal=principal,
        annual_rate=rate,
        effective_annual_rate=loans["effective_annual_rate"].fill_null(pl.Series(rate)).to_numpy(),
        floating=floating.to_numpy(),
        rate_spread=loans["rate_spread"].fill_null(0.0).to_numpy(),
        rate_cap=loans["rate_cap"].fill_null(np.inf).to_numpy(),
        rate_floor=loans["rate_floor"].fill_null(-np.inf).to_numpy(),
        balloon=np.where(
            rests(loans),
            principal,
            balloon_amount(loans["balloon_share"].fill_null(0.0).to_numpy(), originated, principal),
        ),
        interest_only_months=np.maximum(interest_only - (now - start), 0),
        pattern=patterns_of(loans, book.as_of),
        undrawn=loans["undrawn"].fill_null(0.0).to_numpy(),
        accrued_interest=loans["accrued_interest"].fill_null(0.0).to_numpy(),
        guaranteed=loans["guaranteed_share"].fill_null(0.0).to_numpy(),
        weight=loans["weight"].to_numpy() * loans["on_book_probability"].fill_null(1.0).to_numpy(),
    )


def exposure_of(model: FittedModel, columns: LoanColumns, horizon: int) -> Directions:
    """Return where loans' weight lies in months 1..horizon: what `draw_shocks` makes their shocks from.

    Raises ModelError where the model has no errors of estimation.
    """
    if model.errors is None:
        raise ModelError(expected("a model with its errors of estimation", "none"), field="errors")
    return directions_of(model.parameters, model.errors, columns, horizon)


def _codes(loans: pl.DataFrame, labels: pl.Series, as_of: dt.date, model: FittedModel) -> Integers:
    """Return each loan's label: its vintage's where the model has one, else its size's or its segment's."""
    codes = by_size(loans, labels, model)
    if not any(VINTAGE in label for label in model.parameters.segments):
        return codes
    labels = full_labels(labels, loans, model.sizes, model.score)
    start = months.months_of(_filled(loans, "origination_date").to_numpy(), months.anchor_day(as_of)).astype(
        np.int64
    )
    own, _ = segment_codes(
        labels + VINTAGE + pl.Series(start // 12).cast(pl.String), model.parameters.segments
    )
    return np.where(own >= 0, own, codes)


def by_size(loans: pl.DataFrame, labels: pl.Series, model: FittedModel) -> Integers:
    """Return each loan's label of its segment, size and score, (N,): loss given default is told by it.

    labels : (N,) segment labels; one the model has never seen reads the pooled segment.
    """
    names = model.parameters.segments
    codes, _ = segment_codes(labels, names)
    labels, codes = labels.set(pl.Series(codes < 0), POOLED), np.where(codes < 0, names.index(POOLED), codes)
    if model.sizes is None and model.score is None:
        return codes
    own, _ = segment_codes(full_labels(labels, loans, model.sizes, model.score), names)
    return np.where(own >= 0, own, codes)


def live_loans(book: Book, model: FittedModel) -> pl.DataFrame:
    """Return the book's loans in a live state of the model, with a running contract, in the book's order."""
    anchor = months.anchor_day(book.as_of)
    now = months.month_of(book.as_of, anchor)
    live = list(_live_codes(model))
    day = pl.col("origination_date")
    start = (
        day.dt.year().cast(pl.Int64) * 12
        + day.dt.month().cast(pl.Int64)
        - 1
        + (day.dt.day() > anchor).cast(pl.Int64)
    )
    running = (start + pl.col("term_months") > now).fill_null(True)
    return book.loans.filter(pl.col("state").fill_null("current").is_in(live) & running)


def _state_codes(
    loans: pl.DataFrame, model: FittedModel, panel: pl.DataFrame | None, as_of: dt.date
) -> Integers:
    state = loans["state"].fill_null("current")
    codes = state.replace_strict(_live_codes(model)).to_numpy().astype(np.int64)
    live = model.parameters.states[: model.parameters.live]
    if panel is None or len(published_states(live)) == len(live):
        return codes
    kind = classes_today(
        loans["loan_id"], state.replace(dict.fromkeys(LIKE_CURRENT, "current")), panel, as_of
    )
    return split_codes(live, codes, kind)


def _live_codes(model: FittedModel) -> dict[str, int]:
    """Return each state of a loan that is neither in default nor closed, and its live state in the model.

    States the model does not tell apart (forborne, in probation, or past due where it was learnt from
    outcomes alone) read its first live state.
    """
    known: dict[str, int] = {}
    for place, name in enumerate(model.parameters.states[: model.parameters.live]):
        known.setdefault(published_state(name), place)
    return {name: known.get(name, 0) for name in STATES if name not in (*DEFAULT_STATES, *CLOSED_STATES)}


def unknown_states(book: Book, model: FittedModel) -> dict[str, int]:
    """Return the book's live states that the model does not tell from its first, with loan numbers."""
    known = {*published_states(model.parameters.states[: model.parameters.live]), *LIKE_CURRENT}
    counts = live_loans(book, model)["state"].fill_null("current").value_counts().sort("state")
    return {name: count for name, count in counts.iter_rows() if name not in known}


def _filled(loans: pl.DataFrame, name: str) -> pl.Series:
    column = loans[name]
    if column.null_count():
        missing = loans["loan_id"].filter(column.is_null())
        was = f"none, in {len(missing)} of {loans.height} loans"
        raise ModelError(
            f"expected a value (the mapping may derive one), was {was}", loan=missing[0], field=name
        )
    return column
