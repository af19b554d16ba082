"""Made-up loans with two ends whose hazards are known, and what tests read of them."""

from __future__ import annotations

import numpy as np
import polars as pl

from loantwin.models.scoring.table import Table, from_frame
from loantwin.models.survival.lives import Asked, Lives, lives_of

FIRST = np.datetime64("2010-01")
MONTHS = 72
ASKED = Asked("start", event="end=bad", ended="ended", competing="end=paid")
SIZE, TYPE = 0.8, -0.6
"""Planted: log hazard of bad by one unit of `size`, and of `kind` b against a."""


def hazards(size: np.ndarray, kind: np.ndarray, ages: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the true hazards of both ends by age, (N, ages)."""
    age = np.arange(ages)
    bad = (
        np.exp(-5.2 + 0.8 * np.minimum(age, 12) / 12)[None]
        * np.exp(SIZE * size + TYPE * (kind == "b"))[:, None]
    )
    paid = np.full((len(size), ages), 0.015) * np.exp(0.3 * size)[:, None]
    return -np.expm1(-bad), -np.expm1(-paid)


def frame(rows: int = 3000, seed: int = 1) -> pl.DataFrame:
    """Return loans begun over six years, watched to the end of the last."""
    random = np.random.default_rng(seed)
    start = random.integers(0, MONTHS, rows)
    size, kind = random.normal(0, 1, rows), random.choice(["a", "b"], rows)
    bad, paid = hazards(size, kind, MONTHS)
    came, left = random.random(bad.shape) < bad, random.random(bad.shape) < paid
    any_end = came | left
    age = np.where(any_end.any(axis=1), any_end.argmax(axis=1), MONTHS)
    seen = start + age < MONTHS
    is_bad = came[np.arange(rows), np.minimum(age, MONTHS - 1)]
    day = FIRST + start.astype("timedelta64[M]")
    ended = day + age.astype("timedelta64[M]")
    return pl.DataFrame(
        {
            "start": day.astype("datetime64[D]") + np.timedelta64(9, "D"),
            "ended": pl.Series(ended.astype("datetime64[D]")).set(pl.Series(~seen), None),
            "end": np.where(~seen, None, np.where(is_bad, "bad", "paid")).tolist(),
            "size": size,
            "kind": kind,
        }
    )


def table(rows: int = 3000, seed: int = 1) -> Table:
    """Return the loans as a table."""
    return from_frame(frame(rows, seed))


def lives(rows: int = 3000, seed: int = 1) -> Lives:
    """Return their spans, watched until December 2015."""
    return lives_of(table(rows, seed), ASKED, 12 * 2015 + 11)
