"""`schema`: the JSON Schema of an input file, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from loantwin.decisions.application_file import application_schema
from loantwin.decisions.collections.format import collections_schema
from loantwin.decisions.kinds import case_schema, policy_schema
from loantwin.decisions.offers.mapping import offers_schema
from loantwin.decisions.pricing.offer_grid import grid_schema
from loantwin.errors import choice
from loantwin.models.scoring.reasons_file import reasons_schema
from loantwin.processes.schema import process_schema
from loantwin.products.term_sheet_file import terms_schema
from loantwin.servicing.facts_schema import facts_schema
from loantwin.types import Result

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "application": application_schema,
    "case": case_schema,
    "collections": collections_schema,
    "facts": facts_schema,
    "grid": grid_schema,
    "offers": offers_schema,
    "policy": policy_schema,
    "process": process_schema,
    "reasons": reasons_schema,
    "terms": terms_schema,
}
"""Name of an input file -> what makes its JSON Schema."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True)
class SchemaShown(Result):
    """A JSON Schema: `to_dict()` is the schema itself, with the key `schema` beside its own.

    oneOf : the schemas of which a line fits exactly one; empty where there is one kind of object.
    """

    SCHEMA = "loantwin.schema/1"

    title: str
    type: str
    properties: Mapping[str, Any]
    required: tuple[str, ...]
    additionalProperties: bool  # noqa: N815 - JSON Schema's own word
    oneOf: tuple[Mapping[str, Any], ...] = ()  # noqa: N815 - JSON Schema's own word
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of `to_dict()`; `oneOf` is there for files of several kinds of objects."""
        made = super().json_schema()
        made["required"].remove("oneOf")
        return made

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        made = {"$schema": DIALECT, **super().to_dict()}
        if not made["oneOf"]:
            del made["oneOf"]
        return made


def schema(name: str) -> SchemaShown:
    """Return the JSON Schema of an input file.

    Parameters
    ----------
    name : a key of `SCHEMAS`.

    Raises
    ------
    UsageError : another name; the message lists those that there are.
    """
    made = SCHEMAS[choice(name, SCHEMAS, "name")]()
    return SchemaShown(**made)
