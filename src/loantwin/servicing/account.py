"""The account: its terms, its facts, and what follows from them.

An account is a value. `apply` returns the account with one fact more, or raises and leaves it as it was.
What is owed is worked out from the facts in order of their days, so that a fact dated back, or a reversal,
gives what it would have given in time; it is worked out when first asked for and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from loantwin.errors import UsageError, expected
from loantwin.products.rounding import in_minor
from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.conventions import PRINCIPAL, Servicing
from loantwin.servicing.fact_checks import Seen, check_fact
from loantwin.servicing.facts import BROUGHT, Disburse, Fact, Haircut, Pay, RefundCredit, Reverse
from loantwin.servicing.fixed import replay_fixed
from loantwin.servicing.fixed_schedule import money
from loantwin.servicing.progressive import replay_progressive
from loantwin.servicing.recalculated import replay_recalculated
from loantwin.servicing.rows import Row, Work
from loantwin.servicing.transactions import Transaction, lines


def in_order(fact: Fact) -> tuple[date, date, int, int]:
    """Return what facts are sorted by: the day, the day it was known, the order of recording."""
    return fact.on, fact.known, fact.number % BROUGHT, fact.number


@dataclass(frozen=True)
class Account:
    """One loan's account: terms, how it is serviced, and its facts in the order they were recorded."""

    terms: TermSheet
    servicing: Servicing
    facts: tuple[Fact, ...] = ()

    @cached_property
    def reversed_by(self) -> dict[int, Reverse]:
        """Return the facts that never were, by number, and what reversed each."""
        gone: dict[int, Reverse] = {}
        for fact in self.facts:
            if isinstance(fact, Reverse):
                gone[fact.of] = fact
        return {number: fact for number, fact in gone.items() if fact.number not in gone}

    @cached_property
    def holding(self) -> tuple[Fact, ...]:
        """Return the facts that hold, in order of their days."""
        gone = self.reversed_by
        facts = [fact for fact in self.facts if fact.number not in gone and not isinstance(fact, Reverse)]
        return tuple(sorted(facts, key=in_order))

    @cached_property
    def _work(self) -> Work:
        if not any(isinstance(fact, Disburse) for fact in self.holding):
            return Work([], [])
        replay = {
            "fixed": replay_fixed,
            "progressive": replay_progressive,
            "recalculated": replay_recalculated,
        }[self.servicing.schedule]
        return replay(self.terms, self.servicing, self.holding)

    @property
    def rows(self) -> Sequence[Row]:
        """Return the instalments, in order of due dates. They belong to the account: not to be changed."""
        return self._work.rows

    @cached_property
    def transactions(self) -> tuple[Transaction, ...]:
        """Return the lines of facts that hold, in order of their days."""
        return lines(self._work.entries, bool(self.servicing.credit_order))

    @cached_property
    def reversed_transactions(self) -> tuple[Transaction, ...]:
        """Return the lines of facts that were reversed, as they stood when they were."""
        made = []
        for number, fact in self.reversed_by.items():
            place = self.facts.index(fact)
            before = Account(self.terms, self.servicing, self.facts[:place])
            made += [replace(line, reversed=True) for line in before.transactions if line.number == number]
        return tuple(made)

    @property
    def outstanding(self) -> int:
        """Return all that is unpaid, due and to come, minor units."""
        return self._work.owed()

    @property
    def overpaid(self) -> int:
        """Return what was paid and not owed, minor units."""
        return self._work.overpaid

    @property
    def charged_off(self) -> date | None:
        """Return the day the account was charged off."""
        return self._work.charged_off

    @property
    def disbursed(self) -> bool:
        """Return whether money was paid out."""
        return any(isinstance(fact, Disburse) for fact in self.holding)

    @property
    def status(self) -> str:
        """Return `approved`, `active`, `closed` or `overpaid`."""
        if not self.disbursed:
            return "approved"
        if self.outstanding > 0:
            return "active"
        return "overpaid" if self.overpaid > 0 else "closed"


def apply(account: Account, fact: Fact) -> Account:
    """Return the account with a fact more; its number is the next one where it has none.

    A disbursement takes the automatic down payment with it where the account has one.

    Raises
    ------
    UsageError : a fact that cannot be: before money was paid out, of nothing, beyond 64 bits, a reversal or
        waiver of what never was, more paid back than was overpaid. The field is named; `account` is as it
        was.
    """
    seen = Seen({}, set())
    for before in account.facts:
        seen.take(before)
    return replace(account, facts=(*account.facts, *_recorded(account, seen, fact)))


def replay(terms: TermSheet, servicing: Servicing, facts: Iterable[Fact]) -> Account:
    """Return the account after facts that were recorded in this order.

    Raises
    ------
    UsageError : as `apply`, at the first fact that cannot be; `fact` of the error is its place, from 1.
    """
    seen = Seen({}, set())
    kept: list[Fact] = []
    for place, fact in enumerate(facts, start=1):
        try:
            for one in _recorded(Account(terms, servicing, tuple(kept)), seen, fact):
                seen.take(one)
                kept.append(one)
        except UsageError as error:
            raise UsageError(error.message, row=place, field=error.field) from error
    return Account(terms, servicing, tuple(kept))


def _recorded(account: Account, seen: Seen, fact: Fact) -> tuple[Fact, ...]:
    """Return a fact as it is recorded, checked and numbered, with what it brings."""
    numbered = fact if fact.number else replace(fact, number=seen.next)
    _check(account, seen, numbered)
    return (numbered, *_automatic_down_payment(account, numbered))


def _automatic_down_payment(account: Account, fact: Fact) -> tuple[Fact, ...]:
    if not (isinstance(fact, Disburse) and account.servicing.down_payment_auto):
        return ()
    due = money(account.terms).down(fact.amount) - (account.overpaid if account.disbursed else 0)
    if due <= 0:
        return ()
    return (
        Pay(
            on=fact.on, recorded=fact.recorded, number=fact.number + BROUGHT, amount=due, kind="down-payment"
        ),
    )


def _check(account: Account, seen: Seen, fact: Fact) -> None:
    check_fact(seen, fact)
    if isinstance(fact, Disburse):
        agreed = in_minor(account.terms.amount, account.terms.minor_units)
        left = agreed - sum(one.amount for one in seen.holding() if isinstance(one, Disburse))
        if fact.amount > left:
            wanted = f"at most the {left} minor units agreed and not yet paid out"
            raise UsageError(expected(wanted, fact.amount), field="amount")
    if isinstance(fact, Haircut):
        owed = sum(row.unpaid(PRINCIPAL) for row in _until(account, fact.on).rows)
        if fact.amount > owed:
            wanted = f"at most the {owed} minor units of principal owed on {fact.on}"
            raise UsageError(expected(wanted, fact.amount), field="amount")
    if isinstance(fact, RefundCredit):
        over = min(account.overpaid, _until(account, fact.on).overpaid)
        if fact.amount > over:
            wanted = f"at most the {over} minor units overpaid on {fact.on}"
            raise UsageError(expected(wanted, fact.amount), field="amount")


def _until(account: Account, on: date) -> Account:
    """Return the account with the facts up to a day."""
    return replace(account, facts=tuple(one for one in account.facts if one.on <= on))
