"""A term sheet as a TOML file or a JSON object: read, checked, and described by a JSON Schema."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from loantwin import arguments as check
from loantwin.errors import ConfigError, UsageError, expected, unknown
from loantwin.files import read_text
from loantwin.products.currency import units_of
from loantwin.products.term_rules import check_terms
from loantwin.products.term_sheet import (
    CHARGE_KINDS,
    CONVENTIONS,
    AgreedPayment,
    Charge,
    Disbursement,
    FloatingRate,
    TermSheet,
)

WORDS: Mapping[str, str] = {
    "amount": "currency lent",
    "annual_rate": "decimal a year, nominal: 0.0995",
    "payments": "number of instalments",
    "start": "day of the first disbursement",
    "every": "how often: 1m, 3m, 2w, 14d, 1y",
    "first": "first due date; left out: one period on",
    "due_day": "day of the month, 1 to 31 or month-end",
    "roll": "where a due date goes on a holiday",
    "calendar": "calendar of business days",
    "day_count": "how dates become parts of a year",
    "interest_period": "days, or the nominal length of a period",
    "odd_period": "what an odd first period counts",
    "method": "interest on what is owed, or add-on",
    "amortisation": "how principal comes back",
    "rounding": "of interest, to minor units",
    "instalment_rounding": "of payments; left out: as interest",
    "carry_rounding": "carry what rounding takes",
    "carry_to_last": "to the last instalment, not the next",
    "instalment": "currency, an agreed payment",
    "instalment_multiple": "currency; payments are multiples of it",
    "equal_periods": "level payment as if all periods were the first",
    "last_instalment": "what the last instalment may be",
    "agreed": "payments agreed by date and amount",
    "balloon": "currency due with the last instalment",
    "step": "decimal, growth of the instalments",
    "step_every": "instalments from one step to the next",
    "season": "12 multiples of the payment, January first",
    "principal_grace": "first instalments without principal",
    "interest_grace": "first instalments whose interest waits",
    "interest_free": "first instalments without interest",
    "holidays": "numbers of instalments that are not due",
    "down_payment": "decimal of what is paid out, due at once",
    "disbursements": "what is paid out and when",
    "floating": "a rate that follows an index",
    "charges": "costs beside interest",
    "total_cost_cap": "decimal of principal: interest and charges",
    "daily_cost_cap": "decimal a day of principal in use",
    "minor_units": "minor units of one unit of currency",
    "currency": "its code, such as EUR",
}
"""What each key says, in a few words."""

PARTS: Mapping[str, type[Any]] = {
    "agreed": AgreedPayment,
    "disbursements": Disbursement,
    "charges": Charge,
    "floating": FloatingRate,
}
"""Keys that hold tables of their own."""


def read_terms(path: Path | str) -> TermSheet:
    """Return the terms in a TOML file, checked.

    Raises
    ------
    ConfigError : a file that cannot be read, an unknown key, a value of another kind, terms that contradict
    each other; it names file and key.
    """
    return terms_of(terms_document(path), path)


def terms_document(path: Path | str) -> dict[str, Any]:
    """Return the keys and values of a TOML file, numbers with a point as Decimal.

    Raises
    ------
    ConfigError : a file that cannot be read, or is no TOML.
    """
    check.kind((str, Path), path=path)
    text = read_text(Path(path), "file of terms", ConfigError)
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ConfigError(expected("TOML", str(error)), file=path) from error


def terms_of(document: Mapping[str, Any], file: Path | str | None = None) -> TermSheet:
    """Return the terms in a TOML or JSON object, checked; minor units not stated are those of its currency.

    Raises
    ------
    ConfigError : as of `read_terms`; `file` is named where it is given.
    """
    check.kind(Mapping, document=document)
    check.kind((str, Path), **check.given(file=file))
    try:
        sheet: TermSheet = _made(TermSheet, document, "")
        if sheet.currency is not None and document.get("minor_units") is None:
            sheet = replace(sheet, minor_units=units_of(sheet.currency))
        check_terms(sheet)
    except UsageError as error:
        raise ConfigError(error.message, file=file, field=error.field) from error
    return sheet


def _made(kind: type[Any], given: Any, place: str) -> Any:
    """Return a dataclass of the keys given, each of its own kind."""
    if not isinstance(given, Mapping):
        raise UsageError(expected("a table of keys and values", given), field=place.rstrip(".") or None)
    known = {item.name: item for item in fields(kind)}
    values = {}
    for key, value in given.items():
        if key not in known:
            raise UsageError(unknown(key, known), field=place + key)
        if value is not None:
            values[key] = _value(kind, key, str(known[key].type), value, place + key)
    for name, item in known.items():
        needed = item.default is MISSING and item.default_factory is MISSING
        if needed and name not in values and name != "payments":
            raise UsageError(expected("a value", "none"), field=place + name)
    if kind is TermSheet:
        values.setdefault("payments", None)
    return kind(**values)


def _value(kind: type[Any], key: str, hint: str, value: Any, place: str) -> Any:
    if kind is FloatingRate and key == "index":
        return tuple(_index(item, f"{place}[{number}]") for number, item in enumerate(_list(value, place), 1))
    if kind is TermSheet and key == "floating":
        return _made(FloatingRate, value, f"{place}.")
    if kind is TermSheet and key in PARTS:
        items = enumerate(_list(value, place), 1)
        return tuple(_made(PARTS[key], item, f"{place}[{number}].") for number, item in items)
    if hint.startswith("tuple"):
        inner = "Decimal" if "Decimal" in hint else "int"
        return tuple(_one(inner, item, place) for item in _list(value, place))
    return _one(hint, value, place)


def _list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise UsageError(expected("a list", value), field=place)
    return list(value)


def _index(item: Any, place: str) -> tuple[date, Decimal]:
    if not isinstance(item, Mapping) or set(item) != {"from", "rate"}:
        raise UsageError(expected("a table of from and rate", item), field=place)
    return _one("date", item["from"], f"{place}.from"), _one("Decimal", item["rate"], f"{place}.rate")


def _one(hint: str, value: Any, place: str) -> Any:
    """Return one value of the kinds that a type's text names, tried in this order."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if "bool" in hint and isinstance(value, bool):
        return value
    if "Decimal" in hint and (found := _decimal(value)) is not None:
        return found
    if "int" in hint and whole:
        return value
    if "date" in hint and (day := _day(value)) is not None:
        return day
    if "str" in hint and isinstance(value, str):
        return value
    names = {
        "bool": "true or false",
        "Decimal": "a number",
        "int": "a whole number",
        "date": "a date",
        "str": "text",
    }
    wanted = " or ".join(words for name, words in names.items() if name in hint)
    raise UsageError(
        expected(wanted, str(value) if isinstance(value, str | Decimal) else f"{value!r}"), field=place
    )


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return None
    if isinstance(value, date):
        return value
    return iso_day(value) if isinstance(value, str) else None


def iso_day(text: str) -> date | None:
    """Return the day of a text YYYY-MM-DD; None for any other, weeks and days without a hyphen among them.

    Raises
    ------
    ArgumentError : no text.
    """
    check.word(text=text)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


def terms_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of terms."""
    return {"title": "The terms of one loan", **_object(TermSheet)}


def _object(kind: type[Any]) -> dict[str, Any]:
    """Return the schema of a dataclass: every key, which are needed, and no other."""
    properties = {}
    for item in fields(kind):
        found = _schema(kind, item.name, str(item.type))
        if kind is TermSheet:
            found["description"] = WORDS[item.name]
        default = item.default
        if default not in (MISSING, None, ()):
            found["default"] = float(default) if isinstance(default, Decimal) else default
        properties[item.name] = found
    needed = [item.name for item in fields(kind) if item.default is MISSING and item.name != "payments"]
    return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}


_JSON = {
    "Decimal": {"type": "number"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "str": {"type": "string"},
}


def _schema(kind: type[Any], name: str, hint: str) -> dict[str, Any]:
    if kind is FloatingRate and name == "index":
        pair = {"from": dict(_JSON["date"]), "rate": dict(_JSON["Decimal"])}
        inner = {
            "type": "object",
            "properties": pair,
            "required": ["from", "rate"],
            "additionalProperties": False,
        }
        return {"type": "array", "items": inner, "minItems": 1}
    if kind is TermSheet and name == "floating":
        return _object(FloatingRate)
    if kind is TermSheet and name in PARTS:
        return {"type": "array", "items": _object(PARTS[name])}
    known = CONVENTIONS.get(name) if kind is TermSheet else {"kind": CHARGE_KINDS}.get(name)
    if known is not None:
        return {"enum": list(known)}
    if hint.startswith("tuple"):
        return {"type": "array", "items": dict(_JSON["Decimal" if "Decimal" in hint else "int"])}
    kinds = [dict(schema) for key, schema in _JSON.items() if key in hint]
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
