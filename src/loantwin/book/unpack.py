"""Archives: one file comes out of a gzip file or of a zip archive with one member, never more than fits."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from loantwin.errors import TapeError, expected

MOST_UNPACKED = 4 << 30
"""Most bytes that are unpacked from any file."""

ALWAYS_UNPACKED = 256 << 20
MOST_TIMES = 250
"""Beyond `ALWAYS_UNPACKED`, at most this many times the packed size: tapes shrink twenty-fold, traps a
thousand-fold.
"""

MOST_LAYERS = 3

WORKBOOKS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
"""Members that make a zip archive a workbook: .xlsx, .xlsb, .ods."""

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
"""How a zip archive begins, and one of no file."""

_CHUNK = 1 << 22
_NOT_DATA = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_UNREADABLE = (
    EOFError,
    zlib.error,
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    RuntimeError,
    NotImplementedError,
    OSError,
)


def unpacked(content: bytes, path: Path) -> tuple[bytes, tuple[str, ...]]:
    """Return what a file holds once it is unpacked, and which member that was; a workbook stays as it is.

    An archive in an archive is unpacked too, to a depth of `MOST_LAYERS`.

    Raises
    ------
    TapeError : a damaged or locked archive, one of several files or of none, more than `MOST_UNPACKED`, or
        archives within archives beyond the depth.
    """
    words: tuple[str, ...] = ()
    packed = len(content)
    for _ in range(MOST_LAYERS):
        inner, said = _one_layer(content, packed, path)
        if inner is content:
            return content, words
        content, words = inner, (*words, *said)
    if _one_layer(content, packed, path)[0] is not content:
        raise TapeError(
            expected(f"at most {MOST_LAYERS} archives within each other", "more") + "; unpack the file first",
            file=path,
        )
    return content, words


def _one_layer(content: bytes, packed: int, path: Path) -> tuple[bytes, tuple[str, ...]]:
    """Return what an archive holds, `packed` being the size of the outermost; another file as it is."""
    if content[:2] == b"\x1f\x8b":
        opened = _read(
            lambda: cast(IO[bytes], gzip.GzipFile(fileobj=io.BytesIO(content))),
            packed,
            path,
            "gzip file",
        )
        return opened, ()
    if content[:4] not in ZIP or is_workbook(content, path):
        return content, ()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and not _leftover(name)]
        if len(names) != 1:
            was = "a zip archive of " + (", ".join(names[:10]) if names else "no file")
            raise TapeError(
                expected("one file in the archive", was) + "; unpack it and name the tape", file=path
            )
        opened = _read(lambda: archive.open(names[0]), packed, path, "zip archive")
    return opened, (f"read from the archive's one file, {names[0]}",)


def is_workbook(content: bytes, path: Path) -> bool:
    """Return whether a zip archive is a workbook.

    Raises
    ------
    TapeError : no archive, or a workbook that would unpack beyond all bounds.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {item.filename: item.file_size for item in archive.infolist()}
    except _UNREADABLE as error:
        raise TapeError(f"expected a readable excel file or zip archive, was: {error}", file=path) from error
    found = any(name in members for name in WORKBOOKS)
    if found and sum(members.values()) > _most(len(content)):
        raise _too_much(len(content), path)
    return found


def _read(opened: Callable[[], IO[bytes]], packed: int, path: Path, what: str) -> bytes:
    """Read to the end, in pieces, and stop where no tape unpacks to so much."""
    parts, size, most = [], 0, _most(packed)
    try:
        with opened() as stream:
            while part := stream.read(_CHUNK):
                parts.append(part)
                size += len(part)
                if size > most:
                    raise _too_much(packed, path)
    except _UNREADABLE as error:
        raise TapeError(f"expected a complete {what}, was: {error}", file=path) from error
    return b"".join(parts)


def _most(packed: int) -> int:
    return min(MOST_UNPACKED, max(ALWAYS_UNPACKED, MOST_TIMES * packed))


def _too_much(packed: int, path: Path) -> TapeError:
    what = f"at most {_most(packed):,} bytes once unpacked, of {packed:,} packed"
    return TapeError(expected(what, "more: unpack the file first"), file=path)


def _leftover(name: str) -> bool:
    return name.startswith(_NOT_DATA) or name.rsplit("/", 1)[-1].startswith((*_NOT_DATA, "._"))
