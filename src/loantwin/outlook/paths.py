"""Simulated figures of a book by path and month: conditional expectation, then the noise of single names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.engine.cells import Cells
from loantwin.engine.expectation import conditional_flows
from loantwin.engine.path import Flows
from loantwin.outlook.outlook import Economy, Outlook
from loantwin.outlook.workout import stock_in_default
from loantwin.risk.intervals import name_noise

FIGURES = ("balance", "scheduled_principal", "prepaid", "interest", "defaulted", "charged_off", "recovered")
"""Figures of a forecast, in the order of the JSON."""


@dataclass(frozen=True)
class Paths:
    """Simulated figures (P, T) with name noise; `expected` is before it, opening the balance at the start."""

    opening: float
    simulated: Mapping[str, Floats]
    expected: Mapping[str, Floats]
    numbers: Floats


def projected(outlook: Outlook, economy: Economy, horizon: int, paths: int, seed: int) -> Paths:
    """Return the run-off of the book on every path: conditional expectation, then noise of names."""
    cells = outlook.cells(economy, horizon)
    shocks = outlook.drawn(economy, paths, seed)
    flows = conditional_flows(
        outlook.twin.model.parameters,
        cells,
        outlook.twin.model.lgd,
        shocks,
        index_paths=economy.index_paths(cells, paths),
    )
    given = {name: getattr(flows, name).sum(axis=1) for name in FIGURES}
    opening = float(flows.opening.sum(axis=1).mean())
    return noisy_paths(
        opening,
        given,
        flows.defaulted_number.sum(axis=1),
        typical_size(cells),
        outlook.twin.model.lgd.charge_off_lag,
        seed,
        float(cells.exposure.max(axis=1).sum()),
    )


def noisy_paths(
    opening: float,
    given: Mapping[str, Floats],
    numbers: Floats,
    size: float,
    lag: Floats,
    seed: int,
    most: float = math.inf,
) -> Paths:
    """Return figures (P, T) with the noise of single names on defaults and what follows them.

    Parameters
    ----------
    given : figures before it. numbers : (P, T) expected defaults. size : of a typical default. lag : (W,)
        from default to charge-off. most : exposure of the whole book: what can default in a month.
    """
    factor = name_factor(numbers, given["defaulted"], size, seed, most)
    after = _lagged(given["defaulted"] * factor, lag) / np.maximum(_lagged(given["defaulted"], lag), 1e-300)
    noisy = {
        **given,
        "defaulted": given["defaulted"] * factor,
        "charged_off": given["charged_off"] * after,
        "recovered": given["recovered"] * after,
        "balance": np.maximum(given["balance"] - np.cumsum(given["defaulted"] * (factor - 1.0), axis=1), 0.0),
    }
    return Paths(opening, noisy, given, numbers)


def with_stock(made: Paths, charged_off: Floats, recovered: Floats) -> Paths:
    """Return the figures with what comes by month (T,) from loans in default at the as-of date."""
    added = {"charged_off": charged_off, "recovered": recovered}
    simulated = {
        name: values + added[name] if name in added else values for name, values in made.simulated.items()
    }
    expected = {
        name: values + added[name] if name in added else values for name, values in made.expected.items()
    }
    return replace(made, simulated=simulated, expected=expected)


def typical_size(cells: Cells) -> float:
    """Return sum of squared exposures / sum of exposures at the as-of date: the size of a typical default."""
    weight = cells.balance[:, 0]
    return float((cells.squared * weight).sum() / max(weight.sum(), 1e-300))


def name_factor(numbers: Floats, defaulted: Floats, size: float, seed: int, most: float = math.inf) -> Floats:
    """Return factors of mean 1 that turn expected defaults into simulated ones, of the shape of `numbers`.

    most : what can default in a month at most.
    """
    mean = np.divide(defaulted, numbers, out=np.zeros_like(defaulted), where=numbers > 0)
    noisy = name_noise(numbers, mean, mean * np.maximum(size, mean), seed, stream=7, most=most)
    return np.divide(noisy, defaulted, out=np.ones_like(defaulted), where=defaulted > 0)


def _lagged(defaults: Floats, lag: Floats) -> Floats:
    """Return what follows defaults (P, T) by a lag (W,)."""
    made = np.zeros_like(defaults)
    for months_later, share in enumerate(lag[: defaults.shape[1]]):
        made[:, months_later:] += share * defaults[:, : defaults.shape[1] - months_later]
    return made


def scenario_run(outlook: Outlook, economy: Economy, horizon: int) -> Flows:
    """Return the book's expected figures under one economy, (1, 1, T), the stock in default included."""
    model = outlook.twin.model
    cells = outlook.cells(economy, horizon)
    flows = conditional_flows(
        model.parameters, cells, model.lgd, np.ascontiguousarray(outlook.expected(economy))
    )
    charged_off, recovered = stock_in_default(outlook, horizon)
    return replace(flows, charged_off=flows.charged_off + charged_off, recovered=flows.recovered + recovered)
