"""Suite `uk`: daily interest, interest first (add-on), caps; payments in pence.

A case's parameters become a term sheet: a rate a day is 365 times that a year over `actual/365`. Compared are
the rows of the schedule, the level and the final payment and the totals. Cases that tell what was paid as
well have their scheduled payments compared, and then the account of what was paid.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

from loantwin.errors import UsageError
from loantwin.products.due_dates import moved, on_day
from loantwin.products.instalments import instalments
from loantwin.products.legal_rates import eu_apr, uk_apr, us_apr
from loantwin.products.term_sheet import Charge, Instalment, TermSheet
from loantwin.verbs.schedule import cash_flows
from tests.suites import uk_accounts
from tests.suites.verdict import Verdict, judged, name_of, verdict

Case = dict[str, Any]
LAWS = {"UK": uk_apr, "EU": eu_apr, "US": us_apr}
APR = re.compile(r"(UK|EU|US)\b.* to (\d) d\.p\.")
DueRule = tuple[date, int | str | None, str]
"""First due date, day of the month, how often."""
METHODS = {"actuarial": "declining", "add-on": "interest-first"}
ROUNDINGS = {
    "rounded up": "up",
    "rounded down": "down",
    "round using AwayFromZero": "half-up",
    "round using ToEven": "half-even",
}
LAST = {
    "lower final payment": "at-most-level",
    "similar final payment": "nearest-level",
    "higher final payment": "at-least-level",
}


class RefusedError(Exception):
    """A case that needs what the contract does not know; the text is the reason."""


def run(path: Path) -> Verdict:
    """Return the verdict over the cases of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines if line.strip()]
    names = [name_of(case, "id", place) for place, case in enumerate(cases, 1)]
    made = (judged(lambda case=case: outcome(case), name) for name, case in zip(names, cases, strict=True))
    return verdict("uk", zip(names, made, strict=True))


def outcome(case: Case) -> str:
    """Return whether a case is ours, or why it is refused."""
    try:
        sheet = terms(case)
        rows = instalments(sheet)
    except RefusedError as reason:
        return str(reason)
    except UsageError as error:
        return f"refused by the contract: {error.field}"
    if not APR.fullmatch(case["parameters"]["APR method"]):
        return f"yearly rate {case['parameters']['APR method']}"
    if not (_stated_equal(case, rows) and _rate_equal(case, sheet, rows)):
        return "different"
    if "Settlement figure" not in case["columns"]:
        return "equal" if _rows_equal(case, rows) else "different"
    return uk_accounts.outcome(case, rows) if _payments_equal(case, rows) else "different"


def terms(case: Case) -> TermSheet:
    """Return the terms of a case."""
    told = case["parameters"]
    if not told:
        raise RefusedError("no parameters")
    if told.get("promotional rates", "n/a") != "n/a":
        raise RefusedError("promotional rate")
    if "unit-period config" not in told:
        raise RefusedError("custom schedule")
    due = _unit_period(told["unit-period config"])
    payments, agreed = _length(told, due)
    total, daily = _caps(told["cap"])
    if agreed is not None and _amount(told["Total principal"]) > _amount(told["Principal"]):
        raise RefusedError("agreed payments beyond what is owed")
    return TermSheet(
        amount=_amount(told["Principal"]),
        annual_rate=_annual_rate(told["standard rate"]),
        payments=payments,
        start=date.fromisoformat(told["Start Date"]),
        first=due[0],
        due_day=due[1],
        every=due[2],
        day_count="actual/365",
        interest_period="daily",
        method=METHODS[told["method"]],
        rounding=ROUNDINGS[told["rounding"]],
        instalment_rounding=_payment_rounding(told),
        instalment=agreed,
        last_instalment=LAST[told["level-payment option"]] if agreed is None else "as-agreed",
        charges=_fees(told, case),
        total_cost_cap=total,
        daily_cost_cap=daily,
    )


def _amount(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _day(text: str) -> int:
    """Return the number of a row's day; marks beside it say that the case looks at it."""
    return int(re.sub(r"[^\d-]", "", text))


def _annual_rate(text: str) -> Decimal:
    found = re.fullmatch(r"([\d.]+) % per (day|year)", text)
    if found is None:
        raise RefusedError(f"rate {text}")
    return Decimal(found[1]) / 100 * (365 if found[2] == "day" else 1)


def _unit_period(text: str) -> DueRule:
    """Return the first due date, the day of the month and how often, of `monthly from 2025-04 on 17`."""
    months = re.fullmatch(r"(?:(\d+)-)?monthly from (\d{4})-(\d\d) on (\d+|month-end)", text)
    if months:
        day: int | str = "month-end" if months[4] == "month-end" else int(months[4])
        first = on_day(int(months[2]), int(months[3]), 31 if day == "month-end" else int(day))
        return first, day, f"{months[1] or 1}m"
    days = re.fullmatch(r"(?:(\d+)-)?(weekly|daily) from (\d{4}-\d\d-\d\d)", text)
    if days is None:
        raise RefusedError(f"unit period {text.split(' from ')[0]}")
    return date.fromisoformat(days[3]), None, f"{days[1] or 1}{days[2][0]}"


def _caps(text: str) -> tuple[Decimal | None, Decimal | None]:
    """Return the caps on all interest and on a day's, decimals, of `total 100 %; daily 0.8 % ...`."""
    found = {name: Decimal(value) / 100 for name, value in re.findall(r"(total|daily) ([\d.]+) %", text)}
    if re.search(r"(total|daily) [\d.,]+(?! ?[\d.,]* ?%)", text):
        raise RefusedError("cap as an amount")
    return found.get("total"), found.get("daily")


def _payment_rounding(told: Case) -> str:
    """Return how payments are rounded: up where the case has lost it, as all that tell it with this
    interest.
    """
    found = re.search(r"rounding: (.*)", told["Payment options"])
    return ROUNDINGS[found[1]] if found else "up"


def _length(told: Case, due: DueRule) -> tuple[int, Decimal | None]:
    """Return how many payments there are, and the agreed one where the case names it."""
    if told["config"] == "fixed schedules":
        return int(told["payment count"]), _amount(told["payment value"])
    if told["config"] != "auto-generate schedule":
        raise RefusedError("custom schedule")
    counted = re.search(r"payment count (\d+)", told["Schedule options"])
    if counted:
        return int(counted[1]), None
    longest = re.search(r"max duration (\d+)", told["Schedule options"])
    if longest is None:
        raise RefusedError("schedule length")
    first, day, every = due
    last = date.fromisoformat(told["Start Date"]) + timedelta(days=int(longest[1]))
    anchor = 31 if day == "month-end" else day
    count = 0
    while moved(first, every, count, anchor) <= last:
        count += 1
    return count, None


def _fees(told: Case, case: Case) -> tuple[Charge, ...]:
    """Return the fee that is repaid with the principal: a share, or what the first row says is owed of it."""
    if "fee type" not in told:
        return ()
    share = re.search(r"fee ([\d.]+) % rounding: rounded down", told["Fee options"])
    if share:
        fee = (_amount(told["Principal"]) * Decimal(share[1]) / 100).quantize(Decimal("0.01"), ROUND_DOWN)
    elif "Fee balance" in case["columns"]:
        row = dict(zip(case["columns"], case["rows"][0], strict=True))
        fee = _amount(row["Fee balance"]) + _amount(row["Fee portion"])
    else:
        raise RefusedError(f"fee {told['Fee options']}")
    return (Charge(name=told["fee type"], amount=fee, financed=True),)


def _rows_equal(case: Case, rows: Sequence[Instalment]) -> bool:
    """Return whether the rows are the case's, to the penny."""
    start = date.fromisoformat(case["parameters"]["Start Date"])
    mine = [((row.due - start).days, row.payment, row.interest, row.principal, row.closing) for row in rows]
    theirs = [
        (int(row[0]), *(int(_amount(row[place]) * 100) for place in (1, 3, 4, 6))) for row in case["rows"][1:]
    ]
    return mine == theirs


def _stated_equal(case: Case, rows: Sequence[Instalment]) -> bool:
    """Return whether level and final payment, the last day and the totals are the case's."""
    told = case["parameters"]
    payments = [row.payment for row in rows]
    first_set = sum(row.interest for row in rows) if told["method"] == "add-on" else 0
    pairs = {
        "Level payment": max(payments, key=payments.count),
        "Final payment": payments[-1],
        "Total scheduled payments": sum(payments),
        "Total principal": sum(row.principal for row in rows),
        "Total interest": sum(row.interest for row in rows),
        "Initial interest balance": first_set,
    }
    start = date.fromisoformat(told["Start Date"])
    day = int(told["Last scheduled payment day"]) == (rows[-1].due - start).days
    return day and all(amount == _amount(told[name]) * 100 for name, amount in pairs.items() if name in told)


def _rate_equal(case: Case, sheet: TermSheet, rows: Sequence[Instalment]) -> bool:
    """Return whether the yearly rate is the case's, to the last decimal that it shows."""
    found = APR.fullmatch(case["parameters"]["APR method"])
    assert found is not None
    stated = _amount(case["parameters"]["Initial APR"].removesuffix(" %"))
    rate = LAWS[found[1]](cash_flows(sheet, rows)).annual_rate
    return round(Decimal(f"{100 * rate:.12g}"), int(found[2])) == stated


def _payments_equal(case: Case, rows: Sequence[Instalment]) -> bool:
    """Return whether the payments that a case with an account says were scheduled are ours."""
    columns = case["columns"]
    day, scheduled = columns.index("Day"), columns.index("Scheduled payment")
    theirs = {
        _day(row[day]): int(_amount(found[1]) * 100)
        for row in case["rows"]
        if (found := re.match(r"original ([\d,.]+)", row[scheduled]))
    }
    start = date.fromisoformat(case["parameters"]["Start Date"])
    mine = {(row.due - start).days: row.payment for row in rows}
    return all(mine.get(when) == amount for when, amount in theirs.items())
