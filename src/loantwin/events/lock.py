"""The one-writer lock of a home: an advisory lock on the file `lock`, freed when its holder ends."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

from loantwin.errors import HomeError


class WriterLock:
    """Held from construction to `release`; the file holds the process id, for people and the refusal.

    Raises
    ------
    HomeError : another process holds the lock (it is named), or the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        # Trap: a lock that is a link. Its file would be emptied and written over, wherever it lies.
        try:
            self._handle = os.open(
                path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644
            )
        except OSError as error:
            was = f"a link to {os.readlink(path)}; remove it" if path.is_symlink() else error.strerror
            raise HomeError(f"expected a home that can be written, was: {was}", file=path) from error
        if not stat.S_ISREG(os.fstat(self._handle).st_mode):
            os.close(self._handle)
            raise HomeError("expected a plain file as lock, was another kind; remove it", file=path)
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
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
