"""The movement of the allowance: a million loans matched, revalued in steps, rounded to cents and added up."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import polars as pl

from loantwin.risk.movement import ClosingValues, OpeningValues, added_up, lines, loan_movements

ROUNDS = 5


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    count = 1_000_000
    opening, closing = sides(count)
    walls = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        groups = added_up(loan_movements(opening, closing))
        found = lines(groups)
        walls.append(time.perf_counter() - start)
    moved = [line.amount for name, line in found.items() if name not in ("opening", "closing")]
    gap = round(100 * (found["opening"].amount + sum(moved) - found["closing"].amount))
    detail = (
        f"best {min(walls[1:]):.2f} s; text loan numbers, 10 % new and 10 % gone, {groups.height} groups; "
        f"lines miss the closing by {gap} cents"
    )
    seconds = statistics.median(walls[1:])
    return [{"work": f"allowance movement, {count:,} loans", "reach": "< 2", "measured": seconds, "unit": "s", "detail": detail}]


def sides(count: int, seed: int = 1) -> tuple[OpeningValues, ClosingValues]:
    """Return two valuations of a book in 20 segments, nine tenths of the loans in both, the closing in another order."""
    draw = np.random.Generator(np.random.Philox(key=seed))
    lifetime = draw.lognormal(4.0, 1.5, count)
    exposure = draw.lognormal(9.0, 1.0, count)
    numbers = np.char.add("L", np.arange(count + count // 10).astype(str))
    later = draw.permutation(np.arange(count // 10, count + count // 10))
    changes = [lifetime * draw.uniform(0.5, 1.5, count) for _ in range(4)]
    none = np.zeros(count)
    opening = OpeningValues(
        pl.Series(numbers[:count]),
        lifetime * 0.3,
        lifetime,
        exposure * 0.4,
        exposure,
        draw.choice([1, 2, 3], count, p=[0.9, 0.07, 0.03]),
        draw.integers(0, 20, count),
        draw.random(count) < 0.02,
        none,
    )
    closing = ClosingValues(
        pl.Series(numbers[later]),
        *changes,
        exposure * draw.uniform(0.5, 1.0, count),
        draw.choice([1, 2, 3], count, p=[0.9, 0.07, 0.03]),
        draw.integers(0, 20, count),
        none,
    )
    return opening, closing
