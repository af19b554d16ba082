"""Public series, one or more a file, as FRED hands them out: a date column and columns named by series id."""

from __future__ import annotations

import numpy as np

from loantwin import months
from loantwin.errors import ScenarioError, expected
from loantwin.macro.factors import KNOWN
from loantwin.macro.fed import as_decimals
from loantwin.macro.source import ACTUAL, NativeTable
from loantwin.macro.table import TextTable, numbers, periods

SERIES_IDS = {
    "UNRATE": "unemployment_rate",
    "FEDFUNDS": "federal_funds_rate",
    "GDPC1": "real_gdp",
    "BUSLOANS": "business_loans",
    "DRALACBS": "all_loans_delinquency_rate",
    "DRCCLACBS": "credit_card_delinquency_rate",
    "DRSFRMACBS": "mortgage_delinquency_rate",
    "CORALACBN": "all_loans_charge_off_rate",
    "CORCACBS": "consumer_charge_off_rate",
    "CORCCACBS": "credit_card_charge_off_rate",
    "CORBLACBS": "business_charge_off_rate",
    "TB3MS": "treasury_3m",
    "GS5": "treasury_5y",
    "GS10": "treasury_10y",
    "MORTGAGE30US": "mortgage_rate",
    "MPRIME": "prime_rate",
}
"""Series id -> factor. Percent series become decimals; the publisher's own unit is kept for levels."""

_DATES = ("date", "observation_date")


def is_series(header: tuple[str, ...]) -> bool:
    """Return whether the header is a date and columns of which one is a known series id."""
    return header[0].lower() in _DATES and any(name.upper() in SERIES_IDS for name in header[1:])


def read_series(table: TextTable) -> tuple[dict[str, NativeTable], tuple[str, ...]]:
    """Return the history in a file of public series, and a warning for each value that was never published.

    Empty cells, and the point that FRED writes for a missing value, are 'not published'; frequency is told by
    the spacing of dates, a quarter's date being its first day.

    Raises
    ------
    ScenarioError : a series whose id is not known, or an empty column.
    """
    unknown = [name for name in table.header[1:] if name.upper() not in SERIES_IDS]
    if unknown:
        raise ScenarioError(
            expected("a series of " + ", ".join(SERIES_IDS), unknown[0]), file=table.path, field=unknown[0]
        )
    cells = tuple(tuple("" if cell == "." else cell for cell in row) for row in table.rows)
    table = TextTable(table.path, table.header, cells, table.numbers)
    factors = tuple(SERIES_IDS[name.upper()] for name in table.header[1:])
    kinds = tuple(KNOWN[factor][0] for factor in factors)
    rows = list(table.numbers)
    first, step = periods(table.column(0), table.path, rows, table.header[0])
    raw = numbers(table, range(1, len(table.header)))
    values = as_decimals(raw, kinds, factors, rows, table.path, percent=True)
    warnings = []
    for column, factor in enumerate(factors):
        finite = np.flatnonzero(np.isfinite(values[:, column]))
        if not finite.size:
            raise ScenarioError(
                expected("numbers", "an empty column"), file=table.path, field=table.header[column + 1]
            )
        for place in range(int(finite[0]), int(finite[-1])):
            if not np.isfinite(values[place, column]):
                warnings.append(f"{factor}: no value was published for {months.label(first + step * place)}")
    return {ACTUAL: NativeTable(ACTUAL, first, step, factors, kinds, values)}, tuple(warnings)
