"""What a file of collections says: columns, treatments, capacity, limits of contact; its schema and its
checks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loantwin.errors import ConfigError, choice, expected, unknown
from loantwin.files import read_toml

FORMAT = 1
COLUMNS = {
    "case": "Number of the case: a loan past due.",
    "person": "Who owes it; limits by person count over all its cases. The case itself if absent.",
    "bucket": "The bucket of days past due, as `buckets` of treatments name it.",
    "worth": "Money that one unit of the outcome is worth on this case; 1 if absent.",
    "treatment": "The treatment given, in a log: a name, the word for none, or nothing.",
    "outcome": "What came of it, in a log: 1 or 0, or money.",
    "propensity": "The known probability with which the treatment of the row was given, in a log.",
}
PER = ("case", "person")


@dataclass(frozen=True)
class Treatment:
    """A treatment. cost : money each time. uses : resource -> units of it each time. channel : by which
    limits of contact count it; None is no contact. buckets : those it is for; empty for all.
    """

    name: str
    cost: float
    uses: Mapping[str, float]
    channel: str | None
    buckets: tuple[str, ...]


@dataclass(frozen=True)
class Limit:
    """A limit of contact: at most so many contacts in any so many days running.

    channel : of contacts that it counts; None counts all. per : case or person. binds : whom: it is left out
    where another acts; empty binds all. source : where it is written.
    """

    at_most: int
    days: int
    per: str
    channel: str | None
    binds: str
    source: str


@dataclass(frozen=True)
class CollectionsFormat:
    """A file of collections. none : the word for no treatment. features : columns known before the treatment.
    capacity : resource -> units a day.
    """

    name: str
    currency: str
    columns: Mapping[str, str]
    none: str
    features: tuple[str, ...]
    treatments: Mapping[str, Treatment]
    capacity: Mapping[str, float]
    limits: tuple[Limit, ...]
    file: str

    def binding(self, acts: str | None) -> tuple[Limit, ...]:
        """Return the limits that bind one who acts; None, who is nobody named, is bound by all."""
        return tuple(limit for limit in self.limits if acts is None or limit.binds in ("", acts))


def collections_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of collections; unknown keys are refused."""
    text = {"type": "string", "minLength": 1}
    texts = {"type": "array", "items": text}
    number = {"type": "number", "minimum": 0}
    shut = {"type": "object", "additionalProperties": False}
    treatment = {
        "cost": {**number, "description": "Money each time."},
        "uses": {
            "type": "object",
            "additionalProperties": number,
            "description": "Resource -> units each time.",
        },
        "channel": {**text, "description": "By which limits of contact count it; no contact if absent."},
        "buckets": {**texts, "description": "Buckets that it is for; all if absent."},
    }
    limit = {
        "at_most": {"type": "integer", "minimum": 0, "description": "Contacts, at most."},
        "days": {"type": "integer", "minimum": 1, "description": "In any so many days running."},
        "per": {"enum": list(PER), "description": "Counted for each case, or for each person."},
        "channel": {**text, "description": "The channel that it counts; every one if absent."},
        "binds": {**text, "description": "Whom it binds; everybody if absent."},
        "source": {**text, "description": "Where it is written."},
    }
    return {
        "title": "Collections: columns, treatments, capacity and limits of contact",
        "type": "object",
        "properties": {
            "format": {"const": FORMAT, "description": "Version of this file's form."},
            "name": {**text, "description": "What it is called."},
            "currency": {**text, "description": "Code of the currency of its amounts."},
            "none": {**text, "description": "The word for no treatment in a log; `none` if absent."},
            "features": {**texts, "description": "Columns known before the treatment."},
            "columns": {
                **shut,
                "properties": {name: {**text, "description": words} for name, words in COLUMNS.items()},
                "required": ["case"],
            },
            "treatments": {
                "type": "object",
                "additionalProperties": {**shut, "properties": treatment, "required": ["cost"]},
                "description": "What can be done, by name.",
            },
            "capacity": {
                "type": "object",
                "additionalProperties": number,
                "description": "Resource -> units a day.",
            },
            "limits": {
                "type": "array",
                "items": {**shut, "properties": limit, "required": ["at_most", "days", "per", "source"]},
            },
        },
        "required": ("format", "name", "columns", "features", "treatments"),
        "additionalProperties": False,
    }


def read_collections_format(path: Path | str) -> CollectionsFormat:
    """Return what a TOML file says of collections.

    Raises
    ------
    ConfigError : no such file or no TOML, an unknown key, one that is missing, a value of another kind, a
        resource without capacity.
    """
    file = Path(path)
    document = read_toml(file, "collections", ConfigError)
    _known(document, tuple(collections_schema()["properties"]), "", file)
    if document.get("format") != FORMAT:
        raise ConfigError(expected(f"format = {FORMAT}", document.get("format")), file=file, field="format")
    columns = _table(document, "columns", file)
    _known(columns, tuple(COLUMNS), "columns.", file)
    capacity = {
        name: _number(value, f"capacity.{name}", file)
        for name, value in _table(document, "capacity", file).items()
    }
    told = _table(document, "treatments", file)
    if not told:
        raise ConfigError(expected("at least one treatment", "none"), file=file, field="treatments")
    limits = document.get("limits", [])
    if not isinstance(limits, list) or not all(isinstance(item, dict) for item in limits):
        raise ConfigError(expected("[[limits]]", limits), file=file, field="limits")
    return CollectionsFormat(
        name=_text(document, "name", file),
        currency=_text(document, "currency", file) if "currency" in document else "",
        columns={"case": _text(columns, "case", file, "columns.")}
        | {name: _text(columns, name, file, "columns.") for name in columns},
        none=_text(document, "none", file) if "none" in document else "none",
        features=_texts(document, "features", file),
        treatments={name: _treatment(name, told, capacity, file) for name in told},
        capacity=capacity,
        limits=tuple(_limit(item, place, file) for place, item in enumerate(limits, start=1)),
        file=str(file),
    )


def _treatment(name: str, told: Mapping[str, Any], capacity: Mapping[str, float], file: Path) -> Treatment:
    own = f"treatments.{name}."
    item = _table(told, name, file, "treatments.")
    _known(item, ("cost", "uses", "channel", "buckets"), own, file)
    uses = {
        key: _number(value, f"{own}uses.{key}", file)
        for key, value in _table(item, "uses", file, own).items()
    }
    for key in uses:
        if key not in capacity:
            raise ConfigError(unknown(key, capacity), file=file, field=f"{own}uses.{key}")
    channel = _text(item, "channel", file, own) if "channel" in item else None
    return Treatment(
        name, _number(item.get("cost"), f"{own}cost", file), uses, channel, _texts(item, "buckets", file, own)
    )


def _limit(item: Mapping[str, Any], place: int, file: Path) -> Limit:
    own = f"limits {place}: "
    _known(item, ("at_most", "days", "per", "channel", "binds", "source"), own, file)
    for name, least in (("at_most", 0), ("days", 1)):
        value = item.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ConfigError(
                expected(f"a whole number of at least {least}", value), file=file, field=f"{own}{name}"
            )
    return Limit(
        item["at_most"], item["days"],
        choice(_text(item, "per", file, own), PER, f"{own}per", file=file, error=ConfigError),
        _text(item, "channel", file, own) if "channel" in item else None,
        _text(item, "binds", file, own) if "binds" in item else "",
        _text(item, "source", file, own),
    )  # fmt: skip


def _known(table: Mapping[str, Any], names: tuple[str, ...], prefix: str, file: Path) -> None:
    for key in table:
        if key not in names:
            raise ConfigError(unknown(key, names), file=file, field=f"{prefix}{key}")


def _table(document: Mapping[str, Any], name: str, file: Path, prefix: str = "") -> Mapping[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise ConfigError(expected("a table", value), file=file, field=f"{prefix}{name}")
    return value


def _text(table: Mapping[str, Any], name: str, file: Path, prefix: str = "") -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(expected("a text", value), file=file, field=f"{prefix}{name}")
    return value.strip()


def _texts(table: Mapping[str, Any], name: str, file: Path, prefix: str = "") -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise ConfigError(expected("a list of texts", value), file=file, field=f"{prefix}{name}")
    return tuple(value)


def _number(value: Any, field: str, file: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < math.inf:
        raise ConfigError(expected("a number of at least 0", value), file=file, field=field)
    return float(value)
