"""A table in memory as a tape: Polars or pandas, read by the same reader, rules and quarantine as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from loantwin.errors import TapeError, expected


class PandasTable(Protocol):
    """What is used of a pandas DataFrame, which loantwin itself does not need."""

    @property
    def columns(self) -> Any: ...

    @property
    def iloc(self) -> Any: ...

    def __getitem__(self, key: Any) -> Any: ...


TapeLike = Path | str | pl.DataFrame | PandasTable
"""A tape: a file, or a table in memory."""

NAME = "DataFrame.parquet"
"""What messages and provenance call a table in memory."""


@contextmanager
def tape_file(tape: TapeLike) -> Iterator[Path]:
    """Yield the file of a tape; a table in memory stands in a temporary one until the block ends.

    Raises
    ------
    TapeError : neither a file's name nor a Polars or pandas DataFrame, or a column of no plain type.
    """
    if isinstance(tape, str | Path):
        yield Path(tape)
        return
    frame = tape if isinstance(tape, pl.DataFrame) else _from_pandas(tape)
    with tempfile.TemporaryDirectory(prefix="loantwin-") as folder:
        path = Path(folder) / NAME
        try:
            frame.write_parquet(path)
        except pl.exceptions.PolarsError as error:
            raise TapeError(f"expected columns of plain types, was: {error}", file=NAME) from error
        yield path


def _from_pandas(table: Any) -> pl.DataFrame:
    """Return a pandas table column by column; what pandas counts as missing is null, the index is left."""
    if not (type(table).__module__.startswith("pandas") and hasattr(table, "columns")):
        raise TapeError(expected("a file, or a Polars or pandas DataFrame", type(table).__name__))
    return pl.DataFrame([_series(str(name), table[name]) for name in table.columns])


def _series(name: str, column: Any) -> pl.Series:
    if str(column.dtype) in {"float64", "float32"}:
        return pl.Series(name, column.to_numpy(), nan_to_null=True)
    if str(column.dtype) in {"int64", "int32", "int16", "int8", "bool"}:
        return pl.Series(name, column.to_numpy())
    plain = column.astype(object).where(column.notna(), None).tolist()
    try:
        return pl.Series(name, plain, strict=True)
    except (TypeError, pl.exceptions.PolarsError):  # texts and numbers in one column: as its reader sees them
        return pl.Series(name, [None if item is None else str(item) for item in plain], dtype=pl.String)
