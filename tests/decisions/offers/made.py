"""Offer logs with a known truth: prices drawn at random within strata, or chosen by what nobody notes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

SLOPE, SIZE, ARREARS = -0.02, -15.0, 8.0
"""Truth: share of offers, money lent and money late a percentage point of monthly rate."""
LEVELS = {"a": (0.30, 5.0), "b": (0.22, 7.0), "c": (0.40, 4.0)}
"""Stratum -> take-up at its middle price, and that price."""

MAPPING = """
format = 1
name = "made"
currency = "EUR"
rate_unit = "percent a month"
within = ["class"]
covariates = ["income", "region"]

[columns]
offered_rate = "rate"
contract_rate = "final"
taken_up = "took"
amount = "size"
arrears = "late"

[economics]
funding_annual_rate = 0.05
"""


def log(number: int = 20_000, seed: int = 1, confounded: float = 0.0) -> pl.DataFrame:
    """Return offers; where `confounded`, the price rises with an income that raises take-up too."""
    draw = np.random.default_rng(seed)
    names = np.array(list(LEVELS))
    stratum = draw.integers(0, len(names), number)
    base, middle = (np.array([LEVELS[name][place] for name in names])[stratum] for place in (0, 1))
    income = draw.normal(0.0, 1.0, number)
    hidden = draw.normal(0.0, 1.0, number)
    rate = middle + draw.uniform(-2.0, 2.0, number) + confounded * (income + hidden)
    rate = np.maximum(np.round(rate, 2), 0.05)
    chance = np.clip(base + SLOPE * (rate - middle) + confounded * 0.08 * (income + hidden), 0.01, 0.99)
    took = draw.random(number) < chance
    final = np.maximum(rate - np.where(draw.random(number) < 0.5, draw.uniform(0.0, 1.0, number), 0.0), 0.05)
    size = np.maximum(1000.0 + SIZE * (rate - middle) + draw.normal(0.0, 100.0, number), 10.0)
    late = np.maximum(200.0 + ARREARS * (rate - middle) + draw.normal(0.0, 40.0, number), 0.0)
    return pl.DataFrame(
        {
            "class": names[stratum],
            "rate": rate,
            "final": final.round(3),
            "took": took.astype(int),
            "size": np.where(took, size.round(2), 0.0),
            "late": [float(value) if up else None for value, up in zip(late.round(2), took, strict=True)],
            "income": income.round(4),
            "region": np.array(["north", "south"])[draw.integers(0, 2, number)],
        }
    )


def files(folder: Path, frame: pl.DataFrame, mapping: str = MAPPING) -> tuple[Path, Path]:
    """Write a log and its mapping; return both paths."""
    frame.write_csv(folder / "offers.csv")
    (folder / "offers.toml").write_text(mapping, encoding="utf-8")
    return folder / "offers.csv", folder / "offers.toml"
