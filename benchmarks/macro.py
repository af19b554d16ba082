"""The macro work a forecast waits for: fit the generator, simulate, evaluate covariates, on a simulated
economy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from loantwin.macro.covariates import choose_default, evaluate
from loantwin.macro.generator import fit_generator, simulate
from loantwin.synthesis.generate import make_plan

PATHS, MONTHS, ROUNDS = 2_000, 36, 5


def run() -> list[dict[str, Any]]:
    """Return the best of five rounds of each step."""
    economy = make_plan(240, 1).economy
    history = replace(economy, name="Actual")
    generator = fit_generator(history)
    first = generator.first
    drawn = simulate(generator, first, MONTHS, PATHS, 1)
    chosen = choose_default(history)
    detail = f"{len(generator.factors)} factors, {len(history.values)} months of history"
    return [
        _row("fit the macro generator", _best(lambda: fit_generator(history)), detail),
        _row(
            f"simulate {PATHS:,} paths x {MONTHS} months",
            _best(lambda: simulate(generator, first, MONTHS, PATHS, 1)),
            detail,
        ),
        _row(
            f"covariates of {PATHS:,} paths x {MONTHS} months",
            _best(lambda: evaluate(chosen, drawn, first, first + MONTHS - 1, history)),
            f"{len(chosen)} covariates",
        ),
    ]


def _best(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


def _row(work: str, seconds: float, detail: str) -> dict[str, Any]:
    return {"work": work, "reach": "", "measured": seconds, "unit": "s", "detail": detail}
