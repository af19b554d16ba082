"""An event: an immutable fact in the past tense, with the day it happened and the moment it was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from loantwin.errors import LogError, expected
from loantwin.events.event_types import CHECKS, EVENT_TYPES, KINDS, EventType, Field


class Event(NamedTuple):
    """One fact. A tuple rather than a dataclass: replay makes hundreds of thousands a second.

    `version`, `recorded`, `sequence`, `hash` and `previous` are given by the log; `event_id` is the source's
    own number of the fact, where it has one: the log then takes the same fact only once. Amounts in `data`
    are int64 minor units.
    """

    type: str
    happened: date
    data: dict[str, Any]
    event_id: str | None = None
    version: int = 0
    recorded: datetime | None = None
    sequence: int = 0
    hash: str = ""
    previous: str = ""


def check_events(events: Iterable[Event]) -> None:
    """Raise LogError at the first event that breaks the registry: type, day, field names, kinds, values."""
    for event in events:
        place = f"event {event.sequence}" if event.sequence else None
        kind = known_type(event.type)
        if type(event.happened) is not date:
            raise LogError(
                expected("a day (datetime.date)", event.happened),
                row=event.sequence or None,
                field="happened",
            )
        check_data(kind, event.data, place)


def known_type(name: str) -> EventType:
    """Return the registered type of that name, or raise LogError."""
    if name not in EVENT_TYPES:
        raise LogError(expected("one of the event types " + ", ".join(EVENT_TYPES), name))
    return EVENT_TYPES[name]


def check_data(kind: EventType, data: Mapping[str, Any], place: str | None = None) -> None:
    """Raise LogError where `data` breaks the fields of `kind`."""
    where = f"{kind.name} ({place})" if place else kind.name
    if type(data) is not dict:
        raise LogError(f"{where}: " + expected("an object of fields", data))
    fields = {field.name: field for field in kind.fields}
    for name, value in data.items():
        if name not in fields:
            raise LogError(f"{where}: " + expected("a field among " + ", ".join(fields), name), field=name)
        _check_value(where, fields[name], value, data)
    for field in kind.fields:
        if field.required and field.name not in data:
            raise LogError(
                f"{where}: " + expected(f"the field {field.name}", "absent"),
                field=field.name,
                loan=_loan(data),
            )


def _check_value(where: str, field: Field, value: Any, data: Mapping[str, Any]) -> None:
    if not CHECKS[field.kind](value):
        raise LogError(f"{where}: " + expected(KINDS[field.kind], value), field=field.name, loan=_loan(data))


def _loan(data: Mapping[str, Any]) -> object:
    return data.get("loan_id")
