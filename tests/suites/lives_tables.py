"""The tables of an account in the words of the suite `lives`, row by row and to the cent."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from loantwin.servicing.account import Account
from loantwin.servicing.conventions import FEE, INTEREST, PENALTY, PRINCIPAL
from loantwin.servicing.due_charges import paid_of_charges
from loantwin.servicing.facts import AddCharge, Disburse, Waive
from loantwin.servicing.rows import Row
from loantwin.servicing.transactions import Transaction

WORDS = {
    "disbursement": "Disbursement",
    "repayment": "Repayment",
    "down-payment": "Down Payment",
    "goodwill-credit": "Goodwill Credit",
    "merchant-issued-refund": "Merchant Issued Refund",
    "payout-refund": "Payout Refund",
    "charge-adjustment": "Charge Adjustment",
    "credit-balance-refund": "Credit Balance Refund",
    "chargeback": "Chargeback",
    "charge-off": "Charge-off",
    "re-age": "Re-age",
    "re-amortise": "Re-amortize",
    "waiver": "Waive loan charges",
    "accrual": "Accrual",
}
STATUS = {
    "approved": {"Approved", "APPROVED"},
    "active": {"Active", "ACTIVE"},
    "closed": {"Closed (obligations met)", "CLOSED_OBLIGATIONS_MET"},
    "overpaid": {"Overpaid", "OVERPAID"},
}
Table = list[dict[str, Any]]


def same(expected: Table, actual: Table) -> bool:
    """Return whether two tables hold the same rows in the columns of the first, in any order."""
    if len(expected) != len(actual):
        return False
    columns = list(expected[0]) if expected else []
    if any(column not in row for column in columns for row in actual):
        return False
    return Counter(_row(row, columns) for row in expected) == Counter(_row(row, columns) for row in actual)


def _row(row: dict[str, Any], columns: list[str]) -> tuple[Any, ...]:
    return tuple(_cell(row[column]) for column in columns)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return round(value * 100)
    return None if value is None or value == "null" else str(value)


def rows_of(account: Account) -> tuple[list[Row], list[tuple[date, int]]]:
    """Return the instalments and the money paid out; before it is, those of the whole amount on the start."""
    if not account.disbursed:
        sheet = account.terms
        bare = Account(
            sheet, account.servicing, tuple(f for f in account.facts if not isinstance(f, Disburse))
        )
        planned = Disburse(on=sheet.start, number=10**9, amount=int(sheet.amount * sheet.minor_units))
        account = Account(sheet, account.servicing, (*bare.facts, planned))
    out = [(fact.on, fact.amount) for fact in account.holding if isinstance(fact, Disburse)]
    return list(account.rows), out


def schedule(account: Account) -> Table:
    """Return the schedule with its disbursements."""
    rows, out = rows_of(account)
    after = account.servicing.schedule == "progressive"
    rank = {"instalment": 0 if after else 2, "down-payment": 1 if after else 2, "after": 3}
    lines: list[tuple[date, float, Any]] = [(on, 0.5, amount) for on, amount in out]
    for row in rows:
        lines.append((row.due, rank[row.kind], row))
    lines.sort(key=lambda line: line[:2])
    table, balance, number = [], 0, 0
    for on, _, line in lines:
        if isinstance(line, Row):
            number += 1
            balance += line.credited[PRINCIPAL] - line.owed[PRINCIPAL]
            table.append(_instalment(number, line, balance, account.disbursed))
        else:
            balance += line
            table.append(_paid_out(on, line, account.disbursed))
    return table


def _paid_out(on: date, amount: int, done: bool) -> dict[str, Any]:
    none = dict.fromkeys(
        ("Nr", "Days", "Principal due", "Interest", "Penalties", "In advance", "Late", "Waived")
    )
    return none | {
        "Date": on.isoformat(),
        "Paid date": "",
        "Balance of loan": amount / 100,
        "Fees": 0.0,
        "Due": 0.0,
        "Paid": 0.0 if done else None,
        "Outstanding": None if done else 0.0,
    }


def _instalment(number: int, row: Row, balance: int, disbursed: bool = True) -> dict[str, Any]:
    return {
        "Nr": float(number),
        "Days": float((row.due - row.start).days),
        "Date": row.due.isoformat(),
        "Paid date": row.met.isoformat() if row.met and disbursed else "",
        "Balance of loan": balance / 100,
        "Principal due": row.owed[PRINCIPAL] / 100,
        "Interest": row.owed[INTEREST] / 100,
        "Fees": row.owed[FEE] / 100,
        "Penalties": row.owed[PENALTY] / 100,
        "Due": sum(row.owed) / 100,
        "Paid": sum(row.paid) / 100,
        "In advance": row.ahead / 100,
        "Late": row.late / 100,
        "Waived": sum(row.waived) / 100,
        "Outstanding": row.rest / 100,
    }


def totals(account: Account) -> dict[str, float]:
    """Return the sums of the schedule's columns."""
    rows, _ = rows_of(account)
    table = [_instalment(0, row, 0) for row in rows]
    skipped = ("Nr", "Days", "Date", "Paid date", "Balance of loan")
    return {
        name: sum(row[name] for row in table) for name in (table[0] if table else {}) if name not in skipped
    }


def transactions(account: Account) -> Table:
    """Return the lines of the account, those reversed included."""
    return [_line(line) for line in (*account.transactions, *account.reversed_transactions)]


def _line(line: Transaction) -> dict[str, Any]:
    return {
        "Transaction date": line.on.isoformat(),
        "Transaction Type": WORDS[line.kind],
        "Amount": line.amount / 100,
        "Principal": line.principal / 100,
        "Interest": line.interest / 100,
        "Fees": line.fees / 100,
        "Penalties": line.penalties / 100,
        "Loan Balance": line.balance / 100,
        "Overpayment": line.overpaid / 100,
        "Reverted": "true" if line.reversed else "false",
    }


def charges(account: Account) -> Table:
    """Return the charges with what is paid and waived of each."""
    waived = {fact.of: 0 for fact in account.holding if isinstance(fact, Waive)}
    for line in account.transactions:
        of = next((f.of for f in account.holding if isinstance(f, Waive) and f.number == line.number), None)
        if of is not None:
            waived[of] = line.amount
    paid: dict[int, int] = {}
    for row in account.rows:
        paid |= paid_of_charges(row, waived)
    return [
        _charge(fact, paid.get(fact.number, 0), waived.get(fact.number, 0))
        for fact in account.holding
        if isinstance(fact, AddCharge)
    ]


def _charge(fact: AddCharge, paid: int, waived: int) -> dict[str, Any]:
    return {
        "Name": fact.name,
        "isPenalty": "true" if fact.kind == "penalty" else "false",
        "Payment due at": "Specified due date",
        "Due as of": f"{fact.due:%d %B %Y}",
        "Calculation type": "Flat",
        "Due": fact.amount / 100,
        "Paid": paid / 100,
        "Waived": waived / 100,
        "Outstanding": (fact.amount - paid - waived) / 100,
    }
