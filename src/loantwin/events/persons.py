"""Who applied: a table beside the log, by key, so that a log that is never changed names no person.

A row holds the personal fields and a secret of 32 bytes. An event keeps a hash of both, the seal: it tells a
changed byte while the row is there, and nothing of the person once the row, and its secret, are erased.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from typing import Any

from loantwin.errors import HomeError, expected
from loantwin.events.codec import decode, encode
from loantwin.events.log_file import sqlite_errors

PERSONS = "persons.sqlite"
_TABLE = """
CREATE TABLE IF NOT EXISTS persons (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, secret BLOB NOT NULL, fields TEXT NOT NULL
) STRICT;
"""


class Persons:
    """The persons of a home. A file of its owner's alone, made when the first one comes.

    Erasing overwrites what was there within the file; copies of the home are the lender's to find.
    """

    def __init__(self, folder: Path, *, writable: bool) -> None:
        self.path = folder / PERSONS
        self._writable = writable

    def put(self, rows: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Store personal fields by key, on disk when this returns; return the seal of each.

        Raises
        ------
        HomeError : a home opened for reading, a key that is taken, or a file that cannot be written.
        """
        made = [(key, token_bytes(32), encode(dict(fields))) for key, fields in rows.items()]
        if made:
            with self._open() as connection:
                connection.executemany("INSERT INTO persons (key, secret, fields) VALUES (?, ?, ?)", made)
        return {key: seal(secret, text) for key, secret, text in made}

    def get(self, key: str, sealed: str) -> dict[str, Any] | None:
        """Return the personal fields of a key, None where they were erased.

        Raises
        ------
        HomeError : fields that do not agree with their seal, or a damaged file.
        """
        if not self.path.exists():
            return None
        with self._open(reading=True) as connection:
            row = connection.execute("SELECT secret, fields FROM persons WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        if seal(*row) != sealed:
            words = expected("personal fields that agree with the seal of their event", "changed ones")
            raise HomeError(f"{words}; restore the file from a copy of the home", file=self.path, field=key)
        return dict(decode(row[1])[0])

    def erase(self, keys: Sequence[str]) -> int:
        """Erase the fields of some keys, and their secrets; return how many there were.

        Raises
        ------
        HomeError : a home opened for reading, or a file that cannot be written.
        """
        if not keys or not self.path.exists():
            return 0
        with self._open() as connection:
            return sum(
                connection.execute("DELETE FROM persons WHERE key = ?", (key,)).rowcount for key in keys
            )

    def latest(self) -> Iterator[str]:
        """Yield keys, the one stored last first.

        Raises
        ------
        HomeError : a damaged file.
        """
        if not self.path.exists():
            return
        below = 2**62
        while True:
            with self._open(reading=True) as connection:
                query = "SELECT number, key FROM persons WHERE number < ? ORDER BY number DESC LIMIT 100"
                page = connection.execute(query, (below,)).fetchall()
            if not page:
                return
            yield from (key for _, key in page)
            below = page[-1][0]

    @contextmanager
    def _open(self, reading: bool = False) -> Iterator[sqlite3.Connection]:
        if not reading and not self._writable:
            words = "expected a home opened for writing, was one opened for reading"
            raise HomeError(words, file=self.path)
        if self.path.is_symlink():
            raise HomeError("expected a file of the home's own, was a link; remove it", file=self.path)
        with sqlite_errors(self.path):
            if reading:
                self._settle()
            else:
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            mode = "ro" if reading else "rw"
            connection = sqlite3.connect(
                f"{self.path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=30.0
            )
            try:
                if reading:
                    yield connection
                    return
                for setting in ("secure_delete = ON", "synchronous = FULL"):
                    connection.execute(f"PRAGMA {setting}")
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(_TABLE)
                yield connection
                connection.execute("COMMIT")
            finally:
                connection.close()  # what was not committed is undone

    def _settle(self) -> None:
        """Undo what a killed writer left half done: a connection that may not write cannot read before."""
        left = self.path.with_name(f"{PERSONS}-journal")
        if left.exists() and os.access(self.path, os.W_OK):
            connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=rw", uri=True, timeout=30.0)
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            finally:
                connection.close()


def seal(secret: bytes, text: str) -> str:
    """Return the seal of personal fields: sha256 of a secret and their canonical JSON."""
    return sha256(secret + text.encode()).hexdigest()
