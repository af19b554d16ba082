"""How large a workbook becomes when it is read, told from its parts before any reader unfolds them.

A reader lays a sheet out as one block from its first cell to its last, and writes a shared text out at every
cell that names it. So one stray cell, or one long text named a million times, fills any memory from a file of
a few kilobytes.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loantwin.arrays import Integers
from loantwin.errors import TapeError, expected

ALWAYS_CELLS = 50_000_000
MOST_SPARSE = 4
"""Beyond `ALWAYS_CELLS`, the block of a sheet holds at most this many cells for each one that is written."""

MOST_TEXT = 4 << 30
"""Most bytes of text that the cells of a workbook may hold together."""

_PIECE = 1 << 22
_SPACED = re.compile(rb"""\sr(?:\s+=\s*|=\s+)["']""")
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)(\d*)""")
_SHARED = re.compile(rb"""\bt=["']s["'][^>]*>\s*<(?:\w+:)?v>(\d{1,9})<""")
_ROW = re.compile(rb"<(?:\w+:)?row\b")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ITEM = re.compile(rb"<(?:\w+:)?si\b")
_XLSB_ROW = 0
_XLSB_CELLS = (*range(1, 12), 62)
"""Kinds of records of a row and of its cells."""

_REPEATED = re.compile(
    rb"""<table:(?:covered-)?table-(row|cell)\b[^>]*?number-\w+-repeated\s*=\s*["'](\d{1,9})"""
)


@dataclass(frozen=True)
class Block:
    """A sheet: the cells from its first to its last, and how many of them are written."""

    cells: int
    written: int


def check_workbook(archive: zipfile.ZipFile, path: Path) -> None:
    """Raise TapeError where a sheet's block or the texts of its cells would be beyond all bounds.

    The parts of the archive are known to unpack to a bounded size (`unpack.is_workbook`).
    """
    named = 0
    for member in archive.infolist():
        name = member.filename
        if name == "content.xml":
            block = ods_block(archive.read(member))
        elif name.startswith("xl/worksheets/") and name.endswith(".bin"):
            block = xlsb_block(archive.read(member))
        elif name.startswith("xl/") and name.endswith(".xml") and name != "xl/sharedStrings.xml":
            block, texts = xlsx_block(_whole_tags(archive, member))
            named += texts
        else:
            continue
        if block.cells > max(ALWAYS_CELLS, MOST_SPARSE * block.written):
            was = f"{block.cells:,} in {name}, of which {block.written:,} are filled"
            raise TapeError(
                expected(f"at most {ALWAYS_CELLS:,} cells from a sheet's first to its last", was)
                + "; delete the stray cells far below or beside the table, or save the table as CSV",
                file=path,
            )
    if named and "xl/sharedStrings.xml" in archive.namelist():
        _check_texts(archive, named, path)


def pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield what a member of an archive unpacks to, however little its directory states."""
    # Trap: a stated length. zipfile stops there, other readers do not.
    unbound = copy(member)
    unbound.file_size = 1 << 62
    with archive.open(unbound) as stream:
        while piece := stream.read(_PIECE):
            yield piece


def xlsx_block(parts: Iterator[bytes]) -> tuple[Block, int]:
    """Return the block of a sheet of an .xlsx workbook, and how many of its cells name a shared text.

    Parameters
    ----------
    parts : the sheet's XML, no tag cut in two.
    """
    rows = columns = written = shared = unplaced = lines = widest = run = 0
    for text in parts:
        last, right, placed = _furthest(text)
        rows, columns = max(rows, last), max(columns, right)
        cells = text.count(b"<c ") + text.count(b"<c>") or len(_CELL.findall(text))
        written += cells
        shared += text.count(b'"s"') + text.count(b"'s'")
        lines += text.count(b"<row") or len(_ROW.findall(text))
        if cells > placed or unplaced:
            unplaced += 1
            found = [len(_CELL.findall(row)) for row in _ROW.split(text)]
            found[0] += run
            widest, run = max(widest, *found), found[-1]
    if unplaced:  # cells that name no place follow the one before
        rows, columns = rows + lines, columns + widest
    return Block(rows * columns, written), shared


def xlsb_block(records: bytes) -> Block:
    """Return the block of a sheet of an .xlsb workbook: records of a kind, a length and their bytes (MS-XLSB
    2.1.4).
    """
    place = rows = columns = written = 0
    while place < len(records) - 2:
        kind, place = records[place], place + 1
        if kind & 0x80:
            kind, place = kind & 0x7F | records[place] << 7, place + 1
        size = shift = 0
        while shift < 28 and place < len(records):
            part, place = records[place], place + 1
            size, shift = size | (part & 0x7F) << shift, shift + 7
            if not part & 0x80:
                break
        if kind == _XLSB_ROW:
            rows = max(rows, int.from_bytes(records[place : place + 4], "little") + 1)
        elif kind in _XLSB_CELLS:
            written += 1
            columns = max(columns, int.from_bytes(records[place : place + 4], "little") + 1)
        place += size
    return Block(rows * columns, written)


def ods_block(xml: bytes) -> Block:
    """Return the block of the sheets of an .ods workbook; what is empty behind the last value is no part."""
    filled = _starts(rb" office:", xml)
    if not len(filled):
        return Block(0, 0)
    ends = np.append(_starts(rb"</table:table-row", xml), len(xml))
    end = xml.find(b">", filled[-1]) + 1
    found = [(item.start(), item[1] == b"row", int(item[2])) for item in _REPEATED.finditer(xml, 0, end)]
    rows = len(ends) + sum(times for _, row, times in found if row)
    width = int(
        np.bincount(np.searchsorted(ends, _starts(rb"<table:(?:covered-)?table-cell\b", xml))).max(initial=0)
    )
    cells = [(place, times) for place, row, times in found if not row]
    if cells:
        place, times = np.array(cells, dtype=np.int64).T
        at = np.searchsorted(ends, place)
        before_value = filled[np.minimum(np.searchsorted(filled, place), len(filled) - 1)] < ends[at]
        width += int(np.bincount(at, times * before_value).max())
    return Block(rows * width, len(filled))


def _furthest(text: bytes) -> tuple[int, int, int]:
    """Return the last row and column that `r="B7"` and `r="7"` name, and how many name a column."""
    if _SPACED.search(text):  # allowed, and written by no program
        found = _PLACE.findall(text)
        rows = max(int(digits[:9] or b"0") for _, digits in found)
        return rows, max(_number(letters) for letters, _ in found), sum(bool(letters) for letters, _ in found)
    signs = np.frombuffer(text, dtype=np.uint8)
    at = np.flatnonzero((signs[1:-1] == ord("r")) & (signs[2:] == ord("=")) & (signs[:-2] <= 32)) + 4
    signs = np.append(signs, np.zeros(20, dtype=np.uint8))
    column, row = np.zeros(len(at), dtype=np.int64), np.zeros(len(at), dtype=np.int64)
    for _ in range(5):
        sign = (signs[at] & 0xDF).astype(np.int64)  # small letters are capitals
        letter = (sign >= ord("A")) & (sign <= ord("Z"))
        if not letter.any():
            break
        column = np.where(letter, 26 * column + sign - 64, column)
        at = at + letter
    for _ in range(9):
        sign = signs[at].astype(np.int64)
        digit = (sign >= ord("0")) & (sign <= ord("9"))
        if not digit.any():
            break
        row = np.where(digit, 10 * row + sign - 48, row)
        at = at + digit
    return int(row.max(initial=0)), int(column.max(initial=0)), int((column > 0).sum())


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters[:5].upper():
        number = 26 * number + letter - 64
    return number


def _check_texts(archive: zipfile.ZipFile, named: int, path: Path) -> None:
    """Raise TapeError where shared texts, each as often as cells name it, are beyond `MOST_TEXT`."""
    stated = archive.read("xl/sharedStrings.xml")
    starts = np.append(_starts(_ITEM.pattern, stated), len(stated))
    lengths = np.diff(starts)
    if not len(lengths) or int(lengths.max()) * named <= MOST_TEXT:
        return
    total = 0
    for member in archive.infolist():
        if member.filename.startswith("xl/worksheets/"):
            for text in _whole_tags(archive, member):
                number = np.array(_SHARED.findall(text), dtype=np.int64)
                total += int(lengths[number[number < len(lengths)]].sum())
    if total > MOST_TEXT:
        raise TapeError(
            expected(f"at most {MOST_TEXT:,} bytes of text in a workbook's cells", f"{total:,}")
            + "; save the table as CSV without its longest columns",
            file=path,
        )


def _whole_tags(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a member's XML in pieces that end between a row's or a cell's tags."""
    rest = b""
    for piece in pieces(archive, member):
        text = rest + piece
        cut = max(text.rfind(b"<c "), text.rfind(b"<row"))
        cut = cut if cut > 0 else text.rfind(b"<")
        yield text[: max(cut, 0)]
        rest = text[max(cut, 0) :] if len(text) - cut < _PIECE else b""
    yield rest


def _starts(pattern: bytes, text: bytes) -> Integers:
    return np.array([item.start() for item in re.finditer(pattern, text)], dtype=np.int64)
