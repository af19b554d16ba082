"""Facts and conventions read from objects of keys and values: each of its own kind, or refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from decimal import Decimal
from typing import Any

from loantwin.errors import UsageError, expected, unknown
from loantwin.products.rounding import in_minor
from loantwin.products.term_sheet import TermSheet
from loantwin.products.term_sheet_file import iso_day
from loantwin.servicing.conventions import PARTS, Servicing
from loantwin.servicing.fact_words import FACTS, MONEY
from loantwin.servicing.facts import PAYMENT_KINDS, AddCharge, Fact, Pay


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
    if not isinstance(word, str) or word not in FACTS:
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
        if (day := iso_day(value)) is None:
            raise UsageError(expected("a date, YYYY-MM-DD", value), field=field)
        return day
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
