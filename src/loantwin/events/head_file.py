"""The log's head noted beside it: position and hash of the last event, by which a copy of less is told.

`log.head` is written after each commit, in place and without a sync: one short line within a sector, so that
a reader finds the old one or the new one, and a power cut leaves at most an older one. An older head than the
log's is a writer that was cut off between the two; a newer one is events that the log has lost.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import time
from hashlib import sha256
from pathlib import Path

from loantwin.errors import HomeError, LogError, expected

_LINE = re.compile(rb"loantwin head 1: event (\d{20}), hash ([0-9a-f]{64}), check ([0-9a-f]{16})\n")
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_TRIES = 5
"""Readings of a line that does not add up: a writer may be at it."""

_WHOLE = "copy the home again as a whole from where it was in use (log.sqlite-wal belongs to it)"


def head_file(log: Path) -> Path:
    """Return the file that notes a log's head: `log.head` beside `log.sqlite`."""
    return log.with_suffix(".head")


def read_head(log: Path) -> tuple[int, str] | None:
    """Return the position and hash noted of a log; None where none was noted yet.

    Read it before the log: then the log, which is written first, can only be further on.

    Raises
    ------
    HomeError : no file of its own, one that cannot be read, or one that does not add up.
    """
    path = head_file(log)
    content = b""
    for left in reversed(range(_TRIES)):
        content = _content(path)
        found = _LINE.fullmatch(content)
        if not content:
            return None  # never written, or made right before a power cut
        if found is not None and _check(found[1], found[2]) == found[3]:
            return int(found[1]), found[2].decode()
        time.sleep(0.002 * (left > 0))
    raise HomeError(
        expected("a position and a hash that agree with their check", f"{len(content)} other bytes")
        + "; restore the home from a copy, or remove this file to go on with the log as it is",
        file=path,
    )


def write_head(log: Path, sequence: int, digest: bytes) -> None:
    """Note a log's head; what was there is overwritten in place.

    Raises
    ------
    HomeError : the file cannot be written, or is a link to another one. The events themselves are recorded.
    """
    number, name = b"%020d" % sequence, digest.hex().encode()
    line = b"loantwin head 1: event %b, hash %b, check %b\n" % (number, name, _check(number, name))
    try:
        handle = os.open(head_file(log), os.O_WRONLY | os.O_CREAT | _FLAGS, 0o600)
        try:
            os.pwrite(handle, line, 0)
        finally:
            os.close(handle)
    except OSError as error:
        raise HomeError(
            f"expected a file that can be written, was: {error.strerror}; the events up to {sequence} are "
            "recorded",
            file=head_file(log),
        ) from error


def check_head(connection: sqlite3.Connection, noted: tuple[int, str] | None, log: Path) -> None:
    """Raise LogError where a log does not hold the event that was noted as its last, or another one there."""
    if noted is None or noted[0] == 0:
        return
    position, digest = noted
    row = connection.execute("SELECT hash FROM events WHERE sequence = ?", (position,)).fetchone()
    if row is None:
        last = connection.execute("SELECT coalesce(max(sequence), 0) FROM events").fetchone()[0]
        was = f"a log that ends with event {last}: it was cut, or copied without log.sqlite-wal"
        raise LogError(
            f"expected the events up to {position} that log.head notes, was {was}; {_WHOLE}, or remove "
            f"log.head to go on without the {position - last} lost events",
            file=log,
        )
    if not isinstance(row[0], bytes) or row[0].hex() != digest:
        raise LogError(
            f"expected event {position} with the hash that log.head notes, {digest}, was another one: the "
            f"log is another home's or was changed; {_WHOLE}, or remove log.head to go on with this log",
            file=log,
        )


def _content(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | _FLAGS)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise _unreadable(path, error.strerror) from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _unreadable(path, "no plain file")
        return os.read(handle, 1000)
    except OSError as error:
        raise _unreadable(path, error.strerror) from error
    finally:
        os.close(handle)


def _unreadable(path: Path, was: str | None) -> HomeError:
    words = f"expected a file of the home's own that can be read, was: {was}; put it right, or remove it"
    return HomeError(words, file=path)


def _check(number: bytes, name: bytes) -> bytes:
    return sha256(number + name).hexdigest()[:16].encode()
