"""Cases with a known truth: two numbers, a category, a number that means nothing, some of it missing."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest


def cases(rows: int = 600, seed: int = 3) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    age, income = random.integers(18, 75, rows).astype(float), random.lognormal(3, 0.5, rows)
    home = random.choice(["rent", "own", "other"], rows, p=[0.5, 0.4, 0.1])
    eta = -1.2 - 0.04 * (age - 40) - 0.8 * np.log(income / 20) + 0.9 * (home == "rent")
    bad = random.random(rows) < 1 / (1 + np.exp(-eta))
    income[random.random(rows) < 0.1] = np.nan
    return pl.DataFrame(
        {
            "age": age,
            "income": income,
            "home": home,
            "noise": random.normal(size=rows).round(3),
            "end": np.where(bad, "default", "paid"),
        }
    ).with_columns(pl.col("income").fill_nan(None))


@pytest.fixture(scope="session")
def frame() -> pl.DataFrame:
    return cases()
