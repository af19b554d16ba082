"""Workbooks: one sheet as text, with errors and formulas without a value as they stand in its cells."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl

from loantwin.book.layout import MOST_ABOVE, Told, check_names, convinces, score
from loantwin.book.transpose import turned_rows
from loantwin.errors import TapeError, expected
from loantwin.extras import require

_MOST_FIELDS = 2_000
"""Rows among which a sheet's fields are looked for where they lie in rows."""

_RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_KIND = re.compile(rb'\bt="(\w+)"')
_VALUE = re.compile(rb"<(?:\w+:)?v>(.*?)</(?:\w+:)?v>", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?f>)", re.DOTALL)


def sheet_tops(content: bytes, path: Path) -> dict[str, list[list[str]]]:
    """Return the first rows of each sheet that has any, as texts.

    Raises
    ------
    TapeError : an unreadable workbook. ExtraError : the extra `excel` is not installed.
    """
    require("excel", file=path)
    from fastexcel import FastExcelError, read_excel

    try:
        book = read_excel(content)
        frames = {
            name: book.load_sheet(name, header_row=None, n_rows=MOST_ABOVE * 10, dtypes="string").to_polars()
            for name in book.sheet_names
        }
    except (FastExcelError, pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise TapeError(
            f"expected a readable excel file, was: {str(error).splitlines()[0]}", file=path
        ) from error
    return {
        name: [[cell or "" for cell in row] for row in frame.iter_rows()]
        for name, frame in frames.items()
        if frame.height
    }


@dataclass(frozen=True)
class Sheet:
    """A sheet's rows as text below its header; `said` is what a reader should know of it.

    unvalued : rows, from 0, in which a column's formula has no value, by the column's name.
    """

    names: tuple[str, ...]
    rows: pl.DataFrame
    said: tuple[str, ...]
    unvalued: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def read_workbook(content: bytes, told: Told, path: Path, *, bare: bool = False) -> Sheet:
    """Return the sheet a mapping names, else the one that has its columns, else the only one with rows.

    Parameters
    ----------
    bare : True where column names without a row are enough.

    Raises
    ------
    TapeError : no such sheet, several that fit, no rows, an unreadable workbook. ExtraError : the extra
        `excel` is not installed.
    """
    require("excel", file=path)
    from fastexcel import FastExcelError, read_excel

    try:
        book = read_excel(content)
        names = book.sheet_names
        if told.sheet is not None and told.sheet not in names:
            raise TapeError(
                expected("one of the sheets " + ", ".join(names), told.sheet), file=path, field="sheet"
            )
        wanted = [told.sheet] if told.sheet is not None else names
        frames = {
            name: book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
            for name in wanted
        }
        frames = {
            name: frame.select(pl.all().str.strip_suffix(" 00:00:00")) for name, frame in frames.items()
        }
    except (FastExcelError, pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise TapeError(
            f"expected a readable excel file, was: {str(error).splitlines()[0]}", file=path
        ) from error
    name = _chosen({name: frame for name, frame in frames.items() if frame.height}, told, path)
    frame, said, unvalued = _with_odd_cells(frames[name], content, name)
    if len(names) > 1:
        said = (f"sheet {name!r} of " + ", ".join(names), *said)
    if told.loans_from is not None:
        return _turned(frame, told, path, said, bool(unvalued))
    return _below_header(frame, told, path, said, unvalued, bare)


def _turned(frame: pl.DataFrame, told: Told, path: Path, said: tuple[str, ...], unvalued: bool) -> Sheet:
    """Return a sheet whose fields lie in rows as rows of loans."""
    if unvalued:
        was = "formulas that no program has worked out"
        raise TapeError(
            expected("values where fields lie in rows", was) + "; save the file as CSV", file=path
        )
    rows, words = turned_rows(([cell or "" for cell in row] for row in frame.iter_rows()), told, path)
    made = pl.read_csv(rows, infer_schema=False)
    return Sheet(tuple(made.columns), made, (*said, words))


def _chosen(frames: dict[str, pl.DataFrame], told: Told, path: Path) -> str:
    if not frames:
        raise TapeError(expected("at least one row below the header", "no row"), file=path)
    best = {
        name: max((score(row, told) for row in _lines(frame, told)), default=0)
        for name, frame in frames.items()
    }
    most = max(best.values())
    fitting = [name for name, found in best.items() if found == most]
    if len(fitting) > 1 and most:
        what = "`sheet` in the mapping to name one of the sheets " + ", ".join(frames)
        raise TapeError(expected(what, f"{len(fitting)} that fit equally well"), file=path, field="sheet")
    return fitting[0]


def _below_header(
    frame: pl.DataFrame,
    told: Told,
    path: Path,
    said: tuple[str, ...],
    unvalued: list[tuple[int, int]],
    bare: bool,
) -> Sheet:
    place = _header_place(frame, told, path)
    if place < 0:
        names = told.header or tuple(str(number) for number in range(1, frame.width + 1))
        if len(names) != frame.width:
            was = f"{frame.width} columns in the sheet"
            raise TapeError(
                expected(f"{len(names)} columns, as `header` names", was), file=path, field="header"
            )
        first = max(told.header_row or 0, 0)
        rows = frame[first:]
    else:
        names = check_names((cell or "" for cell in frame.row(place)), path)
        first = place + 1
        rows = frame[first:].select(frame.columns[: len(names)])
        if place > 0 and told.header_row is None:
            said = (*said, f"the header was found in row {place + 1}; what stands above it was not read")
    rows = rows.rename(dict(zip(rows.columns, names, strict=True)))
    filled = rows.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    if not filled.any() and not bare:
        raise TapeError(expected("at least one row below the header", "no row"), file=path)
    rows = rows[: int(filled.arg_true()[-1]) + 1 if filled.any() else 0]
    found: dict[str, list[int]] = {}
    for row, column in unvalued:
        if 0 <= row - first < rows.height and column < len(names):
            found.setdefault(names[column], []).append(row - first)
    return Sheet(names, rows, said, {name: tuple(places) for name, places in found.items()})


def _header_place(frame: pl.DataFrame, told: Told, path: Path) -> int:
    """Return the row of the names, from 0, or -1 where the sheet has none.

    The first row that names half of the wanted columns, else most of them; else the first with a cell in at
    least half of the columns.
    """
    if told.header or told.header_row == 0:
        return -1
    if told.header_row is not None:
        if told.header_row > frame.height:
            raise TapeError(
                expected(f"a header in row {told.header_row}", "fewer rows"), file=path, field="header_row"
            )
        return told.header_row - 1
    top = list(_top(frame))
    sure = [(score(row, told), place) for place, row in enumerate(top) if convinces(row, told)]
    if sure:
        return next(
            (place for found, place in sure if 2 * found >= len(told.wanted)),
            max(sure, key=lambda x: x[0])[1],
        )
    return next((place for place, row in enumerate(top) if 2 * sum(map(bool, row)) >= frame.width), 0)


def _lines(frame: pl.DataFrame, told: Told) -> Iterator[list[str]]:
    """Return the lines among which the names are: the first rows, or the columns before the first loan."""
    if told.loans_from is None:
        yield from _top(frame)
    for column in frame.get_columns()[: (told.loans_from or 1) - 1]:
        yield [cell or "" for cell in column.head(_MOST_FIELDS)]


def _top(frame: pl.DataFrame) -> Iterator[list[str]]:
    for row in frame.head(MOST_ABOVE).iter_rows():
        yield [cell or "" for cell in row]


def _with_odd_cells(
    frame: pl.DataFrame, content: bytes, name: str
) -> tuple[pl.DataFrame, tuple[str, ...], list[tuple[int, int]]]:
    """Return the sheet with the texts of error cells and of formulas without a value, which read as empty.

    And what is said of them, and where formulas without a value are: row and column, from 0.

    A workbook that asks to be calculated when opened was written by a program that calculates nothing: its
    formulas stand at 0.
    """
    xml, uncalculated = _sheet_xml(content, name)
    if b'"e"' not in xml and not re.search(rb"<(?:\w+:)?f[ >/]", xml):
        return frame, (), []
    first, odd, errors, unvalued = _odd_cells(xml, uncalculated)
    by_column: dict[int, dict[int, str]] = {}
    for (row, column), text in odd.items():
        by_column.setdefault(column - first, {})[row] = text
    for column, cells in by_column.items():
        rows = sorted(row for row in cells if row < frame.height)
        if column < frame.width and rows:
            series = frame.to_series(column).scatter(rows, [cells[row] for row in rows])
            frame = frame.with_columns(series)
    said = []
    if errors:
        counted = ", ".join(f"{text} {count}" for text, count in sorted(errors.items()))
        said.append(f"the sheet holds cells in error, which are read as their texts: {counted}")
    if unvalued:
        said.append(
            f"{len(unvalued)} formulas have no value, the first in {unvalued[0][2]}: open the workbook in a "
            "spreadsheet and save it"
        )
    return frame, tuple(said), [(row, column - first) for row, column, _ in unvalued]


def _odd_cells(
    xml: bytes, uncalculated: bool
) -> tuple[int, dict[tuple[int, int], str], Counter[str], list[tuple[int, int, str]]]:
    """Return the first column used, the texts of odd cells by row and column from 0, and what was odd.

    Of formulas without a value row, column and name of the cell.
    """
    odd: dict[tuple[int, int], str] = {}
    errors: Counter[str] = Counter()
    unvalued: list[tuple[int, int, str]] = []
    first = 1 << 20
    for cell in _CELL.finditer(xml):
        place = _PLACE.search(cell[1])
        if place is None:
            continue
        column = _number(place[1])
        first = min(first, column)
        inside = cell[2] or b""
        kind, formula = _KIND.search(cell[1]), _FORMULA.search(inside)
        value = _VALUE.search(inside)
        text = value[1].decode() if value else ""
        if kind is not None and kind[1] == b"e":
            errors[text] += 1
        elif formula is not None and (not text or (uncalculated and text == "0")):
            cell_name = f"{place[1].decode()}{place[2].decode()}"
            unvalued.append((int(place[2]) - 1, column, cell_name))
            text = "=" + (formula[1] or b"").decode()
        else:
            continue
        odd[int(place[2]) - 1, column] = text
    return first, odd, errors, unvalued


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number - 1


def _sheet_xml(content: bytes, name: str) -> tuple[bytes, bool]:
    """Return a sheet's part of an .xlsx workbook, empty for other forms, and whether it was never
    calculated.
    """
    if content[:4] != b"PK\x03\x04":
        return b"", False
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            return b"", False
        book, related = archive.read("xl/workbook.xml"), archive.read("xl/_rels/workbook.xml.rels")
        if b"<!DOCTYPE" in book + related:  # no program writes one, and entities can be traps
            return b"", False
        number = next(
            item.get(_RELATED)
            for item in ET.fromstring(book).iter()  # noqa: S314  # no document type, so no entities
            if item.tag.endswith("}sheet") and item.get("name") == name
        )
        links = ET.fromstring(related)  # noqa: S314
        target = next(str(item.get("Target")) for item in links if item.get("Id") == number)
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        return archive.read(part), b'fullCalcOnLoad="1"' in book
