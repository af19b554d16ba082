"""What two parties agreed: the terms of one loan, by named conventions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

DAY_COUNTS: tuple[str, ...] = (
    "30/360",
    "30/360-us",
    "30/360-isda",
    "30e/360",
    "30/365",
    "actual/360",
    "actual/364",
    "actual/365",
    "actual/actual",
    "actual/actual-isma",
    "actual/actual-afb",
)
"""How two dates become a part of a year. `actual/actual` is ISDA's: each day over the length of its year."""

ROUNDINGS: tuple[str, ...] = ("half-even", "half-up", "half-down", "up", "down")
"""How an amount becomes minor units; `half-up` and `up` move away from nothing."""

AMORTISATIONS: tuple[str, ...] = (
    "annuity",
    "equal-principal",
    "interest-only",
    "balloon",
    "bullet",
    "step",
    "seasonal",
)
"""How principal comes back. `bullet` pays interest too at the end, `interest-only` as it falls due."""

METHODS: tuple[str, ...] = ("declining", "flat")
"""Interest on what is owed, or on what was lent for the whole term (add-on)."""

INTEREST_PERIODS: tuple[str, ...] = ("daily", "same-as-period")
"""What a whole period counts: its days, or its nominal length (a month is a twelfth of a year)."""

ROLLS: tuple[str, ...] = (
    "none",
    "following",
    "modified-following",
    "preceding",
    "modified-preceding",
    "nearest",
)
"""Where a due date goes that is no business day of the calendar."""

LAST_INSTALMENTS: tuple[str, ...] = ("rest", "at-most-level", "at-least-level", "nearest-level", "equalised")
"""What the last instalment may be: whatever rests; no more, no less than the level payment, or as near to it
as one minor unit of the level payment brings it; or the level payment chosen again so that all are as equal
as can be.
"""

CHARGE_KINDS: tuple[str, ...] = ("fee", "penalty")


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A cost beside interest. `amount` in currency or `share` of principal, one of them; `due` is a date,
    `disbursement` or `instalment` (with each of them).
    """

    name: str
    kind: str = "fee"
    amount: Decimal | None = None
    share: Decimal | None = None
    due: date | str = "disbursement"


@dataclass(frozen=True, kw_only=True)
class Disbursement:
    """Money paid out: currency, on a date."""

    on: date
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class FloatingRate:
    """A rate that follows an index: clip(index + margin, floor, cap), decimals a year, set anew every
    `reset`.

    index : (date, decimal a year) in order of dates; each holds until the next.
    """

    index: tuple[tuple[date, Decimal], ...]
    margin: Decimal = Decimal(0)
    floor: Decimal | None = None
    cap: Decimal | None = None
    reset: str = "1m"


@dataclass(frozen=True, kw_only=True)
class TermSheet:
    """The terms of one loan.

    amount : currency, more than 0; the sum of `disbursements` where these are named.
    annual_rate : decimal a year, nominal. A rate a day is this over 365 with `actual/365`.
    payments : instalments, without a down payment; None where `instalment` decides how many there are.
    every : `1m`, `2w`, `14d`, `3m`, `1y`. start : day of the first disbursement. first : first due date;
    None is one period after start. due_day : 1 to 31, `month-end`, or None for the day of `first`.
    instalment : currency, a payment agreed; None to work it out.
    instalment_multiple : currency; the level payment is a multiple of it.
    rounding, instalment_rounding : of interest, and of the level payment (None: as interest).
    carry_rounding : True where interest lost by rounding is carried on and not dropped.
    balloon : currency, due with the last instalment. steps : decimals, growth of each instalment over the one
    before, or of each year's with `step_every`. season : 12 multiples of the level payment by calendar month.
    principal_grace, interest_grace, interest_free : whole instalments, from the first, without principal,
    without interest being due (it falls due with the next), without interest at all. holidays : numbers of
    instalments that are not due.
    down_payment : decimal of each disbursement, due on its day.
    total_cost_cap : decimal of principal, of interest and charges together; daily_cost_cap : decimal of
    principal in use a day, of interest.
    minor_units : minor units of one unit of currency (100 cents).
    """

    amount: Decimal
    annual_rate: Decimal
    payments: int | None
    start: date
    every: str = "1m"
    first: date | None = None
    due_day: int | str | None = None
    roll: str = "none"
    calendar: str | None = None
    day_count: str = "30/360"
    interest_period: str = "same-as-period"
    method: str = "declining"
    amortisation: str = "annuity"
    rounding: str = "half-even"
    instalment_rounding: str | None = None
    carry_rounding: bool = False
    instalment: Decimal | None = None
    instalment_multiple: Decimal | None = None
    last_instalment: str = "rest"
    balloon: Decimal = Decimal(0)
    step: Decimal = Decimal(0)
    step_every: int = 1
    season: tuple[Decimal, ...] = ()
    principal_grace: int = 0
    interest_grace: int = 0
    interest_free: int = 0
    holidays: tuple[int, ...] = ()
    down_payment: Decimal = Decimal(0)
    disbursements: tuple[Disbursement, ...] = ()
    floating: FloatingRate | None = None
    charges: tuple[Charge, ...] = ()
    total_cost_cap: Decimal | None = None
    daily_cost_cap: Decimal | None = None
    minor_units: int = 100
    currency: str | None = None


@dataclass(frozen=True, kw_only=True)
class Instalment:
    """One row of a schedule; amounts in minor units of the currency, int.

    number : 1, 2, ...; 0 is a down payment or disbursement row's own. due : the date it falls due. days :
    since the one before. closing = opening + paid out in the period - principal; payment = principal +
    interest + fees.
    """

    number: int
    due: date
    days: int
    opening: int
    principal: int
    interest: int
    fees: int
    closing: int

    @property
    def payment(self) -> int:
        """Return what is due on the day."""
        return self.principal + self.interest + self.fees
