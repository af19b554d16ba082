"""Recalculated interest told a second time, plainly: one loan, payments alone, in order of their days.

Nothing is taken from the package: fractions, and periods closed one by one as time goes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

Share = Callable[[int, date, date], Fraction]
"""Number of a period and two days in it -> the part of a year between them."""


@dataclass
class Asked:
    """An instalment whose day has come: interest and principal, asked and paid, minor units."""

    due: date
    interest: int
    principal: int
    interest_paid: int
    principal_paid: int


def cents(amount: Fraction) -> int:
    """Return the nearest whole number, halves up."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)


class Told:
    """The loan as it stands; `asked` are the instalments that came, the others are still to be drawn up."""

    def __init__(
        self, lent: int, rate: Fraction, start: date, due: Sequence[date], share: Share, early: str
    ) -> None:
        self.rate, self.start, self.due, self.share, self.early = rate, start, due, share, early
        self.asked: list[Asked] = []
        self.left, self.ahead, self.carried = lent, 0, 0
        self.borne, self.since, self.interest_paid = 0, start, 0
        self.next: tuple[int | None, int | None] = (None, None)
        self.ran_to = due[-1]
        self.level = self.level_over(0, lent)

    def opens(self, place: int) -> date:
        return self.due[place - 1] if place else self.start

    def level_over(self, place: int, left: int) -> int:
        """Return the payment that repays what is left over the instalments from a place on."""
        grown, paid = Fraction(left), Fraction(0)
        for k in range(place, len(self.due)):
            factor = 1 + self.share(k, self.opens(k), self.due[k]) * self.rate
            grown, paid = grown * factor, paid * factor + 1
        return cents(grown / paid)

    def behind(self) -> int:
        return sum(row.principal - row.principal_paid for row in self.asked)

    def bears(self, amount: int, until: date) -> int:
        return cents(amount * self.share(len(self.asked), self.since, until) * self.rate)

    def running(self, late: int = 0) -> tuple[int, int, int]:
        """Return interest and principal of the running period, and what is taken off as paid ahead."""
        place = len(self.asked)
        interest = self.borne + self.bears(self.left - self.ahead + late, self.due[place])
        principal = max(0, self.level - interest)
        off = min(self.carried, principal)
        principal = max(principal - off, self.ahead)
        last = place == len(self.due) - 1 or self.left <= principal
        return interest, self.left if last else principal, off

    def close(self, late: int) -> None:
        """Let the running period end."""
        interest, principal, off = self.running(late)
        due = self.due[len(self.asked)]
        self.asked.append(Asked(due, interest, principal, self.interest_paid, self.ahead))
        level, carried = self.next
        self.left -= principal
        self.carried = self.carried - off if carried is None else carried
        self.level = self.level if level is None else level
        self.borne = self.ahead = self.interest_paid = 0
        self.since, self.next = due, (None, None)

    def pay(self, on: date, amount: int) -> tuple[int, int, int]:
        """Return what a payment pays of principal and of interest, and what is too much."""
        while len(self.asked) < len(self.due) and self.due[len(self.asked)] <= on:
            self.close(self.behind())
        self._late_until(on)
        principal = interest = 0
        for row in self.asked:
            took = min(amount, row.interest - row.interest_paid)
            row.interest_paid, interest, amount = row.interest_paid + took, interest + took, amount - took
            took = min(amount, row.principal - row.principal_paid)
            row.principal_paid, principal, amount = row.principal_paid + took, principal + took, amount - took
        if amount and self.asked and on == self.asked[-1].due:
            took = self._on_the_day(amount)
            return principal + took, interest, amount - took
        if amount and len(self.asked) < len(self.due):
            took, more = self._within(on, amount)
            return principal + took, interest + more, amount - took - more
        return principal, interest, amount

    def _late_until(self, on: date) -> None:
        late = self.behind()
        if late and len(self.asked) < len(self.due) and self.since < on:
            self.borne += self.bears(self.left - self.ahead + late, on)
            self.since = on
        elif late and len(self.asked) == len(self.due) and self.ran_to < on:
            share = self.share(len(self.due) - 1, self.ran_to, on)
            self.asked[-1].interest += cents(late * share * self.rate)
            self.ran_to = on

    def _on_the_day(self, amount: int) -> int:
        took = min(amount, self.left)
        self.asked[-1].principal += took
        self.asked[-1].principal_paid += took
        self.left -= took
        if self.early == "reduce-instalment" and took and len(self.asked) < len(self.due):
            self.level = self.level_over(len(self.asked), self.left)
        elif self.early == "next":
            self.carried += took
        return took

    def _within(self, on: date, amount: int) -> tuple[int, int]:
        before = self.running()[1]
        took = min(amount, self.left - self.ahead)
        self.borne += self.bears(self.left - self.ahead, on)
        self.since, self.ahead = on, self.ahead + took
        interest, principal, off = self.running()
        more = min(amount - took, interest - self.interest_paid)
        self.interest_paid += more
        beyond = interest + principal - self.level
        if beyond > 0 and principal > before:
            place = len(self.asked) + 1
            if self.early == "reduce-instalment" and place < len(self.due):
                self.next = self.level_over(place, self.left - principal), None
            elif self.early == "next":
                self.next = None, self.carried - off + beyond
        return took, more

    def rest(self) -> list[tuple[date, int, int]]:
        """Return all instalments, those to come as they are if nothing more is paid."""
        while len(self.asked) < len(self.due):
            self.close(0)
        rows = [(row.due, row.interest, row.principal) for row in self.asked]
        while len(rows) > 1 and rows[-1][1:] == (0, 0):
            rows.pop()
        return rows
