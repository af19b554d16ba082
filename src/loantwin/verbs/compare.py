"""`compare`: the forecast beside what happened after the as-of date."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from loantwin.book.selection import finished_words
from loantwin.outlook.comparison import LONGEST_YEARS, Comparison, Happened
from loantwin.outlook.comparison import compare as compared
from loantwin.outlook.comparison import happened as came
from loantwin.outlook.outlook import Outlook
from loantwin.twin import Twin, opened


def compare(twin: Twin | Path | str, *, years: int = LONGEST_YEARS) -> Comparison:
    """Return the forecast of the years after the as-of date, given the economy that came, beside what came.

    Parameters
    ----------
    twin : an open twin, or its folder; fitted. Of a tape selected on its outcome the loans whose term had
        ended by its end are compared, as fits and backtests keep them. years : at most this many, as far as
        the files tell.

    Raises
    ------
    UsageError : the tape ends, or the macro files end, within a year of the as-of date.
    """
    with opened(twin) as twin:
        found = compared(Outlook(twin.of_ended_vintages()), years)
        return replace(found, notes=(*found.notes, *finished_words(twin.tables.loans, twin.mapping)))


def happened(twin: Twin | Path | str, *, months: int = 12 * LONGEST_YEARS) -> Happened:
    """Return by month what the tape tells of the loans on the book after the as-of date."""
    with opened(twin) as twin:
        return came(Outlook(twin), months)
