"""A backtest of the SBA block, ten origins and 24 months, in one process; a synthetic panel beside it."""

from __future__ import annotations

import os
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import loantwin as lt

PATHS = 1_000
DATA = Path(os.environ.get("LOANTWIN_TEST_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))


def run() -> list[dict[str, Any]]:
    """Return the seconds of a second run, after a short one has warmed the kernels up."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        if DATA.is_dir():
            home = Path(folder) / "sba"
            lt.twin_create(home, DATA / "sba/sba_block.csv.gz", "sba", date(2005, 12, 31))
            lt.fit(
                home, [DATA / "fed_scenarios/2025-Table_1A_Historic_Domestic.csv", DATA / "fred/UNRATE.csv"]
            )
            taken, result = _timed(home, date(2002, 12, 31), date(2011, 12, 31))
            score = result.given_macro.figures["charge_offs"]["12"]
            detail = (
                f"{len(result.origins)} origins, both views of the economy, {PATHS:,} paths, "
                f"{score.observations} cells"
            )
            work = {"work": "backtest of the SBA block, 10 origins x 24 months", "reach": "< 60 s"}
            rows.append({**work, "measured": taken, "unit": "s", "detail": detail})
        made = Path(folder) / "raw"
        lt.synthetic(made, loans=20_000, months=72, seed=11, as_tape="mapping")
        home = Path(folder) / "made"
        lt.twin_create(home, made / "tape.csv", str(made / "mapping.toml"), date(2024, 12, 31))
        lt.fit(home, [made / "macro.csv"])
        taken, result = _timed(home, date(2022, 12, 31), date(2023, 12, 31))
        detail = f"{len(result.origins)} origins, five figures"
        rows.append(
            {
                "work": "backtest of a panel of 20,000 loans",
                "reach": "",
                "measured": taken,
                "unit": "s",
                "detail": detail,
            }
        )
    return rows


def _timed(home: Path, start: date, end: date) -> tuple[float, Any]:
    lt.backtest(home, [end], horizons=(24,), paths=64)
    began = time.perf_counter()
    result = lt.backtest(home, "every=12M", start=start, end=end, horizons=(3, 6, 12, 24), paths=PATHS)
    return time.perf_counter() - began, result
