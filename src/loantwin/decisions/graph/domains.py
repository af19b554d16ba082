"""A JSON Schema of an input as the fields that rules may read, and what each may hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loantwin.decisions.graph.boxes import Domain

KINDS = {"string": "text", "number": "number", "integer": "number", "boolean": "flag"}


def domains_of(schema: Mapping[str, Any], name: str = "") -> tuple[dict[str, Domain], dict[str, str]]:
    """Return what each field may hold, and its kind; an open object is its name with a point, of no kind.

    Parameters
    ----------
    schema : of an object; `name` is where it stands.
    """
    domains: dict[str, Domain] = {}
    kinds: dict[str, str] = {}
    for key, part in schema.get("properties", {}).items():
        path = f"{name}.{key}".lstrip(".")
        told = part.get("type", "object")
        words = [item for item in ([told] if isinstance(told, str) else told) if item != "null"]
        if "properties" in part:
            inner, inner_kinds = domains_of(part, path)
            domains |= inner
            kinds |= inner_kinds
        elif words == ["object"]:
            kinds[f"{path}."] = ""
        else:
            kinds[path] = KINDS.get(words[0], "") if len(words) == 1 else ""
            domains[path] = _domain(part, words)
    return domains, kinds


def _domain(part: Mapping[str, Any], words: list[str]) -> Domain:
    least = part.get("minimum", part.get("exclusiveMinimum"))
    return Domain(
        least=None if least is None else float(least),
        above="exclusiveMinimum" in part,
        most=None if part.get("maximum") is None else float(part["maximum"]),
        whole=words == ["integer"],
        values=tuple(
            float(item) if isinstance(item, int) and not isinstance(item, bool) else item
            for item in part.get("enum", ())
            if item is not None
        ),
    )
