"""Allowances of a million loans: IFRS 9 under five scenarios, and the movement between two valuations to the
cent.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from benchmarks.engine import book, model, paths, severity
from loantwin.config import Config
from loantwin.engine.assumptions import assumptions
from loantwin.risk.facts import Standing
from loantwin.risk.provisions.movement import ClosingValues, OpeningValues, added_up, lines, loan_movements
from loantwin.risk.provisions.provisions import Portfolio, WeightedScenario, expected_losses, provisions

ROUNDS = 5


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    return [_provisions(1_000_000), _movement(1_000_000)]


def _provisions(count: int, months: int = 60, scenarios: int = 5) -> dict[str, Any]:
    parameters = model(4)
    shocks, _ = paths(parameters, scenarios, months)
    columns = book(count, 0.0)
    short = np.minimum(columns.remaining_months, months)
    columns = replace(
        columns,
        remaining_months=short,
        interest_only_months=np.minimum(columns.interest_only_months, short - 1),
    )
    no, current = np.zeros(count, dtype=np.bool_), np.zeros(count)
    portfolio = Portfolio(
        date(2024, 12, 31),
        "USD",
        parameters,
        severity(),
        replace(columns, undrawn=current),
        Standing(current, no, no, no, (), True),
        np.ones(len(parameters.origin)),
        assumptions(0.0, 3, 0.5),
    )
    made = [
        WeightedScenario(str(k), 1.0 / scenarios, np.ascontiguousarray(shocks[k : k + 1]))
        for k in range(scenarios)
    ]
    config = Config()
    losses = _timed(lambda: expected_losses(portfolio, made))
    whole = _timed(lambda: provisions("ifrs9", portfolio, made, config))
    detail = (
        f"best {whole[1]:.2f} s, {whole[2]:.2f} s of processor; {losses[2]:.2f} s of it the losses, the "
        "rest probabilities at origination, stages, checks and exact sums by stage and scenario; fixed "
        "rates, 12-month and lifetime"
    )
    name = f"IFRS 9 allowance, {count:,} loans x {months} months x {scenarios} scenarios"
    return {"work": name, "reach": "< 1", "measured": whole[0], "unit": "s", "detail": detail}


def _timed(work: Callable[[], object]) -> tuple[float, float, float]:
    """Return median and best seconds after a warm-up, and the least processor seconds."""
    work()
    walls, cpus = [], []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), min(walls), min(cpus)


def _movement(count: int) -> dict[str, Any]:
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
    return {
        "work": f"allowance movement, {count:,} loans",
        "reach": "< 2",
        "measured": seconds,
        "unit": "s",
        "detail": detail,
    }


def sides(count: int, seed: int = 1) -> tuple[OpeningValues, ClosingValues]:
    """Return two valuations of a book in 20 segments, nine tenths of the loans in both, the closing in
    another order.
    """
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
        none,
        exposure * (draw.random(count) < 0.02),
        np.ones(count),
        exposure,
        draw.uniform(0.02, 0.2, count),
    )
    closing = ClosingValues(
        pl.Series(numbers[later]),
        *changes,
        exposure * draw.uniform(0.5, 1.0, count),
        draw.choice([1, 2, 3], count, p=[0.9, 0.07, 0.03]),
        draw.integers(0, 20, count),
        none,
        exposure,
    )
    return opening, closing
