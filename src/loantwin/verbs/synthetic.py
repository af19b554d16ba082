"""`synthetic`: a book with a known truth, written to a folder."""

from __future__ import annotations

from pathlib import Path

from loantwin.errors import choice
from loantwin.synthesis.write import SyntheticSummary, write
from loantwin.types import Progress, silent


def synthetic(
    directory: Path | str,
    *,
    loans: int = 100_000,
    months: int = 60,
    seed: int = 1,
    as_tape: str | None = None,
    accounts: int = 0,
    progress: Progress = silent,
) -> SyntheticSummary:
    """Write a synthetic book: loans, monthly history, links, economy and the truth it was drawn from.

    Parameters
    ----------
    loans, months, seed : size of the book, months of history; the same seed gives the same bytes.
    as_tape : None for Parquet tables; "mapping" for a raw lender's CSV and the mapping that reads it; "sba"
        for a CSV in the form that `--format sba` reads.
    accounts : how many loans' histories are written as files of dated facts too, for `account replay`.

    Raises
    ------
    UsageError : an unknown form. InputError : a folder that holds something already.
    """
    if as_tape is not None:
        as_tape = choice(as_tape, ("sba", "mapping"), "as_tape")
    return write(directory, loans, months, seed, as_tape, accounts=accounts, progress=progress)
