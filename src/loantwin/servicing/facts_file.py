"""Facts of an account as JSON lines: the terms first, then one fact a line, money in units of the currency.

A line's number, from 1, is the fact's own and what `of` refers to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from loantwin.errors import ConfigError, InputError, UsageError, expected
from loantwin.files import read_text
from loantwin.products.rounding import in_minor
from loantwin.products.term_sheet import TermSheet
from loantwin.products.term_sheet_file import terms_of
from loantwin.servicing.account import Account, replay
from loantwin.servicing.conventions import Servicing
from loantwin.servicing.facts import BROUGHT, Disburse, Fact
from loantwin.servicing.facts_read import fact_of, servicing_of

DIGITS = 40
"""Digits before the point that a number of a file may have; int64 has 19."""


def read_account(path: Path | str, minor_units: Callable[[str], int] | None = None) -> Account:
    """Return the account of a file of facts, in the order of its lines.

    minor_units : gives the minor units of a currency's code where the terms name one and not their minor
    units.

    Raises
    ------
    ConfigError : what cannot be read or cannot be, naming the file, the line as `row`, and the field.
    """
    text = read_text(Path(path), "file of facts", ConfigError)
    return account_of(text.split("\n"), path, minor_units)


def account_of(
    lines: list[str], file: Path | str | None = None, minor_units: Callable[[str], int] | None = None
) -> Account:
    """Return the account of lines of JSON; blank ones are left out and counted.

    Raises
    ------
    ConfigError : as `read_account`.
    """
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not numbered:
        raise ConfigError(expected("terms and facts", "an empty file"), file=file)
    row = numbered[0][0]
    try:
        sheet, servicing = _terms(_object(numbered[0][1]), minor_units)
        _ = _planned(sheet, servicing).outstanding  # terms that no account can have are the first line's
        facts = []
        for row, line in numbered[1:]:
            facts.append(fact_of(_object(line), sheet, row))
    except InputError as error:
        raise ConfigError(error.message, file=file, row=row, field=error.field) from error
    try:
        account = replay(sheet, servicing, facts)
        _worked_out(account)
    except UsageError as error:
        where = None if error.row is None else numbered[error.row][0]
        raise ConfigError(error.message, file=file, row=where, field=error.field) from error
    return account


def _worked_out(account: Account) -> None:
    """Work an account out; the first fact with which it cannot be is the error's row."""
    try:
        _ = account.outstanding
    except UsageError as whole:
        for place in range(1, len(account.facts) + 1):
            try:
                _ = replace(account, facts=account.facts[:place]).outstanding
            except UsageError as error:
                number = account.facts[place - 1].number % BROUGHT
                row = next(k for k, fact in enumerate(_told(account), 1) if fact.number == number)
                raise UsageError(error.message, row=row, field=error.field) from whole
        raise


def _told(account: Account) -> list[Fact]:
    """Return the facts that were told, without what they brought along."""
    return [fact for fact in account.facts if fact.number < BROUGHT]


def _planned(sheet: TermSheet, servicing: Servicing) -> Account:
    """Return the account as it would be once the amount of the terms is paid out on their start."""
    amount = in_minor(sheet.amount, sheet.minor_units)
    return Account(sheet, servicing, (Disburse(on=sheet.start, number=1, amount=amount),))


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(
            line, parse_float=Decimal, parse_int=_whole, parse_constant=Decimal, object_pairs_hook=_keys_once
        )
    except (ValueError, RecursionError) as error:
        raise UsageError(expected("one JSON object a line", str(error))) from error
    if not isinstance(found, dict):
        raise UsageError(expected("one JSON object a line", line[:40]))
    return found


def _keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UsageError(expected("each key once", f"{key} twice"), field=key)
        if isinstance(value, Decimal) and not value.is_finite():
            raise UsageError(expected("a number", str(value)), field=key)
        if isinstance(value, Decimal) and value.adjusted() >= DIGITS:
            was = f"one of {value.adjusted() + 1} digits"
            raise UsageError(expected(f"a number of at most {DIGITS} digits", was), field=key)
        found[key] = value
    return found


def _whole(text: str) -> int | Decimal:
    """Return a whole number; one that is too long for any key stays a decimal, and is refused by its key."""
    return int(text) if len(text) <= DIGITS else Decimal(text)


def _terms(document: dict[str, Any], minor_units: Callable[[str], int] | None) -> tuple[TermSheet, Servicing]:
    if document.pop("fact", None) != "terms":
        raise UsageError(expected("the terms on the first line", "another fact"), field="fact")
    given = document.pop("servicing", {})
    if not isinstance(given, Mapping):
        raise UsageError(expected("an object of conventions", given), field="servicing")
    currency = document.get("currency")
    if minor_units is not None and isinstance(currency, str) and "minor_units" not in document:
        document["minor_units"] = minor_units(currency)
    sheet = terms_of(document)
    return sheet, servicing_of(given)
