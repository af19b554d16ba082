"""How far the level of a forecast hangs on which loans one happens to have: thins of one population."""

from __future__ import annotations

import os
import tempfile
import warnings
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import loantwin as lt
from loantwin.performance.backtest.origin import GIVEN
from loantwin.performance.outcomes import CHARGE_OFFS, LOANS
from loantwin.verbs.backtest.origin import at_origin

DATA = Path(os.environ.get("LOANTWIN_TEST_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))
THINS, SIZE, ORIGIN, MONTHS, PATHS = 20, 6_322, date(2005, 12, 31), 12, 1_000


def run() -> list[dict[str, Any]]:
    """Return the spread of forecast means over the thins, and in how many the 90 % interval held."""
    if not DATA.is_dir():
        return []
    whole = pl.read_csv(DATA / "sba/sba_block.csv.gz", infer_schema_length=0)
    made = np.array([thin(whole.sample(SIZE, seed=seed)) for seed in range(THINS)])
    came, mean, low, high = made.T
    ratio = float(np.quantile(mean, 0.9) / np.quantile(mean, 0.1))
    held = int(((came >= low) & (came <= high)).sum())
    work = f"{THINS} thins of the SBA block to {SIZE:,} loans, charge-offs of 2006"
    return [
        {
            "work": f"{work}: 90th over 10th percentile of the forecast means",
            "reach": "< 1.6",
            "measured": ratio,
            "unit": "ratio",
            "detail": f"means {mean.min():.0f} to {mean.max():.0f}, on average {mean.mean():.0f}; came "
            f"{came.min():.0f} to {came.max():.0f}",
        },
        {
            "work": f"{work}: thins whose 90 % interval holds what came",
            "reach": "> 16",
            "measured": float(held),
            "unit": f"of {THINS}",
            "detail": f"mean interval {low.mean():.0f} to {high.mean():.0f}; all thins share one wave",
        },
    ]


def thin(loans: pl.DataFrame) -> tuple[float, float, float, float]:
    """Return what came, and the mean and 90 % interval of the forecast, given the economy that came."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tape, home = Path(folder) / "tape.csv", Path(folder) / "twin"
        loans.write_csv(tape)
        lt.twin_create(home, tape, "sba", ORIGIN)
        lt.fit(home, [DATA / "fed_scenarios/2025-Table_1A_Historic_Domestic.csv", DATA / "fred/UNRATE.csv"])
        with lt.open(home) as twin:
            found = at_origin(twin, ORIGIN, (MONTHS,), PATHS, 1)
    key = (CHARGE_OFFS, LOANS)
    drawn = found.predicted[GIVEN].simulated[key].sum(axis=1)[:, 0]
    expected = found.predicted[GIVEN].given[key].sum(axis=1)[:, 0].mean()
    came = float(found.actual[key].sum(axis=0)[0])
    low, high = np.quantile(drawn, [0.05, 0.95])
    return came, float(expected), float(low), float(high)
