"""Policies that analysts edit: a million applications over columns, and one in process."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from loantwin.decisions.graph_policy import open_policy

POLICY = Path(__file__).resolve().parents[1] / "examples" / "policy.json"
APPLICATIONS, ALONE = 1_000_000, 5_000


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    policy, made = open_policy(POLICY), applications(APPLICATIONS)
    policy.decide_columns(made.head(1000))
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        decided = policy.decide_columns(made)
        seconds.append(time.perf_counter() - start)
    one = {**made.row(0, named=True), "exposures": {"borrower": 5_000.0}}
    del one["exposures.borrower"]
    policy.decide(one)
    alone = []
    for _ in range(ALONE):
        start = time.perf_counter()
        policy.decide(one)
        alone.append(time.perf_counter() - start)
    return [
        {
            "work": "policies alone over 1,000,000 applications: checked, decided, rows that fired, reasons",
            "reach": "> 1,000,000 a second",
            "measured": APPLICATIONS / statistics.median(seconds),
            "unit": "applications a second",
            "detail": f"examples/policy.json, 26 rows in four tables; {decided.near} near a cut; all threads",
        },
        {
            "work": "one decision in process by the same policy, p99",
            "reach": "< 2 ms",
            "measured": 1_000.0 * float(np.quantile(alone, 0.99)),
            "unit": "ms",
            "detail": f"zen-engine, content kept, traced; median {1e3 * statistics.median(alone):.2f} ms",
        },
    ]


def applications(rows: int) -> pl.DataFrame:
    """Return made-up applications, some without a score."""
    rng = np.random.default_rng(20261130)
    scores = np.round(rng.normal(680.0, 60.0, rows))
    return pl.DataFrame(
        {
            "application_id": [f"A-{number}" for number in range(rows)],
            "application_date": ["2026-08-03"] * rows,
            "amount": np.round(rng.uniform(1_000.0, 60_000.0, rows), 2),
            "term_months": rng.integers(6, 85, rows),
            "annual_income": np.round(rng.lognormal(10.7, 0.5, rows), 2),
            "monthly_debt": np.round(rng.uniform(0.0, 2_500.0, rows), 2),
            "score": pl.Series(scores).set(pl.Series(rng.uniform(size=rows) < 0.01), None),
            "exposures.borrower": np.round(rng.uniform(0.0, 90_000.0, rows), 2),
        }
    )
