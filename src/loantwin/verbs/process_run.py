"""`process run`: steps taken on cases become events of the home; the states of all cases are their fold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from loantwin.decisions.scoring.told import origin
from loantwin.errors import ConfigError, UsageError, expected
from loantwin.files import name_of
from loantwin.processes.check import findings
from loantwin.processes.definition import Process
from loantwin.processes.log import adoption, in_force, steps_of, taken_in_table
from loantwin.processes.reader import read_process
from loantwin.processes.steps import judged, states
from loantwin.processes.table import read_steps
from loantwin.twin import Twin, opened
from loantwin.types import Result

HOUR = 3_600_000_000


@dataclass(frozen=True)
class InState:
    """Cases in a state. overdue : of them beyond its time limit. within_hours : the limit; None for none.
    median_hours, longest_hours : how long they have been there, or were in the states that led to an end.
    """

    state: str
    cases: int
    within_hours: float | None
    overdue: int
    median_hours: float | None
    longest_hours: float | None


@dataclass(frozen=True)
class StepCounted:
    """How often a step was taken, by how many people, and for how long its cases had been in the state
    before."""

    step: str
    taken: int
    people: int
    median_hours: float | None


@dataclass(frozen=True)
class ProcessRun(Result):
    """Cases of a process, by the fold of their steps.

    on : the moment to which stays are counted. recorded : steps of this call. steps_taken, cases : in all.
    ended : cases in a state that no step leaves. version : of the process in the home; None while none was
    adopted.
    """

    SCHEMA: ClassVar[str] = "loantwin.process_run/1"

    process: str
    on: str
    recorded: int
    cases: int
    ended: int
    steps_taken: int
    states: tuple[InState, ...]
    steps: tuple[StepCounted, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def process_run(
    twin: Twin | Path | str, process: Path | str, *, steps: Path | str | None = None
) -> ProcessRun:
    """Record steps taken on cases, and say in which state all cases are.

    Parameters
    ----------
    twin : a twin opened for writing, or its folder; for reading where there are no steps.
    process : the name of one in the home or of one that ships, or a TOML file, which comes into force under
        its name.
    steps : a table, a row a step: case, at, step or outcome, and by, amount, assignee, reason, proposed where
        they are known. It is recorded as a whole or not at all. None records nothing.

    Raises
    ------
    ConfigError : a process that is none, or faulty. UsageError : a step that is not possible (case, state,
        step and what is allowed are named), or lacks what it needs. TapeError : a value that is none of its
        kind.
    HomeError : no twin's home, or one held by another writer.
    """
    with opened(twin, writable=steps is not None) as twin:
        twin = twin.refreshed()
        home, now = twin.home, twin.clock.now()
        notes: tuple[str, ...] = ()
        if steps is None:
            read = in_force(home, _name(process))
            recorded = 0
        else:
            read = _process(home, process)
            rows, notes, digest = read_steps(steps)
            before = steps_of(home, read.name)
            made = judged(read, before, rows, steps)
            _refuse_later(made, now, steps)
            adopted = adoption(home, read, now.date())
            event = taken_in_table(home, read, made, name_of(steps), digest)
            home.append([event] if adopted is None else [adopted, event])
            recorded = made.height
            twin = twin.refreshed()
        known = steps_of(twin.home, read.name)
        return ProcessRun(
            process=read.name,
            on=now.isoformat(timespec="seconds"),
            recorded=recorded,
            cases=known["case"].n_unique(),
            ended=int(states(known)["state"].is_in(read.ends).sum()),
            steps_taken=known.height,
            states=_states(read, known, now),
            steps=_steps(known),
            notes=notes,
            provenance=origin(twin),
        )


def _name(process: Path | str) -> str:
    path = Path(process)
    return read_process(path).name if path.is_file() else str(process)


def _process(home: Any, process: Path | str) -> Process:
    """Return the process of a file, of the home, or one that ships: in this order."""
    from loantwin.processes.log import adopted

    path = Path(process)
    found = None if path.is_file() else adopted(home, str(process))
    read = found or read_process(path if path.is_file() else str(process))
    if faults := findings(read):
        first = faults[0]
        words = f"expected a process without faults, was {first.kind} at {first.place}: {first.words}"
        raise ConfigError(f"{words}; see loantwin process check", file=read.file)
    return read


def _refuse_later(steps: pl.DataFrame, now: dt.datetime, file: Path | str) -> None:
    later = steps.with_row_index("row", 1).filter(pl.col("at") > now)
    if later.height:
        row = later.row(0, named=True)
        raise UsageError(
            expected(f"a moment until now, {now:%Y-%m-%dT%H:%M:%SZ}", f"{row['at']:%Y-%m-%dT%H:%M:%SZ}"),
            file=file, row=row["row"], field="at",
        )  # fmt: skip


def _states(process: Process, steps: pl.DataFrame, now: dt.datetime) -> tuple[InState, ...]:
    """Return how many cases are in each state, in the order of the process; those without a case are left
    out."""
    held = states(steps).with_columns(hours=(pl.lit(now) - pl.col("since")).dt.total_microseconds() / HOUR)
    made = []
    for name, state in process.states.items():
        own = held.filter(pl.col("state") == name)
        if not own.height:
            continue
        ended = name in process.ends
        limit = None if ended else state.within_hours
        hours = own["hours"]
        made.append(
            InState(
                name, own.height, limit, 0 if limit is None else int((hours > limit).sum()),
                None if ended else _number(hours.median()), None if ended else _number(hours.max()),
            )
        )  # fmt: skip
    return tuple(made)


def _steps(steps: pl.DataFrame) -> tuple[StepCounted, ...]:
    ordered = steps.sort("case", "at", maintain_order=True)
    took = (pl.col("at") - pl.col("at").shift(1).over("case")).dt.total_microseconds() / HOUR
    counted = (
        ordered.with_columns(took=took)
        .group_by("step")
        .agg(
            pl.len().alias("taken"),
            pl.col("by").drop_nulls().n_unique().alias("people"),
            pl.col("took").median().alias("median_hours"),
        )
        .sort("taken", "step", descending=[True, False])
    )
    return tuple(StepCounted(**row) for row in counted.iter_rows(named=True))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
