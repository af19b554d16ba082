"""Histories of loans: loan-months a second into a file, beside a bare write of the same columns in the same run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

import loantwin as lt
from loantwin.kernels import use_threads

LOANS, MONTHS, AHEAD, PATHS, ROUNDS = 20_000, 36, 60, 10, 3


def run() -> list[dict[str, Any]]:
    """Return one row a piece of work: work, reach, measured, unit, detail; the best of three, two threads."""
    use_threads(2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lt.synthetic(folder / "raw", loans=LOANS, months=MONTHS, seed=7, as_tape="mapping")
        tape = pl.scan_csv(folder / "raw" / "tape.csv", separator=";", infer_schema=False)
        day = tape.select(pl.last("Report date") if "Report date" in tape.collect_schema() else pl.last(
            next(c for c in tape.collect_schema() if "date" in c.lower())
        )).collect().item()
        lt.twin_create(
            folder / "twin", folder / "raw" / "tape.csv", str(folder / "raw" / "mapping.toml"), _date(day)
        )
        lt.fit(folder / "twin", [folder / "raw" / "macro.csv"])
        return _rows(folder)
