"""Facts of an account written as lines of JSON, which a file of facts holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from loantwin.servicing.account import Account
from loantwin.servicing.fact_words import MONEY, WORDS
from loantwin.servicing.facts import BROUGHT, Fact


def written(account: Account) -> Iterator[str]:
    """Yield an account's facts as lines of JSON, without terms, income and what facts brought along."""
    for fact in account.facts:
        if type(fact) in WORDS and fact.number < BROUGHT:
            yield json.dumps({"fact": WORDS[type(fact)], **plainly(fact, account.terms.minor_units)})


def plainly(fact: Fact, units: int) -> dict[str, Any]:
    """Return the keys of a fact as plain values, money divided by `units`."""
    found: dict[str, Any] = {}
    for item in fields(fact):
        value = getattr(fact, item.name)
        if item.name == "number" or value is None:
            continue
        if item.name in MONEY:
            found[item.name] = value / units
        else:
            found[item.name] = (
                value.isoformat()
                if isinstance(value, date)
                else float(value)
                if isinstance(value, Decimal)
                else value
            )
    return found
