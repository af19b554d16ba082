"""`compare`: the forecast beside what happened after the as-of date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from loantwin.arrays import Floats
from loantwin.book.selection import finished_words
from loantwin.outlook.comparison import LONGEST_YEARS, Comparison, Happened
from loantwin.outlook.comparison import compare as compared
from loantwin.outlook.comparison import happened as came
from loantwin.outlook.outlook import Outlook
from loantwin.performance.tracking import TrackingScore
from loantwin.twin import Twin, opened
from loantwin.types import Interval, ModelResult


@dataclass(frozen=True)
class Beside:
    """What came, what was forecast of it (mean), and what the rate of the last year would have said."""

    came: float
    forecast: float
    last_year: float


@dataclass(frozen=True)
class BesideYear:
    """What came in a year, its forecast with 90 % interval, and what the rate of the last year would have
    said.
    """

    came: float
    forecast: Interval
    last_year: float


@dataclass(frozen=True)
class YearCompared:
    """One year after the as-of date: weighted loans, and amounts in book currency."""

    year: str
    number: BesideYear
    amount: BesideYear


@dataclass(frozen=True)
class VintageCompared:
    """One year and vintage band: weighted loans, and amounts in book currency."""

    year: str
    vintage: str
    number: Beside
    amount: Beside


@dataclass(frozen=True)
class ComparisonResult(ModelResult):
    """The forecast beside what happened, given the economy that came.

    event : "charge-offs" or "defaults", whichever the source observes first. number : weighted loans, all
        years. amount : book currency. scores : number or amount -> forecast's name -> score; one on generated
        economies stands beside that given the path that came, where the model reads an economy.
    last_year_events : weighted events that the last year's rate rests on.
    """

    SCHEMA = "loantwin.comparison/1"

    as_of: dt.date
    currency: str
    event: str
    number: Beside
    amount: Beside
    by_year: tuple[YearCompared, ...]
    by_vintage: tuple[VintageCompared, ...]
    scores: Mapping[str, Mapping[str, TrackingScore]]
    last_year_events: float
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def compare(twin: Twin | Path | str, *, years: int = LONGEST_YEARS) -> ComparisonResult:
    """Return the forecast of the years after the as-of date, given the economy that came, beside what came.

    Parameters
    ----------
    twin : an open twin, or its folder; fitted. Of a tape selected on its outcome the loans whose term had
        ended by its end are compared, as fits and backtests keep them. years : at most this many, as far as
        the files tell.

    Raises
    ------
    UsageError : the tape ends, or the macro files end, within a year of the as-of date.
    """
    with opened(twin) as twin:
        made = comparison(twin, years)
        number = (made.happened.number, made.forecast_number, made.last_year_number)
        amount = (made.happened.amount, made.forecast_amount, made.last_year_amount)
        return ComparisonResult(
            as_of=twin.as_of,
            currency=twin.currency,
            event=made.event,
            number=Beside(*(float(item.sum()) for item in number)),
            amount=Beside(*(float(item.sum()) for item in amount)),
            by_year=tuple(
                YearCompared(
                    year,
                    _of_year(place, *number, made.number_low, made.number_high),
                    _of_year(place, *amount, made.amount_low, made.amount_high),
                )
                for place, year in enumerate(made.years)
            ),
            by_vintage=tuple(
                VintageCompared(
                    year,
                    vintage,
                    Beside(*(float(item[place, band]) for item in number)),
                    Beside(*(float(item[place, band]) for item in amount)),
                )
                for place, year in enumerate(made.years)
                for band, vintage in enumerate(made.bands)
            ),
            scores=made.scores,
            last_year_events=made.last_year_events,
            notes=made.notes,
            provenance=twin.provenance(),
        )


def comparison(twin: Twin, years: int = LONGEST_YEARS) -> Comparison:
    """Return forecast and outcome by year and vintage as arrays; see `compare`."""
    found = compared(Outlook(twin.of_ended_vintages()), years)
    return replace(found, notes=(*found.notes, *finished_words(twin.tables.loans, twin.mapping)))


def _of_year(
    place: int, happened: Floats, forecast: Floats, last_year: Floats, low: Floats, high: Floats
) -> BesideYear:
    between = Interval(float(forecast[place].sum()), float(low[place]), float(high[place]))
    return BesideYear(float(happened[place].sum()), between, float(last_year[place].sum()))


def happened(twin: Twin | Path | str, *, months: int = 12 * LONGEST_YEARS) -> Happened:
    """Return by month what the tape tells of the loans on the book after the as-of date."""
    with opened(twin) as twin:
        return came(Outlook(twin), months)
