"""Gradients: adding up a book, the loss, the loss with its derivative by every parameter, at two sizes of
book.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.engine import AGES, SEGMENTS, book
from loantwin.engine.assumptions import assumptions
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.exposed import ExposureGrid, exposure_grid
from loantwin.engine.gradients import MonthPart, Theta, loss_gradient, loss_value, plain_part, theta_of
from loantwin.engine.rows import TransitionParameters

MONTHS, ROUNDS = 60, 7


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    return [row for size in (100_000, 1_000_000) for row in _measured(size)]


def model(live: int, seed: int = 2) -> tuple[TransitionParameters, LossGivenDefault]:
    """Return a panel model of four live states, or an outcome model of one."""
    draw = np.random.Generator(np.random.Philox(key=seed))
    if live == 1:
        edges = [(0, 1), (0, 2)]
        states: tuple[str, ...] = ("current", "charged_off", "prepaid")
    else:
        edges = (
            [(i, j) for i in range(4) for j in range(4) if i != j]
            + [(2, 4), (3, 4)]
            + [(i, 5) for i in range(4)]
        )
        states = ("current", "dpd_1_29", "dpd_30_59", "dpd_60_89", "default", "prepaid")
    count = len(edges)
    parameters = TransitionParameters(
        states=states, live=live, origin=np.array([start for start, _ in edges]), target=np.array([end for _,
            end in edges]),
        age=draw.normal(-4.0, 0.2, (count, AGES)), segment=draw.normal(0.0, 0.3, (count, SEGMENTS)),
        macro=draw.normal(0.0, 0.2, (count, 3)), loading=draw.normal(1.0, 0.1, (count, 1)),
        segments=tuple(f"segment {number}" for number in range(SEGMENTS)), factors=("a", "b", "c"),
        latents=("credit",), default_state=live, prepaid_state=live + 1,
    )  # fmt: skip
    share = draw.uniform(0.3, 0.6, (SEGMENTS, AGES))
    return parameters, LossGivenDefault(share, 0.2 * share, np.array([1.0]), np.full(13, 1.0 / 13.0))


def _measured(size: int) -> list[dict[str, Any]]:
    rows = []
    columns = book(size, floating=0.0)
    for live in (4, 1):
        parameters, lgd = model(live)
        if live == 1:
            columns.state[:] = 0
        theta = theta_of(
            parameters,
            lgd,
            np.zeros(1),
            np.random.Generator(np.random.Philox(key=4)).normal(size=(MONTHS, 3)),
        )
        part = plain_part(MONTHS, len(parameters.origin), 3, 1)
        adding, grid = _best(lambda: exposure_grid(parameters, columns, lgd, MONTHS, assumptions()), 3)  # noqa: B023
        rows += _evaluated(size, live, parameters, grid, part, theta, adding)
    return rows


def _evaluated(
    size: int,
    live: int,
    parameters: TransitionParameters,
    grid: ExposureGrid,
    part: MonthPart,
    theta: Theta,
    adding: float,
) -> list[dict[str, Any]]:
    count = sum(values.size for values in theta.values())
    start = time.perf_counter()
    loss_value(parameters, grid, part, theta)
    compiled = time.perf_counter() - start
    forward, _ = _best(lambda: loss_value(parameters, grid, part, theta), ROUNDS)
    found = loss_gradient(parameters, grid, part, theta, ROUNDS)
    words = f"{size:,} loans, {live} live state{'s' if live > 1 else ''}, {MONTHS} months"
    shape = "x".join(map(str, grid.charged.shape))
    return [
        _row(f"add the book up: {words}", adding, f"once a book; grid {shape}"),
        _row(f"lifetime loss: {words}", forward, f"{count:,} parameters; first call {compiled:.1f} s"),
        _row(
            f"loss and every derivative: {words}",
            found.seconds,
            f"{found.seconds / forward:.1f} times the loss; first call {found.first:.1f} s; finite "
            f"differences would take {2 * count * forward:,.0f} s",
        ),
    ]


def _best(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Return the fastest of some rounds after a warm-up, seconds, and the last result."""
    made, best = work(), np.inf
    for _ in range(rounds):
        start = time.perf_counter()
        made = work()
        best = min(best, time.perf_counter() - start)
    return float(best), made


def _row(work: str, seconds: float, detail: str) -> dict[str, Any]:
    return {"work": work, "reach": "", "measured": seconds * 1000.0, "unit": "ms (best)", "detail": detail}
