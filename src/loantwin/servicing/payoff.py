"""What a customer must be told: what pays the account off, what paying early saves, what happened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from loantwin.errors import UsageError, expected
from loantwin.servicing.account import Account, apply
from loantwin.servicing.conventions import FEE, INTEREST, PENALTY, PRINCIPAL
from loantwin.servicing.fact_checks import LARGEST
from loantwin.servicing.facts import AddCharge, Fact, Look, Pay
from loantwin.servicing.rows import Row
from loantwin.servicing.transactions import Transaction


@dataclass(frozen=True)
class Payoff:
    """What pays an account off on a day, minor units; `total` is the sum of the parts."""

    on: date
    principal: int
    interest: int
    fees: int
    penalties: int
    total: int


@dataclass(frozen=True)
class Statement:
    """A period of an account, both days included; amounts in minor units.

    opening, closing : principal in use as the period begins and ends. lines : what happened in it. due : rows
    (due date, asked, still unpaid at the end). past_due : unpaid at the end of what was due by then.
    next_due, next_amount : the first instalment after it that is not paid; None and 0 where there is none.
    """

    start: date
    end: date
    opening: int
    closing: int
    lines: tuple[Transaction, ...]
    due: tuple[tuple[date, int, int], ...]
    past_due: int
    next_due: date | None
    next_amount: int


def as_of(account: Account, on: date) -> Account:
    """Return the account with the facts that count from a day or before, charges as they were known."""
    return replace(account, facts=tuple(fact for fact in account.facts if _by(fact, on)))


def _by(fact: Fact, on: date) -> bool:
    return (fact.known if isinstance(fact, AddCharge) else fact.on) <= on


def payoff(account: Account, on: date) -> Payoff:
    """Return what a payment on a day must be so that nothing is owed after it.

    Interest of a fixed schedule is owed whole; where interest is recalculated it is owed up to the day. What
    was overpaid before is not taken off: it is the borrower's.

    Raises
    ------
    UsageError : a day before money was paid out.
    """
    then = as_of(account, on)
    if not then.disbursed:
        raise UsageError(expected("a day on or after money was paid out", on), field="on")
    if then.outstanding == 0:
        return Payoff(on, 0, 0, 0, 0, 0)
    before = sum(fact.amount for fact in then.facts if isinstance(fact, Pay))
    paid = apply(then, Pay(on=on, amount=LARGEST - before))
    line = paid.transactions[-1]
    parts = (line.principal, line.interest, line.fees, line.penalties)
    return Payoff(on, *parts, sum(parts))


def interest_saved(account: Account, amount: int, on: date) -> int:
    """Return by how much a payment on a day lowers the interest asked for in all, minor units.

    Nothing where the schedule is fixed. What is late has borne interest up to the day whether it is paid or
    not; what it would bear after it is not counted.
    """
    then = as_of(account, on)
    paid = apply(then, Pay(on=on, amount=amount))
    looked = replace(then, facts=(*then.facts, Look(on=on, number=max(fact.number for fact in paid.facts))))
    return _interest(looked) - _interest(paid)


def _interest(account: Account) -> int:
    return sum(row.owed[INTEREST] for row in account.rows)


def statement(account: Account, start: date, end: date) -> Statement:
    """Return what happened from one day to another, as the account stood on the last.

    Raises
    ------
    UsageError : a last day before the first.
    """
    if end < start:
        raise UsageError(expected(f"an end on or after {start}", end), field="end")
    then = as_of(account, end)
    lines = then.transactions
    before = [line for line in lines if line.on < start]
    rows = then.rows
    later = next((row for row in rows if row.due > end and row.rest), None)
    return Statement(
        start=start,
        end=end,
        opening=in_use(before),
        closing=in_use(lines),
        lines=tuple(line for line in lines if line.on >= start),
        due=tuple((row.due, sum(row.owed), row.rest) for row in rows if start <= row.due <= end),
        past_due=sum(row.rest for row in rows if row.due <= end),
        next_due=later.due if later else None,
        next_amount=later.rest if later else 0,
    )


def in_use(lines: list[Transaction] | tuple[Transaction, ...]) -> int:
    """Return principal in use after the last line that shows a balance."""
    shown = [
        line.balance for line in lines if line.kind not in ("charge-off", "re-age", "re-amortise", "accrual")
    ]
    return shown[-1] if shown else 0


def unpaid(rows: list[Row] | tuple[Row, ...], part: int) -> int:
    """Return what is unpaid of one part over instalments."""
    return sum(row.unpaid(part) for row in rows)


PARTS = {"principal": PRINCIPAL, "interest": INTEREST, "fees": FEE, "penalties": PENALTY}
"""The parts of balances, by the words of the command's document."""
