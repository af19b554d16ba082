"""Funding that reprices with the scenario: a ladder of equal parts, one of which falls due each month."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.macro.scenario import MacroPaths, Scenario
from loantwin.outlook.outlook import Economy, Outlook


def economy_under(
    outlook: Outlook,
    scenario: Scenario,
    horizon: int,
    notes: tuple[str, ...] = (),
    income_support: float = 0.0,
) -> Economy:
    """Return a scenario as the model reads it (`Outlook.given`), with its cost of funding.

    Raises
    ------
    ScenarioError : see `Outlook.given`.
    """
    economy = outlook.given(scenario, horizon, notes, income_support)
    rates = funding_rates(outlook, scenario, horizon)
    if rates is not None:
        return replace(economy, funding=rates)
    config = outlook.twin.config
    words = (
        f"{scenario.name}: no {config.funding.short_rate} for every month, funding costs "
        f"{100.0 * config.economics.funding_annual_rate:g} % a year throughout"
    )
    if config.funding.curve.strip():
        words += (
            "; funding.curve is of new loans, which price, decide and score cutoff read: not of this book"
        )
    return replace(economy, notes=(*economy.notes, words))


def funding_rates(outlook: Outlook, path: Scenario | MacroPaths, horizon: int) -> Floats | None:
    """Return what funding costs in months 1..horizon, (P, T) decimals a year; None without a short rate.

    rate[t] = mean of the short rate over months t - tenor + 1 to t + spread: of each of the ladder's parts
    the rate at its last repricing. Months up to the as-of date are history's, carried on (`nowcast`).
    """
    settings, first = outlook.twin.config.funding, outlook.month0 + 1
    name, tenor = settings.short_rate, settings.tenor_months
    if name not in path.factors:
        return None
    values = np.atleast_2d(path.values[..., path.factors.index(name)])
    ahead = values[:, first - path.first :][:, :horizon]
    if path.first > first or ahead.shape[1] < horizon or not np.isfinite(ahead).all():
        return None
    known = _before(outlook, name, tenor - 1)
    if known is None:
        return None
    sums = np.cumsum(
        np.concatenate(
            [np.zeros((len(ahead), 1)), np.broadcast_to(known, (len(ahead), len(known))), ahead], axis=1
        ),
        axis=1,
    )
    return np.asarray((sums[:, tenor:] - sums[:, :-tenor]) / tenor + settings.spread)


def _before(outlook: Outlook, name: str, count: int) -> Floats | None:
    """Return a factor in the months up to the as-of date, (count,); None where history lacks one."""
    if count == 0:
        return np.empty(0)
    past = outlook.history
    stop = outlook.month0 - past.first + 1
    if name not in past.factors or stop < count:
        return None
    known = past.values[stop - count : stop, past.factors.index(name)]
    return known if np.isfinite(known).all() else None


def annual_rates(outlook: Outlook, economy: Economy) -> Floats:
    """Return the cost of funding, (P, T) or (1, 1) where it is fixed, decimals a year."""
    if economy.funding is None:
        return np.array([[outlook.twin.config.economics.funding_annual_rate]])
    return economy.funding
