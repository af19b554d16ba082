"""One step on a review, taken by a person now."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from loantwin.errors import UsageError, expected
from loantwin.events.home import Home
from loantwin.processes.definition import Process
from loantwin.processes.log import adoption, steps_of, taken
from loantwin.processes.reviews import REVIEW
from loantwin.processes.steps import COLUMNS, judged, states


def case_of(process: Process, steps: pl.DataFrame, case: str) -> dict[str, Any]:
    """Return a case's state as a row of `steps.states`.

    Raises
    ------
    UsageError : no such case; how one is opened is said.
    """
    held = states(steps.filter(pl.col("case") == case))
    if not held.height:
        words = expected(f"a case of the process {process.name}", case)
        raise UsageError(f"{words}; open it: loantwin process run DIR {REVIEW} --steps FILE", field="case")
    return held.row(0, named=True)


def take(home: Home, process: Process, now: dt.datetime, **told: Any) -> dict[str, Any]:
    """Record one step and return it as a row of `steps.COLUMNS`.

    Raises
    ------
    UsageError : as `steps.judged`.
    """
    before = steps_of(home, process.name).filter(pl.col("case") == told["case"])
    row = {name: told.get(name) for name in COLUMNS if name != "state"} | {"at": now}
    frame = pl.DataFrame([row], schema={name: kind for name, kind in COLUMNS.items() if name != "state"})
    made = judged(process, before, frame).row(0, named=True)
    made["amount"] = told.get("amount")  # the case's own is known from before
    adopted = adoption(home, process, now.date())
    event = taken(process, made)
    home.append([event] if adopted is None else [adopted, event])
    return made
