"""A lender with a known truth: earlier cases that train a score, and later loans of the same truth."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

MAPPING = """
name = "scored"
kind = "outcomes"
currency = "USD"
lending = "consumer"
observes = ["charge_offs", "prepayment"]
segment_by = ["origination_grade"]

[columns]
loan_id.source = "number"
product.constant = "instalment"
rate_type.constant = "fixed"
origination_grade.source = "grade"
origination_date = { source = "lent", formats = ["%Y-%m-%d"] }
approval_date = { source = "lent", formats = ["%Y-%m-%d"] }
term_months.source = "months"
approved_amount.source = "amount"
originated_amount.source = "amount"
annual_rate.source = "rate"
charge_off_date = { source = "lost_on", formats = ["%Y-%m-%d"] }
charged_off.source = "lost"
closed_date = { source = "paid_on", formats = ["%Y-%m-%d"] }

[attributes]
income.source = "income"
"""
AS_OF = dt.date(2016, 12, 31)
TRUTH = {"income": -0.8, "debt": 0.6}
"""Change of the log-odds of a charge-off a month by unit of each column."""


@dataclass(frozen=True)
class ScoredBook:
    """The files. cases : earlier loans with their end after a year. tape : loans of 2013 to 2016."""

    cases: Path
    tape: Path
    mapping: Path


def scored_book(folder: Path, loans: int = 6_000, cases: int = 4_000, seed: int = 3) -> ScoredBook:
    """Write and return the files."""
    random = np.random.default_rng(seed)
    early = lent(random, cases, 2010, 24)
    year = (early["lost_on"].str.to_date() - early["lent"].str.to_date()).dt.total_days() <= 366
    told = early.select(
        "grade",
        "income",
        "debt",
        "lent",
        end=pl.when(year.fill_null(False)).then(pl.lit("bad")).otherwise(pl.lit("good")),
    )
    found = ScoredBook(folder / "cases.csv", folder / "tape.csv", folder / "scored.toml")
    told.write_csv(found.cases)
    lent(random, loans, 2013, 48).write_csv(found.tape)
    found.mapping.write_text(MAPPING)
    return found


def lent(random: np.random.Generator, count: int, year: int, months: int) -> pl.DataFrame:
    """Return loans made in `months` months from a year's January on, with their ends by the end of 2016."""
    income, debt = random.normal(size=count), random.normal(size=count)
    start = 12 * year + random.integers(0, months, count)
    term = random.choice([24, 36], count)
    hazard = 0.010 * np.exp(TRUTH["income"] * income + TRUTH["debt"] * debt)
    bad, paid = random.geometric(hazard / (1 + hazard)), random.geometric(0.012, count)
    last = 12 * 2016 + 11
    gone = (bad <= paid) & (bad < term) & (start + bad <= last)
    closed = ~gone & (np.minimum(paid, term) + start <= last)
    day = _days(start)
    out = _days(start + np.minimum(paid, term))
    amount = np.round(random.lognormal(9.0, 0.5, count), 2)
    return pl.DataFrame(
        {
            "number": [f"L{year}{place}" for place in range(count)],
            "grade": random.choice(["A", "B"], count),
            "lent": day,
            "months": term,
            "amount": amount,
            "rate": np.round(0.09 + 0.02 * random.random(count), 4),
            "income": np.round(income, 4),
            "debt": np.round(debt, 4),
            "lost_on": [d if there else None for d, there in zip(_days(start + bad), gone, strict=True)],
            "lost": [round(0.6 * a, 2) if there else None for a, there in zip(amount, gone, strict=True)],
            "paid_on": [d if there else None for d, there in zip(out, closed, strict=True)],
        }
    )  # fmt: skip


def _days(month: np.ndarray) -> list[str]:
    return [f"{min(int(m) // 12, 9000)}-{int(m) % 12 + 1:02d}-15" for m in month]
