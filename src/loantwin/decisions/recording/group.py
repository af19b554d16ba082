"""Group commit: callers that come at once are on disk by one commit, and each returns when it is.

The log's commit is the only one. Persons are stored before it, and erased again where it fails; what a killed
process left of them is found by `sweep`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from loantwin.errors import LogError, UsageError, expected
from loantwin.events.event import Event
from loantwin.events.home import Home

LONGEST = 0.003
"""The longest that a commit waits for other callers, seconds."""
BEGINS = "decision:"
"""How the event's id of a decision begins; its key among persons follows."""


@dataclass(eq=False)
class _Waiting:
    events: Sequence[Event]
    persons: Mapping[str, Mapping[str, Any]]
    written: Future[None] = field(default_factory=Future)


class GroupCommit:
    """Puts facts of many threads into one home.

    Parameters
    ----------
    home : open for writing. linger : how long a commit waits for others where there were others last time,
        seconds, at most 0.003; a caller on its own never waits.

    Raises
    ------
    UsageError : a longer wait.
    """

    def __init__(self, home: Home, linger: float = 0.001) -> None:
        if not 0.0 <= linger <= LONGEST:
            raise UsageError(expected(f"from 0 to {LONGEST} seconds", linger), field="linger")
        self._home, self._linger = home, linger
        self._queue: list[_Waiting] = []
        self._guard, self._turn = Lock(), Lock()
        self._last = 1
        self.commits = 0

    def append(self, events: Sequence[Event], persons: Mapping[str, Mapping[str, Any]]) -> None:
        """Put events into the log, and personal fields by key beside it; on disk when this returns.

        An event with the id `decision:KEY` of a key in `persons` gets the seal of what stands there.

        Raises
        ------
        LogError : an event that breaks the registry; nothing of this call is recorded. HomeError : a home
            that cannot be written.
        """
        mine = _Waiting(events, persons)
        with self._guard:
            self._queue.append(mine)
        with self._turn:  # one commits; who waited meanwhile may find itself done
            if not mine.written.done():
                if self._last > 1 and self._linger:
                    time.sleep(self._linger)
                with self._guard:
                    group, self._queue = self._queue, []
                self._last = len(group)
                self._commit(group)
        mine.written.result()

    def _commit(self, group: list[_Waiting]) -> None:
        try:
            self._write(group)
        except LogError as error:
            if len(group) == 1:
                group[0].written.set_exception(error)
                return
            for item in group:  # one of them is at fault: each on its own
                self._commit([item])
        except BaseException as error:
            for item in group:
                item.written.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            for item in group:
                item.written.set_result(None)

    def _write(self, group: list[_Waiting]) -> None:
        persons = {key: fields for item in group for key, fields in item.persons.items()}
        try:
            seals = self._home.persons.put(persons)
            self._home.append(_sealed(event, seals) for item in group for event in item.events)
        except BaseException:  # a decision that came into the log all the same keeps its person
            lost = [key for key in persons if self._home.log.find(f"{BEGINS}{key}") is None]
            self._home.persons.erase(lost)
            raise
        self.commits += 1


def _sealed(event: Event, seals: Mapping[str, str]) -> Event:
    key = (event.event_id or "").removeprefix(BEGINS)
    return event if key not in seals else event._replace(data={**event.data, "seal": seals[key]})


def sweep(home: Home) -> int:
    """Erase persons whose decision never came into the log, left by a process that was killed between.

    Raises
    ------
    HomeError : a home opened for reading, or a damaged file.
    """
    left = []
    for key in home.persons.latest():
        if home.log.find(f"{BEGINS}{key}") is not None:
            break
        left.append(key)
    return home.persons.erase(left)
