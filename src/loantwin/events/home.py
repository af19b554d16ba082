"""The twin's home: one folder that holds everything a twin knows.

`twin.toml` (its `format` and settings), `log.sqlite` (the events: the truth), `blobs/<sha256>` (bulk facts,
named by events), `persons.sqlite` (who applied), `quarantine/` (rejected rows), `lock` (one writer). The
SQLite commit is the only commit point; `log.head` notes the last event after it.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from typing import Any

import polars as pl

from loantwin.clock import Clock, SystemClock
from loantwin.errors import HomeError, UsageError, expected
from loantwin.events.blobs import Blobs, sync_folder
from loantwin.events.event import Event, known_type
from loantwin.events.lock import WriterLock, is_free
from loantwin.events.log import Log
from loantwin.events.log_file import create_log
from loantwin.events.persons import Persons
from loantwin.events.upgrade import HOME_FORMAT, check_home_format, upgrade_home
from loantwin.events.verify import LogVerification, verify_home
from loantwin.results.spreadsheet import spreadsheet_safe

SETTINGS = "twin.toml"
LOG = "log.sqlite"
LOCK = "lock"
BLOBS = "blobs"
QUARANTINE = "quarantine"


class Home:
    """An open home: from `Home.create`, `building` or `open`, ended by `close` or a `with` block."""

    def __init__(self, folder: Path, log: Log, lock: WriterLock | None) -> None:
        self.folder = folder
        self.log = log
        self.blobs = Blobs(folder / BLOBS, writable=lock is not None)
        self.persons = Persons(folder, writable=lock is not None)
        self._lock = lock

    @classmethod
    def create(cls, folder: Path | str, clock: Clock | None = None, **facts: Any) -> Home:
        """Make a home whose log holds `TwinCreated` with `facts`, and return it open for writing.

        Raises
        ------
        HomeError : the folder holds something already; it is left as it was.
        """
        with cls.building(folder, clock, **facts):
            pass
        return cls.open(folder, writable=True, clock=clock)

    @classmethod
    @contextmanager
    def building(cls, folder: Path | str, clock: Clock | None = None, **facts: Any) -> Iterator[Home]:
        """Yield a home under a temporary name; it appears as `folder` when the block ends well.

        An exception in the block, or the end of the process, leaves `folder` as it was. Facts are the fields
        of `TwinCreated`; dates may be given as dates, unknown names go to its field `facts`.

        Raises
        ------
        HomeError : `folder` is a home, a file or holds files, or cannot be written.
        """
        clock = clock or SystemClock()
        target = Path(folder).absolute()
        _refuse_taken(target)
        temporary = target.parent / f".{target.name}.creating-{token_hex(8)}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _clear_abandoned(target)
            temporary.mkdir(mode=0o700)  # a home names borrowers: it is its owner's
            home = _lay_out(temporary, clock, facts)
            try:
                yield home
            finally:
                home.close()
            _sync_tree(temporary)
            _refuse_taken(target)
            temporary.rename(target)
        except OSError as error:
            raise HomeError(f"expected a folder that can be written, was: {error}", file=target) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        sync_folder(target.parent)

    @classmethod
    def open(cls, folder: Path | str, writable: bool = False, clock: Clock | None = None) -> Home:
        """Open a home: any number for reading, one for writing.

        Raises
        ------
        HomeError : missing, half written, damaged, from a newer version, or held by another writer.
        """
        place = Path(folder).absolute()
        number = _read_format(place)
        check_home_format(number, place / SETTINGS)
        if not (place / BLOBS).is_dir():
            raise HomeError(
                "expected the folder blobs, was none: the home is half written; create it anew", file=place
            )
        if not writable:
            if number < HOME_FORMAT:
                raise HomeError(
                    expected(
                        f"format {HOME_FORMAT}", f"format {number}; open it once for writing to upgrade it"
                    ),
                    file=place,
                )
            return cls(place, Log(place / LOG), None)
        lock = WriterLock(place / LOCK)
        try:
            upgrade_home(place, number, lambda reached: _write_format(place, reached))
            return cls(place, Log(place / LOG, clock or SystemClock()), lock)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Close the log and release the lock."""
        self.log.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Home:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def writable(self) -> bool:
        """Return True where this process may append."""
        return self._lock is not None

    def append(self, events: Iterable[Event]) -> int:
        """Record events in one transaction (`Log.append`); the blobs and files they name must be there."""
        batch = list(events)
        for event in batch:
            self.check_names(event)
        return self.log.append(batch)

    def append_rows(
        self,
        type: str,  # noqa: A002  # the event's own word
        happened: date | Sequence[date],
        data: Sequence[dict[str, Any]],
        event_ids: Sequence[str | None] | None = None,
    ) -> int:
        """Record many loan events of one type in one transaction; see `Log.append_rows`.

        Raises
        ------
        UsageError : a type that is none of loan events.
        """
        if not known_type(type).of_loan:
            raise UsageError(expected("a type of loan events", type), field="type")
        return self.log.append_rows(type, happened, data, event_ids)

    def check_names(self, event: Event) -> None:
        """Raise HomeError where an event names a blob or a file that the home does not hold."""
        for name, value in event.data.items():
            if name.endswith("_blob"):
                self.blobs.path_of(value)
            elif name.endswith("_file") and name == "quarantine_file" and not (self.folder / value).is_file():
                raise HomeError("expected a file of the home, was none", file=self.folder / value, field=name)

    def events(self, type: str | None = None) -> Iterator[Event]:  # noqa: A002  # the event's own word
        """Yield all events, or those of one type, in order."""
        return self.log.read(types=None if type is None else (type,))

    def last(self, type: str) -> Event | None:  # noqa: A002
        """Return the last event of a type, or None."""
        return self.log.last(type)

    def put_bytes(self, content: bytes) -> str:
        """Store bytes as a blob and return its sha256."""
        return self.blobs.put_bytes(content)

    def put_file(self, source: Path | str) -> str:
        """Store a copy of a file as a blob and return its sha256."""
        return self.blobs.put_file(Path(source))

    def put_frame(self, frame: pl.DataFrame) -> str:
        """Store a table as a Parquet blob and return its sha256."""
        return self.blobs.put_frame(frame)

    def put_json(self, value: Any) -> str:
        """Store plain data as a JSON blob and return its sha256."""
        return self.blobs.put_json(value)

    def read_bytes(self, name: str, *, check: bool = True) -> bytes:
        """Return a blob's bytes."""
        return self.blobs.read_bytes(name, check=check)

    def read_frame(self, name: str, *, check: bool = True) -> pl.DataFrame:
        """Return a stored table."""
        return self.blobs.read_frame(name, check=check)

    def read_json(self, name: str) -> Any:
        """Return stored plain data."""
        return self.blobs.read_json(name)

    def put_quarantine(self, rows: pl.DataFrame) -> str:
        """Write rejected rows for people to read; return the path in the home, for `quarantine_file`.

        Raises
        ------
        HomeError : a home opened for reading.
        """
        if self._lock is None:
            raise HomeError(
                "expected a home opened for writing, was one opened for reading", file=self.folder
            )
        text = spreadsheet_safe(rows).write_csv().encode()
        folder = Blobs(self.folder / QUARANTINE, writable=True)
        name = folder.put_bytes(text)
        named = folder.folder / f"{name}.csv"
        (folder.folder / name).rename(named)
        sync_folder(folder.folder)
        return f"{QUARANTINE}/{named.name}"

    def verify(self) -> LogVerification:
        """Read everything and say what is wrong: see `verify_home`."""
        return verify_home(self.folder, self.log, self.blobs)


def _refuse_taken(target: Path) -> None:
    if (target / SETTINGS).exists():
        raise HomeError(
            "expected no twin there yet, was a twin's home; open it, or choose another folder", file=target
        )
    if target.exists() and not target.is_dir():
        raise HomeError("expected a folder, was a file; choose another folder", file=target)
    if target.is_dir() and any(target.iterdir()):
        raise HomeError(
            "expected an empty folder or none, was one that holds other files; choose another folder",
            file=target,
        )


def _clear_abandoned(target: Path) -> None:
    """Remove what a killed creation of the same home left beside it; one in progress holds its lock."""
    for left in target.parent.glob(f".{target.name}.creating-*"):
        lock = left / LOCK
        if not left.is_symlink() and lock.is_file() and not lock.is_symlink() and is_free(lock):
            shutil.rmtree(left, ignore_errors=True)


def _lay_out(folder: Path, clock: Clock, facts: dict[str, Any]) -> Home:
    lock = WriterLock(folder / LOCK)
    try:
        (folder / BLOBS).mkdir()
        (folder / QUARANTINE).mkdir()
        create_log(folder / LOG)
        _write_format(folder, HOME_FORMAT)
        home = Home(folder, Log(folder / LOG, clock), lock)
    except BaseException:
        lock.release()
        raise
    home.append([Event("TwinCreated", clock.now().date(), _creation(facts))])
    return home


def _creation(facts: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.items()}
    own = {name: value for name, value in plain.items() if name in {"program", "name", "currency", "as_of"}}
    other = {name: value for name, value in plain.items() if name not in own}
    return {"program": f"loantwin {version('loantwin')}", **own, **({"facts": other} if other else {})}


def _read_format(folder: Path) -> int:
    path = folder / SETTINGS
    if not folder.is_dir():
        raise HomeError("expected a twin's home, was no folder; make one with `twin create`", file=folder)
    if path.exists() and not path.is_file():
        raise HomeError("expected the file twin.toml, was no plain file; restore it from a copy", file=path)
    try:
        number = tomllib.loads(path.read_text(encoding="utf-8")).get("format")
    except FileNotFoundError as error:
        half = (folder / LOG).exists()
        was = (
            "a half written home; create it anew"
            if half
            else "a folder without twin.toml; make a home with `twin create`"
        )
        raise HomeError(f"expected a twin's home, was {was}", file=folder) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise HomeError(
            f"expected readable TOML with `format = {HOME_FORMAT}`, was: {error}; repair the file", file=path
        ) from error
    if type(number) is not int:
        raise HomeError(expected(f"`format = {HOME_FORMAT}`", number), file=path, field="format")
    return number


def _write_format(folder: Path, number: int) -> None:
    """Store the format's number, whatever else the file says kept, in one rename."""
    path = folder / SETTINGS
    lines = (
        path.read_text(encoding="utf-8").splitlines()
        if path.exists()
        else ["# A twin's home. Settings go into [config]."]
    )
    kept = [line for line in lines if line.split("=")[0].strip() != "format"]
    first = next((i for i, line in enumerate(kept) if line.lstrip().startswith("[")), len(kept))
    temporary = folder / f".{SETTINGS}.writing-{token_hex(8)}"
    try:
        with temporary.open("x", encoding="utf-8") as file:  # a new file, never one that a planted link names
            file.write("\n".join([*kept[:first], f"format = {number}", *kept[first:], ""]))
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)


def _sync_tree(folder: Path) -> None:
    for place, _, files in os.walk(folder):
        for name in files:
            with open(os.path.join(place, name), "rb") as file:
                os.fsync(file.fileno())
        sync_folder(Path(place))
