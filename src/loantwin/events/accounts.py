"""Accounts of single loans in the log: their facts are events, applied as in any replay of an account."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from loantwin.errors import InputError, LogError, expected
from loantwin.events.event import Event
from loantwin.products.term_sheet_file import terms_of
from loantwin.servicing.account import Account, apply
from loantwin.servicing.fact_words import MONEY, WORDS
from loantwin.servicing.facts import BROUGHT
from loantwin.servicing.facts_read import fact_of, servicing_of
from loantwin.servicing.facts_written import plainly
from loantwin.servicing.stated import conventions, plain, stated


def account_events(account: Account, loan_id: str) -> list[Event]:
    """Return an account as events: its opening, then its facts in the order they were recorded.

    Income that was recognised is not among them: it follows from the facts.
    """
    opened: dict[str, Any] = {"loan_id": loan_id, "terms": stated(account.terms)}
    if said := conventions(account.servicing):
        opened["servicing"] = said
    events = [Event("AccountOpened", account.terms.start, opened)]
    for fact in account.facts:
        if type(fact) in WORDS and fact.number < BROUGHT:
            data = {key: plain(getattr(fact, key)) for key in plainly(fact, 1)}
            said = {"loan_id": loan_id, "number": fact.number, "fact": WORDS[type(fact)], "data": data}
            events.append(Event("AccountFactRecorded", fact.on, said))
    return events


def accounts(events: Iterable[Event]) -> dict[str, Account]:
    """Return the accounts of a log by loan, after all its facts; events of other types are passed by.

    Raises
    ------
    LogError : a fact of an account that was not opened, a second opening, terms or a fact that cannot be; it
        names loan and event.
    """
    found: dict[str, Account] = {}
    for event in events:
        if event.type not in ("AccountOpened", "AccountFactRecorded"):
            continue
        loan_id = event.data["loan_id"]
        try:
            found[loan_id] = _after(found.get(loan_id), event)
        except InputError as error:
            where = event.sequence or None
            raise LogError(error.message, row=where, loan=loan_id, field=error.field) from error
    return found


def _after(account: Account | None, event: Event) -> Account:
    if event.type == "AccountOpened":
        if account is not None:
            raise LogError(expected("one opening of an account", "a second"))
        return Account(terms_of(event.data["terms"]), servicing_of(event.data.get("servicing", {})))
    if account is None:
        raise LogError(expected("a fact of an account that was opened", "none"))
    document: dict[str, Any] = {"fact": event.data["fact"], "on": event.happened.isoformat()}
    for key, value in event.data["data"].items():
        if key in MONEY:
            value = Decimal(value) / account.terms.minor_units
        elif key == "annual_rate":
            value = Decimal(value)
        document[key] = value
    return apply(account, fact_of(document, account.terms, event.data["number"]))
