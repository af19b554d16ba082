"""A forecast beside what happened, by calendar year and vintage, in number and in money.

Only loans that were on the book at the as-of date count, and only years whose window has closed: a tape tells
nothing of what came after its last fact.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.book.schema import DEFAULT_STATES
from loantwin.errors import UsageError, expected

DEFAULTS, CHARGE_OFFS = "defaults", "charge-offs"
LOST_STATES = (*DEFAULT_STATES, "charged_off")
"""States whose first report is a loan's default, as the fit counts it."""


@dataclass(frozen=True)
class Outcomes:
    """What happened to loans after the as-of date; Y years of 12 months, V vintage bands.

    event : "charge-offs" or "defaults", whichever the source observes first. number, amount : (Y, V) weighted
        loans, and principal charged off (charge-offs) or outstanding at default (defaults).
    """

    event: str
    number: Floats
    amount: Floats


@dataclass(frozen=True)
class TrackingScore:
    """How a forecast did over all cells of a table.

    accuracy : 1 - sum of absolute errors / sum of what happened. bias : forecast / what happened - 1. None
        where nothing happened. by_year_accuracy : the same over years, vintages added up: errors between
        vintages cancel in it.
    """

    accuracy: float | None
    by_year_accuracy: float | None
    bias: float | None
    events: float


def event_table(loans: pl.DataFrame, panel: pl.DataFrame | None) -> tuple[str, pl.DataFrame]:
    """Return the loss events of a tape: its kind, and loan_id, date, amount of each loan's first one.

    From a panel: the first report in default or charged off, with what was owed before it (`owed_at`). Else:
    charge-off date with an amount above 0.
    """
    if panel is not None and panel.height:
        rows = panel.sort("loan_id", "report_date").select(
            "loan_id", "state", pl.col("report_date").alias("date"), owed_at().alias("amount")
        )
        # Trap: a charge-off without a report in default before it. It is a default like any other.
        rows = rows.filter(pl.col("state").is_in(list(LOST_STATES)))
        return DEFAULTS, rows.unique("loan_id", keep="first", maintain_order=True).drop("state")
    rows = loans.filter(pl.col("charge_off_date").is_not_null() & (pl.col("charged_off") > 0))
    return CHARGE_OFFS, rows.select(
        "loan_id", pl.col("charge_off_date").alias("date"), pl.col("charged_off").alias("amount")
    )


def owed_at() -> pl.Expr:
    """Return what a loan owes as an event strikes, of rows sorted by loan and date.

    The principal of the report before, else the event's own: a charge-off or payoff often leaves none.
    """
    before = pl.col("principal").shift(1).over("loan_id")
    return pl.when(before > 0).then(before).otherwise(pl.col("principal"))


def last_fact(loans: pl.DataFrame, panel: pl.DataFrame | None) -> dt.date:
    """Return the date of the last fact a tape holds: beyond it nothing can be compared.

    Raises
    ------
    UsageError : a tape without any dated outcome.
    """
    columns = [loans["charge_off_date"], loans["closed_date"], loans["default_date"]]
    if panel is not None and panel.height:
        columns = [panel["report_date"]]
    found = [day for column in columns if (day := column.max()) is not None]
    if not found:
        raise UsageError(expected("a tape with dated outcomes", "none"), field="charge_off_date")
    return max(day for day in found if isinstance(day, dt.date))


def vintage_bands(origination: pl.Series, as_of: dt.date, most: int = 8) -> tuple[Integers, tuple[str, ...]]:
    """Return each loan's band and the bands' names: the last years one by one, all earlier ones together."""
    years = origination.dt.year().to_numpy().astype(np.int64)
    first = as_of.year - most + 2
    earliest = int(years.min()) if len(years) else first
    names = [str(year) for year in range(max(first, earliest), as_of.year + 1)]
    if earliest < first:
        names = [f"before {first}", *names]
        return np.maximum(years - first + 1, 0), tuple(names)
    return years - max(first, earliest), tuple(names)


def outcomes(
    events: pl.DataFrame,
    kind: str,
    on_book: pl.DataFrame,
    band: Integers,
    bands: int,
    as_of: dt.date,
    years: int,
) -> Outcomes:
    """Return what happened to the book's loans in each of `years` years after the as-of date.

    Parameters
    ----------
    events : loan_id, date, amount from `event_table`. on_book : (N,) loan_id and weight. band : (N,) vintage
        band.
    """
    anchor = months.anchor_day(as_of)
    month0 = months.month_of(as_of, anchor)
    banded = on_book.with_columns(pl.Series("band", band))
    joined = banded.join(events, on="loan_id", how="inner", maintain_order="left")
    joined = joined.filter(pl.col("date") > as_of)
    month = months.months_of(joined["date"].to_numpy(), anchor).astype(np.int64) - month0
    year = (month - 1) // 12
    keep = (year >= 0) & (year < years)
    cell = year[keep] * bands + joined["band"].to_numpy()[keep]
    weight = joined["weight"].to_numpy()[keep]
    amount = weight * joined["amount"].fill_null(0.0).to_numpy()[keep]
    shape = (years, bands)
    return Outcomes(
        kind,
        np.asarray(np.bincount(cell, weight, minlength=years * bands), dtype=np.float64).reshape(shape),
        np.asarray(np.bincount(cell, amount, minlength=years * bands), dtype=np.float64).reshape(shape),
    )


def score(forecast: Floats, happened: Floats) -> TrackingScore:
    """Return how a forecast (Y, V) did against what happened (Y, V).

    Raises
    ------
    UsageError : a forecast of another shape.
    """
    if forecast.shape != happened.shape:
        raise UsageError(expected(f"a forecast of shape {happened.shape}", forecast.shape))
    total = float(happened.sum())
    if not total > 0:
        return TrackingScore(None, None, None, total)
    return TrackingScore(
        accuracy=1.0 - float(np.abs(forecast - happened).sum()) / total,
        by_year_accuracy=1.0 - float(np.abs(forecast.sum(axis=1) - happened.sum(axis=1)).sum()) / total,
        bias=float(forecast.sum()) / total - 1.0,
        events=total,
    )


def by_year(table: Floats) -> Floats:
    """Return monthly figures (..., T) as years of 12 months, (..., Y), without an unfinished last one."""
    years = table.shape[-1] // 12
    return np.asarray(table[..., : 12 * years].reshape(*table.shape[:-1], years, 12).sum(axis=-1))


def year_labels(as_of: dt.date, years: int) -> tuple[str, ...]:
    """Return the names of years after the as-of date: calendar years where it ends one, else months."""
    if (as_of.month, as_of.day) == (12, 31):
        return tuple(str(as_of.year + year + 1) for year in range(years))
    month0 = months.month_of(as_of, months.anchor_day(as_of))
    return tuple(
        f"{months.label(month0 + 12 * year + 1)} to {months.label(month0 + 12 * year + 12)}"
        for year in range(years)
    )


def scores(forecasts: Mapping[str, Floats], happened: Floats) -> dict[str, TrackingScore]:
    """Return the score of each named forecast."""
    return {name: score(table, happened) for name, table in forecasts.items()}


def names_of(bands: Sequence[str], happened: Floats) -> list[str]:
    """Return the names of bands in which something happened or could have."""
    return [name for name, count in zip(bands, happened.sum(axis=0), strict=True) if count > 0]
