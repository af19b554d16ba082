"""What happens to an account, each with its day: the facts that an account keeps and is replayed from.

Amounts are minor units of the currency, int. `on` is the day a fact counts from, `recorded` the day it became
known (None: the same day), `number` its place in the order of recording (0: not yet recorded).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

BROUGHT = 10**9
"""Added to a fact's number: the number of what it brings with it, such as an automatic down payment."""

PAYMENT_KINDS: tuple[str, ...] = (
    "repayment",
    "down-payment",
    "goodwill-credit",
    "merchant-issued-refund",
    "payout-refund",
    "charge-adjustment",
    "recovery",
)
"""What money that pays an account is: the borrower's, the lender's goodwill, a shop's or a payout's refund, a
charge taken back, a recovery after charge-off.
"""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something dated; each kind below says what."""

    on: date
    number: int = 0
    recorded: date | None = None

    @property
    def known(self) -> date:
        """Return the day on which it was recorded."""
        return self.recorded or self.on


@dataclass(frozen=True, kw_only=True)
class Disburse(Fact):
    """Money is paid out."""

    amount: int


@dataclass(frozen=True, kw_only=True)
class Pay(Fact):
    """Money comes in, or counts as if it did; `kind` is one of `PAYMENT_KINDS`."""

    amount: int
    kind: str = "repayment"


@dataclass(frozen=True, kw_only=True)
class AddCharge(Fact):
    """A fee or a penalty falls due on a day."""

    amount: int
    due: date
    kind: str = "fee"
    name: str = "fee"


@dataclass(frozen=True, kw_only=True)
class Waive(Fact):
    """What is unpaid of a charge is given up; `of` is the number of the fact that added it."""

    of: int


@dataclass(frozen=True, kw_only=True)
class Chargeback(Fact):
    """A payment is taken back by the payer's bank, whole or in part; `of` is its number."""

    amount: int
    of: int


@dataclass(frozen=True, kw_only=True)
class RefundCredit(Fact):
    """What was paid too much goes back to the borrower."""

    amount: int


@dataclass(frozen=True, kw_only=True)
class Reverse(Fact):
    """A fact never was; `of` is its number."""

    of: int


@dataclass(frozen=True, kw_only=True)
class ChargeOff(Fact):
    """The lender takes what is owed as lost; it stays owed."""

    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ReAge(Fact):
    """Unpaid principal is spread over new instalments, the first due `first`, then `every`."""

    first: date
    every: str
    payments: int


@dataclass(frozen=True, kw_only=True)
class ReAmortise(Fact):
    """Principal past due is spread over the instalments that are still to come."""


@dataclass(frozen=True, kw_only=True)
class Reschedule(Fact):
    """The instalment due on `instalment` and those after it change.

    due : its new due date, the others follow it. principal_grace : instalments from it without principal,
    put on at the end. extra : instalments more, over which principal from it on is spread anew.
    annual_rate : decimal a year, from it on.
    """

    instalment: date
    due: date | None = None
    principal_grace: int = 0
    extra: int = 0
    annual_rate: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Haircut(Fact):
    """Principal that the lender gives up, from the last instalment backwards."""

    amount: int


@dataclass(frozen=True, kw_only=True)
class Pause(Fact):
    """Days from `on` to `until` do not count as past due."""

    until: date


@dataclass(frozen=True, kw_only=True)
class Resume(Fact):
    """A pause ends on the day."""


@dataclass(frozen=True, kw_only=True)
class Accrue(Fact):
    """Income is recognised: what instalments have earned by the day and was not yet booked.

    parts : (due date of the instalment, interest, fees, penalties), minor units.
    """

    parts: tuple[tuple[date, int, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Sell(Fact):
    """The account goes to another owner; what is owed does not change."""

    to: str
    price: int = 0


@dataclass(frozen=True, kw_only=True)
class Look(Fact):
    """The account is looked at: what is late bears interest up to the day, nothing else happens.

    It asks what is owed if nothing is paid, and is never recorded.
    """


TRANSACTIONS: tuple[type[Fact], ...] = (
    Disburse,
    Pay,
    Waive,
    Chargeback,
    RefundCredit,
    ChargeOff,
    ReAge,
    ReAmortise,
    Haircut,
    Accrue,
)
"""Facts that are lines of the account's transactions."""
