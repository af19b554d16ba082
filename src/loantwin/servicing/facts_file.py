"""Facts of an account as JSON lines: the terms first, then one fact a line, money in units of the currency.

A line's number, from 1, is the fact's own and what `of` refers to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from loantwin.errors import ConfigError, InputError, UsageError, expected, unknown
from loantwin.files import read_text
from loantwin.products.rounding import in_minor
from loantwin.products.term_sheet import TermSheet
from loantwin.products.term_sheet_file import terms_of, terms_schema
from loantwin.servicing.account import Account, replay
from loantwin.servicing.conventions import (
    ACCRUALS,
    AHEAD,
    ALLOCATIONS,
    COMPOUNDING,
    EARLY,
    LATE_PERIODS,
    PARTS,
    RESTS,
    SCHEDULES,
    Servicing,
)
from loantwin.servicing.facts import (
    BROUGHT,
    PAYMENT_KINDS,
    AddCharge,
    Chargeback,
    ChargeOff,
    Disburse,
    Fact,
    Haircut,
    Pause,
    Pay,
    ReAge,
    ReAmortise,
    RefundCredit,
    Reschedule,
    Resume,
    Reverse,
    Sell,
    Waive,
)

FACTS: Mapping[str, type[Fact]] = {
    "disburse": Disburse,
    "pay": Pay,
    "charge": AddCharge,
    "waive": Waive,
    "chargeback": Chargeback,
    "refund-credit": RefundCredit,
    "reverse": Reverse,
    "charge-off": ChargeOff,
    "re-age": ReAge,
    "re-amortise": ReAmortise,
    "reschedule": Reschedule,
    "haircut": Haircut,
    "pause": Pause,
    "resume": Resume,
    "sell": Sell,
}
"""The word under `fact` -> the kind of fact."""

WORDS: Mapping[type[Fact], str] = {kind: word for word, kind in FACTS.items()}

MONEY = ("amount", "price")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "schedule": SCHEDULES,
    "allocation": tuple(ALLOCATIONS),
    "ahead": AHEAD,
    "early": EARLY,
    "rests": RESTS,
    "compounding": COMPOUNDING,
    "late_periods": LATE_PERIODS,
    "accrual": ACCRUALS,
}


def read_account(path: Path | str, minor_units: Callable[[str], int] | None = None) -> Account:
    """Return the account of a file of facts, in the order of its lines.

    minor_units : gives the minor units of a currency's code where the terms name one and not their minor
    units.

    Raises
    ------
    ConfigError : what cannot be read or cannot be, naming the file, the line as `row`, and the field.
    """
    text = read_text(Path(path), "file of facts", ConfigError)
    return account_of(text.splitlines(), path, minor_units)


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
        found = json.loads(line, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_keys_once)
    except ValueError as error:
        raise UsageError(expected("one JSON object a line", str(error))) from error
    if not isinstance(found, dict):
        raise UsageError(expected("one JSON object a line", line[:40]))
    return found


def _keys_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UsageError(expected("each key once", f"{key} twice"), field=key)
        found[key] = value
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


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


def servicing_of(given: Mapping[str, Any]) -> Servicing:
    """Return the conventions of an object of keys and values.

    Raises
    ------
    UsageError : an unknown key or value, naming it.
    """
    known = {item.name: item for item in fields(Servicing)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        place = f"servicing.{key}"
        if key not in known:
            raise UsageError(unknown(key, known), field=place)
        if key == "ahead_by_kind":
            values[key] = _by_kind(value, place)
        elif key == "credit_order":
            values[key] = _order(value, place)
        else:
            values[key] = _plain(str(known[key].type), value, place)
    try:
        return Servicing(**values)
    except UsageError as error:
        raise UsageError(error.message, field=f"servicing.{error.field}") from error


def _by_kind(value: Any, place: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        raise UsageError(expected("an object of kind and rule", value), field=place)
    for kind in value:
        if kind not in PAYMENT_KINDS:
            raise UsageError(unknown(kind, PAYMENT_KINDS), field=f"{place}.{kind}")
    return tuple((kind, str(rule)) for kind, rule in value.items())


def _order(value: Any, place: str) -> tuple[int, ...]:
    if not isinstance(value, list) or any(part not in PARTS for part in value):
        raise UsageError(expected("a list of " + ", ".join(PARTS), value), field=place)
    return tuple(PARTS.index(part) for part in value)


def fact_of(document: dict[str, Any], sheet: TermSheet, number: int) -> Fact:
    """Return the fact of an object of keys and values, money in units of the currency; the object is used up.

    Raises
    ------
    UsageError : an unknown word, key or value, naming the field.
    """
    word = document.pop("fact", None)
    if word not in FACTS:
        raise UsageError(unknown(str(word), FACTS), field="fact")
    kind = FACTS[word]
    known = {item.name: item for item in fields(kind) if item.name not in ("number", "parts")}
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key not in known:
            raise UsageError(unknown(key, known), field=key)
        values[key] = _minor(value, sheet, key) if key in MONEY else _plain(str(known[key].type), value, key)
    for name, item in known.items():
        if name not in values and item.default is MISSING:
            raise UsageError(expected("a value", "none"), field=name)
    _known_kind(kind, values)
    return replace(kind(**values), number=number)


def _known_kind(kind: type[Fact], values: dict[str, Any]) -> None:
    choices = {Pay: PAYMENT_KINDS, AddCharge: ("fee", "penalty")}.get(kind)
    if choices and values.get("kind", choices[0]) not in choices:
        raise UsageError(unknown(str(values["kind"]), choices), field="kind")


def _minor(value: Any, sheet: TermSheet, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise UsageError(expected("an amount of currency", _shown(value)), field=field)
    try:
        return in_minor(Decimal(value), sheet.minor_units)
    except (ValueError, ArithmeticError) as error:
        raise UsageError(expected("a whole number of minor units", value), field=field) from error


def _shown(value: Any) -> str:
    return str(value) if isinstance(value, (Decimal, str)) else repr(value)


def _plain(hint: str, value: Any, field: str) -> Any:
    """Return a value of the kind that a type's text names."""
    if "bool" in hint and isinstance(value, bool):
        return value
    if "int" in hint and isinstance(value, int) and not isinstance(value, bool):
        return value
    if "Decimal" in hint and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    if "date" in hint and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise UsageError(expected("a date, YYYY-MM-DD", value), field=field) from None
    if "str" in hint and isinstance(value, str):
        return value
    wanted = next(words for kind, words in _WORDS.items() if kind in hint)
    raise UsageError(expected(wanted, _shown(value)), field=field)


_WORDS = {
    "bool": "true or false",
    "Decimal": "a number",
    "int": "a whole number",
    "date": "a date, YYYY-MM-DD",
    "str": "text",
}


def facts_schema() -> dict[str, Any]:
    """Return the JSON Schema of one line of a file of facts."""
    kinds = [_schema(word, kind) for word, kind in FACTS.items()]
    terms = terms_schema()
    terms["properties"] = {
        "fact": {"const": "terms"},
        **terms["properties"],
        "servicing": {"type": "object", "properties": _servicing_schema(), "additionalProperties": False},
    }
    terms["required"] = ["fact", *terms["required"]]
    return {
        "title": "One line of a file of facts",
        "type": "object",
        "properties": {"fact": {"enum": ["terms", *FACTS]}},
        "required": ["fact"],
        "additionalProperties": True,
        "oneOf": [terms, *kinds],
    }


_JSON = {
    "bool": {"type": "boolean"},
    "Decimal": {"type": "number"},
    "int": {"type": "integer"},
    "date": {"type": "string", "format": "date"},
    "str": {"type": "string"},
}


def _schema(word: str, kind: type[Fact]) -> dict[str, Any]:
    properties: dict[str, Any] = {"fact": {"const": word}}
    needed = ["fact"]
    for item in fields(kind):
        if item.name in ("number", "parts"):
            continue
        properties[item.name] = dict(_type(item.name, str(item.type)))
        if item.name == "kind":
            properties["kind"] = {"enum": list(PAYMENT_KINDS) if kind is Pay else ["fee", "penalty"]}
        if item.default is MISSING:
            needed.append(item.name)
    return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}


def _type(name: str, hint: str) -> dict[str, Any]:
    if name in MONEY:
        return {"type": "number"}
    return next(schema for kind, schema in _JSON.items() if kind in hint)


def _servicing_schema() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in fields(Servicing):
        if item.name in CHOICES:
            found[item.name] = {"enum": list(CHOICES[item.name])}
        elif item.name == "ahead_by_kind":
            rules = {"enum": list(AHEAD)}
            found[item.name] = {"type": "object", "properties": dict.fromkeys(PAYMENT_KINDS, rules)}
        elif item.name == "credit_order":
            found[item.name] = {"type": "array", "items": {"enum": list(PARTS)}}
        else:
            found[item.name] = dict(_type(item.name, str(item.type)))
    return found


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
