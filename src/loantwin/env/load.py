"""The book an environment runs on: an open twin's, or that of a twin's folder."""

from __future__ import annotations

from pathlib import Path

from loantwin.engine.step.economy import StepEconomy
from loantwin.engine.step.tables import StepTables
from loantwin.outlook.environment import STORED_MONTHS, STORED_PATHS, environment
from loantwin.twin import Twin, opened


def load_tables(
    twin: Twin | Path | str, months: int | None = None, paths: int | None = None
) -> tuple[StepTables, StepEconomy]:
    """Return tables and economy of a fitted twin; see `outlook.environment.environment`.

    Raises
    ------
    HomeError : no home there, or a home whose twin was not fitted yet. UsageError : a book that cannot be
        stepped.
    """
    with opened(twin) as known:
        return environment(known, months or STORED_MONTHS, paths or STORED_PATHS)
