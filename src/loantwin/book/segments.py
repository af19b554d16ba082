"""Segments: labels of loans that share a column of the transition model, fixed at origination."""

from __future__ import annotations

import polars as pl

from loantwin.book.mapping import TapeFormat, ValueBands
from loantwin.errors import MappingError, expected

MISSING = "missing"
"""Label of a part whose column is null: a group of its own, never mixed with a stated value."""


def segment_labels(loans: pl.DataFrame, mapping: TapeFormat) -> pl.Series:
    """Return the segment label of each loan: the parts of the mapping's `segment_by` joined by a bar.

    Raises
    ------
    MappingError : a column of `segment_by` the loans do not have.
    """
    parts = [_part(loans, part, mapping) for part in mapping.segment_by]
    if not parts:
        return pl.Series("segment", ["all"], dtype=pl.String).new_from_index(0, loans.height)
    return loans.select(pl.concat_str(parts, separator="|").alias("segment")).to_series()


def _part(loans: pl.DataFrame, part: str | ValueBands, mapping: TapeFormat) -> pl.Expr:
    name = part if isinstance(part, str) else part.column
    if name not in loans.columns:
        raise MappingError(expected("a column of the loans", name), file=mapping.file, field="segment_by")
    column = pl.col(name)
    if isinstance(part, str):
        return column.cast(pl.String).fill_null(MISSING)
    label = pl.lit(f"{name}>{part.breaks[-1]:g}")
    for end in reversed(part.breaks):
        label = pl.when(column <= end).then(pl.lit(f"{name}<={end:g}")).otherwise(label)
    return pl.when(column.is_null()).then(pl.lit(f"{name} {MISSING}")).otherwise(label)
