"""The forecast beside what happened: with the report the one place that reads past the as-of date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Floats, Integers
from loantwin.book.as_of import book_at
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.path import Flows
from loantwin.errors import LoantwinError, UsageError, expected
from loantwin.macro.history import bridge, full_history, last_published
from loantwin.models.book_columns import live_loans
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.outlook.paths import typical_size
from loantwin.outlook.severity import severity_moves
from loantwin.performance.tracking import (
    CHARGE_OFFS,
    Outcomes,
    TrackingScore,
    by_year,
    event_table,
    last_fact,
    outcomes,
    score,
    vintage_bands,
    year_labels,
)
from loantwin.risk.intervals import name_noise

PATHS = 2_000
GENERATED = "loantwin, generated economies"
"""Name of the forecast on the generator's economies, in the scores."""
LONGEST_YEARS = 4


@dataclass(frozen=True)
class Comparison:
    """Forecast and outcome; Y years, V vintage bands. Numbers are weighted loans, amounts book currency.

    forecast_number, forecast_amount : (Y, V) means, given the macro path that came. number_low ...
        amount_high : (Y,) 90 % interval of the year's total. band_number ... : (2, V) 5th and 95th percentile
        of a vintage's total over all years. last_year_number, last_year_amount : (Y, V) the
        rate of the last year before the as-of date applied to what the forecast still has on the book.
        scores : figure -> forecast's name -> score; one on generated economies stands beside that given the
        path that came, where the model reads an economy.
    """

    event: str
    years: tuple[str, ...]
    bands: tuple[str, ...]
    happened: Outcomes
    forecast_number: Floats
    forecast_amount: Floats
    number_low: Floats
    number_high: Floats
    amount_low: Floats
    amount_high: Floats
    band_number: Floats
    band_amount: Floats
    last_year_number: Floats
    last_year_amount: Floats
    last_year_events: float
    scores: Mapping[str, Mapping[str, TrackingScore]]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Happened:
    """What became known after the as-of date of the loans then on the book.

    figure : the forecast's figure that the tape observes, `charged_off` or `defaulted`. amounts : (T,) book
    currency by month, as far as the tape tells.
    """

    figure: str
    amounts: tuple[float, ...]


def compare(outlook: Outlook, most_years: int = LONGEST_YEARS) -> Comparison:
    """Return the forecast after the as-of date, given the macro path that came, beside what happened.

    Raises
    ------
    UsageError : the tape ends, or the macro files end, within a year of the as-of date.
    """
    twin = outlook.twin
    years = _years(outlook, most_years)
    kind, events = event_table(twin.tables.loans, twin.tables.panel)
    live = live_loans(outlook.book, twin.model)
    band, bands = vintage_bands(live["origination_date"], twin.as_of)
    on_book = live.select("loan_id", "weight")
    happened = outcomes(events, kind, on_book, band, len(bands), twin.as_of, years)
    economy = outlook.given(bridge(full_history(twin.macro_sources)), 12 * years)
    flows = _flows(outlook, band, len(bands), economy, 12 * years, kind)
    number, amount = _figures(flows, kind)
    noisy_number, noisy_amount = _noisy(number.sum(axis=1), amount.sum(axis=1), flows[1], outlook)
    forecast_number, forecast_amount = (by_year(item.mean(axis=0)).T for item in (number, amount))
    rates, before = _last_year(outlook, events)
    rival_number, rival_amount = _rival(flows[0], rates, years)
    low_n, high_n = np.quantile(by_year(noisy_number), (0.05, 0.95), axis=0)
    low_a, high_a = np.quantile(by_year(noisy_amount), (0.05, 0.95), axis=0)
    band_number, band_amount = _by_band(number, amount, flows[1], outlook, 12 * years)
    scored = {
        "number": {
            "loantwin": score(forecast_number, happened.number),
            "last year's rate": score(rival_number, happened.number),
        },
        "amount": {
            "loantwin": score(forecast_amount, happened.amount),
            "last year's rate": score(rival_amount, happened.amount),
        },
    }
    generated = _generated(outlook, band, len(bands), 12 * years, kind)
    if generated is not None:
        scored["number"][GENERATED] = score(generated[0], happened.number)
        scored["amount"][GENERATED] = score(generated[1], happened.amount)
    return Comparison(
        event=kind,
        years=year_labels(twin.as_of, years),
        bands=bands,
        happened=happened,
        forecast_number=forecast_number,
        forecast_amount=forecast_amount,
        number_low=low_n,
        number_high=high_n,
        amount_low=low_a,
        amount_high=high_a,
        band_number=band_number,
        band_amount=band_amount,
        last_year_number=rival_number,
        last_year_amount=rival_amount,
        last_year_events=before,
        scores=scored,
        notes=_notes(outlook, kind),
    )


def _years(outlook: Outlook, most: int) -> int:
    twin = outlook.twin
    end = months.month_of(last_fact(twin.tables.loans, twin.tables.panel), outlook.anchor)
    actual = full_history(twin.macro_sources)
    needed = {covariate.factor for covariate in twin.model.covariates} & set(actual.factors)
    published = last_published(actual)
    macro_end = min((published[name] for name in needed if name in published), default=end)
    years = min(most, (min(end, macro_end) - outlook.month0) // 12)
    if years < 1:
        raise UsageError(expected("a year or more of facts after the as-of date", "less"), field="as_of")
    return years


def _generated(
    outlook: Outlook, band: Integers, bands: int, horizon: int, kind: str
) -> tuple[Floats, Floats] | None:
    """Return number and amount (Y, V) forecast on generated economies, None where the model reads none."""
    if not outlook.twin.model.covariates:
        return None
    economy = outlook.simulated(horizon, PATHS, outlook.twin.config.run.seed)
    number, amount = _figures(_flows(outlook, band, bands, economy, horizon, kind), kind)
    return by_year(number.mean(axis=0)).T, by_year(amount.mean(axis=0)).T


def _flows(
    outlook: Outlook, band: Integers, bands: int, economy: Economy, horizon: int, kind: str
) -> tuple[Flows, float]:
    twin = outlook.twin
    cells = outlook.cells(economy, horizon, replace(outlook.columns, group=band))
    shocks = outlook.drawn(economy, PATHS, twin.config.run.seed)
    flows = conditional_flows(
        twin.model.parameters,
        cells,
        twin.model.lgd,
        shocks,
        groups=max(bands, 2),
        severity_moves=severity_moves(outlook, economy) if kind == CHARGE_OFFS else None,
    )
    return flows, typical_size(cells)


def _figures(flows: tuple[Flows, float], kind: str) -> tuple[Floats, Floats]:
    made = flows[0]
    return made.defaulted_number, made.charged_off if kind == CHARGE_OFFS else made.defaulted


def _by_band(
    number: Floats, amount: Floats, size: float, outlook: Outlook, horizon: int
) -> tuple[Floats, Floats]:
    """Return the ends of the 90 % interval of each vintage's total number and amount, (2, V) each."""
    drawn = [
        _noisy(number[:, band, :horizon], amount[:, band, :horizon], size, outlook, 2 + 2 * band)
        for band in range(number.shape[1])
    ]
    totals = [np.array([item[place].sum(axis=1) for item in drawn]) for place in (0, 1)]
    ends = [np.asarray(np.quantile(total, (0.05, 0.95), axis=1), dtype=np.float64) for total in totals]
    return ends[0], ends[1]


def _noisy(
    number: Floats, amount: Floats, size: float, outlook: Outlook, more: int = 0
) -> tuple[Floats, Floats]:
    """Return totals (P, T) with the noise of single names; `more` tells one part's draws from another's."""
    seed = outlook.twin.config.run.seed
    weight = outlook.columns.weight
    heavy = float((weight**2).sum() / weight.sum()) if weight.sum() > 0 else 1.0
    ones = np.full_like(number, max(heavy, 1e-9))
    mean = np.divide(amount, number, out=np.zeros_like(amount), where=number > 0)
    scale = max(heavy, 1.0)
    drawn_number = name_noise(number / ones, ones, ones**2, seed, stream=11 + more)
    drawn_amount = name_noise(
        number / scale, mean * scale, mean * scale**2 * np.maximum(size, mean), seed, stream=12 + more
    )
    return drawn_number, drawn_amount


def _last_year(outlook: Outlook, events: pl.DataFrame) -> tuple[tuple[float, float], float]:
    """Return last year's events per loan, amount per balance a year before, and number of events."""
    twin = outlook.twin
    start = months.end_of(outlook.month0 - 12, outlook.anchor)
    try:
        before = book_at(twin.tables.loans, twin.tables.panel, twin.mapping, start).loans
    except LoantwinError:
        return (0.0, 0.0), 0.0  # a tape that starts within the last year has no last year's rate
    held = before.select("loan_id", "weight", "on_book_probability", "principal")
    chosen = held.join(events, on="loan_id", how="inner", maintain_order="left").filter(
        (pl.col("date") > start) & (pl.col("date") <= twin.as_of)
    )
    expected_number = float((held["weight"] * held["on_book_probability"].fill_null(1.0)).sum())
    balance = float((held["weight"] * held["on_book_probability"].fill_null(1.0) * held["principal"]).sum())
    number = float(chosen["weight"].sum())
    amount = float((chosen["weight"] * chosen["amount"].fill_null(0.0)).sum())
    return (
        number / expected_number if expected_number else 0.0,
        amount / balance if balance else 0.0,
    ), number


def _rival(flows: Flows, rates: tuple[float, float], years: int) -> tuple[Floats, Floats]:
    number, balance = flows.live_number.mean(axis=0), flows.balance.mean(axis=0)
    at_start = [12 * year - 1 for year in range(1, years)]
    first_number = number[:, :1] + flows.defaulted_number.mean(axis=0)[:, :1]
    first_balance = flows.opening.mean(axis=0)[:, None]
    numbers = np.concatenate([first_number, number[:, at_start]], axis=1)
    balances = np.concatenate([first_balance, balance[:, at_start]], axis=1)
    return rates[0] * numbers.T, rates[1] * balances.T


def _notes(outlook: Outlook, kind: str) -> tuple[str, ...]:
    notes = [
        "Forecast as known at the as-of date, given the macro path that came (latest-revised series): the "
        "error is the model's alone.",
        "Loans that were on the book at the as-of date; new lending is not in either side.",
    ]
    if kind == CHARGE_OFFS and "balance" not in outlook.twin.mapping.observes:
        notes.append(
            "Balances are assumed, so amounts charged off rest on an assumed exposure; numbers do not."
        )
    if outlook.twin.mapping.weight.look_ahead:
        notes.append("Case weights depend on the outcome: a look-ahead a lender would not have.")
    return tuple(notes)


def tape_end(outlook: Outlook) -> dt.date:
    """Return the date of the tape's last fact."""
    return last_fact(outlook.twin.tables.loans, outlook.twin.tables.panel)


def happened(outlook: Outlook, horizon: int) -> Happened:
    """Return what came in months 1..horizon, or as many as the tape tells: none without a dated outcome."""
    twin = outlook.twin
    kind, events = event_table(twin.tables.loans, twin.tables.panel)
    figure = "charged_off" if kind == CHARGE_OFFS else "defaulted"
    try:
        end = months.month_of(tape_end(outlook), outlook.anchor)
    except UsageError:  # a book without a charge-off, an end or a default yet
        return Happened(figure, ())
    span = min(horizon, end - outlook.month0)
    if span < 1:
        return Happened(figure, ())
    joined = (
        outlook.book.loans.select("loan_id", "weight", "state")
        .join(events, on="loan_id", how="inner", maintain_order="left")
        .filter(pl.col("date") > twin.as_of)
    )
    month = months.months_of(joined["date"].to_numpy(), outlook.anchor).astype(np.int64) - outlook.month0 - 1
    amount = joined["weight"].to_numpy() * joined["amount"].fill_null(0.0).to_numpy()
    keep = month < span
    return Happened(figure, tuple(np.bincount(month[keep], amount[keep], minlength=span).tolist()))
