"""`process simulate`: how long cases wait for limited staff, and what one more person is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from loantwin.processes.definition import Process
from loantwin.processes.reader import read_process
from loantwin.processes.simulation.run import Length, Runs, run, staffed
from loantwin.processes.simulation.summary import (
    Between,
    Known,
    Wait,
    between,
    ends,
    known,
    percentiles,
    waits,
)
from loantwin.types import Progress, Result, silent

AS_IT_IS = "as it is"
SHOWN = (*range(5, 100, 5), 99)
"""Percentiles of the picture."""


@dataclass(frozen=True)
class StaffRow:
    """People who do the same steps. busy : share of their paid hours in which they work."""

    staff: str
    people: int
    busy: Between


@dataclass(frozen=True)
class OneMore:
    """What one more person is worth, a week, money.

    saved : cost of waiting, of steps and of cases lost that is saved. wage : what the person costs. net :
    saved less wage. p90_before, p90_after : hours that 90 % of cases wait at most. verdict : worth it, not
    worth it, or not shown where the interval of net holds 0.
    """

    staff: str
    saved: Between
    wage: float
    net: Between
    p90_before: float
    p90_after: float
    verdict: str


@dataclass(frozen=True)
class WaitPoint:
    """Hours that a share of cases (percent) waits at most. plan : as it is, or with one more."""

    plan: str
    percent: int
    hours: float


@dataclass(frozen=True)
class ProcessSimulated(Result):
    """Waits, ends and costs of a process with limited staff; intervals are over replications.

    days, warm_up_days : measured, and before that not. cases : measured, a replication. waits : hours. ends :
    share of cases by the state in which they ended. cost : money a week. formula : of a queue with a known
    answer; None of others. curve : what the picture shows. assumed : what of the process nobody measured.
    """

    SCHEMA: ClassVar[str] = "loantwin.process_simulate/1"

    process: str
    currency: str
    days: float
    warm_up_days: float
    replications: int
    seed: int
    cases: float
    unfinished: float
    waits: tuple[Wait, ...]
    ends: Mapping[str, Between]
    staff: tuple[StaffRow, ...]
    cost: Between
    one_more: tuple[OneMore, ...]
    formula: Known | None
    curve: tuple[WaitPoint, ...]
    steps_taken: int
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def process_simulate(
    process: Path | str,
    *,
    staff: Mapping[str, int] | None = None,
    days: float = 28.0,
    warm_up_days: float = 7.0,
    replications: int = 20,
    seed: int = 0,
    progress: Progress = silent,
) -> ProcessSimulated:
    """Run a process forward with limited staff, many times over, and again with one more of each kind.

    Parameters
    ----------
    process : a TOML file (`loantwin schema process`) with `[arrivals]`, or one that ships.
    staff : how many people of a kind; None, and those not named, take the file's.
    days, warm_up_days : calendar days measured, and before them. replications : 2 or more; the same seed
        gives every plan the same luck.

    Raises
    ------
    ConfigError : a file that is no process, a faulty one, or one that does not say how cases come in.
    UsageError : a kind of staff that the process does not have, fewer than one person, a length that is none.
    """
    read = read_process(process)
    people = staffed(read, staff)
    length = Length(float(days), float(warm_up_days), replications, seed)
    plans = {AS_IT_IS: people} | {f"one more {name}": people | {name: people[name] + 1} for name in people}
    made: dict[str, Runs] = {}
    for number, (plan, own) in enumerate(plans.items()):
        progress(number / len(plans), plan)
        made[plan] = run(read, own, length)
    base = made[AS_IT_IS]
    done = np.concatenate([~np.isnan(part) for part in base.lasted] or [np.ones(1, bool)])
    unfinished = float(1.0 - done.mean()) if len(done) else 0.0
    return ProcessSimulated(
        process=read.name,
        currency=read.currency,
        days=length.days,
        warm_up_days=length.warm_up_days,
        replications=replications,
        seed=seed,
        cases=float(np.mean([len(part) for part in base.waited])),
        unfinished=unfinished,
        waits=waits(base),
        ends=ends(base),
        staff=_staff(base, people),
        cost=between(base.cost / length.weeks),
        one_more=tuple(_one_more(base, made[f"one more {name}"], name, length) for name in people),
        formula=known(read, next(iter(people.values()))) if len(people) == 1 else None,
        curve=tuple(
            WaitPoint(plan, percent, float(curve[percent - 1]))
            for plan, runs in made.items()
            for curve in (percentiles(runs),)
            for percent in SHOWN
        ),
        steps_taken=sum(runs.taken for runs in made.values()),
        notes=_notes(read, base, people, unfinished),
        provenance={
            "program": f"loantwin {version('loantwin')}",
            "source": Path(read.file).name,
            "sha256": sha256(read.text.encode()).hexdigest(),
        },
    )


def _staff(base: Runs, people: Mapping[str, int]) -> tuple[StaffRow, ...]:
    hours = base.open_hours * base.people
    shares = {name: base.busy[:, place] / hours[place] for place, name in enumerate(base.packed.pool_names)}
    return tuple(StaffRow(name, people[name], between(shares[name])) for name in people)


def _one_more(base: Runs, more: Runs, name: str, length: Length) -> OneMore:
    place = base.packed.pool_names.index(name)
    before = base.step_cost + base.waiting_cost
    saved = (before - more.step_cost - more.waiting_cost) / length.weeks
    wage = float(base.wages[place]) / length.weeks
    net = between(saved - wage)
    verdict = "worth it" if net.low > 0.0 else "not worth it" if net.high < 0.0 else "not shown"
    now, then = (float(percentiles(runs)[89]) for runs in (base, more))
    return OneMore(name, between(saved), wage, net, now, then, verdict)


def _notes(process: Process, base: Runs, people: Mapping[str, int], unfinished: float) -> tuple[str, ...]:
    said = ["times, costs and shares are the file's: where nobody measured them, they are assumed"]
    if process.waiting_cost_per_hour == 0.0 and not any(step.cost for step in process.steps.values()):
        said.append("neither waiting nor steps cost anything in the file: one more person can save nothing")
    hours = base.open_hours * base.people
    for place, name in enumerate(people):
        if base.busy[:, place].mean() / hours[place] > 0.98:
            said.append(f"{people[name]} of {name} hardly keep up: waits grow with the run")
    if unfinished > 0.0:
        words = "of cases had not ended when the run was cut off: their waits count as far as they were seen"
        said.append(f"{100 * unfinished:.1f} % {words}")
    return tuple(said)
