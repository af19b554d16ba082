"""Hazards by month: training on 100,000 loans of six years with two ends, and reading them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from loantwin.models.survival.lives import lives_of
from loantwin.models.survival.model import Ahead, probabilities, train
from tests.models.survival.made import ASKED, table

LOANS = 100_000


def run() -> list[dict[str, Any]]:
    """Return the measured rows: work, reach, measured, unit, detail."""
    lives = lives_of(table(LOANS), ASKED, 12 * 2015 + 11)
    model = train(lives, ["size", "kind"], [])
    ahead = Ahead(lives.origin, np.full(LOANS, -1), np.full(LOANS, lives.until))
    detail = f"{LOANS:,} loans, two ends, penalties chosen; one thread"
    return [
        {
            "work": "hazards of two ends trained",
            "reach": "< 60 s",
            "measured": _median(lambda: train(lives, ["size", "kind"], [])),
            "unit": "s",
            "detail": detail,
        },
        {
            "work": "probabilities within 12 and 24 months",
            "reach": "> 100,000 a second",
            "measured": LOANS / _median(lambda: probabilities(model, lives.table, ahead, (12, 24))),
            "unit": "loans a second",
            "detail": detail,
        },
    ]


def _median(work: Callable[[], Any], rounds: int = 3) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)
