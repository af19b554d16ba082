"""The age-period-cohort model as one the engine runs: its hazard of default in the place of the fitted one.

    log-odds(segment, age, origin; t) = age curve + segment + vintage + held trend + x_t . beta + level_t

Age, segment and vintage make the engine's columns "<segment>|vintage 2003Q2", the month part its shocks, so
that expected paths, loan losses and simulations run unchanged. What differs from the fitted model: vintages
are bands of months under a stated rule instead of shrunk years, the trend of the period effect is held where
it stands instead of fading to the long run, and delinquency is not told apart: one live state, first default
from any of it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from loantwin.arrays import Floats, Integers
from loantwin.book.mapping import TapeFormat
from loantwin.book.payoff import assumed_survival, payoff_observed
from loantwin.book.segments import segment_labels
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import LoanColumns
from loantwin.engine.rows import VINTAGE, TransitionParameters
from loantwin.errors import ModelError, expected
from loantwin.macro.covariates import evaluate
from loantwin.macro.scenario import Scenario
from loantwin.models.age_period_cohort.decomposition import AgePeriodCohort, ApcSettings, decompose, label_of
from loantwin.models.age_period_cohort.macro import PeriodMacro, book_covariance, fit_period_macro
from loantwin.models.counts import (
    KEYS,
    Counts,
    EventCounts,
    added_up,
    edge_cells,
    outcome_counts,
    panel_counts,
    segment_codes,
    sums,
)
from loantwin.models.fitted import FittedModel, check_model
from loantwin.models.latent import LatentProcess
from loantwin.models.settings import FitSettings, effects_of
from loantwin.models.transitions import (
    CREDIT,
    POOLED,
    PREPAYMENT,
    Context,
    EdgeFit,
    fit_level_edge,
    macro_prior,
    on_grid,
    segment_design,
)

RECENT = 3
"""Last months of history whose loans stand for today's book in its error."""


@dataclass(frozen=True)
class ApcModel:
    """A decomposition, its macro fit, and the model made of them.

    found : the decomposition by itself, no macro in it: what one reads. macro : the fit with macro: what
        forecasts.
    model : for the engine; its segments are (segments, pooled), then each of them in each vintage band, in
        that order.
    segments : labels of the history. first, width, bands : first month of the first vintage band, months of a
        band, number.
    """

    found: AgePeriodCohort
    macro: PeriodMacro
    model: FittedModel
    segments: tuple[str, ...]
    first: int
    width: int
    bands: int

    def codes(self, labels: pl.Series, origin: Integers) -> Integers:
        """Return the model's segment of loans with these labels and months of origination, (N,)."""
        known, _ = segment_codes(labels, self.segments)
        known = np.where(known < 0, len(self.segments), known)
        band = np.clip((origin - self.first) // self.width, 0, self.bands - 1)
        return np.asarray(len(self.segments) + 1 + known * self.bands + band, dtype=np.int64)

    def recoded(self, columns: LoanColumns, labels: pl.Series, month: int) -> LoanColumns:
        """Return loans, as the fitted model codes them, coded for this one; `month` is the as-of month."""
        return replace(
            columns, segment=self.codes(labels, month - columns.age), state=np.zeros_like(columns.state)
        )


def fit_apc_model(
    loans: pl.DataFrame,
    panel: pl.DataFrame | None,
    mapping: TapeFormat,
    as_of: dt.date,
    history: Scenario,
    fitted: FittedModel,
    settings: ApcSettings | None = None,
) -> ApcModel:
    """Return the age-period-cohort model of a lender's history; all but its default hazard is `fitted`'s.

    Parameters
    ----------
    loans, panel, mapping, as_of, history : as for `model.fit_model`. fitted : the twin's model.

    Raises
    ------
    ModelError : a snapshot without history, no default, or too few months and vintages.
    """
    settings = settings or ApcSettings()
    counts = default_counts(loans, panel, mapping, as_of, settings.ages)
    default = fitted.default_name
    cells = edge_cells(counts, "current", default)
    # Trap: the lags of the settings. The fit may have chosen others: beliefs are those stored with it.
    fits = FitSettings(effects=effects_of(fitted.provenance))
    segments = segment_design(counts.segments, fits)
    found = decompose(cells, segments, counts.effective, settings)
    names = tuple(covariate.name for covariate in fitted.covariates)
    first, last = int(found.period.at[0]), int(found.period.at[-1])
    month = evaluate(fitted.covariates, history, first, last)
    macro = fit_period_macro(cells, segments, found, month, macro_prior(fits, names, CREDIT), names)
    prepaid, level = _prepayment(counts, fitted, history, fits)
    today = recent_book(counts, cells, macro)
    covariance = book_covariance(macro, cells, today)
    model = _assembled(fitted, counts.segments, macro, covariance, prepaid, level)
    width, bands = settings.vintage_months, len(found.vintage.at)
    return ApcModel(found, macro, model, counts.segments, int(found.vintage.at[0]), width, bands)


def default_counts(
    loans: pl.DataFrame, panel: pl.DataFrame | None, mapping: TapeFormat, as_of: dt.date, ages: int
) -> Counts:
    """Return the counts of first default and payoff from any live state.

    States: current, default or charged_off, prepaid.

    Raises
    ------
    ModelError : a snapshot, which has no history.
    """
    if mapping.kind == "snapshot":
        raise ModelError(
            expected("a history to learn from", "a snapshot at one date")
            + "; take a twin of a tape with a history (`priors` shows a prior model's curves)",
            field="tape",
        )
    labels = segment_labels(loans, mapping)
    if panel is not None and panel.height:
        return collapsed(panel_counts(panel, loans, labels, as_of))
    early = mapping.assumptions.get("fit_from_vintage")
    observed = payoff_observed(mapping)
    return outcome_counts(
        loans,
        labels,
        as_of,
        survival=None if observed else assumed_survival(mapping, np.maximum(np.arange(ages) - 1, 0)),
        fit_from_vintage=dt.date(int(float(early)), 1, 1) if early is not None else None,
        payoff_observed=observed,
    )


def collapsed(counts: Counts) -> Counts:
    """Return a panel's counts with all live states as one."""
    columns = [name for name in counts.cells.columns if name in {"at_risk", "moved_default", "moved_prepaid"}]
    keys = [name for name in KEYS if name != "from_state"]
    cells = added_up(counts.cells, keys, columns)
    cells = cells.with_columns(from_state=pl.lit(0, dtype=pl.Int32)).select("from_state", *keys, *columns)
    return replace(counts, states=("current", "default", "prepaid"), live=1, cells=cells)


def recent_book(
    counts: Counts, cells: EventCounts, macro: PeriodMacro
) -> tuple[Integers, Integers, Integers, Floats]:
    """Return the last months' loans as a book: segment, age, origination, weight by expected defaults.

    Raises
    ------
    ModelError : no loan at risk in the last `RECENT` months.
    """
    recent = cells.month > counts.last - RECENT
    if not recent.any():
        raise ModelError(expected(f"loans at risk in the last {RECENT} months", "none"), field="as_of")
    part = on_grid(
        EventCounts(
            *(getattr(cells, name)[recent] for name in ("segment", "age", "month", "trials", "events"))
        ),
        10**6,
    )
    odds = macro.whole.log_odds(part.segment, part.age, part.month)
    return part.segment, part.age, part.month - part.age, np.asarray(part.trials * np.exp(odds))


@dataclass(frozen=True)
class _Prepayment:
    """Prepayment for the engine. age : (A,). segment : (G + 1,) by the history's labels, pooled last."""

    age: Floats
    segment: Floats
    macro: Floats
    loading: float
    covariance: Floats
    last: Floats
    assumed: bool


def _prepayment(
    counts: Counts, fitted: FittedModel, history: Scenario, settings: FitSettings
) -> tuple[_Prepayment, LatentProcess | None]:
    """Return prepayment from the one live state: the model's own, or for panels refitted on all of them."""
    own, labels = fitted.parameters, (*counts.segments, POOLED)
    F = len(own.factors)
    if own.live == 1:
        edge = int(np.flatnonzero(own.target == own.prepaid_state)[0])
        place = [
            own.segments.index(name) if name in own.segments else own.segments.index(POOLED)
            for name in labels
        ]
        R, loading = len(own.origin), own.loading[edge]
        latent = own.latents.index(PREPAYMENT) if PREPAYMENT in own.latents else -1
        index = np.array([edge, *range(R + edge * F, R + (edge + 1) * F)])
        at = R + R * F + latent
        return _Prepayment(
            own.age[edge], own.segment[edge][place], own.macro[edge],
            float(loading[latent]) if latent >= 0 else 0.0, fitted.covariance[np.ix_(index, index)],
            fitted.covariance[index, at] if latent >= 0 else np.zeros(1 + F), fitted.assumed[edge],
        ), fitted.processes[latent] if latent >= 0 else None  # fmt: skip
    month = evaluate(fitted.covariates, history, counts.first, counts.last)
    context = Context(
        counts, month, own.factors, segment_design(counts.segments, settings), settings, (PREPAYMENT,)
    )
    made, level = fit_level_edge(context, "current", "prepaid", PREPAYMENT, settings.prepayment_level)
    return _of_edge(made), level.process


def _of_edge(edge: EdgeFit) -> _Prepayment:
    return _Prepayment(
        edge.age, edge.segment, edge.macro, float(edge.loading[0]), edge.covariance, edge.last, False
    )


def _assembled(
    fitted: FittedModel, segments: tuple[str, ...], macro: PeriodMacro, credit: Floats, prepaid: _Prepayment,
    level: LatentProcess | None,
) -> FittedModel:  # fmt: skip
    """Return the model: edges current -> default and current -> prepaid, segments times vintages."""
    whole, own = macro.whole, fitted.parameters
    ages, latents = own.age.shape[1], (CREDIT,) if level is None else (CREDIT, PREPAYMENT)
    bands = len(whole.vintage.at)
    names = [label_of(whole, int(month)) for month in whole.vintage.at]
    labels = (*segments, POOLED)
    at = np.clip(np.arange(ages), *whole.support) - whole.support[0]
    odds = np.append(whole.segments, _pooled(whole, len(segments)))
    by_vintage = np.concatenate([odds, (odds[:, None] + whole.vintage.value[None, :]).ravel()])
    repeated = np.concatenate([prepaid.segment, np.repeat(prepaid.segment, bands)])
    default = fitted.default_name
    parameters = TransitionParameters(
        states=("current", default, "prepaid"),
        live=1,
        origin=np.zeros(2, dtype=np.int64),
        target=np.array([1, 2], dtype=np.int64),
        age=np.stack([whole.age.value[at] + macro.held, _of_length(prepaid.age, ages)]),
        segment=np.stack([by_vintage, repeated]),
        macro=np.stack([macro.effects, prepaid.macro]),
        loading=np.array([[1.0, 0.0], [0.0, prepaid.loading]])[:, : len(latents)],
        segments=(*labels, *(f"{label}{VINTAGE}{name}" for label in labels for name in names)),
        factors=own.factors,
        latents=latents,
        default_state=1,
        prepaid_state=2,
    )
    processes = (macro.process,) if level is None else (macro.process, level)
    place = [
        own.segments.index(label) if label in own.segments else own.segments.index(POOLED) for label in labels
    ]
    rows = np.concatenate([place, np.repeat(place, bands)])
    model = replace(
        fitted,
        parameters=parameters,
        processes=processes,
        covariance=_covariance(credit, prepaid, len(own.factors), level),
        lgd=LossGivenDefault(fitted.lgd.charged_off[rows], fitted.lgd.recovered[rows], *_lags(fitted)),
        assumed=(False, prepaid.assumed),
        errors=None,
        prior_covariance=None,
        saturation=None,
        provenance={**fitted.provenance, "model": "age-period-cohort", "rule": whole.rule},
    )
    check_model(model)
    return model


def _lags(fitted: FittedModel) -> tuple[Floats, Floats]:
    return fitted.lgd.charge_off_lag, fitted.lgd.recovery_lag


def _of_length(values: Floats, size: int) -> Floats:
    return np.concatenate([values, np.full(max(0, size - len(values)), values[-1])])[:size]


def _pooled(whole: AgePeriodCohort, size: int) -> float:
    """Return the log-odds of a loan whose segment was never seen: the mean odds of all, by loan-months."""
    block = whole.fit.block("segment")
    weight = sums(block.index, np.ones(len(block.index)), size)
    return float(np.log(np.average(np.exp(whole.segments), weights=weight)))


def _covariance(credit: Floats, prepaid: _Prepayment, factors: int, level: LatentProcess | None) -> Floats:
    """Return the covariance of levels (2), macro effects (2 x F) and latents (L); see FittedModel."""
    F, L = factors, 1 if level is None else 2
    made = np.zeros((2 + 2 * F + L, 2 + 2 * F + L))
    own = np.array([0, *range(2, 2 + F), 2 + 2 * F])
    made[np.ix_(own, own)] = credit
    other = np.array([1, *range(2 + F, 2 + 2 * F)])
    made[np.ix_(other, other)] = prepaid.covariance
    if level is not None:
        made[other, -1] = made[-1, other] = prepaid.last * prepaid.loading
        made[-1, -1] = level.variance
    return (made + made.T) / 2.0
