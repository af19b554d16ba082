"""`curves`: roll rates between arrears buckets, and losses by vintage and age, of a twin's history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Flags
from loantwin.errors import UsageError, choice, expected
from loantwin.performance.roll_rates import (
    FORWARD,
    LIVE,
    STATES,
    RollRates,
    StateMoves,
    forward_rates,
    last_months,
    moves,
    roll_rates,
)
from loantwin.performance.vintage_curves import (
    EVENTS,
    GRAINS,
    VintageCurves,
    developed,
    lives,
    vintage_curves,
)
from loantwin.twin import Twin, opened
from loantwin.types import Result

ROLL_RATES, VINTAGES = "roll-rates", "vintages"
KINDS = (ROLL_RATES, VINTAGES)
PERIODS = ("year", "quarter", "month")
RECENT = 12
"""Months of the second matrix: the last year beside the whole history."""
FIRST_VINTAGES = 10
"""Years of vintages told one by one; earlier ones together."""
FEWEST_CARRIED = 3
"""Vintages that must reach the age to which curves are carried on."""
OLDEST = 180
"""Ages beyond, in months, are left out."""
ROLL_RULES = (
    "a move is a pair of reports of a loan in consecutive calendar months; 90+ holds every state of "
    "default and can be left",
    "amounts weigh a move with the balance before it",
    "intervals (90 %) are of the long-run rate, clustered by loan and by month; a rate of 0 has the exact "
    "bound of its loan-months",
)
VINTAGE_RULES = (
    "a vintage is all loans lent in a year, half-year or quarter; age is in months since origination",
    "the rate is the cumulative share of the loans lent (amount: of the money lent) that had the event by "
    "that age",
    "null: less than half of the vintage's loans were watched to that age; partial: half or more were, and "
    "the rate leans on those",
    "intervals (90 %) take loans as independent: the economy that a vintage shares is not in them",
)


@dataclass(frozen=True)
class Cell:
    """A monthly roll rate: share of loans with 90 % interval, and of balance; null if none was at risk."""

    number: float | None
    low: float | None
    high: float | None
    amount: float | None


@dataclass(frozen=True)
class RollMatrix:
    """A matrix from `first` to `last` month: cells by row and column. at_risk : loan-months, weighted."""

    first: str
    last: str
    at_risk: Mapping[str, float]
    rates: Mapping[str, Mapping[str, Cell]]


@dataclass(frozen=True)
class RollPeriod:
    """The rates one bucket on ("current to 1-29") in a period, by number; null where nobody was at risk."""

    period: str
    forward: Mapping[str, float | None]


@dataclass(frozen=True)
class RollRatesResult(Result):
    """Roll rates of a panel as matrices: all months, the last 12; by_period : moves one bucket on, over time.

    to_loss : product of the rates one bucket on, from each bucket to charge-off, decimal: a collector's rule
        of thumb.
    """

    SCHEMA: ClassVar[str] = "loantwin.roll_rates/1"

    as_of: dt.date
    loan_months: int
    states: tuple[str, ...]
    all_months: RollMatrix
    recent: RollMatrix
    to_loss: Mapping[str, float | None]
    by: str
    by_period: tuple[RollPeriod, ...]
    facts: Mapping[str, int]
    rules: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    """The curve at one age: share of loans with 90 % interval, and of money; null if none was watched."""

    age: int
    number: float | None
    low: float | None
    high: float | None
    amount: float | None
    status: str


@dataclass(frozen=True)
class Vintage:
    """One vintage. loans, events : weighted. ultimate : number at the oldest complete age of any vintage,
    carried on from older vintages by the chain ladder; null where none reaches it."""

    name: str
    loans: float
    originated: float
    events: float
    complete_to: int
    points: tuple[Point, ...]
    ultimate: float | None


@dataclass(frozen=True)
class VintagesResult(Result):
    """Vintage curves by months of age. event : default or charge-off. ultimate_age : of `ultimate`."""

    SCHEMA: ClassVar[str] = "loantwin.vintages/1"

    as_of: dt.date
    currency: str
    event: str
    by: str
    vintages: tuple[Vintage, ...]
    ultimate_age: int
    exits_observed: bool
    facts: Mapping[str, int]
    rules: tuple[str, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def curves(
    twin: Twin | Path | str, *, kind: str | None = None, by: str | None = None, event: str | None = None
) -> RollRatesResult | VintagesResult:
    """Return roll rates or vintage curves of a twin's history, as known at its as-of date.

    Parameters
    ----------
    kind : None takes roll rates where the tape is a panel with arrears, else vintages.
    by : roll rates: year, quarter (default) or month; vintages: year (default), half-year or quarter.
    event : of vintages: default or charge-off; None takes default where the source dates any, else
        charge-off.

    Raises
    ------
    UsageError : an unknown kind, period or event; roll rates of a tape without a panel; a snapshot.
    """
    with opened(twin) as twin:
        if twin.mapping.kind == "snapshot":
            words = (
                expected("a tape with a history", "a snapshot at one date")
                + "; take a twin of a tape with a history (`priors` shows a prior model's curves)"
            )
            raise UsageError(words, file=twin.home.folder, field="tape")
        chosen = choice(kind or (ROLL_RATES if twin.known_panel is not None else VINTAGES), KINDS, "kind")
        if chosen == ROLL_RATES:
            if event is not None:
                raise UsageError(expected("`event` with `kind` vintages", chosen), field="event")
            return _roll(twin, by or "quarter")
        return _vintages(twin, by or "year", event)


def _roll(twin: Twin, by: str) -> RollRatesResult:
    by = choice(by, PERIODS, "by")
    if twin.known_panel is None:
        raise UsageError(
            expected("a tape with a row a loan and month", "one row a loan; take `kind` vintages"),
            file=twin.home.folder,
            field="kind",
        )
    made = moves(twin.known_panel, twin.known_loans)
    recent = last_months(made, twin.as_of, RECENT)
    if not recent.any():
        recent = made.month > made.month.max() - RECENT
    whole = roll_rates(made)
    period: Any = by
    labels, rates = forward_rates(made, period)
    return RollRatesResult(
        as_of=twin.as_of,
        loan_months=len(made.loan),
        states=STATES,
        all_months=_matrix(made, whole, np.ones(len(made.loan), dtype=bool)),
        recent=_matrix(made, roll_rates(made, recent), recent),
        to_loss=_to_loss(whole),
        by=by,
        by_period=tuple(
            RollPeriod(name, {f"{a} to {b}": _known(row[place]) for place, (a, b) in enumerate(FORWARD)})
            for name, row in zip(labels, rates, strict=True)
        ),
        facts=made.facts,
        rules=ROLL_RULES,
        provenance=twin.provenance(),
    )


def _matrix(made: StateMoves, rates: RollRates, chosen: Flags) -> RollMatrix:
    parts = (rates.number, rates.low, rates.high, rates.amount)
    cells = {
        origin: {
            target: Cell(*(_known(part[row, column]) for part in parts))
            for column, target in enumerate(STATES)
        }
        for row, origin in enumerate(LIVE)
    }
    inside = made.month[chosen]
    at_risk = dict(zip(LIVE, rates.at_risk.tolist(), strict=True))
    return RollMatrix(months.label(int(inside.min())), months.label(int(inside.max())), at_risk, cells)


def _to_loss(rates: RollRates) -> dict[str, float | None]:
    steps = [rates.number[LIVE.index(a), STATES.index(b)] for a, b in FORWARD]
    return {name: _known(float(np.prod(steps[place:]))) for place, name in enumerate(LIVE)}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _vintages(twin: Twin, by: str, event: str | None) -> VintagesResult:
    by = choice(by, GRAINS, "by")
    found = _first_event(twin) if event is None else choice(event, EVENTS, "event")
    loans, notes = _told(twin)
    history = lives(loans, twin.known_panel, twin.as_of, found)
    grain: Any = by
    made = vintage_curves(history, grain, from_year=twin.as_of.year - FIRST_VINTAGES + 1)
    ages = np.arange(min(made.number.shape[1], OLDEST + 1))
    ladder = developed(made, ages.tolist())
    reached = np.flatnonzero(np.isfinite(ladder).sum(axis=0) >= FEWEST_CARRIED)
    oldest = int(reached.max()) if len(reached) else 0
    ultimate = ladder[:, oldest] if len(reached) else np.full(len(made.names), np.nan)
    rows = []
    for place, name in enumerate(made.names):
        complete = np.flatnonzero(made.complete[place, : len(ages)])
        points = tuple(_point(int(age), made, place) for age in ages)
        rows.append(
            Vintage(
                name, float(made.loans[place]), float(made.originated[place]), float(made.events[place]),
                int(complete.max()) if len(complete) else -1, points, _known(ultimate[place]),
            )
        )  # fmt: skip
    return VintagesResult(
        as_of=twin.as_of,
        currency=twin.currency,
        event=found,
        by=by,
        vintages=tuple(rows),
        ultimate_age=oldest,
        exits_observed=history.exits_known,
        facts=history.left,
        rules=VINTAGE_RULES,
        notes=(*notes, *_notes(twin, bool((history.entry > 0).any()))),
        provenance=twin.provenance(),
    )


def _told(twin: Twin) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return loans of comparable vintages: remnants chosen by outcome are left out, and said."""
    loans, early = twin.known_loans, twin.mapping.assumptions.get("fit_from_vintage")
    if early is None:
        return loans, ()
    start = dt.date(int(float(early)), 1, 1)
    kept = loans.filter((loans["origination_date"] >= start).fill_null(True))
    left = loans.height - kept.height
    note = (
        f"{left} loans lent before {start.year}, a remnant chosen by outcome, are left out by the format's "
        "rule fit_from_vintage"
    )
    return kept, (note,) if kept.height < loans.height else ()


def _first_event(twin: Twin) -> str:
    try:
        lives(twin.known_loans, twin.known_panel, twin.as_of, EVENTS[0])
    except UsageError:
        return EVENTS[1]
    return EVENTS[0]


def _point(age: int, made: VintageCurves, place: int) -> Point:
    number, low, high, amount = (
        _known(part[place, age]) for part in (made.number, made.low, made.high, made.amount)
    )
    status = "complete" if made.complete[place, age] else "censored" if number is None else "partial"
    return Point(age, number, low, high, amount, status)


def _notes(twin: Twin, late: bool) -> tuple[str, ...]:
    notes = [twin.mapping.words] if twin.mapping.words else []
    if late:
        notes.append(
            "some loans were lent before the history begins: they count from the month after their first "
            "report"
        )
    if (twin.known_loans["weight"] != 1).any():
        notes.append("loans count with their case weights")
    return tuple(notes)
