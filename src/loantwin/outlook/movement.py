"""The movement of a twin's allowance: both dates valued, what was written off and what came back between."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from loantwin.arrays import Floats, Integers
from loantwin.book.segments import segment_labels
from loantwin.engine.cells import LossGivenDefault, SeverityMoves
from loantwin.engine.rows import VINTAGE, base_label, base_segments
from loantwin.errors import UsageError, expected
from loantwin.events.money import minor_units
from loantwin.macro.generator import fit_generator
from loantwin.models.counts import segment_codes
from loantwin.models.forecasting import mean_shocks
from loantwin.models.transitions import POOLED
from loantwin.months import day
from loantwin.outlook.outlook import Economy, GivenScenario, Histories, Outlook, Scenarios, read_scenarios
from loantwin.outlook.portfolio import (
    GENERATED,
    checked_weights,
    economies,
    generated,
    lifetime_economy,
    portfolio,
)
from loantwin.outlook.recoveries import recoveries
from loantwin.outlook.redated import twin_at
from loantwin.outlook.severity import severity_moves
from loantwin.risk.provisions.losses_of_year import ExpectedAtOpening
from loantwin.risk.provisions.measurement import Portfolio, WeightedScenario, exposures, lifetime_months
from loantwin.risk.provisions.movement import (
    ClosingValues,
    OpeningValues,
    PassedLoans,
    added_up,
    loan_movements,
)
from loantwin.risk.provisions.movement_statement import MovementResult, movement_of
from loantwin.risk.provisions.overlays import Overlay, overlay_effects, read_overlays
from loantwin.risk.provisions.provisions import Staged, measured_lives, staged
from loantwin.twin import Learnt, Twin
from loantwin.types import Progress, silent

IFRS9_STAGES = ("1", "2", "3")
FAR = 10_000
"""Months until a write-off that never was."""


@dataclass(frozen=True)
class Valuations:
    """How both dates are valued.

    scenarios, opening_scenarios : FILE[#NAME][=WEIGHT] at each date; none takes generated paths. align :
    "start" re-dates them. same_model : value both dates with the closing model. opening_overlays, overlays :
    TOML files of overlays at each date. history : files that hold the scenarios' own past, for `align`.
    """

    scenarios: Scenarios = ()
    opening_scenarios: Scenarios = ()
    align: str | None = None
    same_model: bool = False
    opening_overlays: Path | str | None = None
    overlays: Path | str | None = None
    history: Histories = ()


@dataclass(frozen=True)
class Valued:
    """A book valued at a date: loans as measured, losses, stages, and overlays' parts, (N,)."""

    book: Portfolio
    found: Staged
    weights: Floats
    overlay: Floats


def moved_allowance(
    twin: Twin,
    opening: dt.date | str,
    closing: dt.date | str | None,
    asked: Valuations,
    progress: Progress = silent,
) -> MovementResult:
    """Return the movement of a twin's IFRS 9 allowance from one date to another; None: the twin's own date.

    Raises
    ------
    UsageError : an opening date not before the closing one, or before a snapshot. Others as `provisions`.
    """
    before = () if asked.opening_overlays is None else read_overlays(Path(asked.opening_overlays))
    after = () if asked.overlays is None else read_overlays(Path(asked.overlays))
    first = day(opening, "opening")
    last = twin.as_of if closing is None else day(closing, "closing")
    if first >= last:
        raise UsageError(expected(f"an opening date before the closing date {last}", first), field="opening")
    taken = twin.mapping.as_of
    if taken is not None and first < taken:
        words = expected(f"an opening date from {taken} on, that of the snapshot", first)
        raise UsageError(words + "; take the snapshot of the earlier date", field="opening")
    progress(0.0, "learning what was known at each date")
    now = twin if last == twin.as_of else twin_at(twin, last)
    then = _opening_twin(twin, now, first, asked.same_model)
    given = (
        read_scenarios(then, asked.opening_scenarios, asked.align, asked.history),
        read_scenarios(now, asked.scenarios, asked.align, asked.history),
    )
    return _between(then, now, given, (before, after), asked.same_model, progress)


def _opening_twin(twin: Twin, now: Twin, opening: dt.date, same_model: bool) -> Twin:
    if not same_model:
        return twin_at(twin, opening)
    seen = twin.at(opening)
    return twin.at(opening, Learnt(now.model, fit_generator(seen.history)))


def _between(
    then: Twin,
    now: Twin,
    given: tuple[list[GivenScenario], list[GivenScenario]],
    overlays: tuple[tuple[Overlay, ...], tuple[Overlay, ...]],
    same_model: bool,
    progress: Progress,
) -> MovementResult:
    old, new = Outlook(then), Outlook(now)
    mixed = Outlook(now.at(now.as_of, Learnt(then.model, now.generator)))
    elapsed = new.month0 - old.month0
    first, last, between = (measured_lives(portfolio(outlook), now.config) for outlook in (old, new, mixed))
    horizon = lifetime_months(last.columns)
    progress(0.2, "valuing the opening")
    ahead, notes = economies(old, given[0], max(lifetime_months(first.columns), horizon + elapsed))
    opening = _valued(old, first, ahead, overlays[0])
    progress(0.4, "valuing the closing")
    closing_scenarios, closing_notes = economies(new, given[1], horizon)
    closing = _valued(new, last, closing_scenarios, overlays[1])
    stage = closing.found.stages.stage
    later = [_from_month(scenario, elapsed) for scenario in ahead]
    progress(0.6, "revaluing with one input more at a time")
    own = _allowance(between, staged(between, later, now.config), _weights(later), stage)
    ahead_now = _economies_under(mixed, given[1], horizon, elapsed)
    fresh = [item.weighted(severity_moves(mixed, item.economy, item.shocks)) for item in ahead_now]
    economy = _allowance(between, staged(between, fresh, now.config), _weights(fresh), stage)
    # what a default loses is the closing's: the tables, and how prices and the times move them
    rows = _rows_of(last.parameters.segments, between.parameters.segments)
    relost = replace(between, lgd=_translated(now.model.lgd, rows))
    lost_now = [
        item.weighted(_translated_moves(severity_moves(new, item.economy, item.shocks, mixed), rows))
        for item in ahead_now
    ]
    severity = _allowance(relost, staged(relost, lost_now, now.config), _weights(lost_now), stage)
    segments = tuple(dict.fromkeys((*_bases(last), *_bases(first))))
    lost = _written_off(now, then.as_of)
    gone, waited = _of_opening(lost, old)
    groups = added_up(
        loan_movements(
            OpeningValues(
                old.book.loans["loan_id"],
                *_by_stage(opening),
                _weighted_exposure(first),
                opening.found.stages.stage,
                _renumbered(first, segments),
                opening.overlay,
                gone,
                1.0 - first.columns.guaranteed,
                _gross(first),
                _growth(first, np.minimum(waited, elapsed)),
            ),
            ClosingValues(
                new.book.loans["loan_id"],
                own,
                economy,
                severity,
                _allowance(last, closing.found, closing.weights, stage),
                _weighted_exposure(last),
                stage,
                _renumbered(last, segments),
                closing.overlay,
                _gross(last),
            ),
            minor_units(now.currency),
            _passed(lost, old, now, segments),
        )
    )
    recovered, told = recoveries(now, then.as_of)
    words = (*_words(then, now, same_model), *told)
    return movement_of(
        groups,
        then.as_of,
        now.as_of,
        now.currency,
        segments,
        recovered,
        (*words, *dict.fromkeys((*new.notes, *notes, *closing_notes))),
        now.provenance(),
        minor_units(now.currency),
        _expected(opening),
    )


def _expected(valued: Valued) -> ExpectedAtOpening:
    """Return expected losses of the loans that are not in default, added up."""
    live, columns = valued.found.stages.stage < 3, valued.book.columns
    losses, made = valued.found.losses, []
    for loss in (losses.twelve_month, losses.lifetime):
        gross = np.where(live, loss @ valued.weights * columns.weight, 0.0)
        made += [math.fsum(gross), math.fsum(gross * (1.0 - columns.guaranteed))]
    return ExpectedAtOpening(*made)


def _valued(
    outlook: Outlook, book: Portfolio, scenarios: list[WeightedScenario], overlays: tuple[Overlay, ...]
) -> Valued:
    found, weights = staged(book, scenarios, outlook.twin.config), _weights(scenarios)
    modelled = _allowance(book, found, weights, found.stages.stage)
    names = tuple(dict.fromkeys(_bases(book)))
    _, added = overlay_effects(
        overlays,
        book.as_of,
        modelled,
        _weighted_exposure(book),
        _renumbered(book, names),
        names,
        found.stages.stage - 1,
        IFRS9_STAGES,
    )
    return Valued(book, found, weights, added)


def _by_stage(valued: Valued) -> tuple[Floats, Floats, Floats]:
    """Return what each loan would hold in stage 1, 2 and 3, (N,) each, net and weighted."""
    size = len(valued.weights)
    shape = (valued.found.losses.twelve_month.shape[0],)
    assert size
    return tuple(
        _allowance(valued.book, valued.found, valued.weights, np.full(shape, stage)) for stage in (1, 2, 3)
    )  # type: ignore[return-value]  # three


def _allowance(book: Portfolio, found: Staged, weights: Floats, stage: Integers) -> Floats:
    """Return loans' allowance at a stage, (N,), net of guarantees, by case weight and on-book chance."""
    losses = found.losses
    chosen = np.where(stage == 1, losses.twelve_month @ weights, losses.lifetime @ weights)
    gross = np.where(stage == 3, losses.defaulted, chosen)
    return np.asarray(gross * (1.0 - book.columns.guaranteed) * book.columns.weight)


def _weighted_exposure(book: Portfolio) -> Floats:
    found = exposures(book)
    return np.asarray(found.exposure * found.weight * (1.0 - found.guaranteed))


def _weights(scenarios: Sequence[WeightedScenario]) -> Floats:
    return np.array([scenario.weight for scenario in scenarios])


def _from_month(scenario: WeightedScenario, elapsed: int) -> WeightedScenario:
    """Return a scenario of the opening as it looks ahead of the closing: its first months are past."""
    index, moves = scenario.index_paths, scenario.severity
    return replace(
        scenario,
        shocks=scenario.shocks[:, elapsed:],
        index_paths=None if index is None else np.ascontiguousarray(index[:, elapsed:]),
        severity=None if moves is None else SeverityMoves(moves.factor[:, :, elapsed:], moves.kind),
    )


@dataclass(frozen=True)
class _Ahead:
    """A closing scenario under the opening model. shocks : (P, T, R)."""

    name: str
    weight: float
    economy: Economy
    shocks: Floats

    def weighted(self, moves: SeverityMoves | None) -> WeightedScenario:
        """Return the scenario as the standards read it."""
        return WeightedScenario(self.name, self.weight, self.shocks, self.economy.index, moves)


def _economies_under(
    outlook: Outlook, given: Sequence[GivenScenario], horizon: int, elapsed: int
) -> list[_Ahead]:
    """Return the closing scenarios under the opening model, its period effect faded for the months."""
    found = [lifetime_economy(outlook, item, horizon) for item in given] or [generated(outlook, horizon)]
    names = [item.name for item in given] or [GENERATED]
    weights = checked_weights(given) or (1.0,)
    model = outlook.twin.model
    made = []
    for name, weight, economy in zip(names, weights, found, strict=True):
        past = np.zeros((elapsed, economy.covariates.shape[2]))  # months ago: they move no later month
        shocks = np.stack(
            [mean_shocks(model, np.concatenate([past, path]))[elapsed:] for path in economy.covariates]
        )
        made.append(_Ahead(name, weight, economy, np.ascontiguousarray(shocks)))
    return made


def _rows_of(own: tuple[str, ...], wanted: tuple[str, ...]) -> Integers:
    """Return the place among a model's segments of each of another's; of an unknown one the pooled one's."""
    pooled = own.index(POOLED)
    place = {name: index for index, name in enumerate(own)}
    made = []
    for name in wanted:  # a vintage that is not known is as its segment and size, these as their segment
        known = (name, name.partition(VINTAGE)[0], base_label(name))
        made.append(next((place[label] for label in known if label in place), pooled))
    return np.array(made)


def _translated(lgd: LossGivenDefault, rows: Integers) -> LossGivenDefault:
    """Return loss given default by another model's segments."""
    return replace(lgd, charged_off=lgd.charged_off[rows], recovered=lgd.recovered[rows])


def _translated_moves(moves: SeverityMoves | None, rows: Integers) -> SeverityMoves | None:
    """Return moves of severity by another model's segments."""
    return None if moves is None else SeverityMoves(moves.factor, moves.kind[rows])


def _bases(book: Portfolio) -> tuple[str, ...]:
    """Return the name of the segment that each of the model's labels belongs to, vintages left out."""
    names = book.parameters.segments
    return tuple(names[place] for place in base_segments(names))


def _renumbered(book: Portfolio, segments: tuple[str, ...]) -> Integers:
    places = {name: place for place, name in enumerate(segments)}
    return np.array([places[name] for name in _bases(book)])[book.columns.segment].astype(np.int64)


def _gross(book: Portfolio) -> Floats:
    found = exposures(book)
    return np.asarray(found.exposure * found.weight)


def _growth(book: Portfolio, waited: Integers) -> Floats:
    """Return what an allowance grows by at the effective rates over months, (N,) decimal, at least 0."""
    rate = np.maximum(book.columns.effective_annual_rate, 0.0)
    return np.asarray((1.0 + rate / 12.0) ** waited - 1.0)


def _written_off(now: Twin, since: dt.date) -> pl.DataFrame:
    """Return known loans written off after a date, with the weighted amount and the months until it."""
    gone = now.known_loans.filter((pl.col("charge_off_date") > since) & (pl.col("charged_off") > 0))
    year, month = pl.col("charge_off_date").dt.year(), pl.col("charge_off_date").dt.month().cast(pl.Int32)
    return gone.with_columns(
        (pl.col("charged_off") * pl.col("weight")).alias("\namount"),
        (12 * (year - since.year) + month - since.month).cast(pl.Int64).alias("\nmonths"),
    )


def _of_opening(lost: pl.DataFrame, old: Outlook) -> tuple[Floats, Integers]:
    """Return what was written off of each loan of the opening, (N,) weighted, and months until then.

    FAR months where nothing was.
    """
    ids = old.book.loans.select("loan_id")
    joined = ids.join(
        lost.select("loan_id", "\namount", "\nmonths"), on="loan_id", how="left", maintain_order="left"
    )
    return (
        np.asarray(joined["\namount"].fill_null(0.0).to_numpy()),
        np.asarray(joined["\nmonths"].fill_null(FAR).to_numpy()),
    )


def _passed(lost: pl.DataFrame, old: Outlook, now: Twin, segments: tuple[str, ...]) -> PassedLoans:
    """Return what was written off of loans that the opening did not have."""
    rest = lost.join(old.book.loans.select("loan_id"), on="loan_id", how="anti", maintain_order="left")
    labels = segment_labels(rest, now.mapping)
    codes, _ = segment_codes(labels, segments)
    pooled = segments.index(POOLED) if POOLED in segments else 0
    return PassedLoans(
        np.asarray(rest["\namount"].to_numpy()),
        1.0 - np.asarray(rest["guaranteed_share"].fill_null(0.0).to_numpy()),
        np.where(codes < 0, pooled, codes).astype(np.int64),
    )


def _words(then: Twin, now: Twin, same_model: bool) -> tuple[str, ...]:
    if same_model:
        return (
            f"both dates are valued with the model of {now.as_of}: the opening uses what was learnt later",
        )
    if "model_from" in now.fitted.data.get("facts", {}):
        return ("the model was taken over from another home and is the same at both dates",)
    return (f"the opening is valued with a model fitted on what was known at {then.as_of}",)
