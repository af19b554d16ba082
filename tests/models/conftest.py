"""A small outcome table with a known truth, and what a fit needs beside it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from loantwin.book.book import conform
from loantwin.book.mapping import TapeFormat, from_dict
from loantwin.book.schema import LOANS
from loantwin.macro.scenario import Scenario

AS_OF = dt.date(2015, 12, 31)
FIRST = 12 * 2006


@dataclass(frozen=True)
class Outcomes:
    """Loans originated 2006 to 2014 with charge-offs of known hazard, no payoff."""

    loans: pl.DataFrame
    mapping: TapeFormat
    history: Scenario
    effect: dict[str, float]
    base: float


def mapping_of(observes: list[str]) -> TapeFormat:
    return from_dict({
        "name": "made", "kind": "outcomes", "currency": "USD", "segment_by": ["product", "origination_grade"],
        "columns": {"loan_id": "id", "product": "product"}, "observes": observes,
        "assumptions": {
            "payoff_monthly_rate": {"value": 0.01}, "payoff_ramp_months": {"value": 12},
            "utilisation": {"value": 0.6},
        },
    })  # fmt: skip


@pytest.fixture(scope="session")
def outcomes() -> Outcomes:
    random = np.random.default_rng(11)
    count = 30_000
    start = FIRST + random.integers(0, 108, count)
    grade = random.choice(["A", "B", "C"], count)
    effect = {"A": -0.5, "B": 0.0, "C": 0.6}
    base = 0.004
    # geometric lives at a constant hazard, and assumed payoff happening as assumed
    hazard = base * np.exp([effect[name] for name in grade])
    lived = random.geometric(hazard)
    rise = np.minimum((np.arange(400) + 0.5) / 12.0, 1.0) * 0.01
    alive = np.concatenate([[1.0], np.cumprod(1.0 - rise)])
    paid = np.searchsorted(-alive, -random.random(count))
    gone = (lived <= 60) & (lived <= paid) & (start + lived <= 12 * 2015 + 11)
    days = [dt.date(int(m) // 12, int(m) % 12 + 1, 15) for m in start]
    ends = [
        dt.date(int(m) // 12, int(m) % 12 + 1, 15) if ok else None
        for m, ok in zip(start + lived, gone, strict=True)
    ]
    loans = conform(
        pl.DataFrame({
            "loan_id": [str(place) for place in range(count)], "product": ["instalment"] * count,
            "origination_grade": grade, "origination_date": days, "term_months": np.full(count, 60),
            "originated_amount": np.full(count, 10_000.0), "annual_rate": np.full(count, 0.08),
            "charge_off_date": pl.Series(ends, dtype=pl.Date), "charged_off": np.where(gone, 4_000.0, 0.0),
            "weight": np.ones(count),
        }),
        LOANS,
    )  # fmt: skip
    months = 12 * 2016 - 12 * 1995
    cycle = np.sin(np.arange(months) / 20.0)
    history = Scenario(
        "Actual", 12 * 1995, ("unemployment_rate", "house_price_index", "prime_rate"), ("rate", "index",
            "yield"),
        np.column_stack([0.06 + 0.02 * cycle, 100.0 * np.exp(0.003 * np.arange(months) - 0.05 * cycle),
            0.05 + 0.01 * cycle]),
    )  # fmt: skip
    return Outcomes(loans, mapping_of(["charge_offs"]), history, effect, base)
