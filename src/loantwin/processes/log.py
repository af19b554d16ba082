"""Processes in a home: which is in force under a name, and the steps taken on its cases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

from loantwin.errors import UsageError, expected
from loantwin.events.event import Event
from loantwin.events.home import Home
from loantwin.processes.definition import Process
from loantwin.processes.reader import parse_process
from loantwin.processes.steps import COLUMNS, no_steps

ADOPTED, TABLE, ONE = "ProcessAdopted", "StepsTaken", "StepTaken"
_TOLD = ("step", "by", "amount", "outcome", "assignee", "reason", "proposed", "state")


def adopted(home: Home, name: str) -> Process | None:
    """Return the process in force under a name; None where none was adopted."""
    found = None
    for event in home.events(ADOPTED):
        if event.data["name"] == name:
            found = event.data["process_blob"]
    return None if found is None else parse_process(home.read_bytes(found).decode(), f"{name} (of the home)")


def in_force(home: Home, name: str) -> Process:
    """Return the process in force under a name.

    Raises
    ------
    UsageError : none was adopted; the message says how it is done.
    """
    process = adopted(home, name)
    if process is None:
        words = expected(f"a process {name} in the home", "none")
        raise UsageError(f"{words}; adopt it: loantwin process run DIR {name} --steps FILE", file=home.folder)
    return process


def adoption(home: Home, process: Process, today: Any) -> Event | None:
    """Return the event by which a process comes into force; None where the same text is in force already.

    Its text is stored as a blob.
    """
    before = adopted(home, process.name)
    if before is not None and before.text == process.text:
        return None
    blob = home.put_bytes(process.text.encode())
    number = 1 + sum(event.data["name"] == process.name for event in home.events(ADOPTED))
    return Event(ADOPTED, today, {"name": process.name, "number": number, "process_blob": blob})


def steps_of(home: Home, name: str) -> pl.DataFrame:
    """Return the steps that a home holds of a process, in the order of recording; see `steps.COLUMNS`.

    Raises
    ------
    LogError : an event that was changed, or is gone. HomeError : a copy of steps that is damaged.
    """
    home.log.check_span(0, home.log.head[0])  # damage may hide a step, and with it four eyes
    parts: list[pl.DataFrame] = []
    single: list[dict[str, Any]] = []
    for event in home.log.read(types=(TABLE, ONE)):
        if event.data["process"] != name:
            continue
        if event.type == ONE:
            single.append(_row(event))
            continue
        parts += _frame(single)
        single = []
        parts.append(home.read_frame(event.data["steps_blob"]).select(list(COLUMNS)))
    parts += _frame(single)
    return pl.concat(parts) if parts else no_steps()


def _frame(rows: list[dict[str, Any]]) -> list[pl.DataFrame]:
    return [pl.DataFrame(rows, schema=COLUMNS)] if rows else []


def _row(event: Event) -> dict[str, Any]:
    data = event.data
    return {
        "case": data["case_id"],
        "at": datetime.fromisoformat(data["at"]).astimezone(UTC),
        **{name: data.get(name) for name in _TOLD},
    }


def taken_in_table(home: Home, process: Process, steps: pl.DataFrame, source: str, digest: str) -> Event:
    """Return the event of a table of judged steps, which is stored as a blob."""
    last = steps["at"].max()
    assert isinstance(last, datetime)  # a table of steps has a row
    data = {
        "process": process.name,
        "steps_blob": home.put_frame(steps.select(list(COLUMNS))),
        "steps": steps.height,
        "cases": steps["case"].n_unique(),
        "source_file": source,
        "source_hash": digest,
    }
    return Event(TABLE, last.date(), data)


def taken(process: Process, row: dict[str, Any]) -> Event:
    """Return the event of one judged step, a row of `steps.COLUMNS`."""
    at: datetime = row["at"]
    told = {name: row[name] for name in _TOLD if row[name] is not None}
    data = {"process": process.name, "case_id": row["case"], "at": at.astimezone(UTC).isoformat(), **told}
    return Event(ONE, at.date(), data)
