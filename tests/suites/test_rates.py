"""Suites of day counts, calendars, rates and functions: their reach, and that each tells what is wrong."""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loantwin.products.legal_rates import eu_apr, uk_apr, us_apr
from loantwin.products.legal_rates.legal_rate import as_percent
from tests.suites import apr, daycount, frappe, functions, holidays

DAYS = "daycount/quantlib_daycount_cases.csv"
LISTS = "daycount/quantlib_holiday_lists.csv"
APR = "finance_functions/apr_published_examples.json"
ANSWERS = "finance_functions/known_answers.json"
FRAPPE = "finance_functions/frappe_lending_cases.json"


@pytest.mark.data
@pytest.mark.parametrize(
    ("suite", "file", "cases", "equal"),
    [
        (daycount, DAYS, 145, 145),
        # 28 September 2026 is a holiday of South Korea in the tests and none in QuantLib 1.44
        (holidays, LISTS, 2622, 2620),
        (apr, APR, 19, 19),
        (functions, ANSWERS, 20, 20),
        (frappe, FRAPPE, 5, 5),
    ],
)
def test_reach(data: Path, suite: Any, file: str, cases: int, equal: int) -> None:
    pytest.importorskip("QuantLib")
    found = suite.run(data / file)
    assert (found.cases, found.equal, found.refused) == (cases, equal, {})
    assert all("2026-09-28" in name for name in found.different)


@pytest.mark.data
def test_dates_become_the_unit_periods_of_appendix_j(data: Path) -> None:
    """Five examples say the dates of advance and first payment; the others their unit-periods alone."""
    cases = json.loads((data / APR).read_text(encoding="utf-8"))["reg_z"]
    found = {case["ref"]: (case["published_apr"], apr.us_rate_of_dates(case)) for case in cases}
    told = {ref: pair for ref, pair in found.items() if pair[1] is not None}
    assert len(told) == 5
    for published, rate in told.values():
        assert rate is not None
        assert as_percent(rate, 2) == as_percent(published / 100, 2)


@pytest.mark.data
def test_rates_of_published_schedules(data: Path) -> None:
    """A second judge: the APR that 239 schedules state, to 1 decimal (UK, EU), 3 or 6 (US).

    One states none; three do not show all the payments that their totals have.
    """
    counts: dict[str, int] = {}
    with gzip.open(data / "uk_schedules/schedules.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            case = json.loads(line)
            told = case["parameters"]
            flows = _flows(case) if "Initial APR" in told else []
            if sum(flow for _, flow in flows[1:]) != _money(told.get("Total scheduled payments", "1")):
                counts["untold"] = counts.get("untold", 0) + 1
                continue
            method = told["APR method"]
            wanted = Decimal(told["Initial APR"].replace(",", "").removesuffix(" %"))
            rule: Callable[..., Any] = us_apr if "US" in method else eu_apr if "EU" in method else uk_apr
            decimals = int(method.split("to ")[1].split()[0])
            assert as_percent(rule(flows).annual_rate, decimals) == wanted, case["id"]
            counts[method.split()[0]] = counts.get(method.split()[0], 0) + 1
    assert counts == {"UK": 168, "EU": 53, "US": 14, "untold": 4}


def _flows(case: dict[str, Any]) -> list[tuple[date, Decimal]]:
    told = case["parameters"]
    start = date.fromisoformat(told["Start Date"])
    place = case["columns"].index("Scheduled payment")
    flows = [(start, -_money(told.get("Principal", "0")))]
    for row in case["rows"]:
        payment = re.fullmatch(r"(?:original )?([\d,.]+)", row[place].strip())
        if payment and _money(payment[1]):
            day = int(row[0].split()[-1])  # a mark may stand before it
            flows.append((start + timedelta(days=day), _money(payment[1])))
    return flows


def _money(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def test_a_wrong_or_unknown_day_count_is_told(tmp_path: Path) -> None:
    rows = [
        ("Thirty360.USA", "2007-02-28", "2007-08-31", "", "", "180", "day_count"),
        ("Thirty360.USA", "2007-02-28", "2007-08-31", "", "", "183", "day_count"),
        ("Actual366", "2002-02-01", "2002-02-04", "", "", "0.00819672131147541", "year_fraction"),
        ("Actual365Fixed.Canadian", "2018-09-10", "2019-09-10", "", "", "1", "year_fraction"),
    ]
    found = daycount.run(_csv(tmp_path, "convention,start,end,ref_start,ref_end,expected,kind", rows))
    assert found.equal == 2
    assert found.refused == {"day count Actual365Fixed.Canadian": 1}
    assert found.different == ["row 2: Thirty360.USA 2007-02-28"]


def test_a_wrong_missing_or_unknown_holiday_is_told(tmp_path: Path) -> None:
    pytest.importorskip("QuantLib")
    rows = [
        # of 2025 Easter Monday is left out, so that Good Friday's successor is wrong; May Day is a day late
        *[
            ("testTARGET", "TARGET()", day)
            for day in ("2025-01-01", "2025-04-18", "2025-05-02", "2025-12-25", "2025-12-26")
        ],
        ("testUSFederalReserveJuneteenth", "", "2024-06-19"),
        ("testHongKong", "HongKong()", "2030-01-01"),
        ("testAtlantis", "Atlantis()", "2024-06-19"),
        # weekends that are worked
        ("testChinaIB", "China(China::IB)", "2014-01-26"),
        ("testFinland", "Finland()", "2024-12-06"),
    ]
    found = holidays.run(_csv(tmp_path, "test,calendar,holiday", rows))
    assert found.equal == 6
    assert found.refused == {"calendar hong-kong does not list 2030": 1, "calendar Atlantis()": 1}
    assert found.different == ["testTARGET TARGET() 2025-04-18", "testTARGET TARGET() 2025-05-02"]


def _csv(folder: Path, header: str, rows: list[tuple[str, ...]]) -> Path:
    path = folder / "cases.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return path


def _json(folder: Path, cases: Any) -> Path:
    path = folder / "cases.json"
    path.write_text(json.dumps(cases), encoding="utf-8")
    return path


def test_a_wrong_rate_is_told(tmp_path: Path) -> None:
    case = {"ref": "right", "drawdowns": [[1000, 0]], "repayments": [[1200, 1.5]], "published_aprc": 12.9}
    found = apr.run(
        _json(tmp_path, {"eu": [case, {**case, "ref": "wrong", "published_aprc": 13.0}], "mars": [case]})
    )
    assert (found.equal, found.different) == (1, ["wrong"])
    assert found.refused == {"rates of mars": 1}


def test_a_wrong_or_unknown_function_is_told(tmp_path: Path) -> None:
    cases = [
        {"ref": "Excel PV", "rate": "0.08/12", "nper": 240, "pmt": 500, "expected": -59777.15},
        {"ref": "Excel NPV", "rate": 0.1, "cashflows": [-10000, 3000, 4200, 6800], "expected": 1188.44},
        {
            "ref": "numpy-financial npv",
            "rate": 0.1,
            "cashflows": [-10000, 3000, 4200, 6800],
            "expected": 1188.44,
        },
        {
            "ref": "Excel MIRR",
            "cashflows": [-120000, 39000, 30000, 21000, 37000, 46000],
            "finance_rate": 0.1,
            "reinvest_rate": 0.12,
            "expected": 0.126094,
        },
        {"ref": "Excel DB", "cost": 1, "expected": 2},
        {"ref": "Excel FV", "rate": 0.1, "expected": 2},
        {"ref": "numpy-financial irr", "cashflows": [-1, 2], "expected": "no solution"},
    ]
    found = functions.run(_json(tmp_path, cases))
    assert found.equal == 3
    assert found.refused == {"function Excel DB": 1, "function fv without nper": 1}
    assert found.different == ["numpy-financial npv", "numpy-financial irr"]


def test_a_wrong_or_unknown_schedule_is_told(tmp_path: Path) -> None:
    case = {"amount": 1200, "rate_percent": 0, "periods": 12, "installment": 100, "total_interest": 0}
    rule = {"rule": "end of month", "first_requested": "2024-02-10"}
    cases = [
        {"id": "right", **case},
        {"id": "wrong", **case, "installment": 101},
        {"id": "when", **case, "frequency": "lunar"},
        {"id": "day", **rule, "dates": {"1": "2024-02-29", "2": "2024-03-31"}},
        {"id": "other day", **rule, "dates": {"1": "2024-02-28"}},
        {"id": "rule", **rule, "rule": "never", "dates": {"1": "2024-02-28"}},
    ]
    found = frappe.run(_json(tmp_path, {"cases": cases}))
    assert (found.equal, found.different) == (2, ["wrong", "other day"])
    assert found.refused == {"frequency lunar": 1, "rule of dates never": 1}
