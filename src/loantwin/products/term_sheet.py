"""What two parties agreed: the terms of one loan, by named conventions."""

from __future__ import annotations

from collections.abc import Mapping
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

METHODS: tuple[str, ...] = ("declining", "flat", "interest-first")
"""Interest on what is owed; on what was lent, for the whole term and in equal parts (add-on); or set at the
start and paid before principal, as much as what is owed bears under the very payments that this makes.
"""

INTEREST_PERIODS: tuple[str, ...] = ("daily", "same-as-period")
"""What a whole period counts: its days, or its nominal length (a month is a twelfth of a year)."""

ODD_PERIODS: tuple[str, ...] = ("by-days", "whole")
"""What a first period counts that is longer or shorter than the others, where periods count their nominal
length: whole ones and a share by days, or one whole period all the same.
"""

ROLLS: tuple[str, ...] = (
    "none",
    "following",
    "modified-following",
    "preceding",
    "modified-preceding",
    "nearest",
)
"""Where a due date goes that is no business day of the calendar."""

LAST_INSTALMENTS: tuple[str, ...] = (
    "rest",
    "at-most-level",
    "at-least-level",
    "nearest-level",
    "equalised",
    "as-agreed",
)
"""What the last instalment may be: whatever rests; no more, no less than the level payment, or as near to it
as one minor unit of the level payment brings it; the level payment chosen again so that all are as equal as
can be; or the agreed payment, whatever is left unpaid.
"""

CONVENTIONS: Mapping[str, tuple[str, ...]] = {
    "roll": ROLLS,
    "day_count": DAY_COUNTS,
    "interest_period": INTEREST_PERIODS,
    "odd_period": ODD_PERIODS,
    "method": METHODS,
    "amortisation": AMORTISATIONS,
    "rounding": ROUNDINGS,
    "instalment_rounding": ROUNDINGS,
    "last_instalment": LAST_INSTALMENTS,
}
"""Field of a term sheet -> the names it takes; a convention's code in columns is its place here."""

CHARGE_KINDS: tuple[str, ...] = ("fee", "penalty")


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A cost beside interest, due in full on its day; it bears no interest.

    financed : it is lent as well and repaid with principal, and bears interest as principal does; due with
    the first disbursement.
    amount : currency, or `share` : decimal of principal, one of them. due : a date, `disbursement` (with each
    money is paid out) or `instalment` (with each). A date is charged with the first instalment due on it or
    after it.
    """

    name: str
    kind: str = "fee"
    amount: Decimal | None = None
    share: Decimal | None = None
    due: date | str = "disbursement"
    financed: bool = False


@dataclass(frozen=True, kw_only=True)
class Disbursement:
    """Money paid out: currency, on a date."""

    on: date
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class AgreedPayment:
    """A payment agreed by date and amount, currency."""

    due: date
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class FloatingRate:
    """A rate that follows an index: clip(index + margin, floor, cap), decimals a year, set anew each `reset`.

    index : (date, decimal a year) in order of dates; each holds until the next. The first one is in force at
    the start. reset : `1m`, `3m`, ...: the days, counted from the start, on which the rate is looked up.
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
    annual_rate : decimal a year, nominal. A rate a day is this over 365 with `actual/365`. Beside a floating
    one it is that one's first.
    payments : instalments, without a down payment; None where `instalment` decides how many there are.
    every : `1m`, `2w`, `14d`, `3m`, `1y`. start : day of the first disbursement. first : first due date; None
    is one period after start. due_day : 1 to 31 or `month-end`: instalments fall on this day, the first one
    on or after `first`; None for the day of `first`.
    agreed : payments agreed by date and amount, in place of `payments`, `every` and `instalment`.
    instalment : currency, a payment agreed; None to work it out.
    instalment_multiple : currency; the level payment is a multiple of it, and so is a down payment.
    equal_periods : True where the level payment is worked out as if all periods were as long as the first.
    rounding, instalment_rounding : of interest, and of the level payment (None: as interest).
    carry_rounding : True where what rounding takes from interest or adds to it is carried to the next
    instalment; carry_to_last : True where it is carried to the last one instead.
    balloon : currency, due with the last instalment. step : decimal, growth of the instalments, once every
    `step_every`. season : 12 multiples of the level payment by calendar month.
    principal_grace, interest_grace, interest_free : whole instalments, from the first, without principal,
    without interest being due (it falls due with the first one after), without interest at all. holidays :
    numbers of instalments that are not due; interest is paid out of the next.
    down_payment : decimal of each disbursement, due on its day; it bears no interest.
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
    odd_period: str = "by-days"
    method: str = "declining"
    amortisation: str = "annuity"
    rounding: str = "half-even"
    instalment_rounding: str | None = None
    carry_rounding: bool = False
    carry_to_last: bool = False
    instalment: Decimal | None = None
    instalment_multiple: Decimal | None = None
    equal_periods: bool = False
    last_instalment: str = "rest"
    agreed: tuple[AgreedPayment, ...] = ()
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

    number : 1, 2, ...; 0 is the row of a down payment or of charges at a disbursement. due : the date it
    falls due. days : since the row before.
    closing = opening + disbursed - principal; payment = principal + interest + fees. disbursed : paid out
    after the row before, up to this one.
    """

    number: int
    due: date
    days: int
    opening: int
    disbursed: int
    principal: int
    interest: int
    fees: int
    closing: int

    @property
    def payment(self) -> int:
        """Return what is due on the day."""
        return self.principal + self.interest + self.fees
