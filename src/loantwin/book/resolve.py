"""Which column of the tape, or of the file beside it, each column of a mapping reads."""

from __future__ import annotations

from dataclasses import replace

from loantwin.book.layout import clean_name, looks_like_data
from loantwin.book.mapping import ColumnSource, TapeFormat
from loantwin.book.names import near
from loantwin.book.shapes import JOINED, REPORT_DATE, monthly_name
from loantwin.book.sniff import RawTape, read_columns
from loantwin.errors import MappingError, expected

ROW_NUMBER = "\nnumber"
"""Name of the column that numbers rows where a mapping asks for it."""

_FIRST_COLUMNS, _FIRST_ROWS = 4, 2_000


def resolved(raw: RawTape, second: RawTape | None, mapping: TapeFormat) -> list[ColumnSource]:
    """Return every column to read, its list of spellings narrowed to the one that the header has.

    Raises
    ------
    MappingError : a needed column that neither header has; it names the nearest.
    """
    found = []
    sections = (mapping.columns, mapping.panel, mapping.checked, mapping.attributes)
    for spec in (spec for section in sections for spec in section.values()):
        if spec.number_rows:
            found.append(replace(spec, source=(ROW_NUMBER,)))
        if spec.monthly:
            names = tuple(_one((name,), spec, raw, second, mapping) or "" for name in spec.monthly)
            found.append(replace(spec, source=(monthly_name(spec),), monthly=names))
        parts = {
            "": spec.source,
            "\nless": spec.less,
            "\ndivided_by": spec.divided_by,
            "\nor": spec.or_source,
            "\nbeside": spec.beside,
        }
        for suffix, spellings in parts.items():
            name = _one(spellings, spec, raw, second, mapping) if spellings else None
            if name is not None:
                found.append(replace(spec, name=spec.name + suffix, source=(name,)))
    if mapping.months:
        made = ColumnSource("panel.report_date", (REPORT_DATE,), "date", formats=("%Y-%m-%d",))
        found.append(made)
    return found


def in_second(names: list[str], raw: RawTape, second: RawTape | None) -> list[str]:
    """Return those of the columns to read that only the second file has."""
    if second is None:
        return []
    return [name for name in names if name not in raw.places and name.removeprefix(JOINED) in second.places]


def _one(
    spellings: tuple[str, ...], spec: ColumnSource, raw: RawTape, second: RawTape | None, mapping: TapeFormat
) -> str | None:
    """Return the name of the column that a list of spellings means; None where it may be absent and is.

    A spelling that differs from one column's name in nothing but capitals means that column.
    """
    files = [raw] if second is None else [raw, second]
    for name in map(clean_name, spellings):
        if name in raw.places or (second is not None and name.removeprefix(JOINED) in second.places):
            return name
    for file in files:
        for name in map(clean_name, spellings):
            alike = [column for column in file.header if column.casefold() == name.casefold()]
            if len(alike) == 1:
                return alike[0]
    if spec.optional:
        return None
    what = f"a column {' or '.join(spellings)} in " + " or ".join(file.source.path for file in files)
    was = "a header with " + ", ".join(raw.header[:40])
    raise MappingError(expected(what, was) + _about(raw, spellings), file=mapping.file, field=spec.name)


def _about(raw: RawTape, spellings: tuple[str, ...]) -> str:
    """Return what helps where the header is not the one a mapping speaks of."""
    if looks_like_data(raw.header):
        return (
            "; the first row looks like data: `header` in the mapping names the columns, `header_row = 0` "
            "numbers them"
        )
    if _in_rows(raw, spellings):
        return "; the fields lie in rows: `loans_from_column` in the mapping names the first column of a loan"
    row = (
        "" if raw.source.form == "parquet" else "; `header_row` in the mapping says which row holds the names"
    )
    return near(spellings[0], raw.header) or row


def _in_rows(raw: RawTape, spellings: tuple[str, ...]) -> bool:
    """Return whether a name that no header has stands in one of the first columns, as where fields lie
    in rows.
    """
    if raw.source.form == "parquet":
        return False
    frame, _ = read_columns(raw, raw.header[:_FIRST_COLUMNS])
    names = set(map(clean_name, spellings))
    return any(
        clean_name(cell) in names for column in frame.head(_FIRST_ROWS) for cell in column.drop_nulls()
    )
