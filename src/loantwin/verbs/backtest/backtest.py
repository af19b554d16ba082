"""`backtest`: the twin refitted at past dates, its forecasts beside what came and a sceptic's rivals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from loantwin.book.selection import NOT_ENDED, finished_words
from loantwin.config import chosen
from loantwin.errors import InputError, UsageError, expected
from loantwin.months import day
from loantwin.outlook.outlook import without_covariates
from loantwin.performance.backtest.apart import apart, with_parts
from loantwin.performance.backtest.macro_scores import MacroScores, macro_scores
from loantwin.performance.backtest.observed import LEAST_EVENTS, Observed, observations
from loantwin.performance.backtest.origin import GENERATED, GIVEN, MODES, AtOrigin
from loantwin.performance.backtest.record import recorded, write_record
from loantwin.performance.backtest.scores import ScoringPlan
from loantwin.performance.outcomes import Key, observable
from loantwin.twin import Twin, opened
from loantwin.types import Progress, Result, silent
from loantwin.verbs.backtest.dates import horizons_of, origins_of, reach_of
from loantwin.verbs.backtest.origin import at_origin


@dataclass(frozen=True)
class Origin:
    """One origin: what was known, what could be compared.

    loans : on the book, weighted. known_events : effective number of past events behind each figure.
        prior_only : figures left out of scores because fewer than 100 were known. closed : macro mode ->
        horizons whose window has closed.
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
class Backtest(Result):
    """How the twin would have forecast. given_macro : on the path that came: the error is the model's alone.

    generated_macro : the generator's paths, as a lender would have had to forecast. spacing : least months
        between origins. left_out : loans of the tape that are in no fit and no score, by reason.
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
    left_out: Mapping[str, int] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


def backtest(
    twin: Twin | Path | str,
    origin: dt.date | str | Sequence[str | dt.date],
    *,
    horizons: Sequence[int] | str | None = None,
    start: dt.date | str | None = None,
    end: dt.date | str | None = None,
    paths: int | None = None,
    seed: int | None = None,
    progress: Progress = silent,
) -> Backtest:
    """Fit the twin at past dates on what was known then, forecast, and score against what came.

    Parameters
    ----------
    twin : an open twin, of which nothing is written, or its folder; fitted. In a folder what was found of the
        model's intervals is kept (`coverage.json`), and forecasts of that model read it.
    origin : dates, or "every=12M" between `start` and `end`.
    horizons : months, default 3, 6, 12, 24. paths, seed : None takes the configuration's.

    Raises
    ------
    UsageError : a date outside the tape, a malformed text, horizons that are no positive months, a snapshot,
        or no window that
        has closed. HomeError : no fit in the home.
    """
    named = not isinstance(twin, Twin)
    with opened(twin) as twin:
        twin = twin.using(chosen(twin.config, paths=paths, seed=seed))
        selected = twin.selected
        said = finished_words(twin.tables.loans, twin.mapping)
        twin = twin.of_ended_vintages()
        spans = horizons_of(horizons)
        first = _default_start(twin, origin) if start is None else day(start, "start")
        dates = origins_of(origin, twin, first, None if end is None else day(end, "end"), spans[0])
        run = twin.config.run
        made, listed, notes = _run(twin, dates, spans, run.paths, run.seed, progress)
        panel = twin.tables.panel
        keys = observable(twin.mapping, panel is not None and panel.height > 0)
        plan = ScoringPlan(twin.currency, _spacing(dates), _planned(made, keys, spans), run.seed)
        blocks = {mode: macro_scores(found, plan, keys, spans) for mode, found in _by_mode(made).items()}
        parts = {mode: apart([found for found, _ in made], mode) for mode in MODES}
        blocks = {mode: with_parts(block, parts[mode]) for mode, block in blocks.items()}
        kept = kept_record(twin, blocks) if named else ()
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
            notes=(*_notes(twin), *said, *kept, *notes),
            left_out={} if selected is None or not selected.left_out else {NOT_ENDED: selected.left_out},
            provenance=twin.provenance(),
        )


def kept_record(twin: Twin, views: Mapping[str, MacroScores]) -> tuple[str, ...]:
    """Keep in the home what was found of the model's intervals, and return in words where that failed."""
    record = recorded(twin.clock.now().date(), twin.fitted.data["model_blob"], views)
    try:
        write_record(twin.home.folder, record)
    except UsageError as error:
        return (f"what was found of the intervals could not be kept in the home: {error.message}",)
    return ()


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
                f"expected an origin to forecast from, was {listed[0].date}: {listed[0].skipped}",
                field="origin",
            )
        raise UsageError(
            expected(
                f"an origin whose window of {horizons[0]} months ends by {reach_of(twin).last}, where the "
                "tape ends",
                "none",
            ),
            field="horizons",
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
    """Return how many observations were planned: bands with loans at each origin forecast, closed or not."""
    bands = sum(int((found.loans > 0).sum()) for found, _ in made)
    counts = {False: bands, True: len(made)}
    return {(*key, horizon, whole): counts[whole] for key in keys for horizon in horizons for whole in counts}


def _spacing(dates: Sequence[dt.date]) -> int:
    steps = [(b.year - a.year) * 12 + b.month - a.month for a, b in pairwise(dates)]
    return max(1, min(steps, default=12))


def _default_start(twin: Twin, origin: dt.date | str | Sequence[str | dt.date]) -> dt.date | None:
    """Return the day on which 100 outcomes of a kind were known, where origins go by steps.

    Before it, all is prior only.
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


def _notes(twin: Twin) -> list[str]:
    notes = [
        "Only loans that were on the book at an origin count; new lending is on neither side.",
        "Macro series are latest-revised, cut by publication lag at each origin; given_macro then reads "
        "the path that came."
        if twin.macro_sources
        else f"{without_covariates(twin)}: given_macro and generated_macro are one and the same.",
        "Settings and priors of the model were chosen by people who knew later history: no origin is an "
        "untouched test.",
    ]
    if twin.mapping.kind == "outcomes" and "balance" not in twin.mapping.observes:
        notes.append("Balances are assumed: amounts charged off rest on an assumed exposure, numbers do not.")
    if twin.mapping.weight.look_ahead:
        notes.append("Case weights depend on the outcome: a look-ahead a lender would not have.")
    return notes
