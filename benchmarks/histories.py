"""Histories of loans: loan-months a second into a file, beside a bare write of its columns."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

import loantwin as lt
from loantwin.kernels import use_threads

LOANS, MONTHS, AHEAD, PATHS, ROUNDS = 20_000, 36, 36, 10, 3


def run() -> list[dict[str, Any]]:
    """Return one row a piece of work: work, reach, measured, unit, detail; the best of three, two threads."""
    use_threads(2)
    with tempfile.TemporaryDirectory() as name:
        raw, home = Path(name) / "raw", Path(name) / "twin"
        lt.synthetic(raw, loans=LOANS, months=MONTHS, seed=7, as_tape="mapping")
        lt.twin_create(home, raw / "tape.csv", str(raw / "mapping.toml"), date(2021, 12, 31))
        lt.fit(home, [raw / "macro.csv"])
        file = Path(name) / "histories.parquet"
        with lt.open(home) as twin:
            told = lt.simulate(twin, file, months=AHEAD, paths=PATHS, seed=1)
            seconds = _best(lambda: lt.simulate(twin, file, months=AHEAD, paths=PATHS, seed=1))
        rows = pl.read_parquet(file)
        bare = _best(lambda: rows.lazy().sink_parquet(Path(name) / "bare.parquet", compression="zstd"))
        detail = (
            f"{told.loans:,} loans x {AHEAD} months x {PATHS} paths, {told.loan_months:,} rows of "
            f"{len(told.columns)} columns, {file.stat().st_size / told.loan_months:.1f} bytes a row"
        )
    rate = told.loan_months / seconds
    return [
        _row("simulated histories to Parquet", "> 2e6", rate, "loan-months/s", detail),
        _row(
            "speed of the bare write of the same columns",
            "> 0.6",
            bare / seconds,
            "of it",
            f"bare write {told.loan_months / bare:,.0f} loan-months/s",
        ),
    ]


def _row(work: str, reach: str, measured: float, unit: str, detail: str) -> dict[str, Any]:
    return {"work": work, "reach": reach, "measured": measured, "unit": unit, "detail": detail}


def _best(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
