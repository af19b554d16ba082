"""Annual percentage rates that laws publish: examples of Regulation Z, appendix J, and of directive 98/7/EC.

{`reg_z`: [{`advances`, `payments` as (amount, full unit-periods, fraction) or `level`,
`unit_periods_per_year`, `published_apr`}], `eu`: [{`drawdowns`, `repayments` as (amount, years),
`published_aprc`}]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from loantwin.products.internal_rates.roots import internal_rate
from loantwin.products.legal_rates import us_apr, us_apr_of_unit_periods
from loantwin.products.legal_rates.legal_rate import as_percent
from tests.suites.verdict import Verdict, judged, verdict

Case = dict[str, Any]


def run(path: Path) -> Verdict:
    """Return how many of a file's published rates are ours, to the last decimal that is published."""
    cases = json.loads(path.read_text(encoding="utf-8"))
    return verdict("apr", _outcomes(cases))


def _outcomes(cases: dict[str, list[Case]]) -> Iterator[tuple[str, str]]:
    for kind, found in cases.items():
        if not isinstance(found, list):
            continue
        for case in found:
            name = case.get("ref", kind) if isinstance(case, dict) else kind
            yield name, judged(lambda kind=kind, case=case: _outcome(kind, case), name)


def _outcome(kind: str, case: Case) -> str:
    if kind == "reg_z":
        rate, published, decimals = us_rate(case), case["published_apr"], 2
    elif kind == "eu":
        flows = [(-amount, years) for amount, years in case["drawdowns"]] + case["repayments"]
        rate = internal_rate([flow for flow, _ in flows], [years for _, years in flows]).rate
        published, decimals = case["published_aprc"], 1
    else:
        return f"rates of {kind}"
    return "equal" if as_percent(rate, decimals) == as_percent(published / 100, decimals) else "different"


def us_rate(case: Case) -> float:
    """Return the rate of a case: from its dates where the description says them, else from unit-periods."""
    return us_apr_of_unit_periods(*_columns(case), case["unit_periods_per_year"]).annual_rate


def us_rate_of_dates(case: Case) -> float | None:
    """Return the rate from the dates of advance and first payment alone; None where they are not said.

    Later payments follow the first, one a unit-period; so this judges that dates become unit-periods.
    """
    said = re.findall(r"(?:advance|first(?: payment)?) (\d{4}-\d\d-\d\d)", case["desc"])
    if len(said) != 2:
        return None
    start, first = map(date.fromisoformat, said)
    amounts, full, _ = _columns(case)
    count = [periods for flow, periods in zip(amounts, full, strict=True) if flow > 0]
    days = [_later(first, periods - count[0], case["unit_periods_per_year"]) for periods in count]
    payments = [(day, flow) for day, flow in zip(days, [flow for flow in amounts if flow > 0], strict=True)]
    return us_apr([(start, flow) for flow in amounts if flow < 0] + payments).annual_rate


def _later(day: date, periods: int, per_year: float) -> date:
    if per_year in (52, 26, 13):
        return date.fromordinal(day.toordinal() + periods * 7 * int(52 / per_year))
    if per_year == 24:
        month = day.month - 1 + periods // 2
        return date(day.year + month // 12, month % 12 + 1, day.day + 15 * (periods % 2))
    month = day.month - 1 + periods * int(12 / per_year)
    return date(day.year + month // 12, month % 12 + 1, day.day)


def _columns(case: Case) -> tuple[list[float], list[int], list[float]]:
    """Return flows, full unit-periods and fractions of a case."""
    rows = [(-amount, full, float(part)) for amount, full, part in case["advances"]]
    if case["payments"] is not None:
        rows += [(amount, full, float(part)) for amount, full, part in case["payments"]]
    else:
        level = case["level"]
        part = float(Fraction(str(level["f"])))
        rows += [(level["payment"], level["t"] + place, part) for place in range(level["n"])]
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
