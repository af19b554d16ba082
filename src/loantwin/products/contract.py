"""What a contract alone would do: rates, level payments and balances, month by month, over arrays of loans.

Rules, the same for all products:

- A month's interest is start balance x annual rate / 12 (nominal monthly).
- A floating rate is `clip(index_t + spread, floor, cap)`, reset every month; the level payment is computed
  anew at each reset over the months left. Without an index path it stays at the rate in force.
- Principal has a part that amortises by level payments and a part that rests until the last month (balloon,
  interest-only, lines). In interest-only months nothing amortises; the last month pays all.
- Partial prepayments are a decimal of the balance after the month's scheduled principal, none in the last
  month. They cut both parts in proportion and the payment is computed anew, so that the term stays.
- A line repays its minimum payment and draws the same again: use stays constant until the end; it makes no
  partial prepayment.
- A loan of another pattern (`products.pattern`: equal principal, payments every so many months or days,
  interest by days) accrues interest by its day count each month and repays at its payments. A fixed rate has
  one level payment; a floating one is computed anew as if all periods to come were of mean length. Where
  payments fall within months the balance is taken to fall evenly over the month.

Level payment and balance after k payments: Kellison, The Theory of Interest, chapters 3 and 6.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats, Integers
from loantwin.errors import UsageError, expected
from loantwin.products.pattern import (
    HIGHEST,
    Patterns,
    mean_rate,
    month_factors,
    payments_left,
    taken_apart,
)
from loantwin.products.registry import PRODUCTS, product_flags

LOWEST_RATE, HIGHEST_RATE = -0.5, 20.0
"""Decimals a year that tapes and engine take for a rate; beyond them decimals and percent were confused,
or worse.
"""


@dataclass(frozen=True)
class Terms:
    """Terms of N loans at a date, each (N,).

    product : code, the index in `products.registry.PRODUCTS`.
    remaining_months : payments left, at least 1.
    principal, balloon : currency; `balloon` is due with the last payment of a product that amortises, at most
        `principal`.
    annual_rate : decimal a year, nominal monthly, in force now.
    floating, rate_spread, rate_floor, rate_cap : decimals a year; -inf and inf where there is no floor or
        cap.
    interest_only_months : months left without scheduled principal.
    pattern : how it pays, `products.pattern`; 0 is level monthly payments and interest by twelfths.
    """

    product: Integers
    remaining_months: Integers
    principal: Floats
    balloon: Floats
    annual_rate: Floats
    floating: Flags
    rate_spread: Floats
    rate_floor: Floats
    rate_cap: Floats
    interest_only_months: Integers
    pattern: Integers

    def __post_init__(self) -> None:
        check.finite(
            principal=self.principal,
            balloon=self.balloon,
            annual_rate=self.annual_rate,
            rate_spread=self.rate_spread,
        )
        check.unbounded(rate_floor=self.rate_floor, rate_cap=self.rate_cap)


@dataclass(frozen=True)
class Schedule:
    """Contractual months t = 1..T of N loans, each (N, T): closing = opening + draw - scheduled - partial.

    annual_rate : decimal a year in force in the month. opening, interest, scheduled, draw, partial, closing :
    currency (`schedule`, float64) or minor units (`schedule_minor`, int64).
    """

    annual_rate: Floats
    opening: NDArray[np.generic]
    interest: NDArray[np.generic]
    scheduled: NDArray[np.generic]
    draw: NDArray[np.generic]
    partial: NDArray[np.generic]
    closing: NDArray[np.generic]


def terms(
    product: ArrayLike,
    remaining_months: ArrayLike,
    principal: ArrayLike,
    annual_rate: ArrayLike,
    *,
    balloon: ArrayLike = 0.0,
    floating: ArrayLike = False,
    rate_spread: ArrayLike = 0.0,
    rate_floor: ArrayLike = -np.inf,
    rate_cap: ArrayLike = np.inf,
    interest_only_months: ArrayLike = 0,
    pattern: ArrayLike = 0,
) -> Terms:
    """Return Terms from numbers or arrays that broadcast to one length, checked.

    Raises
    ------
    UsageError : a value out of range or NaN, naming row and field.
    """
    given: dict[str, Any] = {
        "product": check.whole(product, "product"),
        "remaining_months": check.whole(remaining_months, "remaining_months"),
        "principal": check.numbers(principal, "principal"),
        "balloon": check.numbers(balloon, "balloon"),
        "annual_rate": check.numbers(annual_rate, "annual_rate"),
        "floating": check.flags(floating, "floating"),
        "rate_spread": check.numbers(rate_spread, "rate_spread"),
        "rate_floor": check.numbers(rate_floor, "rate_floor"),
        "rate_cap": check.numbers(rate_cap, "rate_cap"),
        "interest_only_months": check.whole(interest_only_months, "interest_only_months"),
        "pattern": check.whole(pattern, "pattern"),
    }
    check.fitting(**given)
    check.money(principal=given["principal"])
    check.finite(rate_spread=given["rate_spread"])
    check.unbounded(-math.inf, sys.float_info.max, rate_floor=given["rate_floor"])
    check.unbounded(-sys.float_info.max, math.inf, rate_cap=given["rate_cap"])
    spread = np.broadcast_arrays(*map(np.atleast_1d, given.values()))
    made = Terms(*map(np.ascontiguousarray, spread))
    _check(made)
    return made


def annuity_sum(monthly_rate: ArrayLike, months: ArrayLike) -> Floats:
    """Return ((1 + r)^m - 1) / r, the value at the last payment of m payments of 1; m where r is 0.

    NaN where rate or months are NaN, that is not known.
    """
    monthly, periods = check.numbers(monthly_rate, "monthly_rate"), check.numbers(months, "months")
    check.gaps(monthly_rate=monthly)
    check.codes(0, months=check.whole(periods[~np.isnan(periods)], "months"))
    check.fitting(monthly_rate=monthly, months=periods)
    return _annuity_sum(monthly, periods)


def _annuity_sum(monthly_rate: Floats, months: Floats) -> Floats:
    rate, count = np.broadcast_arrays(monthly_rate, months)
    # Trap: an annuity near rate 0. (1 + r)^m - 1 loses every digit there: expm1 of log1p keeps them.
    safe = np.where(rate == 0.0, 1.0, rate)
    return np.where(rate == 0.0, count, np.expm1(count * np.log1p(safe)) / safe)


def repaid_share(
    pattern: ArrayLike, monthly_rate: ArrayLike, paid_months: ArrayLike, months: ArrayLike
) -> Floats:
    """Return the decimal of an amortising amount that is repaid when `paid_months` of `months` have passed.

    Of level monthly payments s(paid) / s(months), s the `annuity_sum`; of another pattern the same over its
    own payments at the mean rate of its period; of equal principal the share of payments made.

    pattern : `products.pattern`. monthly_rate : decimal, a twelfth of the yearly one. Shapes broadcast; NaN
    where rate or months are NaN.
    """
    given = {
        "pattern": check.whole(pattern, "pattern"),
        "monthly_rate": check.numbers(monthly_rate, "monthly_rate"),
        "paid_months": check.numbers(paid_months, "paid_months"),
        "months": check.numbers(months, "months"),
    }
    check.codes(0, HIGHEST - 1, pattern=given["pattern"])
    check.gaps(**{name: values for name, values in given.items() if name != "pattern"})
    check.fitting(**given)
    code, rate, passed, whole = np.broadcast_arrays(*given.values())
    made = _annuity_sum(rate, passed) / _annuity_sum(rate, whole)
    other = np.flatnonzero(code)
    if not other.size:
        return np.asarray(made)
    patterns = taken_apart(code[other])
    every = np.maximum(patterns.months, 1)
    a_month = np.where(patterns.days > 0, 365.25 / 12.0 / np.maximum(patterns.days, 1), 1.0)
    all_payments = np.where(patterns.days > 0, whole[other] * a_month, np.ceil(whole[other] / every))
    to_come = whole[other] - passed[other]
    left = np.where(patterns.days > 0, to_come * a_month, np.ceil(to_come / every))
    nominal = rate[other] * mean_rate(patterns) * np.where(patterns.days > 0, 1.0 / a_month, every)
    level = _annuity_sum(nominal, all_payments - left) / _annuity_sum(nominal, all_payments)
    made = made.copy()
    made[other] = np.where(patterns.equal, (all_payments - left) / all_payments, level)
    return made


def level_payment(
    principal: ArrayLike, annual_rate: ArrayLike, months: ArrayLike, balloon: ArrayLike = 0.0
) -> Floats:
    """Return the level payment (currency a month, with interest) that leaves `balloon` after `months`."""
    rate, periods = check.numbers(annual_rate, "annual_rate"), check.whole(months, "months")
    amount, rest = check.numbers(principal, "principal"), check.numbers(balloon, "balloon")
    check.money(principal=amount, balloon=rest)
    check.within(LOWEST_RATE, HIGHEST_RATE, annual_rate=rate)
    check.codes(1, months=periods)
    check.fitting(principal=amount, annual_rate=rate, months=periods, balloon=rest)
    return _level_payment(amount, rate, periods.astype(np.float64), rest)


def _level_payment(principal: Floats, annual_rate: Floats, months: Floats, balloon: Floats) -> Floats:
    rate = annual_rate / 12.0
    return np.asarray((principal - balloon) / _annuity_sum(rate, months) + principal * rate)


def rate_path(loans: Terms, months: int, index_path: Floats | None = None) -> Floats:
    """Return the annual rate of each loan in months 1..T, (N, T), from the index (T,), decimals a year.

    Raises
    ------
    UsageError : an index path of another length, or one that is not finite.
    """
    check.kind(Terms, loans=loans)
    check.count(1, months=months)
    check.finite(**check.given(index_path=index_path))
    fixed = np.repeat(loans.annual_rate[:, None], months, axis=1)
    if index_path is None:
        return fixed
    path = np.asarray(index_path, dtype=float)
    if path.shape != (months,) or not np.isfinite(path).all():
        raise UsageError(expected(f"an index path of {months} finite months", path.shape), field="index_path")
    moved = np.clip(
        path[None] + loans.rate_spread[:, None], loans.rate_floor[:, None], loans.rate_cap[:, None]
    )
    return np.where(loans.floating[:, None], moved, fixed)


def schedule(
    loans: Terms,
    months: int | None = None,
    *,
    index_path: Floats | None = None,
    partial_monthly: ArrayLike = 0.0,
) -> Schedule:
    """Return the contractual table of each loan: the readable reference of every run-off kernel.

    Parameters
    ----------
    loans : N loans.
    months : T; default the longest remaining term.
    index_path : (T,) index of floating rates, decimal a year; None keeps each rate in force.
    partial_monthly : partial prepayment, decimal a month of the balance after scheduled principal: one number
        or (N,).
    """
    check.kind(Terms, loans=loans)
    check.count(1, **check.given(months=months))
    check.finite(**check.given(index_path=index_path))
    monthly = _partial(loans, partial_monthly)
    horizon = int(loans.remaining_months.max()) if months is None else months
    rates = rate_path(loans, horizon, index_path)
    amortises, redraws, minimum = (flags[loans.product] for flags in product_flags())
    curtail = np.where(redraws, 0.0, monthly)
    amortising = np.where(amortises, loans.principal - loans.balloon, 0.0)
    resting = loans.principal - amortising
    table = np.zeros((6, len(loans.principal), horizon))
    other = np.flatnonzero(loans.pattern != 0)
    own = _patterned(loans, other, rates, index_path is not None) if other.size else None
    for month in range(horizon):
        left = loans.remaining_months - month
        last = left == 1
        opening = amortising + resting
        share = np.where(
            (month < loans.interest_only_months) & ~last, 0.0, _paid_share(rates[:, month] / 12.0, left)
        )
        interest = opening * rates[:, month] / 12.0
        if own is not None:
            share[other] = own.share[:, month]
            uneven = own.evenly[:, month] * amortising[other] * share[other]
            interest[other] = (opening[other] - uneven) * own.rate[:, month]
        repaid = amortising * share + np.where(last, resting, np.where(redraws, minimum * resting, 0.0))
        draw = np.where(redraws & ~last, repaid, 0.0)
        partial = np.where(last, 0.0, curtail * (opening - repaid))
        kept = 1.0 - curtail
        amortising = np.where(last, 0.0, amortising * (1.0 - share) * kept)
        resting = np.where(last, 0.0, resting * kept)
        closing = amortising + resting
        table[:, :, month] = opening, interest, repaid, draw, partial, closing
    return Schedule(rates, *table)


@dataclass(frozen=True)
class _Patterned:
    """Loans of a pattern, each (M, T): decimal of the amortising balance repaid in the month, the part of it
    that no longer bears interest on the month's mean, and the rate of the month.
    """

    share: Floats
    evenly: Floats
    rate: Floats


def _patterned(loans: Terms, chosen: Integers, rates: Floats, moving: bool) -> _Patterned:
    """Return what the chosen loans repay and bear, month by month; `moving` where floating rates follow an
    index.
    """
    months = rates.shape[1]
    patterns, left = taken_apart(loans.pattern[chosen]), loans.remaining_months[chosen]
    longest = max(months, int(left.max()))
    factors = month_factors(patterns, longest)
    payments = payments_left(patterns, left, longest)
    paid = payments[:, :-1] - payments[:, 1:]
    free = np.minimum(loans.interest_only_months[chosen], left - 1)
    amortise = np.where(np.arange(longest)[None] >= free[:, None], paid, 0)
    by_month = rates[chosen] * factors[:, :months]
    fixed = _level_share(patterns, left, loans.annual_rate[chosen], factors, paid, amortise)[:, :months]
    share = fixed.copy()
    # payments by days are all of one length: nothing of the calendar is in them
    anew = np.flatnonzero((loans.floating[chosen] & moving) | (patterns.days > 0))
    share[anew] = _renewed_share(
        _of(patterns, anew), rates[chosen][anew], payments[anew, :months], amortise[anew, :months]
    )
    evenly = np.where(paid > 1, (paid - 1) / (2.0 * np.maximum(paid, 1)), 0.0)[:, :months]
    return _Patterned(share, evenly, by_month)


def _of(patterns: Patterns, chosen: Integers) -> Patterns:
    return Patterns(*(getattr(patterns, item.name)[chosen] for item in fields(Patterns)))


def _level_share(
    patterns: Patterns, left: Integers, rate: Floats, factors: Floats, paid: Integers, amortise: Integers
) -> Floats:
    """Return the decimal of the amortising balance repaid in each month, (M, T), at a rate that stays.

    Of payments every so many months. What is owed after a payment, in level payments, is worked back from
    the last one: before a payment it is one more, and discounted over the whole period to the payment
    before. Between payments it stands. Of equal principal it is the number of payments to come.
    """
    count, months = factors.shape
    owed = np.zeros((count, months + 1))
    since = -left % np.maximum(patterns.months, 1)  # months of the running period before the as-of date
    due, bears = paid > 0, rate[:, None] * factors
    bears[:, 0] += since * rate / 12.0
    waits, now, repays = np.zeros(count), np.zeros(count), np.zeros(count, dtype=bool)
    for month in range(months - 1, -1, -1):
        falls = due[:, month]
        repays = np.where(falls, amortise[:, month] > 0, repays)
        now = np.where(falls, owed[:, month + 1] + repays, now)
        waits = np.where(falls, 0.0, waits) + bears[:, month]
        begins = due[:, month - 1] if month else True
        owed[:, month] = np.where(begins, np.where(repays, now / (1.0 + waits), now), 0.0)
    for month in range(1, months):
        owed[:, month] = np.where(due[:, month - 1], owed[:, month], owed[:, month - 1])
    to_come = np.concatenate([amortise, np.zeros((count, 1), dtype=np.int64)], axis=1)[:, ::-1]
    owed = np.where(patterns.equal[:, None], np.cumsum(to_come, axis=1)[:, ::-1], owed)
    before, after = owed[:, :-1], owed[:, 1:]
    return np.where(before > 0.0, 1.0 - after / np.where(before > 0.0, before, 1.0), 1.0)


def _renewed_share(patterns: Patterns, rates: Floats, payments: Integers, amortise: Integers) -> Floats:
    """Return the decimal of the amortising balance repaid in each month, (M, T), payments computed anew."""
    by_year = np.where(
        patterns.days > 0, 365.25 / np.maximum(patterns.days, 1), 12.0 / np.maximum(patterns.months, 1)
    )
    rate = rates * (mean_rate(patterns) / by_year)[:, None]
    grows, count = np.log1p(rate), np.maximum(payments, 1)
    # of (1 + r)^k - 1 over (1 + r)^n - 1: written so that no power overflows
    safe = np.where(grows == 0.0, 1.0, grows)
    level = np.exp((amortise - count) * safe) * np.expm1(-amortise * safe) / np.expm1(-count * safe)
    equal = patterns.equal[:, None] | (grows == 0.0)
    return np.where(amortise > 0, np.where(equal, amortise / count, level), 0.0)


def _partial(loans: Terms, partial_monthly: ArrayLike) -> Floats:
    """Return partial prepayments by loan, (N,), checked."""
    monthly = check.numbers(partial_monthly, "partial_monthly")
    check.within(0, 1, partial_monthly=monthly)
    if monthly.ndim:
        check.shaped(loans.principal.shape, partial_monthly=monthly)
    return np.broadcast_to(monthly, loans.principal.shape)


def balance_factors(
    product: int,
    annual_rates: ArrayLike,
    remaining_months: int,
    *,
    balloon_share: float = 0.0,
    interest_only_months: int = 0,
    partial_monthly: float = 0.0,
) -> Floats:
    """Return balances at the end of months 0..T, decimals of the start balance, (..., T + 1), by rate path.

    annual_rates : (..., T) decimal a year by month. balloon_share : decimal of the start balance.
    """
    check.count(0, len(PRODUCTS) - 1, product=product)
    check.count(1, remaining_months=remaining_months)
    check.number(0, 1, balloon_share=balloon_share, partial_monthly=partial_monthly)
    check.count(0, interest_only_months=interest_only_months)
    rates = np.atleast_2d(check.numbers(annual_rates, "annual_rates"))
    check.within(LOWEST_RATE, HIGHEST_RATE, annual_rates=rates)
    check.shaped((None,) * rates.ndim, annual_rates=rates)
    flat = rates.reshape(-1, rates.shape[-1])
    amortises, redraws, _ = (flags[product] for flags in product_flags())
    amortising = np.full(len(flat), 1.0 - balloon_share if amortises else 0.0)
    resting = 1.0 - amortising
    kept = 1.0 if redraws else 1.0 - partial_monthly
    factors = np.ones((len(flat), rates.shape[-1] + 1))
    for month in range(rates.shape[-1]):
        left = remaining_months - month
        share = (
            0.0
            if month < interest_only_months and left > 1
            else _paid_share(flat[:, month] / 12.0, np.array(left))
        )
        amortising = amortising * (1.0 - share) * kept if left > 1 else np.zeros(len(flat))
        resting = resting * kept if left > 1 else np.zeros(len(flat))
        factors[:, month + 1] = amortising + resting
    return factors.reshape(*np.shape(annual_rates)[:-1], rates.shape[-1] + 1)


def _paid_share(monthly_rate: Floats, months_left: Integers) -> Floats:
    """Return the decimal of the amortising balance that a level payment repays this month."""
    return np.asarray(1.0 / _annuity_sum(monthly_rate, np.maximum(months_left, 1)))


def _check(loans: Terms) -> None:
    rules = (
        ("product", loans.product, 0, len(product_flags()[0]) - 1),
        ("remaining_months", loans.remaining_months, 1, 1200),
        ("principal", loans.principal, 0.0, np.finfo(float).max),
        ("balloon", loans.balloon, 0.0, loans.principal),
        ("annual_rate", loans.annual_rate, -0.5, 10.0),
        ("interest_only_months", loans.interest_only_months, 0, 1200),
        ("pattern", loans.pattern, 0, HIGHEST - 1),
    )
    for name, values, low, high in rules:
        wrong = np.flatnonzero(~((values >= low) & (values <= high)))
        if wrong.size:
            bound = np.broadcast_to(high, values.shape)[wrong[0]]
            raise UsageError(
                expected(f"at least {low} and at most {bound}", values[wrong[0]]),
                row=int(wrong[0]) + 1,
                field=name,
            )
    for item in fields(loans):
        if np.isnan(np.asarray(getattr(loans, item.name), dtype=float)).any():
            raise UsageError(expected("a number", "NaN"), field=item.name)


def schedule_minor(
    loans: Terms,
    months: int | None = None,
    *,
    index_path: Floats | None = None,
    partial_monthly: ArrayLike = 0.0,
    minor_units: int = 100,
) -> Schedule:
    """Return the schedule to the minor unit, int64, as a ledger keeps it.

    The level payment is rounded to the minor unit and kept until the rate changes or a partial prepayment is
    made; interest is rounded half up; the last payment takes what is left. A balance differs from `schedule`
    after t months by at most 2 x ((1 + r)^t - 1) / r + 2 minor units (half a unit a month each of payment,
    interest, draw and partial, compounded).

    Raises
    ------
    UsageError : a loan of another pattern than monthly level payments, by row.
    """
    check.kind(Terms, loans=loans)
    check.count(1, **check.given(months=months))
    check.finite(**check.given(index_path=index_path))
    check.count(1, minor_units=minor_units)
    other = np.flatnonzero(loans.pattern)
    if other.size:
        raise UsageError(
            expected("loans of monthly level payments", "another pattern"),
            row=int(other[0]) + 1,
            field="pattern",
        )
    monthly = _partial(loans, partial_monthly)
    horizon = int(loans.remaining_months.max()) if months is None else months
    rates = rate_path(loans, horizon, index_path)
    amortising_products, redrawing_products, minimum_payments = product_flags()
    amortises, redraws = amortising_products[loans.product], redrawing_products[loans.product]
    minimum = minimum_payments[loans.product]
    curtail = np.where(redraws, 0.0, monthly)
    balance, balloon = _minor(loans.principal * minor_units), loans.balloon * minor_units
    payment = np.zeros(len(balance), dtype=np.int64)
    fresh = np.ones(len(balance), dtype=bool)
    table = np.zeros((6, len(balance), horizon), dtype=np.int64)
    for month in range(horizon):
        left = loans.remaining_months - month
        last, rate = left == 1, rates[:, month] / 12.0
        waits = ~amortises | (month < loans.interest_only_months)
        if month:
            fresh |= rates[:, month] != rates[:, month - 1]
        level = _level_payment(
            balance.astype(np.float64),
            rates[:, month],
            np.maximum(left, 1).astype(np.float64),
            np.minimum(balloon, balance),
        )
        payment = np.where(fresh, _minor(level), payment)
        fresh = fresh & waits
        interest = _minor(balance * rate)
        repaid = np.where(
            waits, _minor(np.where(redraws, minimum, 0.0) * balance), np.clip(payment - interest, 0, balance)
        )
        repaid = np.where(last, balance, np.where(left < 1, 0, repaid))
        draw = np.where(redraws & ~last, repaid, 0)
        partial = np.where(last, 0, _minor(curtail * (balance - repaid)))
        balloon = balloon * (1.0 - curtail)
        fresh |= partial > 0
        closing = balance + draw - repaid - partial
        table[:, :, month] = balance, interest, repaid, draw, partial, closing
        balance = closing
    return Schedule(rates, *table)


def _minor(amount: Floats) -> Integers:
    """Return amounts rounded half up to whole units."""
    return np.floor(np.asarray(amount, dtype=float) + 0.5).astype(np.int64)
