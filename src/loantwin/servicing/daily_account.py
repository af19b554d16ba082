"""An account that bears interest by the day on what is owed: payments meet charges, interest, then principal.

On each day something is due or comes in, the days since the one before bear interest on principal and fee in
use, exact to the fraction; what is paid of it is cut to the minor unit, and a residue below one is dropped
when the rest is paid. A payment goes to charges, to interest, and then in one proportion to fee and
principal. Who pays what it costs to settle, settles: the fee's rebate is given, and of flat interest no more
than the days so far is kept.

What lies ahead of the day looked from is shown as if what is due came on its day: how the account will
stand, and what settling would cost then. Sources: the daily-interest schedules of `uk_schedules` (figures of
an open library, see the suite `uk`); the order of payment and the rounding are theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, localcontext

from loantwin.errors import UsageError, expected
from loantwin.servicing.daily_terms import DailyTerms, DatedCharge, DatedPayment, Due, Fact, check_facts

DIGITS = 28
"""Digits of interest, of a balance up to 2^63 minor units."""

MINOR = Decimal(1)


@dataclass(frozen=True, kw_only=True)
class DailyEntry:
    """One day of an account; money in minor units, interest and its balance with fractions.

    due : what must come on the day, after what was paid ahead. paid : what came (below 0: went back); of
    days to come, what is due. accrued : interest of the days since the entry before. interest_added : what
    of it is new to the balance (of flat interest only what goes beyond it). to_charges, to_interest, to_fee,
    to_principal : they add up to `paid`. rebate : of the fee, given with this entry. charges, interest, fee,
    principal : balances at its end.
    rebate_if_settled, settlement : what settling on the day gives back of the fee, and costs. status :
    `open`, `closed` or `refund due`. ahead : whether the day lies ahead.
    """

    on: date
    due: int
    paid: int
    charged: int
    accrued: Decimal
    interest_added: Decimal
    to_charges: int
    to_interest: int
    to_fee: int
    to_principal: int
    rebate: int
    charges: int
    interest: Decimal
    fee: int
    principal: int
    rebate_if_settled: int
    settlement: int
    status: str
    ahead: bool


@dataclass(frozen=True)
class _State:
    """Where an account stands between two days; interest paid and accrued since the start, for what flat
    interest must give back, and what was due and came so far.
    """

    day: date
    charges: int
    interest: Decimal
    fee: int
    principal: int
    accrued: Decimal
    beyond: Decimal
    interest_paid: int
    was_due: int
    came: int
    ended: bool
    over_refunded: bool


def daily_entries(
    terms: DailyTerms,
    facts: tuple[Fact, ...],
    today: date,
    *,
    settle_on: date | None = None,
    presume: bool = True,
) -> tuple[DailyEntry, ...]:
    """Return the account day by day, from its start to its last fact or due date.

    Parameters
    ----------
    facts : what is due, payments and charges, in any order; facts of one day are one entry.
    today : the day looked from. settle_on : a day, not after `today`, on which it is settled by its
        settlement figure.
    presume : take a payment due in the last `timeout_days`, of which nothing was heard, as coming.

    Raises
    ------
    UsageError : a fact no account can take, by number and field; a day of settlement ahead or before the
        start.
    """
    check_facts(terms, facts)
    if settle_on is not None and not terms.start <= settle_on <= today:
        raise UsageError(expected(f"a day from {terms.start} to {today}", settle_on), field="settle_on")
    days = sorted({terms.start, *(fact.on for fact in facts), *([settle_on] if settle_on else []), today})
    by_day: dict[date, list[Fact]] = {day: [] for day in days}
    for fact in facts:
        by_day[fact.on].append(fact)
    state = _State(
        terms.start, 0, Decimal(terms.flat_interest or 0), terms.fee, terms.principal, Decimal(0),
        Decimal(terms.flat_interest or 0), 0, 0, 0, False, False,
    )  # fmt: skip
    entries = []
    with localcontext(Context(prec=DIGITS)):
        for day in days:
            state, entry = _day(terms, state, by_day[day], day, today, day == settle_on, presume)
            entries.append(entry)
    return tuple(entries)


def _day(
    terms: DailyTerms, state: _State, facts: list[Fact], day: date, today: date, settles: bool, presume: bool
) -> tuple[_State, DailyEntry]:
    """Return the state after a day and its entry."""
    ahead = day > today
    payments = [fact for fact in facts if isinstance(fact, DatedPayment)]
    came = sum(fact.amount for fact in payments if fact.outcome != "failed")
    accrued = _accrued(terms, state, day, settles)
    total = state.accrued + accrued
    added = _added(terms, state, accrued, total, ahead)
    interest = state.interest + added
    back = _rebate(terms, state, day, bool(payments))
    standing = replace(state, interest=interest, accrued=total)
    planned = sum(fact.amount for fact in facts if isinstance(fact, Due))
    cost = _cost(terms, standing, back, held=interest)
    due = _due(terms, standing, facts, planned, cost, ahead)
    awaited = bool(
        presume and not ahead and not payments and not settles and due
        and (today - day).days <= terms.timeout_days
    )  # fmt: skip
    booked = [fact.amount for fact in facts if isinstance(fact, DatedCharge)]
    missed = due > 0 and not ahead and not settles and (today - day).days > terms.timeout_days
    late = terms.late_charge if missed and came < due else 0
    charged = sum(booked) + late
    standing, cost = replace(standing, charges=state.charges + charged), cost + charged
    paid = cost if settles else due if ahead else planned if awaited else came
    full = paid > 0 and paid >= cost
    entry, after = _paid(terms, standing, paid, back, full, settles, ahead, day)
    refunded = paid < 0 and after.principal > 0
    after = replace(
        after,
        was_due=state.was_due + planned,
        came=state.came + (due if awaited else paid),
        ended=state.ended or (after.principal <= 0 and after.fee <= 0),
        over_refunded=state.over_refunded or refunded,
    )
    shown = 0 if state.ended and not payments else back
    waits = any(fact.outcome == "pending" for fact in payments)
    settlement = _settlement(terms, state, after, cost, shown, ahead)
    if day == terms.start and not paid:
        settlement = after.principal + after.fee
    entry = replace(
        entry, due=due, charged=charged, accrued=accrued, interest_added=added + entry.interest_added,
        rebate_if_settled=shown, settlement=0 if waits or paid < 0 else settlement, ahead=ahead,
    )  # fmt: skip
    return after, entry


def _accrued(terms: DailyTerms, state: _State, day: date, settles: bool) -> Decimal:
    """Return the interest of the days since the state, of principal and fee in use, or of what the lender
    owes.
    """
    base = state.principal + state.fee
    passed = (day - state.day).days
    if (settles and (day - terms.start).days <= terms.grace_days) or state.over_refunded:
        return Decimal(0)
    if base <= 0:
        return base * terms.credit_rate * passed if state.principal < 0 else Decimal(0)
    made = base * terms.daily_rate * passed
    if terms.interest_cap is not None:
        made = max(Decimal(0), min(made, terms.interest_cap - state.accrued))
    return made


def _added(terms: DailyTerms, state: _State, accrued: Decimal, total: Decimal, ahead: bool) -> Decimal:
    """Return what interest is new to the balance: of flat interest what goes beyond it, once that has come
    true.
    """
    if terms.flat_interest is None or state.principal <= 0:
        return Decimal(0) if ahead and terms.flat_interest is not None else accrued
    return Decimal(0) if ahead else max(Decimal(0), total - state.beyond)


def _rebate(terms: DailyTerms, state: _State, day: date, paid: bool) -> int:
    """Return what of the fee settling on the day gives back: the part of the term to come, rounded up."""
    if not terms.rebate or day >= terms.last or (state.ended and not paid):
        return 0
    whole = (terms.last - terms.start).days
    return _up(Decimal(terms.fee) * (terms.last - day).days / whole)


def _owed_interest(terms: DailyTerms, state: _State, held: Decimal) -> int:
    """Return interest that settling must pay: what is held, of flat interest what the days so far bear."""
    days_so_far = terms.flat_interest is not None and not state.over_refunded
    return _down(state.accrued - state.interest_paid if days_so_far else held)


def _cost(terms: DailyTerms, state: _State, back: int, *, held: Decimal) -> int:
    return state.principal + state.fee - back + state.charges + _owed_interest(terms, state, held)


def _due(terms: DailyTerms, state: _State, facts: list[Fact], planned: int, cost: int, ahead: bool) -> int:
    """Return what must come: what is due less what was paid ahead, no more than it costs to be rid of it."""
    if state.principal + state.fee <= 0:
        return 0
    anew = any(isinstance(fact, Due) and fact.anew for fact in facts)
    left = planned if anew else max(0, planned - max(0, state.came - state.was_due))
    if left < terms.least_due:
        return 0
    flat = ahead and terms.flat_interest is not None
    whole = state.principal + state.fee + state.charges + _down(state.interest)
    return min(left, max(0, whole if flat else cost))


def _paid(
    terms: DailyTerms, state: _State, paid: int, back: int, full: bool, settles: bool, ahead: bool, day: date
) -> tuple[DailyEntry, _State]:
    """Return what a payment meets, as an entry with its parts, and the state after it."""
    interest, returned = state.interest, Decimal(0)
    flat = terms.flat_interest is not None and not state.over_refunded
    if full and not ahead and flat and state.principal > 0:
        returned = state.accrued - state.interest_paid - interest
        interest += returned
    to_charges = min(state.charges, max(paid, 0))
    left = paid - to_charges
    given = back if state.fee and (settles or (full and (not ahead or terms.rebate))) else 0
    known = _down(interest)
    if settles:
        # what was dropped below a minor unit on the way is settled too
        known = left - (state.fee - given) - state.principal
        interest = Decimal(known)
    to_interest = known if settles else (min(known, left) if paid > 0 else min(known, 0)) if paid else 0
    # what is left below a minor unit goes with the rest
    interest = Decimal(0) if paid and to_interest == known != 0 else interest - to_interest
    interest = Decimal(0) if abs(interest) < MINOR else interest
    left -= to_interest
    to_fee = 0
    if state.fee and left:
        whole = state.fee - given
        part = Decimal(terms.fee) / (terms.fee + terms.principal)
        to_fee = whole if settles or full else min(_up(left * part), state.fee)
    after = replace(
        state,
        day=day,
        charges=state.charges - to_charges,
        interest=interest,
        fee=state.fee - to_fee - given,
        principal=state.principal - (left - to_fee),
        interest_paid=state.interest_paid + (0 if ahead else to_interest),
        beyond=max(state.beyond, state.accrued),
    )
    status = "refund due" if after.principal < 0 else "open" if after.principal or after.fee else "closed"
    return DailyEntry(
        on=day, due=0, paid=paid, charged=0, accrued=Decimal(0), interest_added=returned,
        to_charges=to_charges, to_interest=to_interest, to_fee=to_fee, to_principal=left - to_fee,
        rebate=given, charges=after.charges, interest=after.interest, fee=after.fee,
        principal=after.principal, rebate_if_settled=0, settlement=0, status=status, ahead=False,
    ), after  # fmt: skip


def _settlement(terms: DailyTerms, before: _State, after: _State, cost: int, back: int, ahead: bool) -> int:
    """Return what settling costs after the day; of a day ahead no more than before what is due then came."""
    if ahead:
        whole = after.principal + after.fee + after.charges + _down(after.interest)
        return min(cost, whole)
    held = after.interest != 0 or after.principal > 0
    interest = _owed_interest(terms, after, after.interest) if held else 0
    given = back if after.fee > 0 and not before.ended else 0
    return after.principal + after.fee - given + after.charges + interest


def _down(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_FLOOR))


def _up(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_CEILING))
