"""Parquet: columns of any type, of which those that hold single values become text."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from loantwin.book.layout import check_width
from loantwin.errors import TapeError, expected

ALWAYS_VALUES = 250_000_000
MOST_VALUES_A_BYTE = 250
"""Beyond `ALWAYS_VALUES`, most values a file may unfold to by its size: a few kilobytes can state billions of
rows.
"""


def read_parquet(content: bytes, path: Path) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return the columns that hold texts, numbers, flags or dates, and the types of all others by name.

    Raises
    ------
    TapeError : a damaged file, no rows, or more values than a file of its size can hold.
    """
    try:
        lazy = pl.scan_parquet(io.BytesIO(content))
        schema = lazy.collect_schema()
        check_width(len(schema), path)
        rows = lazy.select(pl.len()).collect().item()
        most = max(ALWAYS_VALUES, MOST_VALUES_A_BYTE * len(content))
        if rows * max(len(schema), 1) > most:
            was = f"{rows:,} rows of {len(schema):,} columns"
            raise TapeError(
                expected(f"at most {most:,} values in a file of {len(content):,} bytes", was)
                + "; write the columns that are read to a file of their own",
                file=path,
            )
        plain = {name: None for name, kind in schema.items() if is_plain(kind)}
        frame = lazy.select(list(plain)).collect()
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
