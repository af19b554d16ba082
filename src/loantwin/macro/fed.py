"""The Federal Reserve's stress test tables, domestic and international, history and scenarios."""

from __future__ import annotations

import re

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import ScenarioError, expected
from loantwin.macro.factors import KNOWN
from loantwin.macro.source import ACTUAL, NativeTable
from loantwin.macro.table import TextTable, numbers, periods

_DOMESTIC = {
    "real gdp growth": "real_gdp_growth",
    "nominal gdp growth": "nominal_gdp_growth",
    "real disposable income growth": "real_income_growth",
    "nominal disposable income growth": "nominal_income_growth",
    "unemployment rate": "unemployment_rate",
    "cpi inflation rate": "inflation",
    "cpi inflation": "inflation",
    "3 month treasury rate": "treasury_3m",
    "3 month treasury yield": "treasury_3m",
    "5 year treasury yield": "treasury_5y",
    "5 year treasury rate": "treasury_5y",
    "10 year treasury yield": "treasury_10y",
    "10 year treasury rate": "treasury_10y",
    "bbb corporate yield": "bbb_yield",
    "mortgage rate": "mortgage_rate",
    "prime rate": "prime_rate",
    "dow jones total stock market index": "stock_index",
    "house price index": "house_price_index",
    "commercial real estate price index": "commercial_property_index",
    "market volatility index": "vix",
}
_AREAS = {"euro area": "euro_area", "developing asia": "developing_asia", "japan": "japan", "uk": "uk"}


def is_fed(header: tuple[str, ...]) -> bool:
    """Return whether the header is that of a Fed table."""
    names = {_plain(name) for name in header}
    return "scenario name" in names and "date" in names


def read_fed(table: TextTable) -> tuple[dict[str, NativeTable], tuple[str, ...]]:
    """Return the scenarios of a Fed table; percent become decimals.

    An empty cell of history is 'not published' before a series starts or after it ends; anywhere else, and in
    a scenario, it is an error.

    Raises
    ------
    ScenarioError : a column that is no variable of the Fed's tables, or a variable given twice.
    """
    names = [_plain(name) for name in table.header]
    scenario, day = names.index("scenario name"), names.index("date")
    positions = [place for place in range(len(names)) if place not in (scenario, day)]
    factors = tuple(_factor(table.header[place], table.path) for place in positions)
    for place, factor in enumerate(factors):
        if factor in factors[:place]:
            raise ScenarioError(
                expected("every factor once", "a second column"), file=table.path, field=factor
            )
    return tables_by_name(table, scenario, day, positions, factors, percent=True), ()


def tables_by_name(
    table: TextTable,
    scenario: int | None,
    day: int,
    positions: list[int],
    factors: tuple[str, ...],
    *,
    percent: bool,
) -> dict[str, NativeTable]:
    """Return one table a scenario name (the file's stem in the key "" where there is no such column).

    Raises
    ------
    ScenarioError : a row without a scenario's name.
    """
    values = numbers(table, positions)
    labels = table.column(scenario) if scenario is not None else [""] * len(table.rows)
    dates, field = table.column(day), table.header[day]
    found: dict[str, NativeTable] = {}
    for name in dict.fromkeys(labels):
        chosen = [place for place, label in enumerate(labels) if label == name]
        rows = [table.numbers[place] for place in chosen]
        if scenario is not None and not name:
            raise ScenarioError(
                expected("a scenario name", "an empty cell"),
                file=table.path,
                row=rows[0],
                field=table.header[scenario],
            )
        first, step = periods([dates[place] for place in chosen], table.path, rows, field)
        kinds = tuple(KNOWN[factor][0] for factor in factors)
        native = as_decimals(values[chosen], kinds, factors, rows, table.path, percent=percent)
        check_holes(native, factors, rows, table.path, history=name == ACTUAL)
        found[name] = NativeTable(name, first, step, factors, kinds, native)
    return found


def as_decimals(
    values: Floats,
    kinds: tuple[str, ...],
    factors: tuple[str, ...],
    rows: list[int],
    path: str,
    *,
    percent: bool,
) -> Floats:
    """Return rates and growth as decimals; refuse a column in the wrong unit and an index not positive.

    Raises
    ------
    ScenarioError : rates that are not in the stated unit, an index that is not positive; file, row and
        factor.
    """
    out = values.copy()
    for column, (factor, kind) in enumerate(zip(factors, kinds, strict=True)):
        cells = values[:, column]
        wanted, bad = "a positive level", cells <= 0.0
        if kind != "index":
            out[:, column] = cells / 100.0 if percent else cells
            wanted = (
                "percent, such as 4.1, of an absolute value up to 100"
                if percent
                else "a decimal such as 0.041 for 4.1 percent"
            )
            bad = np.abs(out[:, column]) > 1.0
            if percent and factor == "unemployment_rate" and np.nanmax(cells, initial=0.0) < 0.5:
                wanted, bad = "percent, such as 4.1", np.isfinite(cells)
        if bad.any():
            place = int(np.argmax(bad))
            raise ScenarioError(
                expected(wanted, f"{cells[place]:g}"), file=path, row=rows[place], field=factor
            )
    return out


def check_holes(
    values: Floats, factors: tuple[str, ...], rows: list[int], path: str, *, history: bool
) -> None:
    """Raise ScenarioError at an empty cell other than before a series of history starts or after it ends."""
    for column, factor in enumerate(factors):
        finite = np.flatnonzero(np.isfinite(values[:, column]))
        if not finite.size:
            if history:
                continue
            raise ScenarioError(expected("a number", "an empty column"), file=path, row=rows[0], field=factor)
        low, high = (int(finite[0]), int(finite[-1])) if history else (0, len(values) - 1)
        inside = np.flatnonzero(~np.isfinite(values[low : high + 1, column]))
        if inside.size:
            raise ScenarioError(
                expected("a number", "an empty cell"), file=path, row=rows[low + int(inside[0])], field=factor
            )


def _plain(name: str) -> str:
    words = re.sub(r"\([^)]*\)", " ", name.lower().replace("u.k.", "uk"))
    return " ".join(re.findall(r"[a-z0-9]+", words))


def _factor(name: str, path: str) -> str:
    plain = _plain(name)
    plain = plain.removesuffix(" level")
    if plain in _DOMESTIC:
        return _DOMESTIC[plain]
    for words, area in _AREAS.items():
        rest = plain.removeprefix(words + " ")
        if rest != plain:
            suffix = {
                "real gdp growth": "real_gdp_growth",
                "inflation": "inflation",
                "bilateral dollar exchange rate": "exchange_rate",
            }
            if rest in suffix:
                return f"{area}_{suffix[rest]}"
    raise ScenarioError(expected("a variable of the Fed's tables", name), file=path, field=name)
