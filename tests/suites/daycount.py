"""Days and parts of a year between two dates, by convention: a table of QuantLib's own tests.

Columns: convention, start, end, ref_start, ref_end, expected, kind (`day_count` or `year_fraction`).
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from loantwin.products.day_counts import DAY_COUNTS, days_counted, year_fraction
from tests.suites.verdict import Verdict, judged, verdict

OURS = {
    "actualactual": "actual/actual",
    "actualactual.isda": "actual/actual",
    "actualactual.historical": "actual/actual",
    "actualactual.actual365": "actual/actual",
    "actualactual.isma": "actual/actual-isma",
    "actualactual.bond": "actual/actual-isma",
    "actualactual.afb": "actual/actual-afb",
    "actualactual.euro": "actual/actual-afb",
    "thirty360.bondbasis": "30/360",
    "thirty360.isma": "30/360",
    # the 31st moved to the first of the next month counts the same days as the 31st left where it is
    "thirty360.nasd": "30/360",
    "thirty360.usa": "30/360-us",
    "thirty360.isda": "30/360-isda",
    "thirty360.german": "30/360-isda",
    "thirty360.italian": "30/360-italian",
    "thirty360.european": "30e/360",
    "thirty360.eurobondbasis": "30e/360",
    "thirty365": "30/365",
    "actual360": "actual/360",
    "actual364": "actual/364",
    "actual365fixed": "actual/365",
    "actual365fixed.standard": "actual/365",
    "actual365fixed.noleap": "actual/365-no-leap",
    "actual365": "actual/365",
    "actual36525": "actual/365.25",
    "actual366": "actual/366",
    "act366": "actual/366",
    "act36525": "actual/365.25",
    "business252": "business/252",
}
"""QuantLib's class and convention, in small letters, -> ours."""

HALF_YEARS_END, OTHERS_END = date(2012, 2, 29), date(2008, 2, 29)
"""When the loans end in QuantLib's tables of 30E/360 ISDA: of half-years, and of single periods. The file
leaves it out, and the last of February is the 30th everywhere but there.
"""

NEAR = 1e-9
"""The file has years to 11 or 12 figures."""

Row = dict[str, str]


def run(path: Path) -> Verdict:
    """Return how many rows of a file our day counts give."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [f"row {place + 1}: {row['convention']} {row['start']}" for place, row in enumerate(rows)]
    made = (judged(lambda row=row: _outcome(row), name) for name, row in zip(names, rows, strict=True))
    return verdict("daycount", zip(names, made, strict=True))


def our_name(convention: str) -> str | None:
    """Return our day count for QuantLib's; a last part that names a test and no convention is left out."""
    found = convention.casefold()
    last = found.rpartition(".")[2]
    if last.startswith("test"):
        found = last.removeprefix("test")
    return OURS.get(found)


def _outcome(row: Row) -> str:
    name = our_name(row["convention"])
    if name not in DAY_COUNTS:
        return f"day count {row['convention']}"
    start, end = date.fromisoformat(row["start"]), date.fromisoformat(row["end"])
    termination = _termination(start, end)
    calendar = "brazil" if name == "business/252" else None  # QuantLib's own choice
    if row["kind"] == "day_count":
        found = float(days_counted(name, start, end, termination=termination, calendar=calendar))
    elif row["kind"] == "year_fraction":
        low, high = (date.fromisoformat(row[key]) if row[key] else None for key in ("ref_start", "ref_end"))
        found = float(
            year_fraction(
                name,
                start,
                end,
                period_start=low,
                period_end=high,
                termination=termination,
                calendar=calendar,
            )
        )
    else:
        return f"kind {row['kind']}"
    return "equal" if abs(found - float(row["expected"])) < NEAR else "different"


def _termination(start: date, end: date) -> date:
    return HALF_YEARS_END if 175 < (end - start).days < 190 else OTHERS_END
