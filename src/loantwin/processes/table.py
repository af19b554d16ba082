"""A file of steps as columns: case, step or outcome, when, by whom."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from loantwin.decisions.recording.fields import ADDRESS
from loantwin.errors import TapeError, UsageError, expected
from loantwin.models.scoring.table import Table, read_table
from loantwin.processes.steps import COLUMNS

NEEDED = ("case", "at")
GIVEN = tuple(name for name in COLUMNS if name != "state")
MOMENTS = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")


def read_steps(path: Path | str) -> tuple[pl.DataFrame, tuple[str, ...], str]:
    """Return the steps in a file, what is said of it, and its sha256.

    Columns are `case`, `at` (a day, or a day and an hour; UTC unless it names its own offset), `step` or
    `outcome`, and where they are known `by`, `amount` (money), `assignee`, `reason`, `proposed`. Others are
    left out, which is said.

    Raises
    ------
    UsageError : no file, or a column that is missing. TapeError : a value that is none of its kind, with its
    row.
    """
    file = Path(path)
    if not file.is_file():
        raise UsageError(expected("a file of steps", "none"), file=path, field="steps")
    table = read_table(file)
    for name in NEEDED:
        if name not in table.names:
            raise UsageError(expected(f"a column {name}", ", ".join(table.names)), file=file, field=name)
    if not {"step", "outcome"} & set(table.names):
        raise UsageError(
            expected("a column step, or outcome", ", ".join(table.names)), file=file, field="step"
        )
    left = [name for name in table.names if name not in GIVEN]
    said = (f"left out, and not kept: {', '.join(left)}",) if left else ()
    return _frame(table, file), said, table.sha256


def _frame(table: Table, file: Path) -> pl.DataFrame:
    columns = {
        name: pl.Series(
            name, table.raw[name].tolist() if name in table.raw else [None] * table.rows, dtype=pl.String
        )
        for name in GIVEN
    }
    frame = pl.DataFrame(columns)
    _whole(frame, "case", frame["case"].is_null(), "a case", file)
    at = pl.coalesce(
        pl.col("at").str.to_datetime("%+", strict=False, time_unit="us", time_zone="UTC"),
        *(
            pl.col("at").str.to_datetime(form, strict=False, time_unit="us").dt.replace_time_zone("UTC")
            for form in MOMENTS
        ),
        pl.col("at")
        .str.to_date("%Y-%m-%d", strict=False)
        .cast(pl.Datetime("us"))
        .dt.replace_time_zone("UTC"),
    )
    amount = pl.col("amount").cast(pl.Float64, strict=False)
    read = frame.with_columns(at=at, amount=amount)
    _whole(frame, "at", read["at"].is_null(), "a day or a moment, YYYY-MM-DD or YYYY-MM-DDTHH:MM", file)
    wrong = frame["amount"].is_not_null() & ~(read["amount"].is_finite() & (read["amount"] >= 0.0)).fill_null(
        False
    )
    _whole(frame, "amount", wrong, "an amount of at least 0", file)
    mail = frame["reason"].str.contains(ADDRESS.pattern).fill_null(False)
    _whole(frame, "reason", mail, "a reason without personal data: it stays in the log", file)
    return read.select(GIVEN)


def _whole(frame: pl.DataFrame, name: str, wrong: pl.Series, what: str, file: Path) -> None:
    if wrong.any():
        row = int(wrong.arg_max() or 0)
        was = frame[name][row]
        raise TapeError(
            expected(what, "none" if was is None else str(was)), file=file, row=row + 1, field=name
        )
