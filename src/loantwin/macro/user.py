"""Scenarios and histories of the user's own, as CSV or TOML (docs/macro.md shows both)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from loantwin.errors import ScenarioError, expected
from loantwin.files import parse_toml
from loantwin.macro.factors import KINDS, KNOWN
from loantwin.macro.fed import as_decimals, check_holes, tables_by_name
from loantwin.macro.source import ACTUAL, NativeTable
from loantwin.macro.table import TextTable, decoded, number, parse_date, periods, read_bytes, split

_TOP = {"name", "frequency", "first", "factor"}
_FACTOR = {"kind", "unit", "values", "file", "column"}


def read_csv(table: TextTable) -> dict[str, NativeTable]:
    """Return the scenarios of a user's CSV: columns `date`, perhaps `scenario`, and factors in decimals.

    Raises
    ------
    ScenarioError : no column `date`, or a factor whose kind is not known.
    """
    lower = [name.lower() for name in table.header]
    if "date" not in lower:
        raise ScenarioError(
            expected(
                "a Fed table, a public series or a CSV with a column date",
                "columns " + ", ".join(table.header)[:200],
            ),
            file=table.path,
        )
    day = lower.index("date")
    scenario = lower.index("scenario") if "scenario" in lower else None
    positions = [place for place in range(len(lower)) if place not in (day, scenario)]
    for place in positions:
        if lower[place] not in KNOWN:
            raise ScenarioError(
                expected(
                    "a known factor (others need a TOML file that states their kind)", table.header[place]
                ),
                file=table.path,
                field=table.header[place],
            )
    factors = tuple(lower[place] for place in positions)
    found = tables_by_name(table, scenario, day, positions, factors, percent=False)
    stem = Path(table.path).stem
    return {name or stem: _named(native, name or stem) for name, native in found.items()}


def read_toml(content: bytes, path: Path) -> NativeTable:
    """Return the one scenario of a TOML file.

    Raises
    ------
    ScenarioError : broken TOML, an unknown or missing key, a value of the wrong kind, factors of unlike
        periods, or a file of values without its columns.
    """
    document = parse_toml(decoded(content, path), path, "a scenario", ScenarioError)
    _known_keys(document, _TOP, path, "the file")
    name = _text(document, "name", path, path.stem)
    entries = document.get("factor")
    if not isinstance(entries, dict) or not entries:
        raise ScenarioError(
            expected("a table [factor.NAME] for each factor", entries), file=path, field="factor"
        )
    columns = [_column(factor, entry, document, path) for factor, entry in entries.items()]
    start, step, length = columns[0][1], columns[0][2], len(columns[0][3])
    for factor, first, own, values, _ in columns:
        if (first, own, len(values)) != (start, step, length):
            raise ScenarioError(
                expected(
                    f"{length} periods of {step} months as in {columns[0][0]}",
                    f"{len(values)} periods of {own} months",
                ),
                file=path,
                field=factor,
            )
    factors, kinds = tuple(column[0] for column in columns), tuple(column[4] for column in columns)
    matrix = np.array([column[3] for column in columns], dtype=np.float64).T
    check_holes(matrix, factors, list(range(1, length + 1)), str(path), history=name == ACTUAL)
    return NativeTable(name, start, step, factors, kinds, matrix)


Column = tuple[str, int, int, list[float], str]


def _column(factor: str, entry: object, document: Mapping[str, Any], path: Path) -> Column:
    if not isinstance(entry, dict):
        raise ScenarioError(expected("a table", entry), file=path, field=f"factor.{factor}")
    _known_keys(entry, _FACTOR, path, f"factor.{factor}")
    kind = _text(entry, "kind", path, KNOWN.get(factor, ("",))[0])
    if kind not in KINDS:
        raise ScenarioError(
            expected("a kind of " + ", ".join(KINDS), kind), file=path, field=f"factor.{factor}.kind"
        )
    unit = _text(entry, "unit", path, "decimal")
    if unit not in ("decimal", "percent"):
        raise ScenarioError(
            expected("a unit of decimal, percent", unit), file=path, field=f"factor.{factor}.unit"
        )
    if ("values" in entry) == ("file" in entry):
        raise ScenarioError(
            expected("either values or file", "both or neither"), file=path, field=f"factor.{factor}"
        )
    first, step, values, rows, place = (
        _inline(factor, entry, document, path) if "values" in entry else _from_file(factor, entry, path)
    )
    cells = np.array(values, dtype=np.float64)[:, None]
    decimals = as_decimals(cells, (kind,), (factor,), rows, place, percent=unit == "percent")
    return factor, first, step, [float(value) for value in decimals[:, 0]], kind


def _inline(
    factor: str, entry: Mapping[str, Any], document: Mapping[str, Any], path: Path
) -> tuple[int, int, list[float], list[int], str]:
    first, quarterly = parse_date(_text(document, "first", path, None), str(path), None, "first")
    frequency = _text(document, "frequency", path, "quarterly" if quarterly else "monthly")
    if frequency not in ("quarterly", "monthly"):
        raise ScenarioError(
            expected("a frequency of quarterly, monthly", frequency), file=path, field="frequency"
        )
    values = entry["values"]
    if not isinstance(values, list) or not values:
        raise ScenarioError(expected("a list of numbers", values), file=path, field=f"factor.{factor}.values")
    for row, value in enumerate(values, start=1):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ScenarioError(
                expected("a finite number", value), file=path, row=row, field=f"factor.{factor}.values"
            )
    if frequency == "quarterly" and first % 3:
        raise ScenarioError(expected("a quarter's first month", document["first"]), file=path, field="first")
    rows = list(range(1, len(values) + 1))
    return first, 3 if frequency == "quarterly" else 1, [float(value) for value in values], rows, str(path)


def _from_file(
    factor: str, entry: Mapping[str, Any], path: Path
) -> tuple[int, int, list[float], list[int], str]:
    file = path.parent / _text(entry, "file", path, None)
    table = split(decoded(read_bytes(file)[0], file), file)
    name = _text(entry, "column", path, factor)
    lower = [title.lower() for title in table.header]
    day = next((place for place, title in enumerate(lower) if title in ("date", "observation_date")), None)
    if day is None or name not in table.header:
        wanted = name if day is not None else "date"
        raise ScenarioError(
            expected(f"a column {wanted}", "columns " + ", ".join(table.header)[:200]),
            file=file,
            field=wanted,
        )
    first, step = periods(table.column(day), table.path, table.numbers, table.header[day])
    cells = table.column(table.header.index(name))
    values = [number(cell, table.path, row, name) for cell, row in zip(cells, table.numbers, strict=True)]
    return first, step, values, list(table.numbers), str(file)


def _named(table: NativeTable, name: str) -> NativeTable:
    return NativeTable(name, table.first, table.step, table.factors, table.kinds, table.values)


def _known_keys(entry: Mapping[str, Any], known: set[str], path: Path, place: str) -> None:
    for key in entry:
        if key not in known:
            raise ScenarioError(
                expected(f"in {place} a key of " + ", ".join(sorted(known)), key), file=path, field=key
            )


def _text(entry: Mapping[str, Any], key: str, path: Path, default: str | None) -> str:
    value = entry.get(key, default)
    if not isinstance(value, str) or (not value and key not in ("kind",)):
        raise ScenarioError(
            expected("a text", value if value is not None else "nothing"), file=path, field=key
        )
    return value
