"""A result's tables as files: one as CSV or Parquet, or all in a workbook with what they came from."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loantwin.errors import UsageError, expected, visible
from loantwin.extras import require
from loantwin.files import (
    CREATOR,
    DIGEST,
    about_csv,
    check_replaced,
    check_target,
    digest_of,
    replace_file,
    whole_file,
)
from loantwin.results.reading import reading_of
from loantwin.results.spreadsheet import spreadsheet_safe
from loantwin.results.tables import PROVENANCE, as_frame, main_table, tables
from loantwin.results.units import unit_of
from loantwin.results.words import currency_of, summary

if TYPE_CHECKING:
    import polars as pl

FIELD = "table"
ENDINGS = (".csv", ".parquet", ".xlsx")
SOURCES = ("sha256", "source_hash")
"""Facts of a provenance that are a tape's digest."""
ABOUT = "about"
"""The first sheet of a workbook: what the result says, and the sheets."""
LONGEST_NAME = 31
"""Characters of a sheet's name."""
MOST_ROWS = 1_048_575
"""Rows of a sheet below its headings."""
WIDEST = 48
"""Characters of a column."""


def check_table(path: Path) -> None:
    """Raise UsageError for another ending or a place that cannot be written, ExtraError without `excel`.

    Called before the work whose tables are asked for, not after.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(expected("a file that ends in " + ", ".join(ENDINGS), path.name), field=FIELD)
    if path.suffix.lower() == ".xlsx":
        require("excel", file=path)
    check_target(path, FIELD)
    check_replaced(path, FIELD)
    if path.suffix.lower() == ".csv" and about_csv(path).exists() and digest_of(about_csv(path)) is None:
        check_replaced(about_csv(path), FIELD)


def target_of(words: str) -> tuple[Path, str | None]:
    """Return file and table of FILE or FILE#NAME."""
    found = re.fullmatch(rf"(.+(?:{'|'.join(map(re.escape, ENDINGS))}))#(.+)", words, re.IGNORECASE)
    return (Path(found[1]), found[2]) if found else (Path(words), None)


def save(result: Any, path: Path, name: str | None = None) -> Path:
    """Write one table, or to a workbook all, and return the file.

    Columns keep their names. Units stand in a workbook's headings, in a Parquet file's metadata (`units`),
    and beside FILE.csv in FILE.csv-metadata.json, as CSV on the Web names it. In CSV a text that a
    spreadsheet would take for a formula gets an apostrophe; in a workbook it is a text.

    Raises
    ------
    UsageError : another ending, no table of that name, too many rows for a sheet, a file that
        cannot be written, one that is there and that this program did not write, or the very tape that
        the result was made from.
    """
    check_table(path)
    _keep_source(result, path)
    made = tables(result)
    if name is not None and name not in made:
        raise UsageError(expected("one of " + ", ".join(made), name), field=FIELD)
    if path.suffix.lower() == ".xlsx":
        frames = {
            key: as_frame(rows) for key, rows in made.items() if name in (None, key) or key == PROVENANCE
        }
        with whole_file(path, FIELD) as file:
            _workbook(result, frames, file)
        return path
    name = name or main_table(made, reading_of(result).table)
    frame = as_frame(made[name])
    if path.suffix.lower() == ".csv":
        _write_csv(result, name, frame, path)
        return path
    told = {"schema": result.SCHEMA, "table": name, "currency": currency_of(result)}
    told |= {"units": _json(units(result, frame)), "provenance": _json(_provenance(result))}
    with whole_file(path, FIELD) as file:
        frame.write_parquet(file, metadata=told)
    return path


def units(result: Any, frame: pl.DataFrame) -> dict[str, str]:
    """Return the unit of each column that has one: a currency, or "share", a decimal of something."""
    found = {name: _unit(result, name, kind) for name, kind in frame.schema.items()}
    return {name: unit for name, unit in found.items() if unit}


def _unit(result: Any, name: str, kind: pl.DataType) -> str:
    return unit_of(type(result).__name__, name, currency_of(result)) if kind.is_float() else ""


def _write_csv(result: Any, name: str, frame: pl.DataFrame, path: Path) -> None:
    """Write a CSV and what its columns mean beside it; the digest there tells whether it was edited since."""
    text = spreadsheet_safe(frame).write_csv()
    unit = units(result, frame)
    columns = [
        {"name": column, "datatype": _datatype(kind)} | ({"unit": unit[column]} if column in unit else {})
        for column, kind in frame.schema.items()
    ]
    about = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": path.name,
        "tableSchema": {"columns": columns},
        "schema": result.SCHEMA,
        "table": name,
        "currency": currency_of(result),
        "provenance": _provenance(result),
        DIGEST: sha256(text.encode()).hexdigest(),
    }
    replace_file(path, text, FIELD, private=True)
    replace_file(about_csv(path), json.dumps(about, default=str, indent=1) + "\n", FIELD, private=True)


def _datatype(kind: pl.DataType) -> str:
    import polars as pl

    if kind == pl.Date:
        return "date"
    if kind == pl.Boolean:
        return "boolean"
    return "number" if kind.is_float() else "integer" if kind.is_integer() else "string"


def _provenance(result: Any) -> Any:
    return getattr(result, PROVENANCE, None) or {}


def _keep_source(result: Any, path: Path) -> None:
    """Raise UsageError where the file holds, byte for byte, the tape that the result came from."""
    told = _provenance(result)
    known = {told[name] for name in SOURCES if told.get(name)}
    if known and path.is_file() and sha256(path.read_bytes()).hexdigest() in known:
        raise UsageError(
            expected("a new file, or an old table", f"{path.name}, the tape itself"), field=FIELD
        )


def _json(value: Any) -> str:
    return json.dumps(value, default=str, sort_keys=True)


def _workbook(result: Any, frames: dict[str, pl.DataFrame], file: Path) -> None:
    import xlsxwriter

    # names come from tapes: a text is never read as a formula, a link or a number
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(file), {**options, "in_memory": True})
    book.set_properties({"author": CREATOR})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    forms = {
        "money": book.add_format({"num_format": "#,##0.00"}),
        "share": book.add_format({"num_format": "0.00%"}),
        "count": book.add_format({"num_format": "#,##0"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "wrapped": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    about = book.add_worksheet(ABOUT)
    taken = {ABOUT}
    names = {name: _sheet_name(name, taken) for name in frames}
    _about(
        about, result, {sheet: frames[name].height for name, sheet in names.items()}, head, forms["wrapped"]
    )
    for name, frame in frames.items():
        if frame.height > MOST_ROWS:
            raise UsageError(
                expected(f"at most {MOST_ROWS:,} rows in a sheet", f"{frame.height:,}"), field=FIELD
            )
        _sheet(book.add_worksheet(names[name]), frame, result, head, forms)
    book.close()


def _sheet_name(name: str, taken: set[str]) -> str:
    """Return a sheet's name: no sign that sheets may not have, short, and no other's."""
    short = re.sub(r"[\[\]:*?/\\']", "_", name)
    made, count = short[:LONGEST_NAME], 1
    while made.lower() in taken:
        count += 1
        made = f"{short[: LONGEST_NAME - len(str(count)) - 1]}~{count}"
    taken.add(made.lower())
    return made


def _about(sheet: Any, result: Any, rows: dict[str, int], head: Any, wrapped: Any) -> None:
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 100)
    facts = {"schema": result.SCHEMA, "currency": currency_of(result)}
    for place, line in enumerate(summary(result).splitlines()):
        sheet.write_string(place, 1, line, wrapped)
    start = len(summary(result).splitlines()) + 1
    for place, (name, value) in enumerate(facts.items(), start):
        sheet.write_string(place, 0, name)
        sheet.write_string(place, 1, value)
    start += len(facts) + 1
    sheet.write_string(start, 0, "sheet", head)
    sheet.write_string(start, 1, "rows", head)
    for place, (name, count) in enumerate(rows.items(), start + 1):
        sheet.write_string(place, 0, name)
        sheet.write_string(place, 1, f"{count:,}")


def _sheet(sheet: Any, frame: pl.DataFrame, result: Any, head: Any, forms: dict[str, Any]) -> None:
    import polars as pl

    for column, (name, kind) in enumerate(frame.schema.items()):
        unit = _unit(result, name, kind)
        heading = name.replace("_", " ").strip() + (f", {'%' if unit == 'share' else unit}" if unit else "")
        sheet.write_string(0, column, visible(heading), head)
        values = frame[name].to_list()
        form = forms.get(
            "share" if unit == "share" else "money" if unit else "count" if kind == pl.Int64 else ""
        )
        for row, value in enumerate(values, 1):
            if value is None:
                continue
            if isinstance(value, bool):
                sheet.write_boolean(row, column, value)
            elif isinstance(value, str):
                sheet.write_string(row, column, visible(value))
            elif kind == pl.Date:
                sheet.write_datetime(row, column, value, forms["date"])
            else:
                sheet.write_number(row, column, value, form)
        widest = max([len(str(value)) for value in values[:200] if isinstance(value, str)] or [12])
        sheet.set_column(column, column, min(WIDEST, max(12, widest + 1, min(20, len(heading)))))
    sheet.freeze_panes(1, 1)
    if frame.height > 1:
        sheet.autofilter(0, 0, frame.height, frame.width - 1)
