"""The conversion factor: the part of what is undrawn that is drawn by the time of default, from a panel.

    factor = sum of weight x (highest principal from then to default - principal before)
             / sum of weight x undrawn before

"before" is the last report up to date ahead of the loan's first default, at most a year earlier: the balance
before the first payment was missed, which exposure at default starts from (`engine.runoff`). Sums come first,
so that a line of 10 undrawn does not weigh as much as one of 10,000. What a late borrower pays down again is
the contract's run-off, which exposure at default has already.

Source: CRE32.36 and CRE36.89 to CRE36.95 of the Basel framework (own estimates of exposure at default,
fixed or variable horizon; assumed: the horizon here is the variable one), IFRS 9 B5.5.31 (expected drawings).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from loantwin.book.schema import DEFAULT_STATES
from loantwin.models.counts import LIKE_CURRENT
from loantwin.models.severity import clustered_ratio

LEAST_DEFAULTS = 20
"""Fewer defaults of loans with something undrawn tell nothing."""
LONGEST_WAIT = 12
"""Months before default beyond which a report up to date is no longer the balance it started from."""


@dataclass(frozen=True)
class Conversion:
    """factor : decimal of the undrawn, in [0, 1]. standard_error : clustered by month of default.

    defaults : learnt from. undrawn : sum of what was undrawn before, currency, weighted.
    """

    factor: float
    standard_error: float
    defaults: int
    undrawn: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for the model's diagnostics."""
        return {
            "value": self.factor,
            "standard_error": self.standard_error,
            "defaults": self.defaults,
            "undrawn": self.undrawn,
        }


def fit_conversion(panel: pl.DataFrame, loans: pl.DataFrame) -> Conversion | None:
    """Return the conversion factor that a panel shows; None where fewer than `LEAST_DEFAULTS` defaults do.

    Parameters
    ----------
    panel : rows by loan and month with state, principal and undrawn, as known. Where a report of a revolving
        loan has no `undrawn`, the approved amount less the principal stands in.
    loans : the loan table: product, approved amount and weight.
    """
    month = pl.col("report_date").dt.year().cast(pl.Int64) * 12 + pl.col("report_date").dt.month().cast(
        pl.Int64
    )
    bad = pl.col("state").is_in([*DEFAULT_STATES, "charged_off"]).fill_null(False)
    table = panel.sort("loan_id", "report_date").with_columns(month=month, bad=bad)
    start = table.filter("bad").group_by("loan_id").agg(start=pl.col("month").min())
    about = loans.select(
        "loan_id",
        "weight",
        limit=pl.when(pl.col("product") == "revolving").then("approved_amount"),
    )
    own = table.join(start, on="loan_id", how="inner", maintain_order="left").join(
        about, on="loan_id", how="inner", maintain_order="left"
    )
    before = (
        pl.col("state").is_in(["current", *LIKE_CURRENT]).fill_null(False)
        & (pl.col("month") < pl.col("start"))
        & (pl.col("month") >= pl.col("start") - LONGEST_WAIT)
    )
    room = pl.coalesce("undrawn", (pl.col("limit") - pl.col("principal")).clip(lower_bound=0.0))
    found = (
        own.group_by("loan_id")
        .agg(
            weight=pl.col("weight").first(),
            start=pl.col("start").first(),
            first=pl.col("principal").filter(before).last(),
            room=room.filter(before).last(),
            most=pl.col("principal")
            .filter(
                (pl.col("month") >= pl.col("month").filter(before).last())
                & (pl.col("month") <= pl.col("start"))
            )
            .max(),
        )
        .filter((pl.col("room") > 0.0) & pl.col("first").is_not_null())
        .sort("loan_id")
    )
    if found.height < LEAST_DEFAULTS:
        return None
    undrawn, weight = found["room"].to_numpy(), found["weight"].to_numpy()
    drawn = (found["most"] - found["first"]).to_numpy()
    ratio, deviation = clustered_ratio(drawn, undrawn, weight, found["start"].to_numpy())
    return Conversion(float(np.clip(ratio, 0.0, 1.0)), deviation, found.height, float(weight @ undrawn))


def conversion_words(diagnostics: Mapping[str, Any], factor: float) -> str:
    """Return in words where a model's conversion factor comes from."""
    found = diagnostics.get("conversion_factor")
    words = f"conversion factor of undrawn amounts {factor:.3f}"
    if found is None:
        return (
            f"{words}: assumed (the mapping's conversion_factor); no history of lines that defaulted tells it"
        )
    return f"{words} (standard error {found['standard_error']:.3f}): learnt from {found['defaults']} defaults"
