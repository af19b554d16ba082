"""Tapes selected on their outcome: files of finished loans alone, where what ended soon is all there is."""

from __future__ import annotations

import datetime as dt

import polars as pl

from loantwin.book.mapping import TapeFormat
from loantwin.book.payoff import payoff_observed

LEAST_LOANS = 50
MOST_OPEN = 0.02
"""Of loans whose term runs beyond the end of the tape no more are open: then it holds finished ones."""


def finished_only(loans: pl.DataFrame, mapping: TapeFormat) -> tuple[int, dt.date] | None:
    """Return how many loans ended before their term's end lay within the tape, and the tape's last outcome.

    None where the source does not tell ends, or its loans are open as loans are. Such a tape shows of late
    vintages only what ended early: more defaults and payoffs than there were among all that were lent.

    Parameters
    ----------
    loans : the loan table, the whole tape.
    """
    if mapping.kind != "outcomes" or not payoff_observed(mapping):
        return None
    ended = pl.coalesce("charge_off_date", "closed_date")
    last = loans.select(ended.max()).item()
    if last is None:
        return None
    due = pl.col("origination_date").dt.offset_by(pl.format("{}mo", pl.col("term_months").cast(pl.Int64)))
    running = loans.filter((due > last).fill_null(False))
    still = running.select(ended.is_null().sum()).item()
    if running.height < LEAST_LOANS or still > MOST_OPEN * running.height:
        return None
    return running.height, last


def finished_words(loans: pl.DataFrame, mapping: TapeFormat) -> tuple[str, ...]:
    """Return in words that a tape is selected on its outcome; none where it is not."""
    found = finished_only(loans, mapping)
    if found is None:
        return ()
    count, last = found
    return (
        f"almost no loan is open at the tape's end ({last}): it holds finished loans only, and the {count:,} "
        "whose term runs beyond it are there because they ended early; late vintages show more defaults and "
        "payoffs than there were among all that were lent: export loans of every status",
    )
