"""What tests of decisions share: cases that train scores, applications with faults, a policy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
JOBS = ("fixed", "free", "retired")


def cases(file: Path, rows: int = 1_500, seed: int = 4) -> Path:
    """Write cases that train a score: risk falls with income, rises with use and with free work."""
    random = np.random.default_rng(seed)
    income = np.round(random.lognormal(10.6, 0.5, rows), 2)
    use, job = np.round(random.uniform(0, 1, rows), 4), random.choice(JOBS, rows)
    months = np.where(random.random(rows) < 0.1, np.nan, random.integers(0, 200, rows))
    odds = -4.0 - 1.2 * np.log(income / 40_000) + 3.5 * use + 0.9 * (job == "free")
    bad = random.random(rows) < 1 / (1 + np.exp(-odds))
    made = {"annual_income": income, "use": use, "job": job, "months_there": months}
    made["amount"] = np.round(random.uniform(500.0, 40_000.0, rows), 2)
    end = np.where(bad, "bad", "good")
    pl.DataFrame(made | {"end": end}).with_columns(pl.col("months_there").fill_nan(None)).write_csv(file)
    return file


def applications(rows: int, seed: int = 5, faults: bool = True) -> pl.DataFrame:
    """Return applications, some with values missing, never seen, or beyond what training showed."""
    random = np.random.default_rng(seed)

    def some(values: Any, share: float = 0.04) -> list[Any]:
        gone = (random.random(rows) < share) & faults
        return [None if lost else value for value, lost in zip(values, gone, strict=True)]

    jobs = (
        random.choice([*JOBS, "pilot"], rows, p=[0.5, 0.3, 0.15, 0.05])
        if faults
        else random.choice(JOBS, rows)
    )
    return pl.DataFrame(
        {
            "application_id": [f"A-{number}" for number in range(rows)],
            "application_date": ["2026-08-03"] * rows,
            "amount": np.round(random.uniform(500.0, 40_000.0, rows), 2),
            "term_months": random.choice([12, 24, 36, 60, 84], rows),
            "annual_income": some(np.round(random.lognormal(10.6, 0.5, rows), 2).tolist()),
            "monthly_debt": some(np.round(random.uniform(0.0, 2_500.0, rows), 2).tolist()),
            "exposures.borrower": some(np.round(random.uniform(0.0, 120_000.0, rows), 2).tolist(), 0.5),
            "attributes.use": some(np.round(random.uniform(-0.2, 1.3, rows), 4).tolist()),
            "attributes.job": some(jobs.tolist()),
            "attributes.months_there": some(random.integers(0, 250, rows).tolist(), 0.2),
        }
    )  # fmt: skip


def policy_file(folder: Path, cuts: Sequence[float] = (720, 660, 600), **metadata: Any) -> Path:
    """Write the example's policy with its score cuts at other points."""
    document = json.loads((EXAMPLES / "policy.json").read_text(encoding="utf-8"))
    text = json.dumps(document["nodes"])
    for cut, other in zip((720, 660, 600), cuts, strict=True):
        for form in (">= {}", "[{}..", "..{})", "< {}"):
            text = text.replace(form.format(cut), form.format(f"{other:g}"))
    document |= {"nodes": json.loads(text), "tests": []}
    document["metadata"] |= metadata
    file = folder / "policy.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file
