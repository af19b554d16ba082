"""The register of models out of the log: scores that were registered and models that were fitted, what was
said of them, and where they were placed. Facts alone; which may decide stands in `decisions.scoring`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date
from hashlib import sha256
from typing import Any

from loantwin.errors import LogError, UsageError, expected
from loantwin.events.event import Event
from loantwin.events.home import Home

TRANSITION = "transition"
"""Name and kind of the transition models that `fit` stores; no score may bear it."""
CHAMPION, CHALLENGER, RETIRED = PLACES = ("champion", "challenger", "retired")
TYPES = ("ModelRegistered", "ModelApproved", "ModelRefused", "ModelPlaced", "ModelFitted")
DIGITS = 16


@dataclass(frozen=True)
class Model:
    """A model of the register. by, expires : None of a fitted one. day : it was registered, or stood at.

    recorded : the day it came into the log, UTC. data : the event's fields.
    """

    id: str
    name: str
    number: int
    kind: str
    by: str | None
    day: date
    recorded: date
    expires: date | None
    data: Mapping[str, Any]

    @property
    def words(self) -> str:
        """Return how people call it: name and version."""
        return f"{self.name}/{self.number}"


@dataclass(frozen=True)
class Judgement:
    """An approval or a refusal. words : what was said, None for nothing."""

    model_id: str
    day: date
    recorded: date
    role: str
    by: str
    approved: bool
    words: str | None


@dataclass(frozen=True)
class Placement:
    """A place from a day on. share : of a challenger, 0 for others. by : None where a fit gave the place."""

    model_id: str
    day: date
    recorded: date
    place: str
    share: float
    by: str | None


@dataclass(frozen=True)
class Register:
    """Models by id, and what was said of them and where they were placed, in the order of the log."""

    models: Mapping[str, Model] = field(default_factory=dict)
    judgements: tuple[Judgement, ...] = ()
    placements: tuple[Placement, ...] = ()

    def known(self, day: date) -> Register:
        """Return the register as it was at the end of a day: what was recorded later is not in it."""
        return Register(
            {name: item for name, item in self.models.items() if item.recorded <= day},
            tuple(item for item in self.judgements if item.recorded <= day),
            tuple(item for item in self.placements if item.recorded <= day),
        )

    def named(self, name: str) -> tuple[Model, ...]:
        """Return the versions of a name, the first one first."""
        return tuple(item for item in self.models.values() if item.name == name)

    def find(self, words: str) -> Model:
        """Return a model by its id, the beginning of one, or NAME/VERSION.

        Raises
        ------
        UsageError : no such model, or a beginning that several ids share.
        """
        found = [item for item in self.models.values() if words in (item.id, item.words)]
        if not found and words:
            found = [item for item in self.models.values() if item.id.startswith(words)]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(item.id for item in found)
            raise UsageError(expected("one model", f"{words}, which begins {ids}"), field="model")
        there = ", ".join(f"{item.words} ({item.id})" for item in self.models.values())
        what = f"one of {there}" if there else "a model of the register, which is empty"
        raise UsageError(expected(what, words), field="model")


def read_register(home: Home, until: int | None = None) -> Register:
    """Return the register of a home after the event of sequence `until`; by default all that is recorded.

    Raises
    ------
    LogError : an event that does not fit those before it, or a damaged log.
    """
    last = home.log.head[0] if until is None else until
    home.log.check_span(0, last)  # damage may hide an event
    return register_of(home.log.read(until=last, types=TYPES))


def register_of(events: Iterable[Event]) -> Register:
    """Return the register after events of a log; those of other types are passed by.

    Raises
    ------
    LogError : a second model of one id, or an act on a model that was not registered.
    """
    made = Register()
    for event in events:
        if event.type in TYPES:
            made = _after(made, event)
    return made


def model_id(name: str, model_blob: str, record_blob: str) -> str:
    """Return the id of a score: the same name, score and record have the same."""
    return sha256(f"{name}\n{model_blob}\n{record_blob}\n".encode()).hexdigest()[:DIGITS]


def _after(register: Register, event: Event) -> Register:
    data = event.data
    if event.type == "ModelFitted":
        return _fitted(register, event)
    if event.type == "ModelRegistered":
        model = _model(event)
        if model.id in register.models:
            raise _wrong(event, "a model that is not in the register", model.id)
        return replace(register, models={**register.models, model.id: model})
    number = data["model_id"]
    if number not in register.models:
        raise _wrong(event, "a model that was registered before", number)
    if event.type == "ModelPlaced":
        if data["place"] not in PLACES:
            raise _wrong(event, "one of " + ", ".join(PLACES), data["place"])
        share = float(data.get("share", 0.0))
        placed = Placement(number, event.happened, _recorded(event), data["place"], share, data["by"])
        return replace(register, placements=(*register.placements, placed))
    said = Judgement(
        number, event.happened, _recorded(event), data["role"], data["by"],
        event.type == "ModelApproved", data.get("words"),
    )  # fmt: skip
    return replace(register, judgements=(*register.judgements, said))


def _model(event: Event) -> Model:
    data = event.data
    until = None if data.get("expires") is None else date.fromisoformat(data["expires"])
    return Model(
        data["model_id"], data["name"], data["number"], data["kind"], data["by"], event.happened,
        _recorded(event), until, data,
    )  # fmt: skip


def _fitted(register: Register, event: Event) -> Register:
    """Return the register after a fit, whose model the twin runs on from then: its one champion."""
    number = event.data["model_blob"][:DIGITS]
    models, day = dict(register.models), _recorded(event)
    if number not in models:
        version = len(register.named(TRANSITION)) + 1
        models[number] = Model(
            number, TRANSITION, version, TRANSITION, None, event.happened, day, None, event.data
        )
    placed = Placement(number, day, day, CHAMPION, 0.0, None)
    return replace(register, models=models, placements=(*register.placements, placed))


def _recorded(event: Event) -> date:
    return event.happened if event.recorded is None else event.recorded.astimezone(UTC).date()


def _wrong(event: Event, what: str, was: str) -> LogError:
    return LogError(expected(what, was), row=event.sequence or None, field="model_id")
