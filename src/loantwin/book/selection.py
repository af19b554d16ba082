"""Tapes selected on their outcome: files of finished loans alone, where what ended soon is all there is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from loantwin.book.mapping import TapeFormat
from loantwin.book.payoff import payoff_observed

LEAST_LOANS = 50
MOST_OPEN = 0.02
"""Of loans whose term runs beyond the end of the tape no more are open: then it holds finished ones."""
NOT_ENDED = "term not ended by the tape's end"
"""Why a fit leaves loans out, as results name it."""
LEAST_ENDED = 200
"""Fewer loans whose term has ended teach too little: then all are kept, with the warning."""


@dataclass(frozen=True)
class Selected:
    """A tape of finished loans alone. end : last day to which it tells both losses and payoffs.

    running : loans whose term runs beyond it, there because they ended early. ended : those whose term had
        ended by then, which are there whatever became of them. without_term : of neither, no date or term.
    """

    end: dt.date
    running: int
    ended: int
    without_term: int

    @property
    def kept_until(self) -> dt.date | None:
        """Return the day by which the term of loans that teach must have ended; None where all are kept."""
        return self.end if self.ended >= LEAST_ENDED else None

    @property
    def left_out(self) -> int:
        """Return how many loans fits and scores of backtests leave out."""
        return 0 if self.kept_until is None else self.running + self.without_term


def finished_only(loans: pl.DataFrame, mapping: TapeFormat) -> Selected | None:
    """Return what a tape of finished loans alone holds.

    None where the source does not tell ends, or its loans are open as loans are. Such a tape shows of late
    vintages only what ended early: more defaults and payoffs than there were among all that were lent.

    Parameters
    ----------
    loans : the loan table, the whole tape.
    """
    if mapping.kind != "outcomes" or not payoff_observed(mapping):
        return None
    ended = pl.coalesce("charge_off_date", "closed_date")
    # Trap: an end that an assumption made. Charge-offs are dated months after the last payment, and that of
    # the tape's last ones lies past all it holds: the earlier of the two kinds' last days is its end.
    lost = pl.col("charge_off_date").is_not_null()
    found = loans.select(
        pl.col("charge_off_date").max().alias("lost"), pl.col("closed_date").filter(~lost).max().alias("paid")
    ).row(0)
    days = [day for day in found if day is not None]
    if not days:
        return None
    end = min(days)
    running = loans.filter((term_end() > end).fill_null(False))
    still = running.select(ended.is_null().sum()).item()
    if running.height < LEAST_LOANS or still > MOST_OPEN * running.height:
        return None
    kept = ended_by(loans, end).height
    return Selected(end, running.height, kept, loans.height - running.height - kept)


def term_end() -> pl.Expr:
    """Return the day a loan's contract ends by its own term; missing without an origination or a term."""
    return pl.col("origination_date").dt.offset_by(pl.format("{}mo", pl.col("term_months").cast(pl.Int64)))


def ended_by(loans: pl.DataFrame, end: dt.date) -> pl.DataFrame:
    """Return the loans whose contractual term had ended by a tape's end: whatever became of them is known.

    What decides is a loan's contract and the tape's end, never its outcome, and never the date at which the
    book is looked at: a twin as of an earlier date keeps the same loans. That a vintage ended within the tape
    tells nothing of what became of a loan in it, so that no forecast made there reads the future by it.
    """
    return loans.filter((term_end() <= end).fill_null(False))


def finished_words(loans: pl.DataFrame, mapping: TapeFormat) -> tuple[str, ...]:
    """Return in words that a tape is selected on its outcome, and what is left out; none where it is not."""
    found = finished_only(loans, mapping)
    if found is None:
        return ()
    said = (
        f"almost no loan is open at the tape's end ({found.end}): it holds finished loans only, and the "
        f"{found.running:,} whose term runs beyond it are there because they ended early; late vintages show "
        "more defaults and payoffs than there were among all that were lent: export loans of every status"
    )
    if found.kept_until is None:
        return (
            said,
            f"only {found.ended:,} loans have a term that ended by {found.end}, and {LEAST_ENDED} are asked "
            "for: fits and backtests keep all loans, and what they learn is the selection too",
        )
    return (
        said,
        f"fits and backtests keep the {found.ended:,} loans whose term ended by {found.end} and leave out "
        f"{found.left_out:,}; a book keeps all of its loans",
    )
