"""Archives: one file comes out of a gzip file or of a zip archive with one member, never more than fits."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from loantwin.book.unfolding import check_workbook, pieces
from loantwin.errors import TapeError, expected

MOST_UNPACKED = 4 << 30
"""Most bytes that are unpacked from any file."""

ALWAYS_UNPACKED = 256 << 20
MOST_TIMES = 250
"""Beyond `ALWAYS_UNPACKED`, at most this many times the packed size: tapes shrink twenty-fold, traps a
thousand-fold.
"""

MOST_LAYERS = 3
MOST_MEMBERS = 10_000
"""Most files in one archive: a workbook of a thousand sheets has fewer."""

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
        return _read(_gunzipped(content), packed, path, "gzip file"), ()
    if content[:4] not in ZIP or is_workbook(content, path):
        return content, ()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and not _leftover(name)]
        if len(names) != 1:
            was = "a zip archive of " + (", ".join(names[:10]) if names else "no file")
            raise TapeError(
                expected("one file in the archive", was) + "; unpack it and name the tape", file=path
            )
        opened = _read(pieces(archive, archive.getinfo(names[0])), packed, path, "zip archive")
    return opened, (f"read from the archive's one file, {names[0]}",)


def is_workbook(content: bytes, path: Path) -> bool:
    """Return whether a zip archive is a workbook.

    Raises
    ------
    TapeError : no archive, one of more than `MOST_MEMBERS` files, or a workbook that would unpack or unfold
        beyond all bounds.
    """
    held = content.count(b"PK\x01\x02")  # before the archive's directory is read, which may be all of it
    if held > MOST_MEMBERS:
        what = expected(f"at most {MOST_MEMBERS:,} files in an archive", f"{held:,}")
        raise TapeError(what + "; unpack it and name the tape itself", file=path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            found = any(item.filename in WORKBOOKS for item in members)
            if found:
                _check_members(archive, members, len(content), path)
                check_workbook(archive, path)
    except _UNREADABLE as error:
        raise TapeError(f"expected a readable excel file or zip archive, was: {error}", file=path) from error
    return found


def _check_members(
    archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo], packed: int, path: Path
) -> None:
    """Raise TapeError where a workbook's parts unpack to more than fits, or to more than they state."""
    left = _most(packed)
    for item in members:
        size = 0
        for piece in pieces(archive, item):
            size += len(piece)
            if size > left:
                raise _too_much(packed, path, "save the table as CSV")
        if size != item.file_size:
            was = f"{size:,} bytes in {item.filename} of a stated {item.file_size:,}"
            raise TapeError(expected("a readable excel file or zip archive", was), file=path)
        left -= size


def _gunzipped(content: bytes) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
        while part := stream.read(_CHUNK):
            yield part


def _read(parts: Iterator[bytes], packed: int, path: Path, what: str) -> bytes:
    """Read to the end, in pieces, and stop where no tape unpacks to so much."""
    made, most = io.BytesIO(), _most(packed)
    try:
        for part in parts:
            made.write(part)
            if made.tell() > most:
                raise _too_much(packed, path, "if that is its size, unpack it and name the tape itself")
    except _UNREADABLE as error:
        raise TapeError(f"expected a complete {what}, was: {error}", file=path) from error
    return made.getvalue()  # the buffer itself: nothing stands in memory twice


def _most(packed: int) -> int:
    return min(MOST_UNPACKED, max(ALWAYS_UNPACKED, MOST_TIMES * packed))


def _too_much(packed: int, path: Path, instead: str) -> TapeError:
    what = f"at most {_most(packed):,} bytes once unpacked, of {packed:,} packed"
    return TapeError(expected(what, "more") + f"; {instead}", file=path)


def _leftover(name: str) -> bool:
    return name.startswith(_NOT_DATA) or name.rsplit("/", 1)[-1].startswith((*_NOT_DATA, "._"))
