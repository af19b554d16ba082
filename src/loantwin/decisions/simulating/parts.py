"""Parts of applications that are told apart: texts as they are, numbers in quarters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from loantwin.errors import UsageError, unknown

MOST = 50
"""Parts that are told apart; smaller ones are put together."""
MISSING, REST = "missing", "all others"


def labels(frame: pl.DataFrame, by: Sequence[str]) -> pl.Series:
    """Return the part of each application (N,): its values of some fields joined by a bar.

    Raises
    ------
    UsageError : a field that the applications do not have.
    """
    if not by:
        return pl.Series("segment", ["all"], dtype=pl.String).new_from_index(0, len(frame))
    parts = [_part(frame, name) for name in by]
    joined = pl.select(pl.concat_str([pl.lit(item) for item in parts], separator="|")).to_series()
    largest = joined.value_counts(sort=True)[joined.name].head(MOST)
    if joined.n_unique() <= MOST:
        return joined.alias("segment")
    kept = joined.is_in(largest.implode())
    return pl.select(pl.when(kept).then(joined).otherwise(pl.lit(REST)).alias("segment")).to_series()


def _part(frame: pl.DataFrame, name: str) -> pl.Series:
    if name not in frame.columns:
        raise UsageError(unknown(name, frame.columns), field="by")
    column = frame[name]
    if not column.dtype.is_numeric() or column.n_unique() <= 4:
        return column.cast(pl.String).fill_null(MISSING)
    values = column.cast(pl.Float64).drop_nulls().to_numpy()
    cuts = np.unique(np.quantile(values, (0.25, 0.5, 0.75), method="lower"))
    made = pl.lit(f"{name} > {cuts[-1]:,.6g}")
    for cut in cuts[::-1]:
        made = pl.when(pl.col(name) <= cut).then(pl.lit(f"{name} <= {cut:,.6g}")).otherwise(made)
    return frame.select(pl.when(pl.col(name).is_null()).then(pl.lit(MISSING)).otherwise(made)).to_series()
