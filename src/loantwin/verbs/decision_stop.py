"""`decision stop`: a score or a policy decides nothing from now on, in whatever process it is at work."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from loantwin.decisions.scoring.people import person
from loantwin.decisions.scoring.told import origin
from loantwin.errors import HomeError, UsageError, expected
from loantwin.events.event import Event
from loantwin.events.home import LOCK, Home
from loantwin.events.lock import is_free
from loantwin.events.register import read_register
from loantwin.events.stops import RESUMED, STOPPED, read_stops, request
from loantwin.twin import Twin, opened
from loantwin.types import Result

PATIENCE = 10.0
"""How long a process that holds the home is waited for, seconds."""
PAUSE = 0.01


@dataclass(frozen=True)
class DecisionStopped(Result):
    """What was stopped, or may decide again. subject : id of the score or hash of the policy.

    stopped : what is stopped now, by subject. by_request : whether another process held the home and took the
    request. event : the event's place in the log.
    """

    SCHEMA: ClassVar[str] = "loantwin.decision_stop/1"

    subject: str
    name: str
    resumed: bool
    by: str
    words: str | None
    by_request: bool
    event: int
    stopped: tuple[str, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def decision_stop(
    twin: Twin | Path | str,
    subject: str,
    *,
    resume: bool = False,
    by: str | None = None,
    words: str | None = None,
) -> DecisionStopped:
    """Stop a score or a policy: it decides nothing from the next decision on, in every process.

    A challenger's share falls to the champion; a stopped champion refers every application. Where another
    process decides and records in the home, it takes the request before its next decision, and this returns
    when the event is in its log.

    Parameters
    ----------
    twin : a twin, or its folder. subject : a score's id, the beginning of it, or NAME/VERSION; or a policy's
        hash, or the beginning of it, of one that decided here. resume : let it decide again, in what is
        opened from then on. by : who; None takes the account that runs the program. words : why.

    Raises
    ------
    UsageError : no such score or policy, or one that is (not) stopped already. HomeError : no twin's home,
        one that cannot be written, or a process that holds it and does not decide.
    """
    who = person(by)
    with opened(twin) as seen:
        found, name = _found(seen.refreshed() if isinstance(twin, Twin) else seen, subject)
        stopped = read_stops(seen.home)
        if (found in stopped) is not resume:
            was = f"{name}, which is {'stopped' if found in stopped else 'not stopped'} already"
            raise UsageError(expected(f"what is {'' if resume else 'not '}stopped", was), field="subject")
        data = {"subject": found, "by": who} | ({"words": words} if words else {})
        kind, day = RESUMED if resume else STOPPED, seen.clock.now().date()
        asked = not seen.home.writable and not is_free(seen.home.folder / LOCK)
        if asked:
            place = _taken(seen.home, request(seen.home, kind, day, data))
        elif seen.home.writable:
            place = seen.home.append([Event(kind, day, data)])
        else:
            with Home.open(seen.home.folder, writable=True, clock=seen.clock) as home:
                place = home.append([Event(kind, day, data)])
        return DecisionStopped(
            subject=found,
            name=name,
            resumed=resume,
            by=who,
            words=words,
            by_request=asked,
            event=place,
            stopped=tuple(read_stops(seen.home)),
            notes=_notes(resume),
            provenance=origin(seen),
        )


def _found(twin: Twin, subject: str) -> tuple[str, str]:
    """Return what is meant: id or hash, and its name."""
    if re.fullmatch("[0-9a-f]{6,64}", subject):
        policies = {
            event.data["policy_hash"]: event.data["policy"]
            for event in twin.home.log.read(types=("DeciderOpened",))
            if event.data["policy_hash"].startswith(subject)
        }
        if len(policies) == 1:
            return next(iter(policies.items()))
    model = read_register(twin.home).find(subject)
    return model.id, model.words


def _taken(home: Home, number: str) -> int:
    """Return the place of a request's event, when the process that holds the home has put it there."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        event = home.log.find(number)
        if event is not None:
            return event.sequence
        time.sleep(PAUSE)
    words = f"expected the process that holds the home to take the request within {PATIENCE:.0f} seconds"
    raise HomeError(
        f"{words}, was none that decides; the request waits for the next one that does", file=home.folder
    )


def _notes(resume: bool) -> tuple[str, ...]:
    if resume:
        return ("what was opened while it was stopped goes on without it: open it again",)
    return ()
