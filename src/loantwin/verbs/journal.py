"""`journal`: the postings of the period between two dates."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from loantwin.events.money import minor_units
from loantwin.outlook.movement import Valuations, moved_allowance
from loantwin.outlook.outlook import Histories, Scenarios
from loantwin.risk.provisions.journal import JournalResult, journal_of
from loantwin.twin import Twin, opened
from loantwin.types import Progress, silent


def journal(
    twin: Twin | Path | str,
    opening: dt.date | str,
    closing: dt.date | str | None = None,
    *,
    scenarios: Scenarios = (),
    opening_scenarios: Scenarios = (),
    align: str | None = None,
    history: Histories = (),
    same_model: bool = False,
    opening_overlays: Path | str | None = None,
    overlays: Path | str | None = None,
    progress: Progress = silent,
) -> JournalResult:
    """Return balanced postings of loans and of their IFRS 9 allowance from one date to another.

    They tie to the tables of `movement` with the same arguments to the minor unit: the allowance of IFRS
    7.35H, the gross carrying amounts of 35I, the charge to profit.

    Parameters
    ----------
    opening, closing : None takes the twin's own date for the closing. Other arguments as `movement`.

    Raises
    ------
    UsageError : an opening date not before the closing one, or one with no loan on the book. Others as
        `provisions`.
    """
    asked = Valuations(scenarios, opening_scenarios, align, same_model, opening_overlays, overlays, history)
    with opened(twin) as twin:
        moved = moved_allowance(twin, opening, closing, asked, progress)
        return journal_of(moved, minor_units(twin.currency))
