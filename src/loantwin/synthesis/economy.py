"""A simulated economy with one sure recession, covariates loans react to, and the latent period effect."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri, stdtrit

from loantwin.arrays import Floats
from loantwin.macro.scenario import FACTORS, Scenario
from loantwin.synthesis.draws import Purpose, uniforms

HISTORY = 240
"""Months of economy before the panel: covariates look back, and a generator needs cycles to learn from."""

_RECESSIONS = (60, 165)
"""Months before the panel in which the two earlier recessions begin, give or take ten."""

_TAIL = 5.0
"""Degrees of freedom of the monthly noise: fat tails as in macro series."""


def simulate_economy(first: int, months: int, seed: int, ahead: int = 0) -> Scenario:
    """Return a made-up economy, Actual, from `HISTORY` months before `first` to `ahead` after the panel.

    One recession begins in the middle third of the panel, so that its effect can be learnt from any panel of
    three years and more; two came before. All factors follow one business cycle, a persistent price and rate
    level and fat-tailed noise of their own.

    Parameters
    ----------
    first : month number of the panel's first month. months : its length. seed : of every draw.
    """
    count = HISTORY + months + ahead
    noise = np.column_stack([_noise(seed, column, count) for column in range(6)])
    cycle = _business_cycle(count, months, noise[:, 0], uniforms(seed, Purpose.ECONOMY, 0, 3, month=90))
    growth = 0.022 - 0.030 * cycle + 0.012 * noise[:, 1]
    unemployment = 0.045 + 0.020 * _lagged(cycle, 4) + 0.0006 * _ar(noise[:, 2], 0.9)
    inflation = 0.021 - 0.006 * _lagged(cycle, 6) + 0.010 * noise[:, 3]
    short = (
        np.logaddexp(0.0, (0.028 - 0.020 * _lagged(cycle, 3) + 0.0012 * _ar(noise[:, 3], 0.97)) * 120.0)
        / 120.0
    )
    long = 0.016 + 0.72 * short + 0.0010 * _ar(noise[:, 4], 0.96)
    houses = 150.0 * np.exp(np.cumsum(0.0030 - 0.0050 * _lagged(cycle, 2) + 0.0022 * noise[:, 5]))
    values = {
        "real_gdp_growth": growth,
        "unemployment_rate": unemployment,
        "inflation": inflation,
        "treasury_3m": short,
        "treasury_10y": long,
        "mortgage_rate": long + 0.017 + 0.003 * cycle,
        "prime_rate": short + 0.03,
        "bbb_yield": long + 0.018 + 0.012 * np.maximum(cycle, 0.0),
        "house_price_index": houses,
        "stock_index": 15_000.0
        * np.exp(np.cumsum(0.005 - 0.022 * np.diff(cycle, prepend=0.0) * 6 + 0.035 * noise[:, 1])),
    }
    names = tuple(values)
    return Scenario(
        name="Actual",
        first=first - HISTORY,
        factors=names,
        kinds=tuple(FACTORS[name][0] for name in names),
        values=np.column_stack(list(values.values())),
        source="simulated",
    )


def downturn(economy: Scenario, months: int, depth: float, name: str) -> Scenario:
    """Return a scenario for `months` after the end: back to calm at depth 0, a recession from depth 1."""
    last = dict(zip(economy.factors, economy.values[-1], strict=True))
    time = np.arange(1, months + 1)
    wave = depth * (time / 9.0) * np.exp(1.0 - time / 9.0)
    fade = np.exp(-time / 18.0)
    unemployment = 0.045 + (last["unemployment_rate"] - 0.045) * fade + 0.045 * wave
    short = np.maximum(0.028 + (last["treasury_3m"] - 0.028) * fade - 0.028 * np.minimum(wave, 1.0), 0.0005)
    long = 0.016 + 0.72 * short
    values = {
        "real_gdp_growth": 0.022 - 0.07 * depth * np.exp(-((time - 4.0) ** 2) / 18.0),
        "unemployment_rate": unemployment,
        "inflation": 0.021 - 0.010 * wave,
        "treasury_3m": short,
        "treasury_10y": long,
        "mortgage_rate": long + 0.017 + 0.006 * wave,
        "prime_rate": short + 0.03,
        "bbb_yield": long + 0.018 + 0.025 * wave,
        "house_price_index": last["house_price_index"] * np.exp(np.cumsum(0.0030 - 0.014 * wave)),
        "stock_index": last["stock_index"] * np.exp(0.005 * time - 0.45 * wave),
    }
    return Scenario(
        name=name,
        first=economy.last + 1,
        factors=economy.factors,
        kinds=economy.kinds,
        values=np.column_stack([values[factor] for factor in economy.factors]),
        source="simulated",
    )


def latent_path(
    persistence: tuple[float, ...], innovation: tuple[float, ...], months: int, seed: int
) -> Floats:
    """Return latent period effects (T, L), AR(1) from their stationary law, one column a latent."""
    path = np.zeros((months, len(persistence)))
    for column, (stay, spread) in enumerate(zip(persistence, innovation, strict=True)):
        shock = ndtri(uniforms(seed, Purpose.LATENT, 0, months, month=column))
        path[0, column] = shock[0] * spread / np.sqrt(1.0 - stay * stay)
        for month in range(1, months):
            path[month, column] = stay * path[month - 1, column] + spread * shock[month]
    return path


def _noise(seed: int, column: int, count: int) -> Floats:
    """Return Student noise of unit variance, (count,)."""
    uniform = uniforms(seed, Purpose.ECONOMY, 0, count, month=column)
    return np.asarray(stdtrit(_TAIL, uniform) / np.sqrt(_TAIL / (_TAIL - 2.0)))


def _business_cycle(count: int, months: int, noise: Floats, uniform: Floats) -> Floats:
    """Return slack of the economy: near 0 in calm times, about 2 at the trough of a recession."""
    starts = [HISTORY + months * (0.33 + 0.2 * uniform[0])]
    starts += [
        HISTORY - before + 20.0 * (draw - 0.5) for before, draw in zip(_RECESSIONS, uniform[1:], strict=True)
    ]
    time = np.arange(count)
    slack = 0.12 * _ar(noise, 0.93)
    for start in starts:
        since = np.maximum(time - start, 0.0)
        slack = slack + 2.0 * (since / 10.0) * np.exp(1.0 - since / 10.0)
    return slack


def _ar(noise: Floats, stay: float) -> Floats:
    path = np.zeros(len(noise))
    for month in range(1, len(noise)):
        path[month] = stay * path[month - 1] + noise[month]
    return path


def _lagged(values: Floats, months: int) -> Floats:
    """Return values `months` late; before the first, the first."""
    return np.concatenate([np.full(months, values[0]), values[:-months]])
