"""Where a table lies in its file: which line holds the column names, and what stands above it."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loantwin.errors import TapeError, expected

DELIMITERS = (",", ";", "\t", "|")

RARE_DELIMITERS = ("^", "~", "\x01", "\x1c", "\x1e", "\x1f", "!", "#", ":")
"""Tried where the usual ones make no header of the names that the mapping reads."""

MOST_ABOVE = 100
"""Lines above a header beyond this many are left unsearched: `header_row` names it."""

MOST_COLUMNS = 250_000
"""Columns beyond this many are refused: no table has them, only loans that lie beside each other."""

BLANK = "\n"
"""What the names of unnamed columns begin with: no header can hold it."""

_NUMBER = re.compile(r"[+-]?[\d.,'\s]*\d[\d.,'\s]*%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", re.ASCII)


@dataclass(frozen=True)
class Told:
    """What a mapping tells of the file.

    header_row : line or sheet row of the column names, from 1; 0 where the file has none. header : the names,
    in place of such a line. loans_from : where fields lie in rows, the first column of a loan, from 1. wanted
    : the spellings of each column that is read, the loan number's first.
    """

    header_row: int | None = None
    header: tuple[str, ...] = ()
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    loans_from: int | None = None
    wanted: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Head:
    """Column names, the delimiter, and how many lines lie before the first data row."""

    names: tuple[str, ...]
    delimiter: str
    lines: int
    said: tuple[str, ...] = ()


def clean_name(name: str) -> str:
    """Return a column name with line breaks and runs of blanks as one blank."""
    return " ".join(name.split())


def find_head(lines: Sequence[str], told: Told, path: Path) -> Head:
    """Return where the header of a text file is.

    The mapping's own word comes first. Then the first line that holds half of the wanted names, or else the
    one
    that holds most beside the loan number's; where none does, the first line of words with as many fields as
    the lines below it, and at last the first line that is not blank.

    Parameters
    ----------
    lines : the file's first lines.

    Raises
    ------
    TapeError : no line of names, a name twice, a `header_row` beyond the lines.
    """
    first, delimiters, said = _start(lines, told)
    if delimiters is DELIMITERS and (mark := _rare(lines, first, told)):
        delimiters, said = (mark,), (f"the names stand between {mark!r}",)
    if told.header_row == 0 or told.header:
        start = first if not told.header_row else told.header_row
        return _headless(lines, start, delimiters, told, path)
    if told.header_row is not None:
        place = told.header_row - 1
        if place >= len(lines):
            raise TapeError(
                expected(f"a header in line {told.header_row}", "fewer lines"), file=path, field="header_row"
            )
    else:
        place = _found(lines, first, delimiters, told)
    record, place = _record(lines, place)
    delimiter = _delimiter(record, delimiters, told)
    names = _names(record, delimiter, path)
    if place > first and told.header_row is None:
        said = (*said, f"the header was found in line {place + 1}; what stands above it was not read")
    return Head(check_names(names, path), delimiter, place + 1, said)


def check_names(names: Iterable[str], path: Path) -> tuple[str, ...]:
    """Return the names of a header, each unnamed column with one of its own.

    Raises
    ------
    TapeError : no name, or one twice.
    """
    cleaned = [clean_name(name) for name in names]
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    if not cleaned:
        raise TapeError(expected("a header line", "an empty line"), file=path)
    check_width(len(cleaned), path)
    counts = Counter(cleaned)
    repeated = sorted(name for name, count in counts.items() if count > 1 and name)
    if repeated:
        hint = "; the first row looks like data: `header` in the mapping names the columns" * looks_like_data(
            cleaned
        )
        was = ", ".join(repeated[:20]) + " twice"
        raise TapeError(expected("each column once in the header", was) + hint, file=path)
    unnamed = counts[""] > 1
    return tuple(f"{BLANK}{place}" if unnamed and not name else name for place, name in enumerate(cleaned, 1))


def check_width(columns: int, path: Path) -> None:
    """Raise TapeError where a table has more than `MOST_COLUMNS` columns."""
    if columns > MOST_COLUMNS:
        raise TapeError(
            expected(f"at most {MOST_COLUMNS:,} columns", f"{columns:,}")
            + "; where each column is a loan, `loans_from_column` in the mapping names the first one",
            file=path,
        )


def looks_like_data(names: Sequence[str]) -> bool:
    """Return whether at least half of a header's names are numbers or dates, as in a file without a
    header.
    """
    return 2 * sum(bool(_NUMBER.fullmatch(name)) for name in names) >= len(names) > 0


def score(cells: Iterable[str], told: Told) -> int:
    """Return how many of the wanted columns a row names."""
    held = {clean_name(cell) for cell in cells}
    return sum(any(spelling in held for spelling in spellings) for spellings in told.wanted)


def convinces(cells: Iterable[str], told: Told) -> bool:
    """Return whether a row is surely the header: it names the loan number's column, or half of those
    wanted.
    """
    held = {clean_name(cell) for cell in cells}
    return bool(told.wanted) and (
        any(spelling in held for spelling in told.wanted[0] if spelling)
        or 2 * score(held, told) >= len(told.wanted)
    )


def _start(lines: Sequence[str], told: Told) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """Return the first line that is not blank, and the delimiters it may have: `sep=;` states one."""
    first = next((place for place, line in enumerate(lines) if line.strip()), 0)
    if told.delimiter is not None:
        return first, (told.delimiter,), ()
    stated = (
        re.fullmatch(r'"?sep=(.|\\t)"?', lines[first].strip("\ufeff \r\n"), re.IGNORECASE) if lines else None
    )
    if stated is None:
        return first, DELIMITERS, ()
    mark = "\t" if stated[1] == "\\t" else stated[1]
    later = next((place for place, line in enumerate(lines) if place > first and line.strip()), first)
    return later, (mark,), (f"the file states its delimiter, {mark!r}",)


def _rare(lines: Sequence[str], first: int, told: Told) -> str | None:
    """Return the rare mark between which a line names the wanted columns, where none of the usual ones
    does.
    """
    head = lines[first : first + MOST_ABOVE]
    for marks in (DELIMITERS, RARE_DELIMITERS):
        found = [mark for mark in marks if any(convinces(split(line, mark), told) for line in head)]
        if found:
            return None if marks is DELIMITERS else found[0]
    return None


def _headless(lines: Sequence[str], start: int, delimiters: tuple[str, ...], told: Told, path: Path) -> Head:
    record, _ = _record(lines, start) if start < len(lines) else ("", start)
    delimiter = _delimiter(record, delimiters, told)
    width = len(split(record, delimiter))
    if told.header and len(told.header) != width:
        was = f"{width} fields in the first row"
        raise TapeError(
            expected(f"rows of {len(told.header)} fields, as `header` names", was), file=path, field="header"
        )
    check_width(width, path)
    names = told.header or tuple(str(place) for place in range(1, width + 1))
    return Head(names, delimiter, start)


def _found(lines: Sequence[str], first: int, delimiters: tuple[str, ...], told: Told) -> int:
    places = range(first, min(len(lines), first + MOST_ABOVE))
    best, most = first, 0
    for place in places:
        record, _ = _record(lines, place)
        for delimiter in delimiters:
            cells = split(record, delimiter)
            found = score(cells, told)
            if found > most and convinces(cells, told):
                best, most = place, found
        if most and 2 * most >= len(told.wanted):
            return best
    return best if most else _by_width(lines, first, delimiters, told)


def _by_width(lines: Sequence[str], first: int, delimiters: tuple[str, ...], told: Told) -> int:
    """Return the first line that has as many filled fields as most lines below it have fields, else
    `first`.
    """
    head = split(_record(lines, first)[0], _delimiter(lines[first], delimiters, told)) if lines else []
    below = [line for line in lines[first + 1 : first + MOST_ABOVE] if line.strip()]
    for delimiter in delimiters:
        widths = Counter(len(split(line, delimiter)) for line in below)
        if not widths:
            break
        width, count = widths.most_common(1)[0]
        if (
            width > 1
            and 2 * count > len(below)
            and sum(bool(cell.strip()) for cell in head) < (width + 1) / 2
        ):
            for place in range(first, min(len(lines), first + MOST_ABOVE)):
                cells = split(lines[place], delimiter)
                if len(cells) == width and all(cell.strip() for cell in cells) and not looks_like_data(cells):
                    return place
    return first


def _record(lines: Sequence[str], place: int) -> tuple[str, int]:
    """Return the record that begins in a line, and the line it ends in: a quoted name may hold line
    breaks.
    """
    record = lines[place] if place < len(lines) else ""
    end = place
    while record.count('"') % 2 and end + 1 < min(len(lines), place + 20):
        end += 1
        record += "\n" + lines[end]
    return (record, end) if record.count('"') % 2 == 0 else (lines[place], place)


def _delimiter(record: str, delimiters: tuple[str, ...], told: Told) -> str:
    """Return the delimiter by which a line names most wanted columns; of equals the most frequent one."""
    return max(delimiters, key=lambda mark: (score(split(record, mark), told), record.count(mark)))


def split(record: str, delimiter: str) -> list[str]:
    """Return the fields of one record; without quoting where its quotes do not pair up."""
    try:
        return next(csv.reader(io.StringIO(record), delimiter=delimiter), [])
    except csv.Error:
        return record.split(delimiter)


def _names(record: str, delimiter: str, path: Path) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(record.rstrip("\r")), delimiter=delimiter), [])
    except csv.Error as error:
        raise TapeError(f"expected a header line of column names, was: {error}", file=path) from error
