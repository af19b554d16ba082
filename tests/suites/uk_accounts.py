"""Suite `uk`, the cases that tell what was paid: the account of daily interest, day by day.

Compared is every amount of every row: what was due and came, charges, interest, fee, principal, balances,
what settling gives back and costs. Words on how a payment fared ("paid later in full") are not compared, nor
is its window. A case whose own rows do not add up (the parts of a payment, or interest beyond its cap) is
refused for that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from loantwin.products.term_sheet import Instalment
from loantwin.servicing.daily_account import DailyEntry, daily_entries
from loantwin.servicing.daily_terms import DailyTerms, DatedCharge, DatedPayment, Due, Fact

Case = dict[str, Any]
Row = dict[str, str]

COLUMNS = {
    "Payment due": "due",
    "Net effect": "paid",
    "Charges portion": "to_charges",
    "Actuarial interest": "accrued",
    "New interest": "interest_added",
    "Interest portion": "to_interest",
    "Fee rebate if settled": "rebate_if_settled",
    "Fee rebate": "rebate",
    "Fee portion": "to_fee",
    "Principal portion": "to_principal",
    "Charges balance": "charges",
    "Interest balance": "interest",
    "Fee balance": "fee",
    "Principal balance": "principal",
    "Settlement figure": "settlement",
}
OUTCOMES = {"confirmed": "paid", "write-off": "written-off", "pending": "pending"}


def outcome(case: Case, rows: Sequence[Instalment]) -> str:
    """Return whether an account is ours, or why it is refused; `rows` is its schedule."""
    told = case["parameters"]
    if told.get("promotional rates", "n/a") != "n/a":
        return "promotional rate"
    if reason := _at_odds(case):
        return reason
    table = [dict(zip(case["columns"], row, strict=True)) for row in case["rows"]]
    settled = [row for row in table if row["Payment status"] == "generated"]
    entries = daily_entries(
        terms(case, rows, table),
        facts(case, rows, table),
        date.fromisoformat(told["Evaluation Date"]),
        settle_on=_on(settled[0]) if settled else None,
        presume="Generated payment" not in case["columns"],
    )
    made = {entry.on: entry for entry in entries}
    if set(made) != {_on(row) for row in table}:
        return "different"
    return "equal" if all(_row_equal(row, made[_on(row)]) for row in table) else "different"


def terms(case: Case, rows: Sequence[Instalment], table: list[Row]) -> DailyTerms:
    """Return the terms of a case's account."""
    told = case["parameters"]
    principal = _minor(told["Principal"])
    cap = re.search(r"total ([\d.]+) %", told["cap"])
    daily = re.search(r"daily ([\d.]+) %", told["cap"])
    rate = _daily_rate(told["standard rate"])
    late = re.search(r"late payment ([\d.]+)(?:one|all)", told.get("Charge options", ""))
    least = re.search(r"up to ([\d.]+)", told.get("minimum", ""))
    credit = told["rate on negative balance"]
    first = table[0]
    return DailyTerms(
        start=date.fromisoformat(told["Start Date"]),
        last=rows[-1].due,
        principal=principal,
        daily_rate=rate if daily is None else min(rate, Decimal(daily[1]) / 100),
        credit_rate=Decimal(0) if credit == "zero" else _daily_rate(credit),
        fee=_minor(first["Fee balance"]) + _minor(first["Fee portion"]) if "Fee balance" in first else 0,
        rebate="pro-rata" in told.get("settlement rebate", ""),
        flat_interest=sum(row.interest for row in rows) if told["method"] == "add-on" else None,
        interest_cap=principal * Decimal(cap[1]) / 100 if cap else None,
        grace_days=int(told["initial grace period"].split()[0]),
        least_due=_minor(least[1]) if least else 0,
        timeout_days=int(told["timeout"].split()[0]),
        late_charge=_minor(late[1]) if late else 0,
    )


def facts(case: Case, rows: Sequence[Instalment], table: list[Row]) -> tuple[Fact, ...]:
    """Return what is due by our schedule, and what the case says was paid, charged for a failure, or agreed
    anew.
    """
    start = date.fromisoformat(case["parameters"]["Start Date"])
    shown = {_on(row) for row in table}
    made: list[Fact] = [Due(on=row.due, amount=row.payment) for row in rows if row.due in shown]
    for row in table:
        day = _on(row)
        if "cancelled" in row["Scheduled payment"]:
            made = [Due(on=day, amount=0) if fact.on == day else fact for fact in made]
        if anew := re.match(r"rescheduled ([\d,.]+)", row["Scheduled payment"]):
            made.append(Due(on=day, amount=_minor(anew[1]), anew=True))
        paid = row["Actual payments"]
        for how, amount in re.findall(r"(confirmed|write-off|pending) (-?[\d,]+\.\d\d)", paid):
            made.append(DatedPayment(on=day, amount=_minor(amount), outcome=OUTCOMES[how]))
        for amount in re.findall(r"([\d,]+\.\d\d) (?:failed|timed out)", paid):
            made.append(DatedPayment(on=day, amount=_minor(amount), outcome="failed"))
        for amount in re.findall(r"insufficient funds (\d+\.\d\d)", row.get("New charges", "")):
            made.append(DatedCharge(on=day, amount=_minor(amount), name="insufficient funds"))
    assert all(fact.on >= start for fact in made)
    return tuple(made)


def _at_odds(case: Case) -> str | None:
    """Return in what a case's own rows do not add up, None where they do."""
    told, columns = case["parameters"], case["columns"]
    place = {name: columns.index(name) for name in columns}
    cap = re.search(r"total ([\d.]+) %", told["cap"])
    added = Decimal(0)
    for row in case["rows"]:
        parts = sum(
            _minor(row[place[name]])
            for name in ("Charges portion", "Interest portion", "Fee portion", "Principal portion")
            if name in place
        )
        if parts != _minor(row[place["Net effect"]]):
            return "parts of a payment that do not add up to it"
        added += _amount(row[place["New interest"]])
    if cap and told["method"] == "actuarial":
        most = _amount(told["Principal"]) * Decimal(cap[1]) / 100
        if added > most:
            return "interest beyond its own cap"
    return None


def _row_equal(row: Row, entry: DailyEntry) -> bool:
    """Return whether every amount of a row is ours: to the penny, interest to four digits."""
    for column, name in COLUMNS.items():
        text = row.get(column, "n/a")
        if text == "n/a":
            continue
        ours = Decimal(getattr(entry, name)) / 100
        unit = Decimal("0.0001") if re.search(r"\.\d{4}$", text) else Decimal(0)
        if abs(ours - _amount(text)) > unit / 2:
            return False
    return True


def _on(row: Row) -> date:
    return date.fromisoformat(row["Datestamp"])


def _amount(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def _minor(text: str) -> int:
    return int(_amount(text) * 100)


def _daily_rate(text: str) -> Decimal:
    found = re.fullmatch(r"([\d.]+) % per (day|year)", text)
    if found is None:
        raise ValueError(text)
    return Decimal(found[1]) / 100 / (1 if found[2] == "day" else 365)
