"""The baseline by age: a line that may break, and a step of its own where many loans end at one age."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers

KNOTS = (0.0, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85)
"""Quantiles of the ages of events at which the line may break."""
TOP = 0.95
"""Quantile beyond which it is flat: few events tell of later ages."""
CROWD, LEAST = 0.05, 10
"""Share and number of events at one age from which on it has a step of its own (a contract's last month)."""


@dataclass(frozen=True)
class Ages:
    """Where the line breaks, up to which age it goes, ages with a step of their own, centre and scale."""

    knots: tuple[float, ...]
    top: float
    steps: tuple[int, ...]
    centre: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()


def learn_ages(events: Integers) -> Ages:
    """Return the baseline's terms of the ages at which events came, (E,)."""
    top = float(np.quantile(events, TOP))
    knots = np.unique(np.quantile(events, KNOTS))
    single, counts = np.unique(events, return_counts=True)
    steps = single[(counts >= CROWD * len(events)) & (counts >= LEAST)]
    made = Ages(tuple(knots[knots < top].tolist()), top, tuple(int(age) for age in steps))
    columns = _columns(made, events)
    scale = columns.std(axis=0)
    return Ages(made.knots, made.top, made.steps, tuple(columns.mean(axis=0).tolist()),
                tuple(np.where(scale > 0, scale, 1.0).tolist()))  # fmt: skip


def age_columns(ages: Ages, count: int) -> Floats:
    """Return the columns of ages 0 to count - 1, (count, J)."""
    return np.asarray((_columns(ages, np.arange(count)) - np.array(ages.centre)) / np.array(ages.scale))


def _columns(ages: Ages, age: Integers) -> Floats:
    inside = np.minimum(age.astype(float), ages.top)
    lines = [np.maximum(inside - knot, 0.0) for knot in ages.knots]
    low = min(ages.knots, default=ages.top)
    early = [np.minimum(inside, low)] if low > 0 else []
    steps = [(age == step).astype(float) for step in ages.steps]
    return np.column_stack([*early, *lines, *steps]) if early or lines or steps else np.zeros((len(age), 0))
