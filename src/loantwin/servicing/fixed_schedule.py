"""Instalments of a fixed schedule that a fact changed: worked out again by the law of `products`.

Up to the first change they are those of the terms. Money that is paid out later, and a rate or more
instalments agreed later, make a new level payment from there on. Flat interest on money paid out later than
agreed: equal principal of what is then lent, and interest on what was paid out by the due date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from loantwin.products.amortisation import Owed, payment_rounding, roll
from loantwin.products.level_payments import chosen_level
from loantwin.products.periods import as_known, lent_by_day, periods, principal
from loantwin.products.rounding import CONTEXT, round_minor
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.amounts import to_multiple, whole
from loantwin.servicing.due_days import Plan, planned_periods
from loantwin.servicing.other_terms import as_paid_out
from loantwin.servicing.rows import Row


@dataclass(frozen=True)
class Money:
    """The terms of a sheet in minor units and fractions.

    multiple : minor units that an instalment is a multiple of; None for any. share : of money paid out, due
    at once; rounding : how it is rounded.
    """

    multiple: int | None
    share: Decimal
    rounding: str

    def down(self, amount: int) -> int:
        """Return the down payment on money paid out, as `products.periods.down_payments` rounds it."""
        return round_minor(CONTEXT.multiply(Decimal(amount), self.share), self.rounding, self.multiple or 1)


def money(sheet: TermSheet) -> Money:
    """Return the amounts of a sheet as an account computes with them."""
    step = sheet.instalment_multiple
    multiple = None if not step else int(step * sheet.minor_units)
    return Money(multiple, sheet.down_payment, payment_rounding(sheet))


def fixed_rows(sheet: TermSheet, made: Plan, paid_out: Sequence[tuple[date, int]]) -> list[Row]:
    """Return instalments and down payments for money paid out: (date, minor units) in order of dates."""
    here = as_paid_out(sheet, paid_out)
    several = len(paid_out) > 1
    lines = _flat(here, made, paid_out) if sheet.method == "flat" and several else _levels(here, made)
    terms = money(here)
    downs = [Row(on, on, terms.down(amount), kind="down-payment") for on, amount in paid_out if terms.share]
    rows = sorted(downs + lines, key=lambda row: (row.due, row.kind != "down-payment"))
    for row in rows:
        if row.rest == 0:
            row.met = here.start
    return rows


def _levels(here: TermSheet, made: Plan) -> list[Row]:
    """Return instalments by level payments, as `products.instalments.lines` makes them of terms alone."""
    run, first = planned_periods(here, made), periods(here)
    base = principal(here) if here.method == "flat" else None
    changed = {*made.spread_from, *(place for place, _ in made.rates)}
    owed, level = Owed(), chosen_level(here, as_known(first), Owed(), base=base)
    rows: list[Row] = []
    for place, period in enumerate(run):
        if place in changed or (place and period.lent):
            level = chosen_level(here, as_known(run[place:]), owed, base=base)
        (line,) = roll(here, [period], owed, level, base=base, last=len(run))
        owed = line.after
        rows.append(Row(period.start, period.due, line.principal, line.interest))
    return rows


def _flat(here: TermSheet, made: Plan, paid_out: Sequence[tuple[date, int]]) -> list[Row]:
    """Return instalments of flat interest on money paid out at several times."""
    multiple, count = money(here).multiple, len(made.due)
    agreed = max(1, (here.payments or 1) - here.principal_grace)
    all_lent, net_of = sum(amount for _, amount in paid_out), lent_by_day(here)
    run = planned_periods(here, made)
    rows: list[Row] = []
    gone, exact, told = 0, Fraction(0), 0
    base, base_net, since = None, 0, 0
    for place, period in enumerate(run):
        net = sum(amount for on, amount in net_of.items() if on <= period.due)
        gross = sum(amount for on, amount in paid_out if on <= period.due)
        if place in made.spread_from or (base is not None and net != base_net):
            base, base_net, since = net - gone, net, place
        factor, last = Fraction(period.factor), place == count - 1
        exact += all_lent * factor
        interest = (
            whole(exact) - told if last and here.carry_to_last and not made.rates else whole(gross * factor)
        )
        told += interest
        left = count - len([k for k in made.grace if k >= since]) - since
        target = Fraction(net, agreed) if base is None else Fraction(base, left)
        if last:
            repaid = net - gone
        elif place in made.grace:
            repaid = 0
        else:
            repaid = min(net - gone, max(0, to_multiple(target + interest, multiple) - interest))
        gone += repaid
        rows.append(Row(period.start, period.due, repaid, interest))
    return rows
