"""Parquet: columns of any type, of which those that hold single values become text."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from loantwin.errors import TapeError, expected

MOST_VALUES = 4_000_000_000
"""Most values a file may unfold to: a few kilobytes can state billions of rows."""


def read_parquet(content: bytes, path: Path) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return the columns that hold texts, numbers, flags or dates, and the types of all others by name.

    Raises
    ------
    TapeError : a damaged file, no rows, or more than `MOST_VALUES` values.
    """
    try:
        lazy = pl.scan_parquet(io.BytesIO(content))
        schema = lazy.collect_schema()
        rows = lazy.select(pl.len()).collect().item()
        if rows * max(len(schema), 1) > MOST_VALUES:
            raise TapeError(
                expected(f"at most {MOST_VALUES:,} values", f"{rows:,} rows of {len(schema)} columns"),
                file=path,
            )
        plain = [name for name, kind in schema.items() if is_plain(kind)]
        frame = lazy.select(plain).collect()
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise TapeError(
            f"expected a readable parquet file, was: {str(error).splitlines()[0]}", file=path
        ) from error
    if not rows:
        raise TapeError(expected("at least one row below the header", "no row"), file=path)
    if not plain:
        raise TapeError(expected("a column of texts, numbers or dates", "none"), file=path)
    return frame, {name: str(kind) for name, kind in schema.items() if name not in plain}


def as_text(series: pl.Series) -> pl.Series:
    """Return a column as the text a lender would have written: whole numbers without a point, dates as
    ISO.
    """
    if series.dtype.is_temporal():
        return series.cast(pl.Date).dt.to_string("%Y-%m-%d")
    if series.dtype.is_float():
        whole = series.is_finite() & (series == series.floor()) & (series.abs() < 2**63)
        integral = series.set(~whole.fill_null(False), None).cast(pl.Int64).cast(pl.String)
        return integral.zip_with(whole.fill_null(False), series.cast(pl.String)).alias(series.name)
    text = series.cast(pl.String)
    return text.set((text == "").fill_null(False), None)


def is_plain(kind: pl.DataType) -> bool:
    """Return whether a column of this type holds texts, numbers, flags or dates."""
    if kind.is_nested() or kind in (pl.Binary, pl.Object, pl.Time, pl.Duration):
        return False
    return kind.is_numeric() or kind in (
        pl.String,
        pl.Boolean,
        pl.Date,
        pl.Datetime,
        pl.Categorical,
        pl.Enum,
        pl.Null,
    )
