"""The ages at which curves are handed on: close where loans are young, as the curves themselves are."""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Floats
from loantwin.models.spline import stretch

GRID = np.array(
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 21, 24, 27, 30, 33, 36, 42, 48, 54, 60, 72, 84, 96,
     108, 120, 150, 180, 210, 240, 300, 360]
)  # fmt: skip
"""Months of age."""

MIDDLE = (GRID >= 6) & (GRID <= 60)
"""Ages at which books are compared: younger loans hardly default, older ones many books do not have."""


def on_ages(curve: Floats, ages: int) -> Floats:
    """Return a curve handed on, (len(GRID),), at ages 0 .. ages-1, (A,): straight between, flat beyond."""
    return np.asarray(np.interp(stretch(np.arange(ages, dtype=float)), stretch(GRID.astype(float)), curve))
