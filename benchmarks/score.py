"""Scores at size: training of boosting, scoring of many rows and of one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from loantwin.models.scoring.features import of_values
from loantwin.models.scoring.kinds import KINDS
from loantwin.models.scoring.reasons import reasons_by_code
from loantwin.models.scoring.scorecard import points
from loantwin.models.scoring.scorer import Scorer
from loantwin.models.scoring.store import Score

TRAINED, COLUMNS, LEVELS, SCORED, SINGLE, ROUNDS = 200_000, 40, 8, 1_000_000, 5_000, 3
FEW_ROWS = 20_000
"""Rows that the scorecard is trained on: its size does not hang on them."""


def cases(rows: int, seed: int) -> tuple[Any, Any]:
    """Return values (N, 40), a quarter of them codes, some missing, and outcomes with a planted truth."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, COLUMNS))
    codes = range(0, COLUMNS, 4)
    values[:, codes] = random.integers(0, LEVELS, (rows, len(codes)))
    weights = random.normal(size=COLUMNS) * 0.3
    eta = np.tanh(values - values.mean(axis=0)) @ weights + 0.3 * values[:, 1] * (values[:, 2] > 0) - 2
    bad = random.random(rows) < 1 / (1 + np.exp(-eta))
    values[random.random(values.shape) < 0.05] = np.nan
    return values, bad


def run() -> list[dict[str, Any]]:
    """Return seconds of training, rows a second, and microseconds of one case."""
    values, bad = cases(TRAINED, 1)
    features = of_values(values, range(0, COLUMNS, 4))
    start = time.perf_counter()
    boosting = KINDS["boosting"].train(features, values, bad)
    trained = time.perf_counter() - start
    card = KINDS["scorecard"].train(features, values[:FEW_ROWS], bad[:FEW_ROWS])
    glass = KINDS["additive"].train(features, values[:FEW_ROWS], bad[:FEW_ROWS])
    many, _ = cases(SCORED, 2)
    size = f"{COLUMNS} columns, {boosting.rounds} rounds of {boosting.leaves} leaves"
    return [
        _row(f"train boosting on {TRAINED:,} x {COLUMNS}", "< 30", trained, "s", f"{size}, once"),
        _row(
            f"score {SCORED:,} cases by boosting",
            "> 100,000",
            SCORED / _best(lambda: KINDS["boosting"].log_odds(boosting, many)),
            "cases/s",
            size,
        ),
        _row(
            f"score {SCORED:,} cases by a scorecard, in points",
            "> 5,000,000",
            SCORED / _best(lambda: points(card, many)),
            "cases/s",
            f"{COLUMNS} columns",
        ),
        *(
            _row(
                f"reasons of {TRAINED:,} cases by {name}, by code",
                "> 200,000",
                TRAINED
                / _best(lambda model=model, kind=kind: reasons_by_code(Score(kind, model), many[:TRAINED])),
                "cases/s",
                f"{COLUMNS} columns, a code each",
            )
            for name, kind, model in (("a scorecard", "scorecard", card), ("a glass box", "additive", glass))
        ),
        *(
            _row(
                f"score one case by {name}, 99th of 100",
                "< 1,000",
                _single(Scorer(Score(name.split()[-1], model)), many),
                "µs",
                f"{SINGLE:,} cases, each a mapping of {COLUMNS} values; the score kept open",
            )
            for name, model in (("boosting", boosting), ("a scorecard", card))
        ),
    ]


def _single(scorer: Scorer, values: Any) -> float:
    names = [feature.name for feature in scorer.features]
    given = [
        {name: None if value != value else value for name, value in zip(names, row, strict=True)}
        for row in values[:SINGLE].tolist()
    ]
    taken = []
    for case in given:
        start = time.perf_counter()
        scorer.pd_of(case)
        taken.append(time.perf_counter() - start)
    return float(np.quantile(taken, 0.99)) * 1e6


def _best(work: Callable[[], object]) -> float:
    work()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def _row(work: str, reach: str, measured: float, unit: str, detail: str) -> dict[str, Any]:
    return {"work": work, "reach": reach, "measured": measured, "unit": unit, "detail": detail}
