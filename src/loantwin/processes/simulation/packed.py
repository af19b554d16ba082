"""A process as the arrays that the kernel reads."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Array, Floats
from loantwin.errors import ConfigError, expected
from loantwin.processes.check import findings
from loantwin.processes.definition import Hours, Process, Step, Time
from loantwin.processes.simulation.kernels import EMPIRICAL, EXPONENTIAL, FIXED, LOGNORMAL, WEEK

KINDS = {"fixed": FIXED, "exponential": EXPONENTIAL, "lognormal": LOGNORMAL, "empirical": EMPIRICAL}


@dataclass(frozen=True)
class Packed:
    """A process in arrays; see `kernels.replications`. names of states and steps are in their order there."""

    state_names: tuple[str, ...]
    steps: tuple[Step, ...]
    pool_names: tuple[str, ...]
    states: tuple[Array, Array, Array, Array]
    step_arrays: tuple[Array, Array, Array, Array, Array, Array]
    week: tuple[Array, Array]
    seen: Floats
    gap: float
    """Mean hours between two cases, of the hours in which they come."""


def packed(process: Process) -> Packed:
    """Return a process in arrays.

    Raises
    ------
    ConfigError : a process that does not say how cases come in, or one that is faulty (`process check`).
    """
    if process.arrivals is None:
        raise ConfigError(
            expected("a table [arrivals] with per_hour", "none"), file=process.file, field="arrivals"
        )
    if found := findings(process):
        words = (
            f"expected a process without faults, was {found[0].kind} at {found[0].place}: {found[0].words}"
        )
        more = f" (and {len(found) - 1} more; see `loantwin process check`)" if len(found) > 1 else ""
        raise ConfigError(words + more, file=process.file)
    names = (process.start, *(name for name in process.states if name != process.start))
    steps, pools = tuple(process.steps.values()), tuple(process.staff)
    seen: list[float] = []
    laws = np.array([_law(step.time, seen) for step in steps])
    patience = np.array([_law(step.after, seen) for step in steps])
    hours = [*(process.staff[name].hours for name in pools), process.arrivals.hours]
    return Packed(
        state_names=names,
        steps=steps,
        pool_names=pools,
        states=_states(process, names, steps),
        step_arrays=(
            np.array([names.index(step.to) for step in steps], np.int64),
            np.array([-1 if step.staff is None else pools.index(step.staff) for step in steps], np.int64),
            laws,
            np.array([step.cost for step in steps]),
            np.array([step.priority for step in steps], np.int64),
            patience,
        ),
        week=_weeks(hours),
        seen=np.array(seen or [0.0]),
        gap=1.0 / process.arrivals.per_hour,
    )


def _states(
    process: Process, names: tuple[str, ...], steps: tuple[Step, ...]
) -> tuple[Array, Array, Array, Array]:
    begin, order, cumulated = [0], [], []
    impatient = np.full(len(names), -1, np.int64)
    for place, name in enumerate(names):
        total = 0.0
        for step in process.leaving(name):
            if step.after is not None:
                impatient[place] = steps.index(step)
            elif step.share > 0.0:
                total += step.share
                order.append(steps.index(step))
                cumulated.append(total)
        begin.append(len(order))
    return np.array(begin, np.int64), np.array(order, np.int64), np.array(cumulated), impatient


def _law(time: Time | None, seen: list[float]) -> list[float]:
    """Return a time as the kernel reads it, hours; observed times are added to `seen`."""
    if time is None:
        return [FIXED, 0.0, 0.0, 0.0, 0.0]
    mean = time.mean_minutes / 60.0
    if time.kind == "lognormal":
        variance = math.log1p((time.deviation_minutes / time.mean_minutes) ** 2)
        return [LOGNORMAL, math.log(mean) - variance / 2.0, math.sqrt(variance), 0.0, 0.0]
    first = len(seen)
    seen += [minutes / 60.0 for minutes in time.minutes]
    return [KINDS[time.kind], mean, 0.0, first, len(time.minutes)]


def _weeks(hours: Iterable[Hours]) -> tuple[Array, Array]:
    """Return the first place of each one's hours, and all of them: beginning and end, hours from Monday."""
    first, week = [0], []
    for own in hours:
        days = [(24.0 * day + own.start, 24.0 * day + own.end) for day in own.days]
        week += [(0.0, WEEK)] if own.always else days
        first.append(len(week))
    return np.array(first, np.int64), np.array(week, dtype=np.float64)
