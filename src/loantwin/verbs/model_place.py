"""`model place`: a score becomes champion or challenger of its name from a day on, or is retired."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from loantwin import months
from loantwin.decisions.scoring.people import person
from loantwin.decisions.scoring.standing import check_placement, standing
from loantwin.decisions.scoring.told import ModelRow, origin, row_of
from loantwin.errors import UsageError, choice, expected
from loantwin.events.event import Event
from loantwin.events.register import CHALLENGER, PLACES, Placement, Register, read_register
from loantwin.twin import Twin, opened
from loantwin.types import Result


@dataclass(frozen=True)
class Contender:
    """A model that decides for a name on a day. share : of the cases that it decides."""

    id: str
    number: int
    place: str
    share: float


@dataclass(frozen=True)
class ModelPlaced(Result):
    """A model as it stands on the day from which it has its place.

    start : that day. place : champion, challenger or retired. contenders : all that have a place of that name
    then, their shares 1 in all where there is a champion.
    """

    SCHEMA: ClassVar[str] = "loantwin.model_place/1"

    model: ModelRow
    place: str
    start: dt.date
    by: str
    contenders: tuple[Contender, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def model_place(
    twin: Twin | Path | str,
    model: str,
    *,
    place: str,
    share: float | None = None,
    start: dt.date | str | None = None,
    by: str | None = None,
) -> ModelPlaced:
    """Record the place of a score among those of its name, from a day on.

    A new champion ends the place of the one before: there is one at a time. A champion, and a challenger with
    a share, must be approved by another than the one who registered it, and not be past its last day.

    Parameters
    ----------
    twin : a twin opened for writing, or its folder. model : its id, the beginning of it, or NAME/VERSION.
    place : champion, challenger or retired. share : of the cases that a challenger decides, 0 to 1; None is
        0: it watches. start : the first day of the place; None is today (UTC).
    by : who places it; None takes the account that runs the program.

    Raises
    ------
    UsageError : no such score or place, a share outside 0 to 1 or beyond what is left, a day before the
        score was registered or approved, a score that may not decide. HomeError : no twin's home, or one held
        by another writer.
    """
    told = choice(place, PLACES, "place")
    day = None if start is None else months.day(start, "start")
    who = person(by)
    part = 0.0 if share is None else share
    if isinstance(part, bool) or not isinstance(part, int | float) or not math.isfinite(part):
        raise UsageError(expected("a share from 0 to 1", share), field="share")
    with opened(twin, writable=True) as twin:
        twin = twin.refreshed()
        today = twin.clock.now().date()
        day = day or today
        register = read_register(twin.home)
        found = register.find(model)
        check_placement(register, Placement(found.id, day, today, told, float(part), who))
        data: dict[str, Any] = {"model_id": found.id, "place": told, "by": who}
        if told == CHALLENGER:
            data["share"] = float(part)
        was = standing(register, found.name, day).champion == found.id
        twin.home.append([Event("ModelPlaced", day, data)])
        twin = twin.refreshed()
        register = read_register(twin.home)
        contenders = _contenders(register, found.name, day)
        return ModelPlaced(
            model=row_of(register, found, day),
            place=told,
            start=day,
            by=who,
            contenders=contenders,
            notes=_notes(contenders, found.name, day, found.words if was else ""),
            provenance=origin(twin),
        )


def _contenders(register: Register, name: str, day: dt.date) -> tuple[Contender, ...]:
    found = standing(register, name, day)
    made = [
        Contender(number, register.models[number].number, CHALLENGER, share)
        for number, share in sorted(found.shares.items(), key=lambda item: (-item[1], item[0]))
    ]
    if found.champion is None:
        return tuple(made)
    left = max(0.0, 1.0 - sum(found.shares.values()))
    return (Contender(found.champion, register.models[found.champion].number, "champion", left), *made)


def _notes(contenders: tuple[Contender, ...], name: str, day: dt.date, was: str) -> tuple[str, ...]:
    """Return what to know of the name. was : the model placed, where it was the champion until then."""
    if not any(item.place == "champion" for item in contenders):
        if was:
            return (f"{name} has no champion from {day} on: {was} was the last; name another",)
        return (f"{name} has no champion on {day}: nothing decides by it",)
    return ()
