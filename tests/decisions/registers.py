"""Registers written by hand: events in the order of a log, recorded on days of their own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from loantwin.events.event import Event
from loantwin.events.register import Register, register_of

BLOB = "ab" * 32


def registered(number: str, on: date, *, name: str = "loans", by: str = "ana", **more: Any) -> Event:
    """Return the event of a registered score."""
    data = {"model_id": number, "name": name, "number": 1, "kind": "logistic", "by": by, **more}
    data |= {"model_blob": BLOB, "record_blob": BLOB, "data_file": "cases.csv", "data_hash": BLOB}
    data |= {
        "versions": {"loantwin": "0.1.0"},
        "parameters": {},
        "metrics": {},
        "features": {"age": "number"},
    }
    return at(Event("ModelRegistered", on, data), on)


def judged(
    number: str, on: date, by: str = "eva", *, refuse: bool = False, role: str = "model-approver"
) -> Event:
    """Return the event of an approval or a refusal."""
    kind = "ModelRefused" if refuse else "ModelApproved"
    return at(Event(kind, on, {"model_id": number, "role": role, "by": by}), on)


def placed(number: str, on: date, place: str, *, share: float = 0.0, recorded: date | None = None) -> Event:
    """Return the event of a place."""
    data: dict[str, Any] = {"model_id": number, "place": place, "by": "eva"}
    if place == "challenger":
        data["share"] = share
    return at(Event("ModelPlaced", on, data), recorded or on)


def at(event: Event, day: date) -> Event:
    """Return an event as recorded on a day."""
    return event._replace(recorded=datetime.combine(day, time(12), UTC))


def register(events: Iterable[Event]) -> Register:
    """Return the register of events, numbered as a log numbers them."""
    return register_of([event._replace(sequence=place + 1) for place, event in enumerate(events)])
