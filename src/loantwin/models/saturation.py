"""Saturation: beyond what a history showed, the economy's effect on defaults bends towards a cap.

The macro part of an edge's log-odds is measured from the long-run mean of the economy, where it is 0. Up
to the knee it acts in full; beyond, it follows

    s(w) = knee + (ceiling - knee) (1 - exp(-(w - knee) / (ceiling - knee))),

which joins at the knee with slope 1 and never passes the ceiling. The ceiling is the logarithm of the
product's cap, shared among the edges that worsen by the chain's reach, so that the default rate's
multiple of its long-run level stays below the cap; the knee is what the economy did in the months of the
fit, at least half the ceiling. So the history that a model was fitted on is never bent: fit and forecast
read one function. A history that went beyond the cap is believed before the cap.

What is bent is the expected multiplier: the mode and half the variance that errors of the macro effects add.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Flags, Floats
from loantwin.errors import ModelError, expected


@dataclass(frozen=True)
class Saturation:
    """Where an edge's macro effect bends. cap : multiple of the long-run default rate, above 1.

    reach : change of the log default rate by one log-odds on every worsening edge. knee, ceiling : (R,)
        log-odds, infinite for edges that are not bent. shown : the cap that history itself went beyond, 1
        where it did not.
    """

    cap: float
    reach: float
    knee: tuple[float | None, ...]
    ceiling: tuple[float | None, ...]
    shown: float = 1.0


def saturation_of(cap: float, reach: float, worse: Flags, macro: Floats, month: Floats) -> Saturation:
    """Return where the macro effects of a fit bend.

    Parameters
    ----------
    cap : multiple of the long-run default rate. worse : (R,) edges that worsen. macro : (R, F) effects.
    month : (T, F) covariates of the months that were fitted; none for a book without history.

    Raises
    ------
    ModelError : a cap of 1 or less.
    """
    if not cap > 1.0:
        raise ModelError(expected("a cap above 1", cap), field="multiple_cap")
    limit = float(np.log(cap)) / reach
    highest = (month @ macro.T).max(axis=0, initial=0.0)
    ceiling = np.maximum(limit, highest)
    knee = np.maximum(0.5 * limit, highest)
    beyond = float(np.exp(reach * highest[worse].max(initial=0.0)))
    return Saturation(
        float(cap),
        float(reach),
        tuple(float(value) if own else None for value, own in zip(knee, worse, strict=True)),
        tuple(float(value) if own else None for value, own in zip(ceiling, worse, strict=True)),
        beyond if beyond > cap else 1.0,
    )


def saturated(whole: Floats, knee: Floats, ceiling: Floats) -> Floats:
    """Return s(whole) of the module, elementwise; at most the ceiling, never above `whole`."""
    room = np.maximum(ceiling - knee, 1e-12)
    over = np.maximum(whole - knee, 0.0)
    return np.asarray(np.where(over > 0.0, knee - room * np.expm1(-over / room), whole))
