"""How principal comes back, instalment by instalment: one pass over the periods with a given level.

The level is the level payment; with `equal-principal` it is the principal of each instalment. Each part of a
period bears interest on what is owed in it, rounded on its own. A payment is interest first. What a payment
does not cover of the interest is paid out of the next one and bears none itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from loantwin.products.periods import Period
from loantwin.products.rounding import CONTEXT, in_minor, round_minor
from loantwin.products.term_sheet import TermSheet

LEVEL, INTEREST, NOTHING = "level", "interest", "nothing"
"""What an instalment is for: interest and principal, interest alone, or not due."""


@dataclass(frozen=True)
class Owed:
    """What is owed before a period, minor units.

    balance : principal. unpaid : interest that falls due with the next payment and is paid out of it.
    deferred : interest of the months of grace, due on top of the first payment after them. rest : what
    rounding took from interest so far. cost : interest and charges so far, as the cap on them counts.
    """

    balance: int = 0
    unpaid: int = 0
    deferred: int = 0
    rest: Decimal = Decimal(0)
    cost: int = 0


@dataclass(frozen=True)
class Line:
    """What one instalment pays, minor units, without charges; `after` is what is owed then."""

    period: Period
    interest: int
    principal: int
    after: Owed

    @property
    def payment(self) -> int:
        """Return interest and principal."""
        return self.interest + self.principal


def kind(sheet: TermSheet, period: Period) -> str:
    """Return what an instalment is for."""
    if period.number in sheet.holidays or sheet.amortisation == "bullet" or not weight(sheet, period):
        return NOTHING
    waits = period.interest_only or period.number <= sheet.principal_grace
    if waits or sheet.amortisation == "interest-only":
        return INTEREST
    return LEVEL


def weight(sheet: TermSheet, period: Period) -> Decimal:
    """Return the multiple of the level payment that an instalment is."""
    if sheet.amortisation == "step":
        return CONTEXT.power(1 + sheet.step, (period.number - 1) // sheet.step_every)
    if sheet.amortisation == "seasonal":
        return sheet.season[period.due.month - 1]
    return Decimal(1)


def scaled(sheet: TermSheet, period: Period, level: int) -> int:
    """Return the payment that an instalment is at a level payment, minor units."""
    multiple = weight(sheet, period)
    if multiple == 1:
        return level
    return round_minor(CONTEXT.multiply(Decimal(level), multiple), payment_rounding(sheet))


def payment_rounding(sheet: TermSheet) -> str:
    """Return how payments are rounded."""
    return sheet.instalment_rounding or sheet.rounding


def interest(balance: int, factor: Decimal, sheet: TermSheet) -> int:
    """Return the interest of a balance over a part of a period, minor units, rounded as the terms say."""
    return round_minor(CONTEXT.multiply(Decimal(balance), factor), sheet.rounding)


def part_factors(sheet: TermSheet, period: Period) -> list[Decimal]:
    """Return the factor of each part of a period: nothing while interest-free, no more than a day's cap."""
    if period.number <= sheet.interest_free:
        return [Decimal(0) for _ in period.parts]
    factors = [part.factor for part in period.parts]
    if sheet.daily_cost_cap is None:
        return factors
    most = [
        CONTEXT.multiply(sheet.daily_cost_cap, Decimal((part.end - part.start).days)) for part in period.parts
    ]
    return [min(factor, cap) for factor, cap in zip(factors, most, strict=True)]


def accrue(
    sheet: TermSheet, period: Period, owed: Owed, base: int | None = None, final: bool = False
) -> tuple[int, Owed]:
    """Return the interest of a period, minor units, and what is owed with what was paid out in it.

    base : minor units that bear interest whatever is owed (flat interest); None is the balance. final : the
    last period, which takes what rounding took before where that is carried to it.
    """
    balance, total, rest = owed.balance, 0, owed.rest
    for part, factor in zip(period.parts, part_factors(sheet, period), strict=True):
        balance += part.lent
        exact = CONTEXT.multiply(Decimal(balance if base is None else base), factor)
        asked = (
            CONTEXT.add(exact, rest) if sheet.carry_rounding and (final or not sheet.carry_to_last) else exact
        )
        whole = round_minor(asked, sheet.rounding)
        if sheet.carry_rounding:
            rest = CONTEXT.subtract(CONTEXT.add(exact, rest), Decimal(whole))
        total += whole
    total = min(total, allowed(sheet, owed.cost))
    return total, replace(owed, balance=balance, rest=rest, cost=owed.cost + total)


def allowed(sheet: TermSheet, cost: int) -> int:
    """Return how much interest and charges may still be asked for where they are capped, minor units."""
    if sheet.total_cost_cap is None:
        return 10**19
    lent = Decimal(in_minor(sheet.amount, sheet.minor_units))
    return max(0, round_minor(CONTEXT.multiply(lent, sheet.total_cost_cap), "down") - cost)


def roll(
    sheet: TermSheet,
    run: Sequence[Period],
    owed: Owed,
    level: int,
    *,
    base: int | None = None,
    last: int | None = None,
) -> list[Line]:
    """Return what each instalment of a run of periods pays at one level.

    Parameters
    ----------
    run : periods in order. owed : before them. level : minor units. base : as of `accrue`.
    last : number of the instalment that pays what is left; None is the last of the run.
    """
    final = run[-1].number if last is None else last
    lines: list[Line] = []
    for period in run:
        ends = period.number >= final
        fresh, owed = accrue(sheet, period, owed, base, ends)
        line = _line(sheet, period, owed, fresh, level, ends)
        lines.append(line)
        owed = line.after
    return lines


def _line(sheet: TermSheet, period: Period, owed: Owed, fresh: int, level: int, final: bool) -> Line:
    """Return what an instalment pays of what is owed and of the period's fresh interest."""
    if final and sheet.last_instalment != "as-agreed":
        return _paid(period, owed, owed.unpaid + owed.deferred + fresh, owed.balance, 0, 0)
    what, waits = kind(sheet, period), period.number <= sheet.interest_grace
    open_interest, deferred = owed.unpaid + fresh, owed.deferred
    if what == NOTHING:
        return _paid(period, owed, 0, 0, open_interest, deferred)
    if sheet.amortisation == "equal-principal" and what == LEVEL:
        principal = min(level, owed.balance)
        payable = open_interest
    elif what == LEVEL:
        payment = scaled(sheet, period, level)
        payable = min(open_interest, payment)
        principal = min(payment - payable, owed.balance)
    else:
        payable, principal = open_interest, 0
    left = open_interest - payable
    if waits:
        return _paid(period, owed, 0, principal, left, deferred + payable)
    return _paid(period, owed, payable + deferred, principal, left, 0)


def _paid(period: Period, owed: Owed, interest: int, principal: int, unpaid: int, deferred: int) -> Line:
    after = replace(owed, balance=owed.balance - principal, unpaid=unpaid, deferred=deferred)
    return Line(period, interest, principal, after)
