"""The terms of an account that bears interest by the day on what is owed, and the facts it takes."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from loantwin.errors import UsageError, expected

LARGEST = 2**63 - 1
"""Largest amount in minor units."""

OUTCOMES = ("paid", "pending", "failed", "written-off")
"""What became of a payment. What is pending counts until it is known to have failed."""


@dataclass(frozen=True, kw_only=True)
class DailyTerms:
    """Terms of one account; money in minor units, int.

    principal : paid out on `start`, more than 0. daily_rate : decimal a day on principal and fee in use.
    credit_rate : decimal a day on what the lender owes (a balance below 0).
    fee : added to principal when paid out, repaid in proportion to it; `rebate` where the part of the term
    to come is given back to who settles early (pro rata by days to `last`, the last due date).
    flat_interest : interest agreed on from the start (add-on), paid before principal; who settles early pays
    no more than the days so far; None for a declining balance.
    interest_cap : highest interest over life; None for none. (A cap a day is a lower `daily_rate`.)
    grace_days : who settles within so many days bears no interest.
    least_due : what is due and below it is not asked for. timeout_days : a due payment is missed so many
        days later.
    late_charge : booked on a due date that less than what was due came on, once it is missed.
    """

    start: date
    last: date
    principal: int
    daily_rate: Decimal
    credit_rate: Decimal = Decimal(0)
    fee: int = 0
    rebate: bool = False
    flat_interest: int | None = None
    interest_cap: Decimal | None = None
    grace_days: int = 0
    least_due: int = 0
    timeout_days: int = 0
    late_charge: int = 0

    def __post_init__(self) -> None:
        """Refuse terms that no account can have.

        Raises
        ------
        UsageError : an amount, rate or number of days out of range, or dates out of order, by name.
        """
        if not 0 < self.principal <= LARGEST:
            raise UsageError(expected(f"1 to {LARGEST} minor units", self.principal), field="principal")
        if self.last < self.start:
            raise UsageError(expected(f"a last due date from {self.start} on", self.last), field="last")
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, int | Decimal) and not 0 <= value <= LARGEST:
                raise UsageError(expected(f"0 to {LARGEST}", value), field=item.name)
        if self.rebate and not self.fee:
            raise UsageError(expected("a fee, of which a part is given back", 0), field="fee")


@dataclass(frozen=True, kw_only=True)
class Due:
    """An amount due on a day, minor units. `anew` for one agreed later (rescheduled): what was paid ahead
    before it counts no more.
    """

    on: date
    amount: int
    anew: bool = False


@dataclass(frozen=True, kw_only=True)
class DatedPayment:
    """Money from the customer, or to it (below 0: a refund), minor units."""

    on: date
    amount: int
    outcome: str = "paid"


@dataclass(frozen=True, kw_only=True)
class DatedCharge:
    """A charge booked on a day, minor units, for instance for a payment that failed."""

    on: date
    amount: int
    name: str = "charge"


Fact = Due | DatedPayment | DatedCharge


def check_facts(terms: DailyTerms, facts: tuple[Fact, ...]) -> None:
    """Refuse facts that no account can take, by number (1, 2, ...) and field.

    Raises
    ------
    UsageError : a day before the start, an amount of 0 or beyond what is held, an unknown outcome.
    """
    for number, fact in enumerate(facts, 1):
        if fact.on < terms.start:
            raise UsageError(expected(f"a day from {terms.start} on", fact.on), row=number, field="on")
        if isinstance(fact, DatedPayment) and fact.outcome not in OUTCOMES:
            raise UsageError(
                expected("one of " + ", ".join(OUTCOMES), fact.outcome), row=number, field="outcome"
            )
        low = -LARGEST if isinstance(fact, DatedPayment) else 0
        zero = isinstance(fact, DatedPayment) and fact.amount == 0
        if zero or not low <= fact.amount <= LARGEST:
            raise UsageError(
                expected("an amount in minor units, not 0", fact.amount), row=number, field="amount"
            )
