"""The JSON Schema of one line of a file of facts."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from loantwin.products.term_sheet_file import terms_schema
from loantwin.servicing.conventions import AHEAD, PARTS, Servicing
from loantwin.servicing.fact_words import CHOICES, FACTS, MONEY
from loantwin.servicing.facts import PAYMENT_KINDS, Fact, Pay


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
