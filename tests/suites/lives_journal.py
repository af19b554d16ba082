"""Postings of an account's lines, in the accounts that the lives' products book to.

Each line is posted by what it paid for; a reversed line is posted as it stood and then turned back. The
accounts are those of the lives; their parts are: principal receivable, interest and charges receivable, cash,
overpaid, and the costs and income of charge-offs, recoveries and goodwill.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from loantwin.servicing.account import Account, in_order
from loantwin.servicing.facts import ChargeOff
from loantwin.servicing.transactions import Transaction

LOANS, DUE, CASH, OVERPAID = "112601.0", "112603.0", "145023.0", "l1"
RECOVERIES, GOODWILL, INTEREST_LOST, CHARGES_LOST = "744008.0", "744003.0", "404001.0", "404008.0"
INTEREST_INCOME, FEE_INCOME = "404000.0", "404007.0"
LOST, FRAUD = "744007.0", "744037.0"
KINDS = {
    "DISBURSEMENT": "disbursement",
    "REPAYMENT": "repayment",
    "DOWN_PAYMENT": "down-payment",
    "MERCHANT_ISSUED_REFUND": "merchant-issued-refund",
    "PAYOUT_REFUND": "payout-refund",
    "GOODWILL_CREDIT": "goodwill-credit",
    "CREDIT_BALANCE_REFUND": "credit-balance-refund",
    "CHARGEBACK": "chargeback",
    "CHARGE_OFF": "charge-off",
    "ACCRUAL": "accrual",
}
Posting = tuple[str, str, int]
"""(account, `D` or `C`, minor units)."""


def postings(line: Transaction, after: bool, lost: str) -> list[Posting]:
    """Return the postings of one line; after : whether the account was charged off before it."""
    charges = line.fees + line.penalties
    other = line.interest + charges
    if line.kind == "disbursement":
        made = [
            (LOANS, "D", line.amount - line.overpaid),
            (OVERPAID, "D", line.overpaid),
            (CASH, "C", line.amount),
        ]
    elif line.kind == "charge-off":
        made = [
            (LOANS, "C", line.principal),
            (DUE, "C", other),
            (lost, "D", line.principal),
            (INTEREST_LOST, "D", line.interest),
            (CHARGES_LOST, "D", charges),
        ]
    elif line.kind == "accrual":
        made = [
            (DUE, "D", line.interest),
            (INTEREST_INCOME, "C", line.interest),
            (DUE, "D", line.fees),
            (FEE_INCOME, "C", line.fees),
            (DUE, "D", line.penalties),
            (FEE_INCOME, "C", line.penalties),
        ]
    elif line.kind in ("chargeback", "credit-balance-refund"):
        principal = line.principal
        if (
            line.principal + other > line.amount - line.overpaid
        ):  # parts are shown whole where a product divides them
            principal = max(0, line.amount - line.overpaid)
            other = 0
        made = [(lost if after else LOANS, "D", principal), (DUE, "D", other), (OVERPAID, "D", line.overpaid)]
        made.append((CASH, "C", line.amount))
    else:
        made = _received(line, after, other, charges)
    return [posting for posting in made if posting[2]]


def _received(line: Transaction, after: bool, other: int, charges: int) -> list[Posting]:
    credited = (
        [(RECOVERIES, "C", line.amount - line.overpaid)]
        if after
        else [(LOANS, "C", line.principal), (DUE, "C", other)]
    )
    credited.append((OVERPAID, "C", line.overpaid))
    if line.kind != "goodwill-credit":
        return [*credited, (CASH, "D", line.amount)]
    cost = line.principal + line.overpaid
    return [
        *credited,
        (GOODWILL, "D", cost),
        (INTEREST_LOST, "D", line.interest),
        (CHARGES_LOST, "D", charges),
    ]


def found(account: Account, kind: str, on: date, rows: list[dict[str, object]]) -> bool | None:
    """Return whether a line of a kind and day has these postings; None where the kind is not posted here."""
    if kind not in KINDS:
        return None
    wanted = Counter(_row(row) for row in rows)
    lost = FRAUD if any(isinstance(f, ChargeOff) and f.reason == "fraud" for f in account.facts) else LOST
    off = next((in_order(f) for f in account.holding if isinstance(f, ChargeOff)), None)
    when = {fact.number: in_order(fact) for fact in account.facts}
    for line in (*account.transactions, *account.reversed_transactions):
        if line.kind != KINDS[kind] or line.on != on:
            continue
        made = postings(line, off is not None and when[line.number] > off, lost)
        if line.reversed:
            made += [(name, "C" if side == "D" else "D", amount) for name, side, amount in made]
        if Counter(made) == wanted:
            return True
    return False


def _row(row: dict[str, object]) -> Posting:
    side = "D" if row["Debit"] is not None else "C"
    amount = row["Debit"] if side == "D" else row["Credit"]
    return str(row["Account code"]), side, round(float(str(amount)) * 100)
