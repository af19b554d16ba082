"""Decisions: a million applications over columns with a model of 300 trees, and one in process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import loantwin as lt
from loantwin.decisions.deciding.decider import Decider
from loantwin.decisions.deciding.scores import ScoreInUse
from loantwin.decisions.graph_policy import nested, open_policy
from loantwin.models.scoring.boosting import Boosting
from loantwin.models.scoring.calibration import Calibration
from loantwin.models.scoring.features import Feature
from loantwin.models.scoring.store import Score

POLICY = Path(__file__).resolve().parents[1] / "examples" / "policy.json"
APPLICATIONS, ALONE = 1_000_000, 500
TREES, NUMBERS, TRAINED = 300, 20, 50_000


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    with decider() as made:
        frame = applications(APPLICATIONS)
        made.columns(frame.head(1_000))
        start = time.perf_counter()
        decided = made.columns(frame)
        seconds = time.perf_counter() - start
        shares = decided["outcome"].value_counts(normalize=True).sort("outcome").rows()
        waits = {name: waited(made, frame_of(decided, frame, name)) for name in ("approve", "decline")}
    told = ", ".join(f"{name} {share:.0%}" for name, share in shares)
    rows = [
        {
            "work": "1,000,000 applications: features, 300 trees, policy, price, codes, counter-offers",
            "reach": "> 40,000 a second",
            "measured": APPLICATIONS / seconds,
            "unit": "applications a second",
            "detail": f"once; {told}; exact contributions of what the score moved; all threads",
        }
    ]
    for name, reach in (("approve", "< 2 ms"), ("decline", "< 8 ms")):
        rows.append(
            {
                "work": f"one decision in process, {name}, p99",
                "reach": reach,
                "measured": 1_000.0 * float(np.quantile(waits[name], 0.99)),
                "unit": "ms",
                "detail": f"median {1e3 * statistics.median(waits[name]):.1f} ms",
            }
        )
    return rows


def frame_of(decided: pl.DataFrame, frame: pl.DataFrame, outcome: str) -> pl.DataFrame:
    """Return applications with an outcome, at most `ALONE`."""
    return frame.filter(decided["outcome"] == outcome).head(ALONE)


def waited(made: Decider, frame: pl.DataFrame) -> list[float]:
    """Return the seconds of each decision by itself."""
    seconds = []
    for row in frame.iter_rows(named=True):
        application = nested(row)
        start = time.perf_counter()
        made.decide(application)
        seconds.append(time.perf_counter() - start)
    return seconds


@contextmanager
def decider() -> Iterator[Decider]:
    """Yield the example's policy with a model of 300 trees on 20 numbers, trained on made-up cases."""
    with lt.decider(open_policy(POLICY)) as made:
        use = ScoreInUse(trained(), "made-up", "trees", "0" * 64)
        yield Decider(made.policy, made.versions, use)


def trained() -> Score:
    """Return a boosted sum of 300 trees; good cases are 50 to a bad one at the middle."""
    import lightgbm

    rng = np.random.default_rng(7)
    values = rng.normal(size=(TRAINED, NUMBERS))
    odds = -4.5 + values @ np.linspace(0.9, 0.0, NUMBERS)
    bad = rng.random(TRAINED) < 1 / (1 + np.exp(-odds))
    settings = {"objective": "binary", "num_leaves": 31, "verbose": -1, "seed": 7, "num_threads": 2}
    booster = lightgbm.train(settings, lightgbm.Dataset(values, bad), num_boost_round=TREES)
    features = tuple(
        Feature(f"x{place}", "number", missing=0.01, low=float(column.min()), high=float(column.max()))
        for place, column in enumerate(values.T)
    )
    return Score(
        "boosting",
        Boosting(features, (booster.model_to_string(),), 31, TREES, Calibration("platt", 0.0, 1.0)),
    )


def applications(rows: int) -> pl.DataFrame:
    """Return made-up applications with the model's numbers as attributes."""
    rng = np.random.default_rng(20261130)
    own = {f"attributes.x{place}": rng.normal(size=rows) for place in range(NUMBERS)}
    return pl.DataFrame(
        {
            "application_id": [f"A-{number}" for number in range(rows)],
            "application_date": ["2026-08-03"] * rows,
            "amount": np.round(rng.uniform(1_000.0, 60_000.0, rows), 2),
            "term_months": rng.integers(6, 85, rows),
            "annual_income": np.round(rng.lognormal(10.7, 0.5, rows), 2),
            "monthly_debt": np.round(rng.uniform(0.0, 1_500.0, rows), 2),
            **own,
        }
    )
