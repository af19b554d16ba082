"""`backtest`: the twin refitted at past dates, its forecasts beside what came and beside the rivals a sceptic
would name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from loantwin.config import chosen
from loantwin.errors import InputError, UsageError, expected
from loantwin.performance.outcomes import MONEY, Key, observable
from loantwin.performance.scoring import accuracy, inside
from loantwin.twin import Twin, opened
from loantwin.types import Progress, Result, silent
from loantwin.verbs.backtest.dates import horizons_of, origins_of, reach_of
from loantwin.verbs.backtest.observed import LEAST_EVENTS, WHOLE, Observed, observations
from loantwin.verbs.backtest.origin import GENERATED, GIVEN, AtOrigin, at_origin
from loantwin.verbs.backtest.scores import BacktestScore, Pooled, ScoringPlan, in_order, pooled, scored

MODES = (GIVEN, GENERATED)


@dataclass(frozen=True)
class Origin:
    """One origin: what was known, what could be compared.

    loans : on the book, weighted. known_events : effective number of past events behind each figure.
        prior_only : figures left
    out of scores because fewer than 100 were known. closed : macro mode -> horizons whose window has closed.
    skipped : why nothing was forecast, else None.
    """

    date: dt.date
    loans: float | None
    bands: tuple[str, ...]
    known_events: Mapping[str, float]
    prior_only: tuple[str, ...]
    closed: Mapping[str, tuple[int, ...]]
    skipped: str | None


@dataclass(frozen=True)
class OriginRow:
    """A figure of the whole book at one origin, beside what came; accuracy and coverage90 are over the
    origin's bands.
    """

    origin: dt.date
    figure: str
    measure: str
    horizon: int
    prior_only: bool
    actual: float
    forecast: float
    p05: float
    p25: float
    p50: float
    p75: float
    p95: float
    accuracy: float | None
    coverage90: float | None
    rivals: Mapping[str, float]


@dataclass(frozen=True)
class BandRow:
    """A figure summed over all scored origins, by years between the loans' approval and the origin."""

    years: str
    figure: str
    measure: str
    horizon: int
    observations: int
    actual: float
    forecast: float
    accuracy: float | None
    coverage90: float
    rivals: Mapping[str, float | None]


@dataclass(frozen=True)
class ObservationRow:
    """One observation as it was scored: anybody can add the scores up again."""

    origin: dt.date
    band: str
    figure: str
    measure: str
    horizon: int
    prior_only: bool
    actual: float
    forecast: float
    p05: float
    p25: float
    p50: float
    p75: float
    p95: float
    crps: float
    rivals: Mapping[str, float]


@dataclass(frozen=True)
class MacroScores:
    """Scores under one view of the economy, figure -> horizon in months -> score.

    figures : by origin and band, each in its main measure (loans where they can be counted, else money).
        amounts : the same in
    money. total, amounts_total : for the whole book, one observation an origin. pooled, pooled_amounts :
        coverage over all
    horizons. by_origin, by_band, observations : what they are made of. verdicts : where the twin beats and
        loses.
    """

    figures: Mapping[str, Mapping[str, BacktestScore]]
    total: Mapping[str, Mapping[str, BacktestScore]]
    amounts: Mapping[str, Mapping[str, BacktestScore]]
    amounts_total: Mapping[str, Mapping[str, BacktestScore]]
    pooled: Mapping[str, Pooled | None]
    pooled_amounts: Mapping[str, Pooled | None]
    by_origin: tuple[OriginRow, ...]
    by_band: tuple[BandRow, ...]
    observations: tuple[ObservationRow, ...]
    verdicts: tuple[str, ...]


@dataclass(frozen=True)
class Backtest(Result):
    """How the twin would have forecast. given_macro : the macro path that came, so that the error is the
    model's alone.

    generated_macro : the generator's paths, as a lender would have had to forecast. spacing : least months
        between origins.
    """

    SCHEMA = "loantwin.backtest/1"

    currency: str
    horizons: tuple[int, ...]
    paths: int
    seed: int
    spacing: int
    tape_ends: dt.date
    given_macro: MacroScores
    generated_macro: MacroScores
    origins: tuple[Origin, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def backtest(
    twin: Twin | Path | str,
    origin: str | Sequence[str | dt.date],
    *,
    horizons: Sequence[int] | str | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
    paths: int | None = None,
    seed: int | None = None,
    progress: Progress = silent,
) -> Backtest:
    """Fit the twin at past dates on what was known then, forecast, and score against what came.

    Parameters
    ----------
    twin : an open twin, or its folder; fitted, nothing is written.
    origin : dates, or "every=12M" between `start` and `end`.
    horizons : months, default 3, 6, 12, 24. paths, seed : None takes the configuration's.

    Raises
    ------
    UsageError : a date outside the tape, a malformed text, horizons that are no positive months, a snapshot,
        or no window that
        has closed. HomeError : no fit in the home.
    """
    with opened(twin) as twin:
        twin = twin.using(chosen(twin.config, paths=paths, seed=seed))
        spans = horizons_of(horizons)
        dates = origins_of(origin, twin, start or _default_start(twin, origin), end, spans[0])
        run = twin.config.run
        made, listed, notes = _run(twin, dates, spans, run.paths, run.seed, progress)
        panel = twin.tables.panel
        keys = observable(twin.mapping, panel is not None and panel.height > 0)
        plan = ScoringPlan(twin.currency, _spacing(dates), _planned(made, keys, spans), run.seed)
        blocks = {mode: _scores(found, plan, keys, spans) for mode, found in _by_mode(made).items()}
        return Backtest(
            currency=twin.currency,
            horizons=spans,
            paths=run.paths,
            seed=run.seed,
            spacing=plan.spacing,
            tape_ends=reach_of(twin).last,
            given_macro=blocks[GIVEN],
            generated_macro=blocks[GENERATED],
            origins=tuple(listed),
            notes=(*_notes(twin), *notes),
            provenance=twin.provenance(),
        )


Kept = tuple[AtOrigin, dict[str, list[Observed]]]


def _run(
    twin: Twin, dates: Sequence[dt.date], horizons: tuple[int, ...], paths: int, seed: int, progress: Progress
) -> tuple[list[Kept], list[Origin], list[str]]:
    kept: list[Kept] = []
    listed: list[Origin] = []
    notes: list[str] = []
    for number, date in enumerate(dates):
        progress(number / len(dates), f"origin {date} ({number + 1} of {len(dates)})")
        try:
            found = at_origin(twin, date, horizons, paths, seed + number)
        except (
            InputError
        ) as error:  # a date at which the tape knew no book, or nothing to learn from: listed with its reason
            listed.append(Origin(date, None, (), {}, (), {}, str(error)))
            continue
        seen = {mode: observations(found, mode) for mode in MODES}
        kept.append((_light(found), seen))
        notes += found.notes
        few = tuple(
            name for name, events in found.events.items() if events < LEAST_EVENTS and _figure_in(name, seen)
        )
        listed.append(
            Origin(date, float(found.loans.sum()), found.bands, _shown(found, seen), few, found.closed, None)
        )
    progress(0.98, "scoring")
    if not any(found for _, seen in kept for found in seen.values()):
        if not kept:
            raise UsageError(
                f"no origin could be forecast: {listed[0].date}: {listed[0].skipped}", field="--origin"
            )
        raise UsageError(
            expected(
                f"an origin whose window of {horizons[0]} months ends by {reach_of(twin).last}, where the "
                "tape ends",
                "none",
            ),
            field="--horizons",
        )
    return kept, listed, list(dict.fromkeys(notes))


def _light(found: AtOrigin) -> AtOrigin:
    """Return an origin without its simulated values, which are summarised by now."""
    return replace(found, predicted={}, rival_simulated={})


def _figure_in(name: str, seen: Mapping[str, Sequence[Observed]]) -> bool:
    return any(item.figure == name for found in seen.values() for item in found)


def _shown(found: AtOrigin, seen: Mapping[str, Sequence[Observed]]) -> dict[str, float]:
    return {name: events for name, events in found.events.items() if _figure_in(name, seen)}


def _by_mode(made: Sequence[Kept]) -> dict[str, list[Observed]]:
    return {mode: [item for _, seen in made for item in seen[mode]] for mode in MODES}


def _planned(
    made: Sequence[Kept], keys: Sequence[Key], horizons: Sequence[int]
) -> dict[tuple[str, str, int, bool], int]:
    """Return how many observations were planned: bands with loans at every origin that could be forecast,
    closed or not.
    """
    bands = sum(int((found.loans > 0).sum()) for found, _ in made)
    counts = {False: bands, True: len(made)}
    return {(*key, horizon, whole): counts[whole] for key in keys for horizon in horizons for whole in counts}


def _spacing(dates: Sequence[dt.date]) -> int:
    steps = [(b.year - a.year) * 12 + b.month - a.month for a, b in pairwise(dates)]
    return max(1, min(steps, default=12))


def _default_start(twin: Twin, origin: str | Sequence[str | dt.date]) -> dt.date | None:
    """Return the day on which 100 outcomes of one kind were known, where origins go by steps: before, all is
    prior only.
    """
    if not (isinstance(origin, str) and origin.startswith("every")) or twin.mapping.kind == "snapshot":
        return None
    loans, panel = twin.tables.loans, twin.tables.panel
    early = twin.mapping.assumptions.get("fit_from_vintage")
    if early is not None:
        loans = loans.filter(loans["origination_date"].dt.year() >= int(float(early)))
    lost = (loans["charge_off_date"].is_not_null() & (loans["charged_off"] > 0)).fill_null(False)
    days = [loans["charge_off_date"].filter(lost), loans["closed_date"].filter(~lost)]
    if panel is not None and panel.height:
        days = [loans["default_date"], loans["closed_date"]]
    found = [
        ordered[LEAST_EVENTS - 1] for day in days if len(ordered := day.drop_nulls().sort()) >= LEAST_EVENTS
    ]
    return min(found, default=None)


def _scores(
    found: Sequence[Observed], plan: ScoringPlan, keys: Sequence[Key], horizons: Sequence[int]
) -> MacroScores:
    ordered = in_order(keys)
    main = list(
        {key[0]: key for key in reversed(keys)}.values()
    )  # the first measure of a figure is its main one
    main = [key for key in ordered if key in main]
    money = [key for key in ordered if key[1] == MONEY]

    def table(some: Sequence[Key], whole: bool) -> dict[str, dict[str, BacktestScore]]:
        return {key[0]: scores for key, scores in scored(found, plan, some, horizons, whole).items()}

    figures, total = table(main, False), table(main, True)
    return MacroScores(
        figures=figures,
        total=total,
        amounts=table(money, False),
        amounts_total=table(money, True),
        pooled={key[0]: pooled(found, plan, key) for key in main},
        pooled_amounts={key[0]: pooled(found, plan, key) for key in money},
        by_origin=tuple(_by_origin(found)),
        by_band=tuple(_by_band(found)),
        observations=tuple(_row(item) for item in found if item.band != WHOLE),
        verdicts=tuple(_verdicts(figures)),
    )


def _by_origin(found: Sequence[Observed]) -> list[OriginRow]:
    bands: dict[tuple[dt.date, str, str, int], list[Observed]] = {}
    for item in found:
        if item.band != WHOLE:
            bands.setdefault((item.origin, item.figure, item.measure, item.horizon), []).append(item)
    made = []
    for item in found:
        if item.band != WHOLE:
            continue
        mine = bands.get((item.origin, item.figure, item.measure, item.horizon), [])
        made.append(
            OriginRow(
                item.origin, item.figure, item.measure, item.horizon, item.prior_only, item.actual,
                item.forecast, *item.quantiles, _accuracy(mine), _coverage(mine), dict(item.rivals),
            )
        )  # fmt: skip
    return made


def _by_band(found: Sequence[Observed]) -> list[BandRow]:
    groups: dict[tuple[str, str, int, int], list[Observed]] = {}
    for item in found:
        if item.years is not None and not item.prior_only:
            groups.setdefault((item.figure, item.measure, item.horizon, item.years), []).append(item)
    most = max((key[3] for key in groups), default=0)
    made = []
    for (figure, measure, horizon, years), mine in sorted(groups.items()):
        names = [name for name in mine[0].rivals if all(name in item.rivals for item in mine)]
        actual = np.array([item.actual for item in mine])
        made.append(
            BandRow(
                years=f"{years} or more" if years == most else str(years),
                figure=figure,
                measure=measure,
                horizon=horizon,
                observations=len(mine),
                actual=float(actual.sum()),
                forecast=float(sum(item.forecast for item in mine)),
                accuracy=_accuracy(mine),
                coverage90=_coverage(mine) or 0.0,
                rivals={
                    name: accuracy(np.array([item.rivals[name] for item in mine]), actual) for name in names
                },
            )
        )
    return made


def _accuracy(mine: Sequence[Observed]) -> float | None:
    return (
        accuracy(np.array([item.forecast for item in mine]), np.array([item.actual for item in mine]))
        if mine
        else None
    )


def _coverage(mine: Sequence[Observed]) -> float | None:
    if not mine:
        return None
    low, high = (np.array([item.quantiles[place] for item in mine]) for place in (0, 4))
    return float(inside(low, high, np.array([item.actual for item in mine])).mean())


def _row(item: Observed) -> ObservationRow:
    return ObservationRow(
        item.origin, item.band, item.figure, item.measure, item.horizon, item.prior_only, item.actual,
        item.forecast, *item.quantiles, item.crps, dict(item.rivals),
    )  # fmt: skip


def _verdicts(figures: Mapping[str, Mapping[str, BacktestScore]]) -> list[str]:
    """Return one sentence a figure and horizon: which rivals the twin beats, and to which it loses by how
    much.
    """
    made = []
    for figure, by_horizon in figures.items():
        for horizon, score in by_horizon.items():
            where = f"{figure.replace('_', '-')}, {horizon} months"
            if not score.observations:
                made.append(f"{where}: no closed window of an origin that knew enough.")
                continue
            made.append(f"{where}: " + "; ".join(item.verdict for item in score.rival_scores.values()) + ".")
    return made


def _notes(twin: Twin) -> list[str]:
    notes = [
        "Only loans that were on the book at an origin count; new lending is on neither side.",
        "Macro series are latest-revised, cut by publication lag at each origin; given_macro then reads "
        "the path that came.",
        "Settings and priors of the model were chosen by people who knew later history: no origin is an "
        "untouched test.",
    ]
    if twin.mapping.kind == "outcomes" and "balance" not in twin.mapping.observes:
        notes.append("Balances are assumed: amounts charged off rest on an assumed exposure, numbers do not.")
    if twin.mapping.weight.look_ahead:
        notes.append("Case weights depend on the outcome: a look-ahead a lender would not have.")
    return notes
