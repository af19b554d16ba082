"""Where a charge falls due: in the instalment whose period holds its day, or after the last one."""

from __future__ import annotations

from datetime import date

from loantwin.servicing.conventions import FEE, PENALTY
from loantwin.servicing.facts import AddCharge
from loantwin.servicing.rows import Row, Work, last_due, raise_owed


def part_of(charge: AddCharge) -> int:
    """Return the part of an instalment that a charge is."""
    return PENALTY if charge.kind == "penalty" else FEE


def row_for(work: Work, day: date) -> Row:
    """Return the instalment in whose period a day lies.

    A period holds its due date and not its start; the first one holds its start too, and what lies before. A
    down payment holds none. After the last instalment there is one row more, due on the latest such day.
    """
    started = False
    for row in work.rows:
        if row.kind == "instalment":
            if day <= row.due and (row.start < day or not started):
                return row
            started = True
    return after_last(work, day)


def after_last(work: Work, day: date) -> Row:
    """Return the row of what falls due after the last instalment, made, or moved to `day` where later."""
    extra = next((row for row in work.rows if row.kind == "after"), None)
    if extra is None:
        extra = Row(last_due(work.rows), day, kind="after")
        work.rows.append(extra)
        work.sort()
    elif day > extra.due:
        extra.due = day
        work.sort()
    return extra


def add_charge(work: Work, charge: AddCharge) -> None:
    """Make a charge due in its instalment."""
    row = row_for(work, charge.due)
    part = part_of(charge)
    raise_owed(row, part, charge.amount)
    row.charges.append((charge.number, charge.due, part, charge.amount))
    row.charges.sort(key=lambda item: (item[1], item[0]))
    work.first = 0


def paid_of_charges(row: Row, waived: dict[int, int]) -> dict[int, int]:
    """Return what is paid of each charge of an instalment: the earliest due is paid first.

    waived : number of the charge -> minor units given up of it.
    """
    left = {FEE: row.paid[FEE], PENALTY: row.paid[PENALTY]}
    paid: dict[int, int] = {}
    for number, _, part, amount in row.charges:
        took = min(left[part], amount - waived.get(number, 0))
        left[part] -= took
        paid[number] = took
    return paid


def due_charges(row: Row, part: int, on: date) -> int:
    """Return what is unpaid of the charges of an instalment whose own day has come."""
    come = sum(amount for _, due, kind, amount in row.charges if kind == part and due <= on)
    return max(0, min(row.unpaid(part), come - row.paid[part] - row.waived[part]))
