"""Each loan's risk at initial recognition, from the models a twin's log holds.

A model in force when a loan was made gives the loan's curve; a loan older than the twin reads the curve that
the first fitted model gives at its origination month. The log never changes a model it holds, so that a curve
is stored once and stays: a later fit moves no loan's risk at recognition.

A curve is what was to be expected then: the macro covariates of the origination month going in a straight
line to their long-run mean, the period effect as filtered by that month fading to its own, the loan
performing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.engine.columns import LoanColumns, take
from loantwin.engine.loss import default_probabilities
from loantwin.errors import ScenarioError
from loantwin.macro.covariates import evaluate
from loantwin.macro.generator_file import from_dict as generator_from_dict
from loantwin.macro.revert import extend
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import mean_shocks
from loantwin.outlook.outlook import SOURCES, Outlook
from loantwin.risk.provisions.measurement import long_run_shocks
from loantwin.risk.provisions.recognition import Recognised
from loantwin.risk.provisions.revolving import behavioural
from loantwin.twin import Learnt, Twin

YEAR = 12


@dataclass(frozen=True)
class InForce:
    """A model of the log. month : of its as-of date. seen : the twin's book as that model codes it."""

    month: int
    model: FittedModel
    seen: Outlook


def recognised(outlook: Outlook) -> Recognised:
    """Return the risk at recognition of all loans on the book, over the life IFRS 9 measures (N,)."""
    lines = outlook.twin.config.ifrs9.behavioural_months
    reverting = outlook.twin.config.macro.reversion_months
    return outlook.store.get(
        "outlook.recognised", SOURCES, lambda: _recognised(outlook, lines), (lines, reverting)
    )


def _recognised(outlook: Outlook, lines: int) -> Recognised:
    loans, columns = outlook.book.loans, outlook.all_columns
    count = len(columns.age)
    origin = outlook.month0 - columns.age
    models = _in_force(outlook)
    place = np.searchsorted([one.month for one in models], origin, side="right") - 1
    lifetime, year, long_run = np.zeros(count), np.zeros(count), np.zeros(count, dtype=np.bool_)
    for number, one in enumerate(models):
        own = np.maximum(place, 0) == number
        coded = behavioural(one.seen.all_columns, lines) if own.any() else columns
        for month in np.unique(origin[own]):
            rows = np.flatnonzero(own & (origin == month))
            life, first, known = _cohort(one, take(coded, rows), int(month), outlook.month0)
            lifetime[rows], year[rows], long_run[rows] = life, first, not known
    tape = loans["origination_pd"].cast(pl.Float64).fill_null(np.nan).to_numpy().astype(np.float64)
    return Recognised(lifetime, year, place >= 0, long_run, tape)


def _in_force(outlook: Outlook) -> list[InForce]:
    """Return the log's models up to the as-of date, oldest first; the twin's own where there is none."""
    twin, events = outlook.twin, []
    for event in twin.home.log.read(until=twin.head[0], types=("ModelFitted",)):
        if dt.date.fromisoformat(event.data["as_of"]) <= twin.as_of:
            events.append(event)
    if not events:
        return [InForce(outlook.month0, twin.model, outlook)]
    made: dict[int, InForce] = {}
    for event in events:  # of several fits of one date the first stands
        month = months.month_of(dt.date.fromisoformat(event.data["as_of"]), outlook.anchor)
        if month not in made:
            made[month] = InForce(month, *_seen(twin, outlook, event.data))
    return [made[month] for month in sorted(made)]


def _seen(twin: Twin, outlook: Outlook, data: Mapping[str, Any]) -> tuple[FittedModel, Outlook]:
    if twin.learnt is None and data["model_blob"] == twin.fitted.data["model_blob"]:
        return twin.model, outlook
    model = FittedModel.from_dict(twin.home.read_json(data["model_blob"]))
    generator = generator_from_dict(twin.home.read_json(data["macro_blob"]))
    return model, Outlook(twin.at(twin.as_of, Learnt(model, generator)))


def _cohort(one: InForce, columns: LoanColumns, origin: int, now: int) -> tuple[Floats, Floats, bool]:
    """Return lifetime PD over the remaining life, 12-month PD at recognition, and whether history reaches
    it."""
    age = now - origin
    ahead = age + int(columns.remaining_months.max())
    shocks, known = _expected_then(one, origin, max(ahead, YEAR))
    used, segment = np.unique(columns.segment, return_inverse=True)
    whole_model = one.model.parameters
    parameters = replace(  # the few segments of one vintage: odds by age are made of all that a model has
        whole_model,
        segment=whole_model.segment[:, used],
        segments=tuple(whole_model.segments[place] for place in used),
    )
    performing = replace(columns, segment=segment.astype(np.int64), state=np.zeros_like(columns.state))
    left = np.ascontiguousarray(shocks[None, age:ahead])
    life = default_probabilities(parameters, performing, left, past_term=True)[:, 0]
    whole: Integers = np.full(len(columns.age), YEAR, dtype=np.int64)
    new = replace(
        performing,
        age=np.zeros_like(columns.age),
        remaining_months=whole,
        interest_only_months=np.minimum(columns.interest_only_months, whole),
    )
    first = default_probabilities(parameters, new, np.ascontiguousarray(shocks[None, :YEAR]))[:, 0]
    return np.minimum(life, 1.0), np.minimum(first, 1.0), known


def _expected_then(one: InForce, origin: int, ahead: int) -> tuple[Floats, bool]:
    """Return the expected month part of the odds in months 1..ahead after `origin`, (T, R).

    False where the macro history does not reach the origination month: every month at the long-run level.
    """
    model, seen = one.model, one.seen
    reverting = seen.twin.config.macro.reversion_months
    covariates, history = model.covariates, seen.history
    try:
        path = extend(history, history, origin, reverting, origin + ahead)
        ahead_of = evaluate(covariates, path, origin + 1, origin + ahead, history)
        today = evaluate(covariates, path, origin, origin, history)[0]
    except ScenarioError:
        level = np.zeros(len(covariates))
        return np.tile(long_run_shocks(model, level), (ahead, 1)), False
    then = replace(
        model,
        today=today,
        relevel=None,
        processes=tuple(
            replace(process, mean=_level_at(model, process.name, origin)) for process in model.processes
        ),
    )
    return mean_shocks(then, ahead_of), True


def _level_at(model: FittedModel, name: str, month: int) -> float:
    """Return a period effect as filtered by a month; outside the months fitted its long-run mean, 0."""
    told = model.diagnostics.get("levels", {}).get(name)
    if not told or not told["month"]:
        return 0.0
    place = month - months.parse_label(told["month"][0])
    return float(told["filtered"][place]) if 0 <= place < len(told["filtered"]) else 0.0
