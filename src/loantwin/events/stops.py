"""What was stopped: scores and policies that decide nothing, and the request that reaches a busy writer.

A home has one writer. Who stops a score while another process decides leaves a request, a file in `stops/`;
the one who decides looks there before each decision, obeys, and puts the event into the log.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from secrets import token_hex
from typing import Any

from loantwin.errors import HomeError
from loantwin.events.blobs import sync_folder
from loantwin.events.event import Event
from loantwin.events.home import Home

STOPPED, RESUMED = TYPES = ("DecidingStopped", "DecidingResumed")
FOLDER = "stops"


def read_stops(home: Home, until: int | None = None) -> dict[str, Event]:
    """Return what is stopped after the event of sequence `until`: subject -> the event that stopped it.

    Raises
    ------
    LogError : a damaged log.
    """
    found: dict[str, Event] = {}
    for event in home.log.read(until=until, types=TYPES):
        found.pop(str(event.data["subject"]), None)
        if event.type == STOPPED:
            found[str(event.data["subject"])] = event
    return found


def request(home: Home, kind: str, day: date, data: Mapping[str, Any]) -> str:
    """Leave a request for the process that writes, on disk when this returns; return its event's id.

    Raises
    ------
    HomeError : a home that cannot be written.
    """
    folder = home.folder / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        temporary, name = folder / f".writing-{token_hex(8)}", folder / f"{token_hex(8)}.json"
        with temporary.open("x", encoding="utf-8") as file:
            json.dump({"type": kind, "happened": day.isoformat(), "data": dict(data)}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(name)
        sync_folder(folder)
    except OSError as error:
        raise HomeError(f"expected a home that can be written, was: {error}", file=folder) from error
    return f"stop:{name.stem}"


def waiting(home: Home) -> tuple[Path, ...]:
    """Return the requests that nobody has taken yet: one look at a folder, some microseconds."""
    try:
        names = os.listdir(home.folder / FOLDER)
    except FileNotFoundError:
        return ()
    return tuple(home.folder / FOLDER / name for name in sorted(names) if name.endswith(".json"))


def take(home: Home) -> int:
    """Put the requests that wait into the log and remove them; return how many there were.

    Raises
    ------
    HomeError : a request that cannot be read, or a home opened for reading.
    """
    files = waiting(home)
    events = []
    for file in files:
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            kind = TYPES[TYPES.index(told["type"])]
            events.append(
                Event(kind, date.fromisoformat(told["happened"]), told["data"], f"stop:{file.stem}")
            )
        except (OSError, ValueError, TypeError, KeyError) as error:
            words = f"expected a request to stop or resume, was: {error}; remove the file"
            raise HomeError(words, file=file) from error
    if events:
        home.append(events)
        for file in files:
            file.unlink(missing_ok=True)
    return len(events)
