"""Suite `emi`: annuities of a core-banking system's own tests, by period, day count and disbursement.

A case is a list of periods and of steps; after some steps it says what each instalment, and each part of it
with one balance, must be. Two inputs are lost in some steps and are read back from the table that follows:

- The amount of a disbursement: all principal of the table is what was lent by then. Of two such disbursements
  before one table the first is the roundest amount that bears the interest of its part.
- The instalment and the day of a payment: instalments in order, the first unless a table has it whole; the
  day on which the table cuts it, told by the factor of its first part, or else its first day.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from loantwin.errors import UsageError
from loantwin.products.accrual import Accrued, Change, Planned, accrued
from loantwin.products.instalments import lines
from loantwin.products.periods import Period, periods
from loantwin.products.term_sheet import Disbursement, TermSheet
from tests.suites.verdict import Verdict, judged, name_of, verdict

Row = dict[str, Any]
DAYS_IN_YEAR = {
    "DAYS_360": "actual/360",
    "DAYS_364": "actual/364",
    "DAYS_365": "actual/365",
    "ACTUAL": "actual/actual",
}
THIRTY = {"DAYS_360": "30/360", "DAYS_365": "30/365"}
UNITS = {"DAYS": "d", "WEEKS": "w", "MONTHS": "m", "YEARS": "y"}
PAID = {"payPrincipal": "paid_principal", "payInterest": "paid_interest"}


class RefusedError(Exception):
    """A case that needs what the contract does not know; the text is the reason."""


@dataclass(frozen=True)
class Payment:
    """A payment of one instalment's principal or interest, minor units; `index` 0 is the first instalment."""

    index: int
    on: date
    part: str
    amount: int


@dataclass
class Loan:
    """A case as far as its steps were read."""

    sheet: TermSheet
    due: tuple[date, ...]
    disbursed: list[Disbursement] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)

    def periods(self) -> tuple[Period, ...]:
        return periods(self.terms(), due=self.due)

    def terms(self) -> TermSheet:
        amount = sum((item.amount for item in self.disbursed), Decimal(0))
        return replace(self.sheet, amount=amount, disbursements=tuple(self.disbursed))


def run(path: Path) -> Verdict:
    """Return the verdict over the cases of a file."""
    cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
    names = [name_of(case, "id", place) for place, case in enumerate(cases, 1)]
    made = (judged(lambda case=case: outcome(case), name) for name, case in zip(names, cases, strict=True))
    return verdict("emi", zip(names, made, strict=True))


def outcome(case: Row) -> str:
    """Return whether every table of a case is ours, or why it is refused."""
    try:
        loan = _loan(case)
        for facts, table in _steps(case["steps"]):
            _read_disbursements(loan, facts, table)
            _read_payments(loan, facts, table)
            if table and not _equal(model(loan), table):
                return "different"
    except RefusedError as reason:
        return str(reason)
    except UsageError as error:
        return f"refused by the contract: {error.field}"
    return "equal"


def model(loan: Loan) -> tuple[Accrued, ...]:
    """Return what our contract says of each instalment."""
    run = loan.periods()
    planned = [Planned(line.period, line.payment) for line in lines(loan.terms(), run)]
    changes = [Change(item.on, int(item.amount * 100)) for item in loan.disbursed]
    for item in loan.payments:
        was = planned[item.index]
        planned[item.index] = replace(was, **{item.part: getattr(was, item.part) + item.amount})
        if item.part == "paid_principal":
            changes.append(Change(item.on, -item.amount, late=True))
    return accrued(loan.terms(), planned, changes)


def _loan(case: Row) -> Loan:
    frm = [date.fromisoformat(item["frm"]) for item in case["periods"]]
    due = tuple(date.fromisoformat(item["due"]) for item in case["periods"])
    if tuple(frm[1:]) != due[:-1]:
        raise RefusedError("due date outside its own period")
    thirty = case["days_in_month"] == "DAYS_30" and case["frequency"] in ("MONTHS", "YEARS")
    counts = THIRTY if thirty else DAYS_IN_YEAR
    if case["days_in_year"] not in counts or case["frequency"] not in UNITS:
        raise RefusedError(f"day count {case['days_in_month']} over {case['days_in_year']}")
    multiple = case.get("multiples_of")
    sheet = TermSheet(
        amount=Decimal(1),
        annual_rate=Decimal(case["rate_percent"]) / 100,
        payments=len(due),
        start=frm[0],
        every=f"{case['repay_every']}{UNITS[case['frequency']]}",
        day_count=counts[case["days_in_year"]],
        interest_period="same-as-period" if thirty else "daily",
        odd_period="whole",
        last_instalment="equalised",
        instalment_multiple=None if multiple in (None, "null", "0") else Decimal(multiple),
    )
    return Loan(sheet, due)


def _steps(steps: Sequence[Row]) -> Iterator[tuple[list[Row], list[Row]]]:
    """Return facts and the table that follows them, in order; the last facts may have none."""
    facts: list[Row] = []
    table: list[Row] = []
    for step in steps:
        if "do" in step and table:
            yield facts, table
            facts, table = [], []
        if "do" in step:
            facts.append(step)
        elif step.get("expect") == "period":
            table.append(step)
        else:
            raise RefusedError(f"expectation {step.get('expect')}")
    yield facts, table


def _read_disbursements(loan: Loan, facts: Sequence[Row], table: Sequence[Row]) -> None:
    for fact in facts:
        if fact["do"] not in ("addDisbursement", "addBalanceCorrection", *PAID):
            raise RefusedError(f"step {fact['do']}")
        if fact["do"] == "addBalanceCorrection" and "ZERO" not in fact.get("raw", ""):
            raise RefusedError("step addBalanceCorrection with an amount")
    new = [fact for fact in facts if fact["do"] == "addDisbursement"]
    missing = sorted({date.fromisoformat(fact["dates"][0]) for fact in new if "amount" not in fact})
    for fact in new:
        if "amount" in fact:
            loan.disbursed.append(
                Disbursement(on=date.fromisoformat(fact["dates"][0]), amount=Decimal(fact["amount"]))
            )
    principal = {row["repayment_index"]: row["principal"] for row in table}
    if missing and len(principal) < len(loan.due):
        raise RefusedError("step addDisbursement without an amount")
    for day in missing:
        left = sum(map(_money, principal.values()), Decimal(0)) - sum(item.amount for item in loan.disbursed)
        amount = left if day == missing[-1] else _roundest(loan, day, table)
        loan.disbursed.append(Disbursement(on=day, amount=amount))
    loan.disbursed.sort(key=lambda item: item.on)


def _roundest(loan: Loan, day: date, table: Sequence[Row]) -> Decimal:
    """Return the roundest amount on a day that bears the interest of the part that begins on it."""
    index = next(place for place, due in enumerate(loan.due) if day < due)
    start = loan.due[index - 1] if index else loan.sheet.start
    rows = [row for row in table if row["repayment_index"] == index]
    row = rows[1] if day > start or rows[0]["rate_factor"] == 0.0 else rows[0]
    factor, interest = Decimal(str(row["rate_factor"])), _money(row["interest"])
    before = sum((item.amount for item in loan.disbursed), Decimal(0))
    low, high = (
        (interest - Decimal("0.005")) / factor - before,
        (interest + Decimal("0.005")) / factor - before,
    )
    for places in (6, 5, 4, 3, 2, 1, 0, -1, -2):
        unit = Decimal(10) ** places
        amount = (low / unit).to_integral_value(rounding="ROUND_CEILING") * unit
        if 0 < amount <= high:
            return amount
    raise RefusedError("step addDisbursement without an amount")


def _read_payments(loan: Loan, facts: Sequence[Row], table: Sequence[Row]) -> None:
    index: int | None = None
    for fact in facts:
        if fact["do"] not in PAID:
            continue
        part = PAID[fact["do"]]
        amount = int(Decimal(fact["amount"]) * 100)
        if fact["dates"]:
            due, day = (date.fromisoformat(item) for item in fact["dates"])
            loan.payments.append(Payment(loan.due.index(due), day, part, amount))
            continue
        if index is None or part == "paid_principal":
            index = _next_paid(loan, table)
        loan.payments.append(Payment(index, _first_cut(loan, index, table), part, amount))


def _next_paid(loan: Loan, table: Sequence[Row]) -> int:
    """Return the instalment after the last that was paid; where none was, the first that a table cuts."""
    if loan.payments:
        return max(item.index for item in loan.payments) + 1
    cut = [row["repayment_index"] for row in table if row["interest_index"] > 0]
    whole = [place for place in cut if place > 0 or sum(item == 0 for item in cut) > 1]
    return whole[0] if whole else 0


def _first_cut(loan: Loan, index: int, table: Sequence[Row]) -> date:
    start = loan.due[index - 1] if index else loan.sheet.start
    rows = [row["rate_factor"] for row in table if row["repayment_index"] == index and row["rate_factor"]]
    if len(rows) < 2:
        return start
    share = Decimal(str(rows[0])) / sum(Decimal(str(item)) for item in rows)
    return start + timedelta(days=round(share * (loan.due[index] - start).days))


def _equal(ours: Sequence[Accrued], table: Sequence[Row]) -> bool:
    return all(_row_equal(ours[row["repayment_index"]], row) for row in table)


def _row_equal(ours: Accrued, row: Row) -> bool:
    if row["interest_index"] >= len(ours.stretches):
        return False
    part = ours.stretches[row["interest_index"]]
    pairs = [
        (ours.payment, row["emi"]),
        (part.interest, row["interest"]),
        (ours.principal, row["principal"]),
        (ours.closing, row["balance"]),
        (ours.interest, row.get("interest_cumulated", ours.interest / 100)),
    ]
    factor = abs(part.factor - Decimal(str(row["rate_factor"]))) <= Decimal("6e-13")
    return factor and all(mine == _money(theirs) * 100 for mine, theirs in pairs)


def _money(amount: float) -> Decimal:
    return round(Decimal(str(amount)), 2)
