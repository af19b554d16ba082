"""The append-only log: SQLite, one row an event, a hash chain over all of them.

WAL with `synchronous=FULL`: when `append` returns, the batch is on disk as a whole or not at all. Reading
needs no lock of the home and goes in pages, so that a slow reader never holds up a writer. Threads that share
a log take turns at its one connection: a query stepped by two of them at once ends early, and a batch under
way would be seen by halves.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from threading import RLock
from typing import Any

from loantwin.clock import Clock
from loantwin.errors import HomeError, LogError, expected
from loantwin.events.batch import Batch, Row, batch_of, rows_of, without_known
from loantwin.events.codec import GENESIS, chain, encode, from_microseconds, head, to_microseconds
from loantwin.events.event import Event, known_type
from loantwin.events.event_types import EVENT_TYPES
from loantwin.events.head_file import check_head, read_head, write_head
from loantwin.events.log_file import check_version, connect, sqlite_errors, stamp
from loantwin.events.upgrade import newest_version, upgrade_event

PAGE = 10_000
"""Events read at once."""

_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_COLUMNS = "sequence, type, version, happened, recorded, id, data, hash"
_MOVE_HEAD = "UPDATE head SET sequence = ?, recorded = ?, hash = ? WHERE sequence = ? AND hash = ?"


class Log:
    """An open log.

    Parameters
    ----------
    path : the file `log.sqlite`.
    clock : tells the moment at which events are recorded; None opens for reading only. The caller holds the
        home's lock when writing.

    Raises
    ------
    HomeError : no such file, not a loantwin log, damaged, or from a newer version.
    """

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.path = path
        self._clock = clock
        self._guard = RLock()
        self.closed = False
        noted = read_head(path)  # before the log, which a writer moves on first
        with sqlite_errors(path):
            self._connection, self._frozen = connect(path, writable=clock is not None)
            try:
                check_version(self._connection, path)
                check_head(self._connection, noted, path)
                self._sequence, self._recorded, self._hash = self._stored_head()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the file; a writer's last changes are folded into it."""
        self._connection.close()
        self.closed = True

    @property
    def head(self) -> tuple[int, str]:
        """Return sequence and hash of the last event; (0, zeros) of an empty log.

        Raises
        ------
        HomeError : a log without a head, or one that changed while it was read.
        """
        with self._guard:
            if self._clock is None:
                with self._reading():
                    self._sequence, self._recorded, self._hash = self._stored_head()
            return self._sequence, self._hash.hex()

    def append(self, events: Iterable[Event]) -> int:
        """Record events in one transaction and return the sequence of the last event of the log.

        An event whose `event_id` is in the log already, with the same fact, is taken only once. The moment of
        recording is the clock's, but never earlier than that of the event before, so that what was known at a
        moment is always a beginning of the log.

        Raises
        ------
        LogError : an unknown type, data that breaks its fields, an id taken by another fact; nothing is
            recorded.
        HomeError : a log opened for reading.
        """
        return self._append(batch_of(events))

    def append_rows(
        self,
        type: str,  # noqa: A002  # the event's own word
        happened: date | Sequence[date],
        data: Sequence[dict[str, Any]],
        event_ids: Sequence[str | None] | None = None,
    ) -> int:
        """Record many events of one type, as `append`; `happened` is one day for all or one each.

        Raises
        ------
        LogError : as `append`, and as many days or ids as data are not given. HomeError : a log opened for
            reading.
        """
        days = [happened] * len(data) if isinstance(happened, date) else happened
        ids = [None] * len(data) if event_ids is None else event_ids
        if not len(days) == len(ids) == len(data):
            raise LogError(expected(f"{len(data)} days and ids", f"{len(days)} and {len(ids)}"))
        return self._append(Batch([type] * len(data), days, ids, data))

    def read(
        self,
        since: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        loan: str | None = None,
    ) -> Iterator[Event]:
        """Yield events after `since` up to `until`, in order; by default to the last at the first step.

        Events of an older version come upgraded to the newest one. With `types` or `loan`, `previous` is left
        empty. loan : only events of this loan.

        Raises
        ------
        LogError : data that are no JSON objects. HomeError : a log that changed while it was read.
        """
        moments: dict[int, datetime] = {}
        days: dict[str, date] = {}
        whole = types is None and loan is None
        for page in self.pages(since, until, types, loan):
            previous = self._hash_of(page[0][0] - 1) if whole else ""
            values = _decoded([row[6] for row in page], page[0][0], self.path)
            for (sequence, kind, version, happened, recorded, event_id, _, digest), data in zip(
                page, values, strict=True
            ):
                if loan is not None and data.get("loan_id") != loan:
                    continue  # the text stood in another field
                own = digest.hex()
                if happened not in days:
                    days[happened] = date.fromisoformat(happened)
                if recorded not in moments:
                    moments[recorded] = from_microseconds(recorded)
                if version != newest_version(kind):
                    version, data = upgrade_event(kind, version, data, sequence)
                yield Event(
                    kind, days[happened], data, event_id, version, moments[recorded], sequence, own, previous
                )
                previous = own if whole else ""

    def pages(
        self,
        since: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        loan: str | None = None,
    ) -> Iterator[list[Row]]:
        """Yield the stored rows of the same events, in lists; with `loan`, perhaps a few of others that name
        it. Each is held to its hash, and to that of the event before.

        Raises
        ------
        LogError : a row that was changed, or a gap before it. HomeError : a log that changed while it was
            read.
        """
        place, digest = 0, GENESIS
        for page in self.rows(since, until, types, loan):
            for row in page:
                if row[0] != place + 1:
                    digest = bytes.fromhex(self._hash_of(row[0] - 1))
                if not follows(row, digest):
                    raise LogError(
                        expected(
                            f"event {row[0]} with a hash that follows from its fields and the event before",
                            "another",
                        )
                        + "; run log verify, and restore the home from a copy",
                        file=self.path,
                    )
                place, digest = row[0], row[7]
            yield page

    def rows(
        self,
        since: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        loan: str | None = None,
    ) -> Iterator[list[Row]]:
        """Yield the stored rows as `pages` does, held to nothing.

        Raises
        ------
        HomeError : a log that changed while it was read.
        """
        last = self.head[0] if until is None else until
        names = None if types is None else tuple(known_type(name).name for name in types)
        chosen = "" if names is None else f" AND type IN ({', '.join('?' * len(names))})"
        told = names or ()
        if loan is not None:
            chosen += " AND instr(data, ?) > 0"  # canonical JSON: the field is written in one way only
            told = (*told, encode({"loan_id": loan})[1:-1])
        query = (
            f"SELECT {_COLUMNS} FROM events "  # noqa: S608
            f"WHERE sequence > ? AND sequence <= ?{chosen} ORDER BY sequence LIMIT {PAGE}"
        )
        while since < last:
            with self._reading():
                page: list[Row] = self._connection.execute(query, (since, last, *told)).fetchall()
            if not page:
                return
            since = page[-1][0]
            yield page

    def last(self, type: str, until: int | None = None) -> Event | None:  # noqa: A002  # the event's own word
        """Return the last event of a type, up to a sequence; None where there is none.

        Raises
        ------
        HomeError : a log that changed while it was read.
        """
        query = "SELECT max(sequence) FROM events WHERE type = ? AND sequence <= ?"
        with self._reading():
            row = self._connection.execute(
                query, (known_type(type).name, 2**62 if until is None else until)
            ).fetchone()
        if row[0]:
            return next(self.read(row[0] - 1, row[0]), None)
        self.check_span(0, self.head[0])  # damage may hide an event
        return None

    def find(self, event_id: str) -> Event | None:
        """Return the event of an id, held to its hash; None where there is none.

        Raises
        ------
        LogError : the event was changed. HomeError : a log that changed while it was read.
        """
        with self._reading():
            row = self._connection.execute("SELECT sequence FROM events WHERE id = ?", (event_id,)).fetchone()
        return None if row is None else next(self.read(row[0] - 1, row[0]), None)

    def check_span(self, since: int, until: int) -> None:
        """Raise LogError where an event after `since` up to `until` lacks, or is of a type not known here.

        Raises
        ------
        LogError : so. HomeError : a log that changed while it was read.
        """
        with self._reading():
            query = "SELECT count(*) FROM events WHERE sequence > ? AND sequence <= ?"
            (held,) = self._connection.execute(query, (since, until)).fetchone()
        if held != until - since:
            was = f"{held}; run log verify, and restore the home from a copy"
            raise LogError(
                expected(f"{until - since} events after event {since}, up to {until}", was), file=self.path
            )
        strange = self.types(since, until) - set(EVENT_TYPES)
        if strange:
            was = f"{min(strange, key=str)}: it needs a newer loantwin, or the log is damaged; run log verify"
            raise LogError(expected("event types that this version knows", was), file=self.path)

    def types(self, since: int, until: int) -> set[str]:
        """Return the types of the events after sequence `since` up to `until`.

        Raises
        ------
        HomeError : a log that changed while it was read.
        """
        query = "SELECT DISTINCT type FROM events WHERE sequence > ? AND sequence <= ?"
        with self._reading():
            return {row[0] for row in self._connection.execute(query, (since, until))}

    def extent(self) -> tuple[int, tuple[int, str]]:
        """Return the highest sequence and the head as stored, at one moment; equal in a sound log.

        Raises
        ------
        HomeError : a log without a head, or one that changed while it was read.
        """
        with self._reading():
            query = "SELECT (SELECT coalesce(max(sequence), 0) FROM events), sequence, hash FROM head"
            row = self._connection.execute(query).fetchone()
        if row is None or not isinstance(row[2], bytes):
            raise HomeError(expected("a log with a head", "none"), file=self.path)
        return row[0], (row[1], row[2].hex())

    def damage(self) -> list[str]:
        """Return what SQLite's own check finds wrong with the file.

        Raises
        ------
        HomeError : a log that changed while it was read.
        """
        with self._reading():
            rows = self._connection.execute("PRAGMA quick_check(20)").fetchall()
        return [] if rows == [("ok",)] else [f"{self.path.name}: {row[0]}" for row in rows]

    def known_at(self, recorded: datetime) -> int:
        """Return the sequence of the last event that was recorded by a moment.

        Raises
        ------
        LogError : a gap in the sequence. HomeError : a log that changed while it was read.
        """
        limit = to_microseconds(recorded)
        low, high = 0, self.head[0]
        with self._reading():
            while low < high:  # the moments rise with the sequence
                middle = (low + high + 1) // 2
                row = self._connection.execute(
                    "SELECT recorded FROM events WHERE sequence = ?", (middle,)
                ).fetchone()
                if row is None:
                    raise LogError(expected(f"event {middle}", "a gap"), file=self.path)
                low, high = (middle, high) if row[0] <= limit else (low, middle - 1)
        return low

    def _hash_of(self, sequence: int) -> str:
        if sequence == 0:
            return GENESIS.hex()
        with self._reading():
            row = self._connection.execute(
                "SELECT hash FROM events WHERE sequence = ?", (sequence,)
            ).fetchone()
        return row[0].hex() if row and isinstance(row[0], bytes) else ""

    def _stored_head(self) -> tuple[int, int, bytes]:
        row = self._connection.execute("SELECT sequence, recorded, hash FROM head").fetchone()
        if row is None or [type(value) for value in row] != [int, int, bytes]:
            was = "none; restore the home from a copy"
            raise HomeError(expected("a log with a head", was), file=self.path)
        return row[0], row[1], row[2]

    def _append(self, batch: Batch) -> int:
        if self._clock is None:
            raise HomeError("expected a home opened for writing, was one opened for reading", file=self.path)
        with self._guard:
            recorded = max(to_microseconds(self._clock.now()), self._recorded)
            try:
                return self._commit(batch, recorded)
            except sqlite3.IntegrityError:  # an id that the log knows, or one twice in the batch
                return self._commit(without_known(batch, self._known(batch.ids)), recorded)

    def _commit(self, batch: Batch, recorded: int) -> int:
        if not batch.data:
            return self._sequence
        rows, digest = rows_of(batch, self._sequence, recorded, self._hash)
        last = self._sequence + len(batch.data)
        connection = self._connection
        with sqlite_errors(self.path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(_INSERT, rows)
                moved = connection.execute(
                    _MOVE_HEAD, (last, recorded, digest, self._sequence, self._hash)
                ).rowcount
                if moved != 1:
                    raise LogError(
                        "expected no other writer, was a log that another process has changed", file=self.path
                    )
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        self._sequence, self._recorded, self._hash = last, recorded, digest
        write_head(self.path, last, digest)
        return last

    def _known(self, ids: Sequence[str | None]) -> dict[str, tuple[str, str, str]]:
        known: dict[str, tuple[str, str, str]] = {}
        with sqlite_errors(self.path):
            for name in {name for name in ids if name is not None}:
                row = self._connection.execute(
                    "SELECT type, happened, data FROM events WHERE id = ?", (name,)
                ).fetchone()
                if row is not None:
                    known[name] = row
        return known

    @contextmanager
    def _reading(self) -> Iterator[None]:
        # Trap: two threads at one connection. Both step one query, which ends early for each of them.
        with self._guard, sqlite_errors(self.path):
            yield
        if self._frozen is not None and self._frozen != stamp(self.path):
            raise HomeError(
                "expected a log at rest, was one that changed while it was read; open the home again",
                file=self.path,
            )


def _decoded(texts: list[str], first: int, path: Path) -> list[dict[str, Any]]:
    """Return the data of a page, decoded in one go: a call for each event takes half as long again."""
    try:
        values = json.loads(f"[{','.join(texts)}]")
    except ValueError as error:
        raise LogError(
            expected(f"JSON in the events from {first} on", f"{error}; run log verify"), file=path
        ) from error
    if len(values) != len(texts) or set(map(type, values)) != {dict}:
        raise LogError(
            f"expected an object in each event from {first} on, was other JSON; run log verify", file=path
        )
    return list(values)


def follows(row: Row, previous: bytes) -> bool:
    """Return whether a stored row has the hash that follows from its fields and from the hash before it."""
    _, kind, version, happened, recorded, event_id, text, stored = row
    try:
        return chain(previous, head(kind, version, happened, recorded, event_id), text) == stored
    except (AttributeError, TypeError):  # a field of another type than the table's
        return False
