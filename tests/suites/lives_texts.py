"""Steps of a life in free text that act, where their form is known: each becomes facts as other steps do.

A form is a whole sentence; a sentence that acts and has no form here refuses its life.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from loantwin.servicing.conventions import INTEREST
from loantwin.servicing.facts import (
    BROUGHT,
    AddCharge,
    Chargeback,
    ChargeOff,
    Disburse,
    Fact,
    Pay,
    ReAge,
    ReAmortise,
    Reschedule,
    Resume,
    Reverse,
    Waive,
)
from tests.suites.lives_steps import Life, classify, do_facts, minor
from tests.suites.lives_terms import RefusedError

DAY = r'"(\d{1,2} [A-Z][a-z]+ \d{4})"'
AMOUNT = r"(\d+(?:\.\d+)?)"
Deed = Callable[[Life, tuple[str, ...]], None]


def day(words: str) -> date:
    """Return a day written as `1 January 2023`."""
    return datetime.strptime(words, "%d %B %Y").date()


def _last(life: Life, kinds: type[Fact] | tuple[type[Fact], ...]) -> Fact:
    gone = life.loan.reversed_by
    for fact in reversed(life.loan.facts):
        if isinstance(fact, kinds) and fact.number not in gone:
            return fact
    raise RefusedError("a step about a fact that is not there")


def _resume(life: Life, told: tuple[str, ...]) -> None:
    do_facts(life, [Resume(on=day(told[0]))], look=False)


def _accrual(life: Life, told: tuple[str, ...]) -> None:
    life.accrual = {"due-date": "due-date", "submitted-date": "recorded-date"}[told[0]]


def _adjust(life: Life, told: tuple[str, ...]) -> None:
    do_facts(life, [Pay(on=life.today, amount=minor(told[0]), kind="charge-adjustment")])


def _revert_adjustment(life: Life, told: tuple[str, ...]) -> None:
    gone = life.loan.reversed_by
    for fact in life.loan.facts:
        found = isinstance(fact, Pay) and fact.kind == "charge-adjustment" and fact.number not in gone
        if found and fact.on == day(told[0]) and fact.amount == minor(told[1]):
            do_facts(life, [Reverse(on=life.today, of=fact.number)])
            return
    raise RefusedError("a charge adjustment that is not there")


def _undo_disbursal(life: Life, told: tuple[str, ...]) -> None:
    kept = tuple(fact for fact in life.loan.facts if isinstance(fact, (AddCharge, Reschedule)))
    life.account = replace(life.loan, facts=kept)


def _undo_last_disbursal(life: Life, told: tuple[str, ...]) -> None:
    place = life.loan.facts.index(_last(life, Disburse))
    life.account = replace(life.loan, facts=life.loan.facts[:place])


def _waive(life: Life, told: tuple[str, ...]) -> None:
    charge = _last(life, AddCharge)
    assert isinstance(charge, AddCharge)
    do_facts(life, [Waive(on=min(charge.due, life.today), of=charge.number)])


def _reverse(kinds: type[Fact]) -> Deed:
    def deed(life: Life, told: tuple[str, ...]) -> None:
        do_facts(life, [Reverse(on=life.today, of=_last(life, kinds).number)])

    return deed


def _fraud(life: Life, told: tuple[str, ...]) -> None:
    life.fraud = True


def _processing(life: Life, told: tuple[str, ...]) -> None:
    interest = sum(row.owed[INTEREST] for row in life.loan.rows)
    lent = sum(fact.amount for fact in life.loan.holding if isinstance(fact, Disburse))
    amount = minor(Decimal(lent + interest) / 100 * Decimal(told[0]) / 100)
    do_facts(life, [AddCharge(on=life.today, due=day(told[1]), amount=amount, name="Processing")])


def _reschedule(life: Life, told: tuple[str, ...]) -> None:
    do_facts(life, [Reschedule(on=life.today, instalment=day(told[0]), due=day(told[1]))])


def _re_amortise(life: Life, told: tuple[str, ...]) -> None:
    do_facts(life, [ReAmortise(on=life.today)])


def _undo_refund(life: Life, told: tuple[str, ...]) -> None:
    gone = life.loan.reversed_by
    for fact in reversed(life.loan.facts):
        if isinstance(fact, Pay) and fact.kind == "payout-refund" and fact.number not in gone:
            do_facts(life, [Reverse(on=life.today, of=fact.number)])
            return
    raise RefusedError("a refund that is not there")


def _classify(life: Life, told: tuple[str, ...]) -> None:
    classify(life, life.today)


def _down_payment_back(life: Life, told: tuple[str, ...]) -> None:
    found = [fact for fact in life.loan.facts if isinstance(fact, Pay) and fact.number > BROUGHT]
    place = int(told[1]) - 1
    if place >= len(found):
        raise RefusedError("chargeback of a payment that is not there")
    do_facts(life, [Chargeback(on=life.today, amount=minor(told[0]), of=found[place].number)])


FORMS: dict[str, Deed] = {
    rf"Admin initiate a DELINQUENCY RESUME with startDate: {DAY}": _resume,
    r'Global config "charge-accrual-date" value set to "(due-date|submitted-date)"': _accrual,
    r'Admin makes a charge adjustment for the last "\w+" type charge which is due on "[^"]+" with '
    rf'{AMOUNT} EUR transaction amount and externalId ""': _adjust,
    rf"Admin reverts the charge adjustment which was raised on {DAY} with {AMOUNT} EUR transaction amount": (
        _revert_adjustment
    ),
    r"Admin successfully undo disbursal": _undo_disbursal,
    r"Admin successfully undo last disbursal": _undo_last_disbursal,
    r"Admin waives (?:due date )?charge": _waive,
    r"Admin makes waive undone for charge": _reverse(Waive),
    r"Admin does a charge-off undo the loan": _reverse(ChargeOff),
    r"Admin successfully undo Loan re-aging transaction": _reverse(ReAge),
    r"Admin successfully undo Loan re-amortization transaction": _reverse(ReAmortise),
    r"Admin can successfully set Fraud flag to the loan": _fraud,
    rf'Admin adds a {AMOUNT} % Processing charge to the loan with "en" locale on date: {DAY}': _processing,
    rf"Batch API call with steps: rescheduleLoan from {DAY} to {DAY} submitted on date: .*"
    r'runs with enclosingTransaction: "true"': _reschedule,
    r"(?:When )?Admin creates a Loan re-amortization transaction on current business date.*": _re_amortise,
    rf"Refund undo happens on {DAY}": _undo_refund,
    r"Admin runs the Loan Delinquency Classification job": _classify,
    rf'Admin makes "\w+" chargeback with {AMOUNT} EUR transaction amount for Downpayment nr\. (\d+)': (
        _down_payment_back
    ),
}
"""Sentence -> what it does with what its groups told."""
_FORMS = [(re.compile(form), deed) for form, deed in FORMS.items()]


def known(text: str) -> bool:
    """Return whether a sentence that acts has a form here."""
    return any(form.fullmatch(text) for form, _ in _FORMS)


def play_text(life: Life, text: str) -> None:
    """Do what a sentence says."""
    for form, deed in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            deed(life, found.groups())
            return
