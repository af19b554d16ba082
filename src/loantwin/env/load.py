"""Reading a twin's tables for an environment: what the last `EnvironmentTablesSaved` event of a home
names.
"""

from __future__ import annotations

from pathlib import Path

from loantwin.engine.step.economy import StepEconomy
from loantwin.engine.step.store import environment_from_dict
from loantwin.engine.step.tables import StepTables
from loantwin.errors import HomeError

EVENT = "EnvironmentTablesSaved"


def load_tables(home_dir: str | Path) -> tuple[StepTables, StepEconomy]:
    """Return tables and economy of the twin in `home_dir`.

    Raises
    ------
    HomeError : no home there, or a home whose twin was not fitted yet.
    """
    from loantwin.events.home import Home

    with Home.open(home_dir) as home:
        event = home.last(EVENT)
        if event is None:
            raise HomeError(
                f"expected a fitted twin (event {EVENT}), was none: run `loantwin fit` first", file=home_dir
            )
        return environment_from_dict(home.read_json(event.data["tables_blob"]))
