"""`movement`: what moved the allowance between two dates."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from loantwin.outlook.movement import Valuations, moved_allowance
from loantwin.outlook.outlook import Histories, Scenarios
from loantwin.risk.provisions.movement_statement import MovementResult
from loantwin.twin import Twin, opened
from loantwin.types import Progress, silent


def movement(
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
) -> MovementResult:
    """Return the movement of the IFRS 9 allowance, net of guarantees, from one date to another.

    Parameters
    ----------
    opening, closing : None takes the twin's own date for the closing. Each date sees what was known then,
        with a model and generator taught by it; at the twin's own date these are the stored ones.
    scenarios, opening_scenarios : FILE[#NAME][=WEIGHT] at each date; none takes generated paths.
    align, history : as in `provisions`.
    same_model : value both dates with the closing model, so that nothing falls on the line `model`.
    opening_overlays, overlays : TOML files of overlays at each date.

    Raises
    ------
    UsageError : an opening date not before the closing one, or one with no loan on the book. Others as
        `provisions`.
    """
    asked = Valuations(scenarios, opening_scenarios, align, same_model, opening_overlays, overlays, history)
    with opened(twin) as twin:
        return moved_allowance(twin, opening, closing, asked, progress)
