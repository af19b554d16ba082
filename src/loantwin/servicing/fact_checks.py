"""Which facts cannot be, before an account is worked out: by what was recorded before them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from loantwin.errors import UsageError, expected
from loantwin.products.columns.terms import HIGHEST_RATE, LOWEST_RATE
from loantwin.products.due_dates import frequency
from loantwin.servicing.facts import (
    BROUGHT,
    TRANSACTIONS,
    AddCharge,
    Chargeback,
    ChargeOff,
    Disburse,
    Fact,
    Pause,
    Pay,
    ReAge,
    Reschedule,
    Resume,
    Reverse,
    Sell,
    Waive,
)

LARGEST = 2**63 - 1
"""The largest amount, minor units: columns of accounts are 64-bit."""
LONGEST = 12_000
"""The most instalments that a fact may bring."""

COUNTED = (Disburse, Pay, AddCharge)
"""Facts whose amounts are bounded together too, reversed ones among them."""


@dataclass(slots=True)
class Seen:
    """What was recorded before a fact: by number, what was reversed, and the first day money was paid out.

    totals : kind of fact -> minor units of all of it that holds or held.
    """

    facts: dict[int, Fact]
    gone: set[int]
    first: date | None = None
    next: int = 1
    totals: dict[type[Fact], int] = field(default_factory=dict)

    def take(self, fact: Fact) -> None:
        """Take a fact in."""
        self.facts[fact.number] = fact
        self.next = max(self.next, fact.number % BROUGHT + 1)
        if isinstance(fact, Disburse) and (self.first is None or fact.on < self.first):
            self.first = fact.on
        if isinstance(fact, Reverse):
            self.gone.add(fact.of)
        if isinstance(fact, COUNTED):
            self.totals[type(fact)] = self.totals.get(type(fact), 0) + fact.amount

    def holding(self) -> Iterator[Fact]:
        """Yield the facts that no other reversed."""
        return (fact for number, fact in self.facts.items() if number not in self.gone)


def check_fact(seen: Seen, fact: Fact) -> None:
    """Refuse a fact that cannot be.

    Raises
    ------
    UsageError : naming the field.
    """
    _check_amount(seen, fact)
    if fact.number in seen.facts:
        raise UsageError(expected("a number that no fact has", fact.number), field="number")
    if isinstance(fact, (Reverse, Waive, Chargeback)):
        _check_named(seen, fact)
    if (
        not isinstance(fact, Disburse)
        and isinstance(fact, TRANSACTIONS)
        and (seen.first is None or fact.on < seen.first)
    ):
        was = "nothing paid out yet" if seen.first is None else f"{fact.on}, before {seen.first}"
        raise UsageError(expected("a day on or after money was paid out", was), field="on")
    _check_states(seen, fact)
    if isinstance(fact, AddCharge) and seen.first is not None and fact.due < seen.first:
        wanted = f"a day from {seen.first} on, when money was paid out"
        raise UsageError(expected(wanted, fact.due), field="due")
    if isinstance(fact, ReAge):
        frequency(fact.every)
        if fact.first <= fact.on:
            raise UsageError(expected(f"a day after {fact.on}", fact.first), field="first")
        _check_range(1, LONGEST, payments=fact.payments)
    if isinstance(fact, Reschedule):
        _check_range(0, LONGEST, principal_grace=fact.principal_grace, extra=fact.extra)
        rate = fact.annual_rate
        if fact.due is None and rate is None and not fact.principal_grace and not fact.extra:
            raise UsageError(
                expected("one of due, principal_grace, extra, annual_rate", "none of them"), field="due"
            )
        if rate is not None and not LOWEST_RATE <= rate <= HIGHEST_RATE:
            wanted = f"a decimal from {LOWEST_RATE:g} to {HIGHEST_RATE:g}"
            raise UsageError(expected(wanted, rate), field="annual_rate")
    if isinstance(fact, Pause) and fact.until < fact.on:
        raise UsageError(expected(f"a day from {fact.on} on", fact.until), field="until")
    if isinstance(fact, Sell) and not 0 <= fact.price <= LARGEST:
        raise UsageError(
            expected(f"a price of 0 and at most {LARGEST} minor units", fact.price), field="price"
        )


def _check_states(seen: Seen, fact: Fact) -> None:
    """Refuse what needs a state that the account is not in, or is in already."""
    holds = list(seen.holding()) if isinstance(fact, (ChargeOff, Resume, Pay)) else []
    off = [one for one in holds if isinstance(one, ChargeOff)]
    if isinstance(fact, ChargeOff) and off:
        raise UsageError(expected("an account not charged off", f"charged off on {off[0].on}"), field="on")
    if isinstance(fact, Pay) and fact.kind == "recovery" and not any(one.on <= fact.on for one in off):
        wanted = "repayment or another kind, as nothing was charged off by the day"
        raise UsageError(expected(wanted, fact.kind), field="kind")
    paused = (one for one in holds if isinstance(one, Pause))
    if isinstance(fact, Resume) and not any(one.on <= fact.on <= one.until for one in paused):
        raise UsageError(expected("a day in a pause", fact.on), field="on")


def _check_amount(seen: Seen, fact: Fact) -> None:
    amount = getattr(fact, "amount", None)
    if amount is not None and not 0 < amount <= LARGEST:
        raise UsageError(
            expected(f"an amount above 0 and at most {LARGEST} minor units", amount), field="amount"
        )
    before = seen.totals.get(type(fact), 0)
    if isinstance(fact, COUNTED) and before + fact.amount > LARGEST:
        was = f"{fact.amount} after {before}"
        raise UsageError(expected(f"at most {LARGEST} minor units in all", was), field="amount")


def _check_not_taken_back(seen: Seen, fact: Reverse) -> None:
    """Refuse a reversal of a payment that was taken back: what never came cannot be owed again."""
    back = [one for one in seen.holding() if isinstance(one, Chargeback) and one.of == fact.of]
    if back:
        was = f"fact {fact.of}, taken back by fact {back[0].number}"
        wanted = f"a fact that no chargeback names: reverse fact {back[0].number} first"
        raise UsageError(expected(wanted, was), field="of")


def _check_waiver(seen: Seen, fact: Waive, named: Fact) -> None:
    if not isinstance(named, AddCharge):
        raise UsageError(expected("the number of a charge", fact.of), field="of")
    if fact.on < min(named.on, named.known):
        raise UsageError(expected(f"a day from {named.on}, the charge's, on", fact.on), field="on")
    if any(isinstance(one, Waive) and one.of == fact.of for one in seen.holding()):
        raise UsageError(expected("a charge not waived before", f"fact {fact.of}"), field="of")


def _check_range(low: int, high: int, **given: int) -> None:
    for name, value in given.items():
        if not low <= value <= high:
            raise UsageError(expected(f"{low} to {high:,} instalments", value), field=name)


def _check_named(seen: Seen, fact: Reverse | Waive | Chargeback) -> None:
    named = seen.facts.get(fact.of)
    if named is None or fact.of in seen.gone:
        raise UsageError(expected("the number of a fact that holds", fact.of), field="of")
    if isinstance(fact, Reverse) and fact.on < named.on:
        raise UsageError(expected(f"a day from {named.on}, the fact's, on", fact.on), field="on")
    if isinstance(fact, Reverse):
        _check_not_taken_back(seen, fact)
    if isinstance(fact, Waive):
        _check_waiver(seen, fact, named)
    if isinstance(fact, Chargeback):
        if not isinstance(named, Pay):
            raise UsageError(expected("the number of a payment", fact.of), field="of")
        if fact.on < named.on:
            raise UsageError(expected(f"a day from {named.on}, the payment's, on", fact.on), field="on")
        back = sum(one.amount for one in seen.holding() if isinstance(one, Chargeback) and one.of == fact.of)
        if fact.amount > named.amount - back:
            left = f"at most the {named.amount - back} minor units paid" + " and not taken back" * (back > 0)
            raise UsageError(expected(left, fact.amount), field="amount")
