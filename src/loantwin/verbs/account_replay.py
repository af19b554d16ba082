"""`account replay`: one loan's account out of its dated facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from loantwin import months
from loantwin.errors import UsageError, expected
from loantwin.events.money import minor_units
from loantwin.products.rounding import in_minor
from loantwin.servicing.account import Account
from loantwin.servicing.arrears import arrears
from loantwin.servicing.due_charges import paid_of_charges
from loantwin.servicing.facts import BROUGHT, AddCharge, Waive
from loantwin.servicing.facts_file import read_account
from loantwin.servicing.payoff import PARTS, Statement, as_of, interest_saved, payoff, statement, unpaid
from loantwin.servicing.rows import Row
from loantwin.servicing.transactions import Transaction
from loantwin.types import Result

KINDS = {"instalment": "instalment", "down-payment": "down payment", "after": "after the last"}
AT_DISBURSEMENT = "charges at disbursement"
"""What falls due as money is paid out and holds no principal."""


@dataclass(frozen=True)
class AccountInstalment:
    """What falls due on a day and what became of it, currency.

    kind : an instalment, a down payment, charges at disbursement, or what falls due after the last. paid : of
    it `late` and `in_advance` by the due date; outstanding = total - paid - waived. met : the day nothing was
    unpaid any more.
    """

    number: int
    kind: str
    due: dt.date
    principal: float
    interest: float
    fees: float
    penalties: float
    total: float
    paid: float
    late: float
    in_advance: float
    waived: float
    outstanding: float
    met: dt.date | None


@dataclass(frozen=True)
class AccountTransaction:
    """A line and what it paid for, currency.

    number : the line of the file, None of what a fact brought along. balance : principal in use after it.
    reversed : it never was; shown as it stood.
    """

    number: int | None
    on: dt.date
    kind: str
    amount: float
    principal: float
    interest: float
    fees: float
    penalties: float
    overpaid: float
    balance: float
    reversed: bool


@dataclass(frozen=True)
class AccountCharge:
    """A charge: when it is due, and what of it is paid, waived and open, currency."""

    name: str
    kind: str
    due: dt.date
    amount: float
    paid: float
    waived: float
    outstanding: float


@dataclass(frozen=True)
class AccountBalances:
    """What is unpaid, due and to come, currency."""

    principal: float
    interest: float
    fees: float
    penalties: float


@dataclass(frozen=True)
class AccountPayoff:
    """What pays the account off on a day, currency."""

    on: dt.date
    principal: float
    interest: float
    fees: float
    penalties: float
    total: float


@dataclass(frozen=True)
class AccountStatement:
    """A period of the account, currency: principal in use before and after, what fell due, what is late."""

    start: dt.date
    end: dt.date
    opening: float
    closing: float
    paid: float
    due: float
    past_due: float
    next_due: dt.date | None
    next_amount: float


@dataclass(frozen=True)
class AccountReplayed(Result):
    """One loan's account on a day: money in its currency.

    days_past_due : since the due date of the oldest unpaid instalment; days_in_arrears : less grace and
    pauses.
    past_due : unpaid of what was due before the day. payoff : None before money is paid out. interest_saved :
    by the early payment asked about. statement : of the period asked about.
    """

    SCHEMA = "loantwin.account/1"

    currency: str | None
    on: dt.date
    status: str
    charged_off_on: dt.date | None
    days_past_due: int
    days_in_arrears: int
    past_due: float
    outstanding: float
    overpaid: float
    balances: AccountBalances
    instalments: tuple[AccountInstalment, ...]
    transactions: tuple[AccountTransaction, ...]
    charges: tuple[AccountCharge, ...]
    payoff: AccountPayoff | None
    interest_saved: float | None
    statement: AccountStatement | None
    minor_units: int
    provenance: Mapping[str, Any] = field(default_factory=dict)


def account_replay(
    file: Account | Path | str,
    *,
    on: dt.date | str | None = None,
    early: float | None = None,
    since: dt.date | str | None = None,
) -> AccountReplayed:
    """Return one loan's account after its dated facts, with what each payment paid for.

    Parameters
    ----------
    file : JSON lines, the terms first, then one fact a line; or an account.
    on : the day the account is looked at, with the facts up to it; None is the day of the last fact.
    early : currency, an early payment on the day of which to say what interest it saves. since : first day of
        the statement that ends on `on`.

    Raises
    ------
    InputError : a fact that cannot be, naming the file, its line as `row`, and the field. UsageError : a day
    or
        an amount that cannot be.
    """
    account = file if isinstance(file, Account) else read_account(file, minor_units)
    day = _day(account, on)
    then = as_of(account, day)
    units = account.terms.minor_units
    behind = arrears(then, day)
    start = None if since is None else months.day(since, "since")
    return AccountReplayed(
        currency=account.terms.currency,
        on=day,
        status=then.status,
        charged_off_on=then.charged_off,
        days_past_due=behind.past_due_days,
        days_in_arrears=behind.days,
        past_due=behind.amount / units,
        outstanding=then.outstanding / units,
        overpaid=then.overpaid / units,
        balances=AccountBalances(
            **{name: unpaid(list(then.rows), part) / units for name, part in PARTS.items()}
        ),
        instalments=tuple(_instalment(number, row, units) for number, row in enumerate(then.rows, start=1)),
        transactions=_transactions(then, units),
        charges=_charges(then, units),
        payoff=_payoff(then, day, units),
        interest_saved=_saved(then, early, day, units),
        statement=None if start is None else _statement(statement(account, start, day), units),
        minor_units=units,
    )


def _day(account: Account, on: dt.date | str | None) -> dt.date:
    if on is not None:
        return months.day(on, "on")
    return max((fact.on for fact in account.facts), default=account.terms.start)


def _instalment(number: int, row: Row, units: int) -> AccountInstalment:
    principal, interest, fees, penalties = (amount / units for amount in row.owed)
    return AccountInstalment(
        number=number,
        kind=AT_DISBURSEMENT if row.kind == "down-payment" and not row.owed[0] else KINDS[row.kind],
        due=row.due,
        principal=principal,
        interest=interest,
        fees=fees,
        penalties=penalties,
        total=sum(row.owed) / units,
        paid=sum(row.paid) / units,
        late=row.late / units,
        in_advance=row.ahead / units,
        waived=sum(row.waived) / units,
        outstanding=row.rest / units,
        met=row.met,
    )


def _transactions(account: Account, units: int) -> tuple[AccountTransaction, ...]:
    lines = [*account.transactions, *account.reversed_transactions]
    return tuple(
        _line(line, units) for line in sorted(lines, key=lambda line: (line.on, line.number % BROUGHT))
    )


def _line(line: Transaction, units: int) -> AccountTransaction:
    return AccountTransaction(
        number=line.number if line.number < BROUGHT else None,
        on=line.on,
        kind=line.kind,
        amount=line.amount / units,
        principal=line.principal / units,
        interest=line.interest / units,
        fees=line.fees / units,
        penalties=line.penalties / units,
        overpaid=line.overpaid / units,
        balance=line.balance / units,
        reversed=line.reversed,
    )


def _charges(account: Account, units: int) -> tuple[AccountCharge, ...]:
    amounts = {line.number: line.amount for line in account.transactions}
    waived = {fact.of: amounts[fact.number] for fact in account.holding if isinstance(fact, Waive)}
    paid: dict[int, int] = {}
    for row in account.rows:
        paid |= paid_of_charges(row, waived)
    made = []
    for fact in account.holding:
        if isinstance(fact, AddCharge):
            took, gave = paid.get(fact.number, 0), waived.get(fact.number, 0)
            open_ = fact.amount - took - gave
            shown = (fact.amount / units, took / units, gave / units, open_ / units)
            made.append(AccountCharge(fact.name, fact.kind, fact.due, *shown))
    return tuple(made)


def _payoff(account: Account, on: dt.date, units: int) -> AccountPayoff | None:
    if not account.disbursed:
        return None
    found = payoff(account, on)
    parts = (found.principal, found.interest, found.fees, found.penalties, found.total)
    return AccountPayoff(on, *(amount / units for amount in parts))


def _saved(account: Account, early: float | None, on: dt.date, units: int) -> float | None:
    if early is None:
        return None
    try:
        minor = in_minor(Decimal(str(early)), units)
    except (ValueError, ArithmeticError) as error:
        raise UsageError(expected("an amount in whole minor units", early), field="early") from error
    return interest_saved(account, minor, on) / units


def _statement(found: Statement, units: int) -> AccountStatement:
    came = sum(line.amount for line in found.lines if line.kind in _CASH)
    return AccountStatement(
        start=found.start,
        end=found.end,
        opening=found.opening / units,
        closing=found.closing / units,
        paid=came / units,
        due=sum(asked for _, asked, _ in found.due) / units,
        past_due=found.past_due / units,
        next_due=found.next_due,
        next_amount=found.next_amount / units,
    )


_CASH = frozenset(
    {"repayment", "down-payment", "goodwill-credit", "merchant-issued-refund", "payout-refund", "recovery"}
)
