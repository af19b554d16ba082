"""History's windows run again from today, all in one batch: what the economy did, and what surprised.

Moves are carried to today as `replay` carries one of them: rates and yields by differences, indices by
ratios, growth as stated. Surprises are the generator's own residuals, stretch by stretch and in their order,
sent through its dynamics from today: what a window did beyond what was to be expected of it. Were shocks
normal and independent, a linear figure of surprises, in standard deviations, would be standard normal; one of
moves would not, for a move depends on the state it began in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.errors import ScenarioError, expected
from loantwin.macro.covariates import DERIVED
from loantwin.macro.distance import Innovations
from loantwin.macro.generator import by_month, states_of
from loantwin.macro.history import bridge
from loantwin.macro.scenario import MacroPaths, Scenario


@dataclass(frozen=True)
class Windows:
    """Overlapping windows of history as paths from today. starts : (P,) month number each began in.

    apart : how many windows of that length fit side by side into the history they are from.
    bent : paths kept at a bound, yields at 0, rates at 0 or 1.
    """

    paths: MacroPaths
    starts: Integers
    apart: float
    bent: int = 0


def moves(
    known: Scenario, today: Scenario, month0: int, horizon: int, needed: Sequence[str], also: Sequence[str]
) -> Windows:
    """Return what history did over every window of `horizon` months up to `month0`, as paths from today.

    Parameters
    ----------
    known : published history. today : the same, carried on to `month0` (`nowcast`).
    needed : factors a window must hold throughout, and in the month before. also : factors taken along where
        every such window holds them.

    Raises
    ------
    ScenarioError : no factor, or no window that holds them.
    """
    past = bridge(known)
    values = past.values[: max(month0 + 1 - past.first, 0)]
    now = today.values[month0 - today.first]
    chosen = [
        name
        for name in _parts(needed, past.factors)
        if name in today.factors and np.isfinite(now[today.factors.index(name)])
    ]
    columns = [past.factors.index(name) for name in chosen]
    missing = np.asarray(~np.isfinite(values[:, columns]).all(axis=1))
    gaps = np.concatenate([[0], np.cumsum(missing)])  # in the months before each
    whole = np.asarray(gaps[horizon + 1 :] == gaps[: -horizon - 1])
    opening = np.flatnonzero(whole) + 1  # after the month they are measured against
    if not chosen or not len(opening):
        words = f"{horizon + 1} months of history of what moves the book, one after another"
        raise ScenarioError(expected(words, f"{len(missing) - int(gaps[-1]) if chosen else 0} in all"))
    rows = opening[:, None] + np.arange(horizon)
    for name in also:
        if name in past.factors and name in today.factors and name not in chosen:
            column = values[:, past.factors.index(name)]
            if np.isfinite(column[rows]).all() and np.isfinite(column[opening - 1]).all():
                chosen.append(name)
    columns = [past.factors.index(name) for name in chosen]
    kinds = tuple(past.kinds[column] for column in columns)
    start = values[opening - 1][:, None, columns]
    base = now[[today.factors.index(name) for name in chosen]]
    made, bent = _carried(values[rows][..., columns], start, base, kinds)
    apart = (len(opening) + horizon - 1) / horizon
    paths = MacroPaths(month0 + 1, tuple(chosen), kinds, made)
    return Windows(paths, past.first + opening, apart, bent)


def surprises(innovations: Innovations) -> Windows:
    """Return the generator's residuals of every stretch as long as the paths, in its order, from today.

    Quarters behind the paths' last month, of which only its curve hears, have no shock.

    Raises
    ------
    ScenarioError : fewer residuals than the paths have quarters.
    """
    generator, count = innovations.generator, len(innovations.generator.residuals)
    quarters = -(-(innovations.first + innovations.months - 1 - generator.last) // 3)
    if count < quarters:
        raise ScenarioError(expected(f"{quarters} quarters in the generator's fit", count))
    first = np.arange(count - quarters + 1)
    shocks = np.zeros((len(first), innovations.quarters, len(generator.factors)))
    shocks[:, :quarters] = generator.residuals[first[:, None] + np.arange(quarters)]
    paths = by_month(generator, states_of(generator, shocks), innovations.first, innovations.months)
    return Windows(paths, generator.sample[1] + 1 - 3 * (count - first), count / quarters)


def _parts(factors: Sequence[str], held: Sequence[str]) -> list[str]:
    """Return the series that factors are read from, once each; those not held are left out."""
    found = dict.fromkeys(
        part for factor in factors for part in ((factor,) if factor in held else DERIVED.get(factor, ()))
    )
    return [name for name in found if name in held]


def _carried(own: Floats, start: Floats, base: Floats, kinds: Sequence[str]) -> tuple[Floats, int]:
    """Return windows (P, T, F) from today's values (F,), measured against their own start (P, 1, F)."""
    made, bent = own.copy(), np.zeros(len(own), dtype=np.bool_)
    for place, kind in enumerate(kinds):
        if kind == "index":
            made[..., place] = own[..., place] * (base[place] / start[..., place])
        elif kind != "growth":
            moved = base[place] + (own[..., place] - start[..., place])
            made[..., place] = np.clip(moved, 0.0, 1.0 if kind == "rate" else np.inf)
            bent |= (made[..., place] != moved).any(axis=1)
    return made, int(bent.sum())
