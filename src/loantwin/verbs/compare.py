"""`compare`: the forecast beside what happened after the as-of date."""

from __future__ import annotations

from pathlib import Path

from loantwin.outlook.comparison import LONGEST_YEARS, Comparison, Happened
from loantwin.outlook.comparison import compare as compared
from loantwin.outlook.comparison import happened as came
from loantwin.outlook.outlook import Outlook
from loantwin.twin import Twin, opened


def compare(twin: Twin | Path | str, *, years: int = LONGEST_YEARS) -> Comparison:
    """Return the forecast of the years after the as-of date, given the economy that came, beside what came.

    Parameters
    ----------
    twin : an open twin, or its folder; fitted. years : at most this many, as far as the files tell.

    Raises
    ------
    UsageError : the tape ends, or the macro files end, within a year of the as-of date.
    """
    with opened(twin) as twin:
        return compared(Outlook(twin), years)


def happened(twin: Twin | Path | str, *, months: int = 12 * LONGEST_YEARS) -> Happened:
    """Return by month what the tape tells of the loans on the book after the as-of date."""
    with opened(twin) as twin:
        return came(Outlook(twin), months)
