"""Replications of a process: how long cases wait, what they cost, how busy staff are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Array, Floats
from loantwin.engine.randomness import key_of
from loantwin.errors import UsageError, expected, unknown
from loantwin.kernels import in_shares
from loantwin.processes.definition import Process
from loantwin.processes.simulation.kernels import replications
from loantwin.processes.simulation.packed import Packed, packed

CUT_OFF = 3.0
"""Length of a run at most, of warm-up and measured time: what has not ended by then is told as unfinished."""


@dataclass(frozen=True)
class Length:
    """How long and how often. days : measured, after warm_up_days that are not. Calendar days, from a
    Monday."""

    days: float = 28.0
    warm_up_days: float = 7.0
    replications: int = 20
    seed: int = 0

    @property
    def weeks(self) -> float:
        """Return the measured weeks."""
        return self.days / 7.0


@dataclass(frozen=True)
class Runs:
    """What replications gave. P replications, R pools; arrays of a replication have a row a case measured, or
    a step of them by staff.

    waited, lasted : [P] (n,) hours waited in all, and from its coming to its end, NaN of a case that had not
    ended. ended : [P] (n,) place of the state in which it ended; of unfinished ones anything. step_cost :
    (P,) money of their steps. waiting_cost : (P,) money of their waits. steps : [P] (m,) place of the step.
    step_waited : [P] (m,) hours. left : [P] (m,) whether the case left without being served.
    busy : (P, R) hours of work begun while it was measured. open_hours : (R,) hours of one person then.
    people : (R,). wages : (R,) money of one person then. taken : steps taken in all replications.
    """

    packed: Packed
    people: Array
    waited: tuple[Floats, ...]
    lasted: tuple[Floats, ...]
    ended: tuple[Array, ...]
    step_cost: Floats
    waiting_cost: Floats
    steps: tuple[Array, ...]
    step_waited: tuple[Floats, ...]
    left: tuple[Array, ...]
    busy: Floats
    open_hours: Floats
    wages: Floats
    taken: int

    @property
    def cost(self) -> Floats:
        """Return the cost of each replication, (P,): steps, waiting and wages."""
        return self.step_cost + self.waiting_cost + float(self.people @ self.wages)


def staffed(process: Process, staff: Mapping[str, int] | None) -> dict[str, int]:
    """Return how many people each pool has: the process's own numbers, or others that are asked for.

    Raises
    ------
    UsageError : a pool that the process does not have, or fewer than one person.
    """
    for name, number in (staff or {}).items():
        if name not in process.staff:
            raise UsageError(unknown(name, process.staff), field="staff")
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            raise UsageError(expected(f"at least 1 {name}", number), field="staff")
    return {name: (staff or {}).get(name, own.people) for name, own in process.staff.items()}


def run(process: Process, people: Mapping[str, int], length: Length) -> Runs:
    """Return what replications of a process give.

    Parameters
    ----------
    people : how many of each pool, see `staffed`. The same seed gives the same luck to every number of them:
        a case's draws depend on the case and its step, not on what others do.

    Raises
    ------
    ConfigError : a process that cannot be run. UsageError : a length that is none.
    """
    _check(length)
    made = packed(process)
    hours = 24.0 * np.array([length.warm_up_days, length.warm_up_days + length.days])
    span = np.array([hours[0], hours[1], CUT_OFF * hours[1], made.gap])
    assert process.arrivals is not None  # packed refuses such a process
    a_week = process.arrivals.hours.a_week / 168.0
    room = int(1.2 * hours[1] * a_week / made.gap) + 200
    events = 4 * room
    numbers = np.array([people[name] for name in made.pool_names], np.int64)
    pools = (numbers, *made.week, np.zeros(1))
    key = np.array(key_of(length.seed), np.int64)
    count = length.replications
    while True:
        cases, records = np.empty((count, room, 4)), np.empty((count, events, 3))
        sums = np.zeros((count, 4 + len(numbers)))
        in_shares(
            replications,
            count,
            key,
            span,
            made.states,
            made.step_arrays,
            pools,
            made.seen,
            cases,
            records,
            sums,
        )
        status = sums[:, 3]
        if not status.any():
            break
        room = 2 * room if (status == 1).any() else room
        events = max(events, int(1.1 * sums[:, 1].max()), 4 * room)
    return _runs(process, made, numbers, cases, records, sums, length)


def _check(length: Length) -> None:
    if (
        not length.days > 0.0
        or not length.warm_up_days >= 0.0
        or not length.days + length.warm_up_days < 36_600.0
    ):
        raise UsageError(
            expected("days above 0, and a warm-up of 0 or more", f"{length.days:g}"), field="days"
        )
    if not 2 <= length.replications <= 10_000:
        raise UsageError(expected("from 2 to 10,000 replications", length.replications), field="replications")


def _runs(
    process: Process,
    made: Packed,
    numbers: Array,
    cases: Floats,
    records: Floats,
    sums: Floats,
    length: Length,
) -> Runs:
    own = [cases[path, : int(sums[path, 0])] for path in range(len(sums))]
    told = [records[path, : int(sums[path, 1])] for path in range(len(sums))]
    staff = [process.staff[name] for name in made.pool_names]
    hours = np.array([item.hours.a_week * length.weeks for item in staff])
    return Runs(
        packed=made,
        people=numbers,
        waited=tuple(part[:, 0].copy() for part in own),
        lasted=tuple(part[:, 1].copy() for part in own),
        ended=tuple(part[:, 2].astype(np.int64) for part in own),
        step_cost=np.array([part[:, 3].sum() for part in own]),
        waiting_cost=np.array([part[:, 0].sum() for part in own]) * process.waiting_cost_per_hour,
        steps=tuple(part[:, 0].astype(np.int64) for part in told),
        step_waited=tuple(part[:, 1].copy() for part in told),
        left=tuple(part[:, 2] > 0.5 for part in told),
        busy=sums[:, 4:].copy(),
        open_hours=hours,
        wages=np.array([item.cost_per_hour for item in staff]) * hours,
        taken=int(sums[:, 2].sum()),
    )
