"""The one-writer lock of a home: an advisory lock on the file `lock`, freed when its holder ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from loantwin.errors import HomeError


class WriterLock:
    """Held from construction to `release`; the file holds the process id, for people and the refusal.

    Raises
    ------
    HomeError : another process holds the lock (it is named), or the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise HomeError(
                f"expected a home that can be written, was: {error.strerror}", file=path
            ) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._handle, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._handle)
            raise HomeError(
                f"expected no other writer, was process {holder} holding the lock; end it, or open the home "
                "for reading",
                file=path,
            ) from error
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next writer in."""
        os.close(self._handle)


def is_free(path: Path) -> bool:
    """Return True where nobody holds the lock."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
