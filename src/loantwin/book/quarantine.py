"""Refused rows, each with its number, loan, field, rule and raw text; and the list of warnings, likewise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from loantwin.book.sniff import RawTape, raw_lines
from loantwin.results.spreadsheet import spreadsheet_safe

COLUMNS = {
    "row": pl.Int64(),
    "loan_id": pl.String(),
    "field": pl.String(),
    "rule": pl.String(),
    "raw": pl.String(),
}
"""Row counts data rows from 1, the header excluded; raw is the whole row as it lay in the file."""


def quarantine_rows(found: pl.DataFrame, rows: pl.Series, loan_ids: pl.Series, tape: RawTape) -> pl.DataFrame:
    """Return the quarantine: every reason of every refused row, with the row's raw text.

    Parameters
    ----------
    found : position, field, rule of each reason.
    rows : row number in the file (from 0) of each position.
    loan_ids : loan number at each position, as far as it could be read.
    """
    if not found.height:
        return pl.DataFrame(schema=COLUMNS)
    number = rows.gather(found["position"])
    distinct = np.unique(number.to_numpy().astype(np.int64))
    text = pl.DataFrame(
        {"row": distinct, "raw": raw_lines(tape, distinct)}, schema={"row": pl.Int64, "raw": pl.String}
    )
    made = pl.DataFrame(
        {
            "row": number.cast(pl.Int64),
            "loan_id": loan_ids.gather(found["position"]).cast(pl.String),
            "field": found["field"],
            "rule": found["rule"],
        }
    )
    joined = made.join(text, on="row", how="left", maintain_order="left").sort("row", maintain_order=True)
    # A row that holds many months is listed once for what is wrong with each of its fields.
    listed = joined.unique(["row", "field", "rule"], keep="first", maintain_order=True)
    return listed.with_columns(pl.col("row") + 1).select(list(COLUMNS))


def list_warnings(
    found: pl.DataFrame, rows: pl.Series, loan_ids: pl.Series, texts: dict[str, pl.Series]
) -> pl.DataFrame:
    """Return the warnings: like the quarantine, but `raw` is the text of the field alone."""
    if not found.height:
        return pl.DataFrame(schema=COLUMNS)
    parts = []
    for (field, rule), part in found.group_by("field", "rule", maintain_order=True):
        position = part["position"]
        text = texts.get(str(field))
        parts.append(
            pl.DataFrame(
                {
                    "row": rows.gather(position).cast(pl.Int64) + 1,
                    "loan_id": loan_ids.gather(position),
                    "field": pl.Series([str(field)]).new_from_index(0, part.height),
                    "rule": pl.Series([str(rule)]).new_from_index(0, part.height),
                    "raw": pl.Series([None], dtype=pl.String).new_from_index(0, part.height)
                    if text is None
                    else text.gather(position),
                },
                schema=COLUMNS,
            )
        )
    return pl.concat(parts)


def write_quarantine(quarantine: pl.DataFrame, path: str | Path) -> None:
    """Write a quarantine as CSV."""
    spreadsheet_safe(quarantine).write_csv(path)
