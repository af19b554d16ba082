"""What a tape file is: form, encoding, header; and its rows as text, each with its raw line."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from loantwin.arrays import Integers
from loantwin.book.columnar import as_text, read_parquet
from loantwin.book.encodings import decoded
from loantwin.book.layout import MOST_ABOVE, Head, Told, find_head, split
from loantwin.book.sheets import read_workbook
from loantwin.book.transpose import turned
from loantwin.book.unpack import unpacked
from loantwin.errors import TapeError, expected

EXTRA = "__extra"
"""Name of the column that holds what a row has beyond the header's columns."""

_SAMPLE = 100
_SAMPLE_BYTES = 1 << 20
_HEAD_BYTES = 1 << 22

OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How .xls files begin, and workbooks locked by a password."""

OTHERS = {
    b"%PDF": "a PDF document: export the table as CSV",
    b"BZh": "a bzip2 archive: unpack it first",
    b"\xfd7zXZ": "an xz archive: unpack it first",
    b"7z\xbc\xaf": "a 7z archive: unpack it first",
    b"Rar!": "a rar archive: unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd archive: unpack it first",
    b"{\\rtf": "a text document: export the table as CSV",
    b"<html": "a web page (programs export such files as .xls): save it as CSV or .xlsx",
    b"<!doctype": "a web page (programs export such files as .xls): save it as CSV or .xlsx",
    b"<?xml": "an XML document: export the table as CSV",
    b"SQLite format 3": "an SQLite database: export the table as CSV",
    b"ARROW1": "an Arrow (Feather) file: write it as Parquet or CSV",
    b"Obj\x01": "an Avro file: write it as Parquet or CSV",
    b"ORC": "an ORC file: write it as Parquet or CSV",
    b"\x89HDF": "an HDF5 file: write it as Parquet or CSV",
    b"<stata_dta>": "a Stata file: export the table as CSV",
    b"$FL2": "an SPSS file: export the table as CSV",
    b"HEADER RECORD***": "a SAS transport file: export the table as CSV",
    b"\x00" * 12 + b"\xc2\xea\x81\x60": "a SAS file: export the table as CSV",
}
"""What begins like this is no tape, and what it is instead."""

_JSON = re.compile(rb"\[\s*[\[{]|\{\s*[\"}]")


@dataclass(frozen=True)
class Source:
    """Which file a tape came from and how it was understood; `statements` holds what readers should know."""

    path: str
    sha256: str
    size: int
    encoding: str
    delimiter: str
    form: str
    statements: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawTape:
    """A tape as text.

    body : UTF-8 rows below a first line that numbers the columns, one more than the header has.
    table : the rows of Parquet and Excel files, in columns of their own types. unread : the types of columns
        that hold no single values, by name.
    lines : the rows as they lay in the file below its header, where that differs (the double-quoted form).
    unvalued : rows, from 0, in which a workbook's formula has no value, by column.
    plain_lines : True where no quoted text holds a line break, so that lines are rows.
    by_line : True where stray quotes forbid quoted line breaks: each line is a row, whatever it holds.
    """

    source: Source
    header: tuple[str, ...]
    body: bytes
    table: pl.DataFrame | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    unvalued: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    lines: bytes | None = None
    by_line: bool = False
    plain_lines: bool = False

    @cached_property
    def bounds(self) -> tuple[Integers, Integers]:
        """Return where each record starts and ends, the line above the first row included."""
        return _record_bounds(
            self.body if self.lines is None else self.lines, self.by_line or self.plain_lines
        )

    @cached_property
    def places(self) -> dict[str, int]:
        """Return the place of each column in the header."""
        return {name: place for place, name in enumerate(self.header)}


def open_tape(path: str | Path, told: Told | None = None, *, bare: bool = False) -> RawTape:
    """Return a tape file as text with its header.

    Parameters
    ----------
    told : what a mapping says of the file, by which header, sheet and encoding are found. bare : True where
        column names without a row are enough.

    Raises
    ------
    TapeError : no such file, empty, header without rows, an archive that cannot be read as one file, broken
        UTF-16, binary content, a header that repeats a name, or rows that do not fit the header.
    ExtraError : an Excel file without the extra `excel`.
    """
    path, told = Path(path), told or Told()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TapeError(f"expected a readable file, was: {error.strerror}", file=path) from error
    source = Source(str(path), hashlib.sha256(content).hexdigest(), len(content), "", "", "")
    content, said = unpacked(content, path)
    if not content:
        raise TapeError(expected("a tape with a header and rows", "an empty file"), file=path)
    if content[:4] == b"PAR1":
        table, unread = read_parquet(content, path)
        made = replace(source, form="parquet", statements=said)
        return RawTape(made, tuple(table.columns) + tuple(unread), b"", table=table, unread=unread)
    if content[:4] == b"PK\x03\x04" or content[:8] == OLD_WORKBOOK:
        sheet = read_workbook(content, told, path, bare=bare)
        made = replace(source, form="excel", statements=(*said, *sheet.said))
        return RawTape(made, sheet.names, b"", table=sheet.rows, unvalued=sheet.unvalued)
    check_text(content, path)
    if _JSON.match(content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")):
        raise TapeError(
            expected("text, Parquet or Excel", "a JSON document: export the table as CSV"), file=path
        )
    text = decoded(content, told, path)
    source = replace(source, encoding=text.encoding, statements=(*said, *text.said))
    if told.loans_from is None:
        return _open_text(path, text.utf8, source, told, bare)
    rows, words = turned(text.utf8, told, path)
    told = replace(told, delimiter=",", header_row=1, header=())
    return _open_text(path, rows, replace(source, statements=(*source.statements, words)), told)


def check_text(content: bytes, path: Path) -> None:
    """Raise TapeError where a file is a document or an archive of a form that is not read."""
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    found = [words for mark, words in OTHERS.items() if start.startswith(mark.lower())]
    if content[257:262] == b"ustar":
        found = ["a tar archive: unpack it first"]
    if found:
        raise TapeError(expected("text, Parquet or Excel", found[0]), file=path)


def read_columns(tape: RawTape, names: Sequence[str]) -> tuple[pl.DataFrame, RawTape]:
    """Return the tape and the named columns as text (empty is null), with `EXTRA`: what exceeds the header.

    The tape comes back marked `by_line` where its quotes do not pair up.

    Raises
    ------
    TapeError : a column whose type holds no single values.
    """
    for name in names:
        if name in tape.unread:
            was = f"{name} of type {tape.unread[name]}"
            raise TapeError(expected("a column of texts, numbers or dates", was), file=tape.source.path)
    if tape.table is not None:
        texts = [as_text(tape.table[name]) for name in names]
        return pl.DataFrame(
            [*texts, pl.Series(EXTRA, [None], pl.String).new_from_index(0, tape.table.height)]
        ), tape
    numbers = {str(tape.places[name]): name for name in names}
    last = str(len(tape.header))
    frame = None
    # An odd number of quotes would swallow every row behind the one left open.
    if tape.body.count(b'"') % 2 == 0:
        with suppress(pl.exceptions.ComputeError):
            frame = _scanned(tape, [*numbers, last])
    if frame is None:
        tape = replace(tape, by_line=True)
        frame = _split_by_line(tape).select([*numbers, last])
    elif frame.height == tape.body.count(b"\n"):
        tape = replace(tape, plain_lines=True)
    return frame.rename({**numbers, last: EXTRA}), tape


def raw_lines(tape: RawTape, rows: Integers) -> list[str]:
    """Return the raw text of rows (counted from 0), as it lay in the file."""
    if tape.table is not None:
        cells = pl.DataFrame([as_text(column) for column in tape.table[rows]])
        return ["|".join("" if cell is None else cell for cell in row) for row in cells.iter_rows()]
    body = tape.body if tape.lines is None else tape.lines
    starts, ends = tape.bounds
    return [body[starts[row + 1] : ends[row + 1]].decode("utf-8").rstrip("\r") for row in rows]


def fields_of(tape: RawTape, line: str) -> list[str]:
    """Return the fields of one raw line of a text tape."""
    try:
        if tape.source.form == "double-quoted" and line[:1] == '"':
            line = next(csv.reader([line], delimiter=tape.source.delimiter), [""])[0]
        cells = next(csv.reader(io.StringIO(line), delimiter=tape.source.delimiter), [])
    except csv.Error:  # a bare carriage return inside the line, or a field beyond the module's limit
        return line.split(tape.source.delimiter)
    plain = line.split(tape.source.delimiter)
    # A quote left open takes the rest of the line with it: without quoting, the line may fit.
    return plain if len(cells) < len(tape.header) == len(plain) else cells


def short_rows(tape: RawTape, candidates: Integers, rows: int, long: int) -> Integers:
    """Return the candidate rows with fewer fields than the header; `rows` in all, `long` of them too long."""
    if not len(candidates) or (not long and _evenly_delimited(tape, rows)):
        return candidates[:0]
    if tape.by_line:
        width = len(tape.header)
        return candidates[[len(fields_of(tape, line)) < width for line in raw_lines(tape, candidates)]]
    lines = pl.Series(raw_lines(tape, candidates))
    if tape.source.form == "double-quoted":
        lines = lines.str.replace_all('""', '"', literal=True)
    bare = lines.str.replace_all(r'"[^"]*"', "")
    delimiters = bare.str.count_matches(tape.source.delimiter, literal=True).to_numpy()
    return candidates[delimiters < len(tape.header) - 1]


def _evenly_delimited(tape: RawTape, rows: int) -> bool:
    """Return whether delimiters add up to full rows: then, without a quote or a long row, none is short."""
    if tape.by_line or b'"' in tape.body:
        return False
    width = len(tape.header)
    return tape.body.count(tape.source.delimiter.encode()) == width + rows * (width - 1)


def _scanned(tape: RawTape, columns: list[str]) -> pl.DataFrame:
    return pl.read_csv(
        tape.body,
        separator=tape.source.delimiter,
        columns=columns,
        infer_schema=False,
        truncate_ragged_lines=True,
    )


def _split_by_line(tape: RawTape) -> pl.DataFrame:
    """Read line by line: slower, and proof against quotes that do not pair up."""
    width = len(tape.header) + 1
    columns: list[list[str | None]] = [[] for _ in range(width)]
    for line in tape.body.decode("utf-8").split("\n")[1:]:
        cells = fields_of(tape, line.rstrip("\r"))
        for number, column in enumerate(columns):
            column.append((cells[number] or None) if number < len(cells) else None)
    return pl.DataFrame(
        {str(number): pl.Series(column, dtype=pl.String) for number, column in enumerate(columns)}
    )


def _record_bounds(body: bytes, plain: bool) -> tuple[Integers, Integers]:
    array = np.frombuffer(body, dtype=np.uint8)
    ends = np.flatnonzero(array == 10)
    quotes = ends[:0] if plain else np.flatnonzero(array == 34)
    # A line feed inside quotes has an odd number of quotes before it and ends no record.
    if len(quotes):
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    starts = np.concatenate([[0], ends + 1])
    return starts, np.concatenate([ends, [len(body)]])


def _open_text(path: Path, text: bytes, source: Source, told: Told, bare: bool = False) -> RawTape:
    if b"\n" not in text and b"\r" in text:
        text = text.replace(b"\r", b"\n")
    head = find_head(_first_lines(text), told, path)
    start = _after(text, head.lines)
    end = len(text)
    while end > start and text[end - 1] in b"\r\n":
        end -= 1
    if end <= start and not bare:
        raise TapeError(expected("at least one row below the header", "no row"), file=path)
    cut = text.find(b"\n", start + _SAMPLE_BYTES, end)
    form = _form(text[start : end if cut < 0 else cut], head, path)
    statements = (*source.statements, *head.said)
    made = replace(source, delimiter=head.delimiter, form=form, statements=statements)
    numbers = head.delimiter.join(str(number) for number in range(len(head.names) + 1)).encode()
    body = b"\n".join((numbers, memoryview(text)[start:end]))
    if form == "double-quoted":
        return RawTape(made, head.names, _unquoted(body), lines=body)
    return RawTape(made, head.names, body)


def _first_lines(text: bytes) -> list[str]:
    """Return the lines among which the header is: more than are searched, so that records can be
    completed.
    """
    sample = text[:_HEAD_BYTES]
    lines = sample.split(b"\n", 2 * MOST_ABOVE)[: 2 * MOST_ABOVE]
    if len(lines) == 1 and len(text) > len(sample):  # one line of names beyond any usual length
        lines = [text[: text.find(b"\n")] if b"\n" in text else text]
    return [line.decode("utf-8", errors="replace").rstrip("\r") for line in lines]


def _after(text: bytes, lines: int) -> int:
    """Return where the text goes on after its first lines."""
    place = 0
    for _ in range(lines):
        found = text.find(b"\n", place)
        if found < 0:
            return len(text)
        place = found + 1
    return place


def _form(body: bytes, head: Head, path: Path) -> str:
    """Return csv, or double-quoted where each line is one quoted field that is itself a row."""
    delimiter, width = head.delimiter, len(head.names)
    rows = _sampled(body.decode("utf-8", errors="ignore").splitlines(keepends=True), delimiter, path)
    if not rows:
        return "csv"
    inner = [split(row[0], delimiter) for row in rows if len(row) == 1]
    if width > 1 and 2 * sum(len(row) == width for row in inner) > len(rows):
        return "double-quoted"
    fitting = sum(len(row) == width or (len(row) == width + 1) for row in rows)
    if 2 * fitting < len(rows):
        wanted = f"rows of {width} fields like the header, separated by {delimiter!r}"
        hint = "; `header_row` in the mapping says which line holds the column names"
        raise TapeError(expected(wanted, f"a row of {len(rows[0])}") + hint, file=path, row=1)
    return "csv"


def _sampled(lines: list[str], delimiter: str, path: Path) -> list[list[str]]:
    """Return the fields of the first rows that hold any."""
    found: list[list[str]] = []
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        found.extend(row for row, _ in zip(reader, range(_SAMPLE), strict=False) if row)
    except csv.Error as error:
        raise TapeError(
            f"expected rows of fields like the header, was: {error}", file=path, row=len(found) + 1
        ) from error
    return found


def _unquoted(body: bytes) -> bytes:
    """Take one layer of quoting off every line."""
    body = body.replace(b"\r\n", b"\n")
    end = len(body) - (1 if body[-1:] == b'"' else 0)
    return body[:end].replace(b'\n"', b"\n").replace(b'"\n', b"\n").replace(b'""', b'"')
