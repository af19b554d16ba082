"""The movement as postings: debit equals credit in each entry, and the sums tie to both of its tables.

One entry a line. Accounts of the balance sheet are kept by stage.

    originated         loans                    / cash                gross carrying amount of new loans
    derecognised       cash                     / loans               of loans repaid or settled
    changes            cash                     / loans               repaid less drawn and accrued
    transfers          loans, allowance of the new stage / of the old one
    new loans, released, remeasured   impairment loss / allowance     IFRS 9 5.5.8
    unwind             impairment loss (stages 1, 2) or interest revenue (stage 3) / allowance   5.4.1(b)
    written off        allowance, claim on guarantors / loans         5.4.4
    recoveries         cash                     / impairment loss

A negative amount changes sides. Every amount is in whole minor units first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from loantwin import arguments as check
from loantwin.risk.provisions.movement import Line
from loantwin.risk.provisions.movement_statement import INTEREST_STAGE, MovementResult
from loantwin.types import ModelResult

LOANS, ALLOWANCE, CASH = "loans", "loss_allowance", "cash"
IMPAIRMENT, INTEREST, GUARANTORS = "impairment_loss", "interest_revenue", "claims_on_guarantors"
BY_STAGE = (LOANS, ALLOWANCE)
"""Accounts that are kept by stage, as `loans 1`."""

RULES = (
    "one entry a line of the movement, each with debit = credit; amounts are whole minor units",
    "cash stands for what was lent, repaid, drawn and accrued as interest: sources do not tell these apart, "
    "so that interest accrued on loans is inside it (assumed)",
    "impairment losses and their reversals in profit (IFRS 9 5.5.8); the unwind of stage 3 lowers interest "
    "revenue, which is earned on the amortised cost there (5.4.1(b)); write-offs reduce the gross carrying "
    "amount (5.4.4)",
    "the part of a write-off that a guarantor bears is a claim on the guarantor, valued at its full amount "
    "(assumed); recoveries of amounts written off are a gain and never touch the allowance",
)


@dataclass(frozen=True)
class Posting:
    """One side of an entry. entry : the line; account : with its stage where kept by stage.

    debit, credit : book currency, >= 0, one of them 0.
    """

    entry: str
    account: str
    debit: float
    credit: float


@dataclass(frozen=True)
class PostedAccount:
    """An account over the period, book currency. Debit balances above 0, credit balances below.

    closing = opening + debit - credit. Accounts of profit and of cash start at 0.
    """

    opening: float
    debit: float
    credit: float
    closing: float


@dataclass(frozen=True)
class JournalResult(ModelResult):
    """Postings of a period, and each account over it.

    allowance, gross_carrying_amount, charge : what the accounts come to, the movement's closing figures and
    its charge to profit. total_debit = total_credit.
    """

    SCHEMA: ClassVar[str] = "loantwin.journal/1"

    opening_date: dt.date
    closing_date: dt.date
    currency: str
    postings: tuple[Posting, ...]
    accounts: Mapping[str, PostedAccount]
    total_debit: float
    total_credit: float
    allowance: float
    gross_carrying_amount: float
    charge: float
    rules: tuple[str, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def journal_of(movement: MovementResult, minor_units: int = 100) -> JournalResult:
    """Return the postings of a movement and each account over the period.

    Raises
    ------
    UsageError : something else than a movement.
    """
    check.kind(MovementResult, movement=movement)
    check.count(1, minor_units=minor_units)
    postings: list[Posting] = []
    stood: dict[str, int] = _opening(movement, minor_units)
    sides = {name: [0, 0] for name in stood}
    for entry, account, amount in _entries(movement, minor_units):
        if not amount:
            continue
        debit, credit = max(amount, 0), max(-amount, 0)
        postings.append(Posting(entry, account, debit / minor_units, credit / minor_units))
        both = sides.setdefault(account, [0, 0])
        both[0] += debit
        both[1] += credit
    accounts = {
        name: PostedAccount(
            stood.get(name, 0) / minor_units,
            debit / minor_units,
            credit / minor_units,
            (stood.get(name, 0) + debit - credit) / minor_units,
        )
        for name, (debit, credit) in sorted(sides.items())
    }

    def balance(account: str) -> float:
        parts = [name for name in sides if name == account or name.startswith(f"{account} ")]
        return sum(stood.get(name, 0) + sides[name][0] - sides[name][1] for name in parts) / minor_units

    told = movement.profit.recoveries is not None
    return JournalResult(
        opening_date=movement.opening_date,
        closing_date=movement.closing_date,
        currency=movement.currency,
        postings=tuple(postings),
        accounts=accounts,
        total_debit=sum(debit for debit, _ in sides.values()) / minor_units,
        total_credit=sum(credit for _, credit in sides.values()) / minor_units,
        allowance=-balance(ALLOWANCE) or 0.0,
        gross_carrying_amount=balance(LOANS),
        charge=balance(IMPAIRMENT),
        rules=(*RULES, *movement.rules),
        notes=movement.notes if told else (*movement.notes, "recoveries are not told: no posting for them"),
        provenance=movement.provenance,
    )


def _opening(movement: MovementResult, minor_units: int) -> dict[str, int]:
    """Return opening balances of the accounts kept by stage, whole minor units, credits below 0."""
    pairs = ((LOANS, movement.gross_carrying, 1), (ALLOWANCE, movement.table, -1))
    return {
        f"{account} {stage}": sign * amount
        for account, lines, sign in pairs
        for stage, amount in _cents(lines["opening"], minor_units)
    }


def _entries(movement: MovementResult, minor_units: int) -> Iterator[tuple[str, str, int]]:
    """Yield entry, account and amount in whole minor units, debits above 0; each entry sums to 0."""
    gross, table = movement.gross_carrying, movement.table
    for name in ("originated", "derecognised", "changes"):
        for stage, amount in _cents(gross[name], minor_units):
            yield f"loans {name}", f"{LOANS} {stage}", amount
            yield f"loans {name}", CASH, -amount
    for stage, amount in _cents(gross["transfers"], minor_units):
        yield "loans transfers", f"{LOANS} {stage}", amount
    for stage, amount in _cents(table["transfers"], minor_units):
        yield "allowance transfers", f"{ALLOWANCE} {stage}", -amount
    for name in ("originated", "derecognised", "remeasurement", "unwind"):
        for stage, amount in _cents(table[name], minor_units):
            interest = name == "unwind" and stage == INTEREST_STAGE
            yield f"allowance {name}", INTEREST if interest else IMPAIRMENT, amount
            yield f"allowance {name}", f"{ALLOWANCE} {stage}", -amount
    used = dict(_cents(table["written_off"], minor_units))
    for stage, amount in _cents(gross["written_off"], minor_units):
        yield "written off", f"{ALLOWANCE} {stage}", -used[stage]
        yield "written off", GUARANTORS, used[stage] - amount
        yield "written off", f"{LOANS} {stage}", amount
    if movement.profit.recoveries is not None:
        back = round(movement.profit.recoveries * minor_units)
        yield "recoveries", CASH, back
        yield "recoveries", IMPAIRMENT, -back


def _cents(line: Line, minor_units: int) -> list[tuple[str, int]]:
    return [(stage, round(amount * minor_units)) for stage, amount in line.by_stage.items()]
