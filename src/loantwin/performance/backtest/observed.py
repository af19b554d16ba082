"""From origins to observations: origin, band (or whole book), figure and window; forecast and outcome."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.performance.backtest.origin import AtOrigin
from loantwin.performance.outcomes import BALANCE, INTEREST, LOANS, MONEY, Key
from loantwin.performance.scoring import summarise

Quantiles = tuple[float, float, float, float, float]
"""5, 25, 50, 75 and 95 %."""

WHOLE = "all"
"""Band of an observation that is the whole book."""
LEAST_EVENTS = 100
"""Origins that know fewer events are listed as prior only and left out of every score."""


@dataclass(frozen=True)
class Observed:
    """One observation. Money in the book's currency, else weighted loans.

    figure, measure : ("defaults", "loans"), say. band : approval years, or "all". years : whole years between
        the band's
        approval and the origin, None for the whole book. horizon : months. forecast : mean. quantiles : (5,)
            5, 25, 50, 75, 95 %.
    crps, pit_low, pit_high : see `performance.scoring`. events : loans that the figure happened to (balance
        and interest:
        loans on the book). floor_names, floor_latent : expected absolute error of a model that knows the
        path, or all but the coming period effects; floor_whole, floor_latent_whole : the outcome expected
        there.
    rivals : forecasts by name. rival_low, rival_high, rival_middle, rival_crps : where a rival makes
        intervals.
    """

    origin: dt.date
    figure: str
    measure: str
    band: str
    years: int | None
    horizon: int
    prior_only: bool
    loans: float
    events: float
    actual: float
    forecast: float
    quantiles: Quantiles
    crps: float
    pit_low: float
    pit_high: float
    floor_names: float
    floor_whole: float
    floor_latent: float
    floor_latent_whole: float
    rivals: Mapping[str, float]
    rival_quantiles: Mapping[str, Quantiles] = field(default_factory=dict)
    rival_crps: Mapping[str, float] = field(default_factory=dict)


def observations(made: AtOrigin, mode: str) -> list[Observed]:
    """Return an origin's observations in closed windows of a mode: bands with loans, then the whole book."""
    if mode not in made.predicted:
        return []
    found = []
    predicted = made.predicted[mode]
    there = made.loans > 0
    for key in predicted.mean:
        figure, measure = key
        for place, horizon in enumerate(made.closed[mode]):
            cut = (slice(None), slice(None), place)
            found += _cells(made, mode, key, horizon, place, cut, there, figure, measure)
    return found


def _cells(
    made: AtOrigin,
    mode: str,
    key: Key,
    horizon: int,
    place: int,
    cut: tuple[slice, slice, int],
    there: Flags,
    figure: str,
    measure: str,
) -> list[Observed]:
    predicted = made.predicted[mode]
    names = [name for name, shown in zip(made.bands, there, strict=True) if shown] + [WHOLE]
    actual = _with_whole(made.actual[key][:, place], there)
    simulated, given, latent = (
        _with_whole(item[cut], there)
        for item in (predicted.simulated[key], predicted.given[key], predicted.latent[key])
    )
    shown = summarise(simulated, actual)
    forecast = _with_whole(predicted.mean[key][:, place], there)
    counted = made.actual.get((figure, LOANS))
    loans = _with_whole(made.loans, there)
    events = (
        loans if counted is None or figure in (BALANCE, INTEREST) else _with_whole(counted[:, place], there)
    )
    rival = {
        name: _with_whole(values[key][:, place], there)
        for name, values in made.rival[mode].items()
        if key in values
    }
    spread = {
        name: summarise(_with_whole(values[key][cut], there), actual)
        for name, values in made.rival_simulated[mode].items()
        if key in values
    }
    few = made.events[figure] < LEAST_EVENTS
    sure = latent.mean(axis=0)
    return [
        Observed(
            origin=made.date,
            figure=figure,
            measure=measure,
            band=name,
            years=_years(name, made.date),
            horizon=horizon,
            prior_only=few,
            loans=float(loans[i]),
            events=float(events[i]),
            actual=float(actual[i]),
            forecast=float(forecast[i]),
            quantiles=_five(shown.quantiles[:, i]),
            crps=float(shown.crps[i]),
            pit_low=float(shown.pit_low[i]),
            pit_high=float(shown.pit_high[i]),
            floor_names=float(np.abs(given[:, i] - simulated[:, i]).mean()),
            floor_whole=float(simulated[:, i].mean()),
            floor_latent=float(np.abs(sure[i] - latent[:, i]).mean()),
            floor_latent_whole=float(sure[i]),
            rivals={rival_name: float(values[i]) for rival_name, values in rival.items()},
            rival_quantiles={rival_name: _five(item.quantiles[:, i]) for rival_name, item in spread.items()},
            rival_crps={rival_name: float(item.crps[i]) for rival_name, item in spread.items()},
        )
        for i, name in enumerate(names)
    ]


def _five(values: Floats) -> Quantiles:
    a, b, c, d, e = (float(value) for value in values)
    return a, b, c, d, e


def _with_whole(values: Floats, there: Flags) -> Floats:
    """Return values by band, (..., B), of the bands that hold loans, followed by the sum over all bands."""
    return np.asarray(np.concatenate([values[..., there], values.sum(axis=-1, keepdims=True)], axis=-1))


def _years(band: str, origin: dt.date) -> int | None:
    """Return years between a band's approval and the origin; earlier ones than named count as one more."""
    if band == WHOLE:
        return None
    return origin.year - int(band.removeprefix("before ")) + int(band.startswith("before "))


def unit_of(measure: str, currency: str) -> str:
    """Return the unit's name: loans, or the currency."""
    return currency if measure == MONEY else "loans"
