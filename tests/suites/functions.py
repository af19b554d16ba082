"""Functions of finance with known answers: examples of Excel's documentation and numpy-financial.

A case is {`ref`: "Excel NAME ..." or "numpy-financial NAME ...", arguments by their names, `expected`}; some
say a tolerance `tol`, or the answer under a name of its own, or "no solution".
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from loantwin.products import finance_functions as functions
from tests.suites.verdict import Verdict, judged, name_of, verdict

Case = Mapping[str, Any]
ITERATED = {"irr": 1e-7, "rate": 1e-7, "xirr": 1e-8}
"""Excel looks for these in steps and stops so near to the answer (0.00001 and 0.000001 percent)."""


def run(path: Path) -> Verdict:
    """Return how many of a file's answers are ours, to the last figure that it has."""
    cases = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    names = [name_of(case, "ref", place) for place, case in enumerate(cases, 1)]
    made = (judged(lambda case=case: _outcome(case), name) for name, case in zip(names, cases, strict=True))
    return verdict("functions", zip(names, made, strict=True))


def _outcome(case: Case) -> str:
    name = _name(case)
    if name not in CALLS:
        return f"function {name}"
    try:
        found = float(CALLS[name](case))
    except KeyError as missing:
        return f"function {name} without {missing.args[0]}"
    if case.get("expected") == "no solution":
        return "equal" if math.isnan(found) else "different"
    key, wanted = _expected(case)
    if key.endswith("percent"):
        found *= 100
    near = float(case["tol"]) * max(1.0, abs(float(wanted))) if "tol" in case else _half_a_figure(wanted)
    if name in ITERATED:
        near = max(near, ITERATED[name])
    return "equal" if abs(found - float(wanted)) <= near else "different"


def _name(case: Case) -> str:
    """Return the function's word in a reference; a bare number of a report stands for `irr`, by its flows."""
    for word in case["ref"].replace("-", " ").split():
        if word.lower() in CALLS:
            return word.lower()
    if "cashflows" in case:
        return "xirr" if "dates" in case else "irr"
    return str(case["ref"])


def _expected(case: Case) -> tuple[str, Any]:
    return next((key, value) for key, value in case.items() if key.startswith("expected"))


def _half_a_figure(wanted: Any) -> float:
    """Return half of the last figure of an answer, and a hair: documentation shows rounded answers."""
    exponent = wanted.as_tuple().exponent if isinstance(wanted, Decimal) else 0
    return 0.501 * 10.0**exponent


def _number(case: Case, *names: str, default: float | None = None) -> float:
    """Return an argument, a number or a text as 0.08/12, under the first name that it has."""
    for name in names:
        if name in case:
            value = case[name]
            if isinstance(value, str):
                above, _, below = value.partition("/")
                return float(Fraction(above) / Fraction(below or "1"))
            return float(value)
    if default is None:
        raise KeyError(names[0])
    return default


def _flows(case: Case) -> list[float]:
    for name in ("cashflows", "flows", "values"):
        if name in case:
            return [float(value) for value in case[name]]
    raise KeyError("cashflows")


def _annuity(case: Case, *names: str) -> list[float]:
    """Return arguments in order, then future value and type."""
    return [*(_number(case, name) for name in names), _number(case, "fv", default=0.0), _when(case)]


def _when(case: Case) -> float:
    return _number(case, "type", "when", default=0.0)


def _net_present_value(case: Case) -> Any:
    # Excel's first flow falls after one period, that of numpy-financial today
    first = 0 if case["ref"].lower().startswith("numpy") else 1
    return functions.npv(_number(case, "rate"), _flows(case), first=first)


CALLS: dict[str, Callable[[Case], Any]] = {
    "pmt": lambda case: functions.pmt(*_annuity(case, "rate", "nper", "pv")),
    "pv": lambda case: functions.pv(*_annuity(case, "rate", "nper", "pmt")),
    "fv": lambda case: functions.fv(
        *(_number(case, name) for name in ("rate", "nper", "pmt")),
        _number(case, "pv", default=0.0),
        _when(case),
    ),
    "nper": lambda case: functions.nper(*_annuity(case, "rate", "pmt", "pv")),
    "ipmt": lambda case: functions.ipmt(*_annuity(case, "rate", "per", "nper", "pv")),
    "ppmt": lambda case: functions.ppmt(*_annuity(case, "rate", "per", "nper", "pv")),
    "ispmt": lambda case: functions.ispmt(*(_number(case, name) for name in ("rate", "per", "nper", "pv"))),
    "rate": lambda case: functions.rate(
        *_annuity(case, "nper", "pmt", "pv"), _number(case, "guess", default=0.1)
    ),
    "cumipmt": lambda case: functions.cumipmt(*_cumulative(case)),
    "cumprinc": lambda case: functions.cumprinc(*_cumulative(case)),
    "npv": _net_present_value,
    "irr": lambda case: functions.irr(_flows(case), _number(case, "guess", default=0.1)),
    "xnpv": lambda case: functions.xnpv(_number(case, "rate"), _flows(case), case["dates"]),
    "xirr": lambda case: functions.xirr(_flows(case), case["dates"], _number(case, "guess", default=0.1)),
    "mirr": lambda case: functions.mirr(
        _flows(case), _number(case, "finance_rate"), _number(case, "reinvest_rate", "reinvestment_rate")
    ),
    "effect": lambda case: functions.effect(_number(case, "nominal", "nominal_rate"), _number(case, "npery")),
    "nominal": lambda case: functions.nominal(
        _number(case, "effective", "effect_rate", "effective_rate"), _number(case, "npery")
    ),
    "rri": lambda case: functions.rri(*(_number(case, name) for name in ("nper", "pv", "fv"))),
    "pduration": lambda case: functions.pduration(*(_number(case, name) for name in ("rate", "pv", "fv"))),
    "yearfrac": lambda case: functions.yearfrac(
        case["start"], case["end"], int(_number(case, "basis", default=0))
    ),
}


def _cumulative(case: Case) -> tuple[float, float, float, int, int, int]:
    return (
        _number(case, "rate"),
        _number(case, "nper"),
        _number(case, "pv"),
        int(_number(case, "start", "start_period")),
        int(_number(case, "end", "end_period")),
        int(_when(case)),
    )
