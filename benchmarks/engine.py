"""The engine: losses of a million loans, conditional expectation by cell, and how time and memory grow with
the book.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from loantwin.engine.assumptions import assumptions
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import LoanColumns, loan_columns, take
from loantwin.engine.expectation import conditional_flows, conditional_flows_reference
from loantwin.engine.loss import loan_losses, loan_losses_reference
from loantwin.engine.path import expected_flows
from loantwin.engine.rows import TransitionParameters, shocks
from loantwin.engine.runoff import build_cells
from loantwin.kernels import use_threads

SEGMENTS, AGES, ROUNDS = 20, 120, 5
INDEX = 0.03


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    return [
        _losses(),
        _losses(floating=0.0),
        *(_expectation(live) for live in (1, 4)),
        *(_growth(size) for size in (0.1, 1, 10)),
    ]


def book(count: int, floating: float = 0.3, seed: int = 1) -> LoanColumns:
    """Return loans of five products, terms to 84 months (mortgages to 360), 2,400 buckets, rates and spreads
    continuous.
    """
    draw = np.random.Generator(np.random.Philox(key=seed))
    product = draw.choice(5, count, p=[0.45, 0.10, 0.10, 0.20, 0.15])
    principal = np.exp(draw.normal(10.0, 1.0, count))
    rate = draw.uniform(0.02, 0.20, count)
    return loan_columns(
        segment=draw.integers(0, SEGMENTS, count),
        age=draw.integers(0, 30, count),
        state=np.where(draw.random(count) < 0.92, 0, draw.integers(1, 4, count)),
        product=product,
        remaining_months=np.where(product == 3, draw.integers(60, 361, count), draw.integers(1, 85, count)),
        principal=principal,
        annual_rate=rate,
        effective_annual_rate=rate + draw.uniform(0.0, 0.02, count),
        floating=draw.random(count) < floating,
        rate_spread=draw.uniform(0.01, 0.06, count),
        rate_cap=np.where(draw.random(count) < 0.3, 0.12, np.inf),
        rate_floor=np.where(draw.random(count) < 0.3, 0.03, -np.inf),
        balloon=np.where(product == 1, 0.3 * principal, 0.0),
        interest_only_months=np.where(
            (product == 3) & (draw.random(count) < 0.1), draw.integers(1, 60, count), 0
        ),
        undrawn=np.where(product == 4, 0.5 * principal, 0.0),
        accrued_interest=principal * rate / 24.0,
        guaranteed=np.where(draw.random(count) < 0.2, 0.5, 0.0),
    )


def model(live: int, seed: int = 2) -> TransitionParameters:
    """Return a model of one or four live states with default and prepayment, rows by segment and age."""
    draw = np.random.Generator(np.random.Philox(key=seed))
    edges = [(i, j) for i in range(live) for j in range(live) if i != j]
    edges += [
        (live - 1, live),
        *([(live - 2, live)] if live > 1 else []),
        *((i, live + 1) for i in range(live)),
    ]
    ends = np.array(edges)
    level = np.where(ends[:, 1] == live, -4.0, -3.0)
    return TransitionParameters(
        states=(*("current", "dpd_1_29", "dpd_30_59", "dpd_60_89")[:live], "default", "prepaid"),
        live=live,
        origin=ends[:, 0].copy(),
        target=ends[:, 1].copy(),
        age=level[:, None] + draw.normal(0.0, 0.3, (len(edges), AGES)),
        segment=draw.normal(0.0, 0.3, (len(edges), SEGMENTS)),
        macro=draw.normal(0.0, 0.2, (len(edges), 2)),
        loading=draw.normal(0.0, 0.2, (len(edges), 1)),
        segments=tuple(map(str, range(SEGMENTS))),
        factors=("unemployment_rate", "house_price_index"),
        latents=("frailty",),
        default_state=live,
        prepaid_state=live + 1,
    )


def severity() -> LossGivenDefault:
    """Return loss given default by segment and age."""
    draw = np.random.Generator(np.random.Philox(key=3))
    shape = (SEGMENTS, AGES)
    lag = np.full(12, 1 / 12)
    return LossGivenDefault(
        draw.uniform(0.4, 0.8, shape), draw.uniform(0.0, 0.2, shape), np.array([0.0, 1.0]), lag
    )


def paths(parameters: TransitionParameters, count: int, months: int) -> tuple[Any, Any]:
    """Return shocks (P, T, R) and an index (P, T)."""
    draw = np.random.Generator(np.random.Philox(key=4))
    macro, latent = draw.normal(size=(count, months, 2)), draw.normal(size=(count, months, 1))
    return shocks(parameters, macro, latent), INDEX + np.cumsum(
        draw.normal(0.0, 0.001, (count, months)), axis=1
    )


def _losses(
    count: int = 1_000_000, months: int = 60, scenarios: int = 5, floating: float = 0.3
) -> dict[str, Any]:
    columns, parameters, lgd = book(count, floating), model(4), severity()
    month, index = paths(parameters, scenarios, months)
    assumed = {"arrears_months": 3, "conversion_factor": 0.5}

    def work() -> Any:
        return loan_losses(parameters, columns, lgd, month, index_paths=index, **assumed)  # type: ignore[arg-type]

    seconds, best, cpu = _timed(work)
    rows = np.random.Generator(np.random.Philox(key=5)).permutation(count)[:5_000]
    sample, made = take(columns, rows), work()
    wanted = loan_losses_reference(
        parameters, sample, lgd, month, assumptions(0.0, 3, 0.5), index, made.horizons
    )
    some = wanted.loss > 0.0
    error = float(np.abs(made.loss[rows][some] / wanted.loss[some] - 1.0).max())
    buckets = len(np.unique(columns.segment * 1000 + columns.age * 10 + columns.state))
    detail = (
        f"best {best:.2f} s, {cpu:.2f} s of processor; {buckets:,} buckets, four live states; "
        f"{100 * floating:.0f} % floating, payments computed anew each month and scenario; 12-month and "
        f"lifetime loss and PD; relative error {error:.0e} (sample)"
    )
    return _row(
        f"loan losses, {count:,} loans x {months} months x {scenarios} scenarios",
        "< 0.5",
        seconds,
        "s",
        detail,
    )


def _expectation(live: int, months: int = 36, count: int = 5_000) -> dict[str, Any]:
    parameters, lgd = model(live), severity()
    columns = book(720 * 40)
    cell = np.arange(len(columns.principal)) % 720
    columns = _recoded(
        columns, cell % SEGMENTS, cell // SEGMENTS % 36, np.zeros_like(cell) if live == 1 else cell // 180
    )
    cells = build_cells(columns, months)
    month, _ = paths(parameters, count, months)
    seconds, best, cpu = _timed(lambda: conditional_flows(parameters, cells, lgd, month))
    few = month[:70]
    made, wanted = (
        conditional_flows(parameters, cells, lgd, few),
        conditional_flows_reference(parameters, cells, lgd, few),
    )
    error = float(np.abs(made.loss_gross / wanted.loss_gross - 1.0).max())
    work = len(cells.segment) * months * count
    detail = (
        f"{len(cells.segment)} cells x {months} months x {count} paths, 15 figures, "
        f"{len(parameters.origin)} edges; best {work / best:.2g}, {work / cpu:.2g} a second of processor; "
        f"relative error {error:.0e}"
    )
    return _row(
        f"conditional expectation by cell, {live} live state(s)",
        "> 1e8",
        work / seconds,
        "cell-months/s",
        detail,
    )


def _recoded(columns: LoanColumns, segment: Any, age: Any, state: Any) -> LoanColumns:
    values = {name: getattr(columns, name) for name in LoanColumns.__dataclass_fields__}
    return loan_columns(**{**values, "segment": segment, "age": age, "state": state})


def _growth(millions: float) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.engine", str(int(millions * 1e6))],
        check=True,
        capture_output=True,
        text=True,
    )
    measured = json.loads(done.stdout)
    detail = (
        f"cells {measured['cells']:.2f} s, expected path {measured['path']:.2f} s, book "
        f"{measured['book']:.1f} s; peak memory {measured['memory']:.2f} GB, {measured['before']:.2f} GB of "
        "it before the engine; fresh process"
    )
    reach = "in 16 GB" if millions == 10 else ""
    name = f"growth: {millions:g} million loans x 60 months to cells and expected path"
    return _row(name, reach, measured["cells"] + measured["path"], "s", detail)


def _grow(count: int) -> dict[str, float]:
    parameters, lgd = model(4), severity()
    build_cells(book(100), 60, index_path=np.full(60, INDEX), arrears_months=3)
    clock = time.perf_counter()
    columns = book(count)
    drawn, before = time.perf_counter() - clock, _peak()
    clock = time.perf_counter()
    cells = build_cells(columns, 60, index_path=np.full(60, INDEX), arrears_months=3)
    built = time.perf_counter() - clock
    clock = time.perf_counter()
    expected_flows(parameters, cells, lgd, np.zeros((60, 2)), np.zeros((60, 1)))
    return {
        "book": drawn,
        "cells": built,
        "path": time.perf_counter() - clock,
        "memory": _peak(),
        "before": before,
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _timed(work: Callable[[], object]) -> tuple[float, float, float]:
    """Return median and best seconds of the rounds after a warm-up, and the least processor seconds."""
    use_threads()
    work()
    walls, cpus = [], []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), min(walls), min(cpus)


def _row(work: str, reach: str, measured: float, unit: str, detail: str) -> dict[str, Any]:
    return {"work": work, "reach": reach, "measured": measured, "unit": unit, "detail": detail}


if __name__ == "__main__":
    print(json.dumps(_grow(int(sys.argv[1]))))
