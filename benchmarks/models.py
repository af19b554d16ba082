"""The fit on a panel of synthetic loans, and the draws a forecast takes from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from loantwin.models.forecasting import draw_shocks
from loantwin.models.model import fit_model
from loantwin.synthesis.generate import generate

LOANS, MONTHS, ROUNDS = 100_000, 60, 3


def run() -> list[dict[str, Any]]:
    """Return the best of three rounds of each step."""
    book = generate(LOANS, MONTHS, seed=7)
    model = fit_model(book.loans, book.panel, book.mapping, book.as_of, book.macro)
    covariates = np.zeros((2_000, 36, len(model.covariates)))
    fit = _best(lambda: fit_model(book.loans, book.panel, book.mapping, book.as_of, book.macro))
    draw = _best(lambda: draw_shocks(model, covariates, 1))
    size = f"{LOANS:,} loans, {book.panel.height:,} loan months, {len(model.edges)} transitions"
    return [
        {"work": "fit a panel", "reach": "", "measured": fit, "unit": "s", "detail": size},
        {
            "work": "draw 2,000 paths x 36 months of shocks",
            "reach": "",
            "measured": draw,
            "unit": "s",
            "detail": size,
        },
    ]


def _best(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)
