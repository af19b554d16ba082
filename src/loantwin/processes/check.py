"""What is wrong with a process that reads well: states nobody reaches or leaves, shares, bands of amounts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from loantwin.processes.definition import Process, Step

SLACK = 1e-9


@dataclass(frozen=True)
class Finding:
    """A fault of a process. kind : what of; place : the state or step; words : what it is, and what to do."""

    kind: str
    place: str
    words: str


def findings(process: Process) -> tuple[Finding, ...]:
    """Return what is wrong with a process, in the order of its states; empty where nothing is."""
    return (*_reach(process), *_shares(process), *_bands(process), *_patience(process), *_eyes(process))


def runnable(process: Process) -> bool:
    """Return whether a process says how cases come in: only then can it be run."""
    return process.arrivals is not None


def reached(forward: Mapping[str, tuple[str, ...]], start: tuple[str, ...]) -> set[str]:
    """Return the states that steps lead to from some, those included. forward : state -> states after it."""
    seen, left = set(start), list(start)
    while left:
        for state in forward.get(left.pop(), ()):
            if state not in seen:
                seen.add(state)
                left.append(state)
    return seen


def _reach(process: Process) -> Iterator[Finding]:
    forward = {name: tuple(step.to for step in process.leaving(name)) for name in process.states}
    backward = {
        name: tuple(source for step in process.steps.values() if step.to == name for source in step.source)
        for name in process.states
    }
    seen = reached(forward, (process.start,))
    for name in process.states:
        if name not in seen:
            yield Finding(
                "unreachable", name, f"no steps lead from {process.start} to it; add one, or leave it out"
            )
    if not process.ends:
        yield Finding(
            "no end", process.start, "every state has a step out of it; add a state that cases end in"
        )
        return
    ending = reached(backward, process.ends)
    for name in process.states:
        if name in seen and name not in ending:
            yield Finding("trap", name, "no steps lead from it to an end; add one")


def _shares(process: Process) -> Iterator[Finding]:
    if not runnable(process):
        return
    for name in process.states:
        own = [step for step in process.leaving(name) if step.after is None]
        total = math.fsum(step.share for step in own)
        if own and abs(total - 1.0) > SLACK:
            names = ", ".join(step.name for step in own)
            words = f"the shares of its steps ({names}) come to {total:g}, not to 1"
            yield Finding("shares", name, words)
        if not own and process.leaving(name):
            yield Finding("shares", name, "only impatience leads out of it; add the step that is waited for")


def _bands(process: Process) -> Iterator[Finding]:
    """Yield gaps and overlaps between the amounts of steps that stand for one outcome in one state."""
    for state in process.states:
        by_outcome: dict[str, list[Step]] = {}
        for step in process.leaving(state):
            if step.outcome is not None:
                by_outcome.setdefault(step.outcome, []).append(step)
        for outcome, steps in by_outcome.items():
            bands = sorted((step.above or 0.0, step.up_to or math.inf, step.name) for step in steps)
            if bands[0][0] > 0.0:
                yield Finding(
                    "gap", state, f"no step for outcome {outcome} up to an amount of {bands[0][0]:,.15g}"
                )
            for (_, before, one), (above, _, other) in pairwise(bands):
                if above < before:
                    yield Finding("overlap", state, f"{one} and {other} both stand for outcome {outcome}")
                elif above > before:
                    words = f"no step for outcome {outcome} from above {before:,.15g} up to {above:,.15g}"
                    yield Finding("gap", state, words)
            if bands[-1][1] < math.inf:
                yield Finding("gap", state, f"no step for outcome {outcome} above {bands[-1][1]:,.15g}")


def _patience(process: Process) -> Iterator[Finding]:
    for state in process.states:
        own = [step for step in process.leaving(state) if step.after is not None]
        if len(own) > 1:
            words = f"two steps of impatience: {', '.join(step.name for step in own)}; keep one"
            yield Finding("patience", state, words)
        served = any(step.staff is not None for step in process.leaving(state) if step.after is None)
        if own and not served:
            yield Finding(
                "patience", state, f"nobody is waited for there, so that {own[0].name} is never taken"
            )


def _eyes(process: Process) -> Iterator[Finding]:
    for step in process.steps.values():
        for name in step.not_by:
            if "by" not in process.steps[name].needs:
                words = f"it may not be taken by who took {name}, which tells nobody; add by to its needs"
                yield Finding("four eyes", step.name, words)
        if step.not_by and "by" not in step.needs:
            yield Finding(
                "four eyes", step.name, "it asks for another person and tells nobody; add by to its needs"
            )
