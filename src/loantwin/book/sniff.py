"""What a tape file is: encoding, compression, delimiter, header, form; and its rows as text and raw lines."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from loantwin.arrays import Integers
from loantwin.errors import TapeError, expected

EXTRA = "__extra"
"""Name of the column that holds what a row has beyond the header's columns."""

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 100
_SAMPLE_BYTES = 1 << 20


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
    table : the rows as text columns, of Parquet and Excel files.
    lines : the rows as they lay in the file below its header, where that differs (the double-quoted form).
    plain_lines : True where no quoted text holds a line break, so that lines are rows.
    by_line : True where stray quotes forbid quoted line breaks: each line is a row, whatever it holds.
    """

    source: Source
    header: tuple[str, ...]
    body: bytes
    table: pl.DataFrame | None = None
    lines: bytes | None = None
    by_line: bool = False
    plain_lines: bool = False

    @cached_property
    def bounds(self) -> tuple[Integers, Integers]:
        """Return where each record starts and ends, the line above the first row included."""
        return _record_bounds(
            self.body if self.lines is None else self.lines, self.by_line or self.plain_lines
        )


def open_tape(path: str | Path) -> RawTape:
    """Return a tape file as text with its header.

    Raises
    ------
    TapeError : no such file, empty, header without rows, truncated gzip, broken UTF-16, binary content, a
        header that repeats a name, or rows that do not fit the header.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TapeError(f"expected a readable file, was: {error.strerror}", file=path) from error
    sha, size = hashlib.sha256(content).hexdigest(), len(content)
    if not content:
        raise TapeError(expected("a tape with a header and rows", "an empty file"), file=path)
    if content[:4] == b"PAR1" or content[:4] == b"PK\x03\x04":
        return _open_table(path, content, sha, size)
    if content[:2] == b"\x1f\x8b":
        content = _unpacked(content, path)
    text, encoding, statements = _decoded(content, path)
    return _open_text(path, text, Source(str(path), sha, size, encoding, "", "csv", statements))


def read_columns(tape: RawTape, names: Sequence[str]) -> tuple[pl.DataFrame, RawTape]:
    """Return the tape and the named columns as text (empty is null), with `EXTRA`: what exceeds the header.

    The tape comes back marked `by_line` where its quotes do not pair up.
    """
    if tape.table is not None:
        return tape.table.select([*names, pl.lit(None, pl.String).alias(EXTRA)]), tape
    numbers = {str(tape.header.index(name)): name for name in names}
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
        return ["|".join("" if cell is None else cell for cell in tape.table.row(int(row))) for row in rows]
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
    if tape.table is not None or not len(candidates) or (not long and _evenly_delimited(tape, rows)):
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


def _unpacked(content: bytes, path: Path) -> bytes:
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise TapeError(f"expected a complete gzip file, was: {error}", file=path) from error


def _decoded(content: bytes, path: Path) -> tuple[bytes, str, tuple[str, ...]]:
    """Return UTF-8 without byte-order mark, the encoding's name, and what had to be assumed."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        if content[:4] == b"\xff\xfe\x00\x00":
            raise TapeError(expected("UTF-8, UTF-16 or a single-byte encoding", "UTF-32"), file=path)
        try:
            return content.decode("utf-16").encode(), "utf-16", ()
        except UnicodeDecodeError as error:
            raise TapeError(
                f"expected valid UTF-16 after its byte-order mark, was: {error.reason}", file=path
            ) from error
    if b"\x00" in content[:65536] or content.find(b"\x00") >= 0:
        raise TapeError(expected("text, Parquet or Excel", "binary content (a zero byte)"), file=path)
    marked = content[:3] == b"\xef\xbb\xbf"
    if marked:
        content = content[3:]
    if content.isascii():
        return content, "utf-8-sig" if marked else "ascii", ()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        if marked:
            raise TapeError(
                f"expected valid UTF-8 after its byte-order mark, was: {error.reason}", file=path
            ) from error
        return _decoded_single_byte(content)
    return content, "utf-8-sig" if marked else "utf-8", ()


def _decoded_single_byte(content: bytes) -> tuple[bytes, str, tuple[str, ...]]:
    for encoding in ("cp1252", "latin-1"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text.encode(), encoding, (f"not valid UTF-8: read as {encoding}",)
    raise AssertionError("latin-1 decodes every byte")


def _open_text(path: Path, text: bytes, source: Source) -> RawTape:
    if b"\n" not in text and b"\r" in text:
        text = text.replace(b"\r", b"\n")
    head_end = text.find(b"\n")
    head = text if head_end < 0 else text[:head_end]
    delimiter, header = _header(head, path)
    start, end = len(head) + 1, len(text)
    while end > start and text[end - 1] in b"\r\n":
        end -= 1
    if end <= start:
        raise TapeError(expected("at least one row below the header", "no row"), file=path)
    form = _form(text[start : min(end, start + _SAMPLE_BYTES)], end - start, delimiter, len(header), path)
    made = replace(source, delimiter=delimiter, form=form)
    numbers = delimiter.join(str(number) for number in range(len(header) + 1)).encode()
    body = b"\n".join((numbers, memoryview(text)[start:end]))
    if form == "double-quoted":
        return RawTape(made, header, _unquoted(body), lines=body)
    return RawTape(made, header, body)


def _header(head: bytes, path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the delimiter, the one most frequent in the header line, and the column names."""
    line = head.decode("utf-8").rstrip("\r")
    delimiter = max(DELIMITERS, key=line.count)
    try:
        header = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error as error:
        raise TapeError(f"expected a header line of column names, was: {error}", file=path) from error
    while header and not header[-1]:
        header.pop()
    if not header:
        raise TapeError(expected("a header line", "an empty line"), file=path)
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise TapeError(expected("each column once in the header", ", ".join(repeated) + " twice"), file=path)
    return delimiter, tuple(header)


def _form(body: bytes, size: int, delimiter: str, width: int, path: Path) -> str:
    """Return csv, or double-quoted where each line is one quoted field that is itself a row."""
    sample = body.decode("utf-8", errors="ignore").splitlines(keepends=True)
    if size > len(body) and len(sample) > 1:
        sample = sample[:-1]
    rows = _sampled(sample, delimiter, path)
    if not rows:
        return "csv"
    inner = [next(csv.reader(io.StringIO(row[0]), delimiter=delimiter), []) for row in rows if len(row) == 1]
    if width > 1 and 2 * sum(len(row) == width for row in inner) > len(rows):
        return "double-quoted"
    fitting = sum(len(row) == width or (len(row) == width + 1) for row in rows)
    if 2 * fitting < len(rows):
        raise TapeError(
            expected(
                f"rows of {width} fields like the header, separated by {delimiter!r}",
                f"a row of {len(rows[0])}",
            ),
            file=path,
            row=1,
        )
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


def _open_table(path: Path, content: bytes, sha: str, size: int) -> RawTape:
    form = "parquet" if content[:4] == b"PAR1" else "excel"
    try:
        frame = (
            pl.read_parquet(io.BytesIO(content)) if form == "parquet" else pl.read_excel(io.BytesIO(content))
        )
    except ModuleNotFoundError as error:
        raise TapeError(
            "expected the extra excel for an Excel file, was none; pip install 'loantwin[excel]'", file=path
        ) from error
    except _unreadable() as error:
        raise TapeError(
            f"expected a readable {form} file, was: {str(error).splitlines()[0]}", file=path
        ) from error
    if not frame.height:
        raise TapeError(expected("at least one row below the header", "no row"), file=path)
    source = Source(str(path), sha, size, "", "", form)
    return RawTape(
        source, tuple(frame.columns), b"", table=frame.select(_as_text(frame[name]) for name in frame.columns)
    )


def _unreadable() -> tuple[type[Exception], ...]:
    """Return what the table readers raise; the optional Excel reader has its own root of errors."""
    known: tuple[type[Exception], ...] = (pl.exceptions.PolarsError, OSError, ValueError)
    try:
        from fastexcel import FastExcelError
    except ModuleNotFoundError:
        return known
    return (*known, FastExcelError)


def _as_text(series: pl.Series) -> pl.Series:
    if series.dtype.is_temporal():
        return series.cast(pl.Date).dt.to_string("%Y-%m-%d")
    if series.dtype.is_float():
        whole = series.is_finite() & (series == series.floor()) & (series.abs() < 2**53)
        integral = series.set(~whole.fill_null(False), None).cast(pl.Int64).cast(pl.String)
        return integral.zip_with(whole.fill_null(False), series.cast(pl.String)).alias(series.name)
    text = series.cast(pl.String)
    return text.set((text == "").fill_null(False), None)
