"""Kinds of policies, what comes into each, and the JSON Schema of the file itself.

Credit, price grid and limit policies read an application; a collection policy reads a case of arrears.
`metadata.kind` of a graph says which it is; without one it is a credit policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from loantwin.decisions.application_file import application_schema
from loantwin.errors import ConfigError, unknown

CASE: Mapping[str, tuple[str, str, float | None]] = {
    "case_id": ("string", "The lender's number of the case.", None),
    "case_date": ("date", "Day of the decision: the time that rules may read.", None),
    "product": ("string", "Kind of contract.", None),
    "segment": ("string", "The lender's segment.", None),
    "balance": ("number", "Owed in all, money.", 0.0),
    "overdue": ("number", "Late by now, money.", 0.0),
    "days_past_due": ("integer", "Days since the oldest unpaid instalment.", 0.0),
    "broken_promises": ("integer", "Promises to pay that were not kept.", 0.0),
    "days_since_contact": ("integer", "Days since the debtor was last spoken to; null: never.", 0.0),
    "calls_7_days": ("integer", "Calls placed in the last seven days, today included.", 0.0),
    "calls_today": ("integer", "Calls placed today.", 0.0),
    "score": ("number", "Collection score, points.", None),
    "collateral_value": ("number", "Value of collateral, money.", 0.0),
    "refused_contact": ("boolean", "Whether the debtor asked not to be called.", None),
    "hardship": ("boolean", "Whether hardship was told.", None),
}
"""Field of a case -> kind, meaning, least value."""
NEEDED = ("case_id", "days_past_due", "overdue")


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema of a case of arrears; unknown keys are refused."""
    properties: dict[str, Any] = {}
    for name, (kind, words, least) in CASE.items():
        plain = "string" if kind == "date" else kind
        made: dict[str, Any] = {
            "type": plain if name in NEEDED else [plain, "null"],
            "description": words,
        }
        made |= {"format": "date"} if kind == "date" else {}
        made |= {} if least is None else {"minimum": least}
        properties[name] = made
    plain_kinds = {"type": ["number", "string", "boolean", "null"]}
    properties["attributes"] = {
        "type": "object",
        "description": "The lender's own fields: numbers, texts and flags by name.",
        "additionalProperties": plain_kinds,
    }
    return {
        "title": "A case of arrears",
        "type": "object",
        "properties": properties,
        "required": NEEDED,
        "additionalProperties": False,
    }


INPUTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "credit": application_schema,
    "price": application_schema,
    "limit": application_schema,
    "collection": case_schema,
}
"""Kind of a policy -> what makes the JSON Schema of its input."""


def kind_of(metadata: Mapping[str, Any], file: object = None) -> str:
    """Return the kind that a graph's metadata states, credit where it states none.

    Raises
    ------
    ConfigError : another kind.
    """
    kind = str(metadata.get("kind", "credit"))
    if kind not in INPUTS:
        raise ConfigError(unknown(kind, INPUTS), file=file, field="metadata.kind")
    return kind


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy's file, a decision graph (JDM), as far as it is read."""
    text, number = {"type": "string"}, {"type": "number"}
    column = _object({"id": text, "name": text, "field": text}, ("id",))
    content = {
        "hitPolicy": {"type": "string", "enum": ["first", "collect"]},
        "inputs": {"type": "array", "items": column},
        "outputs": {"type": "array", "items": column},
        "rules": {"type": "array", "items": {"type": "object", "additionalProperties": text}},
        "expressions": {
            "type": "array",
            "items": _object({"id": text, "key": text, "value": text}, ("key", "value")),
        },
        "statements": {
            "type": "array",
            "items": _object({"id": text, "condition": text, "isDefault": {"type": "boolean"}}, ("id",)),
        },
        "passThrough": {"type": "boolean"},
        "inputField": {"type": ["string", "null"]},
        "outputPath": {"type": ["string", "null"]},
        "executionMode": {"type": "string", "enum": ["single", "loop"]},
        "schema": {"description": "JSON Schema of what comes in or out."},
    }
    kinds = ["inputNode", "outputNode", "decisionTableNode", "expressionNode", "switchNode"]
    node = _object(
        {"id": text, "name": text, "type": {"type": "string", "enum": kinds},
         "position": _object({"x": number, "y": number}, ()), "content": _object(content, ())},
        ("id", "type"),
    )  # fmt: skip
    edge = {"id": text, "sourceId": text, "targetId": text, "sourceHandle": {"type": ["string", "null"]}}
    metadata = {
        "name": text, "version": text, "description": text,
        "kind": {"type": "string", "enum": list(INPUTS), "default": "credit"},
        "effective_from": {"type": "string", "format": "date"},
        "effective_to": {"type": "string", "format": "date"},
        "counter_offer": {"type": "object", "description": "The grid of counter-offers."},
    }  # fmt: skip
    test = _object({"name": text, "input": {"type": "object"}, "output": {}}, ("input", "output"))
    return {
        "title": "A policy: a decision graph (JDM)",
        "type": "object",
        "properties": {
            "contentType": text,
            "metadata": {"type": "object", "properties": metadata, "additionalProperties": False},
            "nodes": {"type": "array", "items": node},
            "edges": {"type": "array", "items": _object(edge, ("sourceId", "targetId"))},
            "tests": {"type": "array", "items": test},
        },
        "required": ("nodes", "edges"),
        "additionalProperties": True,
    }


def _object(properties: Mapping[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(required)}
