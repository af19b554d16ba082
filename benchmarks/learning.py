"""Learning that goes on: seconds of one month's update, and its log score beside a refit's over 24 months.

The score is out of sample: the log probability of every loan's next month (which state it moves to, or that
it stays) under the model's expected rows, by event, with the macro of that month given to all. Beside it
stands that of the model of the first month, left as it was: what there was to learn.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import loantwin as lt
from loantwin import months as calendar
from loantwin.book.as_of import known_at
from loantwin.book.mapping import TapeFormat
from loantwin.book.schema import PANEL
from loantwin.engine.rows import odds, published_places, rows_at
from loantwin.macro.covariates import evaluate
from loantwin.macro.history import nowcast
from loantwin.macro.scenario import Scenario
from loantwin.models.counts import EventCounts
from loantwin.models.fitted import FittedModel
from loantwin.models.forecasting import mean_shocks
from loantwin.models.learning.grown import codes_of
from loantwin.models.learning.update import new_months, update_model
from loantwin.models.model import fit_model
from loantwin.synthesis.generate import SyntheticBook, generate

MONTHS, BEFORE = 24, 48
LARGE = 100_000
LOANS = int(os.environ.get("LEARNING_LOANS", "20000"))
SEEDS = (3, 7)
DATA = Path(os.environ.get("LOANTWIN_TEST_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))
MACRO = ("fed_scenarios/2025-Table_1A_Historic_Domestic.csv", "fred/UNRATE.csv")


@dataclass(frozen=True)
class Seen:
    """What is known of a book at a date."""

    loans: pl.DataFrame
    panel: pl.DataFrame | None
    mapping: TapeFormat
    date: date
    history: Scenario


@dataclass(frozen=True)
class Course:
    """Log scores (T, 3) of the updated, the refitted and the first model, events (T,), seconds of updates and
    of refits.
    """

    scores: np.ndarray
    events: np.ndarray
    updates: list[float]
    refits: list[float]

    def row(self, work: str, detail: str) -> dict[str, Any]:
        """Return the row of the page."""
        total, events = self.scores.sum(axis=0), self.events.sum()
        single = self.scores[:, 0] / self.scores[:, 1]
        kept = (total[0] - total[2]) / (total[1] - total[2])
        words = (
            f"{detail}; log score by event {total[0] / events:.4f}, refit {total[1] / events:.4f}; months "
            "apart "
            f"{100 * single.min() - 100:+.2f} to {100 * single.max() - 100:+.2f} %; never updated "
            f"{100 * total[2] / total[1] - 100:+.2f} %, so that {kept:.0%} of what refits gain is kept; "
            f"median {np.median(self.updates):.2f} s against {np.median(self.refits):.2f} s"
        )
        return {
            "work": work,
            "reach": "< 0.5 %",
            "measured": float(100.0 * total[0] / total[1] - 100.0),
            "unit": "% below the log score of refits",
            "detail": words,
        }


def run() -> list[dict[str, Any]]:
    """Return the time of one month on a large book, and the scores of months in a row."""
    rows = [seconds()]
    for seed in SEEDS:
        book = generate(LOANS, BEFORE + MONTHS + 1, seed=seed)
        at = _of_book(book)
        start = calendar.end_of(book.first_month + BEFORE - 1)
        detail = f"{LOANS:,} loans, seed {seed}, months {BEFORE} to {BEFORE + MONTHS}"
        rows.append(course(at, start).row(f"{MONTHS} updates of a synthetic panel", detail))
    if DATA.is_dir():
        rows += [_sba(start) for start in (date(2005, 12, 31), date(2007, 12, 31))]
    return rows


def seconds() -> dict[str, Any]:
    """Return the seconds of one month's update on a panel of 100,000 loans."""
    book = generate(LARGE, BEFORE + 1, seed=7)
    at = _of_book(book)
    before = at(calendar.end_of(book.first_month + BEFORE - 1))
    started = time.perf_counter()
    model = fit_model(before.loans, before.panel, before.mapping, before.date, before.history)
    full = time.perf_counter() - started
    seen = at(book.as_of)
    taken, made = [], model
    for _ in range(5):
        started = time.perf_counter()
        made = update_model(model, seen.loans, seen.panel, seen.mapping, seen.date, seen.history)
        taken.append(time.perf_counter() - started)
    told = made.provenance["update"]
    return {
        "work": "update with one month, 100,000 loans",
        "reach": "< 1 s",
        "measured": float(np.median(taken)),
        "unit": "s",
        "detail": f"best {min(taken):.2f} s; {told['events']:,.0f} events in {told['loan_months']:,.0f} loan "
        f"months, of a panel of {0 if seen.panel is None else seen.panel.height:,} rows; a full fit takes "
        f"{full:.1f} s",
    }


def course(at: Callable[[date], Seen], start: date) -> Course:
    """Return the scores of months in a row, each before it was learnt from."""
    seen = at(start)
    first = updated = fit_model(seen.loans, seen.panel, seen.mapping, seen.date, seen.history)
    refitted = first
    scores, events, updates, refits = [], [], [], []
    for _ in range(MONTHS):
        seen = at(calendar.add_months(seen.date, 1))
        found = [next_month(model, seen) for model in (updated, refitted, first)]
        scores.append([score for score, _ in found])
        events.append(found[0][1])
        clock = time.perf_counter()
        updated = update_model(updated, seen.loans, seen.panel, seen.mapping, seen.date, seen.history)
        updates.append(time.perf_counter() - clock)
        clock = time.perf_counter()
        refitted = fit_model(seen.loans, seen.panel, seen.mapping, seen.date, seen.history)
        refits.append(time.perf_counter() - clock)
    return Course(np.array(scores), np.array(events), updates, refits)


def next_month(model: FittedModel, seen: Seen) -> tuple[float, float]:
    """Return the log score of the last month's moves between published states, and their number."""
    before = calendar.add_months(seen.date, -1)
    then = replace(model, as_of=before)
    counts = new_months(then, seen.loans, seen.panel, seen.mapping, seen.date).counts
    month = calendar.month_of(seen.date)
    ahead = month - calendar.month_of(model.as_of)
    covariates = evaluate(model.covariates, seen.history, month - ahead + 1, month)
    shock = mean_shocks(model, covariates)[-1]
    cells = counts.cells
    state, segment, age, when = (
        cells[name].to_numpy().astype(np.int64) for name in ("from_state", "segment", "age", "month")
    )
    at_risk = cells["at_risk"].to_numpy()
    label = codes_of(model, counts.segments, EventCounts(segment, age, when, at_risk, at_risk))
    parameters = model.parameters
    row = rows_at(parameters, odds(parameters), shock, label, age)[np.arange(len(state)), state]
    moved = np.column_stack(
        [
            cells[f"moved_{name}"].to_numpy() if f"moved_{name}" in cells.columns else np.zeros(len(state))
            for name in parameters.states
        ]
    )
    # published states: a model that splits them by what loans did before stands beside one that does not
    place = published_places(parameters.states)
    published = np.eye(int(place.max()) + 1)[place]
    chance, moved = row @ published, moved @ published
    own = (np.arange(len(state)), place[state])
    moved[own] = 0.0
    stayed = at_risk - moved.sum(axis=1)
    score = (moved * np.log(np.maximum(chance, 1e-12))).sum() + stayed @ np.log(chance[own])
    return float(score), float(moved.sum())


def _of_book(book: SyntheticBook) -> Callable[[date], Seen]:
    def at(day: date) -> Seen:
        length = calendar.month_of(day) - book.macro.first + 1
        known = replace(book.macro, values=book.macro.values[:length])
        panel = known_at(book.panel, day, PANEL)
        return Seen(known_at(book.loans, day), panel, book.mapping, day, nowcast(known, day))

    return at


def _sba(start: date) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "sba"
        lt.twin_create(home, DATA / "sba/sba_block.csv.gz", "sba", start)
        lt.fit(home, [DATA / name for name in MACRO])
        with lt.open(home) as twin:

            def at(day: date) -> Seen:
                then = twin.at(day).of_ended_vintages()
                return Seen(then.known_loans, None, then.mapping, day, nowcast(then.history, day))

            return course(at, start).row(f"{MONTHS} updates of the SBA block", f"from {start} on")
