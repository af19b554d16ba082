"""Monthly factors that move the level of a model's odds on every path alike: what other forecasts know.

A factor c on the odds of an edge multiplies its month multiplier, on every path by the same: the spread of
paths, their order, and every identity between flows stay what they are. Months are counted from the model's
as-of date, as its latent levels are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.engine.rows import TransitionParameters, worsening_edges
from loantwin.errors import ModelError, expected

FADE = 12.0
"""Months in which a factor's logarithm halves after the last horizon: assumed, rivals say nothing of it."""


@dataclass(frozen=True)
class Relevel:
    """Factors on odds, one between neighbouring horizons; after the last they fade to 1.

    horizons : (H,) months, rising. entry : (H,) factors on the edges that worsen, into default and on the way
        there; prepayment : (H,) on those that are paid early. 1 changes nothing.
    weight : of the twin's own forecast in the means they were chosen for. members : names of the others.
    """

    horizons: tuple[int, ...]
    entry: tuple[float, ...]
    prepayment: tuple[float, ...]
    weight: float
    members: tuple[str, ...]


def check_relevel(relevel: Relevel) -> None:
    """Raise ModelError where horizons do not rise from 1, or factors are not one positive number for each."""
    ends = relevel.horizons
    if not ends or ends[0] < 1 or any(later <= earlier for earlier, later in pairwise(ends)):
        raise ModelError(expected("horizons that rise from 1 month on", ends), field="relevel.horizons")
    for name in ("entry", "prepayment"):
        values = getattr(relevel, name)
        if len(values) != len(ends) or not all(0.0 < value < np.inf for value in values):
            raise ModelError(expected(f"{len(ends)} factors above 0", values), field=f"relevel.{name}")


def by_month(relevel: Relevel, factors: tuple[float, ...], months: int) -> Floats:
    """Return the logarithm of the factors in months 1 to `months`, (T,); fading after the last horizon."""
    month = np.arange(1, months + 1)
    ends = np.asarray(relevel.horizons)
    place = np.minimum(np.searchsorted(ends, month), len(ends) - 1)
    beyond = np.maximum(month - ends[-1], 0)
    return np.asarray(np.log(np.asarray(factors))[place] * 0.5 ** (beyond / FADE))


def log_factors(relevel: Relevel | None, parameters: TransitionParameters, months: int) -> Floats:
    """Return the logarithm of the factors by month and edge, (T, R); zero where nothing is re-levelled."""
    made = np.zeros((months, len(parameters.origin)))
    if relevel is None:
        return made
    made[:, entry_edges(parameters)] = by_month(relevel, relevel.entry, months)[:, None]
    made[:, prepayment_edges(parameters)] = by_month(relevel, relevel.prepayment, months)[:, None]
    return made


def entry_edges(parameters: TransitionParameters) -> Flags:
    """Return the edges that worsen, (R,): from a live state to a later one, or into default."""
    return worsening_edges(parameters)


def prepayment_edges(parameters: TransitionParameters) -> Flags:
    """Return the edges into prepayment, (R,)."""
    return np.asarray(parameters.target == parameters.prepaid_state)
