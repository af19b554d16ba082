"""What replications say: waits by quantile, ends, how busy staff are, what one more person is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats
from loantwin.processes.definition import Process
from loantwin.processes.queues import erlang_a, erlang_c
from loantwin.processes.simulation.run import Runs

QUANTILES = (0.5, 0.9, 0.99)
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Between:
    """A figure as the mean of replications, with its 95 % interval (Student's t over them)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Wait:
    """Hours by the clock that are waited. of : what for. count : how many a replication. mean, p50, p90, p99
    : hours. waited : share that waits at all.
    """

    of: str
    count: float
    waited: Between
    mean: Between
    p50: Between
    p90: Between
    p99: Between


@dataclass(frozen=True)
class Known:
    """A queue with a known answer beside its run. formula : whose. Hours, shares; in the long run."""

    formula: str
    waiting_probability: float
    mean_wait: float
    abandoned: float


def between(values: Sequence[float] | Floats) -> Between:
    """Return the mean of replications (P,) with its interval; NaN of a replication without a case is left
    out."""
    from scipy.stats import t

    told = np.asarray(values, dtype=np.float64)
    told = told[~np.isnan(told)]
    if len(told) < 2:
        own = float(told[0]) if len(told) else 0.0
        return Between(own, own, own)
    mean, error = float(told.mean()), float(told.std(ddof=1)) / math.sqrt(len(told))
    wide = float(t.ppf(0.5 + CONFIDENCE / 2.0, len(told) - 1)) * error
    return Between(mean, mean - wide, mean + wide)


def wait_of(name: str, hours: Sequence[Floats]) -> Wait | None:
    """Return what is waited for one thing; None where nothing was. hours : [P] (n,), NaN is left out."""
    told = [part[~np.isnan(part)] for part in hours]
    told = [part for part in told if len(part)]
    if not told:
        return None
    quantiles = np.array([np.quantile(part, QUANTILES) for part in told])
    return Wait(
        name,
        sum(map(len, told)) / len(hours),
        between([float((part > 0.0).mean()) for part in told]),
        between([float(part.mean()) for part in told]),
        *(between(quantiles[:, place]) for place in range(3)),
    )


def waits(runs: Runs) -> tuple[Wait, ...]:
    """Return what cases wait in all, how long they last, and the wait before each step by staff."""
    made = [wait_of("waiting in all", runs.waited), wait_of("until the end", runs.lasted)]
    for place, step in enumerate(runs.packed.steps):
        if step.staff is not None:
            pairs = zip(runs.steps, runs.step_waited, strict=True)
            made.append(wait_of(step.name, [hours[steps == place] for steps, hours in pairs]))
    return tuple(item for item in made if item is not None)


def ends(runs: Runs) -> dict[str, Between]:
    """Return the share of cases in each state that they ended in; of those that had not, as `unfinished`."""
    names = runs.packed.state_names
    done = [~np.isnan(part) for part in runs.lasted]
    made = {}
    for place, name in enumerate(names):
        shares = [
            float((ended[own] == place).sum() / max(len(own), 1))
            for ended, own in zip(runs.ended, done, strict=True)
        ]
        if any(shares):
            made[name] = between(shares)
    unfinished = [float(1.0 - own.mean()) if len(own) else 0.0 for own in done]
    return made | ({"unfinished": between(unfinished)} if any(unfinished) else {})


def percentiles(runs: Runs) -> Floats:
    """Return the hours that 1 % to 99 % of cases wait at most, (99,): the mean of replications."""
    shares = np.arange(1, 100) / 100.0
    own = [np.quantile(part, shares) for part in runs.waited if len(part)]
    return np.mean(own, axis=0) if own else np.zeros(99)


def known(process: Process, people: int) -> Known | None:
    """Return the formula of a process that has one: a step by staff who are always there, exponential times.

    None of any other process.
    """
    served = [step for step in process.steps.values() if step.staff is not None]
    arrivals = process.arrivals
    if arrivals is None or len(served) != 1 or len(process.staff) != 1 or not arrivals.hours.always:
        return None
    step = served[0]
    staff = process.staff[str(step.staff)]
    leaving = [other for other in process.leaving(process.start) if other is not step]
    alone = step.source == (process.start,) and step.to in process.ends and step.share == 1.0
    if not (alone and staff.hours.always and step.time is not None and step.time.kind == "exponential"):
        return None
    service = 60.0 / step.time.mean_minutes
    if not leaving:
        if not arrivals.per_hour / service < people:
            return None
        found = erlang_c(arrivals.per_hour, service, people)
        return Known("Erlang C", found.waiting_probability, found.mean_wait, 0.0)
    after = leaving[0].after
    if len(leaving) > 1 or after is None or after.kind != "exponential" or leaving[0].to not in process.ends:
        return None
    found = erlang_a(arrivals.per_hour, service, people, after.mean_minutes / 60.0)
    return Known("Erlang A", found.waiting_probability, found.mean_wait, found.abandoned)
