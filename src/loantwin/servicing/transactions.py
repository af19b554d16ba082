"""Lines of an account: what each paid for, and the principal that stayed in use after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from loantwin.servicing.conventions import FEE, INTEREST, PENALTY, PRINCIPAL
from loantwin.servicing.rows import Entry

WITHOUT_BALANCE = frozenset({"charge-off", "re-age", "re-amortise", "accrual"})
"""Kinds that move no money; their lines show no balance."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One line: minor units; balance is principal in use after it, not below zero."""

    number: int
    on: date
    kind: str
    amount: int
    principal: int
    interest: int
    fees: int
    penalties: int
    overpaid: int
    balance: int
    reversed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, money in minor units."""
        return {name: getattr(self, name) for name in self.__slots__} | {"on": self.on.isoformat()}


def lines(entries: Iterable[Entry], credits_show_whole: bool) -> tuple[Transaction, ...]:
    """Return the lines of replayed entries, with the running balance of principal.

    credits_show_whole : a payment taken back shows the whole of its parts, of which what was overpaid has
    paid some.
    """
    balance = 0
    made = []
    for entry in entries:
        principal = entry.parts[PRINCIPAL]
        if entry.kind == "disbursement":
            balance += entry.amount - entry.over
        elif entry.kind in ("chargeback", "credit-balance-refund"):
            balance += max(0, principal - entry.repaid) if credits_show_whole else principal
        elif entry.kind not in WITHOUT_BALANCE:
            balance -= principal
        shown = 0 if entry.kind in WITHOUT_BALANCE else max(0, balance)
        made.append(
            Transaction(
                entry.number,
                entry.on,
                entry.kind,
                entry.amount,
                principal,
                entry.parts[INTEREST],
                entry.parts[FEE],
                entry.parts[PENALTY],
                entry.over,
                shown,
            )
        )
    return tuple(made)
