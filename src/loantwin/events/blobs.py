"""Content-addressed files: written and synced under a temporary name, then renamed to their sha256."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from hashlib import file_digest, sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

import polars as pl

from loantwin.errors import HomeError, expected
from loantwin.events.codec import encode
from loantwin.events.event_types import CHECKS

TEMPORARY = ".writing-"
"""How the name of a file that is being written begins."""


class Blobs:
    """The folder `blobs/` of a home. A reader's may only be read."""

    def __init__(self, folder: Path, *, writable: bool) -> None:
        self.folder = folder
        self._writable = writable

    def put_bytes(self, content: bytes) -> str:
        """Store bytes and return their sha256.

        Raises
        ------
        HomeError : a home opened for reading, or bytes that cannot be written.
        """
        return self._put(lambda path: _write(path, content), known=sha256(content).hexdigest())

    def put_file(self, source: Path) -> str:
        """Store a copy of a file and return its sha256.

        Raises
        ------
        HomeError : no such file, a home opened for reading, or bytes that cannot be written.
        """
        if not source.is_file():
            raise HomeError("expected a file to store, was none", file=source)
        return self._put(lambda path: _copy(source, path))

    def put_frame(self, frame: pl.DataFrame) -> str:
        """Store a table as Parquet and return its sha256: equal tables, equal bytes on one polars.

        Raises
        ------
        HomeError : a home opened for reading, or bytes that cannot be written.
        """

        def write(path: Path) -> None:
            with path.open("wb") as file:
                frame.rechunk().write_parquet(
                    file, compression="zstd", statistics=True, row_group_size=250_000
                )

        return self._put(write)

    def put_json(self, value: Any) -> str:
        """Store plain data as canonical JSON and return its sha256."""
        return self.put_bytes(encode(value).encode())

    def path_of(self, name: str) -> Path:
        """Return the file of a blob.

        Raises
        ------
        HomeError : the name is no sha256, or there is no such file.
        """
        if not CHECKS["blob"](name):
            raise HomeError(expected("the sha256 of a blob, 64 hexadecimal digits", name), file=self.folder)
        path = self.folder / name
        if not path.is_file():
            raise HomeError(
                "expected a blob that an event names, was none; restore the home from a copy", file=path
            )
        return path

    def read_bytes(self, name: str, *, check: bool = True) -> bytes:
        """Return a blob's bytes; a damaged one raises HomeError where `check` compares them with the name."""
        path = self.path_of(name)
        content = path.read_bytes()
        if check and sha256(content).hexdigest() != name:
            raise _damaged(path)
        return content

    def read_frame(self, name: str, *, check: bool = True) -> pl.DataFrame:
        """Return a stored table.

        Raises
        ------
        HomeError : a damaged blob, or one that holds no table.
        """
        path = self.path_of(name)
        if check and not self.sound(name):
            raise _damaged(path)
        try:
            # Trap: a path with brackets. Polars takes it for a pattern; a stream has no name.
            with path.open("rb") as file:
                return pl.read_parquet(file)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise HomeError(expected("a table in Parquet", str(error)), file=path) from error

    def read_json(self, name: str) -> Any:
        """Return stored plain data.

        Raises
        ------
        HomeError : a damaged blob, or one that holds no JSON.
        """
        try:
            return json.loads(self.read_bytes(name))
        except ValueError as error:
            raise HomeError(expected("JSON", str(error)), file=self.path_of(name)) from error

    def sound(self, name: str) -> bool:
        """Return True where the bytes of a blob agree with its name."""
        with self.path_of(name).open("rb") as file:
            return file_digest(file, "sha256").hexdigest() == name

    def _put(self, write: Callable[[Path], object], known: str | None = None) -> str:
        if not self._writable:
            raise HomeError(
                "expected a home opened for writing, was one opened for reading", file=self.folder
            )
        if known is not None and (self.folder / known).is_file() and self.sound(known):
            return known
        temporary = self.folder / f"{TEMPORARY}{token_hex(8)}"
        try:
            write(temporary)
            temporary.chmod(0o600)
            with temporary.open("rb") as file:
                name = known or file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            temporary.rename(self.folder / name)
        except OSError as error:
            raise HomeError(f"expected a blob to be written, was: {error}", file=self.folder) from error
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(self.folder)
        return name


def sync_folder(folder: Path) -> None:
    """Make names that were made or changed in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)


def _copy(source: Path, path: Path) -> None:
    with source.open("rb") as read, path.open("wb") as write:
        while piece := read.read(1 << 20):
            write.write(piece)


def _damaged(path: Path) -> HomeError:
    return HomeError(
        expected("a blob whose bytes agree with its name", "a damaged one")
        + "; restore it from a copy of the home",
        file=path,
    )
