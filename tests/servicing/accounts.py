"""Accounts that tests share: random ones for properties, and what is equal about two."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.account import Account, replay
from loantwin.servicing.conventions import FEE, INTEREST, PENALTY, PRINCIPAL, Servicing
from loantwin.servicing.facts import AddCharge, Disburse, Fact, Pay

START = date(2024, 1, 15)
FIXED = (
    "penalty-fee-interest-principal",
    "due-penalty-fee-interest-principal-ahead-principal-penalty-fee-interest",
    "due-penalty-interest-principal-fee-ahead-penalty-interest-principal-fee",
)
STYLES = [
    *((Servicing(allocation=name), "0.12", "declining") for name in FIXED),
    (Servicing(), "0.10", "flat"),
    *(
        (Servicing(schedule="progressive", allocation=way, ahead=ahead), "0", "flat")
        for way in ("horizontal", "vertical")
        for ahead in ("next", "last", "re-amortise")
    ),
    (
        Servicing(
            schedule="progressive", allocation="horizontal", credit_order=(PENALTY, FEE, INTEREST, PRINCIPAL)
        ),
        "0",
        "flat",
    ),
    *(
        (Servicing(schedule="recalculated", early=rule), "0.12", "declining")
        for rule in ("reduce-instalment", "next")
    ),
]


def sheet(rate: str, method: str, payments: int, amount: int) -> TermSheet:
    """Return plain monthly terms; amount in minor units."""
    return TermSheet(
        amount=Decimal(amount) / 100,
        annual_rate=Decimal(rate),
        payments=payments,
        start=START,
        method=method,
    )


@st.composite
def accounts(draw: st.DrawFn, styles: list[Any] = STYLES) -> Account:
    """Draw an account with money paid out, payments and charges on days that differ."""
    servicing, rate, method = draw(st.sampled_from(styles))
    payments, amount = draw(st.integers(1, 6)), draw(st.integers(1_000, 500_000))
    days = draw(st.lists(st.integers(1, 220), min_size=1, max_size=7, unique=True))
    facts: list[Fact] = [Disburse(on=START, amount=amount)]
    for day in days:
        on = START + timedelta(days=day)
        if draw(st.booleans()) or draw(st.booleans()):
            facts.append(Pay(on=on, amount=draw(st.integers(1, amount // 2 + 1))))
        else:
            kind = draw(st.sampled_from(("fee", "penalty")))
            due = START + timedelta(days=draw(st.integers(1, 250)))
            facts.append(AddCharge(on=on, due=due, amount=draw(st.integers(1, 5_000)), kind=kind))
    if servicing.schedule != "recalculated" and draw(st.booleans()):
        on = START + timedelta(days=draw(st.integers(0, 20)))
        facts.append(Disburse(on=on, amount=draw(st.integers(100, amount))))
    agreed = sum(fact.amount for fact in facts if isinstance(fact, Disburse))
    down = draw(st.sampled_from(("0", "0.25"))) if servicing.schedule != "recalculated" else "0"
    terms = replace(sheet(rate, method, payments, agreed), down_payment=Decimal(down))
    return replay(terms, servicing, facts)


def picture(account: Account) -> tuple[Any, ...]:
    """Return all that a borrower could see of an account, but for the numbers of its facts."""
    rows = [
        (row.due, row.kind, tuple(row.owed), tuple(row.paid), tuple(row.waived), row.ahead, row.late, row.met)
        for row in account.rows
    ]
    lines = [(line.on, line.kind, line.amount, *_parts(line), line.balance) for line in account.transactions]
    return rows, sorted(lines), account.overpaid, account.status


def _parts(line: Any) -> tuple[int, ...]:
    return line.principal, line.interest, line.fees, line.penalties, line.overpaid
