"""The batched step with levers: book-months a second, with a closed book and with new lending; and one book
in NumPy.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np

from loantwin.engine.step.batch import Buffers, buffers, step_batch
from loantwin.engine.step.cohorts import LendingPlan
from loantwin.engine.step.step import step
from loantwin.engine.step.tables import StepTables, initial_state
from loantwin.env.built_in import built_in
from loantwin.kernels import use_threads

BOOKS, MONTHS, ROUNDS = 1_024, 36, 7
START = """
import time; start = time.perf_counter()
import gymnasium, loantwin.env
gymnasium.make("loantwin/Portfolio-v0").reset(seed=1)
print(time.perf_counter() - start)
"""


def run() -> list[dict[str, Any]]:
    """Return one row a piece of work: work, reach, measured, unit, detail. The best of seven runs on two
    threads.
    """
    use_threads(2)
    lending, _ = built_in(MONTHS)
    closed = replace(lending, plan=LendingPlan())
    random = np.random.Generator(np.random.Philox(key=1))
    levers = random.uniform(-1, 1, (BOOKS, 5))
    luck = np.exp(0.2 * random.standard_normal((MONTHS, BOOKS, len(lending.parameters.origin))))
    detail = f"60 cells, {BOOKS:,} books, {MONTHS} months, five levers"
    columns = 60 + 6 * (MONTHS - 1) / 2
    rows = [
        ("batched step with levers", "> 1.5e6", _speed(closed, levers, luck, buffers(closed, BOOKS)), detail),
        (
            "batched step with levers and new lending",
            "",
            _speed(lending, levers, luck, buffers(lending, BOOKS)),
            f"{detail}; with cohorts {columns:.0f} columns on average",
        ),
        ("batched step, a new state each month", "", _speed(closed, levers, luck, None), detail),
        ("one book in NumPy, new lending", "", _single(lending, levers, luck), "what Portfolio-v0 runs on"),
    ]
    made = [
        {"work": work, "reach": reach, "measured": speed, "unit": "book-months/s", "detail": text}
        for work, reach, speed, text in rows
    ]
    start = min(
        float(
            subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True).stdout
        )
        for _ in range(3)
    )
    made.append(
        {
            "work": "Portfolio-v0 from import to first observation",
            "reach": "< 0.5",
            "measured": start,
            "unit": "s",
            "detail": "built-in book",
        }
    )
    return made


def _speed(tables: StepTables, levers: Any, luck: Any, reuse: Buffers | None) -> float:
    seconds = []
    for _ in range(ROUNDS + 1):
        state = initial_state(tables, BOOKS)
        start = time.perf_counter()
        for month in range(MONTHS):
            state, _ = step_batch(state, levers, luck[month], tables, reuse=reuse)
        seconds.append(time.perf_counter() - start)
    return BOOKS * MONTHS / min(seconds[1:])


def _single(tables: StepTables, levers: Any, luck: Any) -> float:
    start = time.perf_counter()
    for _ in range(ROUNDS):
        state = initial_state(tables)
        for month in range(MONTHS):
            state, _ = step(state, levers[:1], luck[month, :1], tables)
    return ROUNDS * MONTHS / (time.perf_counter() - start)


if __name__ == "__main__":
    for row in run():
        print(row)
