"""Processes: steps judged and folded in columns, a run with limited staff, uplift and plans, by CPU time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from loantwin.decisions.collections.allocate import Demand, allocate
from loantwin.models.uplift.judge import qini
from loantwin.models.uplift.learners import chosen, cross_fit, fit_uplift
from loantwin.processes.reader import read_process
from loantwin.processes.simulation.run import Length, staffed
from loantwin.processes.simulation.run import run as run_process
from loantwin.processes.steps import judged, no_steps, states

UNTOLD = ("outcome", "assignee", "reason", "proposed")
CASES, ROWS, WISHES = 250_000, 50_000, 100_000


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    return [*_folded(), _simulated(), _learnt(), _planned()]


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return processor seconds of this process, and what the work gives; it is done once before."""
    work()
    start = time.process_time()
    made = work()
    return time.process_time() - start, made


def _folded() -> list[dict[str, Any]]:
    process, rows = read_process("servicing"), steps(CASES)
    judging, made = _seconds(lambda: judged(process, no_steps(), rows))
    folding, _ = _seconds(lambda: states(made))
    detail = f"{CASES:,} loans of four steps each; processor time of all threads"
    return [
        {
            "work": "steps judged in columns: state before, what is allowed, amounts, four eyes",
            "reach": None,
            "measured": len(rows) / judging,
            "unit": "steps a processor second",
            "detail": detail,
        },
        {
            "work": "states of cases folded from their steps",
            "reach": None,
            "measured": len(rows) / folding,
            "unit": "steps a processor second",
            "detail": detail,
        },
    ]


def steps(cases: int) -> pl.DataFrame:
    """Return four steps of each loan: opened, late, caught up, paid off."""
    names = np.array(["open", "fall behind", "catch up", "pay off"])
    number = np.repeat(np.arange(cases), 4)
    start = np.datetime64("2024-01-01T00:00:00", "us")
    at = start + np.tile(np.arange(4), cases).astype("timedelta64[D]")
    frame = pl.DataFrame({"case": number, "step": np.tile(names, cases), "at": at})
    return frame.with_columns(
        pl.col("case").cast(pl.String), pl.col("at").dt.replace_time_zone("UTC"), by=pl.lit("system"),
        amount=pl.lit(None, pl.Float64), **{name: pl.lit(None, pl.String) for name in UNTOLD},
    )  # fmt: skip


def _simulated() -> dict[str, Any]:
    process = read_process("origination")
    length = Length(28.0, 7.0, 100, 1)
    seconds, made = _seconds(lambda: run_process(process, staffed(process, None), length))
    return {
        "work": "origination run forward with limited staff",
        "reach": None,
        "measured": made.taken / seconds,
        "unit": "steps a processor second",
        "detail": f"100 replications of 35 days, {made.taken:,} steps, waits kept case by case",
    }


def _learnt() -> dict[str, Any]:
    rng = np.random.default_rng(20261130)
    values = rng.standard_normal((2 * ROWS, 8))
    base = 1.0 / (1.0 + np.exp(0.8 - 0.7 * values[:, 0] + 0.5 * values[:, 1]))
    true = 0.22 / (1.0 + np.exp(-2.0 * (values[:, 2] + 0.5 * values[:, 1] - 0.5)))
    true = np.minimum(true, 1.0 - base)
    treated = rng.random(2 * ROWS) < 0.5
    outcome = (rng.random(2 * ROWS) < base + true * treated).astype(float)
    near, far = slice(0, ROWS), slice(ROWS, None)
    start = time.process_time()
    found = cross_fit(values[near], treated[near], outcome[near], 1, np.full(ROWS, 0.5))
    model = fit_uplift(chosen(found), values[near], treated[near], outcome[near], found, 1)
    seconds = time.process_time() - start
    share = qini(model.predict(values[far]), true[far]).value / qini(true[far], true[far]).value
    return {
        "work": "uplift learnt on 50,000 rows with planted effects, Qini against the oracle's on others",
        "reach": "> 80 %",
        "measured": 100.0 * share,
        "unit": "%",
        "detail": f"{model.kind} taken of four estimators; {seconds:.0f} processor seconds",
    }


def _planned() -> dict[str, Any]:
    rng = np.random.default_rng(7)
    value = rng.lognormal(2.0, 1.0, (WISHES // 4, 4)) - 3.0
    demand = Demand(
        value, np.ones(value.shape, bool), np.array([[8.0, 0.0], [3.0, 1.0], [0.0, 2.0], [15.0, 0.0]]),
        np.array([20_000.0, 4_000.0]), np.ones(4, bool), np.arange(len(value)), np.full(len(value), 1),
    )  # fmt: skip
    seconds, plan = _seconds(lambda: allocate(demand))
    return {
        "work": "25,000 cases, four treatments, two resources planned",
        "reach": None,
        "measured": len(value) / seconds,
        "unit": "cases a processor second",
        "detail": f"{100.0 * (1.0 - plan.value / plan.bound):.3f} % below what no plan exceeds",
    }
