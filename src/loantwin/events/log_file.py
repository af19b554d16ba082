"""The file of the log: its tables, how it is made and opened, and what its errors mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from loantwin.errors import HomeError, expected

LOG_VERSION = 1
"""Version of the tables below, kept in SQLite's `user_version`."""

APPLICATION_ID = 0x4C54574E
"""Marks the file as a loantwin log ("LTWN"), for `file` and for refusing somebody else's database."""

_TABLES = """
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY,
  type     TEXT    NOT NULL,
  version  INTEGER NOT NULL,
  happened TEXT    NOT NULL,
  recorded INTEGER NOT NULL,
  id       TEXT,
  data     TEXT    NOT NULL,
  hash     BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_id ON events (id) WHERE id IS NOT NULL;
CREATE TABLE head (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  sequence INTEGER NOT NULL,
  recorded INTEGER NOT NULL,
  hash     BLOB    NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, 0, zeroblob(32));
CREATE TRIGGER events_stay BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER events_hold BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
"""


def create_log(path: Path) -> None:
    """Write an empty log to a path that does not exist yet."""
    marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {LOG_VERSION};"
    with sqlite_errors(path):
        path.touch(mode=0o600, exist_ok=False)
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.executescript(
                f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN; {_TABLES} {marks} COMMIT;"
            )
        finally:
            connection.close()


def connect(path: Path, *, writable: bool) -> tuple[sqlite3.Connection, tuple[int, ...] | None]:
    """Return an open connection and, where the file is read as frozen, its stamp.

    A reader who may not write the folder cannot make the shared-memory file of a WAL database. Where no
    writer has left one, the file is at rest and can be read as immutable; its stamp tells a change under our
    hands.

    Raises
    ------
    HomeError : no such file, none of the home's own, or changes that wait in a folder that cannot be written.
    """
    _check_place(path)
    address = path.resolve().as_uri()
    options: dict[str, Any] = {
        "uri": True,
        "isolation_level": None,
        "check_same_thread": False,
        "timeout": 30.0,
    }
    if writable:
        connection = sqlite3.connect(f"{address}?mode=rw", **options)
        try:
            check_version(connection, path)  # before anything is changed
            # Trap: a commit that a power cut undoes. NORMAL syncs a WAL file now and then only.
            for setting in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 4000"):
                connection.execute(f"PRAGMA {setting}")
        except BaseException:
            connection.close()
            raise
        return connection, None
    connection = sqlite3.connect(f"{address}?mode=ro", **options)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except UnicodeDecodeError:  # a message that quotes what is damaged
        connection.close()
        raise
    except sqlite3.Error as error:
        connection.close()
        waiting = path.with_name(path.name + "-wal")
        if "unable to open" not in str(error) and "readonly" not in str(error):
            raise
        if waiting.exists() and waiting.stat().st_size:
            raise HomeError(
                "expected a log at rest in a folder that cannot be written, was one with changes waiting "
                "in log.sqlite-wal; open it once for writing, or copy the whole home",
                file=path,
            ) from error
        return sqlite3.connect(f"{address}?immutable=1", **options), stamp(path)
    return connection, None


def _check_place(path: Path) -> None:
    """Raise HomeError where the log is no plain file that holds something, or where it leads elsewhere."""
    for name in ("", "-wal", "-shm", "-journal"):
        part = path.with_name(path.name + name)
        if part.is_symlink():
            # Trap: a planted link. SQLite follows it and writes over what it names.
            raise HomeError(
                f"expected a file of the home's own, was a link to {os.readlink(part)}; put the file in its "
                "place",
                file=part,
            )
    if path.exists() and not path.is_file():
        raise HomeError("expected the file log.sqlite, was no plain file; restore it from a copy", file=path)
    if not path.exists():
        raise HomeError(
            "expected the file log.sqlite, was none: the home is half written; create it anew", file=path
        )
    if not path.stat().st_size:
        raise HomeError(
            expected("a loantwin log", "an empty file") + "; restore the home from a copy", file=path
        )


def stamp(path: Path) -> tuple[int, ...]:
    """Return what tells a changed file from an unchanged one."""
    now = path.stat()
    return now.st_ino, now.st_size, now.st_mtime_ns


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Raise HomeError where a database is not a log, or one from a newer version."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise HomeError(
            "expected a loantwin log, was another SQLite database; restore the home from a copy", file=path
        )
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version < 1:
        was = f"version {version}; restore the home from a copy"
        raise HomeError(expected(f"a log of a version from 1 to {LOG_VERSION}", was), file=path)
    if version > LOG_VERSION:
        raise HomeError(
            expected(
                f"a log of version {LOG_VERSION} or older", f"version {version}; it needs a newer loantwin"
            ),
            file=path,
        )


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Raise HomeError with file and next step for SQLite's errors; a broken unique id passes through."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        if "events.id" in str(error):
            raise
        raise HomeError(
            f"expected a log that takes events, was: {error}; run log verify", file=path
        ) from error
    except sqlite3.ProgrammingError as error:
        if "closed" not in str(error):
            raise
        raise HomeError("expected an open home, was one that was closed; open it again", file=path) from error
    except sqlite3.OperationalError as error:
        raise HomeError(
            f"expected a log that can be read and written, was: {error}; see that it may be opened and "
            "that the disk has room, or restore the home from a copy",
            file=path,
        ) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise HomeError(
            f"expected a sound SQLite file, was: {error}; restore the home from a copy or create it anew",
            file=path,
        ) from error
