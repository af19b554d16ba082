"""Make a synthetic book and hold what happened in it against the truth it was drawn from."""

from __future__ import annotations

import polars as pl

from loantwin.synthesis.generate import generate

book = generate(loans=10_000, months=36, seed=7)
print(f"{book.loans.height:,} loans, {book.panel.height:,} loan-months, as of {book.as_of}")

seasoned = book.loans.filter(pl.col("origination_date") < pl.date(2022, 1, 1))
month = (pl.col("default_date").dt.year() - pl.col("origination_date").dt.year()) * 12 + (
    pl.col("default_date").dt.month().cast(pl.Int32) - pl.col("origination_date").dt.month().cast(pl.Int32)
)
happened = seasoned.group_by("origination_grade").agg(
    loans=pl.len(),
    calm_economy=pl.col("origination_pd").mean(),
    happened=(month <= 12).fill_null(False).mean(),
)
print("First-year default by grade, as the truth has it in a calm economy and as it happened:")
print(happened.sort("origination_grade"))
