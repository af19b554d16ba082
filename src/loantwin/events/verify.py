"""Checking a home: hash chain, head, every event's data, the blobs they name, and what nothing names."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from loantwin.errors import HomeError, LogError
from loantwin.events.blobs import Blobs
from loantwin.events.codec import GENESIS, decode, encode
from loantwin.events.event import check_data, known_type
from loantwin.events.log import Log, follows
from loantwin.events.upgrade import upgrade_event
from loantwin.types import Result

MOST_PROBLEMS = 100
"""How many problems are listed; the rest is counted."""


@dataclass(frozen=True)
class LogVerification(Result):
    """What `log verify` found.

    `missing` names blobs and files that events name and the home lacks; `unreferenced` lists files that no
    event names: rubbish of interrupted work, no fault. `ok` is True where nothing is wrong with what events
    say.
    """

    SCHEMA: ClassVar[str] = "loantwin.log/1"

    home: str
    ok: bool
    events: int
    head: str
    by_type: Mapping[str, int]
    problems: tuple[str, ...]
    missing: tuple[str, ...]
    unreferenced: tuple[str, ...]


def verify_home(folder: Path, log: Log, blobs: Blobs) -> LogVerification:
    """Read a home as a whole and return what is wrong. Damage is reported, not raised."""
    problems: list[str] = []
    named: set[str] = set()
    counts: Counter[str] = Counter()
    last, digest = 0, GENESIS.hex()
    try:
        problems += log.damage()
        stored, noted = log.extent()  # a writer may go on meanwhile
        for reached in _follow(log, stored, problems, named, counts):
            last, digest = reached
        if (last, digest) != noted:
            problems.append(
                f"head: expected event {last} with hash {digest} to be the last, was event {noted[0]}, "
                f"{noted[1]}"
            )
    except (HomeError, sqlite3.Error) as error:
        problems.append(str(error))
    present = {name for name in sorted(named) if _path(folder, name).is_file()}
    missing = tuple(sorted(named - present))
    problems += [f"{name}: expected a file that an event names, was none" for name in missing]
    for name in sorted(name for name in present if name.startswith("blobs/")):
        if not blobs.sound(name.removeprefix("blobs/")):
            problems.append(f"{name}: expected bytes that agree with the name, was a damaged file")
    shown = tuple(problems[:MOST_PROBLEMS])
    if len(problems) > MOST_PROBLEMS:
        shown += (f"and {len(problems) - MOST_PROBLEMS} more",)
    return LogVerification(
        home=str(folder),
        ok=not problems,
        events=sum(counts.values()),
        head=digest,
        by_type=dict(sorted(counts.items())),
        problems=shown,
        missing=missing,
        unreferenced=tuple(_unreferenced(folder, named)),
    )


def _follow(
    log: Log, until: int, problems: list[str], named: set[str], counts: Counter[str]
) -> Iterator[tuple[int, str]]:
    """Walk the chain, noting what is wrong; yield sequence and hash after each page."""
    want, digest = 1, GENESIS
    for page in log.rows(since=-(2**62), until=until):
        for row in page:
            sequence, kind, version, _, _, _, text, stored = row
            if sequence != want:
                problems.append(
                    f"event {want}: expected it to follow event {want - 1}, was a gap up to event {sequence}"
                )
            elif not follows(row, digest):
                problems.append(
                    f"event {sequence}: expected a hash that follows from the event before, was another one"
                )
            if (type(kind), type(version), type(text), type(stored)) != (str, int, str, bytes):
                problems.append(f"event {sequence}: expected a text, a number, a text and a hash, was other")
                want, digest = sequence + 1, stored if isinstance(stored, bytes) else GENESIS
                continue
            counts[kind] += 1
            problems += _check_row(sequence, kind, version, text, named)
            want, digest = sequence + 1, stored
        yield want - 1, digest.hex()


def _check_row(sequence: int, kind: str, version: int, text: str, named: set[str]) -> list[str]:
    try:
        data: Any = decode(text)[0]
        _, upgraded = upgrade_event(kind, version, data, sequence)
        check_data(known_type(kind), upgraded, f"event {sequence}")
        if encode(data) != text:
            return [f"event {sequence}: expected canonical JSON, was another form of it"]
    except LogError as error:
        return [str(error)]
    except (ValueError, RecursionError) as error:
        return [f"event {sequence}: expected JSON, was: {error}"]
    named.update(f"blobs/{value}" for name, value in upgraded.items() if name.endswith("_blob"))
    named.update(str(value) for name, value in upgraded.items() if name == "quarantine_file")
    return []


def _path(folder: Path, name: str) -> Path:
    return folder.joinpath(*name.split("/"))


def _unreferenced(folder: Path, named: set[str]) -> list[str]:
    own = {"twin.toml", "log.sqlite", "log.sqlite-wal", "log.sqlite-shm", "log.head", "lock"}
    own |= {"persons.sqlite", "persons.sqlite-journal"}
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in files if name not in own | named and not name.startswith("stops/"))
