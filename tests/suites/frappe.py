"""Schedules in whole units and rules of due dates: cases of another lending system's own tests.

{`cases`: [{`id`, `amount`, `rate_percent`, `periods` or `fixed_payment`, what comes out} or {`id`, `rule`,
`first` or `first_requested`, `dates` by number}]}
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from loantwin.errors import InputError
from loantwin.products.due_dates import due_dates
from loantwin.products.instalments import instalments
from loantwin.products.term_sheet import Instalment, TermSheet
from tests.suites.verdict import Verdict, judged, name_of, verdict

Case = dict[str, Any]

EVERY = {
    "monthly": "1m",
    "quarterly": "3m",
    "half-yearly": "6m",
    "yearly": "1y",
    "weekly": "1w",
    "bi-weekly": "2w",
}
RULES: dict[str, Callable[[date], dict[str, Any]]] = {
    "monthly on same date as first": lambda day: {"first": day},
    "first of month after": lambda day: {"first": day, "due_day": 1},
    "end of month": lambda day: {"first": day, "due_day": "month-end"},
}
START = date(2020, 1, 1)
"""Where a case has no date: months count alike whichever they are."""


def run(path: Path) -> Verdict:
    """Return how many cases of a file are ours, in whole units."""
    cases = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)["cases"]
    names = [name_of(case, "id", place) for place, case in enumerate(cases, 1)]
    made = (judged(lambda case=case: _outcome(case), name) for name, case in zip(names, cases, strict=True))
    return verdict("frappe", zip(names, made, strict=True))


def _outcome(case: Case) -> str:
    if "dates" in case and case["rule"] not in RULES:
        return f"rule of dates {case['rule']}"
    if case.get("frequency", "monthly") not in EVERY:
        return f"frequency {case['frequency']}"
    try:
        return "equal" if (_dates(case) if "dates" in case else _amounts(case)) else "different"
    except InputError as refused:
        return str(refused)


def _dates(case: Case) -> bool:
    first = date.fromisoformat(case.get("first") or case["first_requested"])
    count = max(case.get("n", 1), *map(int, case["dates"]))
    sheet = TermSheet(
        amount=Decimal(1000),
        annual_rate=Decimal(0),
        payments=count,
        start=date(first.year, first.month, 1),
        **RULES[case["rule"]](first),
    )
    found = due_dates(sheet)
    return all(found[int(number) - 1] == date.fromisoformat(day) for number, day in case["dates"].items())


def _amounts(case: Case) -> bool:
    """Return whether a schedule's amounts, each in whole units, are the case's."""
    rounding = {}
    if "installment_rounding" in case:
        direction, _, multiple = case["installment_rounding"].partition(" to ")
        rounding = {"instalment_multiple": Decimal(multiple), "instalment_rounding": direction}
    sheet = TermSheet(
        amount=Decimal(case["amount"]),
        annual_rate=Decimal(case["rate_percent"]) / 100,
        payments=case["periods"] if "fixed_payment" not in case else None,
        instalment=Decimal(case["fixed_payment"]) if "fixed_payment" in case else None,
        start=START,
        every=EVERY[case.get("frequency", "monthly")],
        **rounding,
    )
    rows = instalments(sheet)
    interest = sum(row.interest for row in rows)
    found = {
        "installment": _whole(rows[0].payment),
        "periods_expected": len(rows),
        "total_interest": _whole(interest),
        "total_payment": _whole(sum(row.payment for row in rows)),
        "rows": {number: _row(rows[int(number) - 1]) for number in case.get("rows", {})},
    }
    return all(found[key] == case[key] for key in found if key in case)


def _row(row: Instalment) -> list[int]:
    return [_whole(row.principal), _whole(row.interest), _whole(row.closing)]


def _whole(minor: int) -> int:
    return int((Decimal(minor) / 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
