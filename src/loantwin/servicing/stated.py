"""Accounts as plain values: terms, conventions and facts as JSON holds them exactly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from loantwin.products.term_sheet import TermSheet
from loantwin.servicing.account import Account
from loantwin.servicing.conventions import PARTS, Servicing
from loantwin.servicing.fact_words import WORDS
from loantwin.servicing.facts import BROUGHT
from loantwin.servicing.facts_written import plainly

Number = Callable[[Decimal], str | float]
"""How a decimal is written."""


def account_lines(account: Account) -> Iterator[str]:
    """Yield an account as the lines of a file of facts, which `facts_file.account_of` reads back.

    Facts come in the order they were recorded; what one brings along and income recognised are left out. A
    fact's number is its line's, from 2 on.
    """
    opened: dict[str, Any] = {"fact": "terms", **stated(account.terms, float)}
    if said := conventions(account.servicing):
        opened["servicing"] = said
    yield json.dumps(opened)
    told = [fact for fact in account.facts if type(fact) in WORDS and fact.number < BROUGHT]
    line = {fact.number: place for place, fact in enumerate(told, start=2)}
    for fact in told:
        keys = plainly(fact, account.terms.minor_units)
        if "of" in keys:
            keys["of"] = line[keys["of"]]
        yield json.dumps({"fact": WORDS[type(fact)], **keys})


def stated(sheet: TermSheet, number: Number = str) -> dict[str, Any]:
    """Return the terms of a sheet that are not left out, as plain values; `terms_of` reads them back."""
    return {
        item.name: plain(getattr(sheet, item.name), number)
        for item in fields(sheet)
        if getattr(sheet, item.name) != item.default
    }


def conventions(servicing: Servicing) -> dict[str, Any]:
    """Return the conventions that are not the default, as plain values; `servicing_of` reads them back."""
    made: dict[str, Any] = {}
    for item in fields(servicing):
        value = getattr(servicing, item.name)
        if value == item.default:
            continue
        if item.name == "credit_order":
            made[item.name] = [PARTS[part] for part in value]
        else:
            made[item.name] = dict(value) if item.name == "ahead_by_kind" else value
    return made


def plain(value: Any, number: Number = str) -> Any:
    """Return a value as JSON holds it: decimals by `number`, as exact text or a float; dates as ISO text."""
    if isinstance(value, Decimal):
        return number(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        pairs = [item for item in value if isinstance(item, tuple)]
        return [{"from": plain(day), "rate": plain(rate, number)} for day, rate in pairs] or [
            plain(item, number) for item in value
        ]
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name), number) for item in fields(value)}
    return value
