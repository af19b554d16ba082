"""Instalments while an account is replayed: what is due, paid, given up, what came early or late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date


class Row:
    """One instalment of a replay; lists of four are principal, interest, fees, penalties in minor units.

    start, due : the period. kind : `instalment`, `down-payment`, or `after`: due after the last one.
    credited : what of it was paid before and taken back. rest : what is unpaid. met : the day nothing was
    unpaid any more. charges : (number of the fact, due, part, minor units). claims : (day, minor units) of
    payments that were taken back and are owed again in it.
    """

    __slots__ = (
        "ahead",
        "charges",
        "claims",
        "credited",
        "due",
        "kind",
        "late",
        "met",
        "owed",
        "paid",
        "rest",
        "start",
        "waived",
    )

    def __init__(
        self, start: date, due: date, principal: int = 0, interest: int = 0, kind: str = "instalment"
    ) -> None:
        self.start, self.due, self.kind = start, due, kind
        self.owed = [principal, interest, 0, 0]
        self.paid = [0, 0, 0, 0]
        self.waived = [0, 0, 0, 0]
        self.rest = principal + interest
        self.ahead = self.late = 0
        self.credited = [0, 0, 0, 0]
        self.met: date | None = None
        self.charges: list[tuple[int, date, int, int]] = []
        self.claims: list[tuple[date, int]] = []

    def unpaid(self, part: int) -> int:
        """Return what is unpaid of one part."""
        return self.owed[part] - self.paid[part] - self.waived[part]


def raise_owed(row: Row, part: int, amount: int) -> None:
    """Make more due of one part of an instalment; below zero makes less."""
    row.owed[part] += amount
    row.rest += amount
    if row.rest > 0:
        row.met = None


def pay(row: Row, part: int, amount: int, on: date) -> int:
    """Pay at most `amount` of one part of an instalment; return what it took."""
    took = min(amount, row.owed[part] - row.paid[part] - row.waived[part])
    if took <= 0:
        return 0
    row.paid[part] += took
    row.rest -= took
    if on < row.due:
        row.ahead += took
    elif on > row.due:
        row.late += took
    if row.rest == 0:
        row.met = on
    return took


def give_up(row: Row, part: int, amount: int, on: date) -> int:
    """Waive at most `amount` of one part of an instalment; return what was waived."""
    took = min(amount, row.unpaid(part))
    if took <= 0:
        return 0
    row.waived[part] += took
    row.rest -= took
    if row.rest == 0:
        row.met = on
    return took


class Entry:
    """A line of the account's transactions while it is replayed; `parts` are four minor units."""

    __slots__ = ("amount", "kind", "number", "on", "over", "parts", "repaid")

    def __init__(self, number: int, on: date, kind: str, amount: int) -> None:
        self.number, self.on, self.kind, self.amount = number, on, kind, amount
        self.parts = [0, 0, 0, 0]
        self.over = 0
        self.repaid = 0


@dataclass(slots=True)
class Work:
    """An account while it is replayed.

    overpaid : minor units paid and not owed. first : no row before it is unpaid. earned : first day of a
    period -> interest, fees, penalties already recognised as income.
    """

    rows: list[Row]
    entries: list[Entry]
    overpaid: int = 0
    first: int = 0
    charged_off: date | None = None
    earned: dict[date, list[int]] = field(default_factory=dict)

    def sort(self) -> None:
        """Put instalments in order of their due dates; those of a day stay as they came."""
        self.rows.sort(key=lambda row: row.due)
        self.first = 0

    def owed(self) -> int:
        """Return all that is unpaid, minor units."""
        return sum(row.rest for row in self.rows)


def last_due(rows: Sequence[Row]) -> date:
    """Return the latest due date of the schedule."""
    return max(row.due for row in rows if row.kind != "after")
