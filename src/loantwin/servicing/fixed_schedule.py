"""Instalments drawn up once: equal principal and flat interest, or a level payment on a falling balance.

Flat: money paid out later changes the instalments after it. Declining: the level payment is that of all money
paid out, and what is paid out within a period bears interest for its days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from loantwin.products.day_counts import year_fraction_exact
from loantwin.products.due_dates import frequency
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.amounts import to_multiple, whole
from loantwin.servicing.due_days import Plan
from loantwin.servicing.rows import Row


@dataclass(frozen=True)
class Money:
    """The terms of a sheet in minor units and fractions.

    multiple : minor units that an instalment is a multiple of; None for any. share : of money paid out, due
    at once.
    """

    rate: Fraction
    multiple: int | None
    share: Fraction

    def down(self, amount: int) -> int:
        """Return the down payment on money paid out."""
        return to_multiple(self.share * amount, self.multiple) if self.share else 0


def money(sheet: TermSheet, keep_multiple: bool = True) -> Money:
    """Return the amounts of a sheet as an account computes with them."""
    step = sheet.instalment_multiple if keep_multiple else None
    return Money(
        Fraction(sheet.annual_rate),
        None if not step else int(step * sheet.minor_units),
        Fraction(sheet.down_payment),
    )


def period_share(sheet: TermSheet, start: date, end: date) -> Fraction:
    """Return the part of a year that a period counts: its nominal length, or its days by the day count."""
    number, unit = frequency(sheet.every)
    if sheet.interest_period == "same-as-period":
        if unit == "m":
            return Fraction(number, 12)
        return Fraction(number, 360 if sheet.day_count.endswith("360") else 365)
    if sheet.day_count == "actual/365":
        return Fraction((end - start).days, 365)
    return year_fraction_exact(sheet.day_count, start, end)


def level(balance: Fraction, rate: Fraction, count: int) -> Fraction:
    """Return the level payment that repays `balance` in `count` periods at `rate` a period."""
    if rate == 0:
        return balance / count
    return balance * rate / (1 - (1 + rate) ** -count)


def fixed_rows(
    sheet: TermSheet, made: Plan, paid_out: Sequence[tuple[date, int]], keep_multiple: bool = True
) -> list[Row]:
    """Return instalments and down payments for money paid out: (date, minor units) in order of dates."""
    terms = money(sheet, keep_multiple)
    lines = (
        _flat(sheet, made, paid_out, terms)
        if sheet.method == "flat"
        else _declining(sheet, made, paid_out, terms)
    )
    first = paid_out[0][0]
    downs = [Row(on, on, terms.down(amount), kind="down-payment") for on, amount in paid_out if terms.share]
    rows = sorted(downs + lines, key=lambda row: (row.due, row.kind != "down-payment"))
    for row in rows:
        if row.rest == 0:
            row.met = first
    return rows


def _lent_by(paid_out: Sequence[tuple[date, int]], terms: Money, day: date) -> tuple[int, int]:
    """Return what was paid out by a day, whole and without down payments."""
    here = [(amount, terms.down(amount)) for on, amount in paid_out if on <= day]
    return sum(amount for amount, _ in here), sum(amount - down for amount, down in here)


def _flat(sheet: TermSheet, made: Plan, paid_out: Sequence[tuple[date, int]], terms: Money) -> list[Row]:
    first, count = paid_out[0][0], len(made.due)
    agreed = max(1, (sheet.payments or 1) - sheet.principal_grace)
    all_lent = sum(amount for _, amount in paid_out)
    rows: list[Row] = []
    start, gone, told = first, 0, 0
    base, base_net, since = None, 0, 0
    for place, due in enumerate(made.due):
        _, net = _lent_by(paid_out, terms, due)
        gross, _ = _lent_by(paid_out, terms, due)
        if place in made.spread_from or (base is not None and net != base_net):
            base, base_net, since = net - gone, net, place
        share = period_share(sheet, start, due)
        rate = _rate_at(made, terms.rate, place)
        interest = whole(gross * rate * share)
        if place == count - 1 and not made.rates:
            interest = (
                whole(all_lent * rate * share * count) - told
                if sheet.interest_period == "same-as-period"
                else interest
            )
        told += interest
        left = count - len([k for k in made.grace if k >= since]) - since
        target = Fraction(net, agreed) if base is None else Fraction(base, left)
        if place == count - 1:
            principal = net - gone
        elif place in made.grace:
            principal = 0
        else:
            principal = min(net - gone, max(0, to_multiple(target + interest, terms.multiple) - interest))
        gone += principal
        rows.append(Row(start, due, principal, interest))
        start = due
    return rows


def _rate_at(made: Plan, rate: Fraction, place: int) -> Fraction:
    for where, changed in made.rates:
        if where <= place:
            rate = changed
    return rate


def _bearing(paid_out: Sequence[tuple[date, int]], terms: Money, start: date, due: date) -> Fraction:
    """Return what was paid out by the start of a period, and of what came within it the share of its days."""
    total = Fraction(_lent_by(paid_out, terms, start)[1])
    for on, amount in paid_out:
        if start < on < due:
            total += (amount - terms.down(amount)) * Fraction((due - on).days, (due - start).days)
    return total


def _declining(sheet: TermSheet, made: Plan, paid_out: Sequence[tuple[date, int]], terms: Money) -> list[Row]:
    first, count = paid_out[0][0], len(made.due)
    total = sum(amount - terms.down(amount) for _, amount in paid_out)
    share = period_share(sheet, first, made.due[0])
    agreed = max(1, (sheet.payments or 1) - sheet.principal_grace)
    payment = to_multiple(level(Fraction(total), terms.rate * share, agreed), terms.multiple)
    changed = {*made.spread_from, *(place for place, _ in made.rates)}
    rows: list[Row] = []
    start, gone, held = first, 0, 0
    for place, due in enumerate(made.due):
        _, net = _lent_by(paid_out, terms, due)
        rate = _rate_at(made, terms.rate, place)
        if place in changed:
            left = count - place - sum(k >= place for k in made.grace)
            factor = rate * period_share(sheet, start, due)
            payment = to_multiple(level(Fraction(total - gone), factor, left), terms.multiple)
        here = _bearing(paid_out, terms, start, due) - gone
        interest = whole(here * rate * period_share(sheet, start, due)) + held
        held = 0
        if place < sheet.interest_grace:
            interest, held = 0, interest
        if place == count - 1:
            principal = net - gone
        elif place in made.grace:
            principal = 0
        else:
            principal = min(net - gone, max(0, payment - interest))
        gone += principal
        rows.append(Row(start, due, principal, interest))
        start = due
    return rows
