"""`process check`: what is wrong with a process before anybody's case goes through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

from loantwin.processes.check import findings, runnable
from loantwin.processes.definition import Step
from loantwin.processes.reader import read_process
from loantwin.types import Result


@dataclass(frozen=True)
class ProcessFinding:
    """Something that is wrong. kind : unreachable, no end, trap, shares, gap, overlap, patience or four eyes.
    place : the state, or of four eyes the step.
    """

    kind: str
    place: str
    words: str


@dataclass(frozen=True)
class StepShown:
    """A step: from which states to which, what it asks for, and by whom it is done.

    asks : what must be told, amounts, four eyes, in words.
    """

    step: str
    source: tuple[str, ...]
    to: str
    asks: str
    staff: str | None


@dataclass(frozen=True)
class ProcessChecked(Result):
    """What a look through a process found.

    ok : nothing was found. runs : whether it says how cases come in, so that it can be simulated. start, ends
    : states in which cases begin and end.
    """

    SCHEMA: ClassVar[str] = "loantwin.process_check/1"

    process: str
    about: str
    ok: bool
    states: int
    start: str
    ends: tuple[str, ...]
    runs: bool
    findings: tuple[ProcessFinding, ...]
    steps: tuple[StepShown, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def process_check(process: Path | str) -> ProcessChecked:
    """Look through a process: states nobody reaches or leaves, shares, gaps between amounts, four eyes.

    Parameters
    ----------
    process : a TOML file (`loantwin schema process`), or one that ships: origination, servicing, collections,
        review.

    Raises
    ------
    ConfigError : a file that is no process; step and key are named.
    """
    read = read_process(process)
    found = findings(read)
    return ProcessChecked(
        process=read.name,
        about=read.about,
        ok=not found,
        states=len(read.states),
        start=read.start,
        ends=read.ends,
        runs=runnable(read),
        findings=tuple(ProcessFinding(item.kind, item.place, item.words) for item in found),
        steps=tuple(
            StepShown(step.name, step.source, step.to, _asks(step), step.staff)
            for step in read.steps.values()
        ),
        provenance={
            "program": f"loantwin {version('loantwin')}",
            "source": Path(read.file).name,
            "sha256": sha256(read.text.encode()).hexdigest(),
        },
    )


def _asks(step: Step) -> str:
    parts = [*step.needs]
    parts += [] if step.above is None else [f"amount above {step.above:,.15g}"]
    parts += [] if step.up_to is None else [f"amount up to {step.up_to:,.15g}"]
    parts += [] if not step.not_by else ["not by who took " + " or ".join(step.not_by)]
    parts += ["by who has the case"] if step.by_assignee else []
    return ", ".join(parts)
